//! A data file that no server has open, read as its next start would see it, without changing a byte.
//!
//! Everything that the commands know about opening a file is in this module.

use super::database::{CheckLevel, View, open_as_next_start};
use super::layout::REDB_MAGIC;
use super::open_error::{OpenError, io_error, open_error};
use super::options::Options;
use super::overlay::OverlayDatabase;
use crate::store::rows::codec::DataFileRow;
use crate::store::rows::schema::{FILE, FORMAT, FORMAT_OLDEST, FORMAT_VERSION, META};
use crate::store::rows::table::{get, get_known};
use crate::store::store_error::{StoreError, guard};
use data_encoding::HEXLOWER;
use redb::{Database, ReadTransaction, ReadableDatabase, TableError};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// A locked view of a data file: no other process can open the file meanwhile.
pub struct ReadOnly {
    database: OverlayDatabase,
    pub format: u32,
    /// Whether this user may write to the file.
    pub is_writable: bool,
    /// The same as [`Store::file_id`](crate::store::Store::file_id).
    pub id: String,
}

impl ReadOnly {
    pub fn snapshot(&self) -> Result<ReadTransaction, StoreError> {
        guard(|| Ok(self.database.begin_read()?))
    }

    /// Whether the file has the current format. The next start upgrades the rows of an older format.
    pub fn is_current_format(&self) -> bool {
        self.format == FORMAT_VERSION
    }
}

pub fn open(path: &Path, options: &Options, check_level: CheckLevel) -> Result<ReadOnly, OpenError> {
    let not_ours = || OpenError::NotOurs { path: path.to_owned() };
    let about = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    // Opening a pipe would block until it has a writer.
    if !about.is_file() || !has_magic(path)? {
        return Err(not_ours());
    }
    let opened = guard(|| {
        let View { database, disk, .. } = open_as_next_start(path, options, check_level)?;
        let found = identity(&database)?;
        Ok(found.map(|(format, row)| ReadOnly {
            database,
            is_writable: !disk.is_read_only(),
            format,
            id: HEXLOWER.encode(&row.id),
        }))
    });
    let opened = opened.map_err(|error| open_error(path, error))?.ok_or_else(not_ours)?;
    match opened.format {
        FORMAT_OLDEST..=FORMAT_VERSION => Ok(opened),
        found => Err(OpenError::Newer {
            path: path.to_owned(),
            found,
            known: FORMAT_VERSION,
        }),
    }
}

/// The id of the history in a data file or a backup of it; see [`Store::file_id`](crate::store::Store::file_id).
pub fn file_id_of(path: &Path) -> Option<String> {
    let opened = open(path, &Options::default(), CheckLevel::Lazy).ok()?;
    Some(opened.id)
}

fn has_magic(path: &Path) -> Result<bool, OpenError> {
    let read = || {
        let mut magic = Vec::new();
        File::open(path)?
            .take(REDB_MAGIC.len() as u64)
            .read_to_end(&mut magic)?;
        Ok(magic == REDB_MAGIC)
    };
    read().map_err(|error| unreadable(path, &error))
}

/// Explains why a file cannot be read at all.
fn unreadable(path: &Path, error: &io::Error) -> OpenError {
    match error.kind() {
        ErrorKind::PermissionDenied => OpenError::Unreadable { path: path.to_owned() },
        _ => io_error(path, error),
    }
}

/// The format and the id of a file. `None` if the file belongs to another program.
fn identity(database: &Database) -> Result<Option<(u32, DataFileRow)>, StoreError> {
    let meta = match database.begin_read()?.open_table(META) {
        Err(TableError::Storage(error)) => return Err(error.into()),
        Err(_) => return Ok(None),
        Ok(meta) => meta,
    };
    let Some(format) = get(&meta, FORMAT)? else {
        return Ok(None);
    };
    Ok(Some((format, get_known(&meta, FILE, "the name of the file")?)))
}
