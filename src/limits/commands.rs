//! The limits of backups and of the commands that look after a data file.

use super::DAY_MS;
use std::time::Duration;

// ---- Nightly backups ---------------------------------------------------------------------------

/// Local hour from which a night's backup may start.
pub const NIGHT_HOUR: i64 = 3;
/// Interval at which the server checks whether a nightly backup is due. The first check is one interval after the
/// start.
pub const NIGHTLY_LOOK_EVERY: Duration = Duration::from_secs(60);
/// Milliseconds after which a failed nightly backup is retried: 1 hour.
pub const NIGHTLY_RETRY_MS: u64 = 60 * 60 * 1000;
/// Age in milliseconds from which the last nightly backup is reported as stale: 2 days.
pub const NIGHTLY_STALE_MS: u64 = 2 * DAY_MS;
/// Minimum milliseconds between two log lines about a stale backup: 1 day.
pub const NIGHTLY_WARN_MS: u64 = DAY_MS;
/// Days with a backup whose last backup is kept. Older ones are removed unless a week keeps them.
pub const BACKUP_DAYS_KEPT: usize = 7;
/// Weeks with a backup whose last backup is kept. Older ones are removed.
pub const BACKUP_WEEKS_KEPT: usize = 4;
/// Minimum bytes that must stay free on the disk of a nightly backup. If fewer would, the backup fails.
pub const BACKUP_FREE_BYTES_MIN: u64 = 256 << 20;
/// Fraction of that disk that must stay free if it is more: one twentieth.
pub const BACKUP_FREE_PART: u64 = 20;
/// Maximum files of the backup folder that are considered. Any others are ignored.
pub const BACKUP_FILES_SEEN_MAX: usize = 10_000;
/// Time without writes after which a partial backup counts as abandoned: 1 hour.
pub const BACKUP_ABANDONED_AFTER: Duration = Duration::from_secs(60 * 60);

// ---- Checks ------------------------------------------------------------------------------------

/// Maximum findings that a check reports one by one. It only counts the others.
pub const FINDINGS_MAX: usize = 100;

// ---- The control socket ------------------------------------------------------------------------

/// Maximum bytes of a request. A longer one is refused.
pub const CONTROL_REQUEST_BYTES_MAX: usize = 4 << 10;
/// Time in which a request must arrive. After that the connection is closed.
pub const CONTROL_REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum commands that are served at once. Another one is refused.
pub const CONTROL_CLIENTS_MAX: usize = 4;
/// Time that a command waits for another backup to finish. After that it is refused with `conflict`.
pub const CONTROL_TURN_TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// Time that a command may leave its output unread. It is long because a command may write to a slow pipe.
pub const CONTROL_STALL_TIMEOUT: Duration = Duration::from_secs(5 * 60);
/// Interval at which a waiting command hears the server's progress.
pub const CONTROL_PROGRESS_EVERY: Duration = Duration::from_secs(1);
/// Time without a line from the server after which a command gives up.
pub const CONTROL_SILENCE_TIMEOUT: Duration = Duration::from_secs(60);
/// Interval at which the server checks that its socket is still where commands look for it.
pub const CONTROL_LOOK_EVERY: Duration = Duration::from_secs(60);
/// Maximum bytes of a line of an answer. A command treats a longer one as an error.
pub const CONTROL_ANSWER_BYTES_MAX: usize = 256 << 10;
/// Maximum bytes of a socket's path. `sun_path` holds 104 with the final NUL on macOS and the BSDs, 108 on Linux.
pub const CONTROL_PATH_BYTES_MAX: usize = 103;
/// Time that a stopped command gets to clean up. After that it ends anyway.
pub const COMMAND_STOP_TIMEOUT: Duration = Duration::from_secs(5);
