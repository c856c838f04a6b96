//! Who may do what: one function per verb, decided by data that the caller looked up.

use super::{LOBBY, Room, RoomId};
use crate::error::{Error, Kind, Result};

/// Whether somebody may see `room` and its history. A room that is not there and one that is not
/// theirs answer alike.
///
/// # Errors
/// `not_found`.
pub fn may_read(room: RoomId) -> Result<()> {
    // Everybody here is in the Lobby, and there is no other room yet.
    if room == LOBBY { Ok(()) } else { Err(no_such_room()) }
}

/// Whether somebody may post to the room that the store found.
///
/// # Errors
/// `not_found`.
pub fn may_post(room: Option<&Room>) -> Result<()> {
    may_read(room.ok_or_else(no_such_room)?.id)
}

fn no_such_room() -> Error {
    Error::new(Kind::NotFound, "There is no such room.").at("room")
}
