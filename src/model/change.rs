//! What we will do: attributed, validated, stamped; plain data. The store makes Events of these.

use super::{
    AdminAction, Body, ClientId, Code, ConnectionId, Content, Emoji, FileChange, FileId, HostAct, LogIn, MemberRole,
    Mentions, Name, NewSession, PasswordChange, PasswordHash, PasswordReset, ProfilePatch, RoomId, RoomKind, RoomName,
    RoomPatch, RoomPrefs, Seq, SessionId, SettingsPatch, Topic, UserId,
};
use crate::clock::Time;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Somebody signs up. The first account owns the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    /// Must not be taken.
    pub name: Name,
    /// What their password hashes to.
    pub password: PasswordHash,
    /// What the invite link said that they came by, if they came by one.
    pub invite: Option<Code>,
    /// They are logged in at once.
    pub session: NewSession,
    /// The server's time at which the change was made.
    pub at: Time,
}

/// What somebody wrote, and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormattedText {
    /// As it was typed.
    pub body: Body,
    /// As a tree, where it is more than plain text.
    pub content: Option<Content>,
    /// Whom it is meant for.
    pub mentions: Mentions,
}

impl FormattedText {
    /// Plain text that is meant for nobody in particular.
    pub fn plain(body: Body) -> FormattedText {
        FormattedText {
            body,
            content: None,
            mentions: Mentions::default(),
        }
    }
}

/// What a post says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewMessage {
    /// Something new.
    Text {
        /// The text, parsed.
        text: FormattedText,
        /// The message in the same room that it answers.
        reply_to: Option<Seq>,
        /// What it shows.
        files: Vec<FileId>,
    },
    /// What another message says, which its author can read.
    Forward {
        /// Where it stands.
        room: RoomId,
        /// Its id there.
        id: Seq,
    },
}

/// What somebody asks to post: not yet understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostContent {
    /// Something new.
    Text {
        /// The text as typed; empty only with files.
        body: Body,
        /// The message that it answers.
        reply_to: Option<Seq>,
        /// What it shows.
        files: Vec<FileId>,
    },
    /// What another message says.
    Forward(MessageRef),
}

/// What somebody asks to do to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestedAction {
    /// Say something else instead.
    Edit(Body),
    /// Take it away.
    Delete,
    /// Bring it back.
    Undelete,
    /// React with an emoji, or no longer.
    React(Emoji, bool),
    /// Pin it, or no longer.
    Pin(bool),
}

/// Somebody posts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPost {
    /// The person who posts.
    pub author: UserId,
    /// The room that it is posted in.
    pub room: RoomId,
    /// The same one again posts nothing new.
    pub client_id: ClientId,
    /// The content: new, or forwarded.
    pub message: NewMessage,
    /// Who is here, where the post is meant for them; the store keeps those who are in the room.
    pub here: Vec<UserId>,
    /// When; the store moves it up where the room already holds a later one.
    pub at: Time,
}

/// Somebody makes a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRoom {
    /// Who; owns it, unless it is direct.
    pub by: UserId,
    /// Who can find it.
    pub kind: RoomKind,
    /// What people call it; empty for a direct room.
    pub name: RoomName,
    /// What it is for.
    pub topic: Topic,
    /// Who else is in it from the start.
    pub members: Vec<UserId>,
    /// The server's time at which the change was made.
    pub at: Time,
}

/// What somebody does to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageAction {
    /// Say something else instead.
    Edit(FormattedText),
    /// Take it away.
    Delete,
    /// Bring it back.
    Undelete,
    /// React, or no longer.
    React {
        /// With what.
        emoji: Emoji,
        /// Whether it should be so.
        on: bool,
    },
    /// Pin it, or no longer.
    Pin {
        /// Whether it should be so.
        on: bool,
    },
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MessageRef {
    /// In which room.
    pub room: RoomId,
    /// Its id there.
    pub id: Seq,
}

/// A re-encoded picture of somebody.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// Names these bytes; never used for others.
    pub version: String,
    /// A JPEG.
    pub jpeg: Bytes,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({}, {} bytes)", self.version, self.jpeg.len())
    }
}

/// A change to the data file. All of it happens, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new account and its first session. Answered by `Event::SignedUp`.
    SignUp(NewAccount),
    /// A log-in. Answered by `Event::SessionOpened`, or by `Event::PasswordStale`.
    OpenSession(LogIn),
    /// A session is used. Answered by `Event::SessionSeen`.
    TouchSession {
        /// The session that was used.
        id: SessionId,
        /// From where.
        address: String,
        /// The server's time of the use.
        at: Time,
    },
    /// A log-out, or an expiry. Closing one that is not there is fine. Answered by `Event::SessionsClosed`.
    CloseSession {
        /// The session that ends.
        id: SessionId,
    },
    /// All sessions of somebody but one. Answered by `Event::SessionsClosed`.
    CloseOtherSessions {
        /// The person whose other sessions end.
        user: UserId,
        /// Which one stays.
        keep: SessionId,
    },
    /// Sessions that have expired are forgotten. Answered by `Event::SessionsDropped`.
    DropSessions {
        /// Expired by now.
        at: Time,
    },
    /// Another password: the present session gets another token, all others end, and no link sets it any more.
    /// Answered by `Event::PasswordSet`, or by `Event::PasswordStale`.
    SetPassword(PasswordChange),
    /// Another profile. Answered by `Event::PersonChanged`.
    EditProfile {
        /// The person whose profile it is.
        user: UserId,
        /// What changes.
        patch: ProfilePatch,
    },
    /// Another picture, or none. Answered by `Event::PersonChanged`.
    SetPicture {
        /// The person whose picture it is.
        user: UserId,
        /// The new picture; `None` removes the present one.
        picture: Option<Picture>,
    },
    /// Other settings. Answered by `Event::Settings`.
    EditSettings {
        /// The person whose settings they are.
        user: UserId,
        /// What changes.
        patch: SettingsPatch,
    },
    /// Somebody's last connection ended. Answered by `Event::LastSeen`, which is told to nobody.
    Seen {
        /// The person who left.
        user: UserId,
        /// The server's time at which the connection ended.
        at: Time,
    },
    /// Block somebody, or no longer. Answered by `Event::Blocked`.
    Block {
        /// Who blocks.
        user: UserId,
        /// The person who is blocked.
        other: UserId,
        /// Whether it should be so.
        on: bool,
    },
    /// A new message. Answered by `Event::Posted`.
    Post(NewPost),
    /// Something done to a message. Answered by `Event::Changed`, or by `Event::Unchanged` where it was so
    /// already.
    MessageAction {
        /// Who does it.
        by: UserId,
        /// To which message.
        target: MessageRef,
        /// What is done to the message.
        act: MessageAction,
        /// The server's time at which the change was made.
        at: Time,
    },
    /// The text of messages that were deleted before then is gone for good. Answered by `Event::Erased`.
    Erase {
        /// Deleted before.
        before: Time,
    },
    /// A file comes or goes. Answered by `Event::File`.
    File(FileChange),
    /// Keep a message for later, or no longer. Answered by `Event::Saved`.
    Save {
        /// The person who keeps it.
        user: UserId,
        /// Which message.
        target: MessageRef,
        /// Whether it should be so.
        on: bool,
        /// The server's time at which the change was made.
        at: Time,
        /// Over which connection they said so.
        by: Option<ConnectionId>,
    },
    /// Somebody has read so far; going back is ignored. Answered by `Event::Read`.
    MarkRead {
        /// The reader.
        user: UserId,
        /// The room that was read.
        room: RoomId,
        /// At most the room's head.
        seq: Seq,
        /// Over which connection they said so: it needs not be told.
        by: Option<ConnectionId>,
    },
    /// To somebody a room is unread from this message on. Answered by `Event::Read`.
    MarkUnread {
        /// The reader.
        user: UserId,
        /// From where.
        target: MessageRef,
        /// Over which connection they said so: its answer tells it.
        by: Option<ConnectionId>,
    },
    /// A new room; a direct one that these people already have is the answer itself. Answered by
    /// `Event::Entered` of its maker, or `Event::InAlready`.
    CreateRoom(NewRoom),
    /// Another name or topic, into the archive or out of it. Answered by `Event::RoomChanged`.
    EditRoom {
        /// Who does it.
        by: UserId,
        /// The room that changes.
        room: RoomId,
        /// What changes.
        patch: RoomPatch,
        /// The server's time at which the change was made.
        at: Time,
    },
    /// Somebody comes into a room by themselves, or is brought. Answered by `Event::Entered`, or by
    /// `Event::InAlready`.
    AddMember {
        /// Who does it.
        by: UserId,
        /// Which room.
        room: RoomId,
        /// Who comes; `by` themselves joins.
        user: UserId,
        /// The server's time at which the change was made.
        at: Time,
    },
    /// Somebody goes, or is sent away. Answered by `Event::Gone`.
    RemoveMember {
        /// Who does it.
        by: UserId,
        /// Which room.
        room: RoomId,
        /// Who goes; `by` themselves leaves.
        user: UserId,
        /// The server's time at which the change was made.
        at: Time,
    },
    /// A member becomes the owner of a room, or is no longer. Answered by `Event::RoleChanged`.
    SetMemberRole {
        /// Who does it.
        by: UserId,
        /// Which room.
        room: RoomId,
        /// Which member.
        user: UserId,
        /// What they are then; as an owner, they are the only one.
        role: MemberRole,
        /// The server's time at which the change was made.
        at: Time,
    },
    /// How somebody has arranged a room for themselves. Answered by `Event::RoomArranged`.
    ArrangeRoom {
        /// The person who arranges the room for themselves.
        user: UserId,
        /// Which room.
        room: RoomId,
        /// What changes.
        prefs: RoomPrefs,
    },
    /// Something done to the server or to its people. Answered as [`AdminAction`] says.
    Server {
        /// Who does it.
        by: UserId,
        /// The action of an owner or admin.
        action: AdminAction,
        /// The server's time at which the change was made.
        at: Time,
    },
    /// Another password by a link that works once; all sessions of its owner end. Answered by
    /// `Event::SignedIn`.
    ResetPassword(PasswordReset),
    /// Something done at the computer that runs the server. Answered as [`HostAct`] says.
    Host(HostAct),
}
