//! Rooms as rows.

use crate::clock::Time;
use crate::model::{MemberRole, Notify, Room, RoomId, RoomKind, RoomName, Topic};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub struct RoomRow {
    kind: RoomKindRow,
    pub name: String,
    pub topic: String,
}

#[derive(Serialize, Deserialize)]
enum RoomKindRow {
    Public,
    Private,
    Direct,
}

impl RoomRow {
    pub fn new(kind: RoomKind, name: &RoomName, topic: &Topic) -> RoomRow {
        RoomRow {
            kind: match kind {
                RoomKind::Public => RoomKindRow::Public,
                RoomKind::Private => RoomKindRow::Private,
                RoomKind::Direct => RoomKindRow::Direct,
            },
            name: name.as_str().to_owned(),
            topic: topic.as_str().to_owned(),
        }
    }

    pub fn kind(&self) -> RoomKind {
        match self.kind {
            RoomKindRow::Public => RoomKind::Public,
            RoomKindRow::Private => RoomKind::Private,
            RoomKindRow::Direct => RoomKind::Direct,
        }
    }
}

#[derive(Default, Serialize, Deserialize)]
pub struct RoomMetaRow {
    pub archived: bool,
    pub created_at: u64,
    /// The number of members. Not kept for the first room.
    pub members: u32,
}

/// Builds a room from the rows about it.
pub fn room(id: u32, row: RoomRow, meta: &RoomMetaRow, members: u64) -> Room {
    Room {
        id: RoomId(id.into()),
        kind: row.kind(),
        name: RoomName::stored(row.name),
        topic: Topic::stored(row.topic),
        archived: meta.archived,
        created_at: Time(meta.created_at),
        member_count: members,
    }
}

#[derive(Serialize, Deserialize)]
pub struct MemberRow {
    pub is_owner: bool,
    /// Grows with each member who joins: the member with the lowest order has been there longest.
    pub order: u32,
}

impl MemberRow {
    pub fn role(&self) -> MemberRole {
        match self.is_owner {
            true => MemberRole::Owner,
            false => MemberRole::Member,
        }
    }
}

#[derive(Default, Serialize, Deserialize)]
pub struct UserRoomRow {
    notify: Option<NotifyRow>,
    pub favourite: bool,
    pub hidden: bool,
}

#[derive(Serialize, Deserialize)]
enum NotifyRow {
    All,
    Mentions,
    Nothing,
}

impl UserRoomRow {
    pub fn notify(&self, kind: RoomKind) -> Notify {
        match self.notify {
            Some(NotifyRow::All) => Notify::All,
            Some(NotifyRow::Mentions) => Notify::Mentions,
            Some(NotifyRow::Nothing) => Notify::Nothing,
            None => Notify::of(kind),
        }
    }

    pub fn set_notify(&mut self, notify: Notify) {
        self.notify = Some(match notify {
            Notify::All => NotifyRow::All,
            Notify::Mentions => NotifyRow::Mentions,
            Notify::Nothing => NotifyRow::Nothing,
        });
    }
}
