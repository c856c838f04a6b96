//! The log, the seqs of each room that refer to it, and the client ids of posts.

use super::checker::Checker;
use super::report::Kind;
use super::tally::{Tallies, Tally};
use crate::store::queries::log;
use crate::store::queries::read_state::EVERYBODY;
use crate::store::rows::codec::{ClientIdRow, Entry, PostRow, SeqRow, Stored, unseal};
use crate::store::rows::readable_key::ReadableKey;
use crate::store::rows::schema::Source;
use crate::store::rows::table::{get, has};
use crate::store::store_error::StoreError;
use redb::ReadableTableMetadata;
use std::collections::HashMap;

/// The state of a room after the entries read so far.
#[derive(Clone, Copy, Default)]
struct Head {
    seq: u32,
    /// How many of its seqs are not posts.
    others: u32,
    /// Its last seq that is a message.
    last: u32,
}

/// The heads of all rooms.
#[derive(Default)]
pub struct Heads {
    rooms: HashMap<u32, Head>,
    posts: u64,
}

impl Heads {
    /// The last seq of a room. 0 if the room is empty.
    pub fn of(&self, room: u32) -> u32 {
        self.rooms.get(&room).map_or(0, |head| head.seq)
    }

    pub fn posts(&self) -> u64 {
        self.posts
    }
}

/// The room and seq of an entry.
struct EntryKey {
    entry: u64,
    room: u32,
    seq: u32,
    /// The message that the entry is or changes.
    message: u32,
}

pub fn check(checker: &Checker<'_>, heads: &mut Heads) -> Result<(), StoreError> {
    let tallies = Tallies::new();
    let (mut next, mut entries, mut posted) = (1_u64, 0, Tally::default());
    checker.sealed("log", checker.source.log()?, |entry, row| {
        if entry != next {
            checker.wrong(
                "log",
                &entry,
                format!("the entries from {next} on before it are missing"),
            );
        }
        (next, entries) = (entry + 1, entries + 1);
        match unseal(row)? {
            Entry::Change {
                room, seq, message, by, ..
            } => {
                let key = EntryKey {
                    entry,
                    room,
                    seq,
                    message,
                };
                number(checker, heads, &key, false)?;
                checker.unless(
                    checker.is_person(by),
                    "log",
                    &entry,
                    "whoever changed the message is nobody",
                );
                change(checker, &key)
            }
            message => match Stored::of(message) {
                Some(Stored::Post(row)) => {
                    let (room, seq) = (row.room, row.seq);
                    let key = EntryKey {
                        entry,
                        room,
                        seq,
                        message: seq,
                    };
                    number(checker, heads, &key, true)?;
                    tallies.add(&mut posted, &(row.author, row.client_id.as_str(), room, seq));
                    heads.posts += 1;
                    post(checker, entry, &row)
                }
                Some(Stored::Notice(row)) => {
                    let key = EntryKey {
                        entry,
                        room: row.room,
                        seq: row.seq,
                        message: row.seq,
                    };
                    checker.unless(checker.is_person(row.author), "log", &entry, "its author is nobody");
                    number(checker, heads, &key, false)
                }
                None => Ok(()),
            },
        }
    })?;
    if checker.source.seqs()?.len()? != entries {
        explain_seqs(checker)?;
    }
    client_ids(checker, &tallies, posted)
}

/// An entry takes the next seq of its room, and that seq refers to the entry.
fn number(checker: &Checker<'_>, heads: &mut Heads, key: &EntryKey, is_post: bool) -> Result<(), StoreError> {
    let EntryKey {
        entry,
        room,
        seq,
        message,
    } = *key;
    checker.unless(checker.is_room(room), "log", &entry, "there is no such room");
    let head = heads.rooms.entry(room).or_default();
    let follows = seq == head.seq.saturating_add(1);
    if !follows {
        let what = format!("room {room} goes from {} to {seq}", head.seq);
        checker.wrong("log", &entry, what);
    }
    let found = match get::<_, SeqRow>(checker.source.seqs()?, (room, seq)) {
        Ok(Some(found)) => found,
        Ok(None) => {
            checker.wrong(
                "log",
                &entry,
                format!("{seq} of room {room} is missing in the table seqs"),
            );
            return Ok(());
        }
        Err(StoreError::Damaged(cause)) => {
            checker
                .findings
                .add(Kind::Damage, "seqs", &(room, seq).readable(), cause);
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    if (found.entry, found.message) != (entry, message) {
        let what = format!(
            "it leads to entry {} and message {}, and not to {entry} and {message}",
            found.entry, found.message
        );
        checker.wrong("seqs", &(room, seq), what);
    }
    let others = head.others + u32::from(!is_post);
    if follows && found.others != others {
        let what = format!("it counts {} that are no posts, and there are {others}", found.others);
        checker.wrong("seqs", &(room, seq), what);
    }
    let is_change = message != seq;
    // Files of early formats do not have this number.
    if follows && is_change && found.last != 0 && found.last != head.last {
        let what = format!(
            "it names {} as the message before it, which is {}",
            found.last, head.last
        );
        checker.wrong("seqs", &(room, seq), what);
    }
    // Continue with the values found, so that one fault is reported once.
    *head = Head {
        seq,
        others: found.others,
        last: if is_change { head.last } else { seq },
    };
    Ok(())
}

/// The message that an entry changes has this change, or a later one.
fn change(checker: &Checker<'_>, key: &EntryKey) -> Result<(), StoreError> {
    let found = log::message(&checker.source, key.room, key.message)?;
    let holds = matches!(found, Some(Stored::Post(row)) if row.changed >= key.seq && row.seq < key.seq);
    checker.unless(
        holds,
        "log",
        &key.entry,
        "the message that it changes does not know of it",
    );
    Ok(())
}

/// What a post says about itself agrees with the other tables.
fn post(checker: &Checker<'_>, entry: u64, row: &PostRow) -> Result<(), StoreError> {
    let (source, room, seq) = (&checker.source, row.room, row.seq);
    let unless = |holds: bool, what: &str| checker.unless(holds, "log", &entry, what);
    unless(checker.is_person(row.author), "its author is nobody");
    if row.changed != seq {
        let last: Option<SeqRow> = get(source.seqs()?, (room, row.changed))?;
        let holds = row.changed > seq && last.is_some_and(|last| last.message == seq);
        unless(holds, "its last change is missing");
    }
    if let Some(id) = row.reply_to {
        let answered: Option<SeqRow> = get(source.seqs()?, (room, id))?;
        let holds = id < seq && answered.is_some_and(|answered| answered.message == id);
        unless(holds, "the message that it answers is missing");
    }
    let mut reacting = row.reactions.iter().flat_map(|(_, users)| users);
    unless(
        reacting.all(|user| checker.is_person(*user)),
        "somebody who reacted is nobody",
    );
    if let Some(deleted) = row.deleted {
        let is_to_be_erased = has(source.deleted()?, (deleted.at, room, seq))?;
        unless(
            is_to_be_erased || is_erased(row),
            "it was deleted, and its text will not be erased",
        );
    } else {
        if let Some((_, at)) = row.pinned {
            unless(has(source.pins()?, (room, at, seq))?, "it is missing in the table pins");
        }
        if row.mentions_room {
            let is_listed = has(source.mentioned()?, (EVERYBODY, room, seq))?;
            unless(is_listed, "it is missing in the table mentioned");
        }
    }
    for file in &row.files {
        let shown: Option<bool> = get(source.attached()?, (file.id, room, seq))?;
        let holds = shown == Some(row.deleted.is_none());
        unless(holds, "a file of it is missing in the table shown");
    }
    Ok(())
}

fn is_erased(row: &PostRow) -> bool {
    row.body.is_empty() && row.content.is_none() && row.files.is_empty() && row.reactions.is_empty()
}

/// Reports seqs that do not refer to an entry of their own.
fn explain_seqs(checker: &Checker<'_>) -> Result<(), StoreError> {
    let log = checker.source.log()?;
    checker.rows("seqs", checker.source.seqs()?, |key, row: SeqRow| {
        let entry: Option<Entry> = get(log, row.entry)?;
        let found = entry.map(|entry| match entry {
            Entry::Change { room, seq, .. } => (room, seq),
            message => Stored::of(message).map_or((0, 0), |stored| (stored.ids().0, stored.ids().1)),
        });
        if found != Some(key) {
            checker.wrong("seqs", &key, format!("entry {} of the log is not its own", row.entry));
        }
        Ok(())
    })
}

/// Each post has a row for its client id, and each such row has its post.
fn client_ids(checker: &Checker<'_>, tallies: &Tallies, posted: Tally) -> Result<(), StoreError> {
    let source = &checker.source;
    let mut known = Tally::default();
    checker.rows("client_ids", source.client_ids()?, |(author, id), row: ClientIdRow| {
        tallies.add(&mut known, &(author, id, row.room, row.seq));
        Ok(())
    })?;
    if known == posted {
        return Ok(());
    }
    checker.rows("client_ids", source.client_ids()?, |(author, id), row: ClientIdRow| {
        let found = log::message(source, row.room, row.seq)?;
        let holds = matches!(found, Some(Stored::Post(post)) if post.author == author && post.client_id == id);
        let what = format!("message {} of room {} was not posted with it", row.seq, row.room);
        checker.unless(holds, "client_ids", &(author, id), &what);
        Ok(())
    })?;
    checker.rows("log", source.log()?, |entry, row: Entry| {
        let Some(Stored::Post(row)) = Stored::of(row) else {
            return Ok(());
        };
        let known: Option<ClientIdRow> = get(source.client_ids()?, (row.author, row.client_id.as_str()))?;
        let holds = known.is_some_and(|known| (known.room, known.seq) == (row.room, row.seq));
        checker.unless(
            holds,
            "log",
            &entry,
            "the id that it was posted with is missing in the table client_ids",
        );
        Ok(())
    })
}
