//! What people keep for later.

use super::apply::Done;
use super::log;
use super::messages::{named_in, post_at};
use super::rows::codec::{SavedRow, key, unseal};
use super::rows::schema::{Source, Tables};
use super::rows::table::{get, put};
use super::standing::{self, known};
use super::store_error::StoreError;
use crate::clock::Time;
use crate::error::{Error, Kind};
use crate::limits::{PAGE_BYTES_MAX, SAVED_MAX};
use crate::model::{ConnectionId, Event, PageSize, Place, RoomId, SavedMessage, SavedPage, UserId, rules};
use redb::ReadableTable;

pub(super) fn save(
    tables: &mut Tables<'_>,
    user: UserId,
    place: Place,
    on: bool,
    at: Time,
    by: Option<ConnectionId>,
) -> Result<Done, StoreError> {
    let who = known(tables, user)?;
    let no_such = || Error::not_found("There is no such message.").at("id");
    let room = key(place.room.0).ok_or_else(rules::no_such_room)?;
    let id = key(place.id.0).ok_or_else(no_such)?;
    let kept: Option<u64> = get(tables.saved_places.read()?, (who, room, id))?;
    let event = Event::Saved { user, place, on, by };
    match kept {
        Some(number) if !on => {
            tables.saved.write()?.remove((who, number))?;
            tables.saved_places.write()?.remove((who, room, id))?;
        }
        None if on => {
            standing::inside(tables, user, place.room)?;
            rules::may_use(&post_at(tables, room, place.id)?.message())?;
            if tables.saved.read()?.range((who, 0)..=(who, u64::MAX))?.count() as u64 >= SAVED_MAX {
                let title = format!("You keep {SAVED_MAX} messages for later. Let one of them go first.");
                return Err(Error::new(Kind::Conflict, title).into());
            }
            let last = tables
                .saved
                .read()?
                .range((who, 0)..=(who, u64::MAX))?
                .next_back()
                .transpose()?;
            let number = last.map_or(0, |(key, _)| key.value().1) + 1;
            put(tables.saved.write()?, (who, number), &SavedRow { room, id, at: at.0 })?;
            put(tables.saved_places.write()?, (who, room, id), &number)?;
        }
        _ => return Ok(Done::nothing(event)),
    }
    Ok(Done::told(event))
}

/// A page of what somebody keeps for later, of the rooms that they are in.
pub(super) fn page(
    source: &impl Source,
    viewer: UserId,
    before: Option<u64>,
    size: PageSize,
) -> Result<SavedPage, StoreError> {
    let who = known(source, viewer)?;
    let (mut saved, mut bytes, mut next, mut last) = (Vec::new(), 0, None, None);
    let rows = source.saved()?.range((who, 0)..(who, before.unwrap_or(u64::MAX)))?;
    for row in rows.rev() {
        let (key, row) = row?;
        let row: SavedRow = unseal(row.value())?;
        if standing::role(source, row.room, who)?.is_none() {
            continue;
        }
        if saved.len() == size.get() || bytes >= PAGE_BYTES_MAX {
            next = last;
            break;
        }
        if let Some((message, weight)) = log::weighed_message(source, row.room, row.id)? {
            bytes += weight;
            saved.push(SavedMessage {
                room: RoomId(row.room.into()),
                message: message.message(),
                saved_at: Time(row.at),
            });
            last = Some(key.value().1);
        }
    }
    let people = named_in(source, saved.iter().map(|saved| &saved.message))?;
    Ok(SavedPage { saved, people, next })
}

/// Which messages of the rooms that they are in somebody keeps for later.
pub(super) fn places(source: &impl Source, viewer: UserId) -> Result<Vec<Place>, StoreError> {
    let who = known(source, viewer)?;
    let mut places = Vec::new();
    for row in source.saved_places()?.range((who, 0, 0)..=(who, u32::MAX, u32::MAX))? {
        let (_, room, id) = row?.0.value();
        if standing::role(source, room, who)?.is_none() {
            continue;
        }
        let (room, id) = (RoomId(room.into()), crate::model::Seq(id.into()));
        places.push(Place { room, id });
    }
    Ok(places)
}
