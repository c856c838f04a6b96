//! Sessions: a browser holds a token, and the data file holds its hash.
//!
//! A session says who a user is, and nothing about what the user may do. Each action reads the role from the data file
//! inside its own transaction, so a revoked role takes effect at once, also on open sockets and for requests in
//! flight.
//!
//! A token is renewed when a user proves their identity anew: at a log-in, with a new password, and by a link that
//! sets one. A token is not renewed when the owner changes a role, although the OWASP Session Management Cheat Sheet
//! recommends it. That advice protects against tokens that an attacker knew or planted before they were valuable.
//! Here, the server creates each token at a log-in and accepts none from outside (no fixation), and a member's token
//! is protected like an admin's. A thief who sends the first request would also receive the renewed token. Only the
//! password could tell the two apart, and asking for it would log out the user who was just promoted. Ended sessions
//! stay ended. Each change of role voids the links that set a password, because admins may make such links for
//! members.

use super::{PasswordHash, User, UserId};
use crate::clock::Time;
use crate::limits::{CLOCK_AHEAD_MAX_MS, SESSION_ABSOLUTE_MS, SESSION_IDLE_MS};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A session token: 256 random bits in the browser's cookie. Has no `Debug`, so that it reaches no log.
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    /// Makes a token from random bytes.
    pub fn new(random: [u8; 32]) -> Token {
        Token(random)
    }

    /// Parses the output of [`Token::to_hex`]. `None` for any other text.
    pub fn from_hex(text: &str) -> Option<Token> {
        unhex(text).map(Token)
    }

    /// 64 hexadecimal digits, for the cookie.
    pub fn to_hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// The id of the session: a hash, so that a copied data file holds no live token.
    pub fn id(&self) -> SessionId {
        SessionId(Sha256::digest(self.0).into())
    }
}

/// SHA-256 of a session's token.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SessionId(pub [u8; 32]);

impl SessionId {
    /// Parses the output of [`SessionId::to_hex`]. `None` for any other text.
    pub fn from_hex(text: &str) -> Option<SessionId> {
        unhex(text).map(SessionId)
    }

    /// 64 hexadecimal digits.
    pub fn to_hex(self) -> String {
        HEXLOWER.encode(&self.0)
    }
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?;
    bytes.try_into().ok()
}

impl std::fmt::Debug for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Enough to tell sessions apart in a log.
        write!(f, "SessionId({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

/// A session that is about to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// The hash of its token.
    pub id: SessionId,
    /// The browser's name for itself, bounded by `DEVICE_CHARS_MAX`.
    pub device: String,
    /// The address that it was opened from.
    pub address: String,
}

/// A log-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogIn {
    /// The user who logs in.
    pub user: UserId,
    /// The hash that the password was compared with. If the user has a different hash by now, the password has
    /// changed.
    pub verified: PasswordHash,
    /// A hash of the same password with current parameters. `None` if the parameters of `verified` are current.
    pub rehashed: Option<PasswordHash>,
    /// The session to open.
    pub session: NewSession,
    /// The server's time of the log-in.
    pub at: Time,
}

/// A new password, set by a user who knows the current one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordChange {
    /// The user whose password changes.
    pub user: UserId,
    /// The hash that the current password was compared with, as in [`LogIn`].
    pub verified: PasswordHash,
    /// The hash of the new password.
    pub password: PasswordHash,
    /// The session that sets the password.
    pub present: SessionId,
    /// The session that replaces `present`.
    pub session: NewSession,
    /// The server's time at which the change was made.
    pub at: Time,
}

/// A device on which a user is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The hash of its token.
    pub id: SessionId,
    /// The user of the session.
    pub user: UserId,
    /// The browser's name for itself.
    pub device: String,
    /// The address that it was last used from.
    pub address: String,
    /// When it was opened.
    pub created_at: Time,
    /// When it was last used, accurate to the hour.
    pub seen_at: Time,
}

impl Session {
    /// Whether the session is valid at `now`. A session that was opened while the clock was years ahead is not valid:
    /// otherwise it would stay valid for as many years.
    pub fn is_live(&self, now: Time) -> bool {
        now.since(self.seen_at) < SESSION_IDLE_MS
            && now.since(self.created_at) < SESSION_ABSOLUTE_MS
            && self.created_at.since(now) <= CLOCK_AHEAD_MAX_MS
    }
}

/// The user and the session of a request.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// The user.
    pub user: Arc<User>,
    /// The session of the request.
    pub session: SessionId,
}
