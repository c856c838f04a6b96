//! The entries of the log as rows.

use super::AttachmentRow;
use crate::clock::Time;
use crate::model::{
    Body, ClientId, Content, Emoji, Forwarded, Mentions, Message, Notice, Pinned, Reaction, RoomId, RoomName, Seq,
    Topic, UserId,
};
use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// What a seq of a room refers to.
pub struct SeqRow {
    /// The number of its entry in the log.
    pub entry: u64,
    /// The message that the seq shows: for a post the seq itself, for a change the seq of an earlier post.
    pub message: u32,
    /// How many seqs of the room, up to and including this one, are not posts. The number of posts between two seqs
    /// follows from it. Omitted if 0, as in every row of format 1.
    pub others: u32,
    /// In the row of a change: the last seq before it that is a message, so that a reader can skip many changes at
    /// once. 0 means unknown, and is omitted.
    pub last: u32,
}

impl Serialize for SeqRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let numbers = [self.others, self.last];
        let written = numbers.iter().rposition(|number| *number != 0).map_or(0, |at| at + 1);
        let mut tuple = serializer.serialize_tuple(2 + written)?;
        tuple.serialize_element(&self.entry)?;
        tuple.serialize_element(&self.message)?;
        for number in &numbers[..written] {
            tuple.serialize_element(number)?;
        }
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for SeqRow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SeqRow, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = SeqRow;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("two to four numbers")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<SeqRow, A::Error> {
                let missing = || serde::de::Error::custom("a number is missing");
                Ok(SeqRow {
                    entry: numbers.next_element()?.ok_or_else(missing)?,
                    message: numbers.next_element()?.ok_or_else(missing)?,
                    // The row may end here. Its checksum is right, so the row is complete.
                    others: numbers.next_element().ok().flatten().unwrap_or(0),
                    last: numbers.next_element().ok().flatten().unwrap_or(0),
                })
            }
        }
        deserializer.deserialize_tuple(4, Fields)
    }
}

/// An entry of the log. A message's own entry always has the message's current state.
#[derive(Serialize, Deserialize)]
pub enum Entry {
    /// A plain-text post without mentions that was never changed. Most posts are like this.
    Plain(PlainRow),
    Post(Box<PostRow>),
    Notice(NoticeRow),
    /// A change to a message: who changed which message, and when. The old contents are not kept.
    Change {
        room: u32,
        seq: u32,
        message: u32,
        by: u32,
        at: u64,
    },
}

#[derive(Serialize, Deserialize)]
pub struct PlainRow {
    room: u32,
    seq: u32,
    /// The seq of the entry itself. Kept for the rows of format 1.
    changed: u32,
    author: u32,
    sent_at: u64,
    client_id: String,
    body: String,
}

impl PlainRow {
    pub fn sent_at(&self) -> u64 {
        self.sent_at
    }
}

/// A post with every field that a post can have.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct PostRow {
    pub room: u32,
    pub seq: u32,
    /// The seq of its last change, or its own seq if it was never changed.
    pub changed: u32,
    pub author: u32,
    pub sent_at: u64,
    pub client_id: String,
    pub body: String,
    pub content: Option<Content>,
    pub edited_at: Option<u64>,
    pub deleted: Option<Deleted>,
    pub reply_to: Option<u32>,
    pub reactions: Vec<(String, Vec<u32>)>,
    pub pinned: Option<(u32, u64)>,
    pub forwarded: Option<Forward>,
    pub mentioned: Vec<u32>,
    pub mentions_room: bool,
    pub mentions_here: bool,
    /// The users who were online, if the post mentions everyone who is.
    pub here: Vec<u32>,
    pub files: Vec<AttachmentRow>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Deleted {
    pub by: u32,
    pub at: u64,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Forward {
    pub room: u32,
    pub id: u32,
    pub author: u32,
    pub sent_at: u64,
}

impl PostRow {
    /// Whether a [`PlainRow`] can hold this post without loss.
    fn is_plain(&self) -> bool {
        self.changed == self.seq
            && self.content.is_none()
            && self.reply_to.is_none()
            && self.forwarded.is_none()
            && self.mentioned.is_empty()
            && !self.mentions_room
            && !self.mentions_here
            && self.files.is_empty()
    }

    /// The post as the log stores it.
    pub fn entry(self) -> Entry {
        if !self.is_plain() {
            return Entry::Post(Box::new(self));
        }
        Entry::Plain(PlainRow {
            room: self.room,
            seq: self.seq,
            changed: self.changed,
            author: self.author,
            sent_at: self.sent_at,
            client_id: self.client_id,
            body: self.body,
        })
    }

    /// Whether the post mentions this user, either by name or because it mentions everyone online and the user was
    /// online.
    pub fn is_for(&self, user: u32) -> bool {
        self.mentioned.contains(&user) || (self.mentions_here && self.here.contains(&user))
    }

    /// The searchable text. Empty for a deleted message.
    pub fn text(&self) -> &str {
        if self.deleted.is_some() { "" } else { &self.body }
    }

    /// Permanently erases the contents of a deleted message.
    pub fn erase(&mut self) {
        self.body = String::new();
        self.content = None;
        self.reply_to = None;
        self.reactions = Vec::new();
        self.pinned = None;
        self.forwarded = None;
        self.mentioned = Vec::new();
        self.here = Vec::new();
        self.files = Vec::new();
        (self.mentions_room, self.mentions_here) = (false, false);
    }

    /// The message as everyone in its room may see it.
    pub fn message(mut self) -> Message {
        if self.deleted.is_some() {
            self.erase();
            self.edited_at = None;
        }
        Message {
            id: Seq(self.seq.into()),
            author: user_id(self.author),
            sent_at: Time(self.sent_at),
            body: Body::stored(self.body),
            content: self.content,
            client_id: Some(ClientId::stored(self.client_id)),
            edited_at: self.edited_at.map(Time),
            deleted_by: self.deleted.map(|deleted| user_id(deleted.by)),
            reply_to: self.reply_to.map(|id| Seq(id.into())),
            files: self.files.into_iter().map(AttachmentRow::attachment).collect(),
            reactions: self.reactions.into_iter().map(reaction).collect(),
            pinned: self.pinned.map(|(by, at)| Pinned {
                by: user_id(by),
                at: Time(at),
            }),
            forwarded: self.forwarded.map(Forward::forwarded),
            mentions: Mentions {
                users: self.mentioned.into_iter().map(user_id).collect(),
                room: self.mentions_room,
                here: self.mentions_here,
            },
            notice: None,
        }
    }
}

impl Forward {
    fn forwarded(self) -> Forwarded {
        Forwarded {
            room: RoomId(self.room.into()),
            id: Seq(self.id.into()),
            author: user_id(self.author),
            sent_at: Time(self.sent_at),
        }
    }
}

fn user_id(id: u32) -> UserId {
    UserId(id.into())
}

fn reaction((emoji, users): (String, Vec<u32>)) -> Reaction {
    Reaction {
        emoji: Emoji::stored(emoji),
        users: users.into_iter().map(user_id).collect(),
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub struct NoticeRow {
    pub room: u32,
    pub seq: u32,
    pub author: u32,
    pub sent_at: u64,
    notice: NoticeKind,
}

#[derive(Clone, Serialize, Deserialize)]
enum NoticeKind {
    Created,
    Joined,
    Left,
    Added(u32),
    Removed(u32),
    Renamed(String),
    Topic(String),
    Archived,
    Restored,
    Owner(u32),
}

impl NoticeRow {
    pub fn new(room: u32, seq: u32, author: u32, sent_at: u64, notice: &Notice) -> NoticeRow {
        let notice = match notice {
            Notice::Created => NoticeKind::Created,
            Notice::Joined => NoticeKind::Joined,
            Notice::Left => NoticeKind::Left,
            Notice::Added(user) => NoticeKind::Added(user.0 as u32),
            Notice::Removed(user) => NoticeKind::Removed(user.0 as u32),
            Notice::Renamed(name) => NoticeKind::Renamed(name.as_str().to_owned()),
            Notice::Topic(topic) => NoticeKind::Topic(topic.as_str().to_owned()),
            Notice::Archived => NoticeKind::Archived,
            Notice::Restored => NoticeKind::Restored,
            Notice::Owner(user) => NoticeKind::Owner(user.0 as u32),
        };
        NoticeRow {
            room,
            seq,
            author,
            sent_at,
            notice,
        }
    }

    pub fn message(self) -> Message {
        let notice = match self.notice {
            NoticeKind::Created => Notice::Created,
            NoticeKind::Joined => Notice::Joined,
            NoticeKind::Left => Notice::Left,
            NoticeKind::Added(user) => Notice::Added(user_id(user)),
            NoticeKind::Removed(user) => Notice::Removed(user_id(user)),
            NoticeKind::Renamed(name) => Notice::Renamed(RoomName::stored(name)),
            NoticeKind::Topic(topic) => Notice::Topic(Topic::stored(topic)),
            NoticeKind::Archived => Notice::Archived,
            NoticeKind::Restored => Notice::Restored,
            NoticeKind::Owner(user) => Notice::Owner(user_id(user)),
        };
        Message {
            id: Seq(self.seq.into()),
            author: user_id(self.author),
            sent_at: Time(self.sent_at),
            body: Body::empty(),
            content: None,
            client_id: None,
            edited_at: None,
            deleted_by: None,
            reply_to: None,
            files: Vec::new(),
            reactions: Vec::new(),
            pinned: None,
            forwarded: None,
            mentions: Mentions::default(),
            notice: Some(notice),
        }
    }
}

/// A message as stored in the log.
pub enum Stored {
    Post(Box<PostRow>),
    Notice(NoticeRow),
}

impl Stored {
    /// The message of an entry. `None` if the entry is a change to another message.
    pub fn of(entry: Entry) -> Option<Stored> {
        match entry {
            Entry::Post(row) => Some(Stored::Post(row)),
            Entry::Notice(row) => Some(Stored::Notice(row)),
            Entry::Change { .. } => None,
            Entry::Plain(row) => Some(Stored::Post(Box::new(PostRow {
                room: row.room,
                seq: row.seq,
                changed: row.changed,
                author: row.author,
                sent_at: row.sent_at,
                client_id: row.client_id,
                body: row.body,
                ..PostRow::default()
            }))),
        }
    }

    /// The room, the message id, and the seq of its last change.
    pub fn ids(&self) -> (u32, u32, u32) {
        match self {
            Stored::Post(row) => (row.room, row.seq, row.changed),
            Stored::Notice(row) => (row.room, row.seq, row.seq),
        }
    }

    /// The message that this one replies to, as a reader sees it.
    pub fn reply_to(&self) -> Option<u32> {
        match self {
            Stored::Post(row) if row.deleted.is_none() => row.reply_to,
            _ => None,
        }
    }

    pub fn message(self) -> Message {
        match self {
            Stored::Post(row) => row.message(),
            Stored::Notice(row) => row.message(),
        }
    }
}
