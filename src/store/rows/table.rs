//! Reads and writes tables: each is opened on first use, each row is sealed, each change is recorded for the journal.

use super::codec;
use super::readable_key::ReadableKey;
use super::redo::Redo;
use crate::store::store_error::StoreError;
use redb::{AccessGuard, Key, ReadableTable, Table, TableDefinition, WriteTransaction};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::borrow::Borrow;
use std::cell::OnceCell;
use std::ops::RangeBounds;
use std::sync::{Mutex, PoisonError};

pub type Row = &'static [u8];
pub type FileKey = [u8; 16];

/// A type of table keys.
pub trait TableKey: Key + Sized + 'static {
    /// Removes a row, to replay the journal.
    fn remove(table: &mut Table<'_, Self, Row>, key: Self::SelfType<'_>) -> Result<(), StoreError>;
}

/// Keys of tables whose rows may be removed.
pub trait Removable: TableKey {}

macro_rules! keys {
    (removable: $($removable:ty),+; kept: $($kept:ty),+;) => {
        $(
            impl TableKey for $removable {
                fn remove(table: &mut Table<'_, Self, Row>, key: Self::SelfType<'_>) -> Result<(), StoreError> {
                    table.remove(key)?;
                    Ok(())
                }
            }

            impl Removable for $removable {}
        )+
        $(
            impl TableKey for $kept {
                fn remove(_: &mut Table<'_, Self, Row>, _: Self::SelfType<'_>) -> Result<(), StoreError> {
                    Err(StoreError::Damaged("the journal removes what stays for ever".to_owned()))
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

/// A table of a write transaction, opened on first use and kept open until the transaction ends. A commit needs few
/// tables, and opening one costs a search in redb's table of tables.
pub struct LazyTable<'t, K: TableKey> {
    txn: &'t WriteTransaction,
    redo: &'t Mutex<Redo>,
    name: &'static str,
    table: OnceCell<Table<'t, K, Row>>,
}

impl<'t, K: TableKey> LazyTable<'t, K> {
    pub fn new(txn: &'t WriteTransaction, redo: &'t Mutex<Redo>, name: &'static str) -> LazyTable<'t, K> {
        let table = OnceCell::new();
        LazyTable { txn, redo, name, table }
    }

    pub fn read(&self) -> Result<&Table<'t, K, Row>, StoreError> {
        if let Some(table) = self.table.get() {
            return Ok(table);
        }
        let table = self.txn.open_table(TableDefinition::<K, Row>::new(self.name))?;
        Ok(self.table.get_or_init(|| table))
    }

    pub fn write(&mut self) -> Result<TableWriter<'_, 't, K>, StoreError> {
        let (redo, name) = (self.redo, self.name);
        let table = self.table_mut()?;
        Ok(TableWriter { table, redo, name })
    }

    fn table_mut(&mut self) -> Result<&mut Table<'t, K, Row>, StoreError> {
        self.read()?;
        // The line above has set it.
        self.table
            .get_mut()
            .ok_or_else(|| StoreError::Closed("a table was not opened".to_owned()))
    }

    #[inline(never)]
    pub fn replay(&mut self, key: &[u8], row: Option<&[u8]>) -> Result<(), StoreError> {
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

/// Writes to a table.
pub struct TableWriter<'a, 't, K: TableKey> {
    table: &'a mut Table<'t, K, Row>,
    redo: &'a Mutex<Redo>,
    name: &'a str,
}

impl<K: TableKey> TableWriter<'_, '_, K> {
    #[inline(never)]
    pub fn insert<'k>(&mut self, key: impl Borrow<K::SelfType<'k>>, row: &[u8]) -> Result<(), StoreError> {
        let bytes = K::as_bytes(key.borrow());
        note(self.redo, self.name, bytes.as_ref(), Some(row));
        drop(bytes);
        self.table.insert(key, row)?;
        Ok(())
    }
}

impl<'a, K: Removable> TableWriter<'a, '_, K> {
    /// The removed row. `None` if there was none.
    pub fn remove<'k>(self, key: impl Borrow<K::SelfType<'k>>) -> Result<Option<AccessGuard<'a, Row>>, StoreError> {
        let key = key.borrow();
        let removed = self.table.remove(key)?;
        if removed.is_some() {
            note(self.redo, self.name, K::as_bytes(key).as_ref(), None);
        }
        Ok(removed)
    }

    pub fn remove_all<'k, B: Borrow<K::SelfType<'k>> + 'k>(
        self,
        range: impl RangeBounds<B> + 'k,
    ) -> Result<(), StoreError> {
        let (redo, name) = (self.redo, self.name);
        for row in self.table.extract_from_if(range, |_, _| true)? {
            note(redo, name, K::as_bytes(&row?.0.value()).as_ref(), None);
        }
        Ok(())
    }
}

/// Copies one table to another database.
pub trait CopyTable {
    fn copy<K: Key + 'static>(&mut self, table: TableDefinition<'static, K, Row>) -> Result<(), StoreError>
    where
        for<'k> K::SelfType<'k>: ReadableKey;
}

/// The row at `key`.
pub fn get<'k, K: Key + 'static, T: DeserializeOwned>(
    table: &impl ReadableTable<K, Row>,
    key: impl Borrow<K::SelfType<'k>>,
) -> Result<Option<T>, StoreError> {
    table.get(key)?.map(|value| codec::unseal(value.value())).transpose()
}

/// The row at `key`, which another row refers to, so it must exist.
pub fn get_known<'k, K: Key + 'static, T: DeserializeOwned>(
    table: &impl ReadableTable<K, Row>,
    key: impl Borrow<K::SelfType<'k>>,
    what: &str,
) -> Result<T, StoreError> {
    get(table, key)?.ok_or_else(|| StoreError::Damaged(format!("{what} is missing")))
}

/// Whether there is a row at `key`.
pub fn has<'k, K: Key + 'static>(
    table: &impl ReadableTable<K, Row>,
    key: impl Borrow<K::SelfType<'k>>,
) -> Result<bool, StoreError> {
    Ok(table.get(key)?.is_some())
}

/// Writes the row at `key`.
pub fn put<'k, K: TableKey>(
    mut table: TableWriter<'_, '_, K>,
    key: impl Borrow<K::SelfType<'k>>,
    row: &impl Serialize,
) -> Result<(), StoreError> {
    table.insert(key, &codec::seal(row)?)
}
