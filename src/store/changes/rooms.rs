//! Rooms: created, edited, and arranged by a member.

use super::outcome::Outcome;
use super::{log, members, read_state};
use crate::clock::{Clock, Time};
use crate::error::{Error, Kind};
use crate::limits::{DIRECT_MEMBERS_MAX, FIRST_MEMBERS_MAX, ROOMS_MAX};
use crate::model::{Event, NewRoom, Notice, RoomId, RoomKind, RoomName, RoomPatch, RoomPrefs, Topic, UserId, rules};
use crate::store::queries;
use crate::store::queries::access::{access, active_user, existing_user, require_member, room_meta};
use crate::store::rows::codec::{RoomMetaRow, RoomRow, UserRoomRow};
use crate::store::rows::schema::{FIRST_ROOM, Source, Tables};
use crate::store::rows::table::{get, get_known, put};
use crate::store::store_error::StoreError;
use redb::{ReadableTable, ReadableTableMetadata};

/// Creates the Lobby, the room that every account is in, in a new file.
pub fn create_lobby(tables: &mut Tables<'_>) -> Result<(), StoreError> {
    let name = RoomName::stored("Lobby".to_owned());
    let topic = Topic::stored("Everyone is in this room.".to_owned());
    put(
        tables.rooms.write()?,
        FIRST_ROOM,
        &RoomRow::new(RoomKind::Public, &name, &topic),
    )?;
    put(tables.room_names.write()?, name.key(), &FIRST_ROOM)?;
    let meta = RoomMetaRow {
        created_at: Clock::System.now().0,
        ..RoomMetaRow::default()
    };
    put(tables.room_meta.write()?, FIRST_ROOM, &meta)
}

pub fn create(tables: &mut Tables<'_>, new: &NewRoom) -> Result<Outcome, StoreError> {
    let by = active_user(tables, new.by)?;
    let mut first = vec![by];
    for member in &new.members {
        first.push(existing_user(tables, *member)?);
    }
    if tables.rooms.read()?.len()? >= ROOMS_MAX {
        return Err(Error::new(
            Kind::Conflict,
            format!("There are {ROOMS_MAX} rooms. There can be no more."),
        )
        .into());
    }
    match new.kind {
        RoomKind::Direct => create_direct(tables, new, by, first),
        _ => create_named(tables, new, by, first),
    }
}

fn create_named(tables: &mut Tables<'_>, new: &NewRoom, by: u32, first: Vec<u32>) -> Result<Outcome, StoreError> {
    let mut people: Vec<u32> = Vec::new();
    for user in first {
        if !people.contains(&user) {
            people.push(user);
        }
    }
    if people.len() > FIRST_MEMBERS_MAX {
        let title = format!("A room begins with at most {FIRST_MEMBERS_MAX} people. Add the others later.");
        return Err(Error::invalid("members", title).into());
    }
    if new.kind == RoomKind::Public && get::<_, u32>(tables.room_names.read()?, new.name.key())?.is_some() {
        return Err(Error::new(Kind::NameTaken, "There is a room with that name.")
            .at("name")
            .into());
    }
    for user in &people {
        if *user != by {
            queries::people::refuse_blocked(tables, by, *user)?;
        }
        queries::members::check_room_limits(tables, *user, by, new.kind)?;
    }

    let room = insert(tables, new, people.len())?;
    if new.kind == RoomKind::Public {
        put(tables.room_names.write()?, new.name.key(), &room)?;
    }
    for (order, user) in people.iter().enumerate() {
        members::insert(tables, room, *user, *user == by, order as u32)?;
        members::set_added_by(tables, room, *user, by)?;
    }
    let mut events = vec![log::notice(tables, room, by, &Notice::Created, new.at)?];
    for user in people.iter().rev() {
        read_state::enter(tables, *user, room)?;
        events.push(queries::rooms::entered(tables, *user, room)?);
    }
    // The answer is the event of the creator, who comes first in the list.
    let answer = events.last().cloned();
    let answer = answer.ok_or_else(|| StoreError::Damaged("a room without its maker".to_owned()))?;
    Ok(Outcome::broadcast_many(answer, events))
}

fn create_direct(tables: &mut Tables<'_>, new: &NewRoom, by: u32, mut people: Vec<u32>) -> Result<Outcome, StoreError> {
    people.sort_unstable();
    people.dedup();
    if !(2..=DIRECT_MEMBERS_MAX).contains(&people.len()) {
        let title = format!("A direct message is between 2 and {DIRECT_MEMBERS_MAX} people.");
        return Err(Error::invalid("members", title).into());
    }
    let names: Vec<u8> = people.iter().flat_map(|user| user.to_be_bytes()).collect();
    if let Some(room) = get::<_, u32>(tables.directs()?, names.as_slice())? {
        let view = queries::rooms::view(tables, by, room)?;
        return Ok(Outcome::noop(Event::AlreadyMember { view }));
    }
    for user in people.iter().filter(|user| **user != by) {
        queries::people::refuse_blocked(tables, by, *user)?;
    }
    for user in &people {
        queries::members::check_room_limits(tables, *user, by, new.kind)?;
    }

    let room = insert(tables, new, people.len())?;
    put(tables.directs.write()?, names.as_slice(), &room)?;
    for (order, user) in people.iter().enumerate() {
        members::insert(tables, room, *user, false, order as u32)?;
        members::set_added_by(tables, room, *user, by)?;
    }
    let mut events = Vec::new();
    for user in &people {
        events.push(queries::rooms::entered(tables, *user, room)?);
    }
    let own = people.iter().position(|user| *user == by).unwrap_or(0);
    Ok(Outcome::broadcast_many(events[own].clone(), events))
}

/// Creates a room without any members.
fn insert(tables: &mut Tables<'_>, new: &NewRoom, people: usize) -> Result<u32, StoreError> {
    let last = tables.rooms.read()?.last()?.map_or(0, |(id, _)| id.value());
    let room = last + 1;
    put(
        tables.rooms.write()?,
        room,
        &RoomRow::new(new.kind, &new.name, &new.topic),
    )?;
    let meta = RoomMetaRow {
        archived: false,
        created_at: new.at.0,
        members: people as u32,
    };
    put(tables.room_meta.write()?, room, &meta)?;
    Ok(room)
}

pub fn edit(
    tables: &mut Tables<'_>,
    by: UserId,
    room: RoomId,
    patch: &RoomPatch,
    at: Time,
) -> Result<Outcome, StoreError> {
    let who = active_user(tables, by)?;
    rules::may_manage(access(tables, room, who)?.as_ref(), patch.archived.is_some())?;
    let id = room.0 as u32;
    let mut row: RoomRow = get_known(tables.rooms.read()?, id, "a room")?;
    let mut meta = room_meta(tables, id)?;
    let name = patch.name.as_ref().filter(|name| name.as_str() != row.name);
    let topic = patch.topic.as_ref().filter(|topic| topic.as_str() != row.topic);
    let archived = patch.archived.filter(|archived| *archived != meta.archived);
    let before = RoomName::stored(row.name.clone());
    let is_public = row.kind() == RoomKind::Public;
    if let Some(name) = name
        && is_public
        && get::<_, u32>(tables.room_names.read()?, name.key())?.is_some_and(|owner| owner != id)
    {
        return Err(Error::new(Kind::NameTaken, "There is a room with that name.")
            .at("name")
            .into());
    }

    let mut events = Vec::new();
    if let Some(name) = name {
        if is_public {
            tables.room_names.write()?.remove(before.key())?;
            put(tables.room_names.write()?, name.key(), &id)?;
        }
        row.name = name.as_str().to_owned();
        events.push(log::notice(tables, id, who, &Notice::Renamed(name.clone()), at)?);
    }
    if let Some(topic) = topic {
        row.topic = topic.as_str().to_owned();
        events.push(log::notice(tables, id, who, &Notice::Topic(topic.clone()), at)?);
    }
    if let Some(archived) = archived {
        meta.archived = archived;
        let notice = if archived { Notice::Archived } else { Notice::Restored };
        events.push(log::notice(tables, id, who, &notice, at)?);
    }
    if events.is_empty() {
        return Ok(Outcome::noop(Event::RoomChanged(queries::rooms::existing_room(
            tables, id,
        )?)));
    }
    put(tables.rooms.write()?, id, &row)?;
    put(tables.room_meta.write()?, id, &meta)?;
    let changed = Event::RoomChanged(queries::rooms::existing_room(tables, id)?);
    events.push(changed.clone());
    Ok(Outcome::broadcast_many(changed, events))
}

pub fn arrange(tables: &mut Tables<'_>, user: UserId, room: RoomId, prefs: &RoomPrefs) -> Result<Outcome, StoreError> {
    let (who, id) = require_member(tables, user, room)?;
    let mut row: UserRoomRow = queries::rooms::arrangement(tables, who, id)?;
    if let Some(notify) = prefs.notify {
        row.set_notify(notify);
    }
    row.favourite = prefs.favourite.unwrap_or(row.favourite);
    row.hidden = prefs.hidden.unwrap_or(row.hidden);
    put(tables.user_rooms.write()?, (who, id), &row)?;
    let view = queries::rooms::view(tables, who, id)?;
    Ok(Outcome::broadcast(Event::RoomArranged { user, view }))
}
