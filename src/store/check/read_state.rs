//! Read marks, unread counts, pins, and saved messages.

use super::checker::Checker;
use super::log::Heads;
use crate::store::queries::log;
use crate::store::queries::read_state::{self, EVERYBODY};
use crate::store::rows::codec::{PostRow, SavedRow, Stored};
use crate::store::rows::schema::Source;
use crate::store::rows::table::get;
use crate::store::store_error::StoreError;
use redb::ReadableTableMetadata;

pub fn check(checker: &Checker<'_>, heads: &Heads) -> Result<(), StoreError> {
    marks(checker, heads)?;
    waiting(checker)?;
    saved(checker)?;
    let source = &checker.source;
    checker.rows("pins", source.pins()?, |(room, at, id), (): ()| {
        let row = post(checker, room, id)?;
        let holds = row.is_some_and(|row| row.deleted.is_none() && row.pinned.is_some_and(|(_, since)| since == at));
        checker.unless(
            holds,
            "pins",
            &(room, at, id),
            "the message is not pinned, or not since then",
        );
        Ok(())
    })?;
    checker.rows("deleted", source.deleted()?, |(at, room, id), (): ()| {
        let row = post(checker, room, id)?;
        let holds = row.is_some_and(|row| row.deleted.is_some_and(|deleted| deleted.at == at));
        checker.unless(
            holds,
            "deleted",
            &(at, room, id),
            "the message is not deleted, or not since then",
        );
        Ok(())
    })
}

fn post(checker: &Checker<'_>, room: u32, id: u32) -> Result<Option<PostRow>, StoreError> {
    Ok(match log::message(&checker.source, room, id)? {
        Some(Stored::Post(row)) => Some(*row),
        _ => None,
    })
}

/// No read mark is beyond the head of its room.
fn marks(checker: &Checker<'_>, heads: &Heads) -> Result<(), StoreError> {
    let source = &checker.source;
    let check = |table: &str, (user, room): (u32, u32), seq: u32| -> Result<(), StoreError> {
        let key = (user, room);
        checker.unless(
            checker.is_member(user, room)?,
            table,
            &key,
            "this account is not in this room",
        );
        let head = heads.of(room);
        let what = format!("{seq} lies behind the end of the room, {head}");
        checker.unless(seq <= head, table, &key, &what);
        Ok(())
    };
    checker.rows("read_marks", source.read_marks()?, |key, seq: u32| {
        check("read_marks", key, seq)
    })?;
    checker.rows("entered", source.entered()?, |key, seq: u32| check("entered", key, seq))
}

/// Checks the rows behind the unread counts.
fn waiting(checker: &Checker<'_>) -> Result<(), StoreError> {
    let source = &checker.source;
    checker.rows("own_posts", source.own_posts()?, |(user, room, seq), (): ()| {
        let key = (user, room, seq);
        let is_own = post(checker, room, seq)?.is_some_and(|row| row.author == user);
        checker.unless(is_own, "own_posts", &key, "this is not a post of this account");
        let is_waiting = checker.is_member(user, room)? && seq > read_state::read_until(source, user, room)?;
        checker.unless(
            is_waiting,
            "own_posts",
            &key,
            "this account has read further, or is not in this room",
        );
        Ok(())
    })?;
    checker.rows("mentioned", source.mentioned()?, |(user, room, seq), author: u32| {
        let key = (user, room, seq);
        let row = post(checker, room, seq)?;
        let holds = row.is_some_and(|row| {
            let is_meant = match user {
                EVERYBODY => row.mentions_room,
                user => row.is_for(user),
            };
            is_meant && row.deleted.is_none() && row.author == author
        });
        checker.unless(
            holds,
            "mentioned",
            &key,
            "the message does not mention them, or is of somebody else",
        );
        let is_here = user == EVERYBODY || checker.is_member(user, room)?;
        checker.unless(is_here, "mentioned", &key, "this account is not in this room");
        Ok(())
    })
}

/// The two tables of saved messages agree.
fn saved(checker: &Checker<'_>) -> Result<(), StoreError> {
    let source = &checker.source;
    checker.rows("saved", source.saved()?, |(user, number), row: SavedRow| {
        let key = (user, number);
        let place: Option<u64> = get(source.saved_places()?, (user, row.room, row.id))?;
        checker.unless(
            place == Some(number),
            "saved",
            &key,
            "it is missing in the table saved_places",
        );
        checker.unless(checker.is_person(user), "saved", &key, "nobody has this account");
        let is_there = post(checker, row.room, row.id)?.is_some();
        checker.unless(is_there, "saved", &key, "there is no such message");
        Ok(())
    })?;
    checker.rows(
        "saved_places",
        source.saved_places()?,
        |(user, room, id), number: u64| {
            let row: Option<SavedRow> = get(source.saved()?, (user, number))?;
            let holds = row.is_some_and(|row| (row.room, row.id) == (room, id));
            checker.unless(
                holds,
                "saved_places",
                &(user, room, id),
                "it leads to nothing in the table saved",
            );
            Ok(())
        },
    )?;
    let (saved, places) = (source.saved()?.len()?, source.saved_places()?.len()?);
    checker.unless(
        saved == places,
        "saved",
        &"all",
        &format!("{saved} messages and {places} places"),
    );
    Ok(())
}
