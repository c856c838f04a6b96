//! The limits of the process, and of the clock that it reads.

use super::DAY_MS;
use std::time::Duration;

// ---- The clock of this computer ----------------------------------------------------------------

/// What carries a time further ahead of the clock than this was written while the clock was wrong: a day, so that
/// a wrong time zone is none of it. Up to this, the times of a room's messages never go down.
pub const CLOCK_AHEAD_MAX_MS: u64 = DAY_MS;
/// A data file that nobody wrote to for longer than this when the server starts: either the clock is wrong, or
/// every session is over anyway.
pub const CLOCK_BEHIND_MAX_MS: u64 = 366 * DAY_MS;
/// A clock that is off by this much from the time that has passed was set.
pub const CLOCK_JUMP_MS: u64 = 5 * 60 * 1000;
/// How long a clock that was set, or that does not fit the data file, ends no session and erases no file.
pub const CLOCK_SETTLES_AFTER: Duration = Duration::from_secs(60 * 60);

// ---- The process -------------------------------------------------------------------------------

/// Open files asked for at start; a connection takes two.
pub const OPEN_FILES_WANTED: u64 = 65_536;
/// Files that are no connections.
pub const OPEN_FILES_SPARE: u64 = 64;
/// Connections that must fit, or the server does not start: two browsers that load the page, with six each, and
/// their sockets.
pub const CONNECTIONS_MIN: u32 = 16;
/// Where fewer connections fit than this, the start says so.
pub const CONNECTIONS_FEW: u32 = 256;
/// Connections of one address (an IPv4 address, an IPv6 /64), and at most half of all: an office behind one
/// address has room. None for this computer itself, where a proxy may bring everybody; switched off with
/// the rates.
pub const CONNECTIONS_PER_ADDRESS_MAX: usize = 1_024;
/// Connections without a place that are told so at the same time; the others are dropped.
pub const TURNED_AWAY_MAX: usize = 16;
/// How long that may take.
pub const TURNED_AWAY_TIMEOUT: Duration = Duration::from_secs(2);
/// Connections that wait to be accepted.
pub const LISTEN_BACKLOG: i32 = 1_024;
/// How long a stop may take. Then the process ends, whatever it waits for: before Docker kills it, after 10 s.
pub const STOP_WITHIN: Duration = Duration::from_secs(8);
/// A second signal to stop ends the process at once, unless it comes this soon: then it is the first one, twice.
pub const SECOND_SIGNAL_AFTER: Duration = Duration::from_millis(500);
/// How long a stop writes down who was here until now, and how far they have read.
pub const LAST_SEEN_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a socket waits at a stop for what it was promised; then it is closed without.
pub const ANSWERS_AT_STOP_TIMEOUT: Duration = Duration::from_secs(2);
/// How long connections may take to end at a stop; as a rule the whole of it stays under 5 seconds.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(3);
/// How long the last answers may take after that.
pub const LAST_ANSWERS_TIMEOUT: Duration = Duration::from_secs(1);
/// Bytes of the log that wait for the reader of standard error; what comes after that is dropped and counted.
pub const LOG_WAITING_BYTES_MAX: usize = 1 << 20;
/// How long the end of the process waits for the readers of its output.
pub const LOG_FLUSH_TIMEOUT: Duration = Duration::from_secs(1);
