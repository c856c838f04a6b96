//! Chapp from outside: the real server, real sockets, and a real data file in a folder of its own.
//! One file for each subject. The name of a test says what must be true.

// Tests fail by a panic.
#![allow(clippy::unwrap_used)]

mod accounts;
mod admin;
mod assets;
mod bad_frames;
mod bodies;
mod body_limits;
mod check;
mod clock;
mod commands;
mod connection_limits;
mod copying;
mod data_file;
mod files;
mod framing;
mod gate;
mod harness;
mod history;
mod http;
mod kill;
mod logs;
mod markup;
mod messages;
mod metrics;
mod nightly;
mod overload;
mod panics;
mod passwords;
mod people;
#[cfg(unix)]
mod permissions;
#[cfg(unix)]
mod process;
mod read_marks;
mod rooms;
mod rules;
mod search;
mod sessions;
mod shapes;
mod slow_reader;
mod socket;
mod start;
mod stop;
mod store_laws;
mod target;
mod throttle;
mod tidy;
mod trouble;
mod upgrade;
mod watching;
mod wire;
