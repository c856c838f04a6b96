//! Writes everything in a snapshot to a new file, table by table.
//!
//! Rows are checked as they are read, so a damaged row fails the copy. The written rows are checked when the new file
//! is read back.

use super::database::{builder, last_commit, write_new};
use super::disk::Disk;
use super::draft::folder;
use super::location::location_fingerprint;
use super::options::Options;
use crate::limits::{BACKUP_BATCH_BYTES, BACKUP_BATCH_ROWS};
use crate::store::progress::Progress;
use crate::store::rows::codec::{DataFileRow, unseal_bytes};
use crate::store::rows::readable_key::ReadableKey;
use crate::store::rows::schema::{FILE, INVITE, META, RESETS, SERVER, copy_tables};
use crate::store::rows::table::{CopyTable, Row, get_known, put};
use crate::store::store_error::{StoreError, guard};
use redb::{Database, Durability, Key, ReadTransaction, ReadableTable, TableDefinition, TableError, TableHandle};
use std::fs::OpenOptions;
use std::path::Path;

/// Which rows of a snapshot the copy contains.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    /// For use elsewhere: the copy contains no invite or reset links, and its next start treats it as a different history.
    Backup,
    /// For the same path: the same history in a smaller file.
    Everything,
}

/// Why the copy failed. The caller removes the partly written file.
pub enum CopyError {
    Reading(StoreError),
    Writing(StoreError),
    Stopped,
}

impl CopyError {
    pub fn into_fault(self) -> StoreError {
        match self {
            CopyError::Reading(error) | CopyError::Writing(error) => error,
            CopyError::Stopped => StoreError::Closed("the copy was cancelled".to_owned()),
        }
    }
}

/// The parameters of a copy.
pub struct SnapshotCopy<'a> {
    pub from: &'a ReadTransaction,
    pub to: &'a Path,
    pub contents: Contents,
    pub options: &'a Options,
    /// Bytes that must stay free on the disk of the copy.
    pub min_free_bytes: u64,
    pub progress: &'a Progress,
}

impl SnapshotCopy<'_> {
    /// Writes the file and syncs it.
    pub fn write(&self) -> Result<(), CopyError> {
        let mut reading = None;
        let written = guard(|| {
            let disk = Disk::create(self.to, self.options)?;
            let into = builder(self.options).create_with_backend(disk)?;
            let mut copier = Copier {
                copy: self,
                into: &into,
                reading: &mut reading,
            };
            copy_tables(&mut copier)?;
            self.finalize(&into)?;
            into.close()?;
            OpenOptions::new().read(true).write(true).open(self.to)?.sync_all()?;
            Ok(())
        });
        match (written, reading) {
            (Ok(()), _) => Ok(()),
            _ if self.progress.is_stopped() => Err(CopyError::Stopped),
            (Err(error), None) => Err(CopyError::Writing(error)),
            (Err(_), Some(error)) => Err(CopyError::Reading(error)),
        }
    }

    fn may_go_on(&self) -> Result<(), StoreError> {
        let is_stopped = self.progress.is_stopped();
        let free = fs4::available_space(folder(self.to)).unwrap_or(u64::MAX);
        match !is_stopped && free >= self.min_free_bytes {
            true => Ok(()),
            false => Err(StoreError::Full),
        }
    }

    /// Makes the copy durable with one commit.
    fn finalize(&self, into: &Database) -> Result<(), StoreError> {
        let mut row: DataFileRow = get_known(&self.from.open_table(META)?, FILE, "the name of the file")?;
        row.home = match self.contents {
            Contents::Backup => [0; 32],
            Contents::Everything => location_fingerprint(self.to)?,
        };
        write_new(into, last_commit(self.from)?, |tables| {
            tables.create_missing()?;
            put(tables.meta.write()?, FILE, &row)
        })
    }

    /// Updates the commit time in the finished copy. Otherwise its next start would assume that another program has
    /// written to the file.
    pub fn stamp(&self) -> Result<(), StoreError> {
        guard(|| {
            let disk = Disk::open(self.to, self.options)?;
            let into = builder(self.options).create_with_backend(disk)?;
            self.finalize(&into)?;
            into.close()?;
            Ok(OpenOptions::new().read(true).write(true).open(self.to)?.sync_all()?)
        })
    }

    /// Whether a row stays out of a backup, which may be stored anywhere.
    fn leaves_out(&self, table: &str, key: &[u8]) -> bool {
        self.contents == Contents::Backup
            && (table == RESETS.name() || table == SERVER.name() && key == INVITE.as_bytes())
    }
}

struct Copier<'a, 'c> {
    copy: &'a SnapshotCopy<'c>,
    into: &'a Database,
    /// The error, if the snapshot caused it.
    reading: &'a mut Option<StoreError>,
}

impl Copier<'_, '_> {
    /// Records that an error came from the snapshot.
    fn read<T>(&mut self, read: Result<T, StoreError>) -> Result<T, StoreError> {
        read.map_err(|error| {
            *self.reading = Some(error);
            StoreError::Closed("the snapshot cannot be read".to_owned())
        })
    }
}

impl CopyTable for Copier<'_, '_> {
    fn copy<K: Key + 'static>(&mut self, table: TableDefinition<'static, K, Row>) -> Result<(), StoreError>
    where
        for<'k> K::SelfType<'k>: ReadableKey,
    {
        let source = match self.copy.from.open_table(table) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(()),
            source => self.read(source.map_err(StoreError::from))?,
        };
        let rows = source.iter().map_err(StoreError::from);
        let mut rows = self.read(rows)?.peekable();
        while rows.peek().is_some() {
            self.copy.may_go_on()?;
            let mut txn = self.into.begin_write()?;
            // Only the last transaction has to be durable.
            txn.set_durability(Durability::None)?;
            let mut target = txn.open_table(table)?;
            let mut bytes = 0;
            for row in rows.by_ref().take(BACKUP_BATCH_ROWS) {
                let (key, value) = self.read(row.map_err(StoreError::from))?;
                let is_whole = unseal_bytes(value.value()).map_err(|_| {
                    let key = key.value().readable();
                    StoreError::Damaged(format!("{} {key} has a wrong checksum", table.name()))
                });
                self.read(is_whole)?;
                if !self.copy.leaves_out(table.name(), K::as_bytes(&key.value()).as_ref()) {
                    target.insert(key.value(), value.value())?;
                }
                self.copy.progress.add(1);
                bytes += value.value().len();
                if bytes >= BACKUP_BATCH_BYTES {
                    break;
                }
            }
            drop(target);
            txn.commit()?;
        }
        Ok(())
    }
}
