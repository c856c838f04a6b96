//! Rooms. Today there is one, the Lobby, and everybody is in it.

use super::{RoomId, Seq};

/// The room that every account is in.
pub const LOBBY: RoomId = RoomId(1);

/// Who can find a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomKind {
    /// Everybody here.
    Public,
}

/// A room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Never reused.
    pub id: RoomId,
    /// Who can find it.
    pub kind: RoomKind,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub topic: String,
}

/// A room as one viewer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomView {
    /// The room itself.
    pub room: Room,
    /// Its last seq.
    pub head: Seq,
    /// How far the viewer has read.
    pub read: Seq,
}

impl RoomView {
    /// How many changes the viewer has not seen: plain arithmetic, so that it cannot stick.
    pub fn unread(&self) -> u64 {
        self.head.0.saturating_sub(self.read.0)
    }
}
