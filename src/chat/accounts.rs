//! Sign-up, log-in, log-out, and the viewer behind a token.

use super::passwords::Verified;
use super::state::Chat;
use super::unexpected::unexpected;
use crate::clock::Time;
use crate::error::{Error, Kind, Result};
use crate::limits::{
    CLOCK_AHEAD_MAX_MS, DEVICE_CHARS_MAX, PASSWORD_CHECKS_MAX, SESSION_TOUCH_MS, SESSIONS_DROPPED_MAX,
    SESSIONS_SWEPT_AT_ONCE_MAX,
};
use crate::metrics::Count;
use crate::model::{
    Account, Change, Code, Event, LogIn, Name, NewAccount, NewSession, Password, PasswordHash, Role, SessionId, Token,
    User, Viewer,
};
use std::net::IpAddr;
use std::sync::Arc;

/// The client that a request comes from.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The client's address.
    pub address: IpAddr,
    /// The browser's `User-Agent`.
    pub device: String,
}

/// A session that has just been opened.
pub struct LoggedIn {
    /// The session's account.
    pub user: User,
    /// The token for the browser's cookie.
    pub token: Token,
}

/// Proof that somebody knows the password of an account.
pub(super) struct Proof {
    /// The account, with the hash that the password was compared with.
    pub account: Account,
    /// The password hashed with today's parameters. `None` if the stored hash has them.
    pub rehashed: Option<PasswordHash>,
}

impl Chat {
    /// Whether nobody has signed up yet.
    ///
    /// # Errors
    /// When the data file cannot be read.
    pub async fn is_empty(&self) -> Result<bool> {
        Ok(!self.store.has_accounts().await?)
    }

    /// Creates an account and logs it in. `invite` is the code of the invite link, or empty.
    ///
    /// # Errors
    /// `invalid` for a name or password out of bounds, `name_taken`, `too_many_requests`, and `forbidden` with the
    /// field `invite` if the server's sign-up policy refuses them.
    pub async fn sign_up(&self, name: &str, password: &str, invite: &str, caller: &Caller) -> Result<LoggedIn> {
        let name = Name::parse(name)?;
        let password = Password::parse(password)?;
        let now = self.clock.now();
        self.throttle_login(caller)?;
        // Checked before the expensive hashing. The store has the final say.
        let invite = Code::parse(invite);
        self.store.may_sign_up(invite.as_ref(), now).await?;
        if self.store.account(&name).await?.is_some() {
            return Err(Error::new(Kind::NameTaken, "That name is taken.").at("name"));
        }
        let hashed = self.passwords.hash(password).await;
        let password = hashed.inspect_err(|error| self.count_busy(error))?;
        let (token, session) = new_session(caller)?;
        let account = NewAccount {
            name,
            password,
            invite,
            session,
            at: now,
        };
        match self.store.commit(Change::SignUp(account)).await? {
            Event::SignedUp(user) => {
                if user.role == Role::Owner {
                    self.make_first_invite(user.id).await;
                }
                Ok(LoggedIn { user, token })
            }
            other => Err(unexpected(&other)),
        }
    }

    /// Counts a log-in, sign-up, password change or reset, or refuses it if there were too many or the server is
    /// overloaded.
    pub(super) fn throttle_login(&self, caller: &Caller) -> Result<()> {
        self.admit(Count::LoginsOverload)?;
        let counted = self
            .logins
            .count(self.rate_limits, self.clock.instant(), caller.address);
        counted.inspect_err(|_| self.store.metrics().increment(Count::LoginsTooMany))
    }

    fn count_busy(&self, error: &Error) {
        if error.kind == Kind::TooManyRequests {
            self.store.metrics().increment(Count::LoginsBusy);
        }
    }

    /// Opens a session.
    ///
    /// # Errors
    /// `unauthenticated` with one text for every cause, `too_many_requests`.
    pub async fn log_in(&self, name: &str, password: &str, caller: &Caller) -> Result<LoggedIn> {
        let now = self.clock.now();
        self.throttle_login(caller)?;
        // A name or password that no account can have gets the same answer as a wrong one, at the same cost.
        let name = Name::parse(name).ok();
        let key = name.as_ref().map_or("", Name::key);
        let instant = self.clock.instant();
        let tried = self.logins.try_name(self.rate_limits, instant, key, caller.address);
        tried.inspect_err(|_| self.store.metrics().increment(Count::LoginsTooMany))?;
        let (token, session) = new_session(caller)?;
        let find = async || match &name {
            Some(name) => self.store.account(name).await,
            None => Ok(None),
        };
        let open = |proof: Proof| {
            Change::OpenSession(LogIn {
                user: proof.account.user.id,
                verified: proof.account.password,
                rehashed: proof.rehashed,
                session: session.clone(),
                at: now,
            })
        };
        for _ in 0..PASSWORD_CHECKS_MAX {
            let proof = self.prove(find().await?, password, key, caller).await?;
            let proof = proof.filter(|proof| !proof.account.user.deactivated);
            let Some(proof) = proof else { return Err(no_match()) };
            let user = proof.account.user.clone();
            match self.store.commit(open(proof)).await {
                Ok(Event::PasswordStale) => {}
                Ok(_) => {
                    self.logins.succeeded(key, caller.address);
                    return Ok(LoggedIn { user, token });
                }
                // The account was deactivated in the meantime.
                Err(error) if error.kind == Kind::Unauthenticated => break,
                Err(error) => return Err(error),
            }
        }
        Err(no_match())
    }

    /// Compares a password with that of an account. Without an account it takes as long, and fails. The store decides
    /// what follows, since it sees whether the password is still the same.
    pub(super) async fn prove(
        &self,
        account: Option<Account>,
        password: &str,
        name: &str,
        caller: &Caller,
    ) -> Result<Option<Proof>> {
        let Ok(password) = Password::parse(password) else {
            return Ok(None);
        };
        let stored = account.as_ref().map(|account| &account.password);
        let verified = self.passwords.verify(password, stored).await;
        // An attempt that was shed does not count.
        let verified = verified.inspect_err(|error| {
            self.logins.take_back(name, caller.address);
            self.count_busy(error);
        })?;
        Ok(account
            .zip(verified)
            .map(|(account, Verified { rehashed })| Proof { account, rehashed }))
    }

    /// Ends a session: durable first, then its sockets close.
    ///
    /// # Errors
    /// When the data file cannot be written.
    pub async fn log_out(&self, session: SessionId) -> Result<()> {
        self.store.commit(Change::CloseSession { id: session }).await?;
        // Does not rely on the feed, which may lag: a caller who hears that the session has ended can rely on it.
        let code = crate::wire::CloseCode::SignedOut;
        self.hub.end_sessions(|id| id == session, code);
        Ok(())
    }

    /// The viewer that this token belongs to.
    ///
    /// # Errors
    /// `unauthenticated` for one that is unknown, ended or expired.
    pub async fn viewer(&self, token: &Token, address: IpAddr) -> Result<Viewer> {
        let id = token.id();
        let now = self.clock.now();
        let Some((session, user)) = self.store.session(id).await? else {
            return Err(Error::unauthenticated());
        };
        if !session.is_live(now) {
            return Err(Error::unauthenticated());
        }
        if self.should_touch(session.seen_at, now) {
            self.touch(id, address);
        }
        Ok(Viewer {
            user: Arc::new(user),
            session: id,
        })
    }

    /// Somebody's current role, as stored. A request's copy is as old as its body took to arrive, and a role that was
    /// revoked meanwhile must not count.
    pub(super) async fn role(&self, viewer: &Viewer) -> Result<Role> {
        match self.store.user(viewer.user.id).await? {
            Some(user) if !user.deactivated => Ok(user.role),
            _ => Err(Error::unauthenticated()),
        }
    }

    /// Whether a session's last use is due to be recorded. Never while the clock may be wrong.
    fn should_touch(&self, seen_at: Time, now: Time) -> bool {
        let is_due = now.since(seen_at) >= SESSION_TOUCH_MS || seen_at.since(now) > CLOCK_AHEAD_MAX_MS;
        is_due && self.clock_watch.is_settled(&self.clock)
    }

    /// Records that a session is in use. Nobody waits for it, and a failure only makes the session look older.
    fn touch(&self, id: SessionId, address: IpAddr) {
        let store = self.store.clone();
        let at = self.clock.now();
        let address = address.to_string();
        tokio::spawn(async move {
            let _ = store.commit(Change::TouchSession { id, address, at }).await;
        });
    }

    /// Compares the clock with the data file when the server starts.
    pub async fn compare_clock(&self) {
        // A failed read is reported where its result is needed.
        if let Ok(Some(newest)) = self.store.newest().await {
            self.clock_watch.compare(&self.clock, newest);
        }
    }

    /// Removes expired sessions.
    pub async fn drop_expired_sessions(&self) {
        if !self.clock_watch.is_settled(&self.clock) {
            return;
        }
        loop {
            let at = self.clock.now();
            match self.store.commit(Change::DropSessions { at }).await {
                Ok(Event::SessionsDropped {
                    count: SESSIONS_DROPPED_MAX,
                }) => {}
                Ok(_) => return,
                Err(error) => return error.log(),
            }
        }
    }

    /// Ends expired sessions, and records the use of connected ones.
    pub async fn sweep_sessions(&self) {
        if !self.clock_watch.is_settled(&self.clock) {
            return;
        }
        let now = self.clock.now();
        let mut expired = Vec::new();
        for (number, id) in self.hub.sessions().into_iter().enumerate() {
            if number % SESSIONS_SWEPT_AT_ONCE_MAX == SESSIONS_SWEPT_AT_ONCE_MAX - 1 {
                tokio::task::yield_now().await;
            }
            match self.store.session(id).await {
                Ok(Some((session, _))) if !session.is_live(now) => expired.push(id),
                Ok(Some((session, _))) if self.should_touch(session.seen_at, now) => {
                    if let Ok(address) = session.address.parse() {
                        self.touch(id, address);
                    }
                }
                Ok(None) => expired.push(id),
                Ok(Some(_)) | Err(_) => {}
            }
        }
        if !expired.is_empty() {
            let code = crate::wire::CloseCode::SignedOut;
            self.hub.end_sessions(|id| expired.contains(&id), code);
        }
        for id in expired {
            // If this fails, the next sweep or request does it.
            let _ = self.log_out(id).await;
        }
    }
}

fn no_match() -> Error {
    Error::new(Kind::Unauthenticated, "That name and password do not match.")
}

pub(super) fn new_session(caller: &Caller) -> Result<(Token, NewSession)> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(Error::internal)?;
    let token = Token::new(random);
    let session = NewSession {
        id: token.id(),
        device: caller.device.chars().take(DEVICE_CHARS_MAX).collect(),
        address: caller.address.to_string(),
    };
    Ok((token, session))
}
