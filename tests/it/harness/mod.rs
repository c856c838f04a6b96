//! The test harness: a server, and the people, sockets and requests that reach it from outside.

pub mod disk;
pub mod exe;
pub mod http;
pub mod metrics;
pub mod pages;
pub mod people;
pub mod server;
pub mod socket;

use std::time::Duration;

/// The longest wait for anything on a busy machine. A test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A reproducible random generator: xorshift64*.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % end
    }
}

/// Creates a named pipe: opening it to read blocks until a writer opens it.
#[cfg(unix)]
#[track_caller]
pub fn make_pipe(path: &std::path::Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.unwrap().success());
}
