//! The context of every check: the rows of a snapshot, and where to report findings.

use super::report::{Findings, Kind};
use crate::store::progress::Progress;
use crate::store::queries::access::member_role;
use crate::store::rows::codec::{unseal, unseal_bytes};
use crate::store::rows::readable_key::ReadableKey;
use crate::store::rows::schema::Snapshot;
use crate::store::rows::table::Row;
use crate::store::store_error::{StoreError, guard};
use redb::{Key, ReadTransaction, ReadableTable, TableHandle};
use serde::de::DeserializeOwned;
use std::cell::Cell;

/// Rows between two checks for cancellation.
const ROWS_AT_ONCE: u64 = 1_000;

/// The context of every check.
pub struct Checker<'a> {
    pub txn: &'a ReadTransaction,
    pub source: Snapshot<'a>,
    pub findings: Findings,
    pub progress: &'a Progress,
    /// The last account and the last room. Both are numbered from 1 on.
    pub last_user: Cell<u32>,
    pub last_room: Cell<u32>,
}

impl Checker<'_> {
    /// Checks one subject. If it cannot be read, that is a finding, and the other subjects are still checked.
    pub fn section(&self, name: &'static str, check: impl FnOnce(&Self) -> Result<(), StoreError>) {
        if self.progress.is_stopped() {
            return;
        }
        if let Err(error) = guard(|| check(self)) {
            self.findings.unreadable(name, &error);
        }
    }

    pub fn is_person(&self, id: u32) -> bool {
        (1..=self.last_user.get()).contains(&id)
    }

    pub fn is_room(&self, id: u32) -> bool {
        (1..=self.last_room.get()).contains(&id)
    }

    pub fn is_member(&self, user: u32, room: u32) -> Result<bool, StoreError> {
        Ok(self.is_person(user) && self.is_room(room) && member_role(&self.source, room, user)?.is_some())
    }

    /// Reports an invariant that does not hold.
    pub fn wrong(&self, table: &str, key: &impl ReadableKey, what: impl Into<String>) {
        self.findings.add(Kind::Invariant, table, &key.readable(), what.into());
    }

    /// Whether the file has this table.
    pub fn has_table(&self, table: impl TableHandle) -> Result<bool, StoreError> {
        Ok(self.txn.list_tables()?.any(|known| known.name() == table.name()))
    }

    /// Reports a finding unless `holds`.
    pub fn unless(&self, holds: bool, table: &str, key: &impl ReadableKey, what: &str) {
        if !holds {
            self.wrong(table, key, what);
        }
    }

    /// Visits each row that can be decoded.
    pub fn rows<K, T>(
        &self,
        name: &str,
        table: &impl ReadableTable<K, Row>,
        mut each: impl FnMut(K::SelfType<'_>, T) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>
    where
        K: Key + 'static,
        for<'k> K::SelfType<'k>: ReadableKey,
        T: DeserializeOwned,
    {
        self.sealed(name, table, |key, row| {
            let row = unseal(row)?;
            each(key, row).map_err(|error| match error {
                StoreError::Damaged(cause) => StoreError::Damaged(format!("what it leads to is damaged: {cause}")),
                error => error,
            })
        })
    }

    /// Visits each row in its sealed form.
    pub fn sealed<K>(
        &self,
        name: &str,
        table: &impl ReadableTable<K, Row>,
        each: impl FnMut(K::SelfType<'_>, &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>
    where
        K: Key + 'static,
        for<'k> K::SelfType<'k>: ReadableKey,
    {
        self.each(name, table.iter()?, each)
    }

    /// Visits each of these rows. A row that is damaged, or that refers to a damaged row, is a finding.
    pub fn each<'r, K>(
        &self,
        name: &str,
        rows: impl Iterator<Item = Result<(redb::AccessGuard<'r, K>, redb::AccessGuard<'r, Row>), redb::StorageError>>,
        mut each: impl FnMut(K::SelfType<'_>, &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>
    where
        K: Key + 'static,
        for<'k> K::SelfType<'k>: ReadableKey,
    {
        let mut seen = 0;
        for row in rows {
            let (key, row) = row?;
            match each(key.value(), row.value()) {
                Err(StoreError::Damaged(cause)) => {
                    let key = key.value().readable();
                    self.findings.add(Kind::Damage, name, &key, cause);
                }
                done => done?,
            }
            seen += 1;
            if seen % ROWS_AT_ONCE == 0 {
                self.progress.add(ROWS_AT_ONCE);
                if self.progress.is_stopped() {
                    return Ok(());
                }
            }
        }
        self.progress.add(seen % ROWS_AT_ONCE);
        Ok(())
    }

    /// The contents of a row of raw bytes.
    pub fn raw<'b>(&self, row: &'b [u8]) -> Result<&'b [u8], StoreError> {
        unseal_bytes(row)
    }
}
