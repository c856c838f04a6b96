//! Chapp: real-time chat in one executable. This is the map.
//!
//! ```text
//! bytes ─► Command ─► Change ─► Event ─► Frame ─► bytes
//!       wire        chat      store    hub      ws
//! ```
//!
//! Each stage has one type and each arrow one module, and no stage is skipped. A **Command** is a client's request,
//! parsed and not yet trusted. A **Change** is what we will do: attributed, validated, stamped, plain data. An
//! **Event** is what happened: durable and in commit order, and each message has a number. (Signals, such as typing,
//! are events that are neither.) A **Frame** is the encoded event, made once and shared by all recipients. So nobody
//! sees a message before it is durable, and everybody sees messages in the same order.
//!
//! Imports point down only (`tests/it/tidy.rs` fails on any other arrow):
//!
//! | module | owns | never |
//! |---|---|---|
//! | [`process`] | what the process says, signals, its end | |
//! | [`server`] | opens, listens, feed → hub, stops | |
//! | [`commands`] | what `chapp backup`, `check`, `compact`, `reset` and `owner` do | |
//! | [`http`] | requests: gate, routes, answers, assets | decides what people may do |
//! | [`control`] | the local socket for commands, while the server runs | lets anybody else in |
//! | [`ws`] | one socket's life | writes to a socket (the hub does) |
//! | [`chat`] | verbs, passwords, throttles | knows HTTP, or frames beyond their close codes |
//! | [`store`] | the data file; the only one that knows redb | knows who is connected, or JSON |
//! | [`hub`] | the shared client map, bounded queues, presence | knows the store |
//! | [`wire`] | JSON ↔ commands and events; `PROTOCOL.md` is the contract | does I/O |
//! | [`model`] | nouns and rules | does I/O, knows JSON or the time |
//! | [`error`] [`limits`] [`clock`] [`metrics`] [`permissions`] | leaves | import anything above them |
//!
//! A subject has the same file name in every layer (`rooms.rs` in `chat`, `store/changes` and `store/queries`), and a
//! folder's `mod.rs` is its public face.
//!
//! *Ada posts.* `ws/connection` reads a bounded frame → `wire::decode` → `chat::post`: throttle → `store`: one
//! transaction with the other waiting changes, one durable write → the answer to Ada, the event to the feed →
//! `hub.deliver` → every socket.
//!
//! *Carol's laptop wakes.* `ready` brings the epoch and the heads → for each room, a `sync` from the last seq she has
//! → what changed, or `reset`. Her outbox sends everything again that was never `posted`, with the same `client_id`s.
//! A client that was closed for being slow takes the same path.

pub mod chat;
pub mod clock;
pub mod commands;
pub mod config;
pub mod control;
pub mod error;
pub mod http;
pub mod hub;
pub mod instance;
pub mod limits;
pub mod metrics;
pub mod model;
pub mod permissions;
pub mod process;
pub mod server;
pub mod store;
pub mod wire;
pub mod ws;
