//! Messages and their parts.

use super::{Attachment, Content, RoomId, RoomName, Seq, Topic, UserId, visible};
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::limits::{BODY_CHARS_MAX, CLIENT_ID_CHARS_MAX};
use serde::{Deserialize, Serialize};

/// The text of a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Body(String);

impl Body {
    /// Accepts 1 to [`BODY_CHARS_MAX`] characters, at least one of them visible. Converts line ends to `\n` and
    /// removes trailing white space. Refuses control characters other than tab.
    ///
    /// # Errors
    /// `invalid` with the field `body`.
    pub fn parse(text: &str) -> Result<Body> {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text = text.trim_end();
        if text.trim_start().is_empty() {
            return Err(needs_text());
        }
        // Check the maximum length in UTF-8 first, before anything iterates over the text.
        if text.len() > BODY_CHARS_MAX * 4 || text.chars().count() > BODY_CHARS_MAX {
            return Err(Error::invalid(
                "body",
                format!("A message has at most {BODY_CHARS_MAX} characters."),
            ));
        }
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            return Err(Error::invalid("body", "A message cannot hold control characters."));
        }
        if !visible::shows_something(text) {
            return Err(Error::invalid("body", "A message needs something that can be seen."));
        }
        Ok(Body(text.to_owned()))
    }

    /// Like [`Body::parse`], but accepts an empty text: a message may have only files.
    ///
    /// # Errors
    /// `invalid` with the field `body`.
    pub fn parse_or_empty(text: &str) -> Result<Body> {
        match text.trim().is_empty() {
            true => Ok(Body::empty()),
            false => Body::parse(text),
        }
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The body of a deleted message or a notice.
    pub fn empty() -> Body {
        Body(String::new())
    }

    /// A body from the store, which was parsed before it was stored.
    pub(crate) fn stored(text: String) -> Body {
        Body(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The error for a message without text and files.
pub fn needs_text() -> Error {
    Error::invalid("body", "A message needs some text.")
}

/// A client's own id for a post. Posting with the same id again, at any later time, has no effect.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClientId(String);

impl ClientId {
    /// Accepts 1 to [`CLIENT_ID_CHARS_MAX`] characters without control characters.
    ///
    /// # Errors
    /// `invalid` with the field `client_id`.
    pub fn parse(text: &str) -> Result<ClientId> {
        match text.chars().take(CLIENT_ID_CHARS_MAX + 1).count() {
            1..=CLIENT_ID_CHARS_MAX if !text.chars().any(char::is_control) => Ok(ClientId(text.to_owned())),
            _ => Err(Error::invalid(
                "client_id",
                format!("A client_id has 1 to {CLIENT_ID_CHARS_MAX} characters."),
            )),
        }
    }

    /// A client id from the store, which was parsed before it was stored.
    pub(crate) fn stored(text: String) -> ClientId {
        ClientId(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The emoji of a reaction: one that Unicode recommends for general interchange (UTS #51).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Emoji(String);

impl Emoji {
    /// Accepts an emoji, with or without a skin tone.
    ///
    /// # Errors
    /// `invalid` with the field `emoji`.
    pub fn parse(text: &str) -> Result<Emoji> {
        match super::emoji::emoji(text) {
            Some(emoji) => Ok(Emoji(emoji.to_owned())),
            None => Err(Error::invalid("emoji", "React with an emoji.")),
        }
    }

    /// An emoji from the store, which was parsed before it was stored.
    pub(crate) fn stored(text: String) -> Emoji {
        Emoji(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// All reactions with one emoji.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// The emoji.
    pub emoji: Emoji,
    /// The users, in the order in which they reacted. Never empty.
    pub users: Vec<UserId>,
}

/// Who pinned a message, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// The user who pinned it.
    pub by: UserId,
    /// When it was pinned, by the server's clock.
    pub at: Time,
}

/// The origin of a forwarded message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forwarded {
    /// The room that it was posted in.
    pub room: RoomId,
    /// Its id in that room.
    pub id: Seq,
    /// Its author.
    pub author: UserId,
    /// When the original was sent, by the server's clock.
    pub sent_at: Time,
}

/// The users that a message mentions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mentions {
    /// The users mentioned by name, each once, by id.
    pub users: Vec<UserId>,
    /// Whether everyone in the room is mentioned.
    pub room: bool,
    /// Whether everyone in the room who was online at the time is mentioned.
    pub here: bool,
}

impl Mentions {
    /// Whether nobody is mentioned.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && !self.room && !self.here
    }
}

/// A change to a room, shown as a line between its messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// The room was created.
    Created,
    /// The author joined.
    Joined,
    /// The author left.
    Left,
    /// The author added a user.
    Added(UserId),
    /// The author removed a user.
    Removed(UserId),
    /// The author renamed the room.
    Renamed(RoomName),
    /// The author changed the topic.
    Topic(Topic),
    /// The author archived the room.
    Archived,
    /// The author restored the room from the archive.
    Restored,
    /// This user is now the owner of the room.
    Owner(UserId),
}

/// A message in its current state: a post, or a notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The seq of its post.
    pub id: Seq,
    /// The author of the post, or the user whose action the notice reports.
    pub author: UserId,
    /// When it was accepted. Never decreases within a room.
    pub sent_at: Time,
    /// The text. Empty for a notice and for a deleted message.
    pub body: Body,
    /// The text as a tree. `None` for plain text.
    pub content: Option<Content>,
    /// The client's id for the post, visible only to its author. `None` for a notice.
    pub client_id: Option<ClientId>,
    /// When it was last edited. `None` if it never was.
    pub edited_at: Option<Time>,
    /// The user who deleted it. `None` if it is not deleted.
    pub deleted_by: Option<UserId>,
    /// The message in the same room that it replies to. `None` if it is not a reply.
    pub reply_to: Option<Seq>,
    /// The files, in the author's order.
    pub files: Vec<Attachment>,
    /// The reactions, in the order of their first use.
    pub reactions: Vec<Reaction>,
    /// Who pinned it, and when. `None` if it is not pinned.
    pub pinned: Option<Pinned>,
    /// The origin of a forwarded message. `None` if it is not forwarded.
    pub forwarded: Option<Forwarded>,
    /// The users that it mentions.
    pub mentions: Mentions,
    /// The notice. `None` for a post.
    pub notice: Option<Notice>,
}
