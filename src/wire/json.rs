//! The JSON shapes of nouns, and the bodies of HTTP answers.

use crate::model::{Message, Page, Posted, Presence, Role, RoomKind, RoomView, User};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct UserJson<'a> {
    id: u64,
    name: &'a str,
    display_name: &'a str,
    role: &'static str,
    created_at: u64,
}

impl<'a> From<&'a User> for UserJson<'a> {
    fn from(user: &'a User) -> UserJson<'a> {
        UserJson {
            id: user.id.0,
            name: user.name.as_str(),
            display_name: user.name.as_str(),
            role: match user.role {
                Role::Owner => "owner",
                Role::Member => "member",
            },
            created_at: user.created_at.0,
        }
    }
}

#[derive(Serialize)]
pub(super) struct RoomJson<'a> {
    id: u64,
    kind: &'static str,
    name: &'a str,
    topic: &'a str,
    head: u64,
    read: u64,
    unread: u64,
    mentions: u64,
}

impl<'a> From<&'a RoomView> for RoomJson<'a> {
    fn from(view: &'a RoomView) -> RoomJson<'a> {
        RoomJson {
            id: view.room.id.0,
            kind: match view.room.kind {
                RoomKind::Public => "public",
            },
            name: &view.room.name,
            topic: &view.room.topic,
            head: view.head.0,
            read: view.read.0,
            unread: view.unread(),
            mentions: 0,
        }
    }
}

/// Who a message is encoded for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    Author,
    Other,
}

#[derive(Serialize)]
pub(super) struct MessageJson<'a> {
    id: u64,
    author: u64,
    sent_at: u64,
    body: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
}

impl<'a> MessageJson<'a> {
    pub(super) fn new(message: &'a Message, reader: Reader) -> MessageJson<'a> {
        MessageJson {
            id: message.id.0,
            author: message.author.0,
            sent_at: message.sent_at.0,
            body: message.body.as_str(),
            client_id: (reader == Reader::Author).then(|| message.client_id.as_str()),
        }
    }
}

pub(super) fn state(presence: Presence) -> &'static str {
    match presence {
        Presence::Online => "online",
        Presence::Offline => "offline",
    }
}

/// Encodes what cannot fail to encode: our own shapes have text keys and finite numbers only.
pub(super) fn encode(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// `{"user":User}`
pub fn user(user: &User) -> Vec<u8> {
    #[derive(Serialize)]
    struct Shape<'a> {
        user: UserJson<'a>,
    }
    encode(&Shape { user: user.into() })
}

/// `{"rooms":[Room…]}`
pub fn rooms(rooms: &[RoomView]) -> Vec<u8> {
    #[derive(Serialize)]
    struct Shape<'a> {
        rooms: Vec<RoomJson<'a>>,
    }
    encode(&Shape {
        rooms: rooms.iter().map(RoomJson::from).collect(),
    })
}

/// `{"room","seq"}`, the answer to a post over HTTP.
pub fn post_receipt(room: crate::model::RoomId, seq: crate::model::Seq) -> Vec<u8> {
    #[derive(Serialize)]
    struct Shape {
        room: u64,
        seq: u64,
    }
    encode(&Shape {
        room: room.0,
        seq: seq.0,
    })
}

/// `{"messages":[Message…],"people":[User…],"head","more_before","more_after"}` for `viewer`.
pub fn page(page: &Page, viewer: &User) -> Vec<u8> {
    #[derive(Serialize)]
    struct Shape<'a> {
        messages: Vec<MessageJson<'a>>,
        people: Vec<UserJson<'a>>,
        head: u64,
        more_before: bool,
        more_after: bool,
    }
    let reader = |message: &Message| match message.author == viewer.id {
        true => Reader::Author,
        false => Reader::Other,
    };
    encode(&Shape {
        messages: page.messages.iter().map(|m| MessageJson::new(m, reader(m))).collect(),
        people: page.authors.iter().map(UserJson::from).collect(),
        head: page.head.0,
        more_before: page.more_before,
        more_after: page.more_after,
    })
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
