//! The timers that a test would have to wait for. A server runs with the defaults; only tests shorten them.

use std::time::Duration;

/// A socket that says nothing for this long is pinged.
pub const SOCKET_PING_AFTER: Duration = Duration::from_secs(25);
/// A socket that says nothing for this long is dead.
pub const SOCKET_DEAD_AFTER: Duration = Duration::from_secs(60);
/// How often sockets are looked at: quiet ones, dead ones, ended sessions.
pub const SOCKET_SWEEP_EVERY: Duration = Duration::from_secs(5);
/// How often deleted text is erased that nobody can bring back any more.
pub const ERASE_EVERY: Duration = Duration::from_secs(5);

/// These timers as values. Those of sockets count in whole seconds.
#[derive(Clone, Copy, Debug)]
pub struct Timers {
    /// In place of [`SOCKET_PING_AFTER`].
    pub ping_after: Duration,
    /// In place of [`SOCKET_DEAD_AFTER`].
    pub dead_after: Duration,
    /// In place of [`SOCKET_SWEEP_EVERY`].
    pub sweep_every: Duration,
    /// In place of [`ERASE_EVERY`].
    pub erase_every: Duration,
}

impl Default for Timers {
    fn default() -> Timers {
        Timers {
            ping_after: SOCKET_PING_AFTER,
            dead_after: SOCKET_DEAD_AFTER,
            sweep_every: SOCKET_SWEEP_EVERY,
            erase_every: ERASE_EVERY,
        }
    }
}
