//! The schema on one screen.
//!
//! Every value is one row of `codec`, sealed with a checksum. Rooms, people and seqs are `u32` in
//! here: keys are half as long, and 4 billion of each is enough.
//!
//! The log only grows at its end, which packs its pages (interleaved rooms would leave them half
//! full) and gives one order over all rooms. `seqs` finds a room's part of it.

use super::codec::{self, CommitRow};
use super::fault::Fault;
use crate::clock::Clock;
use redb::{Key, ReadableTable, Table, TableDefinition, WriteTransaction};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::borrow::Borrow;

/// Of the data file; the first thing that is read. A file with a larger one is left alone.
pub(super) const FORMAT_VERSION: u32 = 1;

pub(super) type Row = &'static [u8];
type Rows<K> = TableDefinition<'static, K, Row>;

/// `format`, `file` and `commit`.
pub(super) const META: Rows<&str> = TableDefinition::new("chapp");
pub(super) const USERS: Rows<u32> = TableDefinition::new("users");
/// `Name::key` → user.
pub(super) const NAMES: Rows<&str> = TableDefinition::new("names");
/// SHA-256 of a token → session.
pub(super) const SESSIONS: Rows<[u8; 32]> = TableDefinition::new("sessions");
pub(super) const ROOMS: Rows<u32> = TableDefinition::new("rooms");
/// User, room → how far they have read.
pub(super) const READ_MARKS: Rows<(u32, u32)> = TableDefinition::new("read_marks");
/// 1, 2, 3, … over all rooms → what happened; a message's entry holds its present state.
pub(super) const LOG: Rows<u64> = TableDefinition::new("log");
/// Room, seq → where in the log.
pub(super) const SEQS: Rows<(u32, u32)> = TableDefinition::new("seqs");
/// User, client_id → the room and seq it was first posted as, for ever.
pub(super) const CLIENT_IDS: Rows<(u32, &str)> = TableDefinition::new("client_ids");

pub(super) const FORMAT: &str = "format";
pub(super) const FILE: &str = "file";
pub(super) const COMMIT: &str = "commit";

/// Every table of a write transaction.
pub(super) struct Tables<'t> {
    pub meta: Table<'t, &'static str, Row>,
    pub users: Table<'t, u32, Row>,
    pub names: Table<'t, &'static str, Row>,
    pub sessions: Table<'t, [u8; 32], Row>,
    pub rooms: Table<'t, u32, Row>,
    pub read_marks: Table<'t, (u32, u32), Row>,
    pub log: Table<'t, u64, Row>,
    pub seqs: Table<'t, (u32, u32), Row>,
    pub client_ids: Table<'t, (u32, &'static str), Row>,
}

impl<'t> Tables<'t> {
    /// Opens them all; creates those that are not there.
    pub fn open(txn: &'t WriteTransaction) -> Result<Tables<'t>, Fault> {
        Ok(Tables {
            meta: txn.open_table(META)?,
            users: txn.open_table(USERS)?,
            names: txn.open_table(NAMES)?,
            sessions: txn.open_table(SESSIONS)?,
            rooms: txn.open_table(ROOMS)?,
            read_marks: txn.open_table(READ_MARKS)?,
            log: txn.open_table(LOG)?,
            seqs: txn.open_table(SEQS)?,
            client_ids: txn.open_table(CLIENT_IDS)?,
        })
    }

    /// Writes which commit this is, and when.
    pub fn stamp(&mut self, count: u64) -> Result<(), Fault> {
        let at = Clock::System.now().0;
        put(&mut self.meta, COMMIT, &CommitRow { count, at })
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

/// Writes the row at `key`.
pub(super) fn put<'k, K: Key + 'static>(
    table: &mut Table<'_, K, Row>,
    key: impl Borrow<K::SelfType<'k>>,
    row: &impl Serialize,
) -> Result<(), Fault> {
    table.insert(key, codec::seal(row)?.as_slice())?;
    Ok(())
}
