//! The options for opening a data file.

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

/// The options for opening a data file.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bytes that must be free on the disk before a commit.
    pub disk_free_bytes_min: u64,
    /// Bytes that must be free before a chunk of an upload is stored.
    pub upload_free_bytes_min: u64,
    /// Percent of the disk that must be free before a chunk is stored. The larger of the two applies.
    pub upload_free_percent: u64,
    /// The minimum of bytes that a nightly backup leaves free on its disk.
    pub backup_free_bytes_min: u64,
    /// The size of redb's cache in bytes.
    pub cache_bytes: usize,
    /// Bytes of the journal area that are used, at most [`JOURNAL_BYTES`].
    pub journal_bytes: usize,
    /// Where to keep the records of commits. `None` keeps them in the data file.
    pub record_keeper: Option<Arc<dyn RecordKeeper>>,
    /// How long to keep old roots for processes that copy the file.
    pub retention: Retention,
    /// Injects disk faults, in tests.
    pub faults: Option<Arc<dyn FaultInjector>>,
    /// The thresholds of load shedding.
    pub shed_at: ShedAt,
    /// The counters that the store updates.
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

/// How long the pages of a root stay unchanged after the next root is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// Not at all. A copy of a file in use may not open.
    Off,
    /// For the longer of these two times.
    For {
        /// The minimum time.
        at_least: Duration,
        /// The time in which the whole file can be copied at this rate.
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
