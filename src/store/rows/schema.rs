//! The schema on one screen. `store/FORMAT.md` lists each table with its key and its value.
//!
//! Rooms, people and seqs are `u32` in here: keys are half as long, and 4 billion of each is enough.
//!
//! The log only grows at its end, which packs its pages (interleaved rooms would leave them half
//! full) and gives one order over all rooms. `seqs` finds a room's part of it.
//!
//! The first room is special: everybody is in it, so it has no rows in `members`.

use super::codec::CommitRow;
use super::redo::{Redo, RowChange};
use super::table::{CopyTable, FileKey, LazyTable, Row, put};
use crate::clock::Clock;
use crate::model::LOBBY;
use crate::store::store_error::StoreError;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};
use std::cell::OnceCell;
use std::sync::Mutex;

/// Of the data file; the first thing that is read. A file with a larger one is left alone, one with
/// a smaller one is upgraded.
pub const FORMAT_VERSION: u32 = 5;

/// The oldest format that can be upgraded.
pub const FORMAT_OLDEST: u32 = 1;

pub const FORMAT: &str = "format";
pub const FILE: &str = "file";
pub const COMMIT: &str = "commit";
pub const JOURNAL: &str = "journal";
pub const PEOPLE: &str = "people";
/// Whether `sessions_of` has all sessions: those of a file that is older than that table come when it is first needed.
pub const SESSIONS_COUNTED: &str = "sessions_of";
pub const FILES_BYTES: &str = "files";
pub const FILES_COUNTED: &str = "files_counted";

pub const SERVER_INFO: &str = "card";
/// Left out of a backup: in somebody else's hands it would open the door.
pub const INVITE: &str = "invite";
pub const BACKUP: &str = "backup";
pub const NIGHTLY: &str = "nightly";

/// Everybody is in it.
pub const FIRST_ROOM: u32 = LOBBY.0 as u32;

macro_rules! schema {
    ($($(#[$doc:meta])* $field:ident: $key:ty = $name:ident $text:literal;)+) => {
        $($(#[$doc])* pub const $name: TableDefinition<'static, $key, Row> = TableDefinition::new($text);)+

        /// The names of all tables.
        pub const TABLE_NAMES: &[&str] = &[$($text,)+];

        /// Every table of a write transaction.
        pub struct Tables<'t> { $(pub $field: LazyTable<'t, $key>,)+ }

        impl<'t> Tables<'t> {
            /// Opens none of them yet. What is written goes to `redo` as well.
            pub fn new(txn: &'t WriteTransaction, redo: &'t Mutex<Redo>) -> Tables<'t> {
                Tables { $($field: LazyTable::new(txn, redo, $text),)+ }
            }

            /// Makes a row change of the journal again.
            pub fn replay(&mut self, change: &RowChange<'_>) -> Result<(), StoreError> {
                $(if change.table == $text {
                    return self.$field.replay(change.key, change.row);
                })+
                Err(StoreError::Damaged(format!("the journal names a table {}", change.table)))
            }

            /// So that every snapshot finds them.
            pub fn create_missing(&self) -> Result<(), StoreError> {
                $(self.$field.read()?;)+
                Ok(())
            }
        }

        /// Every table of one snapshot, opened when it is asked for.
        pub struct Snapshot<'t> { txn: &'t ReadTransaction, $($field: OnceCell<ReadOnlyTable<$key, Row>>,)+ }

        impl<'t> Snapshot<'t> {
            pub fn new(txn: &'t ReadTransaction) -> Snapshot<'t> {
                Snapshot { txn, $($field: OnceCell::new(),)+ }
            }
        }

        /// Copies each table in turn.
        pub fn copy_tables(copier: &mut impl CopyTable) -> Result<(), StoreError> {
            $(copier.copy($name)?;)+
            Ok(())
        }

        /// What can be asked, whether or not it can be changed.
        pub trait Source {
            $(fn $field(&self) -> Result<&impl ReadableTable<$key, Row>, StoreError>;)+
        }

        impl Source for Tables<'_> {
            $(fn $field(&self) -> Result<&impl ReadableTable<$key, Row>, StoreError> { self.$field.read() })+
        }

        impl Source for Snapshot<'_> {
            $(fn $field(&self) -> Result<&impl ReadableTable<$key, Row>, StoreError> {
                if let Some(table) = self.$field.get() {
                    return Ok(table);
                }
                let table = self.txn.open_table($name)?;
                Ok(self.$field.get_or_init(|| table))
            })+
        }
    };
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
    room_meta: u32 = ROOM_META "room_facts";
    /// `RoomName::key` → room, for public rooms.
    room_names: &'static str = ROOM_NAMES "room_names";
    /// The people of a direct room, by id, each as four bytes → room.
    directs: Row = DIRECTS "directs";
    /// Room, user → what they are in it.
    members: (u32, u32) = MEMBERS "members";
    /// User, room → how they have arranged it; missing for the first room until they do.
    user_rooms: (u32, u32) = USER_ROOMS "user_rooms";
    /// User, room that somebody else has put them into → who did.
    added_by: (u32, u32) = ADDED_BY "brought";
    /// User, room → how far they have read.
    read_marks: (u32, u32) = READ_MARKS "read_marks";
    /// User, room → the seq at which they joined, where their read mark began; they have not seen what came before.
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
    /// User whose account is deactivated.
    deactivated: u32 = DEACTIVATED "barred";
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
    attached: (FileKey, u32, u32) = ATTACHED "shown";
    /// When, file that no message shows: it is coming, was never posted, or was deleted (then at 0).
    unattached: (u64, FileKey) = UNATTACHED "unshown";
    /// User → the bytes of their files; missing where they have none, and as a whole in a file that no Chapp of today
    /// could write to.
    usage: u32 = USAGE "usage";
}

impl Tables<'_> {
    /// Writes which commit this is, and when.
    pub fn stamp(&mut self, count: u64) -> Result<CommitRow, StoreError> {
        let at = Clock::System.now().0;
        let commit = CommitRow { count, at };
        put(self.meta.write()?, COMMIT, &commit)?;
        Ok(commit)
    }
}
