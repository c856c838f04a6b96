//! Replaces a data file that no server has open with a smaller one: the same rows, without the free pages.
//!
//! The new file is written beside the old one, read back in full, and renamed in one step. If anything stops this
//! before the rename, the old file stays as it is, and the next start removes the draft.

use super::backup::{CheckedBackup, open_stopped, read_copy};
use super::copy::{Contents, CopyError, SnapshotCopy};
use super::draft::{draft_path, folder, sync_folder};
use super::file_error::FileError;
use super::open_error::{OpenError, io_error};
use super::options::Options;
use crate::store::check::report::Report;
use crate::store::progress::Progress;
use crate::store::rows::schema::TABLE_NAMES;
use crate::store::store_error::StoreError;
use redb::{ReadTransaction, TableHandle};
use std::fs::{self, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// The result of a compaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// The length of the file before.
    pub bytes_before: u64,
    /// The length of the file now.
    pub bytes: u64,
    /// The result of the check, which found no damage.
    pub report: Report,
}

/// The path of a draft, removed on drop. After the rename, no file is left at this path.
struct DraftFile(PathBuf);

impl Drop for DraftFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Rewrites the data file at `path`.
///
/// # Errors
/// A sentence for the terminal. The old file is unchanged.
pub fn compact(path: &Path, options: &Options, progress: &Progress) -> Result<Compacted, FileError> {
    let unreadable = |error: io::Error| FileError::Data(io_error(path, &error));
    // Replace the file itself, not a symbolic link to it.
    let real = path.canonicalize().map_err(unreadable)?;
    let about = fs::metadata(&real).map_err(unreadable)?;
    let opened = open_stopped(&real, options)?;
    if !opened.is_writable {
        return Err(FileError::Data(OpenError::ReadOnly { path: real }));
    }
    let snapshot = opened.snapshot().map_err(|error| FileError::of_reading(&real, error))?;
    refuse_unknown(&snapshot, &real)?;
    let free = fs4::available_space(folder(&real)).unwrap_or(u64::MAX);
    let needed = about.len().saturating_add(options.disk_free_bytes_min);
    if free < needed {
        let path = real;
        return Err(FileError::NoRoom { path, needed, free });
    }

    let writing = |error: io::Error| FileError::of_io(&real, &error);
    let draft = DraftFile(draft_path(&real).map_err(writing)?);
    let copy = SnapshotCopy {
        from: &snapshot,
        to: &draft.0,
        contents: Contents::Everything,
        options,
        min_free_bytes: options.disk_free_bytes_min,
        progress,
    };
    copy.write()
        .map_err(|error| FileError::of_copying(error, &real, &real))?;
    let CheckedBackup { report, .. } = read_copy(&copy, &real)?;
    give(&draft.0, &about).map_err(writing)?;
    copy.stamp()
        .map_err(|error| FileError::of_copying(CopyError::Writing(error), &real, &real))?;
    let bytes = fs::metadata(&draft.0).map_err(writing)?.len();
    // Hold the old file until the new one has replaced it, except on Windows, which cannot replace an open file.
    #[cfg(windows)]
    drop((snapshot, opened));
    fs::rename(&draft.0, &real).map_err(writing)?;
    sync_folder(&real).map_err(writing)?;
    Ok(Compacted {
        bytes_before: about.len(),
        bytes,
        report,
    })
}

/// This version cannot copy a table that it does not know.
fn refuse_unknown(snapshot: &ReadTransaction, path: &Path) -> Result<(), FileError> {
    let tables = snapshot.list_tables().map_err(StoreError::from);
    let mut tables = tables.map_err(|error| FileError::of_reading(path, error))?;
    match tables.find(|table| !TABLE_NAMES.contains(&table.name())) {
        None => Ok(()),
        Some(table) => Err(FileError::Unknown {
            path: path.to_owned(),
            table: table.name().to_owned(),
        }),
    }
}

/// Gives the new file the owner and the permissions of the old one.
fn give(draft: &Path, about: &Metadata) -> io::Result<()> {
    let file = OpenOptions::new().read(true).write(true).open(draft)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        // Only root can change the owner.
        let _ = fchown(&file, Some(about.uid()), Some(about.gid()));
    }
    file.set_permissions(about.permissions())?;
    file.sync_all()
}
