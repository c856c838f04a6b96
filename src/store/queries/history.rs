//! Pages of messages, and catch-ups on what a client missed.

use super::access::require_member;
use super::log;
use super::messages::people_named_in;
use crate::limits::{PAGE_BYTES_MAX, SYNC_BEHIND_MAX, SYNC_BYTES_MAX, SYNC_MESSAGES_MAX};
use crate::model::{Anchor, Catchup, Message, Page, PageSize, RoomId, Seq, UserId};
use crate::store::rows::codec::{SeqRow, Stored, key};
use crate::store::rows::schema::Source;
use crate::store::rows::table::get_known;
use crate::store::store_error::StoreError;
use std::collections::{BTreeSet, HashMap};

/// Reads the messages of one room.
struct Reader<'s, S> {
    source: &'s S,
    room: u32,
}

impl<S: Source> Reader<'_, S> {
    /// Up to `count` messages, and whether there are more. The message that reaches `bytes` is the last one.
    fn posts(
        &self,
        seq_rows: impl Iterator<Item = Result<(u32, SeqRow), StoreError>>,
        count: usize,
        bytes: usize,
    ) -> Result<(Vec<Stored>, bool), StoreError> {
        let (mut rows, mut taken) = (Vec::new(), 0);
        for seq_row in seq_rows {
            let (seq, seq_row) = seq_row?;
            if rows.len() == count || taken >= bytes {
                return Ok((rows, true));
            }
            let (row, weight) = log::sized_message_at(self.source, self.room, seq, seq_row.entry)?;
            taken += weight + self.bytes_of_quoted(&row)?;
            rows.push(row);
        }
        Ok((rows, false))
    }

    /// The bytes of the message that this one replies to, which is sent along with it.
    fn bytes_of_quoted(&self, row: &Stored) -> Result<usize, StoreError> {
        let Some(id) = row.reply_to() else { return Ok(0) };
        let seq_row: SeqRow = get_known(self.source.seqs()?, (self.room, id), "an answered message")?;
        log::entry_bytes(self.source, seq_row.entry)
    }

    /// Up to `count` messages below `seq`, oldest first, and whether there are more.
    fn before(&self, seq: u32, count: usize, bytes: usize) -> Result<(Vec<Stored>, bool), StoreError> {
        let seq_rows = log::messages_until(self.source, self.room, seq.saturating_sub(1))?;
        let (mut rows, more) = self.posts(seq_rows, count, bytes)?;
        rows.reverse();
        Ok((rows, more))
    }

    /// Up to `count` messages from `seq` on, and whether there are more.
    fn from(&self, seq: u32, count: usize, bytes: usize) -> Result<(Vec<Stored>, bool), StoreError> {
        let seq_rows = log::messages_from(self.source, self.room, seq)?;
        self.posts(seq_rows, count, bytes)
    }

    /// Up to `count` messages with `seq` in the middle, or off-centre near an end of the room. Also whether there are
    /// more before and after.
    fn around(&self, seq: u32, count: usize) -> Result<(Vec<Stored>, bool, bool), StoreError> {
        let (mut older, mut more_before) = self.before(seq, count, PAGE_BYTES_MAX / 2)?;
        let (mut newer, mut more_after) = self.from(seq, count, PAGE_BYTES_MAX / 2)?;
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

/// A seq as the file stores it. One that does not fit is after the head of any room.
fn bounded(seq: Seq) -> u32 {
    key(seq.0).unwrap_or(u32::MAX)
}

pub fn history(
    source: &impl Source,
    viewer: UserId,
    room: RoomId,
    anchor: Anchor,
    size: PageSize,
) -> Result<Page, StoreError> {
    let (_, room) = require_member(source, viewer, room)?;
    let reader = Reader { source, room };
    let size = size.get();
    let (rows, more_before, more_after) = match anchor {
        Anchor::Latest => {
            let (rows, more) = reader.before(u32::MAX, size, PAGE_BYTES_MAX)?;
            (rows, more, false)
        }
        Anchor::Before(seq) => {
            let seq = bounded(seq);
            let (rows, more) = reader.before(seq, size, PAGE_BYTES_MAX)?;
            (rows, more, reader.from(seq, 0, 0)?.1)
        }
        Anchor::After(seq) => {
            let seq = bounded(seq).saturating_add(1);
            let (rows, more) = reader.from(seq, size, PAGE_BYTES_MAX)?;
            (rows, reader.before(seq, 0, 0)?.1, more)
        }
        Anchor::Around(seq) => reader.around(bounded(seq), size)?,
    };
    page(source, room, rows, more_before, more_after)
}

/// A page: the messages, the messages that they reply to, and the users that they name.
fn page(
    source: &impl Source,
    room: u32,
    rows: Vec<Stored>,
    more_before: bool,
    more_after: bool,
) -> Result<Page, StoreError> {
    let messages: Vec<Message> = rows.into_iter().map(Stored::message).collect();
    let here: BTreeSet<Seq> = messages.iter().map(|message| message.id).collect();
    let wanted: BTreeSet<Seq> = messages.iter().filter_map(|message| message.reply_to).collect();
    let mut quoted = Vec::new();
    for id in wanted.difference(&here) {
        quoted.extend(log::message(source, room, bounded(*id))?.map(Stored::message));
    }
    Ok(Page {
        people: people_named_in(source, messages.iter().chain(&quoted))?,
        messages,
        quoted,
        head: Seq(log::head(source, room)?.seq.into()),
        more_before,
        more_after,
    })
}

pub fn catchup(source: &impl Source, viewer: UserId, room: RoomId, since: Seq) -> Result<Catchup, StoreError> {
    let (_, room) = require_member(source, viewer, room)?;
    let head = log::head(source, room)?.seq;
    let behind = u64::from(head).checked_sub(since.0);
    if behind.is_none_or(|behind| behind > SYNC_BEHIND_MAX) {
        return Ok(Catchup::Reset { head: Seq(head.into()) });
    }

    let (mut seq_rows, mut last) = (Vec::new(), HashMap::new());
    for seq_row in log::seq_rows(source.seqs()?, room, bounded(since).saturating_add(1)..=u32::MAX)? {
        let (seq, seq_row) = seq_row?;
        last.insert(seq_row.message, seq);
        seq_rows.push((seq, seq_row));
    }
    let (mut messages, mut bytes) = (Vec::new(), 0);
    for (seq, seq_row) in seq_rows {
        // A message that changed again is read at its last change.
        if last.get(&seq_row.message) != Some(&seq) {
            continue;
        }
        if messages.len() == SYNC_MESSAGES_MAX || bytes >= SYNC_BYTES_MAX {
            let through = Seq(u64::from(seq) - 1);
            return Ok(Catchup::Changed { messages, through });
        }
        let entry = match seq_row.message == seq {
            true => seq_row.entry,
            false => get_known::<_, SeqRow>(source.seqs()?, (room, seq_row.message), "a changed message")?.entry,
        };
        let (row, weight) = log::sized_message_at(source, room, seq_row.message, entry)?;
        bytes += weight;
        messages.push((Seq(seq.into()), row.message()));
    }
    let through = Seq(head.into());
    Ok(Catchup::Changed { messages, through })
}
