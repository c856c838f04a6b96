//! Rooms, their lookup tables, and their members.

use super::checker::Checker;
use crate::model::{RoomKind, RoomName};
use crate::store::rows::codec::{MemberRow, RoomMetaRow, RoomRow, UserRoomRow, unseal};
use crate::store::rows::schema::{FIRST_ROOM, Source};
use crate::store::rows::table::{get, has};
use crate::store::store_error::StoreError;
use redb::{ReadableTable, ReadableTableMetadata};
use std::collections::HashMap;

/// The members of a room.
#[derive(Clone, Copy, Default)]
struct Members {
    count: u32,
    owners: u32,
}

pub fn check(checker: &Checker<'_>) -> Result<(), StoreError> {
    checker
        .last_room
        .set(checker.source.rooms()?.last()?.map_or(0, |(id, _)| id.value()));
    let members = members(checker)?;
    rooms(checker, &members)?;
    arrangements(checker)
}

/// The members of each room. The first room has no rows in `members`, because every account is in it.
fn members(checker: &Checker<'_>) -> Result<HashMap<u32, Members>, StoreError> {
    let source = &checker.source;
    let mut found: HashMap<u32, Members> = HashMap::new();
    checker.rows("members", source.members()?, |(room, user), row: MemberRow| {
        let key = (room, user);
        let of_room = found.entry(room).or_default();
        of_room.count += 1;
        of_room.owners += u32::from(row.is_owner);
        let is_listed = room != FIRST_ROOM && checker.is_room(room);
        checker.unless(is_listed, "members", &key, "there is no room that this is a member of");
        checker.unless(checker.is_person(user), "members", &key, "nobody has this account");
        let has_room = has(source.user_rooms()?, (user, room))?;
        checker.unless(has_room, "members", &key, "the room is missing in the table user_rooms");
        Ok(())
    })?;
    Ok(found)
}

/// Rooms are numbered from 1 on and are never removed.
fn rooms(checker: &Checker<'_>, members: &HashMap<u32, Members>) -> Result<(), StoreError> {
    let source = &checker.source;
    let (mut last, mut named, mut direct) = (0_u32, 0, 0);
    checker.sealed("rooms", source.rooms()?, |id, row| {
        checker.unless(id == last + 1, "rooms", &id, "the rooms before it are missing");
        last = id;
        let row: RoomRow = unseal(row)?;
        let kind = row.kind();
        match kind {
            RoomKind::Public => {
                named += 1;
                let found: Option<u32> = get(source.room_names()?, RoomName::stored(row.name).key())?;
                let what = "its name does not lead to it in the table room_names";
                checker.unless(found == Some(id), "rooms", &id, what);
            }
            RoomKind::Direct => direct += 1,
            RoomKind::Private => {}
        }
        let members = members.get(&id).copied().unwrap_or_default();
        let meta: Option<RoomMetaRow> = get(source.room_meta()?, id)?;
        match meta {
            None => checker.unless(id == FIRST_ROOM, "rooms", &id, "it has no row in the table room_facts"),
            Some(meta) if meta.members != members.count => {
                let what = format!("{} members are counted, and {} are there", meta.members, members.count);
                checker.wrong("room_facts", &id, what);
            }
            Some(_) => {}
        }
        let is_looked_after = kind == RoomKind::Direct || members.owners > 0 || members.count == 0;
        checker.unless(is_looked_after, "rooms", &id, "none of its members is its owner");
        Ok(())
    })?;
    checker.unless(last > 0, "rooms", &FIRST_ROOM, "the first room is missing");
    found_by(checker, named, direct)
}

/// Each row in a lookup table refers to a room of the right kind, and there are as many rows as such rooms.
fn found_by(checker: &Checker<'_>, named: u64, direct: u64) -> Result<(), StoreError> {
    let source = &checker.source;
    checker.rows("room_facts", source.room_meta()?, |id, _: RoomMetaRow| {
        checker.unless(checker.is_room(id), "room_facts", &id, "there is no such room");
        Ok(())
    })?;
    checker.rows("room_names", source.room_names()?, |name, id: u32| {
        let row: Option<RoomRow> = get(source.rooms()?, id)?;
        let holds = row.is_some_and(|row| row.kind() == RoomKind::Public && RoomName::stored(row.name).key() == name);
        checker.unless(holds, "room_names", &name, "it leads to no public room of this name");
        Ok(())
    })?;
    checker.rows("directs", source.directs()?, |key, id: u32| {
        let row: Option<RoomRow> = get(source.rooms()?, id)?;
        let is_direct = row.is_some_and(|row| row.kind() == RoomKind::Direct);
        let mut people = Vec::new();
        for row in source.members()?.range((id, 0)..=(id, u32::MAX))? {
            people.extend(row?.0.value().1.to_be_bytes());
        }
        let holds = is_direct && people == key;
        checker.unless(
            holds,
            "directs",
            &key,
            &format!("these people are not those in room {id}"),
        );
        Ok(())
    })?;
    let (names, pairs) = (source.room_names()?.len()?, source.directs()?.len()?);
    checker.unless(
        names == named,
        "room_names",
        &"all",
        &format!("{names} names for {named} public rooms"),
    );
    let what = format!("{pairs} groups of people for {direct} direct rooms");
    checker.unless(pairs == direct, "directs", &"all", &what);
    Ok(())
}

/// Per-room data of a user exists only while the user is a member.
fn arrangements(checker: &Checker<'_>) -> Result<(), StoreError> {
    let source = &checker.source;
    checker.rows("user_rooms", source.user_rooms()?, |(user, room), _: UserRoomRow| {
        let holds = checker.is_member(user, room)?;
        checker.unless(holds, "user_rooms", &(user, room), "this account is not in this room");
        Ok(())
    })?;
    checker.rows("brought", source.added_by()?, |(user, room), by: u32| {
        let holds = checker.is_member(user, room)? && checker.is_person(by);
        checker.unless(holds, "brought", &(user, room), "this account is not in this room");
        Ok(())
    })
}
