//! The rooms that the person of one connection is in.
//!
//! A connection is registered before its rooms are read. Changes in between are recorded and applied to the result of
//! the read. A change that the read already saw has no effect, so the rooms are right whichever came first.

use crate::model::{LOBBY, RoomId, UserId};

/// A person joins or leaves a room.
#[derive(Clone, Copy)]
pub(super) struct MembershipChange {
    pub user: UserId,
    pub room: RoomId,
    pub is_in: bool,
}

/// The rooms of one connection.
pub(super) enum Rooms {
    /// Not read yet: no frame is for this connection, and the changes are recorded.
    Unknown(Vec<MembershipChange>),
    /// Sorted, without the Lobby.
    Known(Vec<RoomId>),
}

impl Rooms {
    /// Whether the connection gets events of this room.
    pub fn has(&self, room: RoomId) -> bool {
        match self {
            Rooms::Unknown(_) => false,
            Rooms::Known(rooms) => is_everybodys(room) || rooms.binary_search(&room).is_ok(),
        }
    }

    pub fn is_known(&self) -> bool {
        matches!(self, Rooms::Known(_))
    }

    /// The known rooms, sorted, without the Lobby.
    pub fn known(&self) -> &[RoomId] {
        match self {
            Rooms::Unknown(_) => &[],
            Rooms::Known(rooms) => rooms,
        }
    }

    /// Applies the person's joining or leaving of a room.
    pub fn apply(&mut self, change: MembershipChange) {
        match self {
            Rooms::Unknown(changes) => changes.push(change),
            Rooms::Known(rooms) => match (rooms.binary_search(&change.room), change.is_in) {
                (Err(index), true) => rooms.insert(index, change.room),
                (Ok(index), false) => drop(rooms.remove(index)),
                _ => {}
            },
        }
    }

    /// Sets the rooms that were read from the file after this connection was registered.
    pub fn set(&mut self, mut rooms: Vec<RoomId>) {
        rooms.sort_unstable();
        if let Rooms::Unknown(changes) = std::mem::replace(self, Rooms::Known(rooms)) {
            changes.into_iter().for_each(|change| self.apply(change));
        }
    }
}

/// Whether this is the Lobby, which no list of rooms holds because everybody is in it.
pub(super) fn is_everybodys(room: RoomId) -> bool {
    room == LOBBY
}
