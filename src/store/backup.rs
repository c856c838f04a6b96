//! A copy of the whole data file while it is in use: one snapshot, copied table by table into a new file (`copy`), read
//! back and checked before it gets its name.
//!
//! A copy that is only passed on lies beside the data file under the name of a draft, so that whatever a kill leaves is
//! swept at the next start; on Unix it loses its name before the first byte is read.

use super::check::{Finding, Report, check_file};
use super::copy::{Contents, Copy, CopyFault};
use super::engine::create::{draft_path, folder};
use super::engine::database::Checked;
use super::fault::Fault;
use super::file_error::FileError;
use super::pending_file::PendingFile;
use super::progress::Progress;
use super::read_only::{self, ReadOnly};
use super::{OpenError, Options, Store};
use crate::error::{Error, Result};
use crate::limits::BACKUP_FREE_PART;
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

/// Whether a backup is read back before it is passed on. Whoever writes it to another disk checks it there.
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

/// What the data file takes, and its disk has.
#[derive(Clone, Copy, Debug)]
pub struct Storage {
    /// Bytes of the data file.
    pub file_bytes: u64,
    /// Bytes that are free, and all bytes of the disk; where the system tells.
    pub disk: Option<(u64, u64)>,
}

impl Store {
    /// What the data file takes.
    pub fn storage(&self) -> Storage {
        let path = &self.0.file.path;
        let free = fs4::available_space(folder(path));
        let all = fs4::total_space(folder(path));
        Storage {
            file_bytes: fs::metadata(path).map_or(0, |file| file.len()),
            disk: free.ok().zip(all.ok()),
        }
    }

    /// Whether the disk has room for a copy of the data file.
    ///
    /// # Errors
    /// `storage_full`.
    pub fn has_room_for_backup(&self) -> Result<()> {
        let storage = self.storage();
        let needed = storage
            .file_bytes
            .saturating_add(self.0.file.options.disk_free_bytes_min);
        match storage.disk {
            Some((free, _)) if free < needed => Err(Fault::Full.error()),
            _ => Ok(()),
        }
    }

    /// A file that has shown itself to be damaged makes no backup that anybody should rely on.
    fn check_undamaged(&self) -> Result<()> {
        match self.0.file.damage.first() {
            Some(cause) => Err(Fault::Damaged(cause.to_owned()).error()),
            None => Ok(()),
        }
    }

    /// Copies everything that is acknowledged by now, to be passed on. Blocks: seconds for a million messages.
    ///
    /// # Errors
    /// `storage_full`, `unavailable`, or `internal` for a damaged row. Nothing of the copy stays then.
    pub fn back_up(&self, read_back: ReadBack, progress: &Progress) -> Result<BackupFile> {
        self.has_room_for_backup()?;
        self.check_undamaged()?;
        let data = &self.0.file;
        // Not held under the file's lock, so that a file that fails meanwhile can be opened again.
        let snapshot = data.snapshot().map_err(Fault::error)?;
        let copy = unnamed(&snapshot, &data.path, &data.options, read_back, progress);
        copy.map_err(|fault| match fault {
            CopyFault::Reading(fault) if fault.is_damage() => {
                data.damage.note(&fault.to_string());
                fault.error()
            }
            CopyFault::Reading(fault) | CopyFault::Writing(fault) => fault.error(),
            CopyFault::Stopped => Error::bad_request("The backup was cancelled."),
        })
    }

    /// Writes everything that is acknowledged by now to a file that is checked before it gets its name. Blocks. Leaves
    /// room on its disk: one that backups have filled takes no messages any more.
    ///
    /// # Errors
    /// A sentence for whoever looks after the server. Nothing of the file stays then.
    pub fn back_up_to(
        &self,
        pending: PendingFile,
        progress: &Progress,
    ) -> std::result::Result<CheckedBackup, FileError> {
        let data = &self.0.file;
        let part = fs4::total_space(folder(pending.target())).map_or(0, |all| all / BACKUP_FREE_PART);
        let floor = part.max(data.options.backup_free_bytes_min);
        let unreadable = |cause: String| {
            let path = data.path.clone();
            FileError::Data(OpenError::Io { path, cause })
        };
        self.check_undamaged().map_err(|error| unreadable(error.to_string()))?;
        let snapshot = data.snapshot().map_err(|fault| unreadable(fault.to_string()))?;
        let written = named(&snapshot, &data.path, &data.options, floor, pending, progress);
        written.inspect_err(|error| {
            if let FileError::Damaged { cause, .. } = error {
                data.damage.note(cause);
            }
        })
    }
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
    let snapshot = opened.snapshot().map_err(|fault| FileError::of_reading(data, fault))?;
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
    let snapshot = opened.snapshot().map_err(|fault| FileError::of_reading(data, fault))?;
    let copy = unnamed(&snapshot, data, options, ReadBack::Yes, progress);
    copy.map_err(|fault| match fault {
        CopyFault::Writing(fault) if fault.is_forbidden() => FileError::ReadOnlyFolder { path: data.to_owned() },
        fault => FileError::of_copying(fault, data, data),
    })
}

/// A file of today's format that nobody serves.
pub(super) fn open_stopped(data: &Path, options: &Options) -> std::result::Result<ReadOnly, FileError> {
    let opened = read_only::open(data, options, Checked::Lightly).map_err(FileError::Data)?;
    match opened.is_of_today() {
        true => Ok(opened),
        false => Err(FileError::Older { path: data.to_owned() }),
    }
}

fn unnamed(
    from: &ReadTransaction,
    data: &Path,
    options: &Options,
    read_back: ReadBack,
    progress: &Progress,
) -> std::result::Result<BackupFile, CopyFault> {
    let writing = |error: std::io::Error| CopyFault::Writing(error.into());
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
        read(&copy).map_err(|cause| CopyFault::Writing(Fault::Damaged(cause)))?;
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

fn named(
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
        .map_err(|fault| FileError::of_copying(fault, data, &target))?;
    let written = read_copy(&copy, &target)?;
    pending.publish()?;
    Ok(written)
}

/// Reads back all of a copy that will be at `target`.
pub(super) fn read_copy(copy: &Copy<'_>, target: &Path) -> std::result::Result<CheckedBackup, FileError> {
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
