//! A copy of the whole data file while it is in use: one snapshot, copied table by table into a new
//! file, which is checked by redb's own commit and brought down to the disk before anybody gets it.
//!
//! The copy lies beside the data file under the name of a draft, so that whatever a kill leaves is swept
//! at the next start; on Unix it loses its name before the first byte is read.

use super::engine::create::{draft_path, folder};
use super::engine::database::{builder, last_commit, write_new};
use super::engine::disk::Disk;
use super::engine::free_space::has_room;
use super::engine::{DataFile, Options};
use super::fault::{Fault, guard};
use super::tables::{CopyTable, FILE, META, RESETS, Row, SERVER, copy_tables, get_known, put};
use super::{Store, admin, codec::DataFileRow};
use crate::error::{Error, Result};
use crate::limits::{BACKUP_BATCH_BYTES, BACKUP_BATCH_ROWS};
use redb::{Database, Durability, Key, ReadTransaction, ReadableTable, TableDefinition, TableError, TableHandle};
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// A backup that is whole and on the disk, to be read from its beginning. Gone when dropped.
pub struct BackupFile {
    /// Open for reading.
    pub file: File,
    /// How large it is.
    pub bytes: u64,
    _name: Name,
}

/// The name of a file that must not stay.
struct Name(PathBuf);

impl Drop for Name {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// What the data file takes, and its disk has.
#[derive(Clone, Copy, Debug)]
pub struct Storage {
    /// Bytes of the data file.
    pub file_bytes: u64,
    /// Bytes that are free, and all bytes of the disk; where the system tells.
    pub disk: Option<(u64, u64)>,
}

impl Store {
    /// What the data file takes.
    pub fn storage(&self) -> Storage {
        let path = &self.0.file.path;
        let free = fs4::available_space(folder(path));
        let all = fs4::total_space(folder(path));
        Storage {
            file_bytes: fs::metadata(path).map_or(0, |file| file.len()),
            disk: free.ok().zip(all.ok()),
        }
    }

    /// Whether the disk has room for a copy of the data file.
    ///
    /// # Errors
    /// `storage_full`.
    pub fn has_room_for_backup(&self) -> Result<()> {
        let storage = self.storage();
        let needed = storage
            .file_bytes
            .saturating_add(self.0.file.options.disk_free_bytes_min);
        match storage.disk {
            Some((free, _)) if free < needed => Err(Fault::Full.error()),
            _ => Ok(()),
        }
    }

    /// Copies everything that is acknowledged by now. Blocks: seconds for a million messages. Once `stop`
    /// is set, nobody wants it any more.
    ///
    /// # Errors
    /// `storage_full`, `unavailable`, or `internal` for a damaged row. Nothing of the copy stays then.
    pub fn back_up(&self, stop: &AtomicBool) -> Result<BackupFile> {
        self.has_room_for_backup()?;
        if let Some(cause) = self.0.file.damage() {
            return Err(Fault::Damaged(cause.to_owned()).error());
        }
        copy(&self.0.file, stop).map_err(|fault| fault.error())
    }
}

fn copy(data: &DataFile, stop: &AtomicBool) -> std::result::Result<BackupFile, Fault> {
    // Not held under the file's lock, so that a file that fails meanwhile can be opened again.
    let snapshot = data.snapshot()?;
    let name = Name(draft_path(&data.path)?);
    guard(|| {
        let disk = Disk::create(&name.0, &data.options)?;
        let into = builder(&data.options).create_with_backend(disk)?;
        let mut copier = Copier {
            from: &snapshot,
            into: &into,
            path: &data.path,
            options: &data.options,
            stop,
            contents: Contents::WithoutDoors,
        };
        copy_tables(&mut copier)?;
        seal(&snapshot, &into)?;
        into.close()?;
        Ok(())
    })?;
    drop(snapshot);
    let file = OpenOptions::new().read(true).write(true).open(&name.0)?;
    file.sync_all()?;
    let bytes = file.metadata()?.len();
    // What has no name can be left behind by nobody.
    #[cfg(unix)]
    fs::remove_file(&name.0)?;
    Ok(BackupFile {
        file,
        bytes,
        _name: name,
    })
}

/// Copies every row to a new database, in commits that are not durable yet.
pub(super) fn copy_everything(
    from: &ReadTransaction,
    into: &Database,
    path: &Path,
    options: &Options,
) -> std::result::Result<(), Fault> {
    copy_tables(&mut Copier {
        from,
        into,
        path,
        options,
        stop: &AtomicBool::new(false),
        contents: Contents::Everything,
    })
}

/// What is copied.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Contents {
    Everything,
    /// All but what would let somebody in, since the copy may lie anywhere.
    WithoutDoors,
}

struct Copier<'a> {
    from: &'a ReadTransaction,
    into: &'a Database,
    path: &'a Path,
    options: &'a Options,
    stop: &'a AtomicBool,
    contents: Contents,
}

impl Copier<'_> {
    fn may_go_on(&self) -> std::result::Result<(), Fault> {
        if self.stop.load(Relaxed) {
            return Err(Error::bad_request("The backup was called off.").into());
        }
        match has_room(self.path, self.options) {
            true => Ok(()),
            false => Err(Fault::Full),
        }
    }
}

impl CopyTable for Copier<'_> {
    fn copy<K: Key + 'static>(&mut self, table: TableDefinition<'static, K, Row>) -> std::result::Result<(), Fault> {
        let source = match self.from.open_table(table) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(()),
            source => source?,
        };
        let leaves_out = self.contents == Contents::WithoutDoors;
        if leaves_out && table.name() == RESETS.name() {
            return Ok(());
        }
        let left_out = |key: &K::SelfType<'_>| {
            leaves_out && table.name() == SERVER.name() && K::as_bytes(key).as_ref() == admin::INVITE.as_bytes()
        };
        let mut rows = source.iter()?.peekable();
        while rows.peek().is_some() {
            self.may_go_on()?;
            let mut txn = self.into.begin_write()?;
            // The last transaction is the one that counts.
            txn.set_durability(Durability::None)?;
            let mut target = txn.open_table(table)?;
            let mut bytes = 0;
            for row in rows.by_ref().take(BACKUP_BATCH_ROWS) {
                let (key, value) = row?;
                if !left_out(&key.value()) {
                    target.insert(key.value(), value.value())?;
                }
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

/// The one durable commit. A copy has no home: whoever opens it knows that it is another history, and
/// checks all of it first.
fn seal(snapshot: &ReadTransaction, into: &Database) -> std::result::Result<(), Fault> {
    let count = last_commit(snapshot)?;
    let mut row: DataFileRow = get_known(&snapshot.open_table(META)?, FILE, "the name of the file")?;
    row.home = [0; 32];
    write_new(into, count, |tables| {
        tables.create_missing()?;
        put(tables.meta.write()?, FILE, &row)
    })
}
