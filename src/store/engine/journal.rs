//! Where commits become durable before redb has written a page of them.
//!
//! A durable commit of redb writes a copy of every page that it touches, a score of them for one message, and waits for
//! the disk twice. A record is one write and one sync.
//!
//! [`Journal`] is the seam: whatever keeps records durable and gives them back can stand there. `file_journal` keeps
//! them in the data file, `record_keeper` elsewhere.

use super::record::Record;
use crate::store::store_error::StoreError;

/// Where commits become durable.
pub trait Journal: Send + Sync {
    /// Makes a record durable, which follows the one before. After an error it may be durable or not.
    fn append(&self, record: &Record) -> Result<Appended, StoreError>;

    /// The records after commit `count`, in order, without a gap.
    fn since(&self, count: u64) -> Result<Vec<Record>, StoreError>;

    /// redb has everything in its pages, durably.
    fn checkpointed(&self);

    /// How many bytes of row changes a record can hold.
    fn rows_bytes_max(&self) -> usize;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    Durable,
    /// The record is too long, or a checkpoint must come first: redb has to make this commit durable.
    NoRoom,
}
