//! A copy of the whole data file while it is in use: one snapshot, copied table by table into a new file (`copy`), read
//! back and checked before it gets its name.
//!
//! A copy that is only passed on lies beside the data file under the name of a draft, so that whatever a kill leaves is
//! swept at the next start; on Unix it loses its name before the first byte is read.

use super::check_file::check_file;
use super::copy::{Contents, Copy, CopyError};
use super::database::Checked;
use super::draft::{draft_path, folder};
use super::file_error::FileError;
use super::options::Options;
use super::pending_file::PendingFile;
use super::read_only::{self, ReadOnly};
use crate::store::check::report::{Finding, Report};
use crate::store::progress::Progress;
use crate::store::store_error::StoreError;
use redb::ReadTransaction;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

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

/// Whether a backup is read back before it is passed on. A client that writes it to another disk checks it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadBack {
    /// Each page, row and law.
    Yes,
    /// The backup is not read back.
    No,
}

/// A backup that has its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedBackup {
    /// How large it is.
    pub bytes: u64,
    /// What its check has found; no damage.
    pub report: Report,
}

/// Backs up a data file that nobody serves, of which every byte stays as it is.
///
/// # Errors
/// A sentence for the terminal. Nothing of the backup stays then.
pub fn back_up_file(
    data: &Path,
    options: &Options,
    pending: PendingFile,
    progress: &Progress,
) -> std::result::Result<CheckedBackup, FileError> {
    let opened = open_stopped(data, options)?;
    let snapshot = opened.snapshot().map_err(|error| FileError::of_reading(data, error))?;
    named(&snapshot, data, options, options.disk_free_bytes_min, pending, progress)
}

/// The same, to be passed on.
///
/// # Errors
/// A sentence for the terminal. Nothing of the backup stays then.
pub fn back_up_unnamed(
    data: &Path,
    options: &Options,
    progress: &Progress,
) -> std::result::Result<BackupFile, FileError> {
    let opened = open_stopped(data, options)?;
    let snapshot = opened.snapshot().map_err(|error| FileError::of_reading(data, error))?;
    let copy = unnamed(&snapshot, data, options, ReadBack::Yes, progress);
    copy.map_err(|error| match error {
        CopyError::Writing(error) if error.is_forbidden() => FileError::ReadOnlyFolder { path: data.to_owned() },
        error => FileError::of_copying(error, data, data),
    })
}

/// A file of today's format that nobody serves.
pub fn open_stopped(data: &Path, options: &Options) -> std::result::Result<ReadOnly, FileError> {
    let opened = read_only::open(data, options, Checked::Lightly).map_err(FileError::Data)?;
    match opened.is_of_today() {
        true => Ok(opened),
        false => Err(FileError::Older { path: data.to_owned() }),
    }
}

pub fn unnamed(
    from: &ReadTransaction,
    data: &Path,
    options: &Options,
    read_back: ReadBack,
    progress: &Progress,
) -> std::result::Result<BackupFile, CopyError> {
    let writing = |error: std::io::Error| CopyError::Writing(error.into());
    let name = Name(draft_path(data).map_err(writing)?);
    let copy = Copy {
        from,
        to: &name.0,
        contents: Contents::Backup,
        options,
        floor: options.disk_free_bytes_min,
        progress,
    };
    copy.write()?;
    if read_back == ReadBack::Yes {
        read(&copy).map_err(|cause| CopyError::Writing(StoreError::Damaged(cause)))?;
    }
    let open = || {
        let file = OpenOptions::new().read(true).write(true).open(&name.0)?;
        let bytes = file.metadata()?.len();
        // What has no name can be left behind by nobody.
        #[cfg(unix)]
        fs::remove_file(&name.0)?;
        Ok((file, bytes))
    };
    let (file, bytes) = open().map_err(writing)?;
    Ok(BackupFile {
        file,
        bytes,
        _name: name,
    })
}

pub fn named(
    from: &ReadTransaction,
    data: &Path,
    options: &Options,
    floor: u64,
    pending: PendingFile,
    progress: &Progress,
) -> std::result::Result<CheckedBackup, FileError> {
    let target = pending.target().to_owned();
    let needed = fs::metadata(data).map_or(0, |file| file.len()).saturating_add(floor);
    let free = fs4::available_space(folder(&target)).unwrap_or(u64::MAX);
    if free < needed {
        let path = target;
        return Err(FileError::NoRoom { path, needed, free });
    }
    let copy = Copy {
        from,
        to: pending.path(),
        contents: Contents::Backup,
        options,
        floor,
        progress,
    };
    copy.write()
        .map_err(|error| FileError::of_copying(error, data, &target))?;
    let written = read_copy(&copy, &target)?;
    pending.publish()?;
    Ok(written)
}

/// Reads back all of a copy that will be at `target`.
pub fn read_copy(copy: &Copy<'_>, target: &Path) -> std::result::Result<CheckedBackup, FileError> {
    let read = read(copy);
    if copy.progress.is_stopped() {
        return Err(FileError::Stopped);
    }
    read.map_err(|cause| FileError::BadCopy {
        path: target.to_owned(),
        cause,
    })
}

fn read(copy: &Copy<'_>) -> std::result::Result<CheckedBackup, String> {
    let report = check_file(copy.to, copy.options, copy.progress).map_err(|error| error.to_string())?;
    if report.damaged > 0 {
        let first = report.findings.first();
        return Err(first.map_or_else(|| "it is damaged".to_owned(), Finding::to_string));
    }
    let bytes = fs::metadata(copy.to).map_err(|error| error.to_string())?.len();
    Ok(CheckedBackup { bytes, report })
}
