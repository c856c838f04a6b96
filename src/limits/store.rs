//! The limits of the store, and of what waits for it.

use std::time::Duration;

// ---- The store ---------------------------------------------------------------------------------

/// Changes that wait for the writer; the next caller waits.
pub const WRITER_QUEUE_MAX: usize = 4_096;
/// How long a caller waits for room in that queue; then the change is refused.
pub const WRITER_QUEUE_TIMEOUT: Duration = Duration::from_secs(5);
/// Changes in one transaction.
pub const BATCH_MAX: usize = 1_024;
/// How long the first of some changes waits for the others that are likely to come.
pub const GROUP_COMMIT_DELAY: Duration = Duration::from_micros(20);
/// Batches that wait for the fan-out; then the writer waits.
pub const FEED_BATCHES_MAX: usize = 64;
/// Bytes of the data file that redb keeps in memory.
pub const CACHE_BYTES: usize = 16 << 20;
/// Bytes of the journal in the data file, in two halves. The layout of the file depends on it.
pub const JOURNAL_BYTES: usize = 2 << 20;
/// Records that a half of the journal holds at least; a longer one is made durable by redb itself.
pub const JOURNAL_RECORDS_PER_HALF_MIN: usize = 8;
/// How long nothing was committed before a checkpoint.
pub const CHECKPOINT_AFTER: Duration = Duration::from_secs(1);
/// Roots for those who copy the file are kept no closer than this.
pub const ROOT_EVERY: Duration = Duration::from_millis(250);
/// How long a root is kept after the next one is on the disk, at least, ...
pub const RETAINED_FOR_MIN: Duration = Duration::from_secs(60);
/// ... and longer for a large file, which is copied at this rate or faster.
pub const COPY_BYTES_PER_SECOND_MIN: u64 = 8 << 20;
/// How long a root is kept while another process has the file open, at most.
pub const RETAINED_WHILE_OPEN_MAX: Duration = Duration::from_secs(3_600);
/// Bytes written to pages that a root outlives, or the size of the file if that is more.
pub const RETAINED_BYTES_MAX: u64 = 1 << 30;
/// How often we look whether the data file is still the one that we opened, and how often one that failed is opened
/// again.
pub const WATCH_EVERY: Duration = Duration::from_secs(2);
/// Bytes that must be free on the disk before a commit; below, new work is refused.
pub const DISK_FREE_BYTES_MIN: u64 = 8 << 20;
/// Bytes that must be free on the disk before a piece of a file is kept, so that files take no room from messages, ...
pub const UPLOAD_FREE_BYTES_MIN: u64 = 256 << 20;
/// ... or so many hundredths of the disk, if that is more.
pub const UPLOAD_FREE_PERCENT_MIN: u64 = 5;
/// A data file that was modified this long after our last commit was written by something else.
pub const DATA_FILE_TOUCHED_MS: u64 = 60_000;

// ---- Overload (the table is in store/engine/load_shedding.rs) -----------------------------------------------

/// Changes that wait for the writer when newcomers, then signals, then acts are shed.
pub const SHED_WAITING: [usize; 3] = [1_024, 2_048, 3_072];
/// The age of the oldest change without an answer, or of the events that are told, at which the same are.
pub const SHED_AGE: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(5)];
/// While the oldest change is younger than this, many that wait are a burst, and no overload.
pub const SHED_BURST: Duration = Duration::from_millis(250);
/// How long everything must have been below half of that until less is shed.
pub const SHED_HOLD: Duration = Duration::from_secs(1);
