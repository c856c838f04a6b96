//! The store's disk operations, so that tests can make each of them fail.

use std::{fmt, io};

/// One operation on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskOp<'a> {
    /// Open the data file.
    Open,
    /// Read part of the file.
    Read,
    /// Write part of the file.
    Write {
        /// The offset of the first byte.
        offset: u64,
        /// The new bytes.
        bytes: &'a [u8],
    },
    /// Change the length of the file.
    Resize {
        /// The new length.
        len: u64,
    },
    /// Wait until everything is on the disk.
    Sync,
    /// Wait until the bytes written last are on the disk.
    SyncPart {
        /// The offset of the first byte.
        offset: u64,
        /// The number of bytes.
        len: u64,
    },
}

impl DiskOp<'_> {
    /// Whether this operation waits for the disk.
    pub fn is_sync(&self) -> bool {
        matches!(self, DiskOp::Sync | DiskOp::SyncPart { .. })
    }
}

/// Injects disk faults, for tests.
pub trait FaultInjector: fmt::Debug + Send + Sync {
    /// Called before `op`. An error fails `op`, which then does nothing.
    ///
    /// # Errors
    /// The error that `op` fails with.
    fn before(&self, op: DiskOp<'_>) -> io::Result<()>;
}
