//! The JSON shape of a message.

use super::content::Blocks;
use super::nouns::FileJson;
use crate::model::{Mentions, Message, Notice, Posted, Reaction, UserId};
use serde::Serialize;

/// Who a message is encoded for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    Author,
    Other,
}

impl Reader {
    pub fn of(message: &Message, viewer: UserId) -> Reader {
        match message.author == viewer {
            true => Reader::Author,
            false => Reader::Other,
        }
    }
}

#[derive(Serialize)]
pub(super) struct MessageJson<'a> {
    id: u64,
    author: u64,
    sent_at: u64,
    body: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Blocks<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_at: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_by: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<FileJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reactions: Vec<ReactionJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pinned: Option<PinnedJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forwarded: Option<ForwardedJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mentions: Option<MentionsJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<NoticeJson<'a>>,
}

#[derive(Serialize)]
struct ReactionJson<'a> {
    emoji: &'a str,
    users: Vec<u64>,
}

#[derive(Serialize)]
struct PinnedJson {
    by: u64,
    at: u64,
}

#[derive(Serialize)]
struct ForwardedJson {
    room: u64,
    id: u64,
    author: u64,
    sent_at: u64,
}

#[derive(Serialize)]
struct MentionsJson {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    users: Vec<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    room: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    here: bool,
}

impl MentionsJson {
    fn of(mentions: &Mentions) -> Option<MentionsJson> {
        (!mentions.is_empty()).then(|| MentionsJson {
            users: mentions.users.iter().map(|user| user.0).collect(),
            room: mentions.room,
            here: mentions.here,
        })
    }
}

#[derive(Serialize, Default)]
struct NoticeJson<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

impl<'a> NoticeJson<'a> {
    fn of(notice: &'a Notice) -> NoticeJson<'a> {
        let (kind, user, text) = match notice {
            Notice::Created => ("created", None, None),
            Notice::Joined => ("joined", None, None),
            Notice::Left => ("left", None, None),
            Notice::Added(user) => ("added", Some(user.0), None),
            Notice::Removed(user) => ("removed", Some(user.0), None),
            Notice::Renamed(name) => ("renamed", None, Some(name.as_str())),
            Notice::Topic(topic) => ("topic", None, Some(topic.as_str())),
            Notice::Archived => ("archived", None, None),
            Notice::Restored => ("restored", None, None),
            Notice::Owner(user) => ("owner", Some(user.0), None),
        };
        NoticeJson { kind, user, text }
    }
}

fn reaction(reaction: &Reaction) -> ReactionJson<'_> {
    ReactionJson {
        emoji: reaction.emoji.as_str(),
        users: reaction.users.iter().map(|user| user.0).collect(),
    }
}

impl<'a> MessageJson<'a> {
    pub(super) fn new(message: &'a Message, reader: Reader) -> MessageJson<'a> {
        let client_id = message.client_id.as_ref().filter(|_| reader == Reader::Author);
        MessageJson {
            id: message.id.0,
            author: message.author.0,
            sent_at: message.sent_at.0,
            body: message.body.as_str(),
            content: message.content.as_ref().map(|content| Blocks(&content.0)),
            client_id: client_id.map(|id| id.as_str()),
            edited_at: message.edited_at.map(|at| at.0),
            deleted: message.deleted_by.is_some(),
            deleted_by: message.deleted_by.filter(|by| *by != message.author).map(|by| by.0),
            reply_to: message.reply_to.map(|id| id.0),
            files: message.files.iter().map(FileJson::from).collect(),
            reactions: message.reactions.iter().map(reaction).collect(),
            pinned: message.pinned.map(|pinned| PinnedJson {
                by: pinned.by.0,
                at: pinned.at.0,
            }),
            forwarded: message.forwarded.map(|from| ForwardedJson {
                room: from.room.0,
                id: from.id.0,
                author: from.author.0,
                sent_at: from.sent_at.0,
            }),
            mentions: MentionsJson::of(&message.mentions),
            event: message.notice.as_ref().map(NoticeJson::of),
        }
    }
}

#[derive(Serialize)]
pub(super) struct MessageFrame<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    room: u64,
    seq: u64,
    message: MessageJson<'a>,
}

impl<'a> MessageFrame<'a> {
    pub(super) fn new(posted: &'a Posted, reader: Reader) -> MessageFrame<'a> {
        MessageFrame {
            kind: "message",
            room: posted.room.0,
            seq: posted.seq.0,
            message: MessageJson::new(&posted.message, reader),
        }
    }
}
