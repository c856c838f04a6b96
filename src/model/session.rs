//! Sessions: what a browser holds (a token), and what the file holds (its hash).
//!
//! A session says who somebody is, and nothing of what they may do: that is read from the file at each act, inside the
//! transaction that does it, so that a role that was taken away is gone at once, on sockets that are open and for
//! requests that are on their way.
//!
//! A token is renewed where somebody shows anew who they are: at a log-in, at another password, and by a link that sets
//! one. It is not renewed where the owner changes somebody's role, although the OWASP Session Management Cheat Sheet
//! names changes of roles, too. That is there against tokens that somebody else knew or planted before they were worth
//! something. Here the server makes each token at a log-in and takes none from outside (no fixation), and a member's is
//! guarded like an admin's. Who holds a stolen one would also be who is given the new one, if they only ask first; only
//! the password would tell the two apart, and asking for it would log out whoever was just trusted with more. Ended
//! sessions stay ended, and links that set a password, which members may be given by admins, are void with each role.

use super::{PasswordHash, User, UserId};
use crate::clock::Time;
use crate::limits::{CLOCK_AHEAD_MAX_MS, SESSION_ABSOLUTE_MS, SESSION_IDLE_MS};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// 256 random bits that a browser shows to be somebody. Has no `Debug`, so that it reaches no log.
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    /// A token of these random bytes.
    pub fn new(random: [u8; 32]) -> Token {
        Token(random)
    }

    /// Reads what [`Token::to_hex`] wrote; anything else is no token.
    pub fn from_hex(text: &str) -> Option<Token> {
        unhex(text).map(Token)
    }

    /// 64 hexadecimal digits, for the cookie.
    pub fn to_hex(&self) -> String {
        hex(self.0)
    }

    /// The name of the session: a hash, so that a copied file holds no live token.
    pub fn id(&self) -> SessionId {
        SessionId(Sha256::digest(self.0).into())
    }
}

/// SHA-256 of a session's token.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SessionId(pub [u8; 32]);

impl SessionId {
    /// Reads what [`SessionId::to_hex`] wrote; anything else names no session.
    pub fn from_hex(text: &str) -> Option<SessionId> {
        unhex(text).map(SessionId)
    }

    /// 64 hexadecimal digits.
    pub fn to_hex(self) -> String {
        hex(self.0)
    }
}

fn hex(bytes: [u8; 32]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[i * 2..i * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}

impl std::fmt::Debug for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Enough to tell two apart in a log.
        write!(f, "SessionId({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

/// A session that is about to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// The hash of its token.
    pub id: SessionId,
    /// What the browser calls itself, bounded by `DEVICE_CHARS_MAX`.
    pub device: String,
    /// From where it was opened.
    pub address: String,
}

/// Somebody logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogIn {
    /// The person who logs in.
    pub user: UserId,
    /// The hash that their password was compared with: whoever has another one by now has another password.
    pub verified: PasswordHash,
    /// A hash of the same password with today's parameters, where `verified` has older ones.
    pub rehashed: Option<PasswordHash>,
    /// What they hold now.
    pub session: NewSession,
    /// The server's time of the log-in.
    pub at: Time,
}

/// Somebody who knows their password sets another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordChange {
    /// The person whose password changes.
    pub user: UserId,
    /// The hash that the present password was compared with, as in [`LogIn`].
    pub verified: PasswordHash,
    /// What the new password hashes to.
    pub password: PasswordHash,
    /// The session in which they do so, while it lasts.
    pub present: SessionId,
    /// What they hold in its place.
    pub session: NewSession,
    /// The server's time at which the change was made.
    pub at: Time,
}

/// One device on which somebody is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The hash of its token.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// What the browser called itself.
    pub device: String,
    /// From where it was last seen.
    pub address: String,
    /// When it was opened.
    pub created_at: Time,
    /// When it was last used, to the hour.
    pub seen_at: Time,
}

impl Session {
    /// Whether it still counts at `now`. One that was opened while the clock was ahead by years does not: it
    /// would for as many years.
    pub fn is_live(&self, now: Time) -> bool {
        now.since(self.seen_at) < SESSION_IDLE_MS
            && now.since(self.created_at) < SESSION_ABSOLUTE_MS
            && self.created_at.since(now) <= CLOCK_AHEAD_MAX_MS
    }
}

/// Somebody who has shown a live session: the one who asks.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// Who it is.
    pub user: Arc<User>,
    /// By which session they came.
    pub session: SessionId,
}
