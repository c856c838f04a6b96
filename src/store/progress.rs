//! The progress of long work on a data file, and whether the caller still waits for it.

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

    /// Tells the worker that the caller no longer waits. The work then ends soon and has no effect.
    pub fn stop(&self) {
        self.stopped.store(true, Relaxed);
    }

    /// Whether [`Progress::stop`] was called.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Relaxed)
    }

    /// Sets the number of rows read, as reported by another process.
    pub fn reach(&self, rows: u64) {
        self.rows.store(rows, Relaxed);
    }

    pub(super) fn add(&self, rows: u64) {
        self.rows.fetch_add(rows, Relaxed);
    }
}
