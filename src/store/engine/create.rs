//! A new data file: made whole under another name, then given its own.
//!
//! A kill while redb makes a file leaves one that never opens; here it leaves a draft, which the next start removes.

use super::database::{builder, write_new};
use super::disk::Disk;
use super::draft::{draft_path, folder, sync_folder};
use super::free_space::has_room;
use super::home::home;
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

/// Makes the data file at `path`, where there is none. If somebody else makes one first, it stays.
pub fn create(path: &Path, options: &Options) -> Result<(), OpenError> {
    let folder = folder(path);
    if !folder.is_dir() {
        return Err(OpenError::NoFolder {
            path: folder.to_owned(),
        });
    }
    if !has_room(path, options) {
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

/// A file with the schema and nothing else in it, on the disk.
fn make(draft: &Path, options: &Options) -> Result<(), StoreError> {
    let database = builder(options).create_with_backend(Disk::create(draft, options)?)?;
    let row = DataFileRow {
        id: random()?,
        epoch: random()?,
        home: home(draft)?,
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

/// Gives the draft its name, and never takes the name from another file.
fn publish(draft: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(draft, path) {
        Ok(()) => fs::remove_file(draft)?,
        // Somebody else was faster, and may have removed the draft.
        Err(_) if path.exists() => drop(fs::remove_file(draft)),
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(error),
        // A disk without hard links.
        Err(_) => fs::rename(draft, path)?,
    }
    sync_folder(path)
}
