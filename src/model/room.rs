//! Rooms, who is in them, and how each member has arranged them.

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
    /// Everybody here may find it and join.
    Public,
    /// Only who was invited knows that it is there.
    Private,
    /// A conversation between the people who are in it, for ever.
    Direct,
}

/// What people call a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomName {
    text: String,
    key: String,
}

impl RoomName {
    /// Accepts 1 to [`ROOM_NAME_CHARS_MAX`] characters that can all be seen. A `#` in front is not
    /// part of a name.
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

    /// What a direct room has for a name.
    pub fn nameless() -> RoomName {
        RoomName::stored(String::new())
    }

    /// A name that the store has kept; it was parsed when it came in.
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

/// What a room is for; may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic(String);

impl Topic {
    /// Accepts up to [`TOPIC_CHARS_MAX`] characters that can all be seen.
    ///
    /// # Errors
    /// `invalid` with the field `topic`.
    pub fn parse(text: &str) -> Result<Topic> {
        visible::one_line(text, "topic", "A topic", TOPIC_CHARS_MAX).map(Topic)
    }

    /// A topic that the store has kept; it was parsed when it came in.
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
    /// Never reused.
    pub id: RoomId,
    /// Who can find it.
    pub kind: RoomKind,
    /// What people call it; empty for a direct room.
    pub name: RoomName,
    /// What it is for.
    pub topic: Topic,
    /// Kept for reading only.
    pub archived: bool,
    /// When it was made.
    pub created_at: Time,
    /// How many people are in it.
    pub member_count: u64,
}

/// What somebody is in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MemberRole {
    /// Looks after it.
    Owner,
    /// Is in it.
    Member,
}

/// What of a room somebody wants to be told about while they look elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notify {
    /// Everything that is said.
    All,
    /// What is said to them.
    Mentions,
    /// Notify of nothing.
    Nothing,
}

impl Notify {
    /// What goes for somebody who has chosen nothing.
    pub fn of(kind: RoomKind) -> Notify {
        match kind {
            RoomKind::Public => Notify::Mentions,
            RoomKind::Private | RoomKind::Direct => Notify::All,
        }
    }
}

/// How a member has arranged a room for themselves: what is `None` stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomPrefs {
    /// What to be told about.
    pub notify: Option<Notify>,
    /// Among the favourites.
    pub favourite: Option<bool>,
    /// Out of sight.
    pub hidden: Option<bool>,
}

/// A change of a room: what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomPatch {
    /// Another name.
    pub name: Option<RoomName>,
    /// Another topic.
    pub topic: Option<Topic>,
    /// Into the archive, or out of it.
    pub archived: Option<bool>,
}

/// A room as one member sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomView {
    /// The room itself.
    pub room: Room,
    /// What the viewer is in it.
    pub role: MemberRole,
    /// Its last seq.
    pub head: Seq,
    /// How far the viewer has read.
    pub read: Seq,
    /// How many posts of others stand after that: plain arithmetic over seqs, so that it cannot stick.
    pub unread: u64,
    /// How many of those are meant for the viewer.
    pub mentions: u64,
    /// What the viewer wants to be told about.
    pub notify: Notify,
    /// Among the viewer's favourites.
    pub favourite: bool,
    /// Out of the viewer's sight.
    pub hidden: bool,
    /// Everybody in it, by id, where it is a direct room; otherwise nobody.
    pub members: Vec<UserId>,
    /// The last thing that was said, where that is not long ago.
    pub last: Option<LastPost>,
}

/// The beginning of a post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastPost {
    /// Which message.
    pub id: Seq,
    /// The person who posted it.
    pub author: UserId,
    /// When it was sent, by the server's clock.
    pub sent_at: Time,
    /// At most [`LAST_CHARS_MAX`](crate::limits::LAST_CHARS_MAX) characters of its text.
    pub text: String,
    /// How many files it shows.
    pub files: usize,
}

/// A public room as somebody finds it who looks for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The room.
    pub room: Room,
    /// Whether the one who looks is in it.
    pub joined: bool,
}
