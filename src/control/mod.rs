//! The local socket, or named pipe on Windows, for commands of the user who runs the server. Nobody else can open it.
//! It is reachable neither over the network nor from a browser.
//!
//! `wire::control` defines the messages. [`Listener`] is the server's end, [`Connection`] the command's.

mod client;
mod serve;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

pub use client::{Connection, Lost};
pub use serve::serve;
#[cfg(unix)]
pub use unix::Listener;
#[cfg(windows)]
pub use windows::Listener;
