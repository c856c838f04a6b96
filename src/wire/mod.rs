//! JSON to [`Command`] and [`Event`](crate::model::Event) to frames. Pure: no I/O, no state.
//!
//! # The protocol, version 1
//!
//! Names and shapes are fixed, since tools outside this repository speak them: fields are added,
//! never renamed or removed. `tests/wire/` holds a golden example of each frame, which this module
//! and the web client are both tested with.
//!
//! One JSON object per WebSocket text frame (RFC 6455 §5.6). Ids and seqs are integers from 1 to
//! 2^53 - 1, times are milliseconds since the Unix epoch. Both ends ignore fields they do not know,
//! and a client ignores a frame whose `type` it does not know.
//!
//! Client to server; each may carry `ref`, text of up to 64 characters that comes back in `error`,
//! `posted` and `pong`:
//!
//! | frame | answer |
//! |---|---|
//! | `post` `room` `client_id` `body` | `posted` once durable, the first answer again for a known `client_id` |
//! | `read` `room` `seq` | none; the viewer's other connections get `read` |
//! | `typing` `room` | none |
//! | `sync` `room` `since` | `message`… and `synced`, or `reset` |
//! | `ping` | `pong` |
//!
//! Server to client: `ready`, `message`, `posted`, `person`, `presence`, `typing`, `read`, `synced`,
//! `reset`, `pong`, `error`.
//!
//! Said here beyond the common contract:
//! - `ready` also has `presence` (who is here: `{"user","state"}`); its `people` are those and the
//!   viewer, at most [`PEOPLE_MAX`](crate::limits::PEOPLE_MAX). A `person` frame comes before the first
//!   `presence` of somebody, and a page of history names its authors in `people`.
//! - `server.id` in `ready` names the data file (a browser keeps unsent messages by it), and
//!   `server.addresses` is how others on the network reach it.
//! - `synced.through` may be below the room's head: there is more, ask again since there.
//! - A frame that is no JSON object with a `type` closes the socket with 4400, as does a binary one;
//!   a `type` that this server does not know, or a field of the wrong type, is an `error`.

mod command;
mod frame;
mod json;

pub use command::{Command, Incoming, Refused, decode};
pub use frame::{
    CloseCode, Ready, close_frame, error, frame, message, person, ping_frame, pong, posted, presence, read, ready,
    reset, synced, typing,
};
pub use json::{page, post_receipt, rooms, user};
