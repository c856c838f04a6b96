//! Upgrades a data file of an older format: copies the rows, table by table, into a new file, and adds what is
//! missing. The old file stays beside the new one, unchanged.

use super::copy::{Contents, CopyError, SnapshotCopy};
use super::database::{CheckLevel, View, builder, last_commit, open_overlay, write_new};
use super::disk::Disk;
use super::draft::{draft_path, folder, sync_folder};
use super::layout::FirstPage;
use super::location::{location_fingerprint, location_fingerprint_until_4};
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

/// Replaces a file of an older format with one of the current format. The old file stays beside the new one, with its
/// format in its name, and never replaces another file.
pub fn upgrade(path: &Path, options: &Options, format: u32) -> Result<(), OpenError> {
    // Upgrade the file itself, not a symbolic link to it.
    let real = path.canonicalize().map_err(|error| io_error(path, &error))?;
    let draft = draft_path(&real).map_err(|error| io_error(path, &error))?;
    tracing::warn!(format, "the data file has an older format; upgrading it");
    let upgraded = guard(|| {
        // The view holds the lock of the file, so no other process opens it during the upgrade.
        let view = open_overlay(&real, options, CheckLevel::Full, FirstPage::First)?;
        if view.disk.is_current() {
            // Another process has already upgraded it.
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

/// Copies everything in the file to a new, synced file of the current format.
fn copy(view: &View, real: &Path, draft: &Path, options: &Options) -> Result<(), StoreError> {
    let from = view.database.begin_read()?;
    let copy = SnapshotCopy {
        from: &from,
        to: draft,
        contents: Contents::Everything,
        options,
        min_free_bytes: options.disk_free_bytes_min,
        progress: &Progress::default(),
    };
    copy.write().map_err(CopyError::into_fault)?;
    let into = builder(options).create_with_backend(Disk::open(draft, options)?)?;
    let mut row: DataFileRow = get_known(&from.open_table(META)?, FILE, "the name of the file")?;
    if row.home != location_fingerprint_until_4(real)? {
        // The file may be a restored backup: clients must not mix its history with the one they know.
        row.epoch = random()?;
    }
    row.home = location_fingerprint(draft)?;
    let commit_number = last_commit(&from)? + 1;
    let salt = new_salt()?;
    write_new(&into, commit_number, |tables| {
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

/// Adds the rows that files of format 1 lack.
fn add_missing(tables: &mut Tables<'_>) -> Result<(), StoreError> {
    let lobby: RoomRow = get_known(tables.rooms.read()?, FIRST_ROOM, "the first room")?;
    put(
        tables.room_names.write()?,
        RoomName::stored(lobby.name).key(),
        &FIRST_ROOM,
    )
}

/// Gives the new file the owner and the permissions of the old one.
fn give_permissions(draft: &Path, about: &fs::Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, chown};
        // Only root can change the owner.
        let _ = chown(draft, Some(about.uid()), Some(about.gid()));
    }
    fs::set_permissions(draft, about.permissions())
}

/// Keeps the old file, unchanged, under a second name.
fn keep_old(path: &Path, format: u32) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let draft = draft_path(path)?;
    // Copy the file if the file system has no hard links.
    let copied =
        fs::hard_link(path, &draft).or_else(|_| fs::copy(path, &draft).and_then(|_| File::open(&draft)?.sync_all()));
    let named = copied.and_then(|()| give_name(&draft, path, &format!("{name}.format-{format}")));
    if named.is_err() {
        let _ = fs::remove_file(&draft);
    }
    named
}

/// Renames the draft to the first name that is free: `NAME`, `NAME.2`, `NAME.3`, …
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
