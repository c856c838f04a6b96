//! Creates a data file: complete under a draft name first, then renamed.
//!
//! If the process is killed while redb creates a file, that file never opens. Here, only a draft is left, which the
//! next start removes.

use super::database::{builder, write_new};
use super::disk::Disk;
use super::draft::{draft_path, folder, sync_folder};
use super::free_space::FreeSpace;
use super::location::location_fingerprint;
use super::open_error::{OpenError, io_error, open_error};
use super::options::Options;
use super::random::{new_salt, random};
use crate::store::changes::rooms;
use crate::store::rows::codec::{DataFileRow, JournalRow};
use crate::store::rows::schema::{FILE, FORMAT, FORMAT_VERSION, JOURNAL};
use crate::store::rows::table::put;
use crate::store::store_error::{StoreError, guard};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

/// Creates the data file at `path` if there is none. If another process creates one first, that file stays.
pub fn create(path: &Path, options: &Options) -> Result<(), OpenError> {
    let folder = folder(path);
    if !folder.is_dir() {
        return Err(OpenError::NoFolder {
            path: folder.to_owned(),
        });
    }
    if !FreeSpace::of(path, options).has_room() {
        return Err(OpenError::Full { path: path.to_owned() });
    }
    let draft = draft_path(path).map_err(|error| io_error(path, &error))?;
    let made = guard(|| make(&draft, options)).map_err(|error| open_error(path, error));
    let made = made.and_then(|()| publish(&draft, path).map_err(|error| io_error(path, &error)));
    if made.is_err() {
        let _ = fs::remove_file(&draft);
    }
    made
}

/// Writes a synced file with the rows of a new history: the Lobby and those in `meta`.
fn make(draft: &Path, options: &Options) -> Result<(), StoreError> {
    let database = builder(options).create_with_backend(Disk::create(draft, options)?)?;
    let row = DataFileRow {
        id: random()?,
        epoch: random()?,
        home: location_fingerprint(draft)?,
    };
    let salt = new_salt()?;
    write_new(&database, 1, |tables| {
        tables.create_missing()?;
        put(tables.meta.write()?, FORMAT, &FORMAT_VERSION)?;
        put(tables.meta.write()?, FILE, &row)?;
        put(tables.meta.write()?, JOURNAL, &JournalRow::of(&salt))?;
        rooms::create_lobby(tables)
    })?;
    database.close()?;
    OpenOptions::new().read(true).write(true).open(draft)?.sync_all()?;
    Ok(())
}

/// Renames the draft, and never replaces another file.
fn publish(draft: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(draft, path) {
        Ok(()) => fs::remove_file(draft)?,
        // Another process was faster, and may have removed the draft.
        Err(_) if path.exists() => drop(fs::remove_file(draft)),
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(error),
        // The file system has no hard links.
        Err(_) => fs::rename(draft, path)?,
    }
    sync_folder(path)
}
