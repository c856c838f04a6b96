//! What people do to messages that are there: each act takes the room's next seq, and the message's own
//! entry holds its present state.

use super::apply::Done;
use super::messages::{may_post, mention, named_in, post_at, say};
use super::rows::codec::{Deleted, PostRow};
use super::rows::schema::{Source, Tables};
use super::rows::table::{has, put};
use super::standing::{self, known, standing};
use super::store_error::StoreError;
use super::{files, log};
use crate::clock::Time;
use crate::error::{Error, Kind};
use crate::limits::{
    CLOCK_AHEAD_MAX_MS, ERASED_MAX, PAGE_BYTES_MAX, PINS_MAX, REACTIONS_EMOJI_MAX, REACTIONS_MAX, UNDO_MS,
};
use crate::model::{Act, Emoji, Event, PinsPage, Place, RoomId, Seq, UserId, needs_text, rules};
use redb::{ReadableTable, ReadableTableMetadata};

pub(super) fn act(tables: &mut Tables<'_>, by: UserId, place: Place, act: &Act, at: Time) -> Result<Done, StoreError> {
    let who = known(tables, by)?;
    let standing = standing(tables, place.room, who)?;
    // Words can be taken back also where no new ones may be said.
    match act {
        Act::Delete | Act::Undelete => drop(rules::may_write(standing.as_ref())?),
        Act::Edit(_) | Act::React { .. } | Act::Pin { .. } => drop(may_post(tables, who, place.room)?),
    }
    let mut row = post_at(tables, place.room.0 as u32, place.id)?;
    let message = row.clone().message();
    let changes = match act {
        Act::Edit(text) => {
            rules::may_edit(standing.as_ref(), by, &message)?;
            if text.body.is_empty() && row.files.is_empty() {
                return Err(needs_text().into());
            }
            let changes = text.body.as_str() != row.body;
            if changes {
                mention(tables, &row, false)?;
                // Who was here when it was posted stays who is meant; an edit calls nobody else.
                let here = std::mem::take(&mut row.here);
                // Where they were more than are named one by one, it is everybody.
                let everybody = row.mentions_here && row.mentions_room && here.is_empty();
                say(tables, &mut row, text, &[])?;
                row.mentions_room |= row.mentions_here && everybody;
                row.mentions_here &= everybody || !here.is_empty();
                row.here = here;
                mention(tables, &row, true)?;
                row.edited_at = Some(at.0);
            }
            changes
        }
        Act::Delete => {
            rules::may_delete(standing.as_ref(), by, &message)?;
            row.deleted.is_none() && delete(tables, &mut row, who, at)?
        }
        Act::Undelete => {
            let deleted = row.deleted.map(|deleted| deleted.at);
            let kept = match deleted {
                Some(at) if has(tables.deleted.read()?, (at, row.room, row.seq))? => deleted,
                _ => None,
            };
            rules::may_undelete(standing.as_ref(), by, &message, kept.map(Time), at)?;
            undelete(tables, &mut row)?
        }
        Act::React { emoji, on } => {
            rules::may_use(&message)?;
            react(&mut row, who, emoji, *on)?
        }
        Act::Pin { on } => {
            rules::may_use(&message)?;
            row.pinned.is_some() != *on && pin(tables, &mut row, who, *on, at)?
        }
    };
    if !changes {
        return Ok(Done::nothing(Event::Unchanged {
            room: place.room,
            seq: Seq(row.changed.into()),
        }));
    }
    Ok(Done::told(log::change(tables, row, who, at)?))
}

/// Its text stays in the row until it is too late to bring it back; nobody reads it there.
fn delete(tables: &mut Tables<'_>, row: &mut PostRow, by: u32, at: Time) -> Result<bool, StoreError> {
    mention(tables, row, false)?;
    // The row keeps it for whoever brings the message back.
    if let Some((_, since)) = row.pinned {
        tables.pins.write()?.remove((row.room, since, row.seq))?;
    }
    files::hide(tables, row, true)?;
    row.deleted = Some(Deleted { by, at: at.0 });
    put(tables.deleted.write()?, (at.0, row.room, row.seq), &())?;
    Ok(true)
}

fn undelete(tables: &mut Tables<'_>, row: &mut PostRow) -> Result<bool, StoreError> {
    if let Some(deleted) = row.deleted.take() {
        tables.deleted.write()?.remove((deleted.at, row.room, row.seq))?;
    }
    mention(tables, row, true)?;
    if let Some((by, since)) = row.pinned.take()
        && has_place_for_a_pin(tables, row.room)?
    {
        row.pinned = Some((by, since));
        put(tables.pins.write()?, (row.room, since, row.seq), &())?;
    }
    files::hide(tables, row, false)?;
    Ok(true)
}

fn has_place_for_a_pin(tables: &Tables<'_>, room: u32) -> Result<bool, StoreError> {
    let all = (room, 0, 0)..=(room, u64::MAX, u32::MAX);
    Ok(tables.pins.read()?.range(all)?.count() < PINS_MAX)
}

fn react(row: &mut PostRow, who: u32, emoji: &Emoji, on: bool) -> Result<bool, StoreError> {
    let place = row.reactions.iter().position(|(found, _)| found == emoji.as_str());
    let has = place.is_some_and(|place| row.reactions[place].1.contains(&who));
    if has == on {
        return Ok(false);
    }
    match (place, on) {
        (Some(place), false) => {
            row.reactions[place].1.retain(|user| *user != who);
            row.reactions.retain(|(_, users)| !users.is_empty());
        }
        _ if row.reactions.iter().map(|(_, users)| users.len()).sum::<usize>() >= REACTIONS_MAX => {
            return Err(conflict(format!(
                "There are {REACTIONS_MAX} reactions. There can be no more."
            )));
        }
        (Some(place), _) => row.reactions[place].1.push(who),
        (None, _) if row.reactions.len() >= REACTIONS_EMOJI_MAX => {
            let title = format!("There are {REACTIONS_EMOJI_MAX} emoji under this message. Use one of them.");
            return Err(conflict(title));
        }
        (None, _) => row.reactions.push((emoji.as_str().to_owned(), vec![who])),
    }
    Ok(true)
}

fn pin(tables: &mut Tables<'_>, row: &mut PostRow, by: u32, on: bool, at: Time) -> Result<bool, StoreError> {
    if let Some((_, since)) = row.pinned.take() {
        tables.pins.write()?.remove((row.room, since, row.seq))?;
    }
    if on {
        if !has_place_for_a_pin(tables, row.room)? {
            let title = format!("There are {PINS_MAX} pinned messages. Unpin one of them first.");
            return Err(conflict(title));
        }
        row.pinned = Some((by, at.0));
        put(tables.pins.write()?, (row.room, at.0, row.seq), &())?;
    }
    Ok(true)
}

fn conflict(title: String) -> StoreError {
    Error::new(Kind::Conflict, title).into()
}

/// Forgets for good what messages said that were deleted before then, a bounded number at a time.
pub(super) fn erase(tables: &mut Tables<'_>, before: Time) -> Result<Done, StoreError> {
    let mut places = Vec::new();
    let deleted = tables.deleted.read()?;
    let due = deleted
        .range(..(before.0, 0, 0))?
        .chain(deleted.range(ahead(before)..)?);
    for row in due.take(ERASED_MAX) {
        places.push(row?.0.value());
    }
    for (at, room, id) in &places {
        let mut row = post_at(tables, *room, Seq((*id).into()))?;
        files::forget(tables, &row)?;
        row.erase();
        log::rewrite(tables, row)?;
        tables.deleted.write()?.remove((*at, *room, *id))?;
    }
    let event = Event::Erased { count: places.len() };
    Ok(match places.is_empty() {
        true => Done::nothing(event),
        false => Done::answered(event),
    })
}

/// From here on, the time of a deletion was written by a wrong clock, and would not come for years.
fn ahead(before: Time) -> (u64, u32, u32) {
    (before.0.saturating_add(UNDO_MS + CLOCK_AHEAD_MAX_MS + 1), 0, 0)
}

/// Whether there is text to be forgotten.
pub(super) fn has_deleted(source: &impl Source, before: Time) -> Result<bool, StoreError> {
    let deleted = source.deleted()?;
    if deleted.is_empty()? {
        return Ok(false);
    }
    Ok(deleted.range(..(before.0, 0, 0))?.next().is_some() || deleted.range(ahead(before)..)?.next().is_some())
}

/// A page of the pinned messages of a room, newest pin first, below `before`.
pub(super) fn pins(
    source: &impl Source,
    viewer: UserId,
    room: RoomId,
    before: Option<u64>,
) -> Result<PinsPage, StoreError> {
    let (_, room) = standing::inside(source, viewer, room)?;
    let (mut messages, mut bytes, mut next, mut last) = (Vec::new(), 0, None, None);
    let below = (room, 0, 0)..(room, before.unwrap_or(u64::MAX), 0);
    for pin in source.pins()?.range(below)?.rev() {
        let (_, at, id) = pin?.0.value();
        // Pins of one moment stay together, since the next page begins below that moment.
        if bytes >= PAGE_BYTES_MAX && last != Some(at) {
            next = last;
            break;
        }
        if let Some((found, weight)) = log::weighed_message(source, room, id)? {
            messages.push(found.message());
            bytes += weight;
        }
        last = Some(at);
    }
    let people = named_in(source, messages.iter())?;
    Ok(PinsPage { messages, people, next })
}
