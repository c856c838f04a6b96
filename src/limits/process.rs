//! The limits of the process, and of the clock it reads.

use super::DAY_MS;
use std::time::Duration;

// ---- The clock of this computer ----------------------------------------------------------------

/// Milliseconds by which a stored time may be ahead of the clock: 1 day, so that a wrong time zone passes. A time
/// further ahead was written while the clock was wrong. Up to this, the times of a room's messages never decrease.
pub const CLOCK_AHEAD_MAX_MS: u64 = DAY_MS;
/// Milliseconds by which the newest entry of a data file may be older than the clock when the server starts. Beyond
/// it, the clock is wrong or every session has expired anyway.
pub const CLOCK_BEHIND_MAX_MS: u64 = 366 * DAY_MS;
/// Milliseconds by which the clock may differ from the time that has passed. Beyond it, somebody has set the clock.
pub const CLOCK_JUMP_MS: u64 = 5 * 60 * 1000;
/// Time for which a clock that was set, or that does not fit the data file, expires no session and erases no file.
pub const CLOCK_SETTLES_AFTER: Duration = Duration::from_secs(60 * 60);

// ---- The process -------------------------------------------------------------------------------

/// Open files that the process asks for at start. A connection takes two.
pub const OPEN_FILES_WANTED: u64 = 65_536;
/// Open files reserved for everything but connections.
pub const OPEN_FILES_SPARE: u64 = 64;
/// Minimum connections that must fit, else the server does not start: two browsers that load the page with six
/// connections each, and their sockets.
pub const CONNECTIONS_MIN: u32 = 16;
/// Connections below which the server warns at start that few fit.
pub const CONNECTIONS_FEW: u32 = 256;
/// Maximum connections from one network (an IPv4 address, an IPv6 /64), and never more than half of all, so that an
/// office behind one address has enough. It does not apply to this computer, where a proxy may bring everybody, and
/// is switched off with the rates.
pub const CONNECTIONS_PER_ADDRESS_MAX: usize = 1_024;
/// Maximum refused connections that get an answer at the same time. Others are closed without one.
pub const TURNED_AWAY_MAX: usize = 16;
/// Time that such an answer may take. After that the connection is closed.
pub const TURNED_AWAY_TIMEOUT: Duration = Duration::from_secs(2);
/// Maximum connections that wait to be accepted. The kernel refuses or delays others.
pub const LISTEN_BACKLOG: i32 = 1_024;
/// Pause before the next accept when the system has refused one, as when the process is out of files.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Time after which a stop ends the process in any case. Docker kills it after 10 s.
pub const STOP_WITHIN: Duration = Duration::from_secs(8);
/// Time within which a second stop signal counts as a duplicate. A later one ends the process at once.
pub const SECOND_SIGNAL_AFTER: Duration = Duration::from_millis(500);
/// Time in which a stop records when people were last online, and their read marks. After that it continues without.
pub const LAST_SEEN_TIMEOUT: Duration = Duration::from_secs(1);
/// Time that a socket waits for pending answers at a stop. After that it is closed without them.
pub const ANSWERS_AT_STOP_TIMEOUT: Duration = Duration::from_secs(2);
/// Time that connections get to end at a stop. All timeouts of a stop together are 6 s. Closing the file has none.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(3);
/// Time in which the last events may be sent after the file is closed.
pub const LAST_ANSWERS_TIMEOUT: Duration = Duration::from_secs(1);
/// Maximum bytes of the log buffered for the reader of standard error. Further lines are dropped and counted.
pub const LOG_WAITING_BYTES_MAX: usize = 1 << 20;
/// Time that the process waits at its end for its output to be read.
pub const LOG_FLUSH_TIMEOUT: Duration = Duration::from_secs(1);
