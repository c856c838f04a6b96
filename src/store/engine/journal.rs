//! Where commits become durable before redb has written their pages.
//!
//! A durable commit of redb copies every page that it touches, about twenty for one message, and waits for the disk
//! twice. A record needs one write and one sync, which on Linux are one O_DSYNC write.
//!
//! [`Journal`] is the seam: any implementation that keeps records durable and returns them fits. `file_journal` keeps
//! them in the data file, `record_keeper` elsewhere.

use super::record::Record;
use crate::store::store_error::StoreError;

/// Where commits become durable.
pub trait Journal: Send + Sync {
    /// Makes a record durable; records come in order. After an error, the record may or may not be durable.
    fn append(&self, record: &Record) -> Result<Appended, StoreError>;

    /// The records after commit `commit_number`, in order and without gaps.
    fn since(&self, commit_number: u64) -> Result<Vec<Record>, StoreError>;

    /// Everything is now durable in redb's pages.
    fn checkpointed(&self);

    /// The maximum bytes of row changes in one record.
    fn rows_bytes_max(&self) -> usize;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    Durable,
    /// The record is too long, or a checkpoint must come first. redb has to make this commit durable.
    NoRoom,
}
