//! The door for commands of the user who runs the server: a local socket, or a named pipe on Windows, that nobody else
//! can open. Never over the network, and never for a browser.
//!
//! What is said there is in `wire::control`. [`Listener`] is the server's end, [`Connection`] that of a command.

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
