//! Rooms, and how far each person has read.

use super::accounts;
use super::codec::{RoomRow, key};
use super::fault::Fault;
use super::tables::{READ_MARKS, ROOMS, Row, SEQS, Tables, get, put};
use super::writer::Done;
use crate::error::Error;
use crate::model::{ConnectionId, Event, LOBBY, Room, RoomId, RoomKind, RoomView, Seq, UserId, rules};
use redb::{ReadTransaction, ReadableTable};

/// What a new file holds: the room that every account is in.
pub(super) fn create_lobby(tables: &mut Tables<'_>) -> Result<(), Fault> {
    let lobby = Room {
        id: LOBBY,
        kind: RoomKind::Public,
        name: "Lobby".to_owned(),
        topic: "Everyone is in this room.".to_owned(),
    };
    put(&mut tables.rooms, LOBBY.0 as u32, &RoomRow::new(&lobby))
}

/// The room, if there is one.
pub(super) fn find(rooms: &impl ReadableTable<u32, Row>, room: RoomId) -> Result<Option<Room>, Fault> {
    let Some(id) = key(room.0) else { return Ok(None) };
    Ok(get::<_, RoomRow>(rooms, id)?.map(|row| row.room(id)))
}

/// The last seq of a room; 0 where nothing has happened yet.
pub(super) fn head(seqs: &impl ReadableTable<(u32, u32), Row>, room: u32) -> Result<u32, Fault> {
    let last = seqs.range((room, 0)..=(room, u32::MAX))?.next_back().transpose()?;
    Ok(last.map_or(0, |(key, _)| key.value().1))
}

/// Somebody is new in a room: what was said before is history to them, not unread.
pub(super) fn enter(tables: &mut Tables<'_>, user: u32, room: RoomId) -> Result<(), Fault> {
    let room = room.0 as u32;
    let head = head(&tables.seqs, room)?;
    put(&mut tables.read_marks, (user, room), &head)
}

pub(super) fn mark_read(
    tables: &mut Tables<'_>,
    user: UserId,
    room: RoomId,
    seq: Seq,
    by: Option<ConnectionId>,
) -> Result<Done, Fault> {
    rules::may_read(room)?;
    let (who, place) = (accounts::known(tables, user)?, room.0 as u32);
    if seq.0 > u64::from(head(&tables.seqs, place)?) {
        return Err(Error::invalid("seq", "Nobody can have read further than the room goes.").into());
    }
    let (seq, before) = (seq.0 as u32, get(&tables.read_marks, (who, place))?.unwrap_or(0));
    if seq <= before {
        return Ok(Done::Nothing(Event::Read {
            user,
            room,
            seq: Seq(before.into()),
            by,
        }));
    }
    put(&mut tables.read_marks, (who, place), &seq)?;
    Ok(Done::Told(Event::Read {
        user,
        room,
        seq: Seq(seq.into()),
        by,
    }))
}

pub(super) fn by_id(txn: &ReadTransaction, room: RoomId) -> Result<Option<Room>, Fault> {
    find(&txn.open_table(ROOMS)?, room)
}

/// Every room that somebody is in.
pub(super) fn of(txn: &ReadTransaction, user: UserId) -> Result<Vec<RoomView>, Fault> {
    let (seqs, marks) = (txn.open_table(SEQS)?, txn.open_table(READ_MARKS)?);
    let Some(room) = find(&txn.open_table(ROOMS)?, LOBBY)? else {
        return Err(Fault::Damaged("the Lobby is missing".to_owned()));
    };
    let place = LOBBY.0 as u32;
    let read: u32 = match key(user.0) {
        Some(who) => get(&marks, (who, place))?.unwrap_or(0),
        None => 0,
    };
    let head = head(&seqs, place)?;
    Ok(vec![RoomView {
        room,
        head: Seq(head.into()),
        read: Seq(read.into()),
    }])
}
