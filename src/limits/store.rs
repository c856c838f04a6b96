//! The limits of the store, and of what waits for it.

use std::time::Duration;

// ---- The store ---------------------------------------------------------------------------------

/// Searches through very many rows at a time; then whoever searches waits.
pub const SEARCHES_AT_ONCE_MAX: usize = 2;
/// Changes that wait for the writer; then whoever brings one waits.
pub const WRITER_QUEUE_MAX: usize = 4_096;
/// How long whoever brings a change waits for a place in that queue; then the change is refused.
pub const WRITER_QUEUE_TIMEOUT: Duration = Duration::from_secs(5);
/// Events that whoever is behind in telling them tells in one go, and those of one more commit.
pub const TOLD_AT_ONCE_MAX: usize = 128;
/// Changes in one transaction.
pub const BATCH_MAX: usize = 1_024;
/// How long, at a time, the writer waits for those who came together the last time.
pub const COMPANY_WAIT: Duration = Duration::from_micros(50);
/// How often it does so before one commit.
pub const COMPANY_WAITS_MAX: usize = 4;
/// A commit that took no longer is quick, and may keep whoever brings it, and all on that thread, waiting ...
pub const QUICK_COMMIT: Duration = Duration::from_millis(1);
/// ... once so many in a row were ...
pub const QUICK_COMMITS: usize = 8;
/// ... and the last one is this long ago: who comes right after it comes in company.
pub const ALONE_FOR: Duration = Duration::from_micros(500);
/// Connections with which callers commit themselves; with more of them the writer does.
pub const OWN_CONNECTIONS_MAX: u64 = 32;
/// A commit of a caller's that took this long has kept everybody waiting: for a while only the writer commits, ...
pub const STALLED_COMMIT: Duration = Duration::from_millis(10);
/// ... for this long the first time, ...
pub const STALL_PAUSE: Duration = Duration::from_secs(1);
/// ... twice as long each time that it happens again, up to this, ...
pub const STALL_PAUSE_MAX: Duration = Duration::from_secs(60);
/// ... until so many in a row did not.
pub const STALL_FORGOTTEN_AFTER: usize = 1_000;
/// Commits that callers make themselves before the writer looks for something to index.
pub const UNINDEXED_COMMITS_MAX: usize = 64;
/// Batches that wait for the fan-out; then the writer waits.
pub const FEED_BATCHES_MAX: usize = 64;
/// Bytes of the data file that redb keeps in memory.
pub const CACHE_BYTES: usize = 16 << 20;
/// Bytes of the journal in the data file.
pub const JOURNAL_BYTES: usize = 1 << 20;
/// Where commits fill this share of it that are in no page yet, in eighths, a checkpoint begins.
pub const CHECKPOINT_AT_EIGHTHS: usize = 5;
/// Writes of a checkpoint that the disk gets in one go: what comes into the journal meanwhile waits for them.
pub const CHECKPOINT_WRITES_AT_ONCE: usize = 32;
/// Bytes of pages that redb writes during a checkpoint and that come after it; whoever writes more waits for its end.
pub const CHECKPOINT_LATER_BYTES_MAX: usize = 4 << 20;
/// Bytes of what one commit does to rows there; a larger one is made durable by redb itself.
pub const JOURNAL_RECORD_BYTES_MAX: usize = 128 << 10;
/// Commits that are shown to readers at once after somebody has asked something.
pub const SHOWN_COMMITS: usize = 16;
/// Commits that may be hidden from readers while nobody asks; then they are shown together.
pub const HIDDEN_COMMITS_MAX: usize = 256;
/// How long somebody who asks waits for what is hidden: for one commit, however slow the disk is.
pub const SHOW_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes that must be free on the disk before a commit; below, new work is refused.
pub const DISK_FREE_BYTES_MIN: u64 = 8 << 20;
/// Where this much more is free, the disk is not looked at again ...
pub const DISK_PLENTY_BYTES: u64 = 1 << 30;
/// ... for so long.
pub const DISK_LOOK_EVERY_MS: u64 = 100;
/// A data file that was written this long after our last commit was written by something else.
pub const DATA_FILE_TOUCHED_MS: u64 = 60_000;
/// How often a file that failed is opened again.
pub const STORE_HEAL_EVERY: Duration = Duration::from_secs(1);

// ---- Overload (the table is in store/pressure.rs) -----------------------------------------------

/// Changes that wait for the writer when newcomers, then signals, then acts are shed.
pub const SHED_WAITING: [usize; 3] = [1_024, 2_048, 3_072];
/// The age of the oldest change without an answer, or of the events that are told, at which the same are.
pub const SHED_AGE: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(5)];
/// While the oldest change is younger than this, many that wait are a burst, and no overload.
pub const SHED_BURST: Duration = Duration::from_millis(250);
/// How long everything must have been below half of that until less is shed.
pub const SHED_HOLD: Duration = Duration::from_secs(1);
/// When whoever was shed may come again.
pub const SHED_RETRY_MS: u64 = 3_000;
