//! Single messages, who may write them, and the users that they name.

use super::access::access;
use super::{log, members, people};
use crate::clock::Time;
use crate::error::Error;
use crate::limits::{LAST_CHARS_MAX, LAST_POST_SCAN_MAX, PEOPLE_MAX};
use crate::model::rules::{self, Access};
use crate::model::{LastPost, Message, Notice, RoomId, RoomKind, Seq, User, UserId};
use crate::store::rows::codec::{PostRow, Stored, key};
use crate::store::rows::schema::Source;
use crate::store::store_error::StoreError;
use std::collections::BTreeSet;

/// Checks that a user may post in a room or act on its messages. In a direct room of two, a block stops both users.
pub fn may_post(source: &impl Source, user: u32, room: RoomId) -> Result<Access, StoreError> {
    let who = rules::may_write(access(source, room, user)?.as_ref())?;
    if who.kind == RoomKind::Direct
        && let [one, two] = members::all(source, room.0 as u32)?[..]
    {
        people::refuse_blocked(source, user, if user == one { two } else { one })?;
    }
    Ok(who)
}

/// The post with this id.
pub fn post_at(source: &impl Source, room: u32, id: Seq) -> Result<PostRow, StoreError> {
    let no_such = || Error::not_found("There is no such message.").at("id");
    let id = key(id.0).ok_or_else(no_such)?;
    match log::message(source, room, id)? {
        Some(Stored::Post(row)) => Ok(*row),
        _ => Err(no_such().into()),
    }
}

/// The last post of a room that is not deleted. `None` if it is not among the room's last entries.
pub fn last_post(source: &impl Source, room: u32) -> Result<Option<LastPost>, StoreError> {
    for place in log::seq_rows(source.seqs()?, room, 0..=u32::MAX)?
        .rev()
        .take(LAST_POST_SCAN_MAX)
    {
        let (seq, place) = place?;
        if place.message != seq {
            continue;
        }
        if let Stored::Post(row) = log::sized_message_at(source, room, seq, place.entry)?.0
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

/// The users that these messages name outside of their text: at most `PEOPLE_MAX`, authors first.
pub fn people_named_in<'m>(
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
