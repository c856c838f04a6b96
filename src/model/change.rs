//! Changes that the store is asked to make: attributed, validated, stamped; plain data. The store turns them into
//! events.

use super::{
    AdminAction, Body, ClientId, Code, ConnectionId, Content, Emoji, FileChange, FileId, HostAct, LogIn, MemberRole,
    Mentions, Name, NewSession, PasswordChange, PasswordHash, PasswordReset, ProfilePatch, RoomId, RoomKind, RoomName,
    RoomPatch, RoomPrefs, Seq, SessionId, SettingsPatch, Topic, UserId,
};
use crate::clock::Time;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A sign-up. The first account owns the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    /// Must not be taken.
    pub name: Name,
    /// The hash of their password.
    pub password: PasswordHash,
    /// The code of the invite link that they used. `None` without a link.
    pub invite: Option<Code>,
    /// The session that is opened with the account.
    pub session: NewSession,
    /// The server's time at which the change was made.
    pub at: Time,
}

/// A text and its meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormattedText {
    /// The text as typed.
    pub body: Body,
    /// The text as a tree. `None` for plain text.
    pub content: Option<Content>,
    /// The users that the text mentions.
    pub mentions: Mentions,
}

impl FormattedText {
    /// Plain text without mentions.
    pub fn plain(body: Body) -> FormattedText {
        FormattedText {
            body,
            content: None,
            mentions: Mentions::default(),
        }
    }
}

/// The contents of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewMessage {
    /// A new text.
    Text {
        /// The text, parsed.
        text: FormattedText,
        /// The message in the same room that it replies to. `None` if it is not a reply.
        reply_to: Option<Seq>,
        /// The files that the post shows.
        files: Vec<FileId>,
    },
    /// A copy of another message, which the author of the post can read.
    Forward {
        /// The room of the original.
        room: RoomId,
        /// The id of the original in its room.
        id: Seq,
    },
}

/// A post as requested, before its text is parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostContent {
    /// A new text.
    Text {
        /// The text as typed. Empty only if there are files.
        body: Body,
        /// The message that it replies to. `None` if it is not a reply.
        reply_to: Option<Seq>,
        /// The files that the post shows.
        files: Vec<FileId>,
    },
    /// A copy of another message.
    Forward(MessageRef),
}

/// An action on a message as requested, before its text is parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestedAction {
    /// Replace the text.
    Edit(Body),
    /// Delete the message.
    Delete,
    /// Undo the deletion.
    Undelete,
    /// Add (`true`) or remove the user's reaction with this emoji.
    React(Emoji, bool),
    /// Pin (`true`) or unpin the message.
    Pin(bool),
}

/// A new post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPost {
    /// The user who posts.
    pub author: UserId,
    /// The room to post in.
    pub room: RoomId,
    /// Posting with the same id again has no effect.
    pub client_id: ClientId,
    /// The content: new, or forwarded.
    pub message: NewMessage,
    /// The users who are online, if the post mentions them. The store keeps those who are members of the room.
    pub here: Vec<UserId>,
    /// The server's time. The store moves it forward if the room already has a later message.
    pub at: Time,
}

/// A new room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRoom {
    /// The creator. Owns the room unless it is a direct room.
    pub by: UserId,
    /// Who can find it.
    pub kind: RoomKind,
    /// The name; empty for a direct room.
    pub name: RoomName,
    /// The topic.
    pub topic: Topic,
    /// The other members from the start.
    pub members: Vec<UserId>,
    /// The server's time at which the change was made.
    pub at: Time,
}

/// An action on a message, with its text parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageAction {
    /// Replace the text.
    Edit(FormattedText),
    /// Delete the message.
    Delete,
    /// Undo the deletion.
    Undelete,
    /// Add or remove a reaction.
    React {
        /// The emoji of the reaction.
        emoji: Emoji,
        /// Whether to add it or remove it.
        on: bool,
    },
    /// Pin or unpin the message.
    Pin {
        /// Whether to pin or to unpin.
        on: bool,
    },
}

/// A reference to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MessageRef {
    /// The room of the message.
    pub room: RoomId,
    /// The id of the message in its room.
    pub id: Seq,
}

/// A user's picture, re-encoded by the server.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// The id of these bytes. Never reused for other bytes.
    pub version: String,
    /// The bytes of a JPEG.
    pub jpeg: Bytes,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({}, {} bytes)", self.version, self.jpeg.len())
    }
}

/// A change to the data file. It takes effect as a whole, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new account and its first session. Answered by `Event::SignedUp`.
    SignUp(NewAccount),
    /// A log-in. Answered by `Event::SessionOpened`, or by `Event::PasswordStale`.
    OpenSession(LogIn),
    /// A session is used. Answered by `Event::SessionUsed`.
    TouchSession {
        /// The session that was used.
        id: SessionId,
        /// The address that it was used from.
        address: String,
        /// The server's time of the use.
        at: Time,
    },
    /// A log-out, or an expiry. Closing a session that does not exist is fine. Answered by `Event::SessionsClosed`.
    CloseSession {
        /// The session that ends.
        id: SessionId,
    },
    /// Ends all sessions of a user except one. Answered by `Event::SessionsClosed`.
    CloseOtherSessions {
        /// The user whose other sessions end.
        user: UserId,
        /// The session that stays.
        keep: SessionId,
    },
    /// Removes sessions that have expired. Answered by `Event::SessionsDropped`.
    DropSessions {
        /// The time at which they must have expired.
        at: Time,
    },
    /// A new password: the current session gets a new token, all other sessions end, and open reset links are void.
    /// Answered by `Event::PasswordSet`, or by `Event::PasswordStale`.
    SetPassword(PasswordChange),
    /// A change to a profile. Answered by `Event::PersonChanged`.
    EditProfile {
        /// The user whose profile it is.
        user: UserId,
        /// The changes to the profile.
        patch: ProfilePatch,
    },
    /// A new picture, or none. Answered by `Event::PersonChanged`.
    SetPicture {
        /// The user whose picture it is.
        user: UserId,
        /// The new picture; `None` removes the current one.
        picture: Option<Picture>,
    },
    /// A change of settings. Answered by `Event::Settings`.
    EditSettings {
        /// The user whose settings they are.
        user: UserId,
        /// The changes to the settings.
        patch: SettingsPatch,
    },
    /// A user's last connection ended. Answered by `Event::LastSeen`, which is sent to nobody.
    Seen {
        /// The user who disconnected.
        user: UserId,
        /// The server's time at which the connection ended.
        at: Time,
    },
    /// Blocks or unblocks a user. Answered by `Event::Blocked`.
    Block {
        /// The user who blocks.
        user: UserId,
        /// The user who is blocked.
        other: UserId,
        /// Whether to block or to unblock.
        on: bool,
    },
    /// A new message. Answered by `Event::Posted`.
    Post(NewPost),
    /// An action on a message. Answered by `Event::Changed`, or by `Event::Unchanged` if the action changes nothing.
    MessageAction {
        /// The user who acts.
        by: UserId,
        /// The message to act on.
        target: MessageRef,
        /// The action.
        act: MessageAction,
        /// The server's time at which the change was made.
        at: Time,
    },
    /// Permanently erases the text of deleted messages. Answered by `Event::Erased`.
    Erase {
        /// Messages that were deleted before this time.
        before: Time,
    },
    /// A change to a file. Answered by `Event::File`.
    File(FileChange),
    /// Saves a message for later, or removes it from the saved ones. Answered by `Event::Saved`.
    Save {
        /// The user who saves it.
        user: UserId,
        /// The message.
        target: MessageRef,
        /// Whether to save or to remove it.
        on: bool,
        /// The server's time at which the change was made.
        at: Time,
        /// The connection of the request. `None` if the request came over no connection.
        by: Option<ConnectionId>,
    },
    /// A user has read up to a seq. An earlier seq than before is ignored. Answered by `Event::Read`.
    MarkRead {
        /// The reader.
        user: UserId,
        /// The room that was read.
        room: RoomId,
        /// At most the room's head.
        seq: Seq,
        /// The connection of the request, which needs no event.
        by: Option<ConnectionId>,
    },
    /// Marks a room unread from a message on. Answered by `Event::Read`.
    MarkUnread {
        /// The reader.
        user: UserId,
        /// The first unread message.
        target: MessageRef,
        /// The connection of the request, which gets the answer instead of an event.
        by: Option<ConnectionId>,
    },
    /// A new room, or the existing direct room of these users. Answered by the creator's `Event::JoinedRoom`, or by
    /// `Event::AlreadyMember`.
    CreateRoom(NewRoom),
    /// A new name or topic, or a move into or out of the archive. Answered by `Event::RoomChanged`.
    EditRoom {
        /// The user who acts.
        by: UserId,
        /// The room that changes.
        room: RoomId,
        /// The changes to the room.
        patch: RoomPatch,
        /// The server's time at which the change was made.
        at: Time,
    },
    /// A user joins a room, or is added to it. Answered by `Event::JoinedRoom`, or by `Event::AlreadyMember`.
    AddMember {
        /// The user who acts.
        by: UserId,
        /// The room.
        room: RoomId,
        /// The new member. A user who equals `by` joins on their own.
        user: UserId,
        /// The server's time at which the change was made.
        at: Time,
    },
    /// A user leaves a room, or is removed from it. Answered by `Event::LeftRoom`.
    RemoveMember {
        /// The user who acts.
        by: UserId,
        /// The room.
        room: RoomId,
        /// The former member. A user who equals `by` leaves on their own.
        user: UserId,
        /// The server's time at which the change was made.
        at: Time,
    },
    /// Makes a member the owner of a room, or no longer the owner. Answered by `Event::RoleChanged`.
    SetMemberRole {
        /// The user who acts.
        by: UserId,
        /// The room.
        room: RoomId,
        /// The member.
        user: UserId,
        /// The new role. A room has only one owner.
        role: MemberRole,
        /// The server's time at which the change was made.
        at: Time,
    },
    /// A member's settings for a room. Answered by `Event::RoomArranged`.
    ArrangeRoom {
        /// The member whose settings they are.
        user: UserId,
        /// The room.
        room: RoomId,
        /// The changes to the member's settings.
        prefs: RoomPrefs,
    },
    /// An action of an owner or admin on the server or its users. Answered as [`AdminAction`] says.
    Server {
        /// The user who acts.
        by: UserId,
        /// The action.
        action: AdminAction,
        /// The server's time at which the change was made.
        at: Time,
    },
    /// A new password, set by a link that works once. All of the user's sessions end. Answered by `Event::SignedIn`.
    ResetPassword(PasswordReset),
    /// An action on the server's own machine. Answered as [`HostAct`] says.
    Host(HostAct),
}
