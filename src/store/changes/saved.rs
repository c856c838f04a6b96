//! Messages that users have saved for later.

use super::outcome::Outcome;
use crate::clock::Time;
use crate::error::{Error, Kind};
use crate::limits::SAVED_MAX;
use crate::model::{ConnectionId, Event, MessageRef, UserId, rules};
use crate::store::queries::access::{active_user, require_member};
use crate::store::queries::messages::post_at;
use crate::store::rows::codec::{SavedRow, key};
use crate::store::rows::schema::Tables;
use crate::store::rows::table::{get, put};
use crate::store::store_error::StoreError;
use redb::ReadableTable;

pub fn save(
    tables: &mut Tables<'_>,
    user: UserId,
    target: MessageRef,
    on: bool,
    at: Time,
    by: Option<ConnectionId>,
) -> Result<Outcome, StoreError> {
    let who = active_user(tables, user)?;
    let no_such = || Error::not_found("There is no such message.").at("id");
    let room = key(target.room.0).ok_or_else(rules::no_such_room)?;
    let id = key(target.id.0).ok_or_else(no_such)?;
    let kept: Option<u64> = get(tables.saved_places.read()?, (who, room, id))?;
    let event = Event::Saved { user, target, on, by };
    match kept {
        Some(number) if !on => {
            tables.saved.write()?.remove((who, number))?;
            tables.saved_places.write()?.remove((who, room, id))?;
        }
        None if on => {
            require_member(tables, user, target.room)?;
            rules::may_use(&post_at(tables, room, target.id)?.message())?;
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
        _ => return Ok(Outcome::noop(event)),
    }
    Ok(Outcome::broadcast(event))
}
