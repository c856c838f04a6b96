//! How a data file is opened.

use super::disk_op::FaultInjector;
use super::load_shedding::ShedAt;
use super::record_keeper::RecordKeeper;
use crate::limits::{
    BACKUP_FREE_BYTES_MIN, CACHE_BYTES, COPY_BYTES_PER_SECOND_MIN, DISK_FREE_BYTES_MIN, JOURNAL_BYTES,
    RETAINED_FOR_MIN, UPLOAD_FREE_BYTES_MIN, UPLOAD_FREE_PERCENT_MIN,
};
use crate::metrics::Metrics;
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
