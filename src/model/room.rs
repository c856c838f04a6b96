//! Rooms, their members, and each member's settings for a room.

use super::{RoomId, Seq, UserId, visible};
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::limits::{ROOM_NAME_CHARS_MAX, TOPIC_CHARS_MAX};
use serde::{Deserialize, Serialize};

/// The room that every account is in.
pub const LOBBY: RoomId = RoomId(1);

/// Who can find a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RoomKind {
    /// Every user can find the room and join it.
    Public,
    /// Only members know that the room exists.
    Private,
    /// A permanent conversation between a fixed set of users.
    Direct,
}

/// The name of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomName {
    text: String,
    key: String,
}

impl RoomName {
    /// Accepts 1 to [`ROOM_NAME_CHARS_MAX`] visible characters. A leading `#` is removed.
    ///
    /// # Errors
    /// `invalid` with the field `name`.
    pub fn parse(text: &str) -> Result<RoomName> {
        let text = visible::one_line(text, "name", "The name of a room", ROOM_NAME_CHARS_MAX)?;
        let text = text.trim_start_matches('#').trim_start().to_owned();
        match text.is_empty() {
            true => Err(Error::invalid("name", "Enter a name for the room.")),
            false => Ok(RoomName::stored(text)),
        }
    }

    /// The empty name of a direct room.
    pub fn nameless() -> RoomName {
        RoomName::stored(String::new())
    }

    /// A name from the store, which was parsed before it was stored.
    pub(crate) fn stored(text: String) -> RoomName {
        let key = visible::key(&text);
        RoomName { text, key }
    }

    /// The text; empty for a direct room.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Equal for names that differ only in case or Unicode form.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// The topic of a room; may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic(String);

impl Topic {
    /// Accepts up to [`TOPIC_CHARS_MAX`] visible characters.
    ///
    /// # Errors
    /// `invalid` with the field `topic`.
    pub fn parse(text: &str) -> Result<Topic> {
        visible::one_line(text, "topic", "A topic", TOPIC_CHARS_MAX).map(Topic)
    }

    /// A topic from the store, which was parsed before it was stored.
    pub(crate) fn stored(text: String) -> Topic {
        Topic(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// The id, never reused.
    pub id: RoomId,
    /// Who can find it.
    pub kind: RoomKind,
    /// The name; empty for a direct room.
    pub name: RoomName,
    /// The topic.
    pub topic: Topic,
    /// Whether the room is read-only.
    pub archived: bool,
    /// When the room was created.
    pub created_at: Time,
    /// The number of members.
    pub member_count: u64,
}

/// A member's role in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MemberRole {
    /// Manages the room.
    Owner,
    /// Has no special rights.
    Member,
}

/// Which messages of a room a member is notified of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notify {
    /// Every message.
    All,
    /// Messages that mention the member.
    Mentions,
    /// No message.
    Nothing,
}

impl Notify {
    /// The default for a room of this kind.
    pub fn of(kind: RoomKind) -> Notify {
        match kind {
            RoomKind::Public => Notify::Mentions,
            RoomKind::Private | RoomKind::Direct => Notify::All,
        }
    }
}

/// A change to a member's settings for a room. `None` leaves a setting as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomPrefs {
    /// Which messages to be notified of.
    pub notify: Option<Notify>,
    /// Whether the room is a favourite.
    pub favourite: Option<bool>,
    /// Whether the room is hidden from the list.
    pub hidden: Option<bool>,
}

/// A change to a room. `None` leaves a value as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomPatch {
    /// The new name.
    pub name: Option<RoomName>,
    /// The new topic.
    pub topic: Option<Topic>,
    /// Whether the room is archived.
    pub archived: Option<bool>,
}

/// A room as one member sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomView {
    /// The room itself.
    pub room: Room,
    /// The viewer's role in the room.
    pub role: MemberRole,
    /// The room's last seq.
    pub head: Seq,
    /// The seq up to which the viewer has read.
    pub read: Seq,
    /// How many posts of other users come after `read`. Computed from seqs, so that it cannot drift.
    pub unread: u64,
    /// How many of those mention the viewer.
    pub mentions: u64,
    /// Which messages the viewer is notified of.
    pub notify: Notify,
    /// Whether the room is one of the viewer's favourites.
    pub favourite: bool,
    /// Whether the room is hidden from the viewer's list.
    pub hidden: bool,
    /// All members of a direct room, by id. Empty for other rooms.
    pub members: Vec<UserId>,
    /// The last post. `None` if it is not among the room's latest entries.
    pub last: Option<LastPost>,
}

/// The beginning of a post, for the list of rooms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastPost {
    /// The id of the message.
    pub id: Seq,
    /// The author of the post.
    pub author: UserId,
    /// When it was sent, by the server's clock.
    pub sent_at: Time,
    /// At most [`LAST_CHARS_MAX`](crate::limits::LAST_CHARS_MAX) characters of its text.
    pub text: String,
    /// How many files it shows.
    pub files: usize,
}

/// A public room as listed for a viewer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The room.
    pub room: Room,
    /// Whether the viewer is a member.
    pub joined: bool,
}
