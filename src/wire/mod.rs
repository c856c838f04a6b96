//! Decodes JSON to [`Command`], encodes [`Event`](crate::model::Event) to frames. Pure: no I/O, no state.
//!
#![doc = include_str!("PROTOCOL.md")]

mod answer;
mod command;
mod content;
pub mod control;
mod frame;
mod message;
mod nouns;
mod object;
mod post;
mod ready;
mod server;

pub use answer::{
    file, listings, me, members, one_room, own_settings, page, people, pins, post_receipt, rooms, saved_page,
    search_page, seen_by, sessions, user,
};
pub use command::{Command, Incoming, Refused, decode};
pub use frame::{
    CloseCode, blocked, close_frame, done, error, frame, gone, message, person, ping_frame, pong, posted, presence,
    read, reset, room, room_facts, room_role, saved, seen, server, settings, synced, trouble, typing,
};
pub use object::{Object, Word, from_json};
pub use post::{Forward, PostFields};
pub use ready::{Ready, ready};
pub use server::{NightlyFacts, ServerFacts, invite, qr, reset_link, reset_target, server_facts};
