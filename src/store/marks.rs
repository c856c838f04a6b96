//! How far somebody has read, and what stands after that: plain arithmetic over seqs, so that no count
//! can stick or drift.

use super::apply::Done;
use super::log::{self, Head};
use super::rows::codec::{Stored, UserRoomRow, key, unseal};
use super::rows::schema::{FIRST_ROOM, Source, Tables};
use super::rows::table::{get, put};
use super::store_error::StoreError;
use super::{people, standing};
use crate::error::Error;
use crate::limits::{MENTIONS_COUNTED_MAX, SEEN_MEMBERS_MAX, UNREAD_BACK_BYTES_MAX, UNREAD_BACK_MAX};
use crate::model::{ConnectionId, Event, Place, ReadMark, RoomId, Seq, UserId};
use redb::{ReadableTable, ReadableTableMetadata};

/// The user number that stands for everybody in a room.
pub(super) const EVERYBODY: u32 = 0;

/// How far somebody has read a room.
pub(super) fn read_until(source: &impl Source, user: u32, room: u32) -> Result<u32, StoreError> {
    Ok(get(source.read_marks()?, (user, room))?.unwrap_or(0))
}

/// How far somebody has read, and what stands after that.
pub(super) fn mark(source: &impl Source, user: u32, room: u32, head: Head) -> Result<ReadMark, StoreError> {
    let read = read_until(source, user, room)?;
    let (unread, mentions) = match read >= head.seq {
        true => (0, 0),
        false => (
            unread(source, user, room, read, head)?,
            mentions(source, user, room, read)?,
        ),
    };
    Ok(ReadMark {
        user: UserId(user.into()),
        room: RoomId(room.into()),
        seq: Seq(read.into()),
        unread,
        mentions,
        head: Seq(head.seq.into()),
    })
}

/// The posts after a mark, without those of the reader.
fn unread(source: &impl Source, user: u32, room: u32, read: u32, head: Head) -> Result<u64, StoreError> {
    let posts = head.posts().saturating_sub(log::posts_until(source, room, read)?);
    if posts == 0 {
        return Ok(0);
    }
    let after = (user, room, read.saturating_add(1))..=(user, room, u32::MAX);
    let own = source.own_posts()?.range(after)?.count() as u64;
    Ok(posts.saturating_sub(own))
}

fn mentions(source: &impl Source, user: u32, room: u32, read: u32) -> Result<u64, StoreError> {
    let mentioned = source.mentioned()?;
    let blocked = people::blocked_by(source, user)?;
    let mut found = Vec::new();
    for whom in [user, EVERYBODY] {
        let after = (whom, room, read.saturating_add(1))..=(whom, room, u32::MAX);
        for row in mentioned.range(after)?.take(MENTIONS_COUNTED_MAX) {
            let (key, author) = row?;
            let author = unseal::<u32>(author.value())?;
            if author != user && blocked.binary_search(&author).is_err() {
                found.push(key.value().2);
            }
        }
    }
    // One message may name somebody and everybody.
    found.sort_unstable();
    found.dedup();
    Ok(found.len().min(MENTIONS_COUNTED_MAX) as u64)
}

/// The marks of somebody in all of their rooms.
pub(super) fn of_rooms(source: &impl Source, user: u32) -> Result<Vec<ReadMark>, StoreError> {
    let rooms = rooms_of(source, user)?.into_iter();
    rooms
        .map(|room| mark(source, user, room, log::head(source, room)?))
        .collect()
}

/// Somebody is new in a room: what was said before is history to them, not unread.
pub(super) fn enter(tables: &mut Tables<'_>, user: u32, room: u32) -> Result<(), StoreError> {
    let head = log::head(tables, room)?;
    put(tables.entered.write()?, (user, room), &head.seq)?;
    move_to(tables, user, room, head.seq)
}

/// How far somebody has shown to have read: nothing until they read or write.
fn shown_until(source: &impl Source, user: u32, room: u32) -> Result<Option<u32>, StoreError> {
    let read = read_until(source, user, room)?;
    let entered: u32 = get(source.entered()?, (user, room))?.unwrap_or(0);
    Ok(Some(read).filter(|read| *read > entered))
}

/// Somebody posts: to them, it is read. `head` is the room's head before the post `seq`.
pub(super) fn own_post(tables: &mut Tables<'_>, user: u32, room: u32, head: Head, seq: u32) -> Result<(), StoreError> {
    let read = read_until(tables, user, room)?;
    if read >= head.seq || !has_unread(tables, user, room, read, head)? {
        return move_to(tables, user, room, seq);
    }
    put(tables.own_posts.write()?, (user, room, seq), &())
}

/// Whether a post after a mark is of somebody else. Looks at one's own ones only as far as they follow
/// the mark one after the other: behind those stands somebody else's, or none.
fn has_unread(source: &impl Source, user: u32, room: u32, read: u32, head: Head) -> Result<bool, StoreError> {
    let before = log::posts_until(source, room, read)?;
    let posts = head.posts().saturating_sub(before);
    let after = (user, room, read.saturating_add(1))..=(user, room, u32::MAX);
    for (own, row) in (0..).zip(source.own_posts()?.range(after)?) {
        let seq = row?.0.value().2;
        if log::posts_until(source, room, seq)?.saturating_sub(before) > own + 1 {
            return Ok(true);
        }
        if own + 1 == posts {
            return Ok(false);
        }
    }
    Ok(posts > 0)
}

/// Moves a mark, and forgets what the arithmetic needs no more.
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

/// Whether somebody can have read a room up to `seq`: their number, the room's, and its head.
pub(super) fn may_read(
    source: &impl Source,
    user: UserId,
    room: RoomId,
    seq: Seq,
) -> Result<(u32, u32, Head), StoreError> {
    let (who, place) = standing::inside(source, user, room)?;
    let head = log::head(source, place)?;
    if seq.0 > u64::from(head.seq) {
        return Err(Error::invalid("seq", "Nobody can have read further than the room goes.").into());
    }
    Ok((who, place, head))
}

pub(super) fn read(
    tables: &mut Tables<'_>,
    user: UserId,
    room: RoomId,
    seq: Seq,
    by: Option<ConnectionId>,
) -> Result<Done, StoreError> {
    let (who, place, head) = may_read(tables, user, room, seq)?;
    let seq = seq.0 as u32;
    if seq <= read_until(tables, who, place)? {
        let mark = mark(tables, who, place, head)?;
        return Ok(Done::nothing(Event::Read { mark, by }));
    }
    move_to(tables, who, place, seq)?;
    let mark = mark(tables, who, place, head)?;
    let mut told = vec![Event::Read { mark, by }];
    if is_shown(tables, who, place)? {
        let seq = mark.seq;
        told.push(Event::SeenBy { user, room, seq });
    }
    Ok(Done::tells(Event::Read { mark, by }, told))
}

/// What the others in somebody's rooms are told when that person shows from now on how far they read, or not.
pub(super) fn shows(source: &impl Source, user: u32) -> Result<Vec<Event>, StoreError> {
    let shares = people::settings(source, user)?.share_read;
    let mut told = Vec::new();
    for room in rooms_of(source, user)? {
        if super::rooms::member_count(source, room)? > SEEN_MEMBERS_MAX {
            continue;
        }
        if let Some(read) = shown_until(source, user, room)? {
            told.push(Event::SeenBy {
                user: UserId(user.into()),
                room: RoomId(room.into()),
                seq: Seq(if shares { read.into() } else { 0 }),
            });
        }
    }
    Ok(told)
}

/// Whether the others in a room see how far this member has read.
fn is_shown(source: &impl Source, user: u32, room: u32) -> Result<bool, StoreError> {
    let members = super::rooms::member_count(source, room)?;
    Ok(members <= SEEN_MEMBERS_MAX && people::settings(source, user)?.share_read)
}

pub(super) fn unread_from(
    tables: &mut Tables<'_>,
    user: UserId,
    place: Place,
    by: Option<ConnectionId>,
) -> Result<Done, StoreError> {
    let (who, room) = standing::inside(tables, user, place.room)?;
    let head = log::head(tables, room)?;
    let no_such = || Error::not_found("There is no such message.").at("id");
    let id = key(place.id.0)
        .filter(|id| (1..=head.seq).contains(id))
        .ok_or_else(no_such)?;
    let first = head.seq.saturating_sub(UNREAD_BACK_MAX as u32 - 1);
    let too_far = || Error::invalid("id", "That message is too far back to be unread from.");
    if id < first {
        return Err(too_far().into());
    }
    let (mut messages, mut bytes) = (Vec::new(), 0);
    for place in log::places(tables.seqs.read()?, room, id..=head.seq)? {
        let (seq, place) = place?;
        if place.message == seq {
            bytes += log::bytes(tables, place.entry)?;
            messages.push((seq, place.entry));
        }
        if messages.first().is_none_or(|(first, _)| *first != id) {
            return Err(no_such().into());
        }
        if bytes > UNREAD_BACK_BYTES_MAX {
            return Err(too_far().into());
        }
    }
    move_to(tables, who, room, id - 1)?;
    // What the arithmetic needs of the messages after the mark: the rows of one's own went when it passed
    // them, and those that mention somebody are kept for who was in the room at that time.
    for (seq, entry) in messages {
        let Stored::Post(row) = log::weighed(tables, room, seq, entry)?.0 else {
            continue;
        };
        if row.author == who {
            put(tables.own_posts.write()?, (who, room, seq), &())?;
        } else if row.deleted.is_none() && row.is_for(who) {
            put(tables.mentioned.write()?, (who, room, seq), &row.author)?;
        }
    }
    let mark = mark(tables, who, room, head)?;
    Ok(Done::told(Event::Read { mark, by }))
}

/// How far the other members have read who let it be seen; nobody in a large room.
pub(super) fn seen(source: &impl Source, viewer: UserId, room: RoomId) -> Result<Vec<(UserId, Seq)>, StoreError> {
    let (who, place) = standing::inside(source, viewer, room)?;
    if super::rooms::member_count(source, place)? > SEEN_MEMBERS_MAX {
        return Ok(Vec::new());
    }
    let mut seen = Vec::new();
    for user in super::members::all(source, place)? {
        if user != who && people::settings(source, user)?.share_read {
            let read = shown_until(source, user, place)?;
            seen.extend(read.map(|read| (UserId(user.into()), Seq(read.into()))));
        }
    }
    Ok(seen)
}

/// How somebody has arranged a room.
pub(super) fn arranged(source: &impl Source, user: u32, room: u32) -> Result<UserRoomRow, StoreError> {
    Ok(get(source.user_rooms()?, (user, room))?.unwrap_or_default())
}

/// The rooms that somebody is in, the first one first.
pub(super) fn rooms_of(source: &impl Source, user: u32) -> Result<Vec<u32>, StoreError> {
    let mut rooms = vec![FIRST_ROOM];
    for row in source.user_rooms()?.range((user, FIRST_ROOM + 1)..=(user, u32::MAX))? {
        rooms.push(row?.0.value().1);
    }
    Ok(rooms)
}
