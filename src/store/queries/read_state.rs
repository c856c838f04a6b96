//! How far a user has read, and what is unread after that. The counts are computed from seqs, so they cannot drift.

use super::access::require_member;
use super::log::{self, Head};
use super::{members, people};
use crate::error::Error;
use crate::limits::{MENTIONS_COUNTED_MAX, SEEN_MEMBERS_MAX};
use crate::model::{Event, ReadMark, RoomId, Seq, UserId};
use crate::store::rows::codec::unseal;
use crate::store::rows::schema::Source;
use crate::store::rows::table::get;
use crate::store::store_error::StoreError;
use redb::ReadableTable;

/// The user number that stands for everyone in a room.
pub const EVERYBODY: u32 = 0;

/// The seq up to which a user has read a room.
pub fn read_until(source: &impl Source, user: u32, room: u32) -> Result<u32, StoreError> {
    Ok(get(source.read_marks()?, (user, room))?.unwrap_or(0))
}

/// How far a user has read, with the unread counts after that.
pub fn read_mark(source: &impl Source, user: u32, room: u32, head: Head) -> Result<ReadMark, StoreError> {
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

/// How many posts come after a read mark, apart from the reader's own.
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
    // One message may mention both the user and everyone.
    found.sort_unstable();
    found.dedup();
    Ok(found.len().min(MENTIONS_COUNTED_MAX) as u64)
}

/// A user's read marks in all of their rooms.
pub fn read_marks(source: &impl Source, user: u32) -> Result<Vec<ReadMark>, StoreError> {
    let rooms = members::rooms_of(source, user)?.into_iter();
    rooms
        .map(|room| read_mark(source, user, room, log::head(source, room)?))
        .collect()
}

/// The seq up to which others may see that a user has read. `None` until the user reads or writes.
fn shown_until(source: &impl Source, user: u32, room: u32) -> Result<Option<u32>, StoreError> {
    let read = read_until(source, user, room)?;
    let entered: u32 = get(source.entered()?, (user, room))?.unwrap_or(0);
    Ok(Some(read).filter(|read| *read > entered))
}

/// Whether a post after the read mark is by another user. Visits the reader's own posts only while they follow each
/// other directly: the next post, if any, is by another user.
pub fn has_unread(source: &impl Source, user: u32, room: u32, read: u32, head: Head) -> Result<bool, StoreError> {
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

/// Checks that a user can have read a room up to `seq`. Returns the numbers of the user and the room, and the room's
/// head.
pub fn may_mark_read(
    source: &impl Source,
    user: UserId,
    room: RoomId,
    seq: Seq,
) -> Result<(u32, u32, Head), StoreError> {
    let (who, id) = require_member(source, user, room)?;
    let head = log::head(source, id)?;
    if seq.0 > u64::from(head.seq) {
        return Err(Error::invalid("seq", "Nobody can have read further than the room goes.").into());
    }
    Ok((who, id, head))
}

/// The events for the other members of a user's rooms when the user starts or stops sharing read marks.
pub fn seen_events(source: &impl Source, user: u32) -> Result<Vec<Event>, StoreError> {
    let shares = people::settings(source, user)?.share_read;
    let mut events = Vec::new();
    for room in members::rooms_of(source, user)? {
        if members::member_count(source, room)? > SEEN_MEMBERS_MAX {
            continue;
        }
        if let Some(read) = shown_until(source, user, room)? {
            events.push(Event::SeenBy {
                user: UserId(user.into()),
                room: RoomId(room.into()),
                seq: Seq(if shares { read.into() } else { 0 }),
            });
        }
    }
    Ok(events)
}

/// Whether the other members of a room see how far this member has read.
pub fn is_seen_by_others(source: &impl Source, user: u32, room: u32) -> Result<bool, StoreError> {
    let members = members::member_count(source, room)?;
    Ok(members <= SEEN_MEMBERS_MAX && people::settings(source, user)?.share_read)
}

/// How far the other members have read, for those who share it. Empty in a large room.
pub fn seen(source: &impl Source, viewer: UserId, room: RoomId) -> Result<Vec<(UserId, Seq)>, StoreError> {
    let (who, id) = require_member(source, viewer, room)?;
    if members::member_count(source, id)? > SEEN_MEMBERS_MAX {
        return Ok(Vec::new());
    }
    let mut seen = Vec::new();
    for user in members::all(source, id)? {
        if user != who && people::settings(source, user)?.share_read {
            let read = shown_until(source, user, id)?;
            seen.extend(read.map(|read| (UserId(user.into()), Seq(read.into()))));
        }
    }
    Ok(seen)
}
