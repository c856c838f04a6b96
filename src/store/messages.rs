//! Posts, pages of them, and what somebody missed.

use super::codec::{ClientIdRow, Entry, MessageRow, SeqRow, key, unseal};
use super::fault::Fault;
use super::tables::{LOG, Row, SEQS, Tables, USERS, get, get_known, put};
use super::writer::Done;
use super::{accounts, rooms};
use crate::clock::Time;
use crate::limits::{SYNC_BEHIND_MAX, SYNC_BYTES_MAX, SYNC_MESSAGES_MAX};
use crate::model::{Anchor, Catchup, Event, NewPost, Page, PageSize, Posted, RoomId, Seq, rules};
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable};

pub(super) fn post(tables: &mut Tables<'_>, new: &NewPost) -> Result<Done, Fault> {
    rules::may_post(rooms::find(&tables.rooms, new.room)?.as_ref())?;
    let author = accounts::known(tables, new.author)?;
    let known = get::<_, ClientIdRow>(&tables.client_ids, (author, new.client_id.as_str()))?;
    if let Some(first) = known {
        return Ok(Done::Nothing(Event::PostedBefore {
            room: RoomId(first.room.into()),
            seq: Seq(first.seq.into()),
            client_id: new.client_id.clone(),
        }));
    }
    let room = new.room.0 as u32;
    let head = rooms::head(&tables.seqs, room)?;
    let seq = head
        .checked_add(1)
        .ok_or_else(|| Fault::Damaged("a room without a seq left".to_owned()))?;
    let row = MessageRow {
        room,
        seq,
        changed: seq,
        author,
        sent_at: not_before(tables, room, head, new.at)?.0,
        client_id: new.client_id.as_str().to_owned(),
        body: new.body.as_str().to_owned(),
    };

    let entry = tables.log.last()?.map_or(0, |(id, _)| id.value()) + 1;
    let row = Entry::Message(row);
    put(&mut tables.log, entry, &row)?;
    put(&mut tables.seqs, (room, seq), &SeqRow { entry, message: seq })?;
    put(
        &mut tables.client_ids,
        (author, new.client_id.as_str()),
        &ClientIdRow { room, seq },
    )?;
    let Entry::Message(row) = row;
    Ok(Done::Told(Event::Posted(Posted {
        room: new.room,
        seq: Seq(seq.into()),
        message: row.message(),
    })))
}

/// `at`, or the time of the room's last entry where a clock went back.
fn not_before(tables: &Tables<'_>, room: u32, head: u32, at: Time) -> Result<Time, Fault> {
    if head == 0 {
        return Ok(at);
    }
    let last: SeqRow = get_known(&tables.seqs, (room, head), "the head of a room")?;
    let Entry::Message(last) = get_known(&tables.log, last.entry, "the last entry of a room")?;
    Ok(at.max(Time(last.sent_at)))
}

/// A room's part of one snapshot.
struct Reader {
    room: u32,
    seqs: ReadOnlyTable<(u32, u32), Row>,
    log: ReadOnlyTable<u64, Row>,
}

impl Reader {
    fn new(txn: &ReadTransaction, room: u32) -> Result<Reader, Fault> {
        let (seqs, log) = (txn.open_table(SEQS)?, txn.open_table(LOG)?);
        Ok(Reader { room, seqs, log })
    }

    /// The rows of some seqs, in order, to be read from either end.
    fn places(
        &self,
        seqs: std::ops::RangeInclusive<u32>,
    ) -> Result<impl DoubleEndedIterator<Item = Result<(u32, SeqRow), Fault>>, Fault> {
        let places = self.seqs.range((self.room, *seqs.start())..=(self.room, *seqs.end()))?;
        Ok(places.map(|place| {
            let (key, row) = place?;
            Ok((key.value().1, unseal(row.value())?))
        }))
    }

    /// The messages at some places, leaving out the places where an older message changed.
    fn posts(
        &self,
        places: impl Iterator<Item = Result<(u32, SeqRow), Fault>>,
        count: usize,
    ) -> Result<Vec<MessageRow>, Fault> {
        places
            .filter(|place| !matches!(place, Ok((seq, row)) if row.message != *seq))
            .take(count)
            .map(|place| place.and_then(|(seq, row)| self.message(seq, row.entry)))
            .collect()
    }

    fn message(&self, seq: u32, entry: u64) -> Result<MessageRow, Fault> {
        let Entry::Message(row) = get_known(&self.log, entry, "a message")?;
        if (row.room, row.seq) == (self.room, seq) {
            Ok(row)
        } else {
            Err(Fault::Damaged("a message of another place".to_owned()))
        }
    }

    /// Up to `count` messages below `seq` and whether there are more, oldest first.
    fn before(&self, seq: u32, count: usize) -> Result<(Vec<MessageRow>, bool), Fault> {
        let Some(last) = seq.checked_sub(1) else {
            return Ok((Vec::new(), false));
        };
        let mut rows = self.posts(self.places(0..=last)?.rev(), count + 1)?;
        let more = rows.len() > count;
        rows.truncate(count);
        rows.reverse();
        Ok((rows, more))
    }

    /// Up to `count` messages from `seq` on and whether there are more.
    fn from(&self, seq: u32, count: usize) -> Result<(Vec<MessageRow>, bool), Fault> {
        let mut rows = self.posts(self.places(seq..=u32::MAX)?, count + 1)?;
        let more = rows.len() > count;
        rows.truncate(count);
        Ok((rows, more))
    }

    /// Up to `count` messages with `seq` in their middle, or nearer to an end of the room.
    fn around(&self, seq: u32, count: usize) -> Result<(Vec<MessageRow>, bool, bool), Fault> {
        let (mut older, mut more_before) = self.before(seq, count)?;
        let (mut newer, mut more_after) = self.from(seq, count)?;
        let take_newer = newer
            .len()
            .min((count - count / 2).max(count.saturating_sub(older.len())));
        let take_older = older.len().min(count - take_newer);
        more_before |= take_older < older.len();
        more_after |= take_newer < newer.len();
        older.drain(..older.len() - take_older);
        newer.truncate(take_newer);
        older.append(&mut newer);
        Ok((older, more_before, more_after))
    }
}

/// Seqs beyond what a room can hold are beyond its head.
fn bounded(seq: Seq) -> u32 {
    key(seq.0).unwrap_or(u32::MAX)
}

pub(super) fn history(txn: &ReadTransaction, room: RoomId, anchor: Anchor, size: PageSize) -> Result<Page, Fault> {
    let reader = Reader::new(txn, bounded(Seq(room.0)))?;
    let head = rooms::head(&reader.seqs, reader.room)?;
    let size = size.get();
    let (rows, more_before, more_after) = match anchor {
        Anchor::Latest => {
            let (rows, more) = reader.before(u32::MAX, size)?;
            (rows, more, false)
        }
        Anchor::Before(seq) => {
            let seq = bounded(seq);
            let (rows, more) = reader.before(seq, size)?;
            (rows, more, reader.from(seq, 0)?.1)
        }
        Anchor::After(seq) => {
            let seq = bounded(seq).saturating_add(1);
            let (rows, more) = reader.from(seq, size)?;
            (rows, reader.before(seq, 0)?.1, more)
        }
        Anchor::Around(seq) => reader.around(bounded(seq), size)?,
    };

    let users = txn.open_table(USERS)?;
    let mut ids: Vec<u32> = rows.iter().map(|row| row.author).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(Page {
        authors: ids
            .into_iter()
            .map(|id| accounts::user(&users, id))
            .collect::<Result<_, _>>()?,
        messages: rows.into_iter().map(MessageRow::message).collect(),
        head: Seq(head.into()),
        more_before,
        more_after,
    })
}

pub(super) fn catchup(txn: &ReadTransaction, room: RoomId, since: Seq) -> Result<Catchup, Fault> {
    let reader = Reader::new(txn, bounded(Seq(room.0)))?;
    let head = rooms::head(&reader.seqs, reader.room)?;
    let behind = u64::from(head).checked_sub(since.0);
    if behind.is_none_or(|behind| behind > SYNC_BEHIND_MAX) {
        return Ok(Catchup::Reset { head: Seq(head.into()) });
    }

    let (mut messages, mut bytes, mut through) = (Vec::new(), 0, since);
    for place in reader.places(bounded(since).saturating_add(1)..=u32::MAX)? {
        if messages.len() == SYNC_MESSAGES_MAX || bytes >= SYNC_BYTES_MAX {
            break;
        }
        let (seq, place) = place?;
        let entry = match place.message == seq {
            true => place.entry,
            false => get_known::<_, SeqRow>(&reader.seqs, (reader.room, place.message), "a changed message")?.entry,
        };
        let row = reader.message(place.message, entry)?;
        through = Seq(seq.into());
        // What changed again comes again, later.
        if row.changed == seq {
            bytes += row.body.len();
            messages.push((through, row.message()));
        }
    }
    Ok(Catchup::Changed { messages, through })
}
