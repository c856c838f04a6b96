//! The engine: how changes become durable, and how the data file is kept whole.
//!
//! A post goes through it like this. `writer` takes everything that waits and gives it to `committer`, which runs it as
//! one transaction of redb (`data_file`). The rows that it changes and the events that it causes make one record
//! (`record`), which `journal` appends to the data file with one write and one sync. Then the commit is durable. redb
//! commits in memory, for readers to see, and `publisher` sends the answers and the events on their way. When a half of
//! the journal is full, or it has been quiet for a second, a durable commit of redb brings everything to its pages
//! (`commit_to_pages`), and `retained` keeps the pages of the root before for somebody who is copying the file.
//!
//! | file | what |
//! |---|---|
//! | `writer`, `committer`, `publisher` | the write path, on one thread |
//! | `load_shedding` | what is refused when there is too much to do |
//! | `data_file`, `database`, `transaction` | the open file, and redb in it |
//! | `journal`, `record`, `record_keeper` | durable commits that are in no page yet |
//! | `retained`, `watch`, `damage` | roots for those who copy the file, and whether it is still ours and whole |
//! | `disk`, `layout`, `disk_op`, `file_locks`, `overlay`, `free_space` | the file itself, a view that changes nothing, the space left |
//! | `open`, `create`, `upgrade`, `old_journal`, `last_commit`, `open_error` | how a file comes into use |

mod committer;
pub mod create;
mod damage;
pub mod data_file;
pub mod database;
pub mod disk;
pub mod disk_op;
mod file_locks;
pub mod free_space;
pub mod journal;
mod last_commit;
pub mod layout;
pub mod load_shedding;
pub mod old_journal;
pub mod open;
mod open_error;
pub mod overlay;
pub mod publisher;
pub mod record;
pub mod record_keeper;
mod retained;
mod transaction;
pub mod upgrade;
mod watch;
pub mod writer;

pub use committer::Committer;
pub use data_file::DataFile;
pub use open_error::OpenError;
pub use transaction::Wrote;

use crate::limits::{
    BACKUP_FREE_BYTES_MIN, CACHE_BYTES, COPY_BYTES_PER_SECOND_MIN, DISK_FREE_BYTES_MIN, JOURNAL_BYTES,
    RETAINED_FOR_MIN, UPLOAD_FREE_BYTES_MIN, UPLOAD_FREE_PERCENT_MIN,
};
use crate::metrics::Metrics;
use disk_op::FaultInjector;
use load_shedding::ShedAt;
use record_keeper::RecordKeeper;
use std::sync::Arc;
use std::time::Duration;

/// How a data file is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bytes that must be free on the disk before a commit.
    pub disk_free_bytes_min: u64,
    /// Bytes that must be free before a piece of a file is kept, ...
    pub upload_free_bytes_min: u64,
    /// ... and how many hundredths of the disk, if that is more.
    pub upload_free_percent: u64,
    /// Bytes that a nightly backup leaves free on its disk, at least.
    pub backup_free_bytes_min: u64,
    /// Bytes of the file that are kept in memory.
    pub cache_bytes: usize,
    /// Bytes of the journal that are used, at most [`JOURNAL_BYTES`].
    pub journal_bytes: usize,
    /// Who keeps the records of commits, where that is not the data file itself.
    pub record_keeper: Option<Arc<dyn RecordKeeper>>,
    /// How long old roots are kept for those who copy the file.
    pub retention: Retention,
    /// Breaks the disk, in tests.
    pub faults: Option<Arc<dyn FaultInjector>>,
    /// Where overload begins.
    pub shed_at: ShedAt,
    /// Where everything is counted.
    pub metrics: Arc<Metrics>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            disk_free_bytes_min: DISK_FREE_BYTES_MIN,
            upload_free_bytes_min: UPLOAD_FREE_BYTES_MIN,
            upload_free_percent: UPLOAD_FREE_PERCENT_MIN,
            backup_free_bytes_min: BACKUP_FREE_BYTES_MIN,
            cache_bytes: CACHE_BYTES,
            journal_bytes: JOURNAL_BYTES,
            record_keeper: None,
            retention: Retention::default(),
            faults: None,
            shed_at: ShedAt::default(),
            metrics: Arc::default(),
        }
    }
}

/// How long the pages of a root stay as they are after the next root is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// Not at all: a copy of a file in use may not open.
    Off,
    /// For the longer of the two.
    For {
        /// At least so long, ...
        at_least: Duration,
        /// ... and as long as it takes to copy the file at this rate.
        copy_bytes_per_second: u64,
    },
}

impl Default for Retention {
    fn default() -> Retention {
        Retention::For {
            at_least: RETAINED_FOR_MIN,
            copy_bytes_per_second: COPY_BYTES_PER_SECOND_MIN,
        }
    }
}
