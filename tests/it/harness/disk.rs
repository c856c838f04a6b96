//! A disk that stands still when it is told to, and one that takes no writes.

use chapp::store::{DiskOp, FaultInjector, Options};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex};

/// Nothing fails on it; what is to be durable waits for as long as it stands still.
#[derive(Debug, Default)]
pub struct StallingDisk {
    still: Mutex<bool>,
    moves: Condvar,
    grows: AtomicBool,
    waiting: AtomicUsize,
}

impl StallingDisk {
    pub fn options(self: &Arc<StallingDisk>) -> Options {
        Options {
            faults: Some(self.clone()),
            ..Options::default()
        }
    }

    pub fn stand_still(&self) {
        *self.still.lock().unwrap() = true;
    }

    /// Whether somebody waits for it now.
    pub fn is_awaited(&self) -> bool {
        self.waiting.load(Relaxed) > 0
    }

    pub fn go_on(&self) {
        *self.still.lock().unwrap() = false;
        self.moves.notify_all();
    }
}

/// Lets the disk go on when a test ends, however it ends: the server could not stop otherwise.
pub struct Stall<'a>(&'a StallingDisk);

impl<'a> Stall<'a> {
    pub fn new(disk: &'a StallingDisk) -> Stall<'a> {
        disk.stand_still();
        Stall(disk)
    }
}

impl Drop for Stall<'_> {
    fn drop(&mut self) {
        self.0.go_on();
    }
}

impl FaultInjector for StallingDisk {
    fn before(&self, op: DiskOp<'_>) -> io::Result<()> {
        // redb waits for a file that grows with its own lock held: nobody could read meanwhile.
        let grows = self.grows.swap(matches!(op, DiskOp::Resize { .. }), Relaxed);
        if op.is_sync() && !grows {
            let still = self.still.lock().unwrap();
            self.waiting.fetch_add(1, Relaxed);
            drop(self.moves.wait_while(still, |still| *still).unwrap());
            self.waiting.fetch_sub(1, Relaxed);
        }
        Ok(())
    }
}

/// Takes no writes while it is broken, and can be read.
#[derive(Debug, Default)]
pub struct BrokenDisk(AtomicBool);

impl BrokenDisk {
    pub fn options(self: &Arc<BrokenDisk>) -> Options {
        Options {
            faults: Some(self.clone()),
            ..Options::default()
        }
    }

    pub fn set_broken(&self, is_broken: bool) {
        self.0.store(is_broken, Relaxed);
    }
}

impl FaultInjector for BrokenDisk {
    fn before(&self, op: DiskOp<'_>) -> io::Result<()> {
        match op {
            DiskOp::Read | DiskOp::Open => Ok(()),
            _ if self.0.load(Relaxed) => Err(io::Error::other("the disk is broken")),
            _ => Ok(()),
        }
    }
}
