//! Nightly backups: takes and checks one each night, keeps a bounded number, and reports when there is none.

use super::background_task::BackgroundTask;
use super::nightly_state::{BackupPlan, has_passed};
use super::passwords::lower_thread_priority;
use super::state::Chat;
use super::stop_on_drop::StopOnDrop;
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::limits::{BACKUP_ABANDONED_AFTER, BACKUP_FILES_SEEN_MAX, NIGHTLY_RETRY_MS, NIGHTLY_STALE_MS};
use crate::model::{
    Change, HostAct, LocalMinute, Nightly, NightlyBackup, NightlyFailure, Viewer, is_nightly_due, rules, superseded,
};
use crate::store::{CheckedBackup, Overwrite, PendingFile, Progress, Store, file_id_of, remove_abandoned};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::oneshot;

/// The state of the nightly backups, for the owner and admins.
#[derive(Clone, Debug)]
pub struct NightlyFacts {
    /// Their folder. `None` if they are off.
    pub folder: Option<PathBuf>,
    /// The results of the last ones.
    pub nightly: Nightly,
    /// Whether the last one is older than it should be.
    pub is_stale: bool,
}

impl Chat {
    /// Sets the plan for nightly backups. [`Chat::back_up_nightly`] starts them.
    pub fn plan_backups(&self, plan: BackupPlan) {
        // A server has one plan for its whole life.
        let _ = self.nightly.plan.set(plan);
    }

    /// The state of the nightly backups.
    ///
    /// # Errors
    /// When the data file cannot be read.
    pub async fn nightly_facts(&self) -> Result<NightlyFacts> {
        let (nightly, since) = self.nightly().await?;
        let plan = self.nightly.plan.get();
        Ok(NightlyFacts {
            folder: plan.map(|plan| plan.folder.clone()),
            is_stale: plan.is_some() && is_stale(&nightly, since, self.clock.now()),
            nightly,
        })
    }

    /// Whether the viewer should hear about the nightly backups: they are the owner or an admin, and the last backup
    /// failed or is old.
    ///
    /// # Errors
    /// When the data file cannot be read.
    pub async fn has_backup_trouble(&self, viewer: &Viewer) -> Result<bool> {
        if self.nightly.plan.get().is_none() || rules::may_see_server(self.role(viewer).await?).is_err() {
            return Ok(false);
        }
        let facts = self.nightly_facts().await?;
        Ok(facts.is_stale || facts.nightly.failure.is_some())
    }

    async fn nightly(&self) -> Result<(Nightly, Time)> {
        let (written, since) = self.store.nightly().await?;
        let tried = self.nightly.state().tried.clone();
        Ok((tried.unwrap_or(written), since))
    }

    /// Takes a backup whenever one is due, forever. Returns at once if there is no plan.
    pub async fn back_up_nightly(&self) {
        if let (Ok((nightly, _)), Ok(info)) = (self.nightly().await, self.store.server().await) {
            let last = [nightly.last.map(|last| last.at), info.backup.map(|backup| backup.at)];
            last.into_iter().flatten().for_each(|at| self.note_backup(at));
        }
        let Some(plan) = self.nightly.plan.get() else { return };
        loop {
            tokio::time::sleep(plan.look_every).await;
            self.fault_points.reach(BackgroundTask::Nightly);
            if let Err(error) = self.back_up_if_due(plan).await {
                error.log();
            }
        }
    }

    async fn back_up_if_due(&self, plan: &BackupPlan) -> Result<()> {
        let (mut nightly, since) = self.nightly().await?;
        let now = self.clock.now();
        let last = nightly.last.map_or(since, |last| last.at);
        let may_try = has_passed(self.nightly.state().tried_at, now, NIGHTLY_RETRY_MS);
        if is_nightly_due(last, now, plan.utc_offset_seconds) && may_try {
            // If somebody is taking one by hand, the next check tries again.
            let Ok(_permit) = self.backups.clone().try_acquire_owned() else {
                return Ok(());
            };
            nightly = self.back_up_for_tonight(plan, nightly, now).await?;
            self.nightly.remember(&nightly, now);
            let tried = Change::Host(HostAct::NightlyTried(nightly.clone()));
            self.store.commit(tried).await?;
        }
        if is_stale(&nightly, since, now) && self.nightly.may_warn(now) {
            tracing::warn!(folder = %plan.folder.display(), "the last nightly backup is older than two days");
        }
        Ok(())
    }

    async fn back_up_for_tonight(&self, plan: &BackupPlan, before: Nightly, now: Time) -> Result<Nightly> {
        let progress = Arc::new(Progress::default());
        let _stop_on_drop = StopOnDrop(progress.clone());
        let (store, plan, minute) = (
            self.store.clone(),
            plan.clone(),
            LocalMinute::of(now, plan.utc_offset_seconds),
        );
        let (answer, written) = oneshot::channel();
        let work = move || {
            lower_thread_priority();
            // The caller may have been dropped.
            let _ = answer.send(write(&store, &plan, minute, &progress));
        };
        let thread = std::thread::Builder::new().name("backup".to_owned()).spawn(work);
        thread.map_err(Error::internal)?;
        match written.await.map_err(Error::internal)? {
            Ok(written) => {
                self.note_backup(now);
                let last = NightlyBackup {
                    at: now,
                    bytes: written.bytes,
                    findings: written.report.count,
                };
                Ok(Nightly {
                    last: Some(last),
                    failure: None,
                })
            }
            Err(why) => {
                tracing::warn!(%why, "the nightly backup failed");
                Ok(Nightly {
                    failure: Some(NightlyFailure { at: now, why }),
                    ..before
                })
            }
        }
    }

    /// Records that there is a backup from this time.
    pub(super) fn note_backup(&self, at: Time) {
        let gauge = &self.store.metrics().last_backup;
        gauge.set(gauge.get().max(at.0 / 1000));
    }
}

fn is_stale(nightly: &Nightly, since: Time, now: Time) -> bool {
    let last = nightly.last.map_or(since, |last| last.at);
    now.since(last) > NIGHTLY_STALE_MS
}

/// Writes tonight's backup, and removes backups that need not be kept any more.
fn write(
    store: &Store,
    plan: &BackupPlan,
    minute: LocalMinute,
    progress: &Progress,
) -> std::result::Result<CheckedBackup, String> {
    let folder = &plan.folder;
    make_folder(folder).map_err(|error| format!("The folder {} cannot be created: {error}.", folder.display()))?;
    remove_abandoned(folder, &format!("{}-", plan.stem), BACKUP_ABANDONED_AFTER);
    let target = folder.join(minute.file_name(&plan.stem));
    let pending = PendingFile::new(&target, Overwrite::Never).map_err(|error| error.to_string())?;
    let began = std::time::Instant::now();
    let written = store.back_up_to(pending, progress).map_err(|error| error.to_string())?;
    let removed = remove_superseded(store, plan);
    tracing::info!(
        file = %target.display(),
        bytes = written.bytes,
        ms = began.elapsed().as_millis() as u64,
        removed,
        "a nightly backup was made and checked"
    );
    if let Some(first) = written.report.findings.first() {
        let count = written.report.count;
        tracing::warn!(count, %first, "the data file contradicts itself; run chapp check for details");
    }
    Ok(written)
}

/// Creates a folder that only this user can access.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut how = fs::DirBuilder::new();
    how.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut how, 0o700);
    how.create(folder)
}

/// Removes superseded backups. Returns the number of removed files.
fn remove_superseded(store: &Store, plan: &BackupPlan) -> usize {
    let entries = fs::read_dir(&plan.folder).into_iter().flatten().flatten();
    let names = entries
        .take(BACKUP_FILES_SEEN_MAX)
        .filter_map(|entry| entry.file_name().into_string().ok());
    let backups: Vec<LocalMinute> = names
        .filter_map(|name| LocalMinute::in_file_name(&name, &plan.stem))
        .collect();
    let paths = superseded(&backups)
        .into_iter()
        .map(|backup| plan.folder.join(backup.file_name(&plan.stem)));
    // Another server may keep its backups in the same folder, under the same names.
    let ours = paths.filter(|path| file_id_of(path).is_some_and(|id| id == store.file_id()));
    ours.filter(|path| fs::remove_file(path).is_ok()).count()
}
