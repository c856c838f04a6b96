//! Posts, and the rows that record whom they mention.

use super::outcome::Outcome;
use super::{attachments, log, read_state};
use crate::limits::HERE_MAX;
use crate::model::{Event, FormattedText, MessageRef, NewMessage, NewPost, Posted, RoomId, Seq, UserId, rules};
use crate::store::queries;
use crate::store::queries::access::{active_user, member_role, require_member};
use crate::store::queries::messages::{may_post, post_at};
use crate::store::queries::read_state::EVERYBODY;
use crate::store::rows::codec::{ClientIdRow, Forward, PostRow, key};
use crate::store::rows::schema::{Source, Tables};
use crate::store::rows::table::{get, put};
use crate::store::store_error::StoreError;

pub fn post(tables: &mut Tables<'_>, new: &NewPost) -> Result<Outcome, StoreError> {
    let author = active_user(tables, new.author)?;
    // First of all: the answer to a repeated post stays the same, whatever has changed since.
    let first = get::<_, ClientIdRow>(tables.client_ids()?, (author, new.client_id.as_str()))?;
    if let Some(first) = first {
        return Ok(Outcome::noop(Event::PostedBefore {
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
    match &new.message {
        NewMessage::Text { text, reply_to, files } => {
            row.reply_to = reply_to.map(|id| replied_to(tables, room, id)).transpose()?;
            row.files = queries::attachments::attachable(tables, author, files)?;
            set_text(tables, &mut row, text, &new.here)?;
        }
        NewMessage::Forward { room, id } => forward(tables, &mut row, new.author, MessageRef { room: *room, id: *id })?,
    }

    let head = queries::log::head(tables, room)?;
    let row = log::post(tables, row, head, new.at)?;
    let first = ClientIdRow { room, seq: row.seq };
    put(tables.client_ids.write()?, (author, new.client_id.as_str()), &first)?;
    set_mentions(tables, &row, true)?;
    attachments::attach(tables, &row)?;
    read_state::own_post(tables, author, room, head, row.seq)?;
    Ok(Outcome::broadcast(Event::Posted(Posted {
        room: new.room,
        seq: Seq(row.seq.into()),
        message: row.message(),
    })))
}

/// The number of the message that a reply refers to.
fn replied_to(source: &impl Source, room: u32, id: Seq) -> Result<u32, StoreError> {
    let found = post_at(source, room, id).map_err(|error| at_field(error, "reply_to"))?;
    rules::may_use(&found.clone().message()).map_err(|error| error.at("reply_to"))?;
    Ok(found.seq)
}

fn at_field(error: StoreError, field: &'static str) -> StoreError {
    match error {
        StoreError::Refused(error) => StoreError::Refused(error.at(field)),
        error => error,
    }
}

/// Sets the text of a post and its mentions.
pub fn set_text(
    source: &impl Source,
    row: &mut PostRow,
    text: &FormattedText,
    here: &[UserId],
) -> Result<(), StoreError> {
    row.body = text.body.as_str().to_owned();
    row.content = text.content.clone();
    row.mentioned = text.mentions.users.iter().filter_map(|user| key(user.0)).collect();
    row.mentions_room = text.mentions.room;
    row.mentions_here = text.mentions.here;
    row.here = Vec::new();
    if row.mentions_here && here.len() <= HERE_MAX {
        for user in here.iter().filter_map(|user| key(user.0)) {
            if member_role(source, row.room, user)?.is_some() {
                row.here.push(user);
            }
        }
    }
    row.mentions_room |= row.mentions_here && here.len() > HERE_MAX;
    Ok(())
}

/// Turns a post into a forwarded copy of another message.
fn forward(source: &impl Source, row: &mut PostRow, by: UserId, from: MessageRef) -> Result<(), StoreError> {
    let (_, room) = require_member(source, by, from.room)?;
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

/// Adds or removes the rows for the users that a post mentions.
pub fn set_mentions(tables: &mut Tables<'_>, row: &PostRow, on: bool) -> Result<(), StoreError> {
    let everybody = row.mentions_room.then_some(EVERYBODY);
    let here = row.here.iter().filter(|_| row.mentions_here);
    let people = row.mentioned.iter().chain(here).copied();
    for user in people.chain(everybody) {
        if on && user != EVERYBODY && member_role(tables, row.room, user)?.is_none() {
            continue;
        }
        match on {
            true => put(tables.mentioned.write()?, (user, row.room, row.seq), &row.author)?,
            false => drop(tables.mentioned.write()?.remove((user, row.room, row.seq))?),
        }
    }
    Ok(())
}
