//! The log and each room's seqs in it: what is appended takes the room's next seq.

use super::rows::codec::{Entry, NoticeRow, PostRow, SeqRow, Stored, unseal};
use super::rows::schema::{Source, Tables};
use super::rows::table::{Row, get, get_known, put};
use super::search::index;
use super::store_error::StoreError;
use crate::clock::Time;
use crate::limits::CLOCK_AHEAD_MAX_MS;
use crate::model::{Event, Notice, Posted, RoomId, Seq};
use redb::ReadableTable;

/// How far a room has got.
#[derive(Clone, Copy, Default)]
pub(super) struct Head {
    /// Its last seq; 0 where nothing has happened yet.
    pub seq: u32,
    /// How many of its seqs are no posts.
    pub others: u32,
    /// Its last seq that is a message; 0 where that is not known.
    last: u32,
    /// The log entry of its last seq.
    entry: u64,
}

impl Head {
    /// How many of its seqs are posts.
    pub fn posts(&self) -> u64 {
        u64::from(self.seq.saturating_sub(self.others))
    }
}

pub(super) fn head(source: &impl Source, room: u32) -> Result<Head, StoreError> {
    let last = source.seqs()?.range((room, 0)..=(room, u32::MAX))?.next_back();
    let Some((key, row)) = last.transpose()? else {
        return Ok(Head::default());
    };
    let row: SeqRow = unseal(row.value())?;
    let seq = key.value().1;
    Ok(Head {
        seq,
        others: row.others,
        last: last_message(&row, seq),
        entry: row.entry,
    })
}

/// How many posts there are up to this seq.
pub(super) fn posts_until(source: &impl Source, room: u32, seq: u32) -> Result<u64, StoreError> {
    if seq == 0 {
        return Ok(0);
    }
    let row: SeqRow = get_known(source.seqs()?, (room, seq), "a seq of a room")?;
    Ok(u64::from(seq.saturating_sub(row.others)))
}

/// The message that a seq was posted as.
pub(super) fn message(source: &impl Source, room: u32, id: u32) -> Result<Option<Stored>, StoreError> {
    Ok(weighed_message(source, room, id)?.map(|(found, _)| found))
}

/// The message that a seq was posted as, with the bytes of its row.
pub(super) fn weighed_message(source: &impl Source, room: u32, id: u32) -> Result<Option<(Stored, usize)>, StoreError> {
    let Some(row) = get::<_, SeqRow>(source.seqs()?, (room, id))? else {
        return Ok(None);
    };
    match row.message == id {
        true => weighed(source, room, id, row.entry).map(Some),
        false => Ok(None),
    }
}

/// The message at an entry, which must be this one, and the bytes of its row: about what it takes of a
/// page or of a catch-up.
pub(super) fn weighed(source: &impl Source, room: u32, id: u32, entry: u64) -> Result<(Stored, usize), StoreError> {
    let row = source.log()?.get(entry)?;
    let row = row.ok_or_else(|| StoreError::Damaged("a message is missing".to_owned()))?;
    match Stored::of(unseal(row.value())?) {
        Some(found) if (found.place().0, found.place().1) == (room, id) => Ok((found, row.value().len())),
        _ => Err(StoreError::Damaged("a message of another place".to_owned())),
    }
}

/// The bytes of an entry's row, which is not read for it.
pub(super) fn bytes(source: &impl Source, entry: u64) -> Result<usize, StoreError> {
    Ok(source.log()?.get(entry)?.map_or(0, |row| row.value().len()))
}

/// Takes the seq after the room's head for a post, whose seqs and time are set.
pub(super) fn post(tables: &mut Tables<'_>, mut row: PostRow, head: Head, at: Time) -> Result<PostRow, StoreError> {
    row.seq = after(head)?;
    row.changed = row.seq;
    row.sent_at = not_before(tables, head, at)?;
    let place = SeqRow {
        entry: next_entry(tables)?,
        message: row.seq,
        others: head.others,
        last: 0,
    };
    put(tables.log.write()?, place.entry, &row.clone().entry())?;
    put(tables.seqs.write()?, (row.room, row.seq), &place)?;
    Ok(row)
}

/// Takes the room's next seq for a line between its messages.
pub(super) fn notice(
    tables: &mut Tables<'_>,
    room: u32,
    author: u32,
    notice: &Notice,
    at: Time,
) -> Result<Event, StoreError> {
    let head = head(tables, room)?;
    let seq = after(head)?;
    let row = NoticeRow::new(room, seq, author, not_before(tables, head, at)?, notice);
    let place = SeqRow {
        entry: next_entry(tables)?,
        message: seq,
        others: head.others + 1,
        last: 0,
    };
    put(tables.log.write()?, place.entry, &Entry::Notice(row.clone()))?;
    put(tables.seqs.write()?, (room, seq), &place)?;
    Ok(Event::Posted(Posted {
        room: RoomId(room.into()),
        seq: Seq(seq.into()),
        message: row.message(),
    }))
}

/// Takes the room's next seq for a change that somebody has made to a post.
pub(super) fn change(tables: &mut Tables<'_>, mut row: PostRow, by: u32, at: Time) -> Result<Event, StoreError> {
    let (room, message, head) = (row.room, row.seq, head(tables, row.room)?);
    let seq = after(head)?;
    row.changed = seq;
    let change = Entry::Change {
        room,
        seq,
        message,
        by,
        at: not_before(tables, head, at)?,
    };
    let place = SeqRow {
        entry: next_entry(tables)?,
        message,
        others: head.others + 1,
        last: head.last,
    };
    put(tables.log.write()?, place.entry, &change)?;
    put(tables.seqs.write()?, (room, seq), &place)?;
    rewrite(tables, row.clone())?;
    Ok(Event::Changed(Posted {
        room: RoomId(room.into()),
        seq: Seq(seq.into()),
        message: row.message(),
    }))
}

/// Writes a post where it stands.
pub(super) fn rewrite(tables: &mut Tables<'_>, row: PostRow) -> Result<(), StoreError> {
    let place: SeqRow = get_known(tables.seqs.read()?, (row.room, row.seq), "a changed message")?;
    index::rewrite(tables, place.entry, row.says())?;
    put(tables.log.write()?, place.entry, &row.entry())
}

fn after(head: Head) -> Result<u32, StoreError> {
    let next = head.seq.checked_add(1);
    next.ok_or_else(|| StoreError::Damaged("a room without a seq left".to_owned()))
}

fn next_entry(tables: &Tables<'_>) -> Result<u64, StoreError> {
    Ok(tables.log.read()?.last()?.map_or(0, |(id, _)| id.value()) + 1)
}

/// `at`, or the time of the room's last entry where a clock went back. Not where it went back far: the entry was
/// written by a wrong clock then, and would give its time to all that follow.
fn not_before(tables: &Tables<'_>, head: Head, at: Time) -> Result<u64, StoreError> {
    if head.seq == 0 {
        return Ok(at.0);
    }
    let last: Entry = get_known(tables.log.read()?, head.entry, "the last entry of a room")?;
    let last = time(&last);
    Ok(match last.since(at) > CLOCK_AHEAD_MAX_MS {
        true => at.0,
        false => at.max(last).0,
    })
}

fn time(entry: &Entry) -> Time {
    Time(match entry {
        Entry::Change { at, .. } => *at,
        Entry::Notice(row) => row.sent_at,
        Entry::Post(row) => row.sent_at,
        Entry::Plain(row) => row.sent_at(),
    })
}

/// When the newest entry was written, by the clock of then.
pub(super) fn newest(source: &impl Source) -> Result<Option<Time>, StoreError> {
    let newest = source.log()?.last()?;
    newest.map(|(_, row)| Ok(time(&unseal(row.value())?))).transpose()
}

/// The rows of some seqs of a room, in order, to be read from either end.
pub(super) fn places(
    seqs: &impl ReadableTable<(u32, u32), Row>,
    room: u32,
    range: std::ops::RangeInclusive<u32>,
) -> Result<impl DoubleEndedIterator<Item = Result<(u32, SeqRow), StoreError>>, StoreError> {
    let places = seqs.range((room, *range.start())..=(room, *range.end()))?;
    Ok(places.map(|place| {
        let (key, row) = place?;
        Ok((key.value().1, unseal(row.value())?))
    }))
}

/// The last seq up to a row's own one that is a message; 0 where that is not known.
fn last_message(row: &SeqRow, seq: u32) -> u32 {
    if row.message == seq { seq } else { row.last }
}

/// The messages of a room up to a seq, newest first. However many changes lie between two of them, it is
/// a step or a few from one to the next.
pub(super) fn messages_until<S: Source>(
    source: &S,
    room: u32,
    last: u32,
) -> Result<impl Iterator<Item = Result<(u32, SeqRow), StoreError>>, StoreError> {
    let mut at = head(source, room)?.seq.min(last);
    let mut next = move || {
        while at > 0 {
            let seq = at;
            let row: SeqRow = get_known(source.seqs()?, (room, seq), "a seq of a room")?;
            at = match row.message == seq || row.last == 0 {
                true => seq - 1,
                false => row.last,
            };
            if row.message == seq {
                return Ok(Some((seq, row)));
            }
        }
        Ok(None)
    };
    Ok(std::iter::from_fn(move || next().transpose()))
}

/// The messages of a room from a seq on; like [`messages_until`], in a few steps from one to the next.
pub(super) fn messages_from<S: Source>(
    source: &S,
    room: u32,
    first: u32,
) -> Result<impl Iterator<Item = Result<(u32, SeqRow), StoreError>>, StoreError> {
    let head = head(source, room)?.seq;
    let mut at = first.max(1);
    let mut next = move || {
        while at <= head {
            let seq = at;
            let row: SeqRow = get_known(source.seqs()?, (room, seq), "a seq of a room")?;
            if row.message == seq {
                at += 1;
                return Ok(Some((seq, row)));
            }
            at = next_message(source, room, seq, head)?;
        }
        Ok(None)
    };
    Ok(std::iter::from_fn(move || next().transpose()))
}

/// The first message after a change, or what comes behind the head where there is none. Looks ever further
/// ahead for a place that has a message before it, and then for the first such place.
fn next_message(source: &impl Source, room: u32, change: u32, head: u32) -> Result<u32, StoreError> {
    let last_until = |seq| -> Result<u32, StoreError> {
        let row: SeqRow = get_known(source.seqs()?, (room, seq), "a seq of a room")?;
        Ok(last_message(&row, seq))
    };
    let (mut before, mut step) = (change, 1);
    loop {
        if before == head {
            return Ok(head + 1);
        }
        let ahead = before.saturating_add(step).min(head);
        match last_until(ahead)? {
            // A row that does not tell.
            0 => return Ok(before + 1),
            last if last <= change => (before, step) = (ahead, step.saturating_mul(2)),
            _ if ahead == before + 1 => return Ok(ahead),
            _ => step = (ahead - before) / 2,
        }
    }
}
