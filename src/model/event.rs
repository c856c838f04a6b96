//! What happened: durable, numbered, in commit order; and signals, which are neither durable nor numbered.

use super::{
    ClientId, ConnectionId, FileEvent, Invite, MemberRole, Message, MessageRef, Room, RoomId, RoomView, Seq,
    ServerInfo, SessionId, Settings, Trouble, User, UserId,
};
use crate::clock::Time;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Whether somebody is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// At least one connection that is in use.
    Online,
    /// Connections, none of them in use.
    Away,
    /// No connection.
    Offline,
}

/// A message is new or has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// The room of the message.
    pub room: RoomId,
    /// The room's new head: the message's id exactly when it is new.
    pub seq: Seq,
    /// The message in its present state.
    pub message: Message,
}

/// How far somebody has read, and what stands after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadMark {
    /// The reader.
    pub user: UserId,
    /// The room that was read.
    pub room: RoomId,
    /// How far.
    pub seq: Seq,
    /// How many posts of others stand after that.
    pub unread: u64,
    /// How many of those are meant for them.
    pub mentions: u64,
    /// The room's head when they were counted.
    pub head: Seq,
}

/// Something happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A message was posted, or a notice put between them. For the room.
    Posted(Posted),
    /// A message has changed. For the room.
    Changed(Posted),
    /// This post was made before; nothing happened. An answer only: never comes out of the feed.
    PostedBefore {
        /// The room of the first post.
        room: RoomId,
        /// The first answer's seq.
        seq: Seq,
        /// What was asked again.
        client_id: ClientId,
    },
    /// It was so already; nothing happened. An answer only.
    Unchanged {
        /// The room of the message.
        room: RoomId,
        /// The seq of the message's last change.
        seq: Seq,
    },
    /// There is a new account. For everybody.
    SignedUp(User),
    /// Somebody shows something else of themselves. For everybody.
    PersonChanged(User),
    /// Somebody logged in.
    SessionOpened {
        /// The person who logged in.
        user: UserId,
    },
    /// The server has another name, or somebody else may come in. For everybody.
    ServerChanged(ServerInfo),
    /// There is another invite link, or it ends at another time. An answer only.
    InviteChanged(Invite),
    /// It is written down. An answer only.
    Noted,
    /// Somebody has set another password by a link. An answer only.
    SignedIn(User),
    /// So many expired sessions are gone.
    SessionsDropped {
        /// How many; at the bound of one sweep there may be more.
        count: usize,
    },
    /// A session was used.
    SessionSeen,
    /// Sessions have ended: their sockets close.
    SessionsClosed {
        /// The sessions that have ended.
        ids: Vec<SessionId>,
    },
    /// Somebody has set another password: the sockets of all their sessions close.
    PasswordSet {
        /// The session in which they did so; the client with its new token reconnects.
        renewed: SessionId,
        /// Their other sessions, which are over.
        ended: Vec<SessionId>,
    },
    /// The password that was compared is another one by now; nothing happened. An answer only.
    PasswordStale,
    /// Somebody's last connection ended then.
    LastSeen,
    /// Somebody's settings. For themselves.
    Settings {
        /// The person whose settings they are.
        user: UserId,
        /// All of them.
        settings: Settings,
    },
    /// Whom somebody has blocked. For themselves.
    Blocked {
        /// The person who blocks the others.
        user: UserId,
        /// All of them, by id.
        others: Vec<UserId>,
    },
    /// So many deleted messages have lost their text for good.
    Erased {
        /// How many; at the bound of one sweep there may be more.
        count: usize,
    },
    /// What became of a file. For the one who asked.
    File(FileEvent),
    /// Somebody keeps a message for later, or no longer. For themselves.
    Saved {
        /// The person who keeps it.
        user: UserId,
        /// Which message.
        target: MessageRef,
        /// Whether it is so now.
        on: bool,
        /// Over which connection they said so: it is answered by itself.
        by: Option<ConnectionId>,
    },
    /// Somebody has read so far. For themselves.
    Read {
        /// How far.
        mark: ReadMark,
        /// Over which connection they said so.
        by: Option<ConnectionId>,
    },
    /// Somebody has read so far. For the others in the room.
    SeenBy {
        /// The reader.
        user: UserId,
        /// The room that was read.
        room: RoomId,
        /// How far.
        seq: Seq,
    },
    /// Somebody is in a room now: what comes after this event is for them, too. For themselves.
    Entered {
        /// The new member.
        user: UserId,
        /// The room as they see it.
        view: RoomView,
        /// The people in it, where it is a direct room: they may be strangers to each other.
        people: Vec<User>,
    },
    /// Somebody was in this room already; nothing happened. An answer only.
    InAlready {
        /// The room as they see it.
        view: RoomView,
    },
    /// Somebody is no longer in a room: what comes after this event is not for them. For themselves.
    Gone {
        /// The member who has left or was removed.
        user: UserId,
        /// The room that they are no longer in.
        room: RoomId,
    },
    /// A room has another name, topic, state or number of people. For the room.
    RoomChanged(Room),
    /// Somebody is something else in a room. For themselves.
    RoleChanged {
        /// The member whose role has changed.
        user: UserId,
        /// The room in which they have the role.
        room: RoomId,
        /// What they are now.
        role: MemberRole,
    },
    /// Somebody has arranged a room for themselves. For themselves.
    RoomArranged {
        /// The person who has arranged the room.
        user: UserId,
        /// The room as they see it.
        view: RoomView,
    },
    /// Signal: somebody is typing. For the others in the room.
    Typing {
        /// The person who is typing.
        user: UserId,
        /// The room that they type in.
        room: RoomId,
    },
    /// Signal: somebody came or went. For everybody. (In no record of the journal; a variant that is skipped comes
    /// last, or the numbers of the others would differ.)
    #[serde(skip)]
    Presence {
        /// Who; the whole user, so that everybody knows the name before the state.
        user: Arc<User>,
        /// What they are now.
        state: Presence,
        /// When they went, where they did.
        at: Option<Time>,
    },
    /// Signal: what people write is not saved for this reason, or it is again. For everybody. (In no record either.)
    #[serde(skip)]
    Trouble(Option<Trouble>),
}
