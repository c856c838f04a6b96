//! The schema on one screen. `store/FORMAT.md` lists each table with its key and its value.
//!
//! Rooms, people and seqs are `u32` in here: keys are half as long, and 4 billion of each is enough.
//!
//! The log only grows at its end, which packs its pages (interleaved rooms would leave them half
//! full) and gives one order over all rooms. `seqs` finds a room's part of it.
//!
//! The first room is special: everybody is in it, so it has no rows in `members`.

use super::codec::{self, CommitRow};
use super::engine::record::{Redo, RowChange};
use super::fault::Fault;
use super::words::Words;
use crate::clock::Clock;
use redb::{AccessGuard, Key, ReadOnlyTable, ReadTransaction, ReadableTable, Table, TableDefinition, WriteTransaction};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::borrow::Borrow;
use std::cell::OnceCell;
use std::ops::RangeBounds;
use std::sync::{Mutex, PoisonError};

/// Of the data file; the first thing that is read. A file with a larger one is left alone, one with
/// a smaller one is upgraded.
pub(super) const FORMAT_VERSION: u32 = 5;

pub(super) type Row = &'static [u8];
pub(super) type FileKey = [u8; 16];

pub(super) const FORMAT: &str = "format";
pub(super) const FILE: &str = "file";
pub(super) const COMMIT: &str = "commit";
pub(super) const JOURNAL: &str = "journal";
pub(super) const PEOPLE: &str = "people";
/// Whether `sessions_of` has all sessions: those of a file that is older than that table come when it is first needed.
pub(super) const SESSIONS_COUNTED: &str = "sessions_of";
pub(super) const FILES_BYTES: &str = "files";
pub(super) const FILES_COUNTED: &str = "files_counted";

macro_rules! schema {
    ($($(#[$doc:meta])* $field:ident: $key:ty = $name:ident $text:literal;)+) => {
        $($(#[$doc])* pub(super) const $name: TableDefinition<'static, $key, Row> = TableDefinition::new($text);)+

        /// The names of all tables.
        pub(super) const TABLE_NAMES: &[&str] = &[$($text,)+];

        /// Every table of a write transaction.
        pub(super) struct Tables<'t> { $(pub $field: Lazy<'t, $key>,)+ }

        impl<'t> Tables<'t> {
            /// Opens none of them yet. What is written goes to `redo` as well.
            pub fn new(txn: &'t WriteTransaction, redo: &'t Mutex<Redo>) -> Tables<'t> {
                Tables { $($field: Lazy::new(txn, redo, $text),)+ }
            }

            /// Makes a row change of the journal again.
            pub fn replay(&mut self, change: &RowChange<'_>) -> Result<(), Fault> {
                $(if change.table == $text {
                    return self.$field.replay(change.key, change.row);
                })+
                Err(Fault::Damaged(format!("the journal names a table {}", change.table)))
            }

            /// So that every snapshot finds them.
            pub fn create_missing(&self) -> Result<(), Fault> {
                $(self.$field.read()?;)+
                Ok(())
            }
        }

        /// Every table of one snapshot, opened when it is asked for.
        pub(super) struct Snapshot<'t> { txn: &'t ReadTransaction, $($field: OnceCell<ReadOnlyTable<$key, Row>>,)+ }

        impl<'t> Snapshot<'t> {
            pub fn new(txn: &'t ReadTransaction) -> Snapshot<'t> {
                Snapshot { txn, $($field: OnceCell::new(),)+ }
            }
        }

        /// Copies each table in turn.
        pub(super) fn copy_tables(copier: &mut impl CopyTable) -> Result<(), Fault> {
            $(copier.copy($name)?;)+
            Ok(())
        }

        /// What can be asked, whether or not it can be changed.
        pub(super) trait Source {
            $(fn $field(&self) -> Result<&impl ReadableTable<$key, Row>, Fault>;)+
        }

        impl Source for Tables<'_> {
            $(fn $field(&self) -> Result<&impl ReadableTable<$key, Row>, Fault> { self.$field.read() })+
        }

        impl Source for Snapshot<'_> {
            $(fn $field(&self) -> Result<&impl ReadableTable<$key, Row>, Fault> {
                if let Some(table) = self.$field.get() {
                    return Ok(table);
                }
                let table = self.txn.open_table($name)?;
                Ok(self.$field.get_or_init(|| table))
            })+
        }
    };
}

/// What rows are found by.
pub(super) trait TableKey: Key + Sized + 'static {
    /// Removes a row again, as the journal says.
    fn remove(table: &mut Table<'_, Self, Row>, key: Self::SelfType<'_>) -> Result<(), Fault>;
}

/// Keys whose rows may go.
pub(super) trait Removable: TableKey {}

macro_rules! keys {
    (removable: $($removable:ty),+; kept: $($kept:ty),+;) => {
        $(
            impl TableKey for $removable {
                fn remove(table: &mut Table<'_, Self, Row>, key: Self::SelfType<'_>) -> Result<(), Fault> {
                    table.remove(key)?;
                    Ok(())
                }
            }

            impl Removable for $removable {}
        )+
        $(
            impl TableKey for $kept {
                fn remove(_: &mut Table<'_, Self, Row>, _: Self::SelfType<'_>) -> Result<(), Fault> {
                    Err(Fault::Damaged("the journal removes what stays for ever".to_owned()))
                }
            }
        )+
    };
}

keys! {
    removable: u32, &'static str, [u8; 32], FileKey, (u32, [u8; 32]), (u32, u32), (u32, u32, u32), (u32, u64), (u32, u64, u32),
        (u64, u32, u32), (u64, &'static str), (FileKey, u32), (FileKey, u32, u32), (u64, FileKey);
    kept: Row, u64, (u32, &'static str);
}

/// A table of a write transaction, opened when it is first used, and for as long as that lasts: a commit needs few of
/// them, and each costs a search in redb's table of tables.
pub(super) struct Lazy<'t, K: TableKey> {
    txn: &'t WriteTransaction,
    redo: &'t Mutex<Redo>,
    name: &'static str,
    table: OnceCell<Table<'t, K, Row>>,
}

impl<'t, K: TableKey> Lazy<'t, K> {
    fn new(txn: &'t WriteTransaction, redo: &'t Mutex<Redo>, name: &'static str) -> Lazy<'t, K> {
        let table = OnceCell::new();
        Lazy { txn, redo, name, table }
    }

    pub fn read(&self) -> Result<&Table<'t, K, Row>, Fault> {
        if let Some(table) = self.table.get() {
            return Ok(table);
        }
        let table = self.txn.open_table(TableDefinition::<K, Row>::new(self.name))?;
        Ok(self.table.get_or_init(|| table))
    }

    pub fn write(&mut self) -> Result<Written<'_, 't, K>, Fault> {
        let (redo, name) = (self.redo, self.name);
        let table = self.table_mut()?;
        Ok(Written { table, redo, name })
    }

    fn table_mut(&mut self) -> Result<&mut Table<'t, K, Row>, Fault> {
        self.read()?;
        // The line above has filled it.
        self.table
            .get_mut()
            .ok_or_else(|| Fault::Closed("a table was not opened".to_owned()))
    }

    #[inline(never)]
    fn replay(&mut self, key: &[u8], row: Option<&[u8]>) -> Result<(), Fault> {
        let (table, key) = (self.table_mut()?, K::from_bytes(key));
        match row {
            Some(row) => drop(table.insert(key, row)?),
            None => K::remove(table, key)?,
        }
        Ok(())
    }
}

fn note(redo: &Mutex<Redo>, table: &str, key: &[u8], row: Option<&[u8]>) {
    let mut redo = redo.lock().unwrap_or_else(PoisonError::into_inner);
    redo.add(table, key, row);
}

/// A table that is written.
pub(super) struct Written<'a, 't, K: TableKey> {
    table: &'a mut Table<'t, K, Row>,
    redo: &'a Mutex<Redo>,
    name: &'a str,
}

impl<K: TableKey> Written<'_, '_, K> {
    #[inline(never)]
    pub fn insert<'k>(&mut self, key: impl Borrow<K::SelfType<'k>>, row: &[u8]) -> Result<(), Fault> {
        let bytes = K::as_bytes(key.borrow());
        note(self.redo, self.name, bytes.as_ref(), Some(row));
        drop(bytes);
        self.table.insert(key, row)?;
        Ok(())
    }
}

impl<'a, K: Removable> Written<'a, '_, K> {
    /// What stood there, if anything did.
    pub fn remove<'k>(self, key: impl Borrow<K::SelfType<'k>>) -> Result<Option<AccessGuard<'a, Row>>, Fault> {
        let key = key.borrow();
        let removed = self.table.remove(key)?;
        if removed.is_some() {
            note(self.redo, self.name, K::as_bytes(key).as_ref(), None);
        }
        Ok(removed)
    }

    pub fn remove_all<'k, B: Borrow<K::SelfType<'k>> + 'k>(self, range: impl RangeBounds<B> + 'k) -> Result<(), Fault> {
        let (redo, name) = (self.redo, self.name);
        for row in self.table.extract_from_if(range, |_, _| true)? {
            note(redo, name, K::as_bytes(&row?.0.value()).as_ref(), None);
        }
        Ok(())
    }
}

/// Copies one table to somewhere else.
pub(super) trait CopyTable {
    fn copy<K: Key + 'static>(&mut self, table: TableDefinition<'static, K, Row>) -> Result<(), Fault>
    where
        for<'k> K::SelfType<'k>: Words;
}

schema! {
    /// `format`, `file`, `commit`, `journal`, `sessions_of`, `files`: the bytes of all files, `files_counted`: up to which
    /// file `usage` counts, and `people`: how often somebody has changed what they show of themselves.
    meta: &'static str = META "chapp";
    users: u32 = USERS "users";
    /// `Name::key` → user.
    names: &'static str = NAMES "names";
    profiles: u32 = PROFILES "profiles";
    pictures: u32 = PICTURES "pictures";
    settings: u32 = SETTINGS "settings";
    /// User, whom they block.
    blocks: (u32, u32) = BLOCKS "blocks";
    last_seen: u32 = LAST_SEEN "last_seen";
    /// SHA-256 of a token → session.
    sessions: [u8; 32] = SESSIONS "sessions";
    /// User, SHA-256 of a token of theirs: a log-in need not look at everybody's sessions to count theirs.
    sessions_of: (u32, [u8; 32]) = SESSIONS_OF "sessions_of";
    rooms: u32 = ROOMS "rooms";
    /// What a room has beside its name; missing for the first room of an old file.
    room_facts: u32 = ROOM_FACTS "room_facts";
    /// `RoomName::key` → room, for public rooms.
    room_names: &'static str = ROOM_NAMES "room_names";
    /// The people of a direct room, by id, each as four bytes → room.
    directs: Row = DIRECTS "directs";
    /// Room, user → what they are in it.
    members: (u32, u32) = MEMBERS "members";
    /// User, room → how they have arranged it; missing for the first room until they do.
    user_rooms: (u32, u32) = USER_ROOMS "user_rooms";
    /// User, room that somebody else has put them into → who did.
    brought: (u32, u32) = BROUGHT "brought";
    /// User, room → how far they have read.
    read_marks: (u32, u32) = READ_MARKS "read_marks";
    /// User, room → where their mark was put when they came in; what stands before was not seen by them.
    entered: (u32, u32) = ENTERED "entered";
    /// User, room, own post that was made while something before it was unread.
    own_posts: (u32, u32, u32) = OWN_POSTS "own_posts";
    /// User (0: everybody in the room), room, message that is meant for them → its author.
    mentioned: (u32, u32, u32) = MENTIONED "mentioned";
    /// 1, 2, 3, … over all rooms → what happened; a message's entry holds its present state.
    log: u64 = LOG "log";
    /// Room, seq → where in the log.
    seqs: (u32, u32) = SEQS "seqs";
    /// User, client_id → the room and seq it was first posted as, for ever.
    client_ids: (u32, &'static str) = CLIENT_IDS "client_ids";
    /// Room, when, message.
    pins: (u32, u64, u32) = PINS "pins";
    /// User, 1, 2, 3, … → a message that they keep for later.
    saved: (u32, u64) = SAVED "saved";
    /// User, room, message → where in `saved`.
    saved_places: (u32, u32, u32) = SAVED_PLACES "saved_places";
    /// When, room, message that was deleted and still has its text.
    deleted: (u64, u32, u32) = DELETED "deleted";
    /// `card`, `invite`, `backup` and `nightly`: what is kept about the server itself.
    server: &'static str = SERVER "server";
    /// User whose account is shut.
    barred: u32 = BARRED "barred";
    /// SHA-256 of what stands in a link → whose password it sets.
    resets: [u8; 32] = RESETS "resets";
    /// First entry of the log → what a run of entries that are indexed has in common.
    segments: u64 = SEGMENTS "segments";
    /// First entry of a segment, token → which of its entries have it. The segment comes first, so that the
    /// index grows at its end, as the log does.
    tokens: (u64, &'static str) = TOKENS "tokens";
    files: FileKey = FILES "files";
    /// File, 0, 1, 2, … → its bytes.
    chunks: (FileKey, u32) = CHUNKS "chunks";
    previews: FileKey = PREVIEWS "previews";
    /// File, room, message that shows it.
    shown: (FileKey, u32, u32) = SHOWN "shown";
    /// When, file that no message shows: it is coming, was never posted, or was deleted (then at 0).
    unshown: (u64, FileKey) = UNSHOWN "unshown";
    /// User → the bytes of their files; missing where they have none, and as a whole in a file that no Chapp of today
    /// could write to.
    usage: u32 = USAGE "usage";
}

impl Tables<'_> {
    /// Writes which commit this is, and when.
    pub fn stamp(&mut self, count: u64) -> Result<CommitRow, Fault> {
        let at = Clock::System.now().0;
        let commit = CommitRow { count, at };
        put(self.meta.write()?, COMMIT, &commit)?;
        Ok(commit)
    }
}

/// The row at `key`.
pub(super) fn get<'k, K: Key + 'static, T: DeserializeOwned>(
    table: &impl ReadableTable<K, Row>,
    key: impl Borrow<K::SelfType<'k>>,
) -> Result<Option<T>, Fault> {
    table.get(key)?.map(|value| codec::unseal(value.value())).transpose()
}

/// The row at `key`, which another row says is there.
pub(super) fn get_known<'k, K: Key + 'static, T: DeserializeOwned>(
    table: &impl ReadableTable<K, Row>,
    key: impl Borrow<K::SelfType<'k>>,
    what: &str,
) -> Result<T, Fault> {
    get(table, key)?.ok_or_else(|| Fault::Damaged(format!("{what} is missing")))
}

/// Whether there is a row at `key`.
pub(super) fn has<'k, K: Key + 'static>(
    table: &impl ReadableTable<K, Row>,
    key: impl Borrow<K::SelfType<'k>>,
) -> Result<bool, Fault> {
    Ok(table.get(key)?.is_some())
}

/// Writes the row at `key`.
pub(super) fn put<'k, K: TableKey>(
    mut table: Written<'_, '_, K>,
    key: impl Borrow<K::SelfType<'k>>,
    row: &impl Serialize,
) -> Result<(), Fault> {
    table.insert(key, &codec::seal(row)?)
}
