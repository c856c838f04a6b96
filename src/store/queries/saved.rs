//! Messages that a user has saved for later.

use super::access::{active_user, member_role};
use super::log;
use super::messages::people_named_in;
use crate::clock::Time;
use crate::limits::PAGE_BYTES_MAX;
use crate::model::{MessageRef, PageSize, RoomId, SavedMessage, SavedPage, UserId};
use crate::store::rows::codec::{SavedRow, unseal};
use crate::store::rows::schema::Source;
use crate::store::store_error::StoreError;
use redb::ReadableTable;

/// A page of the viewer's saved messages, from the rooms that they are in.
pub fn page(
    source: &impl Source,
    viewer: UserId,
    before: Option<u64>,
    size: PageSize,
) -> Result<SavedPage, StoreError> {
    let who = active_user(source, viewer)?;
    let (mut saved, mut bytes, mut next, mut last) = (Vec::new(), 0, None, None);
    let rows = source.saved()?.range((who, 0)..(who, before.unwrap_or(u64::MAX)))?;
    for row in rows.rev() {
        let (key, row) = row?;
        let row: SavedRow = unseal(row.value())?;
        if member_role(source, row.room, who)?.is_none() {
            continue;
        }
        if saved.len() == size.get() || bytes >= PAGE_BYTES_MAX {
            next = last;
            break;
        }
        if let Some((message, weight)) = log::sized_message(source, row.room, row.id)? {
            bytes += weight;
            saved.push(SavedMessage {
                room: RoomId(row.room.into()),
                message: message.message(),
                saved_at: Time(row.at),
            });
            last = Some(key.value().1);
        }
    }
    let people = people_named_in(source, saved.iter().map(|saved| &saved.message))?;
    Ok(SavedPage { saved, people, next })
}

/// References to the viewer's saved messages, in the rooms that they are in.
pub fn places(source: &impl Source, viewer: UserId) -> Result<Vec<MessageRef>, StoreError> {
    let who = active_user(source, viewer)?;
    let mut places = Vec::new();
    for row in source.saved_places()?.range((who, 0, 0)..=(who, u32::MAX, u32::MAX))? {
        let (_, room, id) = row?.0.value();
        if member_role(source, room, who)?.is_none() {
            continue;
        }
        let (room, id) = (RoomId(room.into()), crate::model::Seq(id.into()));
        places.push(MessageRef { room, id });
    }
    Ok(places)
}
