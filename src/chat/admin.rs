//! Administration of the server: sign-up policy, roles, and backups.

use super::accounts::{Caller, LoggedIn, new_session};
use super::nightly::NightlyFacts;
use super::people::person;
use super::state::Chat;
use super::stop_on_drop::StopOnDrop;
use super::unexpected::unexpected;
use crate::clock::Time;
use crate::error::{Error, Kind, Result};
use crate::hub::Backlog;
use crate::limits::{INVITE_MS, RESET_MS};
use crate::model::{
    AdminAction, Backup, Change, Code, Event, Invite, Password, PasswordReset, Role, ServerCounts, ServerInfo,
    ServerName, SignUpPolicy, User, UserId, Viewer, invite_end, rules,
};
use crate::store::{BackupFile, Load, Progress, ReadBack, ShedLevel, Storage};
use crate::wire::CloseCode;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// The state of the server, for its owner and admins.
pub struct ServerFacts {
    /// The stored information about the server.
    pub info: ServerInfo,
    /// The numbers of people and messages.
    pub counts: ServerCounts,
    /// When the server started.
    pub started_at: Time,
    /// The space that the data file takes.
    pub storage: Storage,
    /// Whether a backup is being taken.
    pub is_backing_up: bool,
    /// The state of the nightly backups.
    pub nightly: NightlyFacts,
}

/// The server's current gauges, for the metrics.
pub struct Health {
    /// Number of open sockets.
    pub sockets: usize,
    /// What is queued for slow clients, and for those that are not opened yet.
    pub backlog: Backlog,
    /// Uploads that are received or finishing, and uploads that wait for a turn.
    pub uploads: (usize, usize),
    /// The load of the store.
    pub load: Load,
    /// What the server currently sheds.
    pub shed_level: ShedLevel,
    /// The space that the data file takes.
    pub storage: Storage,
    /// When the server started.
    pub started_at: Time,
}

/// A backup in progress. The next one can begin when this is dropped.
pub struct BackupTaken {
    /// The copy, ready to be read.
    pub copy: BackupFile,
    /// The time of the copy: it holds everything acknowledged before.
    pub at: Time,
    _permit: OwnedSemaphorePermit,
}

impl Chat {
    /// The server's name and sign-up policy. Anybody may read them.
    ///
    /// # Errors
    /// When the data file cannot be read.
    pub async fn server(&self) -> Result<ServerInfo> {
        self.store.server().await
    }

    /// Checks whether somebody with this invite can create an account.
    ///
    /// # Errors
    /// `forbidden` with a sentence for them.
    pub async fn may_sign_up(&self, invite: Option<&Code>) -> Result<()> {
        self.store.may_sign_up(invite, self.clock.now()).await
    }

    /// The state of the server.
    ///
    /// # Errors
    /// `forbidden` for members.
    pub async fn server_facts(&self, viewer: &Viewer) -> Result<ServerFacts> {
        rules::may_see_server(self.role(viewer).await?)?;
        Ok(ServerFacts {
            info: self.store.server().await?,
            counts: self.store.counts().await?,
            started_at: self.started_at,
            storage: self.store.storage(),
            is_backing_up: self.backups.available_permits() == 0,
            nightly: self.nightly_facts().await?,
        })
    }

    /// Whether the viewer may read the metrics.
    ///
    /// # Errors
    /// `forbidden` for members.
    pub async fn may_see_health(&self, viewer: &Viewer) -> Result<()> {
        rules::may_see_server(self.role(viewer).await?)
    }

    /// The current gauges.
    pub fn health(&self) -> Health {
        Health {
            sockets: self.hub.connections(),
            backlog: self.hub.backlog(),
            uploads: self.uploads.counts(),
            load: self.store.load(),
            shed_level: self.store.shed_level(),
            storage: self.store.storage(),
            started_at: self.started_at,
        }
    }

    /// Renames the server.
    ///
    /// # Errors
    /// `forbidden` for members.
    pub async fn rename_server(&self, viewer: &Viewer, name: ServerName) -> Result<()> {
        self.administer(viewer, AdminAction::Rename(name)).await.map(drop)
    }

    /// Sets who may sign up.
    ///
    /// # Errors
    /// `forbidden` for members.
    pub async fn set_sign_up_policy(&self, viewer: &Viewer, policy: SignUpPolicy) -> Result<()> {
        let fallback_invite = self.new_invite(None)?;
        self.administer(
            viewer,
            AdminAction::SetSignUpPolicy {
                policy,
                fallback_invite,
            },
        )
        .await
        .map(drop)
    }

    /// Creates an invite link, which replaces the previous one. It lasts until `ends_at`, or 7 days.
    ///
    /// # Errors
    /// `forbidden` for members, `invalid` for an end in the past or too far ahead.
    pub async fn make_invite(&self, viewer: &Viewer, ends_at: Option<u64>) -> Result<Invite> {
        rules::may_set_sign_up_policy(self.role(viewer).await?)?;
        let invite = self.new_invite(ends_at)?;
        match self.administer(viewer, AdminAction::Invite(invite)).await? {
            Event::InviteChanged(invite) => Ok(invite),
            other => Err(unexpected(&other)),
        }
    }

    /// Changes when the invite link ends.
    ///
    /// # Errors
    /// `forbidden` for members, `invalid` for an end in the past or too far ahead, `not_found` without a link.
    pub async fn end_invite(&self, viewer: &Viewer, ends_at: u64) -> Result<Invite> {
        rules::may_set_sign_up_policy(self.role(viewer).await?)?;
        let ends_at = invite_end(ends_at, self.clock.now())?;
        match self.administer(viewer, AdminAction::EndInvite(ends_at)).await? {
            Event::InviteChanged(invite) => Ok(invite),
            other => Err(unexpected(&other)),
        }
    }

    /// Creates an invite link for the owner of a new server, so that they can let others in at once.
    pub(super) async fn make_first_invite(&self, owner: UserId) {
        let Ok(invite) = self.new_invite(None) else { return };
        let action = AdminAction::Invite(invite);
        let (by, at) = (owner, self.clock.now());
        // If this fails, the owner creates one by hand.
        let _ = self.store.commit(Change::Server { by, action, at }).await;
    }

    fn new_invite(&self, ends_at: Option<u64>) -> Result<Invite> {
        let now = self.clock.now();
        let ends_at = match ends_at {
            Some(ends_at) => invite_end(ends_at, now)?,
            None => Time(now.0 + INVITE_MS),
        };
        let code = random_code()?;
        Ok(Invite { code, ends_at })
    }

    /// Makes somebody an admin or a member, or hands the server over to them.
    ///
    /// # Errors
    /// `forbidden` for all but the owner, `not_found`, `conflict` for a deactivated account.
    pub async fn set_role(&self, viewer: &Viewer, user: UserId, role: Role) -> Result<User> {
        person(self.administer(viewer, AdminAction::SetRole(user, role)).await?)
    }

    /// Deactivates somebody's account, which ends their sessions at once, or reactivates it.
    ///
    /// # Errors
    /// `not_found`, `forbidden` as the rules say.
    pub async fn set_active(&self, viewer: &Viewer, user: UserId, on: bool) -> Result<User> {
        let person = person(self.administer(viewer, AdminAction::SetActive(user, on)).await?)?;
        if !on {
            // Does not rely on the feed, which may lag: a caller who hears that somebody is deactivated can rely on
            // it.
            self.hub.end_person(user, CloseCode::SignedOut);
        }
        Ok(person)
    }

    /// Creates a link that sets somebody's password, once, within a day. It replaces the previous link.
    ///
    /// # Errors
    /// `not_found`, `forbidden` as the rules say, `conflict` for a deactivated account.
    pub async fn offer_reset(&self, viewer: &Viewer, user: UserId) -> Result<(Code, Time)> {
        let code = random_code()?;
        let ends_at = Time(self.clock.now().0 + RESET_MS);
        let action = AdminAction::OfferReset {
            user,
            code: code.digest(),
            ends_at,
        };
        self.administer(viewer, action).await?;
        Ok((code, ends_at))
    }

    /// The person whose password a reset link sets.
    ///
    /// # Errors
    /// `not_found` for a link that has expired or been used.
    pub async fn reset_target(&self, code: &str) -> Result<User> {
        let code = Code::parse(code).ok_or_else(link_is_over)?;
        self.store.reset(&code.digest(), self.clock.now()).await
    }

    /// Sets a new password with a reset link, ends all sessions of the person, and logs them in.
    ///
    /// # Errors
    /// `not_found` for a link that has expired or been used, `invalid` for a password out of bounds,
    /// `too_many_requests`.
    pub async fn reset_password(&self, code: &str, password: &str, caller: &Caller) -> Result<LoggedIn> {
        let password = Password::parse(password)?;
        let at = self.clock.now();
        self.throttle_login(caller)?;
        // Checked before the expensive hashing. The store has the final say.
        let target = self.reset_target(code).await?;
        let code = Code::parse(code).ok_or_else(link_is_over)?.digest();
        let password = self.passwords.hash(password).await?;
        let (token, session) = new_session(caller)?;
        let reset = PasswordReset {
            code,
            password,
            session,
            at,
        };
        match self.store.commit(Change::ResetPassword(reset)).await? {
            Event::SignedIn(user) => {
                self.logins.succeeded(target.name.key(), caller.address);
                self.hub.end_person(user.id, CloseCode::SignedOut);
                Ok(LoggedIn { user, token })
            }
            other => Err(unexpected(&other)),
        }
    }

    /// Checks whether a backup could begin now.
    ///
    /// # Errors
    /// `forbidden` for all but the owner, `conflict` while one is being taken, `storage_full`.
    pub async fn may_back_up(&self, viewer: &Viewer) -> Result<()> {
        rules::may_back_up(self.role(viewer).await?)?;
        if self.backups.available_permits() == 0 {
            return Err(one_at_a_time());
        }
        self.store.has_room_for_backup()
    }

    /// Copies everything acknowledged by now, while the server runs. Only one backup is taken at a time.
    ///
    /// # Errors
    /// `forbidden` for all but the owner, `conflict` while one is being taken, `storage_full`.
    pub async fn back_up(&self, viewer: &Viewer) -> Result<BackupTaken> {
        rules::may_back_up(self.role(viewer).await?)?;
        let permit = self.backups.clone().try_acquire_owned().map_err(|_| one_at_a_time())?;
        let taken = self.take_backup(permit, ReadBack::No, Arc::default()).await?;
        // Checked again: copying a large file takes a while.
        rules::may_back_up(self.role(viewer).await?)?;
        Ok(taken)
    }

    pub(super) async fn take_backup(
        &self,
        permit: OwnedSemaphorePermit,
        read_back: ReadBack,
        progress: Arc<Progress>,
    ) -> Result<BackupTaken> {
        let at = self.clock.now();
        let _stop_on_drop = StopOnDrop(progress.clone());
        let store = self.store.clone();
        let copying =
            tokio::task::spawn_blocking(move || store.back_up(read_back, &progress).map(|copy| (copy, permit)));
        let (copy, permit) = copying.await.map_err(Error::internal)??;
        Ok(BackupTaken {
            copy,
            at,
            _permit: permit,
        })
    }

    /// Records a backup that was sent completely.
    pub async fn backed_up(&self, viewer: &Viewer, backup: Backup) {
        self.note_backup(backup.at);
        let action = AdminAction::BackedUp(backup);
        let (by, at) = (viewer.user.id, self.clock.now());
        // The copy is complete even if this fails.
        if let Err(error) = self.store.commit(Change::Server { by, action, at }).await {
            error.log();
        }
    }

    async fn administer(&self, viewer: &Viewer, action: AdminAction) -> Result<Event> {
        let at = self.throttle_action(viewer)?;
        let by = viewer.user.id;
        self.store.commit(Change::Server { by, action, at }).await
    }
}

pub(super) fn random_code() -> Result<Code> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).map_err(Error::internal)?;
    Ok(Code::new(random))
}

pub(super) fn one_at_a_time() -> Error {
    Error::new(
        Kind::Conflict,
        "A backup is already in progress. Try again when it is done.",
    )
}

fn link_is_over() -> Error {
    Error::not_found("This link does not work any more. Ask the owner or an admin for a new one.")
}
