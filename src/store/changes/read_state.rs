//! Moves read marks, and removes rows that no count needs any more.

use super::outcome::Outcome;
use crate::error::Error;
use crate::limits::{UNREAD_BYTES_MAX, UNREAD_SEQS_MAX};
use crate::model::{ConnectionId, Event, MessageRef, RoomId, Seq, UserId};
use crate::store::queries;
use crate::store::queries::access::require_member;
use crate::store::queries::log::Head;
use crate::store::rows::codec::{Stored, key};
use crate::store::rows::schema::Tables;
use crate::store::rows::table::put;
use crate::store::store_error::StoreError;
use redb::ReadableTableMetadata;

/// Sets the read mark of a user who joins a room: earlier posts are history, not unread.
pub fn enter(tables: &mut Tables<'_>, user: u32, room: u32) -> Result<(), StoreError> {
    let head = queries::log::head(tables, room)?;
    put(tables.entered.write()?, (user, room), &head.seq)?;
    move_to(tables, user, room, head.seq)
}

/// Marks a user's own post as read by them. `head` is the room's head before the post `seq`.
pub fn own_post(tables: &mut Tables<'_>, user: u32, room: u32, head: Head, seq: u32) -> Result<(), StoreError> {
    let read = queries::read_state::read_until(tables, user, room)?;
    if read >= head.seq || !queries::read_state::has_unread(tables, user, room, read, head)? {
        return move_to(tables, user, room, seq);
    }
    put(tables.own_posts.write()?, (user, room, seq), &())
}

/// Moves the read mark, and removes rows that no count needs any more.
fn move_to(tables: &mut Tables<'_>, user: u32, room: u32, seq: u32) -> Result<(), StoreError> {
    put(tables.read_marks.write()?, (user, room), &seq)?;
    if !tables.own_posts.read()?.is_empty()? {
        tables
            .own_posts
            .write()?
            .remove_all((user, room, 0)..=(user, room, seq))?;
    }
    Ok(())
}

pub fn mark_read(
    tables: &mut Tables<'_>,
    user: UserId,
    room: RoomId,
    seq: Seq,
    by: Option<ConnectionId>,
) -> Result<Outcome, StoreError> {
    let (who, id, head) = queries::read_state::may_mark_read(tables, user, room, seq)?;
    let seq = seq.0 as u32;
    if seq <= queries::read_state::read_until(tables, who, id)? {
        let mark = queries::read_state::read_mark(tables, who, id, head)?;
        return Ok(Outcome::noop(Event::Read { mark, by }));
    }
    move_to(tables, who, id, seq)?;
    let mark = queries::read_state::read_mark(tables, who, id, head)?;
    let mut events = vec![Event::Read { mark, by }];
    if queries::read_state::is_seen_by_others(tables, who, id)? {
        let seq = mark.seq;
        events.push(Event::SeenBy { user, room, seq });
    }
    Ok(Outcome::broadcast_many(Event::Read { mark, by }, events))
}

pub fn mark_unread(
    tables: &mut Tables<'_>,
    user: UserId,
    target: MessageRef,
    by: Option<ConnectionId>,
) -> Result<Outcome, StoreError> {
    let (who, room) = require_member(tables, user, target.room)?;
    let head = queries::log::head(tables, room)?;
    let no_such = || Error::not_found("There is no such message.").at("id");
    let id = key(target.id.0)
        .filter(|id| (1..=head.seq).contains(id))
        .ok_or_else(no_such)?;
    let first = head.seq.saturating_sub(UNREAD_SEQS_MAX as u32 - 1);
    let too_far = || Error::invalid("id", "That message is too far back to be unread from.");
    if id < first {
        return Err(too_far().into());
    }
    let (mut messages, mut bytes) = (Vec::new(), 0);
    for seq_row in queries::log::seq_rows(tables.seqs.read()?, room, id..=head.seq)? {
        let (seq, seq_row) = seq_row?;
        if seq_row.message == seq {
            bytes += queries::log::entry_bytes(tables, seq_row.entry)?;
            messages.push((seq, seq_row.entry));
        }
        if messages.first().is_none_or(|(first, _)| *first != id) {
            return Err(no_such().into());
        }
        if bytes > UNREAD_BYTES_MAX {
            return Err(too_far().into());
        }
    }
    move_to(tables, who, room, id - 1)?;
    // Restore the rows that the counts need after the mark. The rows of the user's own posts were removed when the
    // mark passed them, and mention rows were only written for users who were in the room at that time.
    for (seq, entry) in messages {
        let Stored::Post(row) = queries::log::sized_message_at(tables, room, seq, entry)?.0 else {
            continue;
        };
        if row.author == who {
            put(tables.own_posts.write()?, (who, room, seq), &())?;
        } else if row.deleted.is_none() && row.is_for(who) {
            put(tables.mentioned.write()?, (who, room, seq), &row.author)?;
        }
    }
    let mark = queries::read_state::read_mark(tables, who, room, head)?;
    Ok(Outcome::broadcast(Event::Read { mark, by }))
}
