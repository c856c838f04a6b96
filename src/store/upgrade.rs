//! From a file of an older format to one of today's: its rows stay as they are, and what is missing is added. A file
//! without a journal is copied once, to make room for one.

use super::codec::RoomRow;
use super::create::{draft_path, folder};
use super::disk::{Disk, copy_with_journal};
use super::fault::{Fault, guard};
use super::file::{self, Checked};
use super::open::{io_error, open_error};
use super::standing::FIRST_ROOM;
use super::tables::{FORMAT, FORMAT_VERSION, Tables, get_known, put};
use super::{OpenError, Options};
use crate::limits::JOURNAL_BYTES;
use crate::model::RoomName;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

/// The oldest format that can be upgraded.
pub(super) const FORMAT_OLDEST: u32 = 1;

/// Puts the same file with a journal in the place of one of format 1 or 2, which stays beside it, named after its
/// format; never over another file.
pub(super) fn add_journal(path: &Path, options: &Options, format: u32) -> Result<(), OpenError> {
    // The file itself, and not a link to it, is what gets another one beside it.
    let real = path.canonicalize().map_err(|error| io_error(path, &error))?;
    // Until it is done, nobody else opens the file.
    let held = guard(|| {
        let held = file::open_glass(&real, options, Checked::Lightly)?;
        Ok((held, Disk::open(&real, options)?.has_journal()))
    });
    match held.map_err(|fault| open_error(path, fault))? {
        // Somebody else was faster.
        (_held, true) => Ok(()),
        (_held, false) => replace(&real, options, format).map_err(|error| io_error(path, &error)),
    }
}

fn replace(path: &Path, options: &Options, format: u32) -> io::Result<()> {
    let about = fs::metadata(path)?;
    let needed = about.len() + JOURNAL_BYTES as u64 + options.disk_free_bytes_min;
    if fs4::available_space(folder(path)).is_ok_and(|free| free < needed) {
        return Err(ErrorKind::StorageFull.into());
    }
    let draft = draft_path(path)?;
    let replaced = write_draft(path, &draft, &about)
        .and_then(|()| keep_copy(path, format))
        .and_then(|()| fs::rename(&draft, path))
        .and_then(|()| sync_folder(path));
    if replaced.is_err() {
        let _ = fs::remove_file(&draft);
    }
    replaced
}

/// The file with a journal, for those who may read the one without, and down on the disk.
fn write_draft(path: &Path, draft: &Path, about: &fs::Metadata) -> io::Result<()> {
    let mut how = OpenOptions::new();
    how.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
    let mut file = how.open(draft)?;
    copy_with_journal(&mut File::open(path)?, &mut file)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        // Only who is root can give it to somebody else.
        let _ = fchown(&file, Some(about.uid()), Some(about.gid()));
    }
    file.set_permissions(about.permissions())?;
    file.sync_all()
}

/// Gives the file a second name, under which it stays as it is.
fn keep_copy(path: &Path, format: u32) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let draft = draft_path(path)?;
    // A disk without hard links gets a copy.
    let copied =
        fs::hard_link(path, &draft).or_else(|_| fs::copy(path, &draft).and_then(|_| File::open(&draft)?.sync_all()));
    let named = copied.and_then(|()| give_name(&draft, path, &format!("{name}.format-{format}")));
    if named.is_err() {
        let _ = fs::remove_file(&draft);
    }
    named
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
