//! What happened: durable, numbered, in commit order; and signals, which are neither durable nor numbered.

use super::{ClientId, ConnectionId, Message, RoomId, Seq, SessionId, User, UserId};

/// Whether somebody is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// At least one connection.
    Online,
    /// None.
    Offline,
}

/// A message was posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Where.
    pub room: RoomId,
    /// The room's new head.
    pub seq: Seq,
    /// The message.
    pub message: Message,
}

/// Something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A message was posted.
    Posted(Posted),
    /// This post was made before; nothing happened. An answer only: never comes out of the feed.
    PostedBefore {
        /// Where.
        room: RoomId,
        /// The first answer's seq.
        seq: Seq,
        /// What was asked again.
        client_id: ClientId,
    },
    /// There is a new account.
    SignedUp(User),
    /// Somebody logged in.
    SessionOpened {
        /// Who.
        user: UserId,
    },
    /// So many expired sessions are gone.
    SessionsDropped {
        /// How many; at the bound of one sweep there may be more.
        count: usize,
    },
    /// A session was used.
    SessionSeen,
    /// A session has ended: its sockets close.
    SessionClosed {
        /// Which.
        id: SessionId,
    },
    /// Somebody has read so far.
    Read {
        /// Who.
        user: UserId,
        /// Where.
        room: RoomId,
        /// How far.
        seq: Seq,
        /// Over which connection they said so.
        by: Option<ConnectionId>,
    },
    /// Signal: somebody is typing.
    Typing {
        /// Who.
        user: UserId,
        /// Where.
        room: RoomId,
    },
    /// Signal: somebody came or went.
    Presence {
        /// Who; the whole user, so that everybody knows the name before the state.
        user: std::sync::Arc<User>,
        /// What they are now.
        state: Presence,
    },
}
