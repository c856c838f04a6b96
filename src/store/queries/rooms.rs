//! Rooms as a member sees them, and the list of public rooms.

use super::access::{active_user, member_role, require_member, room_meta};
use super::{log, members, messages, people, read_state};
use crate::error::Error;
use crate::limits::ROOMS_SCAN_MAX;
use crate::model::{
    Event, Listing, MemberRole, Room, RoomId, RoomKind, RoomName, RoomView, RoomsPage, UserId, search_key,
};
use crate::store::rows::codec::{RoomRow, UserRoomRow, key, room as room_of, unseal};
use crate::store::rows::schema::Source;
use crate::store::rows::table::{get, get_known};
use crate::store::store_error::StoreError;
use redb::ReadableTable;
use std::collections::{HashMap, HashSet};
use std::ops::Bound;

/// A user's settings for a room.
pub fn arrangement(source: &impl Source, user: u32, room: u32) -> Result<UserRoomRow, StoreError> {
    Ok(get(source.user_rooms()?, (user, room))?.unwrap_or_default())
}

/// A room that another row names.
pub fn existing_room(source: &impl Source, room: u32) -> Result<Room, StoreError> {
    let row: RoomRow = get_known(source.rooms()?, room, "a room")?;
    let members = members::member_count(source, room)?;
    Ok(room_of(room, row, &room_meta(source, room)?, members))
}

/// A room as a member sees it.
pub fn view(source: &impl Source, user: u32, room: u32) -> Result<RoomView, StoreError> {
    let found = existing_room(source, room)?;
    let head = log::head(source, room)?;
    let mark = read_state::read_mark(source, user, room, head)?;
    let arranged = arrangement(source, user, room)?;
    let role = member_role(source, room, user)?.unwrap_or(MemberRole::Member);
    let members = match found.kind {
        RoomKind::Direct => members::all(source, room)?,
        _ => Vec::new(),
    };
    Ok(RoomView {
        role,
        head: crate::model::Seq(head.seq.into()),
        read: mark.seq,
        unread: mark.unread,
        mentions: mark.mentions,
        notify: arranged.notify(found.kind),
        favourite: arranged.favourite,
        hidden: arranged.hidden,
        members: members.into_iter().map(|user| UserId(user.into())).collect(),
        last: messages::last_post(source, room)?,
        room: found,
    })
}

/// Every room that a user is in.
pub fn views(source: &impl Source, user: UserId) -> Result<Vec<RoomView>, StoreError> {
    let user = active_user(source, user)?;
    let rooms = members::rooms_of(source, user)?.into_iter();
    rooms.map(|room| view(source, user, room)).collect()
}

pub fn view_for(source: &impl Source, viewer: UserId, room: RoomId) -> Result<RoomView, StoreError> {
    let (user, room) = require_member(source, viewer, room)?;
    view(source, user, room)
}

/// The rooms that a user is in, without the first room.
pub fn ids(source: &impl Source, user: UserId) -> Result<Vec<RoomId>, StoreError> {
    let rooms = members::rooms_of(source, active_user(source, user)?)?
        .into_iter()
        .skip(1);
    Ok(rooms.map(|room| RoomId(room.into())).collect())
}

/// A page of the public rooms, by name. Looks at a bounded number of rooms, so a page may be short without being the
/// last one.
pub fn browse(
    source: &impl Source,
    viewer: UserId,
    query: &str,
    after: Option<RoomId>,
    count: usize,
) -> Result<RoomsPage, StoreError> {
    let user = active_user(source, viewer)?;
    let before_all = Bound::Included(String::new());
    let start = after.map_or(Ok(before_all), |room| public_name(source, room).map(Bound::Excluded))?;
    let names = (start.as_ref().map(String::as_str), Bound::Unbounded);
    let (mut rooms, mut last) = (Vec::new(), None);
    for (looked_at, row) in source.room_names()?.range::<&str>(names)?.enumerate() {
        if rooms.len() == count || looked_at == ROOMS_SCAN_MAX {
            return Ok(RoomsPage { rooms, next: last });
        }
        let room = unseal::<u32>(row?.1.value())?;
        last = Some(RoomId(room.into()));
        let row: RoomRow = get_known(source.rooms()?, room, "a room")?;
        let is_wanted = |text: &str| search_key(text).contains(query);
        if query.is_empty() || is_wanted(&row.name) || is_wanted(&row.topic) {
            rooms.push(Listing {
                room: existing_room(source, room)?,
                joined: member_role(source, room, user)?.is_some(),
            });
        }
    }
    Ok(RoomsPage { rooms, next: None })
}

/// The name by which a public room is sorted.
fn public_name(source: &impl Source, room: RoomId) -> Result<String, StoreError> {
    let no_such = || Error::invalid("after", "There is no such room.");
    let row: Option<RoomRow> = get(source.rooms()?, key(room.0).ok_or_else(no_such)?)?;
    let row = row.filter(|row| row.kind() == RoomKind::Public).ok_or_else(no_such)?;
    Ok(RoomName::stored(row.name).key().to_owned())
}

/// The rooms with these names that the viewer can see: public rooms and the viewer's own.
pub fn named(source: &impl Source, viewer: UserId, names: &[String]) -> Result<HashMap<String, RoomId>, StoreError> {
    let user = active_user(source, viewer)?;
    let mut rooms = HashMap::new();
    let wanted: HashSet<&str> = names.iter().map(String::as_str).collect();
    for room in members::rooms_of(source, user)? {
        let row: RoomRow = get_known(source.rooms()?, room, "a room")?;
        let name = RoomName::stored(row.name);
        if wanted.contains(name.key()) {
            rooms.insert(name.key().to_owned(), RoomId(room.into()));
        }
    }
    for name in names {
        if let Some(room) = get::<_, u32>(source.room_names()?, name.as_str())? {
            rooms.insert(name.clone(), RoomId(room.into()));
        }
    }
    Ok(rooms)
}

/// The event for a user who is now in a room, with everything needed to show it.
pub fn entered(source: &impl Source, user: u32, room: u32) -> Result<Event, StoreError> {
    let view = view(source, user, room)?;
    let strangers = view.members.iter().map(|user| people::user(source, user.0 as u32));
    Ok(Event::JoinedRoom {
        user: UserId(user.into()),
        people: strangers.collect::<Result<_, _>>()?,
        view,
    })
}
