//! Where nightly backups go, and the result of the last one.

use crate::clock::Time;
use crate::limits::{NIGHTLY_LOOK_EVERY, NIGHTLY_WARN_MS};
use crate::model::Nightly;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// Where nightly backups go, and when night begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupPlan {
    /// Their folder, which is created if it does not exist.
    pub folder: PathBuf,
    /// The prefix of their file names.
    pub stem: String,
    /// Seconds by which local time is ahead of UTC.
    pub utc_offset_seconds: i32,
    /// How often to check whether a backup is due.
    pub look_every: Duration,
}

impl BackupPlan {
    /// Backups of `data`, in `folder` or in `NAME.backups` beside it.
    pub fn new(data: &Path, folder: Option<PathBuf>, utc_offset_seconds: i32) -> BackupPlan {
        let beside = || {
            let name = data.file_name().unwrap_or_default().to_string_lossy().into_owned();
            data.with_file_name(format!("{name}.backups"))
        };
        BackupPlan {
            folder: folder.unwrap_or_else(beside),
            stem: data.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            utc_offset_seconds,
            look_every: NIGHTLY_LOOK_EVERY,
        }
    }
}

/// The plan, and what this process knows of the last attempt.
#[derive(Debug, Default)]
pub(super) struct NightlyState {
    pub plan: OnceLock<BackupPlan>,
    state: Mutex<LastTry>,
}

#[derive(Debug, Default)]
pub(super) struct LastTry {
    /// The result of the last attempt, even if the data file could not record it.
    pub tried: Option<Nightly>,
    /// When that attempt was made.
    pub tried_at: Option<Time>,
    /// When the log last said that there is no recent backup.
    warned_at: Option<Time>,
}

impl NightlyState {
    pub fn state(&self) -> MutexGuard<'_, LastTry> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records an attempt. Only a failed one delays the next.
    pub fn remember(&self, nightly: &Nightly, now: Time) {
        let mut state = self.state();
        state.tried = Some(nightly.clone());
        state.tried_at = nightly.failure.is_some().then_some(now);
    }

    /// Whether it is time to log again that there is no recent backup.
    pub fn may_warn(&self, now: Time) -> bool {
        let mut state = self.state();
        let may = has_passed(state.warned_at, now, NIGHTLY_WARN_MS);
        if may {
            state.warned_at = Some(now);
        }
        may
    }
}

/// Whether `ms` have passed since `then`. A clock that was set back must not delay anything for years.
pub(super) fn has_passed(then: Option<Time>, now: Time, ms: u64) -> bool {
    then.is_none_or(|then| then > now || now.since(then) >= ms)
}
