//! Backs up the whole data file while it is in use: one snapshot, copied table by table into a new file (`copy`). The
//! new file is read back and checked before it gets its name.
//!
//! A streamed copy is written beside the data file under a draft name, so the next start removes it if the process is
//! killed. On Unix the name is removed before the first byte is read.

use super::check_file::check_file;
use super::copy::{Contents, CopyError, SnapshotCopy};
use super::database::CheckLevel;
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

/// A complete, synced backup, positioned at its first byte. The file is deleted when this is dropped.
pub struct BackupFile {
    /// Open for reading.
    pub file: File,
    /// The length of the backup.
    pub bytes: u64,
    _name: Name,
}

/// A file name to remove on drop.
struct Name(PathBuf);

impl Drop for Name {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Whether to read a backup back before streaming it. A client that writes it to another disk checks it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadBack {
    /// Check every page, row and invariant.
    Yes,
    /// The backup is not read back.
    No,
}

/// A backup that has been checked and has its final name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedBackup {
    /// The length of the backup.
    pub bytes: u64,
    /// The result of the check, which found no damage.
    pub report: Report,
}

/// Backs up a data file that no server has open. Every byte of the data file stays as it is.
///
/// # Errors
/// A sentence for the terminal. No part of the backup is left behind.
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

/// Like [`back_up_file`], but for streaming: the backup has no name of its own.
///
/// # Errors
/// A sentence for the terminal. No part of the backup is left behind.
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

/// Opens a data file of the current format that no server has open.
pub fn open_stopped(data: &Path, options: &Options) -> std::result::Result<ReadOnly, FileError> {
    let opened = read_only::open(data, options, CheckLevel::Lazy).map_err(FileError::Data)?;
    match opened.is_current_format() {
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
    let copy = SnapshotCopy {
        from,
        to: &name.0,
        contents: Contents::Backup,
        options,
        min_free_bytes: options.disk_free_bytes_min,
        progress,
    };
    copy.write()?;
    if read_back == ReadBack::Yes {
        read(&copy).map_err(|cause| CopyError::Writing(StoreError::Damaged(cause)))?;
    }
    let open = || {
        let file = OpenOptions::new().read(true).write(true).open(&name.0)?;
        let bytes = file.metadata()?.len();
        // A file without a name cannot be left behind.
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
    min_free_bytes: u64,
    pending: PendingFile,
    progress: &Progress,
) -> std::result::Result<CheckedBackup, FileError> {
    let target = pending.target().to_owned();
    let needed = fs::metadata(data)
        .map_or(0, |file| file.len())
        .saturating_add(min_free_bytes);
    let free = fs4::available_space(folder(&target)).unwrap_or(u64::MAX);
    if free < needed {
        let path = target;
        return Err(FileError::NoRoom { path, needed, free });
    }
    let copy = SnapshotCopy {
        from,
        to: pending.path(),
        contents: Contents::Backup,
        options,
        min_free_bytes,
        progress,
    };
    copy.write()
        .map_err(|error| FileError::of_copying(error, data, &target))?;
    let written = read_copy(&copy, &target)?;
    pending.publish()?;
    Ok(written)
}

/// Reads back all of a copy whose final path will be `target`.
pub fn read_copy(copy: &SnapshotCopy<'_>, target: &Path) -> std::result::Result<CheckedBackup, FileError> {
    let read = read(copy);
    if copy.progress.is_stopped() {
        return Err(FileError::Stopped);
    }
    read.map_err(|cause| FileError::BadCopy {
        path: target.to_owned(),
        cause,
    })
}

fn read(copy: &SnapshotCopy<'_>) -> std::result::Result<CheckedBackup, String> {
    let report = check_file(copy.to, copy.options, copy.progress).map_err(|error| error.to_string())?;
    if report.damaged > 0 {
        let first = report.findings.first();
        return Err(first.map_or_else(|| "it is damaged".to_owned(), Finding::to_string));
    }
    let bytes = fs::metadata(copy.to).map_err(|error| error.to_string())?.len();
    Ok(CheckedBackup { bytes, report })
}
