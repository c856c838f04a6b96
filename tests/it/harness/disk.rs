//! A disk that stalls on demand, and one that rejects writes.

use chapp::store::{DiskOp, FaultInjector, Options};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex};

/// Never fails; syncs wait while it is stalled.
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

    /// Whether a sync is waiting.
    pub fn is_awaited(&self) -> bool {
        self.waiting.load(Relaxed) > 0
    }

    pub fn go_on(&self) {
        *self.still.lock().unwrap() = false;
        self.moves.notify_all();
    }
}

/// Resumes the disk when a test ends or panics: otherwise the server could not stop.
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
        // redb holds its lock while the file grows; stalling then would block readers too.
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

/// Rejects writes while it is broken; reads work.
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
