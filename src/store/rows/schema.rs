//! The schema on one page. `store/FORMAT.md` lists each table with its key and its value.
//!
//! Here, rooms, users and seqs are `u32`: keys take half the bytes, and 4 billion of each is enough.
//!
//! The log only grows at its end. This packs its pages (interleaved rooms would leave them half full) and orders the
//! entries of all rooms. `seqs` finds the entries of one room.
//!
//! The first room is special: every account is in it, so it has no rows in `members`.

use super::codec::CommitRow;
use super::redo::{Redo, RowChange};
use super::table::{CopyTable, FileKey, LazyTable, Row, put};
use crate::clock::Clock;
use crate::model::LOBBY;
use crate::store::store_error::StoreError;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};
use std::cell::OnceCell;
use std::sync::Mutex;

/// The format of the data file, which is read before anything else. A file with a larger number is refused; a file
/// with a smaller one is upgraded.
pub const FORMAT_VERSION: u32 = 5;

/// The oldest format that can be upgraded.
pub const FORMAT_OLDEST: u32 = 1;

pub const FORMAT: &str = "format";
pub const FILE: &str = "file";
pub const COMMIT: &str = "commit";
pub const JOURNAL: &str = "journal";
pub const PEOPLE: &str = "people";
/// Whether `sessions_of` has all sessions. A file older than that table is filled in when the table is first needed.
pub const SESSIONS_COUNTED: &str = "sessions_of";
pub const FILES_BYTES: &str = "files";
pub const FILES_COUNTED: &str = "files_counted";

pub const SERVER_INFO: &str = "card";
/// Omitted from backups: anyone who gets hold of one could use the link to sign up.
pub const INVITE: &str = "invite";
pub const BACKUP: &str = "backup";
pub const NIGHTLY: &str = "nightly";

/// The room that every account is in.
pub const FIRST_ROOM: u32 = LOBBY.0 as u32;

macro_rules! schema {
    ($($(#[$doc:meta])* $field:ident: $key:ty = $name:ident $text:literal;)+) => {
        $($(#[$doc])* pub const $name: TableDefinition<'static, $key, Row> = TableDefinition::new($text);)+

        /// The names of all tables.
        pub const TABLE_NAMES: &[&str] = &[$($text,)+];

        /// Every table of a write transaction.
        pub struct Tables<'t> { $(pub $field: LazyTable<'t, $key>,)+ }

        impl<'t> Tables<'t> {
            /// Opens no table yet. Every write is also recorded in `redo`.
            pub fn new(txn: &'t WriteTransaction, redo: &'t Mutex<Redo>) -> Tables<'t> {
                Tables { $($field: LazyTable::new(txn, redo, $text),)+ }
            }

            /// Replays a row change of the journal.
            pub fn replay(&mut self, change: &RowChange<'_>) -> Result<(), StoreError> {
                $(if change.table == $text {
                    return self.$field.replay(change.key, change.row);
                })+
                Err(StoreError::Damaged(format!("the journal names a table {}", change.table)))
            }

            /// Creates the missing tables, so that every snapshot finds all of them.
            pub fn create_missing(&self) -> Result<(), StoreError> {
                $(self.$field.read()?;)+
                Ok(())
            }
        }

        /// Every table of one snapshot, opened on first use.
        pub struct Snapshot<'t> { txn: &'t ReadTransaction, $($field: OnceCell<ReadOnlyTable<$key, Row>>,)+ }

        impl<'t> Snapshot<'t> {
            pub fn new(txn: &'t ReadTransaction) -> Snapshot<'t> {
                Snapshot { txn, $($field: OnceCell::new(),)+ }
            }
        }

        /// Passes each table in turn to `copier`.
        pub fn copy_tables(copier: &mut impl CopyTable) -> Result<(), StoreError> {
            $(copier.copy($name)?;)+
            Ok(())
        }

        /// Tables that can be read, from a snapshot or from a write transaction.
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
    /// `format`, `file`, `commit`, `journal`, `sessions_of`, `files` (the bytes of all files), `files_counted` (the
    /// last file that `usage` counts), and `people` (how often any user has changed their visible profile).
    meta: &'static str = META "chapp";
    users: u32 = USERS "users";
    /// `Name::key` → user.
    names: &'static str = NAMES "names";
    profiles: u32 = PROFILES "profiles";
    pictures: u32 = PICTURES "pictures";
    settings: u32 = SETTINGS "settings";
    /// User, user they have blocked.
    blocks: (u32, u32) = BLOCKS "blocks";
    last_seen: u32 = LAST_SEEN "last_seen";
    /// SHA-256 of a token → session.
    sessions: [u8; 32] = SESSIONS "sessions";
    /// User, SHA-256 of one of their tokens. A log-in counts the user's sessions without scanning everyone's.
    sessions_of: (u32, [u8; 32]) = SESSIONS_OF "sessions_of";
    rooms: u32 = ROOMS "rooms";
    /// The room's data apart from its name. Missing for the first room of an old file.
    room_meta: u32 = ROOM_META "room_facts";
    /// `RoomName::key` → room, for public rooms.
    room_names: &'static str = ROOM_NAMES "room_names";
    /// The members of a direct room, by id, four bytes each → room.
    directs: Row = DIRECTS "directs";
    /// Room, user → their role and order in it.
    members: (u32, u32) = MEMBERS "members";
    /// User, room → their settings for the room. Missing for the first room until they change one.
    user_rooms: (u32, u32) = USER_ROOMS "user_rooms";
    /// User, room that another user added them to → who added them.
    added_by: (u32, u32) = ADDED_BY "brought";
    /// User, room → how far they have read.
    read_marks: (u32, u32) = READ_MARKS "read_marks";
    /// User, room → the seq at which they joined, where their read mark started. Earlier posts are history to them.
    entered: (u32, u32) = ENTERED "entered";
    /// User, room, own post that was made while an earlier post was unread.
    own_posts: (u32, u32, u32) = OWN_POSTS "own_posts";
    /// User (0: everyone in the room), room, message that mentions them → its author.
    mentioned: (u32, u32, u32) = MENTIONED "mentioned";
    /// 1, 2, 3, … over all rooms → what happened. A message's entry has its current state.
    log: u64 = LOG "log";
    /// Room, seq → its entry in the log.
    seqs: (u32, u32) = SEQS "seqs";
    /// User, client_id → the room and seq of the post that first used it. Kept forever.
    client_ids: (u32, &'static str) = CLIENT_IDS "client_ids";
    /// Room, time of pinning, message.
    pins: (u32, u64, u32) = PINS "pins";
    /// User, 1, 2, 3, … → a message that they have saved.
    saved: (u32, u64) = SAVED "saved";
    /// User, room, message → its number in `saved`.
    saved_places: (u32, u32, u32) = SAVED_PLACES "saved_places";
    /// Time of deletion, room, message that is deleted but still has its text.
    deleted: (u64, u32, u32) = DELETED "deleted";
    /// `card`, `invite`, `backup` and `nightly`: settings and state of the server itself.
    server: &'static str = SERVER "server";
    /// User whose account is deactivated → when, and by whom.
    deactivated: u32 = DEACTIVATED "barred";
    /// SHA-256 of the code in a link → whose password the link sets.
    resets: [u8; 32] = RESETS "resets";
    /// First log entry of an indexed segment → what the segment contains.
    segments: u64 = SEGMENTS "segments";
    /// First log entry of a segment, token → which of its entries have the token. The segment comes first so that the
    /// index grows at its end, as the log does.
    tokens: (u64, &'static str) = TOKENS "tokens";
    files: FileKey = FILES "files";
    /// File, 0, 1, 2, … → its bytes.
    chunks: (FileKey, u32) = CHUNKS "chunks";
    previews: FileKey = PREVIEWS "previews";
    /// File, room, message that shows it.
    attached: (FileKey, u32, u32) = ATTACHED "shown";
    /// Time, file that no message shows: it is being uploaded, was never posted, or was deleted (time 0).
    unattached: (u64, FileKey) = UNATTACHED "unshown";
    /// User → the bytes of their files. Missing if they have none. The table is missing in files that only an older
    /// Chapp has written to.
    usage: u32 = USAGE "usage";
}

impl Tables<'_> {
    /// Writes the number and the time of this commit.
    pub fn stamp(&mut self, number: u64) -> Result<CommitRow, StoreError> {
        let at = Clock::System.now().0;
        let commit = CommitRow { number, at };
        put(self.meta.write()?, COMMIT, &commit)?;
        Ok(commit)
    }
}
