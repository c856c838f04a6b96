//! Administration of the server: who may sign up, who has which role, and backups.

use super::accounts::{Caller, LoggedIn, new_session};
use super::nightly::NightlyFacts;
use super::state::Chat;
use super::stop_on_drop::StopOnDrop;
use super::unexpected::unexpected;
use crate::clock::Time;
use crate::error::{Error, Kind, Result};
use crate::hub::Waiting;
use crate::limits::{INVITE_MS, RESET_MS};
use crate::model::{
    AdminAction, Backup, Change, Code, Event, Invite, Password, PasswordReset, Role, ServerCounts, ServerInfo,
    ServerName, SignUpPolicy, User, UserId, Viewer, invite_end, rules,
};
use crate::store::{BackupFile, Load, Progress, ReadBack, ShedLevel, Storage};
use crate::wire::CloseCode;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// How the server is doing.
pub struct ServerFacts {
    /// What is kept about it.
    pub info: ServerInfo,
    /// What there is on it.
    pub counts: ServerCounts,
    /// Since when it runs.
    pub started_at: Time,
    /// What the data file takes.
    pub storage: Storage,
    /// Whether a backup is being taken.
    pub is_backing_up: bool,
    /// The nightly backups.
    pub nightly: NightlyFacts,
}

/// Gauges of the server at this moment, for the metrics.
pub struct Health {
    /// Sockets there are.
    pub sockets: usize,
    /// What waits for slow readers.
    pub waiting: Waiting,
    /// Uploads that are received, and that wait for a slot.
    pub uploads: (usize, usize),
    /// The load of the store.
    pub load: Load,
    /// What is shed.
    pub shed_level: ShedLevel,
    /// What the data file takes.
    pub storage: Storage,
    /// Since when the server runs.
    pub started_at: Time,
}

/// A backup on its way to somebody. The next one can begin when this is dropped.
pub struct BackupTaken {
    /// The copy.
    pub copy: BackupFile,
    /// All that was acknowledged before then is in it.
    pub at: Time,
    _permit: OwnedSemaphorePermit,
}

impl Chat {
    /// What the server is called, and who may come in. For everybody.
    ///
    /// # Errors
    /// When the data file cannot be read.
    pub async fn server(&self) -> Result<ServerInfo> {
        self.store.server().await
    }

    /// Why somebody who shows this cannot make an account, if they cannot.
    ///
    /// # Errors
    /// `forbidden` with a sentence for them.
    pub async fn may_sign_up(&self, invite: Option<&Code>) -> Result<()> {
        self.store.may_sign_up(invite, self.clock.now()).await
    }

    /// How the server is doing.
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

    /// Gauges of the server at this moment.
    pub fn health(&self) -> Health {
        Health {
            sockets: self.hub.connections(),
            waiting: self.hub.waiting(),
            uploads: self.uploads.counts(),
            load: self.store.load(),
            shed_level: self.store.shed_level(),
            storage: self.store.storage(),
            started_at: self.started_at,
        }
    }

    /// Another name for the server.
    ///
    /// # Errors
    /// `forbidden` for members.
    pub async fn rename_server(&self, viewer: &Viewer, name: ServerName) -> Result<()> {
        self.administer(viewer, AdminAction::Rename(name)).await.map(drop)
    }

    /// Somebody else may come in, from now on.
    ///
    /// # Errors
    /// `forbidden` for members.
    pub async fn set_sign_up_policy(&self, viewer: &Viewer, door: SignUpPolicy) -> Result<()> {
        let spare = self.new_invite(None)?;
        self.administer(viewer, AdminAction::SetDoor { door, spare })
            .await
            .map(drop)
    }

    /// Makes an invite link, in place of the one that there is. Ends after 7 days, or when it is told to.
    ///
    /// # Errors
    /// `forbidden` for members, `invalid` for an end that is past or too far off.
    pub async fn make_invite(&self, viewer: &Viewer, ends_at: Option<u64>) -> Result<Invite> {
        rules::may_open_door(self.role(viewer).await?)?;
        let invite = self.new_invite(ends_at)?;
        match self.administer(viewer, AdminAction::Invite(invite)).await? {
            Event::InviteChanged(invite) => Ok(invite),
            other => Err(unexpected(&other)),
        }
    }

    /// Lets the invite link end at another time.
    ///
    /// # Errors
    /// `forbidden` for members, `invalid` for an end that is past or too far off, `not_found` without a link.
    pub async fn end_invite(&self, viewer: &Viewer, ends_at: u64) -> Result<Invite> {
        rules::may_open_door(self.role(viewer).await?)?;
        let ends_at = invite_end(ends_at, self.clock.now())?;
        match self.administer(viewer, AdminAction::EndInvite(ends_at)).await? {
            Event::InviteChanged(invite) => Ok(invite),
            other => Err(unexpected(&other)),
        }
    }

    /// The owner of a new server can let others in at once.
    pub(super) async fn make_first_invite(&self, owner: UserId) {
        let Ok(invite) = self.new_invite(None) else { return };
        let action = AdminAction::Invite(invite);
        let (by, at) = (owner, self.clock.now());
        // Where it fails they make one by hand.
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

    /// Makes somebody an admin or a member, or the owner in the viewer's place.
    ///
    /// # Errors
    /// `forbidden` for all but the owner, `not_found`, `conflict` for an account that is shut.
    pub async fn set_role(&self, viewer: &Viewer, user: UserId, role: Role) -> Result<User> {
        person(self.administer(viewer, AdminAction::SetRole(user, role)).await?)
    }

    /// Shuts somebody's account, which ends their sessions at once, or opens it again.
    ///
    /// # Errors
    /// `not_found`, `forbidden` as the rules say.
    pub async fn set_active(&self, viewer: &Viewer, user: UserId, on: bool) -> Result<User> {
        let person = person(self.administer(viewer, AdminAction::SetActive(user, on)).await?)?;
        if !on {
            // Not only through the feed, which may be a moment behind: a caller who is told that somebody is out
            // can rely on it.
            self.hub.end_person(user, CloseCode::SignedOut);
        }
        Ok(person)
    }

    /// A link with which somebody sets another password, once, within a day; the one before works no more.
    ///
    /// # Errors
    /// `not_found`, `forbidden` as the rules say, `conflict` for an account that is shut.
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

    /// Whose password a link sets.
    ///
    /// # Errors
    /// `not_found` for one that is over.
    pub async fn reset_owner(&self, code: &str) -> Result<User> {
        let code = Code::parse(code).ok_or_else(link_is_over)?;
        self.store.reset(&code.digest(), self.clock.now()).await
    }

    /// Sets another password by a link, ends all sessions of its owner, and logs them in.
    ///
    /// # Errors
    /// `not_found` for a link that is over, `invalid` for a password out of bounds, `too_many_requests`.
    pub async fn reset_password(&self, code: &str, password: &str, caller: &Caller) -> Result<LoggedIn> {
        let password = Password::parse(password)?;
        let at = self.clock.now();
        self.count_login(caller)?;
        // Before the costly part; the store decides.
        let owner = self.reset_owner(code).await?;
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
                self.logins.succeeded(owner.name.key(), caller.address);
                self.hub.end_person(user.id, CloseCode::SignedOut);
                Ok(LoggedIn { user, token })
            }
            other => Err(unexpected(&other)),
        }
    }

    /// Whether a backup could begin now.
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

    /// A copy of everything that is acknowledged by now, made while the server runs. One at a time.
    ///
    /// # Errors
    /// `forbidden` for all but the owner, `conflict` while one is being taken, `storage_full`.
    pub async fn back_up(&self, viewer: &Viewer) -> Result<BackupTaken> {
        rules::may_back_up(self.role(viewer).await?)?;
        let permit = self.backups.clone().try_acquire_owned().map_err(|_| one_at_a_time())?;
        let taken = self.take_backup(permit, ReadBack::No, Arc::default()).await?;
        // A copy of a large file takes a while.
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

    /// A backup has gone out whole.
    pub async fn backed_up(&self, viewer: &Viewer, backup: Backup) {
        self.note_backup(backup.at);
        let action = AdminAction::BackedUp(backup);
        let (by, at) = (viewer.user.id, self.clock.now());
        // The copy is there all the same.
        if let Err(error) = self.store.commit(Change::Server { by, action, at }).await {
            error.log();
        }
    }

    async fn administer(&self, viewer: &Viewer, action: AdminAction) -> Result<Event> {
        let at = self.count_act(viewer)?;
        let by = viewer.user.id;
        self.store.commit(Change::Server { by, action, at }).await
    }
}

pub(super) fn random_code() -> Result<Code> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).map_err(Error::internal)?;
    Ok(Code::new(random))
}

fn person(event: Event) -> Result<User> {
    match event {
        Event::PersonChanged(user) => Ok(user),
        other => Err(unexpected(&other)),
    }
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
