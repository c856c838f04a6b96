//! The limits of what comes in over HTTP: files, whose share of the space they take, and the bodies of requests.

use std::time::Duration;

// ---- Turns to upload ----------------------------------------------------------------------------

/// Files that are received at the same time; further ones wait. Each takes up to 768 KiB of memory.
pub const UPLOADS_MAX: usize = 16;
/// Files of one person that are received or wait at the same time.
pub const UPLOADS_PER_PERSON_MAX: usize = 4;
/// Files that wait for their turn; then the next one is refused.
pub const UPLOADS_WAITING_MAX: usize = 256;
/// How long a file waits for its turn.
pub const UPLOAD_TURN_TIMEOUT: Duration = Duration::from_secs(30);
/// When an upload that found no turn, or lost it, should try again.
pub const UPLOAD_RETRY_MS: u64 = 15_000;
/// How often an upload looks at the time, whether or not bytes arrive.
pub const UPLOAD_CHECK_EVERY: Duration = Duration::from_millis(500);
/// In each such time an upload must bring ...
pub const UPLOAD_WINDOW_MS: u64 = 60_000;
/// ... at least this many bytes, else it ends: 270 bytes a second, a tenth of what the slowest phone networks carry.
pub const UPLOAD_WINDOW_BYTES_MIN: u64 = 16 << 10;
/// Somebody without a turn who has waited this long gets one from somebody who can spare it: ...
pub const UPLOAD_YIELD_AFTER_MS: u64 = 5_000;
/// ... from an upload that has had its turn for this long, ...
pub const UPLOAD_TURN_MS_MIN: u64 = 10_000;
/// ... and is one of several of its person, or slower than this. A faster one keeps its turn: if each were ended for
/// the next one, large files would never arrive on a busy server.
pub const UPLOAD_SLOW_BYTES_PER_SECOND: u64 = 32 << 10;

// ---- Everybody's share of the space for files -----------------------------------------------------

/// Bytes that one person's files may take in any case; beyond, as many as are still free for everybody.
pub const FILE_SHARE_BYTES_MIN: u64 = 64 << 20;
/// Files of an older data file that one change counts for the people who sent them.
pub const FILES_COUNTED_AT_ONCE: usize = 1_000;
