//! People: their profiles, settings, sessions and blocks.

use super::accounts::Caller;
use super::accounts::{Proof, new_session};
use super::picture;
use super::state::Chat;
use super::unexpected::unexpected;
use crate::error::{Error, Result};
use crate::limits::{PASSWORD_CHECKS_MAX, PEOPLE_MAX};
use crate::model::{
    Change, Event, PageSize, Password, PasswordChange, PeoplePage, ProfilePatch, Session, SessionId, Settings,
    SettingsPatch, Token, User, UserId, Viewer, search_key,
};
use crate::wire::CloseCode;
use bytes::Bytes;

impl Chat {
    /// Changes the viewer's profile.
    ///
    /// # Errors
    /// `too_many_requests`, or when the data file cannot be written.
    pub async fn edit_profile(&self, viewer: &Viewer, patch: ProfilePatch) -> Result<User> {
        self.throttle_action(viewer)?;
        let user = viewer.user.id;
        person(self.store.commit(Change::EditProfile { user, patch }).await?)
    }

    /// Sets the viewer's picture from these bytes, or removes it.
    ///
    /// # Errors
    /// `invalid` if the bytes are not a picture within the limits.
    pub async fn set_picture(&self, viewer: &Viewer, upload: Option<Bytes>) -> Result<User> {
        self.throttle_action(viewer)?;
        let picture = match upload {
            None => None,
            Some(bytes) => {
                // One at a time: each may take some 70 MB while it is decoded.
                let _permit = self.pictures.acquire().await.map_err(Error::internal)?;
                let encoding = tokio::task::spawn_blocking(move || picture::encode(&bytes));
                Some(encoding.await.map_err(Error::internal)??)
            }
        };
        let user = viewer.user.id;
        person(self.store.commit(Change::SetPicture { user, picture }).await?)
    }

    /// The viewer's settings.
    ///
    /// # Errors
    /// When the data file cannot be read.
    pub async fn settings(&self, viewer: &Viewer) -> Result<Settings> {
        self.store.settings(viewer.user.id).await
    }

    /// Changes the viewer's settings.
    ///
    /// # Errors
    /// `too_many_requests`, or when the data file cannot be written.
    pub async fn edit_settings(&self, viewer: &Viewer, patch: SettingsPatch) -> Result<Settings> {
        self.throttle_action(viewer)?;
        let user = viewer.user.id;
        match self.store.commit(Change::EditSettings { user, patch }).await? {
            Event::Settings { settings, .. } => Ok(settings),
            other => Err(unexpected(&other)),
        }
    }

    /// Changes the password. The viewer's session continues with the returned token, and all others end.
    ///
    /// # Errors
    /// `invalid` with the field `password` for a wrong current password and `new_password` for a new one out of
    /// bounds; `too_many_requests`; `unauthenticated` if the viewer was logged out in the meantime.
    pub async fn change_password(&self, viewer: &Viewer, caller: &Caller, present: &str, new: &str) -> Result<Token> {
        let new = Password::parse(new).map_err(|error| error.at("new_password"))?;
        let now = self.clock.now();
        self.throttle_login(caller)?;
        let (user, key) = (viewer.user.id, viewer.user.name.key());
        self.logins
            .try_name(self.rate_limits, self.clock.instant(), key, caller.address)?;
        let (token, session) = new_session(caller)?;
        let wrong = || Error::invalid("password", "That is not your present password.");
        let prove = async || -> Result<Proof> {
            let account = self.store.account_of(user).await?;
            self.prove(account, present, key, caller).await?.ok_or_else(wrong)
        };
        let mut proof = prove().await?;
        let password = self.passwords.hash(new).await?;
        for _ in 0..PASSWORD_CHECKS_MAX {
            let change = Change::SetPassword(PasswordChange {
                user,
                verified: proof.account.password,
                password: password.clone(),
                present: viewer.session,
                session: session.clone(),
                at: now,
            });
            match self.store.commit(change).await? {
                Event::PasswordStale => proof = prove().await?,
                event => {
                    self.logins.succeeded(key, caller.address);
                    self.close_sockets(&event);
                    return Ok(token);
                }
            }
        }
        Err(wrong())
    }

    /// The viewer's sessions.
    ///
    /// # Errors
    /// When the data file cannot be read.
    pub async fn sessions(&self, viewer: &Viewer) -> Result<Vec<Session>> {
        let now = self.clock.now();
        let mut sessions = self.store.sessions_of(viewer.user.id).await?;
        sessions.retain(|session| session.is_live(now));
        Ok(sessions)
    }

    /// Ends one of the viewer's sessions.
    ///
    /// # Errors
    /// `not_found` for a session of somebody else.
    pub async fn end_session(&self, viewer: &Viewer, id: SessionId) -> Result<()> {
        match self.store.session(id).await? {
            Some((session, _)) if session.user == viewer.user.id => self.log_out(id).await,
            _ => Err(Error::not_found("There is no such device.")),
        }
    }

    /// Ends all of the viewer's other sessions.
    ///
    /// # Errors
    /// When the data file cannot be written.
    pub async fn end_other_sessions(&self, viewer: &Viewer) -> Result<()> {
        let change = Change::CloseOtherSessions {
            user: viewer.user.id,
            keep: viewer.session,
        };
        self.close_sockets(&self.store.commit(change).await?);
        Ok(())
    }

    /// Closes the sockets of ended sessions without waiting for the feed, which may lag.
    fn close_sockets(&self, event: &Event) {
        match event {
            Event::SessionsClosed { ids } => self.hub.end_sessions(|id| ids.contains(&id), CloseCode::SignedOut),
            Event::PasswordSet { renewed, ended } => {
                self.hub.end_sessions(|id| ended.contains(&id), CloseCode::SignedOut);
                self.hub.end_sessions(|id| id == *renewed, CloseCode::TokenRenewed);
            }
            _ => {}
        }
    }

    /// Blocks or unblocks somebody.
    ///
    /// # Errors
    /// `not_found`, `invalid` for blocking oneself, `conflict` at the limit.
    pub async fn block(&self, viewer: &Viewer, other: UserId, on: bool) -> Result<()> {
        self.throttle_action(viewer)?;
        let user = viewer.user.id;
        // A block recounts the mentions in the viewer's rooms, which depend on the read marks.
        self.write_read_marks_of(user).await;
        self.store.commit(Change::Block { user, other, on }).await.map(drop)
    }

    /// A page of all people, or of those whose names contain `query`.
    ///
    /// # Errors
    /// When the data file cannot be read.
    pub async fn people(&self, query: &str, before: Option<UserId>, size: PageSize) -> Result<PeoplePage> {
        self.store.people(&search_key(query), before, size).await
    }

    /// The people with these ids.
    ///
    /// # Errors
    /// `invalid` for more than `PEOPLE_MAX` ids.
    pub async fn people_of(&self, ids: &[UserId]) -> Result<PeoplePage> {
        if ids.len() > PEOPLE_MAX {
            return Err(Error::invalid("ids", format!("Ask for at most {PEOPLE_MAX} people.")));
        }
        let people = self.store.people_of(ids).await?;
        Ok(PeoplePage { people, more: false })
    }

    /// Somebody's picture.
    ///
    /// # Errors
    /// `not_found` for any version but the current one.
    pub async fn picture(&self, user: UserId, version: &str) -> Result<Bytes> {
        let picture = self.store.picture(user, version).await?;
        picture.ok_or_else(|| Error::not_found("There is no such picture."))
    }
}

pub(super) fn person(event: Event) -> Result<User> {
    match event {
        Event::PersonChanged(user) => Ok(user),
        other => Err(unexpected(&other)),
    }
}
