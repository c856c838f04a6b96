//! What a person with access to the data file can do with a command, without a role: reset a password, replace the
//! owner, back up, check. Each is logged.

use super::admin::{BackupTaken, one_at_a_time, random_code};
use super::state::Chat;
use super::stop_on_drop::StopOnDrop;
use super::unexpected::unexpected;
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::limits::{CONTROL_TURN_TIMEOUT, RESET_MS};
use crate::model::{Backup, Change, Code, Event, HostAct, Name, User};
use crate::store::{Progress, ReadBack, Report, Store};
use std::sync::Arc;
use tokio::time::timeout;

/// A link that sets somebody's password.
pub struct ResetOffered {
    /// The person whose password it sets.
    pub user: User,
    /// The code in the link.
    pub code: Code,
    /// When the link expires.
    pub ends_at: Time,
}

/// Creates a link that sets somebody's password, once, within a day. It replaces the previous link. It works for the
/// owner too, and without a running server.
///
/// # Errors
/// `not_found`, `conflict` for an account that is deactivated.
pub async fn offer_reset(store: &Store, name: &str, now: Time) -> Result<ResetOffered> {
    let user = person(store, name).await?;
    let code = random_code()?;
    let ends_at = Time(now.0 + RESET_MS);
    let act = HostAct::OfferReset {
        user: user.id,
        code: code.digest(),
        ends_at,
        at: now,
    };
    store.commit(Change::Host(act)).await?;
    tracing::warn!(user = user.id.0, "a password-reset link was created with a command");
    Ok(ResetOffered { user, code, ends_at })
}

/// Makes somebody the owner of the server; the previous owner becomes an admin. It works without a running server.
///
/// # Errors
/// `not_found`, `conflict` for an account that is deactivated.
pub async fn hand_over(store: &Store, name: &str) -> Result<User> {
    let user = person(store, name).await?;
    match store.commit(Change::Host(HostAct::HandOver(user.id))).await? {
        Event::PersonChanged(user) => {
            tracing::warn!(user = user.id.0, "the server was handed over with a command");
            Ok(user)
        }
        other => Err(unexpected(&other)),
    }
}

async fn person(store: &Store, name: &str) -> Result<User> {
    let nobody = || Error::not_found(format!("No one here is called {name:?}."));
    // A text that cannot be a name belongs to nobody.
    let name = Name::parse(name).map_err(|_| nobody())?;
    let account = store.account(&name).await?.ok_or_else(nobody)?;
    Ok(account.user)
}

impl Chat {
    /// See [`offer_reset`].
    ///
    /// # Errors
    /// Those of [`offer_reset`].
    pub async fn offer_reset_by_command(&self, name: &str) -> Result<ResetOffered> {
        offer_reset(&self.store, name, self.clock.now()).await
    }

    /// See [`hand_over`].
    ///
    /// # Errors
    /// Those of [`hand_over`].
    pub async fn hand_over_by_command(&self, name: &str) -> Result<User> {
        hand_over(&self.store, name).await
    }

    /// Copies everything acknowledged by now, after any other backup has finished: a command may wait. Dropping this
    /// future stops the wait and the copy.
    ///
    /// # Errors
    /// `conflict` if another backup takes too long, `storage_full`, `internal` if the data file is damaged.
    pub async fn back_up_by_command(&self, read_back: ReadBack, progress: Arc<Progress>) -> Result<BackupTaken> {
        let permit = timeout(CONTROL_TURN_TIMEOUT, self.backups.clone().acquire_owned()).await;
        let permit = permit.map_err(|_| one_at_a_time())?.map_err(Error::internal)?;
        self.take_backup(permit, read_back, progress).await
    }

    /// Records a command's backup that was sent completely.
    pub async fn backed_up_by_command(&self, backup: Backup) {
        self.note_backup(backup.at);
        tracing::info!(bytes = backup.bytes, "a backup was taken with a command");
        // The copy is complete even if this fails.
        if let Err(error) = self.store.commit(Change::Host(HostAct::BackedUp(backup))).await {
            error.log();
        }
    }

    /// Checks the data file as it is now, while the server runs. Dropping this future stops the check.
    ///
    /// # Errors
    /// `unavailable` if the data file cannot be read.
    pub async fn check_by_command(&self, progress: Arc<Progress>) -> Result<Report> {
        let _stop_on_drop = StopOnDrop(progress.clone());
        let store = self.store.clone();
        let checking = tokio::task::spawn_blocking(move || store.check(&progress));
        checking.await.map_err(Error::internal)?
    }
}
