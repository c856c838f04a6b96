//! The data file: the only module that knows redb.
//!
//! `commit` takes a `Change`, makes it durable, and returns an `Event`. The [`Feed`] passes the events of each commit,
//! in commit order, to its one reader. Each query is answered from one snapshot, and waits for nothing. No redb type
//! leaves this folder. `tests/it/store_laws.rs` tests the invariants of the store.
//!
//! The layers, from the top. A file may only name files of its own layer and of the layers below, and no two files
//! name each other (`tests/it/tidy.rs`):
//!
//! | layer | purpose |
//! |---|---|
//! | `handle` | [`Store`], which the rest of the program uses |
//! | `engine` | commits, and the data file: opening, recovery, backups, compaction |
//! | `check` | checks the invariants of the rows in a snapshot |
//! | `changes` | one file per subject: each change is checked, then written |
//! | `queries` | one file per subject: each query reads from a snapshot, or from the tables of a change |
//! | `search` | the search index |
//! | `rows` | the tables, their rows as bytes, and the row changes of a commit |
//! | `store_error`, `progress` | used by every layer |
//!
//! redb may panic over a damaged file. `store_error::guard` catches the panic, and the caller gets an error.
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
pub use engine::file_error::{FileError, format_bytes};
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
