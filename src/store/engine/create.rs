//! A new data file: made whole under another name, then given its own.
//!
//! A kill while redb makes a file leaves one that never opens; here it leaves a draft, which the next start removes.

use super::database::{builder, write_new};
use super::disk::Disk;
use super::free_space::has_room;
use super::open::{home, io_error, open_error};
use super::record::{SALT_BYTES, Salt};
use super::{OpenError, Options};
use crate::store::rooms;
use crate::store::rows::codec::{DataFileRow, JournalRow};
use crate::store::rows::schema::{FILE, FORMAT, FORMAT_VERSION, JOURNAL};
use crate::store::rows::table::put;
use crate::store::store_error::{StoreError, guard};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

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
    let made = guard(|| make(&draft, options)).map_err(|fault| open_error(path, fault));
    let made = made.and_then(|()| publish(&draft, path).map_err(|error| io_error(path, &error)));
    if made.is_err() {
        let _ = fs::remove_file(&draft);
    }
    made
}

/// Removes the drafts that a kill left behind. Only whoever has the data file open may, since others work on drafts.
pub fn sweep(path: &Path) {
    let prefix = draft_prefix(path);
    for entry in fs::read_dir(folder(path)).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // Other files of a name like that are somebody's own, and a pipe would wait for whoever writes to it.
        let is_draft = name.starts_with(&prefix) && is_draft_name(&name);
        let is_file = || fs::symlink_metadata(entry.path()).is_ok_and(|about| about.is_file());
        let abandoned = || File::open(entry.path()).is_ok_and(|draft| draft.try_lock().is_ok());
        if is_draft && is_file() && abandoned() {
            let _ = fs::remove_file(entry.path());
        }
    }
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

/// Brings the names in the folder of a file to the disk.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder(path))?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// A salt for a new opening of a journal.
pub fn new_salt() -> io::Result<Salt> {
    random::<SALT_BYTES>()
}

pub fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}

/// Where a file lies.
pub fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The name of a new draft beside a data file.
pub fn draft_path(path: &Path) -> io::Result<PathBuf> {
    let number = u64::from_le_bytes(random()?);
    Ok(path.with_file_name(format!("{}{number:016x}", draft_prefix(path))))
}

/// Whether a file of this name is a draft of some file.
pub fn is_draft_name(name: &str) -> bool {
    let number = name.rsplit_once(".new-").map(|(_, number)| number);
    let is_digit = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    number.is_some_and(|number| number.len() == 16 && number.bytes().all(is_digit))
}

fn draft_prefix(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!("{name}.new-")
}
