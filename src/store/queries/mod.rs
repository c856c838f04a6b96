//! Queries: one file per subject. Each reads from a `Source`, which is a snapshot or the tables of a change, and
//! writes nothing. Most queries first check the viewer with `access`.

pub mod access;
pub mod accounts;
pub mod attachments;
pub mod deleted;
pub mod history;
pub mod log;
pub mod members;
pub mod messages;
pub mod people;
pub mod pins;
pub mod read_state;
pub mod rooms;
pub mod saved;
pub mod search;
pub mod server;
pub mod sessions;
pub mod usage;
