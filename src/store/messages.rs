//! Posts, pages of them, and what somebody missed.

use super::apply::Done;
use super::marks::{self, EVERYBODY};
use super::rows::codec::{ClientIdRow, Forward, PostRow, SeqRow, Stored, key};
use super::rows::schema::{Source, Tables};
use super::rows::table::{get, get_known, put};
use super::standing::{self, known, standing};
use super::store_error::StoreError;
use super::{files, log, members, people};
use crate::clock::Time;
use crate::error::Error;
use crate::limits::{
    HERE_MAX, LAST_CHARS_MAX, LAST_LOOKED_AT_MAX, PAGE_BYTES_MAX, PEOPLE_MAX, SYNC_BEHIND_MAX, SYNC_BYTES_MAX,
    SYNC_MESSAGES_MAX,
};
use crate::model::rules::{self, Standing};
use crate::model::{
    Anchor, Catchup, Draft, Event, LastPost, Message, NewPost, Notice, Page, PageSize, Place, Posted, RoomId, RoomKind,
    Seq, User, UserId, Written,
};
use std::collections::{BTreeSet, HashMap};

pub(super) fn post(tables: &mut Tables<'_>, new: &NewPost) -> Result<Done, StoreError> {
    let author = known(tables, new.author)?;
    // Before anything else: the first answer stays the answer, whatever has changed since.
    let first = get::<_, ClientIdRow>(tables.client_ids()?, (author, new.client_id.as_str()))?;
    if let Some(first) = first {
        return Ok(Done::nothing(Event::PostedBefore {
            room: RoomId(first.room.into()),
            seq: Seq(first.seq.into()),
            client_id: new.client_id.clone(),
        }));
    }
    may_post(tables, author, new.room)?;
    let room = new.room.0 as u32;
    let mut row = PostRow {
        room,
        author,
        client_id: new.client_id.as_str().to_owned(),
        ..PostRow::default()
    };
    match &new.draft {
        Draft::Written { text, reply_to, files } => {
            row.reply_to = reply_to.map(|id| answered(tables, room, id)).transpose()?;
            row.files = files::to_show(tables, author, files)?;
            say(tables, &mut row, text, &new.here)?;
        }
        Draft::Forward { room, id } => pass_on(tables, &mut row, new.author, Place { room: *room, id: *id })?,
    }

    let head = log::head(tables, room)?;
    let row = log::post(tables, row, head, new.at)?;
    let first = ClientIdRow { room, seq: row.seq };
    put(tables.client_ids.write()?, (author, new.client_id.as_str()), &first)?;
    mention(tables, &row, true)?;
    files::show(tables, &row)?;
    marks::own_post(tables, author, room, head, row.seq)?;
    Ok(Done::told(Event::Posted(Posted {
        room: new.room,
        seq: Seq(row.seq.into()),
        message: row.message(),
    })))
}

/// Whether somebody may say something in a room, or to what is said there: between two people of whom one has
/// blocked the other nobody may.
pub(super) fn may_post(source: &impl Source, user: u32, room: RoomId) -> Result<Standing, StoreError> {
    let who = rules::may_write(standing(source, room, user)?.as_ref())?;
    if who.kind == RoomKind::Direct
        && let [one, two] = members::all(source, room.0 as u32)?[..]
    {
        people::refuse_blocked(source, user, if user == one { two } else { one })?;
    }
    Ok(who)
}

/// The message that a reply answers.
fn answered(source: &impl Source, room: u32, id: Seq) -> Result<u32, StoreError> {
    let found = post_at(source, room, id).map_err(|fault| at_field(fault, "reply_to"))?;
    rules::may_use(&found.clone().message()).map_err(|error| error.at("reply_to"))?;
    Ok(found.seq)
}

fn at_field(fault: StoreError, field: &'static str) -> StoreError {
    match fault {
        StoreError::Refused(error) => StoreError::Refused(error.at(field)),
        fault => fault,
    }
}

/// The post with this id.
pub(super) fn post_at(source: &impl Source, room: u32, id: Seq) -> Result<PostRow, StoreError> {
    let no_such = || Error::not_found("There is no such message.").at("id");
    let id = key(id.0).ok_or_else(no_such)?;
    match log::message(source, room, id)? {
        Some(Stored::Post(row)) => Ok(*row),
        _ => Err(no_such().into()),
    }
}

/// Puts a text into a row.
pub(super) fn say(source: &impl Source, row: &mut PostRow, text: &Written, here: &[UserId]) -> Result<(), StoreError> {
    row.body = text.body.as_str().to_owned();
    row.content = text.content.clone();
    row.mentioned = text.mentions.users.iter().filter_map(|user| key(user.0)).collect();
    row.mentions_room = text.mentions.room;
    row.mentions_here = text.mentions.here;
    row.here = Vec::new();
    if row.mentions_here && here.len() <= HERE_MAX {
        for user in here.iter().filter_map(|user| key(user.0)) {
            if standing::role(source, row.room, user)?.is_some() {
                row.here.push(user);
            }
        }
    }
    row.mentions_room |= row.mentions_here && here.len() > HERE_MAX;
    Ok(())
}

/// Puts what another message says into a row.
fn pass_on(source: &impl Source, row: &mut PostRow, by: UserId, from: Place) -> Result<(), StoreError> {
    let (_, room) = standing::inside(source, by, from.room)?;
    let found = post_at(source, room, from.id)?;
    rules::may_use(&found.clone().message())?;
    row.forwarded = Some(Forward {
        room,
        id: found.seq,
        author: found.author,
        sent_at: found.sent_at,
    });
    row.body = found.body;
    row.content = found.content;
    row.files = found.files;
    Ok(())
}

/// Writes down whom a message is meant for, or that it no longer is.
pub(super) fn mention(tables: &mut Tables<'_>, row: &PostRow, on: bool) -> Result<(), StoreError> {
    let everybody = row.mentions_room.then_some(EVERYBODY);
    let here = row.here.iter().filter(|_| row.mentions_here);
    let people = row.mentioned.iter().chain(here).copied();
    for user in people.chain(everybody) {
        if on && user != EVERYBODY && standing::role(tables, row.room, user)?.is_none() {
            continue;
        }
        match on {
            true => put(tables.mentioned.write()?, (user, row.room, row.seq), &row.author)?,
            false => drop(tables.mentioned.write()?.remove((user, row.room, row.seq))?),
        }
    }
    Ok(())
}

/// A room's part of one source.
struct Reader<'s, S> {
    source: &'s S,
    room: u32,
}

impl<S: Source> Reader<'_, S> {
    /// Up to `count` messages and `bytes` of some, and whether there are more; the message that passes the
    /// bytes is the last one.
    fn posts(
        &self,
        places: impl Iterator<Item = Result<(u32, SeqRow), StoreError>>,
        count: usize,
        bytes: usize,
    ) -> Result<(Vec<Stored>, bool), StoreError> {
        let (mut rows, mut taken) = (Vec::new(), 0);
        for place in places {
            let (seq, place) = place?;
            if rows.len() == count || taken >= bytes {
                return Ok((rows, true));
            }
            let (row, weight) = log::weighed(self.source, self.room, seq, place.entry)?;
            taken += weight + self.bytes_of_quoted(&row)?;
            rows.push(row);
        }
        Ok((rows, false))
    }

    /// What a message brings with it that it answers.
    fn bytes_of_quoted(&self, row: &Stored) -> Result<usize, StoreError> {
        let Some(id) = row.reply_to() else { return Ok(0) };
        let place: SeqRow = get_known(self.source.seqs()?, (self.room, id), "an answered message")?;
        log::bytes(self.source, place.entry)
    }

    /// Up to `count` messages below `seq` and whether there are more, oldest first.
    fn before(&self, seq: u32, count: usize, bytes: usize) -> Result<(Vec<Stored>, bool), StoreError> {
        let places = log::messages_until(self.source, self.room, seq.saturating_sub(1))?;
        let (mut rows, more) = self.posts(places, count, bytes)?;
        rows.reverse();
        Ok((rows, more))
    }

    /// Up to `count` messages from `seq` on and whether there are more.
    fn from(&self, seq: u32, count: usize, bytes: usize) -> Result<(Vec<Stored>, bool), StoreError> {
        let places = log::messages_from(self.source, self.room, seq)?;
        self.posts(places, count, bytes)
    }

    /// Up to `count` messages with `seq` in their middle, or nearer to an end of the room.
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

/// The last post of a room that is there, if it is among the last things that happened.
pub(super) fn last(source: &impl Source, room: u32) -> Result<Option<LastPost>, StoreError> {
    for place in log::places(source.seqs()?, room, 0..=u32::MAX)?
        .rev()
        .take(LAST_LOOKED_AT_MAX)
    {
        let (seq, place) = place?;
        if place.message != seq {
            continue;
        }
        if let Stored::Post(row) = log::weighed(source, room, seq, place.entry)?.0
            && row.deleted.is_none()
        {
            return Ok(Some(LastPost {
                id: Seq(row.seq.into()),
                author: UserId(row.author.into()),
                sent_at: Time(row.sent_at),
                text: match &row.content {
                    Some(content) => content.words().chars().take(LAST_CHARS_MAX).collect(),
                    None => row.body.chars().take(LAST_CHARS_MAX).collect(),
                },
                files: row.files.len(),
            }));
        }
    }
    Ok(None)
}

/// Seqs beyond what a room can hold are beyond its head.
fn bounded(seq: Seq) -> u32 {
    key(seq.0).unwrap_or(u32::MAX)
}

pub(super) fn history(
    source: &impl Source,
    viewer: UserId,
    room: RoomId,
    anchor: Anchor,
    size: PageSize,
) -> Result<Page, StoreError> {
    let (_, room) = standing::inside(source, viewer, room)?;
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

/// Messages with all that belongs to them.
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
        people: named_in(source, messages.iter().chain(&quoted))?,
        messages,
        quoted,
        head: Seq(log::head(source, room)?.seq.into()),
        more_before,
        more_after,
    })
}

/// Everybody whom these messages name outside of their text, authors first where they are very many.
pub(super) fn named_in<'m>(
    source: &impl Source,
    messages: impl Iterator<Item = &'m Message> + Clone,
) -> Result<Vec<User>, StoreError> {
    let mut ids: BTreeSet<u64> = messages.clone().map(|message| message.author.0).collect();
    for message in messages {
        let notice = message.notice.as_ref().and_then(|notice| match notice {
            Notice::Added(user) | Notice::Removed(user) | Notice::Owner(user) => Some(*user),
            _ => None,
        });
        let others = [
            notice,
            message.deleted_by,
            message.pinned.map(|pinned| pinned.by),
            message.forwarded.map(|forwarded| forwarded.author),
        ];
        ids.extend(others.into_iter().flatten().map(|user| user.0));
        for user in message.reactions.iter().flat_map(|reaction| &reaction.users) {
            if ids.len() < PEOPLE_MAX {
                ids.insert(user.0);
            }
        }
    }
    people::users(source, ids.into_iter().filter_map(key))
}

pub(super) fn catchup(source: &impl Source, viewer: UserId, room: RoomId, since: Seq) -> Result<Catchup, StoreError> {
    let (_, room) = standing::inside(source, viewer, room)?;
    let head = log::head(source, room)?.seq;
    let behind = u64::from(head).checked_sub(since.0);
    if behind.is_none_or(|behind| behind > SYNC_BEHIND_MAX) {
        return Ok(Catchup::Reset { head: Seq(head.into()) });
    }

    let (mut places, mut last) = (Vec::new(), HashMap::new());
    for place in log::places(source.seqs()?, room, bounded(since).saturating_add(1)..=u32::MAX)? {
        let (seq, place) = place?;
        last.insert(place.message, seq);
        places.push((seq, place));
    }
    let (mut messages, mut bytes) = (Vec::new(), 0);
    for (seq, place) in places {
        // What changed again comes again, later; and is read then.
        if last.get(&place.message) != Some(&seq) {
            continue;
        }
        if messages.len() == SYNC_MESSAGES_MAX || bytes >= SYNC_BYTES_MAX {
            let through = Seq(u64::from(seq) - 1);
            return Ok(Catchup::Changed { messages, through });
        }
        let entry = match place.message == seq {
            true => place.entry,
            false => get_known::<_, SeqRow>(source.seqs()?, (room, place.message), "a changed message")?.entry,
        };
        let (row, weight) = log::weighed(source, room, place.message, entry)?;
        bytes += weight;
        messages.push((Seq(seq.into()), row.message()));
    }
    let through = Seq(head.into());
    Ok(Catchup::Changed { messages, through })
}
