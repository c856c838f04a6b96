//! The data file: the only module that knows redb.
//!
//! `commit` takes a Change and gives an Event once it is durable; the feed brings the events of each commit, in commit
//! order, to the one who tells the others. Queries are answered from one snapshot, and wait for nothing. No redb type
//! leaves this folder. The laws that all of this keeps are in `tests/it/store_laws.rs`.
//!
//! redb may panic over a damaged file: every call into it is caught in `engine` and answered as an error.
//!
#![doc = include_str!("FORMAT.md")]

mod changes;
mod check;
mod engine;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod handle;
mod progress;
mod queries;
mod rows;
mod search;
mod store_error;

pub use check::report::{Finding, Report};
pub use engine::backup::{BackupFile, CheckedBackup, ReadBack, back_up_file, back_up_unnamed};
pub use engine::check_file::check_file;
pub use engine::compact::{Compacted, compact};
pub use engine::disk_op::{DiskOp, FaultInjector};
pub use engine::file_error::{FileError, bytes_in_words};
pub use engine::load_shedding::{Load, ShedAt, ShedLevel};
pub use engine::open_error::OpenError;
pub use engine::options::{Options, Retention};
pub use engine::pending_file::{Overwrite, PendingFile, remove_abandoned};
pub use engine::publisher::Feed;
pub use engine::read_only::file_id_of;
pub use engine::record_keeper::RecordKeeper;
pub use handle::backup::Storage;
pub use handle::readiness::Unready;
pub use handle::store::{Pending, Store};
pub use progress::Progress;
pub use store_error::Difference;
