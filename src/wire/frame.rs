//! Frames to clients: encoded once, as bytes that all recipients share.
//!
//! A frame from a server is not masked (RFC 6455 §5.1), so the same bytes serve every socket.

use super::message::{MessageFrame, Reader};
use super::nouns::{self, RoomFacts, RoomJson, SettingsJson, UserJson, door, encode, role, state};
use crate::clock::Time;
use crate::error::Error;
use crate::model::{
    MemberRole, MessageRef, Posted, Presence, ReadMark, Room, RoomId, RoomView, Seq, ServerInfo, Settings, Trouble,
    User, UserId,
};
use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;

/// Why the server closes a socket (RFC 6455 §7.4, and 4000 to 4999 for our own use).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum CloseCode {
    /// The client closed the socket.
    Normal = 1000,
    /// The server stops or restarts: reconnect with backoff.
    GoingAway = 1001,
    /// A frame that violates RFC 6455, or a close code that no endpoint may send.
    ProtocolError = 1002,
    /// A text, or the reason of a close frame, that is not UTF-8.
    NotUtf8 = 1007,
    /// A frame over the limit.
    TooLarge = 1009,
    /// A fault of the server: reconnect with backoff.
    Internal = 1011,
    /// The client does not speak the protocol.
    NotTheProtocol = 4400,
    /// The session is over: log in again.
    SignedOut = 4401,
    /// The client is too slow: reconnect and sync.
    TooSlow = 4408,
    /// The session has a new token: reconnect with it.
    TokenRenewed = 4410,
    /// The client sends frames faster than the limit.
    Flooding = 4429,
}

impl CloseCode {
    /// The reason that goes with the code, for people who read the console.
    pub fn reason(self) -> &'static str {
        match self {
            CloseCode::Normal => "",
            CloseCode::GoingAway => "The server is stopping or restarting.",
            CloseCode::ProtocolError => "That is no frame of RFC 6455.",
            CloseCode::NotUtf8 => "Text frames are UTF-8.",
            CloseCode::TooLarge => "That frame is too large.",
            CloseCode::Internal => "Something went wrong on our side.",
            CloseCode::NotTheProtocol => "One JSON object with a type per text frame.",
            CloseCode::SignedOut => "This session is over. Log in again.",
            CloseCode::TooSlow => "Too slow. Come back and sync.",
            CloseCode::TokenRenewed => "This session has a new token. Come back with it.",
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

/// A text frame with this JSON (RFC 6455 §5.2).
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

/// A new or changed message, for everyone but its author.
pub fn message(posted: &Posted) -> Bytes {
    frame(&encode(&MessageFrame::new(posted, Reader::Other)))
}

impl Posted {
    /// The same for its author, with the `client_id`.
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
    id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unread: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mentions: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen: Option<u64>,
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

/// The answer to a change of a message.
pub fn done(reference: Option<&str>, room: RoomId, seq: Seq) -> Bytes {
    small(&Small {
        kind: "done",
        reference,
        room: Some(room.0),
        seq: Some(seq.0),
        ..Small::default()
    })
}

/// Defines a frame with one field besides its type.
macro_rules! of_one {
    ($kind:literal, $field:ident: $type:ty = $value:expr) => {{
        #[derive(Serialize)]
        struct Shape<'a> {
            #[serde(rename = "type")]
            kind: &'static str,
            $field: $type,
            #[serde(skip)]
            _lives: std::marker::PhantomData<&'a ()>,
        }
        frame(&encode(&Shape {
            kind: $kind,
            $field: $value,
            _lives: std::marker::PhantomData,
        }))
    }};
}

/// A person who is new or has changed.
pub fn person(user: &User) -> Bytes {
    of_one!("person", user: UserJson<'a> = user.into())
}

/// A complete room, which is new to the viewer or has changed for them.
pub fn room(view: &RoomView) -> Bytes {
    of_one!("room", room: RoomJson<'a> = view.into())
}

/// A room that has changed, with the fields that are the same for all members.
pub fn room_facts(room: &Room) -> Bytes {
    of_one!("room", room: RoomFacts<'a> = room.into())
}

/// The viewer's new role in a room.
pub fn room_role(room: RoomId, new: MemberRole) -> Bytes {
    #[derive(Serialize)]
    struct RoleOf {
        id: u64,
        role: &'static str,
    }
    let role = role(new);
    of_one!("room", room: RoleOf = RoleOf { id: room.0, role })
}

/// The server's new name or sign-up policy.
pub fn server(card: &ServerInfo) -> Bytes {
    #[derive(Serialize)]
    struct Card<'a> {
        name: &'a str,
        door: &'static str,
    }
    of_one!("server", server: Card<'a> = Card { name: card.name.as_str(), door: door(card.door) })
}

/// Why messages cannot be saved. `None` when they can again.
pub fn trouble(what: Option<Trouble>) -> Bytes {
    of_one!("trouble", what: Option<&'static str> = what.map(nouns::trouble))
}

/// The viewer is no longer in a room.
pub fn gone(room: RoomId) -> Bytes {
    small(&Small {
        kind: "gone",
        room: Some(room.0),
        ..Small::default()
    })
}

/// The viewer's settings.
pub fn settings(settings: &Settings) -> Bytes {
    of_one!("settings", settings: SettingsJson = settings.into())
}

/// The people whom the viewer has blocked.
pub fn blocked(users: &[UserId]) -> Bytes {
    of_one!("blocked", users: Vec<u64> = users.iter().map(|user| user.0).collect())
}

/// The viewer has saved a message for later, or removed it.
pub fn saved(reference: Option<&str>, target: MessageRef, on: bool) -> Bytes {
    small(&Small {
        kind: "saved",
        reference,
        room: Some(target.room.0),
        id: Some(target.id.0),
        on: Some(on),
        ..Small::default()
    })
}

/// Somebody's presence. `last_seen` is the time they went offline.
pub fn presence(user: UserId, presence: Presence, last_seen: Option<Time>) -> Bytes {
    small(&Small {
        kind: "presence",
        user: Some(user.0),
        state: Some(state(presence)),
        last_seen: last_seen.map(|at| at.0),
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

/// How far the viewer has read, and what is unread after that.
pub fn read(reference: Option<&str>, mark: &ReadMark) -> Bytes {
    small(&Small {
        kind: "read",
        reference,
        room: Some(mark.room.0),
        seq: Some(mark.seq.0),
        unread: Some(mark.unread),
        mentions: Some(mark.mentions),
        head: Some(mark.head.0),
        ..Small::default()
    })
}

/// How far somebody else in the room has read.
pub fn seen(room: RoomId, user: UserId, seq: Seq) -> Bytes {
    small(&Small {
        kind: "seen",
        room: Some(room.0),
        user: Some(user.0),
        seq: Some(seq.0),
        ..Small::default()
    })
}

/// Every change up to `through` has been sent.
pub fn synced(reference: Option<&str>, room: RoomId, through: Seq) -> Bytes {
    small(&Small {
        kind: "synced",
        reference,
        room: Some(room.0),
        through: Some(through.0),
        ..Small::default()
    })
}

/// Tells the client to drop its messages of this room.
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
