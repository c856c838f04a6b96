//! Appends to the log: each entry takes its room's next seq.

use crate::clock::Time;
use crate::limits::CLOCK_AHEAD_MAX_MS;
use crate::model::{Event, Notice, Posted, RoomId, Seq};
use crate::store::queries;
use crate::store::queries::log::Head;
use crate::store::rows::codec::{Entry, NoticeRow, PostRow, SeqRow};
use crate::store::rows::schema::Tables;
use crate::store::rows::table::{get_known, put};
use crate::store::search::index;
use crate::store::store_error::StoreError;
use redb::ReadableTable;

/// Appends a post. Sets its seqs and its time.
pub fn post(tables: &mut Tables<'_>, mut row: PostRow, head: Head, at: Time) -> Result<PostRow, StoreError> {
    row.seq = next_seq(head)?;
    row.changed = row.seq;
    row.sent_at = not_before(tables, head, at)?;
    let seq_row = SeqRow {
        entry: next_entry(tables)?,
        message: row.seq,
        others: head.others,
        last: 0,
    };
    put(tables.log.write()?, seq_row.entry, &row.clone().entry())?;
    put(tables.seqs.write()?, (row.room, row.seq), &seq_row)?;
    Ok(row)
}

/// Appends a notice, such as "Ada joined".
pub fn notice(tables: &mut Tables<'_>, room: u32, author: u32, notice: &Notice, at: Time) -> Result<Event, StoreError> {
    let head = queries::log::head(tables, room)?;
    let seq = next_seq(head)?;
    let row = NoticeRow::new(room, seq, author, not_before(tables, head, at)?, notice);
    let seq_row = SeqRow {
        entry: next_entry(tables)?,
        message: seq,
        others: head.others + 1,
        last: 0,
    };
    put(tables.log.write()?, seq_row.entry, &Entry::Notice(row.clone()))?;
    put(tables.seqs.write()?, (room, seq), &seq_row)?;
    Ok(Event::Posted(Posted {
        room: RoomId(room.into()),
        seq: Seq(seq.into()),
        message: row.message(),
    }))
}

/// Appends a change that a user has made to a post.
pub fn change(tables: &mut Tables<'_>, mut row: PostRow, by: u32, at: Time) -> Result<Event, StoreError> {
    let (room, message, head) = (row.room, row.seq, queries::log::head(tables, row.room)?);
    let seq = next_seq(head)?;
    row.changed = seq;
    let change = Entry::Change {
        room,
        seq,
        message,
        by,
        at: not_before(tables, head, at)?,
    };
    let seq_row = SeqRow {
        entry: next_entry(tables)?,
        message,
        others: head.others + 1,
        last: head.last,
    };
    put(tables.log.write()?, seq_row.entry, &change)?;
    put(tables.seqs.write()?, (room, seq), &seq_row)?;
    rewrite(tables, row.clone())?;
    Ok(Event::Changed(Posted {
        room: RoomId(room.into()),
        seq: Seq(seq.into()),
        message: row.message(),
    }))
}

/// Writes the current state of a post, and indexes it.
pub fn rewrite(tables: &mut Tables<'_>, row: PostRow) -> Result<(), StoreError> {
    let seq_row: SeqRow = get_known(tables.seqs.read()?, (row.room, row.seq), "a changed message")?;
    index::rewrite(tables, seq_row.entry, row.text())?;
    put(tables.log.write()?, seq_row.entry, &row.entry())
}

fn next_seq(head: Head) -> Result<u32, StoreError> {
    let next = head.seq.checked_add(1);
    next.ok_or_else(|| StoreError::Damaged("a room without a seq left".to_owned()))
}

fn next_entry(tables: &Tables<'_>) -> Result<u64, StoreError> {
    Ok(tables.log.read()?.last()?.map_or(0, |(id, _)| id.value()) + 1)
}

/// The time of the next entry: `at`, or the time of the room's last entry if the clock went back a little. If the
/// clock went back far, the last entry has a wrong time, which later entries must not inherit.
fn not_before(tables: &Tables<'_>, head: Head, at: Time) -> Result<u64, StoreError> {
    if head.seq == 0 {
        return Ok(at.0);
    }
    let last: Entry = get_known(tables.log.read()?, head.entry, "the last entry of a room")?;
    let last = queries::log::entry_time(&last);
    Ok(match last.since(at) > CLOCK_AHEAD_MAX_MS {
        true => at.0,
        false => at.max(last).0,
    })
}
