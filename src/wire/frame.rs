//! Frames to clients: made once, as the bytes that go over the wire, shared by everyone who gets them.
//!
//! A frame from a server is not masked (RFC 6455 §5.1), so the same bytes serve every socket.

use super::json::{MessageFrame, Reader, RoomJson, UserJson, encode, state};
use crate::error::Error;
use crate::limits::{
    BODY_CHARS_MAX, CLIENT_ID_CHARS_MAX, FRAME_BYTES_MAX, NAME_CHARS_MAX, PAGE_MESSAGES_MAX, PEOPLE_MAX,
};
use crate::model::{Posted, Presence, RoomId, RoomView, Seq, User, UserId};
use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;
use std::sync::Arc;

/// Why the server closes a socket (RFC 6455 §7.4, and 4000 to 4999 for our own use).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum CloseCode {
    /// The client said goodbye.
    Normal = 1000,
    /// The server stops or restarts: come back with backoff.
    GoingAway = 1001,
    /// Text that is not UTF-8.
    NotUtf8 = 1007,
    /// A frame over the limit.
    TooLarge = 1009,
    /// A failure of ours: come back with backoff.
    Internal = 1011,
    /// Not the protocol.
    NotTheProtocol = 4400,
    /// The session is over: log in again.
    SignedOut = 4401,
    /// Too slow: come back and sync.
    TooSlow = 4408,
    /// Flooding.
    Flooding = 4429,
}

impl CloseCode {
    /// The reason beside the code, for people who read the console.
    pub fn reason(self) -> &'static str {
        match self {
            CloseCode::Normal => "",
            CloseCode::GoingAway => "The server is stopping or restarting.",
            CloseCode::NotUtf8 => "Text frames are UTF-8.",
            CloseCode::TooLarge => "That frame is too large.",
            CloseCode::Internal => "Something went wrong on our side.",
            CloseCode::NotTheProtocol => "One JSON object with a type per text frame.",
            CloseCode::SignedOut => "This session is over. Log in again.",
            CloseCode::TooSlow => "Too slow. Come back and sync.",
            CloseCode::Flooding => "Too many frames.",
        }
    }
}

const FINAL_TEXT: u8 = 0x81;
const FINAL_CLOSE: u8 = 0x88;
const FINAL_PING: u8 = 0x89;

fn with_header(opcode: u8, payload: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(payload.len() + 10);
    out.put_u8(opcode);
    match payload.len() {
        n @ 0..126 => out.put_u8(n as u8),
        n @ 126..65_536 => {
            out.put_u8(126);
            out.put_u16(n as u16);
        }
        n => {
            out.put_u8(127);
            out.put_u64(n as u64);
        }
    }
    out.put_slice(payload);
    out.freeze()
}

/// A text frame of this JSON (RFC 6455 §5.2).
pub fn frame(json: &[u8]) -> Bytes {
    with_header(FINAL_TEXT, json)
}

/// A close frame (RFC 6455 §5.5.1).
pub fn close_frame(code: CloseCode) -> Bytes {
    let mut payload = (code as u16).to_be_bytes().to_vec();
    payload.extend_from_slice(code.reason().as_bytes());
    with_header(FINAL_CLOSE, &payload)
}

/// An empty ping (RFC 6455 §5.5.2).
pub fn ping_frame() -> Bytes {
    with_header(FINAL_PING, &[])
}

/// A message that is new or changed, for everyone but its author.
pub fn message(posted: &Posted) -> Bytes {
    frame(&encode(&MessageFrame::new(posted, Reader::Other)))
}

impl Posted {
    /// The same for its author, who sees the `client_id`.
    pub fn frame_for_author(&self) -> Bytes {
        frame(&encode(&MessageFrame::new(self, Reader::Author)))
    }

    /// The frame for this reader.
    pub fn frame_for(&self, viewer: UserId) -> Bytes {
        match viewer == self.message.author {
            true => self.frame_for_author(),
            false => message(self),
        }
    }
}

/// All that the first frame tells.
pub struct Ready<'a> {
    /// Which history this is.
    pub epoch: &'a str,
    /// Who the viewer is.
    pub viewer: &'a User,
    /// The viewer's rooms.
    pub rooms: &'a [RoomView],
    /// Who is here.
    pub here: &'a [Arc<User>],
    /// The server's own name.
    pub server_name: &'a str,
    /// Which data file this is.
    pub server_id: &'a str,
    /// `HOST:PORT` by which others on the network reach the server; none where it listens on this
    /// computer only.
    pub addresses: &'a [String],
}

/// The first frame.
pub fn ready(ready: &Ready) -> Bytes {
    #[derive(Serialize)]
    struct ServerJson<'a> {
        name: &'a str,
        version: &'static str,
        id: &'a str,
        addresses: &'a [String],
    }
    #[derive(Serialize)]
    struct LimitsJson {
        body_chars_max: usize,
        client_id_chars_max: usize,
        frame_bytes_max: usize,
        name_chars_max: usize,
        page_max: usize,
        people_max: usize,
    }
    #[derive(Serialize)]
    struct Here {
        user: u64,
        state: &'static str,
    }
    #[derive(Serialize)]
    struct Shape<'a> {
        #[serde(rename = "type")]
        kind: &'static str,
        protocol: u32,
        epoch: &'a str,
        user: UserJson<'a>,
        rooms: Vec<RoomJson<'a>>,
        people: Vec<UserJson<'a>>,
        presence: Vec<Here>,
        server: ServerJson<'a>,
        limits: LimitsJson,
    }
    let others = ready
        .here
        .iter()
        .filter(|user| user.id != ready.viewer.id)
        .take(PEOPLE_MAX - 1);
    let people: Vec<&User> = std::iter::once(ready.viewer)
        .chain(others.map(|user| &**user))
        .collect();
    frame(&encode(&Shape {
        kind: "ready",
        protocol: 1,
        epoch: ready.epoch,
        user: ready.viewer.into(),
        rooms: ready.rooms.iter().map(RoomJson::from).collect(),
        presence: people
            .iter()
            .map(|user| Here {
                user: user.id.0,
                state: state(Presence::Online),
            })
            .collect(),
        people: people.into_iter().map(UserJson::from).collect(),
        server: ServerJson {
            name: ready.server_name,
            version: env!("CARGO_PKG_VERSION"),
            id: ready.server_id,
            addresses: ready.addresses,
        },
        limits: LimitsJson {
            body_chars_max: BODY_CHARS_MAX,
            client_id_chars_max: CLIENT_ID_CHARS_MAX,
            frame_bytes_max: FRAME_BYTES_MAX,
            name_chars_max: NAME_CHARS_MAX,
            page_max: PAGE_MESSAGES_MAX,
            people_max: PEOPLE_MAX,
        },
    }))
}

#[derive(Serialize, Default)]
struct Small<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    through: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

fn small(shape: &Small) -> Bytes {
    frame(&encode(shape))
}

/// The answer to a post.
pub fn posted(reference: Option<&str>, client_id: &str, room: RoomId, seq: Seq) -> Bytes {
    small(&Small {
        kind: "posted",
        reference,
        client_id: Some(client_id),
        room: Some(room.0),
        seq: Some(seq.0),
        ..Small::default()
    })
}

/// Somebody is new, or has changed.
pub fn person(user: &User) -> Bytes {
    #[derive(Serialize)]
    struct Shape<'a> {
        #[serde(rename = "type")]
        kind: &'static str,
        user: UserJson<'a>,
    }
    frame(&encode(&Shape {
        kind: "person",
        user: user.into(),
    }))
}

/// Somebody came or went.
pub fn presence(user: UserId, presence: Presence) -> Bytes {
    small(&Small {
        kind: "presence",
        user: Some(user.0),
        state: Some(state(presence)),
        ..Small::default()
    })
}

/// Somebody is typing.
pub fn typing(room: RoomId, user: UserId) -> Bytes {
    small(&Small {
        kind: "typing",
        room: Some(room.0),
        user: Some(user.0),
        ..Small::default()
    })
}

/// The viewer has read so far, elsewhere.
pub fn read(room: RoomId, seq: Seq) -> Bytes {
    small(&Small {
        kind: "read",
        room: Some(room.0),
        seq: Some(seq.0),
        ..Small::default()
    })
}

/// All up to `through` has been sent.
pub fn synced(reference: Option<&str>, room: RoomId, through: Seq) -> Bytes {
    small(&Small {
        kind: "synced",
        reference,
        room: Some(room.0),
        through: Some(through.0),
        ..Small::default()
    })
}

/// Drop what you hold of this room.
pub fn reset(reference: Option<&str>, room: RoomId, head: Seq) -> Bytes {
    small(&Small {
        kind: "reset",
        reference,
        room: Some(room.0),
        head: Some(head.0),
        ..Small::default()
    })
}

/// The answer to a `ping`.
pub fn pong(reference: Option<&str>) -> Bytes {
    small(&Small {
        kind: "pong",
        reference,
        ..Small::default()
    })
}

/// A command was refused.
pub fn error(reference: Option<&str>, client_id: Option<&str>, error: &Error) -> Bytes {
    small(&Small {
        kind: "error",
        reference,
        client_id,
        code: Some(error.kind.code()),
        title: Some(&error.title),
        field: error.field,
        retry_after_ms: error.retry_after_ms,
        ..Small::default()
    })
}
