//! The limits of rates: how often somebody may do something.

use super::SOCKETS_PER_PERSON_MAX;
use std::time::Duration;

// ---- Rates (switched off by `--rate-limits off`) ------------------------------------------------

/// HTTP requests that one person may make in a burst, not counting profile pictures.
pub const REQUESTS_BURST: u32 = 120;
/// HTTP requests a second that one person may make after that burst. Beyond it, `too_many_requests` (429).
pub const REQUESTS_PER_SECOND: u32 = 30;
/// Rooms that one person may create in a burst, not counting direct rooms. Beyond it, `too_many_requests`.
pub const ROOMS_MADE_BURST: u32 = 100;
/// Rooms a day that one person may create after that burst.
pub const ROOMS_MADE_PER_DAY: u32 = 100;
/// Typing signals that one person may send in a burst. Further ones are dropped.
pub const TYPING_BURST: u32 = 3;
/// Typing signals a second that one person may send after that burst.
pub const TYPING_PER_SECOND: u32 = 1;
/// Minimum time between deliveries of coalesced events (typing, read marks), unless another takes them along earlier.
pub const COALESCED_EVERY: Duration = Duration::from_secs(1);
/// Maximum coalesced events that wait to be delivered. Beyond it, they are delivered at once.
pub const COALESCED_WAITING_MAX: usize = 4_096;
/// Minimum time between two commits of read marks.
pub const READ_MARKS_EVERY: Duration = Duration::from_secs(1);
/// Time that a request for someone's rooms waits for their read marks to be committed. Then it is answered without.
pub const READ_MARKS_TIMEOUT: Duration = Duration::from_millis(500);
/// Maximum read marks that wait, at most one per person and room. Beyond it, they are committed at once.
pub const READ_MARKS_WAITING_MAX: usize = 4_096;
/// Minimum time between two announcements of one person's presence. Changes in between are merged into the latest.
pub const PRESENCE_EVERY: Duration = Duration::from_secs(2);
/// Frames that one connection may send in a burst.
pub const FRAMES_BURST: u32 = 60;
/// Frames a second that one connection may send after that burst. A flood beyond it is closed with 4429.
pub const FRAMES_PER_SECOND: u32 = 30;
/// Actions (posts and everything else that a person changes) that one person may take in a burst.
pub const ACTIONS_BURST: u32 = 20;
/// Actions a second that one person may take after that burst. Beyond it, `too_many_requests`.
pub const ACTIONS_PER_SECOND: u32 = 5;
/// Delay before a request that came too fast is answered, so that a client that retries without a pause costs less.
pub const TOO_FAST_PAUSE: Duration = Duration::from_millis(250);
/// Sockets that one person may open in a burst. Beyond it, `too_many_requests`.
pub const SOCKETS_OPENED_BURST: u32 = SOCKETS_PER_PERSON_MAX as u32;
/// Sockets a second that one person may open after that burst. Each starts with a full `ready`.
pub const SOCKETS_OPENED_PER_SECOND: u32 = 2;
/// Catch-ups that one person may request in a burst, over all connections. Beyond it, `too_many_requests`.
pub const SYNCS_BURST: u32 = 300;
/// Catch-ups a second that one person may request after that burst.
pub const SYNCS_PER_SECOND: u32 = 30;
/// Messages in a catch-up for which it counts as one catch-up more.
pub const SYNC_MESSAGES_COUNTED: usize = 25;
/// Maximum people whose rates are remembered. Beyond it, those used least recently are forgotten.
pub const THROTTLE_BUCKETS_MAX: usize = 10_000;
/// Log-ins and password changes for one name from one network that may be made without a wait. The last of them
/// causes a wait of 1 s, and each further one doubles it.
pub const LOGIN_FREE_TRIES: u32 = 5;
/// Maximum wait between two such attempts.
pub const LOGIN_WAIT_MAX: Duration = Duration::from_secs(15 * 60);
/// Log-ins, sign-ups, password changes and resets a minute from one network (an IPv4 address, an IPv6 /64). Beyond it,
/// `too_many_requests`.
pub const LOGIN_PER_NETWORK_PER_MINUTE: u32 = 30;
/// Maximum names and networks whose attempts are remembered. Beyond it, those used least recently are forgotten.
pub const LOGIN_BUCKETS_MAX: usize = 10_000;
/// Milliseconds after which a client refused by an overloaded server may retry.
pub const SHED_RETRY_MS: u64 = 3_000;
