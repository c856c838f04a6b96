//! The limits of data that arrives over HTTP: uploads, each person's share of the space, and request bodies.

use std::time::Duration;

// ---- Turns to upload ----------------------------------------------------------------------------

/// Maximum uploads that are received at once. Others wait. Each takes up to 768 KiB of memory.
pub const UPLOADS_MAX: usize = 16;
/// Maximum uploads of one person that are received or wait. Beyond it, `too_many_requests`. Off with the rates.
pub const UPLOADS_PER_PERSON_MAX: usize = 4;
/// Milliseconds after which a client of a person with too many uploads may retry.
pub const UPLOADS_RETRY_MS: u64 = 2_000;
/// Maximum uploads that wait for their turn. Another one is refused with `unavailable`.
pub const UPLOADS_WAITING_MAX: usize = 256;
/// Time that an upload waits for its turn. After that it is refused with `unavailable`.
pub const UPLOAD_TURN_TIMEOUT: Duration = Duration::from_secs(30);
/// Milliseconds after which a client should retry an upload that got no turn or lost it.
pub const UPLOAD_RETRY_MS: u64 = 15_000;
/// Interval at which an upload checks its time limits, whether or not bytes arrive.
pub const UPLOAD_CHECK_EVERY: Duration = Duration::from_millis(500);
/// Length of the window in which an upload must deliver [`UPLOAD_WINDOW_BYTES_MIN`].
pub const UPLOAD_WINDOW: Duration = Duration::from_secs(60);
/// Minimum bytes in each window, else the upload ends: 270 bytes a second, a tenth of the slowest phone networks.
pub const UPLOAD_WINDOW_BYTES_MIN: u64 = 16 << 10;
/// Time that somebody without a turn waits before another upload is ended for them.
pub const UPLOAD_YIELD_AFTER: Duration = Duration::from_secs(5);
/// Minimum time that an upload keeps its turn before it can be ended for somebody else.
pub const UPLOAD_TURN_MIN: Duration = Duration::from_secs(10);
/// Rate in bytes a second from which a person's only upload keeps its turn. Without this bound, large files would
/// never arrive on a busy server.
pub const UPLOAD_SLOW_BYTES_PER_SECOND: u64 = 32 << 10;

// ---- Everybody's share of the space for files -----------------------------------------------------

/// Bytes that each person's files may always take. Beyond it, a file must fit into the space that is still free for
/// everybody, or it is refused with `storage_full`.
pub const FILE_SHARE_BYTES_MIN: u64 = 64 << 20;
/// Files of an older data file whose sizes one change adds up for their owners.
pub const FILES_COUNTED_AT_ONCE: usize = 1_000;

// ---- Bodies of requests ---------------------------------------------------------------------------

/// Maximum bodies of guests (people without a session) in transit. Another one ends the oldest with `unavailable`.
pub const GUEST_BODIES_MAX: usize = 512;
/// Maximum bodies of guests in transit from one network (an IPv4 address, an IPv6 /64). Another one ends the oldest.
/// It does not apply to this computer, where a proxy may bring everybody, and is switched off with the rates.
pub const GUEST_BODIES_PER_ADDRESS_MAX: usize = 32;
/// Maximum bytes in memory of all guests' bodies, without [`BODY_BYTES_UNCOUNTED`]. Beyond it, `unavailable`.
pub const GUEST_BODIES_BYTES_MAX: usize = 4 << 20;
/// Maximum bytes in memory of all members' bodies, without [`BODY_BYTES_UNCOUNTED`]. Beyond it, `unavailable`.
pub const BODIES_BYTES_MAX: usize = 32 << 20;
/// Maximum bytes of one member's bodies: two pictures. Beyond it, `too_many_requests`. Switched off with the rates.
pub const BODIES_BYTES_PER_PERSON_MAX: usize = 4 << 20;
/// Maximum bytes of a body that is not counted, since it costs no more than its connection. So a client that fills
/// the space for bodies stops neither messages nor log-ins.
pub const BODY_BYTES_UNCOUNTED: usize = 4 << 10;
/// Milliseconds after which a client should retry a body for which there was no space.
pub const BODY_RETRY_MS: u64 = 2_000;

// ---- Requests that are refused before they have arrived -------------------------------------------

/// Maximum bytes of such a request that are read and dropped after its answer: the largest file, and a little more.
/// Many browsers read an answer only after they have sent everything. Beyond it, the connection is closed.
pub const LINGER_BYTES_MAX: u64 = (64 << 20) + (1 << 20);
/// Maximum time for reading and dropping them. After that the connection is closed.
pub const LINGER_TIMEOUT: Duration = Duration::from_secs(30);
/// Time without any bytes after which the connection is closed earlier.
pub const LINGER_IDLE_TIMEOUT: Duration = Duration::from_secs(2);
/// Maximum bytes of a refused body that are read with the request, so that the connection can be used again.
pub const BODY_BYTES_PASSED_OVER: u64 = 4 << 10;
