//! Actions on existing messages: each action takes the room's next seq, and the message's own entry holds its current
//! state.

use super::outcome::Outcome;
use super::{attachments, log, posts};
use crate::clock::Time;
use crate::error::{Error, Kind};
use crate::limits::{ERASED_MAX, PINS_MAX, REACTIONS_EMOJI_MAX, REACTIONS_MAX};
use crate::model::{Emoji, Event, MessageAction, MessageRef, Seq, UserId, needs_text, rules};
use crate::store::queries;
use crate::store::queries::access::{access, active_user};
use crate::store::queries::messages::{may_post, post_at};
use crate::store::rows::codec::{Deleted, PostRow};
use crate::store::rows::schema::Tables;
use crate::store::rows::table::{has, put};
use crate::store::store_error::StoreError;
use redb::ReadableTable;

pub fn act(
    tables: &mut Tables<'_>,
    by: UserId,
    target: MessageRef,
    act: &MessageAction,
    at: Time,
) -> Result<Outcome, StoreError> {
    let who = active_user(tables, by)?;
    let access = access(tables, target.room, who)?;
    // A message can be deleted even where the user may no longer post.
    match act {
        MessageAction::Delete | MessageAction::Undelete => {
            rules::may_write(access.as_ref())?;
        }
        MessageAction::Edit(_) | MessageAction::React { .. } | MessageAction::Pin { .. } => {
            may_post(tables, who, target.room)?;
        }
    }
    let mut row = post_at(tables, target.room.0 as u32, target.id)?;
    let message = row.clone().message();
    let changes = match act {
        MessageAction::Edit(text) => {
            rules::may_edit(access.as_ref(), by, &message)?;
            if text.body.is_empty() && row.files.is_empty() {
                return Err(needs_text().into());
            }
            let changes = text.body.as_str() != row.body;
            if changes {
                posts::set_mentions(tables, &row, false)?;
                // An edit notifies nobody new: those who were online when the message was posted stay the ones
                // mentioned.
                let here = std::mem::take(&mut row.here);
                // If more users were online than the post lists by name, the whole room is mentioned.
                let everybody = row.mentions_here && row.mentions_room && here.is_empty();
                posts::set_text(tables, &mut row, text, &[])?;
                row.mentions_room |= row.mentions_here && everybody;
                row.mentions_here &= everybody || !here.is_empty();
                row.here = here;
                posts::set_mentions(tables, &row, true)?;
                row.edited_at = Some(at.0);
            }
            changes
        }
        MessageAction::Delete => {
            rules::may_delete(access.as_ref(), by, &message)?;
            row.deleted.is_none() && delete(tables, &mut row, who, at)?
        }
        MessageAction::Undelete => {
            let deleted = row.deleted.map(|deleted| deleted.at);
            let kept = match deleted {
                Some(at) if has(tables.deleted.read()?, (at, row.room, row.seq))? => deleted,
                _ => None,
            };
            rules::may_undelete(access.as_ref(), by, &message, kept.map(Time), at)?;
            undelete(tables, &mut row)?
        }
        MessageAction::React { emoji, on } => {
            rules::may_use(&message)?;
            react(&mut row, who, emoji, *on)?
        }
        MessageAction::Pin { on } => {
            rules::may_use(&message)?;
            row.pinned.is_some() != *on && pin(tables, &mut row, who, *on, at)?
        }
    };
    if !changes {
        return Ok(Outcome::noop(Event::Unchanged {
            room: target.room,
            seq: Seq(row.changed.into()),
        }));
    }
    Ok(Outcome::broadcast(log::change(tables, row, who, at)?))
}

/// Deletes a message. Its text stays in the row until the deletion can no longer be undone. Nobody can read it there.
fn delete(tables: &mut Tables<'_>, row: &mut PostRow, by: u32, at: Time) -> Result<bool, StoreError> {
    posts::set_mentions(tables, row, false)?;
    // The row keeps the pin, for an undo.
    if let Some((_, since)) = row.pinned {
        tables.pins.write()?.remove((row.room, since, row.seq))?;
    }
    attachments::set_hidden(tables, row, true)?;
    row.deleted = Some(Deleted { by, at: at.0 });
    put(tables.deleted.write()?, (at.0, row.room, row.seq), &())?;
    Ok(true)
}

fn undelete(tables: &mut Tables<'_>, row: &mut PostRow) -> Result<bool, StoreError> {
    if let Some(deleted) = row.deleted.take() {
        tables.deleted.write()?.remove((deleted.at, row.room, row.seq))?;
    }
    posts::set_mentions(tables, row, true)?;
    if let Some((by, since)) = row.pinned.take()
        && has_room_for_pin(tables, row.room)?
    {
        row.pinned = Some((by, since));
        put(tables.pins.write()?, (row.room, since, row.seq), &())?;
    }
    attachments::set_hidden(tables, row, false)?;
    Ok(true)
}

fn has_room_for_pin(tables: &Tables<'_>, room: u32) -> Result<bool, StoreError> {
    let all = (room, 0, 0)..=(room, u64::MAX, u32::MAX);
    Ok(tables.pins.read()?.range(all)?.count() < PINS_MAX)
}

fn react(row: &mut PostRow, who: u32, emoji: &Emoji, on: bool) -> Result<bool, StoreError> {
    let index = row.reactions.iter().position(|(found, _)| found == emoji.as_str());
    let has = index.is_some_and(|index| row.reactions[index].1.contains(&who));
    if has == on {
        return Ok(false);
    }
    match (index, on) {
        (Some(index), false) => {
            row.reactions[index].1.retain(|user| *user != who);
            row.reactions.retain(|(_, users)| !users.is_empty());
        }
        _ if row.reactions.iter().map(|(_, users)| users.len()).sum::<usize>() >= REACTIONS_MAX => {
            return Err(conflict(format!(
                "There are {REACTIONS_MAX} reactions. There can be no more."
            )));
        }
        (Some(index), _) => row.reactions[index].1.push(who),
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
        if !has_room_for_pin(tables, row.room)? {
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

/// Erases the text of messages that were deleted before `before`, a bounded number at a time.
pub fn erase(tables: &mut Tables<'_>, before: Time) -> Result<Outcome, StoreError> {
    let due = queries::deleted::due(tables, before, ERASED_MAX)?;
    for (at, room, id) in &due {
        let mut row = post_at(tables, *room, Seq((*id).into()))?;
        attachments::detach(tables, &row)?;
        row.erase();
        log::rewrite(tables, row)?;
        tables.deleted.write()?.remove((*at, *room, *id))?;
    }
    let event = Event::Erased { count: due.len() };
    Ok(match due.is_empty() {
        true => Outcome::noop(event),
        false => Outcome::reply(event),
    })
}
