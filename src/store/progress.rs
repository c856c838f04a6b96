//! How far long work on a data file is, and whether anybody still waits for it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// Shared by the thread that works and the caller that waits.
#[derive(Debug, Default)]
pub struct Progress {
    rows: AtomicU64,
    stopped: AtomicBool,
}

impl Progress {
    /// How many rows have been read so far.
    pub fn rows(&self) -> u64 {
        self.rows.load(Relaxed)
    }

    /// Nobody waits any more: the work ends soon, with nothing done.
    pub fn stop(&self) {
        self.stopped.store(true, Relaxed);
    }

    /// Whether somebody has stopped it.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Relaxed)
    }

    /// Somebody else has read so many by now.
    pub fn reach(&self, rows: u64) {
        self.rows.store(rows, Relaxed);
    }

    pub(super) fn add(&self, rows: u64) {
        self.rows.fetch_add(rows, Relaxed);
    }
}
