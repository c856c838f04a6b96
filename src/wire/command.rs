//! Commands of clients: parsed, not yet trusted.

use super::object::{Object, from_json};
use super::post::{Forward, PostFields, missing};
use crate::error::{Error, Result};
use crate::limits::REF_CHARS_MAX;
use crate::model::{Body, ClientId, Emoji, MessageRef, PostContent, RequestedAction, RoomId, Seq};
use serde::Deserialize;
use serde_json::Value;

/// A command that a client sends over the socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Posts a message.
    Post {
        /// The room to post in.
        room: RoomId,
        /// The client's id for the post.
        client_id: ClientId,
        /// The content of the post.
        content: PostContent,
    },
    /// Acts on a message.
    Do {
        /// The message to act on.
        target: MessageRef,
        /// The action.
        action: RequestedAction,
    },
    /// Saves a message for later, or removes it from the saved ones.
    Save {
        /// The message to save.
        target: MessageRef,
        /// Whether it should be saved.
        on: bool,
    },
    /// Tells the others that the viewer is typing.
    Typing {
        /// The room in which the viewer is typing.
        room: RoomId,
    },
    /// Marks this connection as away, or as in use again.
    Away {
        /// Whether it is away.
        on: bool,
    },
    /// Marks a room as read.
    Read {
        /// The room that was read.
        room: RoomId,
        /// The last seq that was read.
        seq: Seq,
    },
    /// Marks a room as unread from this message on.
    Unread {
        /// The first message that counts as unread.
        target: MessageRef,
    },
    /// Requests what changed in a room.
    Sync {
        /// The room to catch up with.
        room: RoomId,
        /// The last seq that the client has.
        since: Seq,
    },
    /// Requests a `pong`, which shows that the server is alive.
    Ping,
}

/// A command and the client's reference to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// The client's `ref`, repeated in the answer. `None` if it sent none.
    pub reference: Option<String>,
    /// The command.
    pub command: Command,
}

/// Why a frame is refused.
#[derive(Debug)]
pub enum Refused {
    /// Not a JSON object with a `type`: the client does not speak the protocol.
    NotTheProtocol,
    /// A command that cannot be carried out. The socket stays open.
    Command {
        /// The client's `ref`, if it sent one.
        reference: Option<String>,
        /// The `client_id` of the refused post, if it is a post with one.
        client_id: Option<String>,
        /// The reason, for the client.
        error: Box<Error>,
    },
}

/// All fields of all commands. The type decides which ones are required.
#[derive(Deserialize)]
struct Fields {
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "ref")]
    reference: Option<String>,
    room: Option<u64>,
    client_id: Option<String>,
    body: Option<String>,
    reply_to: Option<u64>,
    #[serde(default)]
    files: Vec<String>,
    forward: Option<Object<Forward>>,
    id: Option<u64>,
    emoji: Option<String>,
    on: Option<bool>,
    seq: Option<u64>,
    since: Option<u64>,
}

/// Parses one text frame.
///
/// # Errors
/// [`Refused`], with the fields by which the client recognises its frame.
pub fn decode(text: &str) -> std::result::Result<Incoming, Refused> {
    let fields: Fields = match from_json(text.as_bytes()) {
        Ok(fields) => fields,
        Err(cause) => return Err(misshapen(text, &cause)),
    };
    let reference = fields.reference.clone();
    let client_id = fields.client_id.clone();
    match command(fields) {
        Ok(command) => Ok(Incoming { reference, command }),
        Err(error) => Err(Refused::Command {
            reference: reference.filter(|r| is_reference(r)),
            client_id: client_id.filter(|c| ClientId::parse(c).is_ok()),
            error: Box::new(error),
        }),
    }
}

fn command(fields: Fields) -> Result<Command> {
    if fields.reference.as_deref().is_some_and(|r| !is_reference(r)) {
        return Err(Error::invalid(
            "ref",
            format!("A ref has at most {REF_CHARS_MAX} characters."),
        ));
    }
    let room = || RoomId::parse(fields.room.ok_or_else(|| missing("room"))?);
    let seq = |number: Option<u64>, field| Seq::parse(number.ok_or_else(|| missing(field))?).map_err(|e| e.at(field));
    let target = || -> Result<MessageRef> {
        Ok(MessageRef {
            room: room()?,
            id: seq(fields.id, "id")?,
        })
    };
    let on = || fields.on.ok_or_else(|| missing("on"));
    let action = |action| -> Result<Command> {
        Ok(Command::Do {
            target: target()?,
            action,
        })
    };
    match fields.kind.as_str() {
        "post" => Ok(Command::Post {
            room: room()?,
            client_id: ClientId::parse(fields.client_id.as_deref().ok_or_else(|| missing("client_id"))?)?,
            content: PostFields {
                body: fields.body,
                reply_to: fields.reply_to,
                files: fields.files,
                forward: fields.forward,
            }
            .parse()?,
        }),
        "edit" => {
            // The store knows whether there are files, without which the text must not be empty.
            let body = fields.body.as_deref().ok_or_else(|| missing("body"))?;
            action(RequestedAction::Edit(Body::parse_or_empty(body)?))
        }
        "delete" => action(RequestedAction::Delete),
        "undelete" => action(RequestedAction::Undelete),
        "react" => {
            let emoji = Emoji::parse(fields.emoji.as_deref().ok_or_else(|| missing("emoji"))?)?;
            action(RequestedAction::React(emoji, on()?))
        }
        "pin" => action(RequestedAction::Pin(on()?)),
        "save" => Ok(Command::Save {
            target: target()?,
            on: on()?,
        }),
        "typing" => Ok(Command::Typing { room: room()? }),
        "away" => Ok(Command::Away { on: on()? }),
        "read" => Ok(Command::Read {
            room: room()?,
            seq: seq(fields.seq, "seq")?,
        }),
        "unread" => Ok(Command::Unread { target: target()? }),
        "sync" => Ok(Command::Sync {
            room: room()?,
            since: seq(fields.since, "since")?,
        }),
        "ping" => Ok(Command::Ping),
        _ => Err(Error::bad_request("This server does not know that type of frame.").at("type")),
    }
}

fn is_reference(text: &str) -> bool {
    text.chars().take(REF_CHARS_MAX + 1).count() <= REF_CHARS_MAX
}

/// The slow path, for frames that are refused anyway: is it JSON of the wrong shape, or not the protocol at all?
fn misshapen(text: &str, cause: &serde_json::Error) -> Refused {
    let Ok(Value::Object(object)) = serde_json::from_str(text) else {
        return Refused::NotTheProtocol;
    };
    if !object.get("type").is_some_and(Value::is_string) {
        return Refused::NotTheProtocol;
    }
    let text_of = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
    Refused::Command {
        reference: text_of("ref").filter(|r| is_reference(r)),
        client_id: text_of("client_id").filter(|c| ClientId::parse(c).is_ok()),
        error: Box::new(Error::bad_request("A field of this frame has the wrong type.").because(cause)),
    }
}
