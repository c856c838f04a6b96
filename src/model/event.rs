//! Events: durable and in commit order, messages with a number. And signals, which are neither durable nor numbered.

use super::{
    ClientId, ConnectionId, FileEvent, Invite, MemberRole, Message, MessageRef, Room, RoomId, RoomView, Seq,
    ServerInfo, SessionId, Settings, Trouble, User, UserId,
};
use crate::clock::Time;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Whether a user is online.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// At least one connection is in use.
    Online,
    /// There are connections, but none of them is in use.
    Away,
    /// There is no connection.
    Offline,
}

/// A new or changed message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// The room of the message.
    pub room: RoomId,
    /// The room's new head. Equals the message's id exactly if the message is new.
    pub seq: Seq,
    /// The message in its current state.
    pub message: Message,
}

/// How far a user has read, with the unread counts after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadMark {
    /// The reader.
    pub user: UserId,
    /// The room that was read.
    pub room: RoomId,
    /// The seq up to which the room is read.
    pub seq: Seq,
    /// How many posts of other users come after `seq`.
    pub unread: u64,
    /// How many of those mention the reader.
    pub mentions: u64,
    /// The room's head at the time of counting.
    pub head: Seq,
}

/// The result of a change, or a signal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A message was posted, or a notice was added. For the room.
    Posted(Posted),
    /// A message has changed. For the room.
    Changed(Posted),
    /// This post was made before; nothing happened. Only an answer: never comes out of the feed.
    PostedBefore {
        /// The room of the first post.
        room: RoomId,
        /// The seq of the first post.
        seq: Seq,
        /// The client id of both posts.
        client_id: ClientId,
    },
    /// The message was in this state already; nothing happened. Only an answer.
    Unchanged {
        /// The room of the message.
        room: RoomId,
        /// The seq of the message's last change.
        seq: Seq,
    },
    /// There is a new account. For everyone.
    SignedUp(User),
    /// A user's visible profile changed. For everyone.
    PersonChanged(User),
    /// A user logged in.
    SessionOpened {
        /// The user who logged in.
        user: UserId,
    },
    /// The server's name or sign-up policy changed. For everyone.
    ServerChanged(ServerInfo),
    /// There is a new invite link, or the link has a new end. Only an answer.
    InviteChanged(Invite),
    /// The change was recorded. Only an answer.
    Done,
    /// A user has set a new password by a link. Only an answer.
    SignedIn(User),
    /// Expired sessions were removed.
    SessionsDropped {
        /// How many. If one sweep reached its limit, there may be more.
        count: usize,
    },
    /// A session was used.
    SessionUsed,
    /// Sessions have ended: their sockets close.
    SessionsClosed {
        /// The sessions that have ended.
        ids: Vec<SessionId>,
    },
    /// A user has set a new password: the sockets of all their sessions close.
    PasswordSet {
        /// The session that set it. A client that has its new token reconnects.
        renewed: SessionId,
        /// The user's other sessions, which have ended.
        ended: Vec<SessionId>,
    },
    /// The password was changed after it was compared; nothing happened. Only an answer.
    PasswordStale,
    /// A user's last connection ended.
    LastSeen,
    /// A user's settings. For the user's own devices.
    Settings {
        /// The user whose settings they are.
        user: UserId,
        /// All of them.
        settings: Settings,
    },
    /// A user's blocked users. For the user's own devices.
    Blocked {
        /// The user who blocks the others.
        user: UserId,
        /// All blocked users, by id.
        others: Vec<UserId>,
    },
    /// Deleted messages were permanently erased.
    Erased {
        /// How many. If one sweep reached its limit, there may be more.
        count: usize,
    },
    /// The result of a file change. Only for the caller.
    File(FileEvent),
    /// A user has saved a message, or removed it from the saved ones. For the user's own devices.
    Saved {
        /// The user who saved it.
        user: UserId,
        /// The message.
        target: MessageRef,
        /// Whether the message is saved now.
        on: bool,
        /// The connection of the request, which gets an answer of its own.
        by: Option<ConnectionId>,
    },
    /// A user has read up to a seq. For the user's own devices.
    Read {
        /// The new read mark.
        mark: ReadMark,
        /// The connection of the request.
        by: Option<ConnectionId>,
    },
    /// A user has read up to a seq. For the other members of the room.
    SeenBy {
        /// The reader.
        user: UserId,
        /// The room that was read.
        room: RoomId,
        /// The seq up to which the room is read.
        seq: Seq,
    },
    /// A user is now a member of a room, and receives the room's events from here on. For the user's own devices.
    JoinedRoom {
        /// The new member.
        user: UserId,
        /// The room as the new member sees it.
        view: RoomView,
        /// The members of a direct room, who may not know each other yet. Empty for other rooms.
        people: Vec<User>,
    },
    /// The user was already a member of the room; nothing happened. Only an answer.
    AlreadyMember {
        /// The room as the user sees it.
        view: RoomView,
    },
    /// A user is no longer a member of a room, and receives no more of its events. For the user's own devices.
    LeftRoom {
        /// The member who has left or was removed.
        user: UserId,
        /// The room that the user was in.
        room: RoomId,
    },
    /// A room's name, topic, archive state or member count changed. For the room.
    RoomChanged(Room),
    /// A member's role in a room changed. For the member's own devices.
    RoleChanged {
        /// The member whose role has changed.
        user: UserId,
        /// The room in which they have the role.
        room: RoomId,
        /// The new role.
        role: MemberRole,
    },
    /// A member's settings for a room changed. For the member's own devices.
    RoomArranged {
        /// The user whose settings they are.
        user: UserId,
        /// The room as the user sees it.
        view: RoomView,
    },
    /// Signal: a user is typing. For the other members of the room.
    Typing {
        /// The user who is typing.
        user: UserId,
        /// The room.
        room: RoomId,
    },
    /// Signal: a user's presence changed. For everyone. (Not in any record of the journal. A skipped variant comes
    /// last, or the numbers of the other variants would differ.)
    #[serde(skip)]
    Presence {
        /// The whole user, so that clients know the name before the presence.
        user: Arc<User>,
        /// The new presence.
        state: Presence,
        /// When the user went offline. `None` if they are not offline.
        at: Option<Time>,
    },
    /// Signal: why messages cannot be saved now; `None` once they can again. For everyone. (Not in any record either.)
    #[serde(skip)]
    Trouble(Option<Trouble>),
}
