//! Which rooms the person of one connection is in.
//!
//! A connection is registered before its rooms are read: what changes in between is written down, and
//! put on top of what was read. So the rooms are right from then on, whichever of the two saw a change
//! first: a change that the file already had changes nothing.

use crate::model::{LOBBY, RoomId, UserId};

/// A person comes into a room or leaves it.
#[derive(Clone, Copy)]
pub(super) struct MembershipChange {
    pub user: UserId,
    pub room: RoomId,
    pub is_in: bool,
}

/// The rooms of one connection.
pub(super) enum Rooms {
    /// Not read yet: nothing is for it, and the changes wait.
    Unknown(Vec<MembershipChange>),
    /// In order; without the one that everybody is in.
    Known(Vec<RoomId>),
}

impl Rooms {
    /// Whether it hears of this room.
    pub fn has(&self, room: RoomId) -> bool {
        match self {
            Rooms::Unknown(_) => false,
            Rooms::Known(rooms) => is_everybodys(room) || rooms.binary_search(&room).is_ok(),
        }
    }

    pub fn is_known(&self) -> bool {
        matches!(self, Rooms::Known(_))
    }

    /// Those that are known, in order; without the one that everybody is in.
    pub fn known(&self) -> &[RoomId] {
        match self {
            Rooms::Unknown(_) => &[],
            Rooms::Known(rooms) => rooms,
        }
    }

    /// The person came into a room or went.
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

    /// The rooms were read from the file after this connection was registered.
    pub fn set(&mut self, mut rooms: Vec<RoomId>) {
        rooms.sort_unstable();
        if let Rooms::Unknown(changes) = std::mem::replace(self, Rooms::Known(rooms)) {
            changes.into_iter().for_each(|change| self.apply(change));
        }
    }
}

/// The lobby, which no list of rooms holds: everybody is in it.
pub(super) fn is_everybodys(room: RoomId) -> bool {
    room == LOBBY
}
