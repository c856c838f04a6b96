//! Reads the log, and each room's seqs in it.

use crate::clock::Time;
use crate::store::rows::codec::{Entry, SeqRow, Stored, unseal};
use crate::store::rows::schema::Source;
use crate::store::rows::table::{Row, get, get_known};
use crate::store::store_error::StoreError;
use redb::ReadableTable;

/// The last seq of a room, and its counts.
#[derive(Clone, Copy, Default)]
pub struct Head {
    /// The last seq. 0 if the room is empty.
    pub seq: u32,
    /// How many of the room's seqs are not posts.
    pub others: u32,
    /// The last seq that is a message. 0 if unknown.
    pub last: u32,
    /// The log entry of the last seq.
    pub entry: u64,
}

impl Head {
    /// How many of the room's seqs are posts.
    pub fn posts(&self) -> u64 {
        u64::from(self.seq.saturating_sub(self.others))
    }
}

pub fn head(source: &impl Source, room: u32) -> Result<Head, StoreError> {
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

/// How many posts there are up to and including this seq.
pub fn posts_until(source: &impl Source, room: u32, seq: u32) -> Result<u64, StoreError> {
    if seq == 0 {
        return Ok(0);
    }
    let row: SeqRow = get_known(source.seqs()?, (room, seq), "a seq of a room")?;
    Ok(u64::from(seq.saturating_sub(row.others)))
}

/// The message that was posted with this seq.
pub fn message(source: &impl Source, room: u32, id: u32) -> Result<Option<Stored>, StoreError> {
    Ok(sized_message(source, room, id)?.map(|(found, _)| found))
}

/// The message that was posted with this seq, and the bytes of its row.
pub fn sized_message(source: &impl Source, room: u32, id: u32) -> Result<Option<(Stored, usize)>, StoreError> {
    let Some(row) = get::<_, SeqRow>(source.seqs()?, (room, id))? else {
        return Ok(None);
    };
    match row.message == id {
        true => sized_message_at(source, room, id, row.entry).map(Some),
        false => Ok(None),
    }
}

/// The message at a log entry, which must be this message, and the bytes of its row. That is roughly its size in a
/// page or a catch-up.
pub fn sized_message_at(source: &impl Source, room: u32, id: u32, entry: u64) -> Result<(Stored, usize), StoreError> {
    let row = source.log()?.get(entry)?;
    let row = row.ok_or_else(|| StoreError::Damaged("a message is missing".to_owned()))?;
    match Stored::of(unseal(row.value())?) {
        Some(found) if (found.ids().0, found.ids().1) == (room, id) => Ok((found, row.value().len())),
        _ => Err(StoreError::Damaged("a message of another place".to_owned())),
    }
}

/// The length of an entry's row in bytes, without decoding it.
pub fn entry_bytes(source: &impl Source, entry: u64) -> Result<usize, StoreError> {
    Ok(source.log()?.get(entry)?.map_or(0, |row| row.value().len()))
}

/// When an entry was written, by the clock at that time.
pub fn entry_time(entry: &Entry) -> Time {
    Time(match entry {
        Entry::Change { at, .. } => *at,
        Entry::Notice(row) => row.sent_at,
        Entry::Post(row) => row.sent_at,
        Entry::Plain(row) => row.sent_at(),
    })
}

/// When the newest entry was written, by the clock at that time.
pub fn newest(source: &impl Source) -> Result<Option<Time>, StoreError> {
    let newest = source.log()?.last()?;
    newest.map(|(_, row)| Ok(entry_time(&unseal(row.value())?))).transpose()
}

/// The rows of a range of seqs of a room, in order, readable from either end.
pub fn seq_rows(
    seqs: &impl ReadableTable<(u32, u32), Row>,
    room: u32,
    range: std::ops::RangeInclusive<u32>,
) -> Result<impl DoubleEndedIterator<Item = Result<(u32, SeqRow), StoreError>>, StoreError> {
    let seq_rows = seqs.range((room, *range.start())..=(room, *range.end()))?;
    Ok(seq_rows.map(|seq_row| {
        let (key, row) = seq_row?;
        Ok((key.value().1, unseal(row.value())?))
    }))
}

/// The last seq up to and including this row's that is a message. 0 if unknown.
fn last_message(row: &SeqRow, seq: u32) -> u32 {
    if row.message == seq { seq } else { row.last }
}

/// The messages of a room up to a seq, newest first. Going from one message to the next takes a few reads at most,
/// however many changes lie between them.
pub fn messages_until<S: Source>(
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

/// The messages of a room from a seq on. Like [`messages_until`], takes only a few reads from one message to the next.
pub fn messages_from<S: Source>(
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

/// The first message after a change, or the seq after the head if there is none. Looks further and further ahead for a
/// row that has a message before it, and then searches for the first such row.
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
            // The row does not say.
            0 => return Ok(before + 1),
            last if last <= change => (before, step) = (ahead, step.saturating_mul(2)),
            _ if ahead == before + 1 => return Ok(ahead),
            _ => step = (ahead - before) / 2,
        }
    }
}
