//! The pinned messages of a room.

use super::access::require_member;
use super::log;
use super::messages::people_named_in;
use crate::limits::PAGE_BYTES_MAX;
use crate::model::{PinsPage, RoomId, UserId};
use crate::store::rows::schema::Source;
use crate::store::store_error::StoreError;
use redb::ReadableTable;

/// A page of the pinned messages of a room, newest pin first, below `before`.
pub fn page(source: &impl Source, viewer: UserId, room: RoomId, before: Option<u64>) -> Result<PinsPage, StoreError> {
    let (_, room) = require_member(source, viewer, room)?;
    let (mut messages, mut bytes, mut next, mut last) = (Vec::new(), 0, None, None);
    let below = (room, 0, 0)..(room, before.unwrap_or(u64::MAX), 0);
    for pin in source.pins()?.range(below)?.rev() {
        let (_, at, id) = pin?.0.value();
        // Pins with the same time stay on one page, because the next page begins below that time.
        if bytes >= PAGE_BYTES_MAX && last != Some(at) {
            next = last;
            break;
        }
        if let Some((found, weight)) = log::sized_message(source, room, id)? {
            messages.push(found.message());
            bytes += weight;
        }
        last = Some(at);
    }
    let people = people_named_in(source, messages.iter())?;
    Ok(PinsPage { messages, people, next })
}
