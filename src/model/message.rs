//! Messages and what they are made of.

use super::{Attachment, Content, RoomId, RoomName, Seq, Topic, UserId, visible};
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::limits::{BODY_CHARS_MAX, CLIENT_ID_CHARS_MAX};
use serde::{Deserialize, Serialize};

/// The text of a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Body(String);

impl Body {
    /// Accepts 1 to [`BODY_CHARS_MAX`] characters of which one at least can be seen. Line ends become
    /// `\n`, white space at the end goes. Other control characters than tab are refused.
    ///
    /// # Errors
    /// `invalid` with the field `body`.
    pub fn parse(text: &str) -> Result<Body> {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text = text.trim_end();
        if text.trim_start().is_empty() {
            return Err(needs_text());
        }
        // Longer than it can be in UTF-8, before anything walks over it.
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

    /// Like [`Body::parse`], and accepts nothing at all: a message may show files alone.
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

    /// What is left of a deleted message, and what a notice has.
    pub fn empty() -> Body {
        Body(String::new())
    }

    /// A body that the store has kept; it was parsed when it came in.
    pub(crate) fn stored(text: String) -> Body {
        Body(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A message without text and files.
pub fn needs_text() -> Error {
    Error::invalid("body", "A message needs some text.")
}

/// A client's own name for a post: the same one again, at any later time, posts nothing new.
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

    /// A client_id that the store has kept; it was parsed when it came in.
    pub(crate) fn stored(text: String) -> ClientId {
        ClientId(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An emoji that somebody reacts with: one that Unicode recommends for general interchange (UTS #51).
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

    /// An emoji that the store has kept; it was parsed when it came in.
    pub(crate) fn stored(text: String) -> Emoji {
        Emoji(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who reacted with one emoji, in the order in which they did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// With what.
    pub emoji: Emoji,
    /// Who; never empty.
    pub users: Vec<UserId>,
}

/// A message that is pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// Who pinned it.
    pub by: UserId,
    /// When it was pinned, by the server's clock.
    pub at: Time,
}

/// Where a forwarded message comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forwarded {
    /// The room it was posted in.
    pub room: RoomId,
    /// Its id there.
    pub id: Seq,
    /// Who wrote it.
    pub author: UserId,
    /// When the original was sent, by the server's clock.
    pub sent_at: Time,
}

/// Whom a message is meant for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mentions {
    /// By name, each once, by id.
    pub users: Vec<UserId>,
    /// Everybody in the room.
    pub room: bool,
    /// Everybody in the room who was here at that time.
    pub here: bool,
}

impl Mentions {
    /// Whether it is meant for nobody in particular.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && !self.room && !self.here
    }
}

/// Something that happened to a room, as a line between its messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// The room was made.
    Created,
    /// The author came.
    Joined,
    /// The author went.
    Left,
    /// The author brought somebody.
    Added(UserId),
    /// The author sent somebody away.
    Removed(UserId),
    /// The author gave the room another name.
    Renamed(RoomName),
    /// The author wrote another topic.
    Topic(Topic),
    /// The author closed the room for writing.
    Archived,
    /// The author opened it again.
    Restored,
    /// Somebody looks after the room from now on.
    Owner(UserId),
}

/// One message in its present state: a post, or a notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The seq of its post.
    pub id: Seq,
    /// Who wrote it, or did what it tells.
    pub author: UserId,
    /// When it was accepted; never falls within a room.
    pub sent_at: Time,
    /// What it says; empty for a notice and for what was deleted.
    pub body: Body,
    /// The body as a tree, where it is more than plain text.
    pub content: Option<Content>,
    /// What its author's client called it; nobody else sees it. `None` for a notice.
    pub client_id: Option<ClientId>,
    /// When it was last edited.
    pub edited_at: Option<Time>,
    /// Who deleted it.
    pub deleted_by: Option<UserId>,
    /// The message in the same room that it answers.
    pub reply_to: Option<Seq>,
    /// In the order in which its author put them there.
    pub files: Vec<Attachment>,
    /// In the order of their first use.
    pub reactions: Vec<Reaction>,
    /// Whether it is pinned.
    pub pinned: Option<Pinned>,
    /// Where it comes from.
    pub forwarded: Option<Forwarded>,
    /// Whom it is meant for.
    pub mentions: Mentions,
    /// What happened, where this is no post.
    pub notice: Option<Notice>,
}
