//! From a file of an older format to one of today's: its rows stay as they are, and what is missing is added. A file
//! without a journal is copied once, to make room for one.

use super::OpenError;
use super::codec::RoomRow;
use super::create::{draft_path, folder};
use super::disk::copy_with_journal;
use super::fault::Fault;
use super::open::io_error;
use super::standing::FIRST_ROOM;
use super::tables::{FORMAT, FORMAT_VERSION, Tables, get_known, put};
use crate::model::RoomName;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

/// The oldest format that can be upgraded.
pub(super) const FORMAT_OLDEST: u32 = 1;

/// Gives the file, as it is, a second name that nothing will touch again, after its format; never over another file.
pub(super) fn keep_copy(path: &Path, format: u32) -> Result<(), OpenError> {
    copy_beside(path, format).map_err(|error| io_error(path, &error))
}

fn copy_beside(path: &Path, format: u32) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let draft = draft_path(path)?;
    // What comes next is written to another file.
    let copied = match fs::hard_link(path, &draft) {
        Ok(()) => Ok(()),
        // A disk without hard links.
        Err(_) => fs::copy(path, &draft).and_then(|_| File::open(&draft)?.sync_all()),
    };
    let named = copied.and_then(|()| give_name(&draft, path, &format!("{name}.format-{format}")));
    if named.is_err() {
        let _ = fs::remove_file(&draft);
    }
    named
}

/// Puts the same file with a journal in its place.
pub(super) fn add_journal(path: &Path) -> Result<(), OpenError> {
    let add = || {
        let draft = draft_path(path)?;
        let mut how = OpenOptions::new();
        how.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
        let mut file = how.open(&draft)?;
        copy_with_journal(&mut File::open(path)?, &mut file)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        sync_folder(path)
    };
    add().map_err(|error| io_error(path, &error))
}

/// Brings the names in the folder of a file down to the disk.
fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder(path))?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Gives the draft the first name that is free: `NAME`, `NAME.2`, `NAME.3`, …
fn give_name(draft: &Path, path: &Path, name: &str) -> io::Result<()> {
    let mut wanted = path.with_file_name(name);
    for number in 2..=u32::MAX {
        match File::create_new(&wanted) {
            Ok(_) => break,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                wanted = path.with_file_name(format!("{name}.{number}"));
            }
            Err(error) => return Err(error),
        }
    }
    fs::rename(draft, &wanted)?;
    tracing::info!(copy = %wanted.display(), "the data file gets a newer format; a copy of it was kept");
    sync_folder(path)
}

/// Adds what today's format has.
pub(super) fn upgrade(tables: &mut Tables<'_>) -> Result<(), Fault> {
    let lobby: RoomRow = get_known(tables.rooms.read()?, FIRST_ROOM, "the first room")?;
    put(
        tables.room_names.write()?,
        RoomName::stored(lobby.name).key(),
        &FIRST_ROOM,
    )?;
    put(tables.meta.write()?, FORMAT, &FORMAT_VERSION)
}
