//! The limits of backups and of the commands that look after a data file.

use std::time::Duration;

// ---- Nightly backups ---------------------------------------------------------------------------

/// The hour of the local day from which on a night's backup is made.
pub const NIGHT_HOUR: i64 = 3;
/// How often the server looks whether a nightly backup is due; the first time is this long after its start.
pub const NIGHTLY_LOOK_EVERY: Duration = Duration::from_secs(60);
/// How long after a nightly backup that failed it is tried again: an hour.
pub const NIGHTLY_RETRY_MS: u64 = 60 * 60 * 1000;
/// A nightly backup that is older than this is said to be old: two days.
pub const NIGHTLY_STALE_MS: u64 = 2 * 24 * 60 * 60 * 1000;
/// How often a stale backup is said in the log: once a day.
pub const NIGHTLY_WARN_MS: u64 = 24 * 60 * 60 * 1000;
/// Days, among those that have a backup, whose last one is kept.
pub const BACKUP_DAYS_KEPT: usize = 7;
/// Weeks, among those that have a backup, whose last one is kept.
pub const BACKUP_WEEKS_KEPT: usize = 4;
/// Bytes that a nightly backup leaves free on its disk, at least ...
pub const BACKUP_FREE_BYTES_MIN: u64 = 256 << 20;
/// ... and at least this part of the disk: a twentieth.
pub const BACKUP_FREE_PART: u64 = 20;
/// Files of the backup folder that are looked at.
pub const BACKUP_FILES_SEEN_MAX: usize = 10_000;
/// A part of a backup that nobody has written to for this long was left behind: an hour.
pub const BACKUP_ABANDONED_AFTER: Duration = Duration::from_secs(60 * 60);

// ---- Checks ------------------------------------------------------------------------------------

/// Faults of a data file that a check tells one by one; it only counts the others.
pub const FINDINGS_MAX: usize = 100;

// ---- The control socket ------------------------------------------------------------------------

/// Bytes of a request.
pub const CONTROL_REQUEST_BYTES_MAX: usize = 4 << 10;
/// How long a request may take to arrive.
pub const CONTROL_REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// Commands that are served at the same time; further ones are refused.
pub const CONTROL_CLIENTS_MAX: usize = 4;
/// How long a command waits while another backup is being taken.
pub const CONTROL_TURN_TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// How long a command may leave what it is sent unread: it may stand in a pipe to somewhere slow.
pub const CONTROL_STALL_TIMEOUT: Duration = Duration::from_secs(5 * 60);
/// How often a command that waits is told how far the server is.
pub const CONTROL_PROGRESS_EVERY: Duration = Duration::from_secs(1);
/// How long a server may say nothing to a command.
pub const CONTROL_SILENCE_TIMEOUT: Duration = Duration::from_secs(60);
/// How often the server looks whether its socket is still where commands look for it.
pub const CONTROL_LOOK_EVERY: Duration = Duration::from_secs(60);
/// Bytes of a line of an answer.
pub const CONTROL_ANSWER_BYTES_MAX: usize = 256 << 10;
/// Bytes of a socket's path: 104 with its end on macOS and the BSDs, 108 on Linux (`sun_path`).
pub const CONTROL_PATH_BYTES_MAX: usize = 103;
/// How long a command that was told to stop may take to clear up.
pub const COMMAND_STOP_TIMEOUT: Duration = Duration::from_secs(5);
