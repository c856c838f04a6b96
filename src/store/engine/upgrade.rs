//! From a data file of an older format to one of today's: its rows are copied, table by table, into a new file, and what
//! is missing is added. The old file stays beside the new one, as it was.

use super::copy::{Contents, Copy, CopyError};
use super::database::{Checked, View, builder, last_commit, open_overlay, write_new};
use super::disk::Disk;
use super::draft::{draft_path, folder, sync_folder};
use super::home::{home, home_until_4};
use super::layout::FirstPage;
use super::open_error::{OpenError, io_error, open_error};
use super::options::Options;
use super::random::{new_salt, random};
use crate::limits::JOURNAL_BYTES;
use crate::model::RoomName;
use crate::store::progress::Progress;
use crate::store::rows::codec::{DataFileRow, JournalRow, RoomRow};
use crate::store::rows::schema::{FILE, FIRST_ROOM, FORMAT, FORMAT_VERSION, JOURNAL, META, Tables};
use crate::store::rows::table::{get_known, put};
use crate::store::store_error::{StoreError, guard};
use redb::ReadableDatabase;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

/// Puts a file of today's format in the place of one of an older format, which stays beside it, named after its format;
/// never over another file.
pub fn upgrade(path: &Path, options: &Options, format: u32) -> Result<(), OpenError> {
    // The file itself, and not a link to it, is what gets another one beside it.
    let real = path.canonicalize().map_err(|error| io_error(path, &error))?;
    let draft = draft_path(&real).map_err(|error| io_error(path, &error))?;
    tracing::warn!(format, "the data file has an older format; it is brought up to date");
    let upgraded = guard(|| {
        // Until it is done, nobody else opens the file.
        let view = open_overlay(&real, options, Checked::Fully, FirstPage::First)?;
        if view.disk.is_current() {
            // Somebody else was faster.
            return Ok(());
        }
        let about = fs::metadata(&real)?;
        let needed = about.len() + JOURNAL_BYTES as u64 + options.disk_free_bytes_min;
        if fs4::available_space(folder(&real)).is_ok_and(|free| free < needed) {
            return Err(StoreError::Full);
        }
        copy(&view, &real, &draft, options)?;
        give_permissions(&draft, &about)?;
        keep_old(&real, format)?;
        fs::rename(&draft, &real)?;
        Ok(sync_folder(&real)?)
    });
    upgraded.map_err(|error| {
        let _ = fs::remove_file(&draft);
        open_error(path, error)
    })
}

/// Everything in the file, as a new file of today's format, on the disk.
fn copy(view: &View, real: &Path, draft: &Path, options: &Options) -> Result<(), StoreError> {
    let from = view.database.begin_read()?;
    let copy = Copy {
        from: &from,
        to: draft,
        contents: Contents::Everything,
        options,
        floor: options.disk_free_bytes_min,
        progress: &Progress::default(),
    };
    copy.write().map_err(CopyError::into_fault)?;
    let into = builder(options).create_with_backend(Disk::open(draft, options)?)?;
    let mut row: DataFileRow = get_known(&from.open_table(META)?, FILE, "the name of the file")?;
    if row.home != home_until_4(real)? {
        // It may be a restored backup: clients must not mix its history with the one they know.
        row.epoch = random()?;
    }
    row.home = home(draft)?;
    let count = last_commit(&from)? + 1;
    let salt = new_salt()?;
    write_new(&into, count, |tables| {
        tables.create_missing()?;
        put(tables.meta.write()?, FILE, &row)?;
        put(tables.meta.write()?, JOURNAL, &JournalRow::of(&salt))?;
        put(tables.meta.write()?, FORMAT, &FORMAT_VERSION)?;
        add_missing(tables)
    })?;
    into.close()?;
    fs::OpenOptions::new().read(true).write(true).open(draft)?.sync_all()?;
    Ok(())
}

/// Adds what files of format 1 do not have.
fn add_missing(tables: &mut Tables<'_>) -> Result<(), StoreError> {
    let lobby: RoomRow = get_known(tables.rooms.read()?, FIRST_ROOM, "the first room")?;
    put(
        tables.room_names.write()?,
        RoomName::stored(lobby.name).key(),
        &FIRST_ROOM,
    )
}

/// Those who could read the old file can read the new one.
fn give_permissions(draft: &Path, about: &fs::Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, chown};
        // Only root can give a file to somebody else.
        let _ = chown(draft, Some(about.uid()), Some(about.gid()));
    }
    fs::set_permissions(draft, about.permissions())
}

/// Gives the old file a second name, under which it stays as it is.
fn keep_old(path: &Path, format: u32) -> io::Result<()> {
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
    tracing::warn!(old = %wanted.display(), "the old data file was kept");
    sync_folder(path)
}
