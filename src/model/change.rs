//! What we will do: attributed, validated, stamped; plain data. The store makes Events of these.

use super::{Body, ClientId, ConnectionId, Name, NewSession, PasswordHash, RoomId, Seq, SessionId, UserId};
use crate::clock::Time;

/// Somebody signs up. The first account owns the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    /// Must not be taken.
    pub name: Name,
    /// What their password hashes to.
    pub password: PasswordHash,
    /// They are logged in at once.
    pub session: NewSession,
    /// When.
    pub at: Time,
}

/// Somebody posts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPost {
    /// Who.
    pub author: UserId,
    /// Where.
    pub room: RoomId,
    /// The same one again posts nothing new.
    pub client_id: ClientId,
    /// What.
    pub body: Body,
    /// When; the store moves it up where the room already holds a later one.
    pub at: Time,
}

/// A change to the data file. All of it happens, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new account and its first session. Answered by `Event::SignedUp`.
    SignUp(NewAccount),
    /// A log-in. Answered by `Event::SessionOpened`.
    OpenSession {
        /// Who logged in.
        user: UserId,
        /// What they hold now.
        session: NewSession,
        /// A hash with today's parameters, where the stored one has older ones.
        rehashed: Option<PasswordHash>,
        /// When.
        at: Time,
    },
    /// A session is used. Answered by `Event::SessionSeen`.
    TouchSession {
        /// Which.
        id: SessionId,
        /// From where.
        address: String,
        /// When.
        at: Time,
    },
    /// A log-out, or an expiry. Closing one that is not there is fine. Answered by `Event::SessionClosed`.
    CloseSession {
        /// Which.
        id: SessionId,
    },
    /// Sessions that have expired are forgotten. Answered by `Event::SessionsDropped`.
    DropSessions {
        /// Expired by now.
        at: Time,
    },
    /// A new message. Answered by `Event::Posted`.
    Post(NewPost),
    /// Somebody has read so far; going back is ignored. Answered by `Event::Read`.
    MarkRead {
        /// Who.
        user: UserId,
        /// Where.
        room: RoomId,
        /// At most the room's head.
        seq: Seq,
        /// Over which connection they said so: it needs not be told.
        by: Option<ConnectionId>,
    },
}
