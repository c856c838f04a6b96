//! The limits of the store, and of the queues around it.

use std::time::Duration;

// ---- The store ---------------------------------------------------------------------------------

/// Maximum changes that wait for the writer. Beyond it, the caller waits up to [`WRITER_QUEUE_TIMEOUT`].
pub const WRITER_QUEUE_MAX: usize = 4_096;
/// Time that a caller waits for room in that queue. After that the change is refused with `unavailable`.
pub const WRITER_QUEUE_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum changes in one transaction. The others go into the next one.
pub const BATCH_MAX: usize = 1_024;
/// Time that the first change of a batch waits for others to commit with it.
pub const GROUP_COMMIT_DELAY: Duration = Duration::from_micros(20);
/// Maximum batches of events that wait for the fan-out. Beyond it, the writer waits.
pub const FEED_BATCHES_MAX: usize = 64;
/// Bytes of the data file that redb caches in memory.
pub const CACHE_BYTES: usize = 16 << 20;
/// Bytes of the journal in the data file, in two halves. The layout of the file depends on it.
pub const JOURNAL_BYTES: usize = 2 << 20;
/// Minimum records that must fit in half of the journal. A longer record is committed by redb itself.
pub const JOURNAL_RECORDS_PER_HALF_MIN: usize = 8;
/// Time without a commit after which a checkpoint is made.
pub const CHECKPOINT_AFTER: Duration = Duration::from_secs(1);
/// Minimum time between two roots that are retained for processes that copy the file.
pub const ROOT_EVERY: Duration = Duration::from_millis(250);
/// Minimum time for which a root is retained after the next one is on disk.
pub const RETAINED_FOR_MIN: Duration = Duration::from_secs(60);
/// Bytes a second at which a copy is expected to read. Roots of a large file are retained for long enough.
pub const COPY_BYTES_PER_SECOND_MIN: u64 = 8 << 20;
/// Maximum time for which a root is retained while another process has the file open. After that it is released.
pub const RETAINED_WHILE_OPEN_MAX: Duration = Duration::from_secs(3_600);
/// Bytes written, or the size of the file if that is more, after which a retained root is released early.
pub const RETAINED_BYTES_MAX: u64 = 1 << 30;
/// Interval at which the server checks that the data file is still the one it opened, and reopens a file that failed.
pub const WATCH_EVERY: Duration = Duration::from_secs(2);
/// Minimum bytes that must be free on the disk before a commit. Below it, changes are refused with `storage_full`.
pub const DISK_FREE_BYTES_MIN: u64 = 8 << 20;
/// Minimum bytes that must be free on the disk before a file chunk is stored. Files leave this room to messages.
pub const UPLOAD_FREE_BYTES_MIN: u64 = 256 << 20;
/// Percent of the disk that must be free before a file chunk is stored, if that is more.
pub const UPLOAD_FREE_PERCENT_MIN: u64 = 5;
/// Milliseconds that a data file may be modified after our last commit. Beyond it, another program wrote to it.
pub const DATA_FILE_TOUCHED_MS: u64 = 60_000;

// ---- Overload (the table is in store/engine/load_shedding.rs) -----------------------------------------------

/// Changes waiting for the writer at which newcomers, then signals, then actions are shed.
pub const SHED_WAITING: [usize; 3] = [1_024, 2_048, 3_072];
/// Age of the oldest unanswered change, or of events not delivered, at which the same three are shed.
pub const SHED_AGE: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(5)];
/// Age of the oldest change below which a long queue is a burst and not an overload.
pub const SHED_BURST: Duration = Duration::from_millis(250);
/// Time for which all numbers must stay below half of their limits before less is shed.
pub const SHED_HOLD: Duration = Duration::from_secs(1);
