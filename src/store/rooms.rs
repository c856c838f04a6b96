//! Rooms: made, changed, arranged, and seen by one of their members.

use super::apply::Done;
use super::rows::codec::{FactsRow, MemberRow, RoomRow, UserRoomRow, key, room as room_of, unseal};
use super::rows::schema::{FIRST_ROOM, Source, Tables};
use super::rows::table::{get, get_known, put};
use super::standing::{self, facts, known, other, standing};
use super::store_error::StoreError;
use super::{log, marks, members, messages, people};
use crate::clock::{Clock, Time};
use crate::error::{Error, Kind};
use crate::limits::{DIRECT_MEMBERS_MAX, FIRST_MEMBERS_MAX, ROOMS_MAX, ROOMS_SCAN_MAX};
use crate::model::{
    Event, LOBBY, Listing, MemberRole, NewRoom, Notice, Room, RoomId, RoomKind, RoomName, RoomPatch, RoomPrefs,
    RoomView, RoomsPage, Topic, UserId, rules, search_key,
};
use redb::{ReadableTable, ReadableTableMetadata};
use std::collections::{HashMap, HashSet};
use std::ops::Bound;

/// What a new file holds: the room that every account is in.
pub(super) fn create_lobby(tables: &mut Tables<'_>) -> Result<(), StoreError> {
    let name = RoomName::stored("Lobby".to_owned());
    let topic = Topic::stored("Everyone is in this room.".to_owned());
    put(
        tables.rooms.write()?,
        FIRST_ROOM,
        &RoomRow::new(RoomKind::Public, &name, &topic),
    )?;
    put(tables.room_names.write()?, name.key(), &FIRST_ROOM)?;
    let facts = FactsRow {
        created_at: Clock::System.now().0,
        ..FactsRow::default()
    };
    put(tables.room_facts.write()?, FIRST_ROOM, &facts)
}

/// How many people are in a room.
pub(super) fn member_count(source: &impl Source, room: u32) -> Result<u64, StoreError> {
    match room == FIRST_ROOM {
        true => Ok(source.users()?.len()?),
        false => Ok(facts(source, room)?.members.into()),
    }
}

/// A room that another row names.
pub(super) fn found(source: &impl Source, room: u32) -> Result<Room, StoreError> {
    let row: RoomRow = get_known(source.rooms()?, room, "a room")?;
    let members = member_count(source, room)?;
    Ok(room_of(room, row, &facts(source, room)?, members))
}

/// A room as somebody sees it who is in it.
pub(super) fn view(source: &impl Source, user: u32, room: u32) -> Result<RoomView, StoreError> {
    let found = found(source, room)?;
    let head = log::head(source, room)?;
    let mark = marks::mark(source, user, room, head)?;
    let arranged = marks::arranged(source, user, room)?;
    let role = standing::role(source, room, user)?.unwrap_or(MemberRole::Member);
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
        last: messages::last(source, room)?,
        room: found,
    })
}

/// Every room that somebody is in.
pub(super) fn of(source: &impl Source, user: UserId) -> Result<Vec<RoomView>, StoreError> {
    let user = known(source, user)?;
    let rooms = marks::rooms_of(source, user)?.into_iter();
    rooms.map(|room| view(source, user, room)).collect()
}

pub(super) fn one(source: &impl Source, viewer: UserId, room: RoomId) -> Result<RoomView, StoreError> {
    let (user, room) = standing::inside(source, viewer, room)?;
    view(source, user, room)
}

/// The rooms that somebody is in, but for the one that everybody is in.
pub(super) fn ids(source: &impl Source, user: UserId) -> Result<Vec<RoomId>, StoreError> {
    let rooms = marks::rooms_of(source, known(source, user)?)?.into_iter().skip(1);
    Ok(rooms.map(|room| RoomId(room.into())).collect())
}

/// A page of the public rooms, by name. Looks at a bounded number of them, so it may be short and not the
/// last one.
pub(super) fn browse(
    source: &impl Source,
    viewer: UserId,
    query: &str,
    after: Option<RoomId>,
    count: usize,
) -> Result<RoomsPage, StoreError> {
    let user = known(source, viewer)?;
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
                room: found(source, room)?,
                joined: standing::role(source, room, user)?.is_some(),
            });
        }
    }
    Ok(RoomsPage { rooms, next: None })
}

/// Where a public room stands among the others.
fn public_name(source: &impl Source, room: RoomId) -> Result<String, StoreError> {
    let no_such = || Error::invalid("after", "There is no such room.");
    let row: Option<RoomRow> = get(source.rooms()?, key(room.0).ok_or_else(no_such)?)?;
    let row = row.filter(|row| row.kind() == RoomKind::Public).ok_or_else(no_such)?;
    Ok(RoomName::stored(row.name).key().to_owned())
}

/// The rooms that these names mean to somebody: public ones, and those that they are in.
pub(super) fn named(
    source: &impl Source,
    viewer: UserId,
    names: &[String],
) -> Result<HashMap<String, RoomId>, StoreError> {
    let user = known(source, viewer)?;
    let mut rooms = HashMap::new();
    let wanted: HashSet<&str> = names.iter().map(String::as_str).collect();
    for room in marks::rooms_of(source, user)? {
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

pub(super) fn create(tables: &mut Tables<'_>, new: &NewRoom) -> Result<Done, StoreError> {
    let by = known(tables, new.by)?;
    let mut first = vec![by];
    for member in &new.members {
        first.push(other(tables, *member)?);
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

fn create_named(tables: &mut Tables<'_>, new: &NewRoom, by: u32, first: Vec<u32>) -> Result<Done, StoreError> {
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
            people::refuse_blocked(tables, by, *user)?;
        }
        members::has_place(tables, *user, by, new.kind)?;
    }

    let room = insert(tables, new, people.len())?;
    if new.kind == RoomKind::Public {
        put(tables.room_names.write()?, new.name.key(), &room)?;
    }
    for (order, user) in people.iter().enumerate() {
        members::insert(tables, room, *user, *user == by, order as u32)?;
        members::bring(tables, room, *user, by)?;
    }
    let mut told = vec![log::notice(tables, room, by, &Notice::Created, new.at)?];
    for user in people.iter().rev() {
        marks::enter(tables, *user, room)?;
        told.push(entered(tables, *user, room)?);
    }
    // Of its maker, who comes first in the list.
    let answer = told.last().cloned();
    let answer = answer.ok_or_else(|| StoreError::Damaged("a room without its maker".to_owned()))?;
    Ok(Done::tells(answer, told))
}

fn create_direct(tables: &mut Tables<'_>, new: &NewRoom, by: u32, mut people: Vec<u32>) -> Result<Done, StoreError> {
    people.sort_unstable();
    people.dedup();
    if !(2..=DIRECT_MEMBERS_MAX).contains(&people.len()) {
        let title = format!("A direct message is between 2 and {DIRECT_MEMBERS_MAX} people.");
        return Err(Error::invalid("members", title).into());
    }
    let names: Vec<u8> = people.iter().flat_map(|user| user.to_be_bytes()).collect();
    if let Some(room) = get::<_, u32>(tables.directs()?, names.as_slice())? {
        let view = view(tables, by, room)?;
        return Ok(Done::nothing(Event::InAlready { view }));
    }
    for user in people.iter().filter(|user| **user != by) {
        people::refuse_blocked(tables, by, *user)?;
    }
    for user in &people {
        members::has_place(tables, *user, by, new.kind)?;
    }

    let room = insert(tables, new, people.len())?;
    put(tables.directs.write()?, names.as_slice(), &room)?;
    for (order, user) in people.iter().enumerate() {
        members::insert(tables, room, *user, false, order as u32)?;
        members::bring(tables, room, *user, by)?;
    }
    let mut told = Vec::new();
    for user in &people {
        told.push(entered(tables, *user, room)?);
    }
    let own = people.iter().position(|user| *user == by).unwrap_or(0);
    Ok(Done::tells(told[own].clone(), told))
}

/// A new room without anybody in it.
fn insert(tables: &mut Tables<'_>, new: &NewRoom, people: usize) -> Result<u32, StoreError> {
    let last = tables.rooms.read()?.last()?.map_or(0, |(id, _)| id.value());
    let room = last + 1;
    put(
        tables.rooms.write()?,
        room,
        &RoomRow::new(new.kind, &new.name, &new.topic),
    )?;
    let facts = FactsRow {
        archived: false,
        created_at: new.at.0,
        members: people as u32,
    };
    put(tables.room_facts.write()?, room, &facts)?;
    Ok(room)
}

/// Somebody is in a room now.
pub(super) fn entered(source: &impl Source, user: u32, room: u32) -> Result<Event, StoreError> {
    let view = view(source, user, room)?;
    let strangers = view.members.iter().map(|user| people::user(source, user.0 as u32));
    Ok(Event::Entered {
        user: UserId(user.into()),
        people: strangers.collect::<Result<_, _>>()?,
        view,
    })
}

pub(super) fn edit(
    tables: &mut Tables<'_>,
    by: UserId,
    room: RoomId,
    patch: &RoomPatch,
    at: Time,
) -> Result<Done, StoreError> {
    let who = known(tables, by)?;
    rules::may_manage(standing(tables, room, who)?.as_ref(), patch.archived.is_some())?;
    let id = room.0 as u32;
    let mut row: RoomRow = get_known(tables.rooms.read()?, id, "a room")?;
    let mut facts = facts(tables, id)?;
    let name = patch.name.as_ref().filter(|name| name.as_str() != row.name);
    let topic = patch.topic.as_ref().filter(|topic| topic.as_str() != row.topic);
    let archived = patch.archived.filter(|archived| *archived != facts.archived);
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

    let mut told = Vec::new();
    if let Some(name) = name {
        if is_public {
            tables.room_names.write()?.remove(before.key())?;
            put(tables.room_names.write()?, name.key(), &id)?;
        }
        row.name = name.as_str().to_owned();
        told.push(log::notice(tables, id, who, &Notice::Renamed(name.clone()), at)?);
    }
    if let Some(topic) = topic {
        row.topic = topic.as_str().to_owned();
        told.push(log::notice(tables, id, who, &Notice::Topic(topic.clone()), at)?);
    }
    if let Some(archived) = archived {
        facts.archived = archived;
        let notice = if archived { Notice::Archived } else { Notice::Restored };
        told.push(log::notice(tables, id, who, &notice, at)?);
    }
    if told.is_empty() {
        return Ok(Done::nothing(Event::RoomChanged(found(tables, id)?)));
    }
    put(tables.rooms.write()?, id, &row)?;
    put(tables.room_facts.write()?, id, &facts)?;
    let changed = Event::RoomChanged(found(tables, id)?);
    told.push(changed.clone());
    Ok(Done::tells(changed, told))
}

pub(super) fn arrange(
    tables: &mut Tables<'_>,
    user: UserId,
    room: RoomId,
    prefs: &RoomPrefs,
) -> Result<Done, StoreError> {
    let (who, id) = standing::inside(tables, user, room)?;
    let mut row: UserRoomRow = marks::arranged(tables, who, id)?;
    if let Some(notify) = prefs.notify {
        row.set_notify(notify);
    }
    row.favourite = prefs.favourite.unwrap_or(row.favourite);
    row.hidden = prefs.hidden.unwrap_or(row.hidden);
    put(tables.user_rooms.write()?, (who, id), &row)?;
    let view = view(tables, who, id)?;
    Ok(Done::told(Event::RoomArranged { user, view }))
}

/// Writes how many people are in a room now; everybody counts themselves in the first one.
pub(super) fn count_members(tables: &mut Tables<'_>, room: u32, change: i64) -> Result<Event, StoreError> {
    debug_assert_ne!(u64::from(room), LOBBY.0);
    let mut facts = facts(tables, room)?;
    facts.members = u32::try_from(i64::from(facts.members) + change).unwrap_or(0);
    put(tables.room_facts.write()?, room, &facts)?;
    Ok(Event::RoomChanged(found(tables, room)?))
}

/// Who has been longest in a room, and what they are.
pub(super) fn longest_there(source: &impl Source, room: u32) -> Result<Option<u32>, StoreError> {
    let mut first: Option<(u32, u32)> = None;
    for row in source.members()?.range((room, 0)..=(room, u32::MAX))? {
        let (key, row) = row?;
        let order = unseal::<MemberRow>(row.value())?.order;
        if first.is_none_or(|(lowest, _)| order < lowest) {
            first = Some((order, key.value().1));
        }
    }
    Ok(first.map(|(_, user)| user))
}
