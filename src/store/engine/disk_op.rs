//! What the store does with its disk, one operation at a time, so that tests can make each of them fail.

use std::{fmt, io};

/// An operation of the store on its disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskOp<'a> {
    /// Open the data file.
    Open,
    /// Read a part of it.
    Read,
    /// Write a part of it.
    Write {
        /// Where it begins.
        offset: u64,
        /// What it becomes.
        bytes: &'a [u8],
    },
    /// Make it longer or shorter.
    Resize {
        /// Its new length.
        len: u64,
    },
    /// Wait until everything is on the disk.
    Sync,
    /// Wait until the part that was written last is on the disk.
    SyncPart {
        /// Where it begins.
        offset: u64,
        /// How many bytes it has.
        len: u64,
    },
}

impl DiskOp<'_> {
    /// Whether it waits for the disk.
    pub fn is_sync(&self) -> bool {
        matches!(self, DiskOp::Sync | DiskOp::SyncPart { .. })
    }
}

/// Breaks the disk, for tests.
pub trait FaultInjector: fmt::Debug + Send + Sync {
    /// An error makes `op` fail with it, and nothing is done.
    ///
    /// # Errors
    /// The error that the disk is to give.
    fn before(&self, op: DiskOp<'_>) -> io::Result<()>;
}
