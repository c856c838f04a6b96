//! Backups of the data file in use.

use super::store::Store;
use crate::error::{Error, Result};
use crate::limits::BACKUP_FREE_PART;
use crate::store::engine::backup::{BackupFile, CheckedBackup, ReadBack, named, unnamed};
use crate::store::engine::copy::CopyError;
use crate::store::engine::draft::folder;
use crate::store::engine::file_error::FileError;
use crate::store::engine::open_error::OpenError;
use crate::store::engine::pending_file::PendingFile;
use crate::store::progress::Progress;
use crate::store::store_error::StoreError;
use std::fs;

/// The size of the data file and the space on its disk.
#[derive(Clone, Copy, Debug)]
pub struct Storage {
    /// Bytes of the data file.
    pub file_bytes: u64,
    /// Free bytes and all bytes of the disk. `None` if the system does not report them.
    pub disk: Option<(u64, u64)>,
}

impl Store {
    /// The size of the data file and the space on its disk.
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
            Some((free, _)) if free < needed => Err(StoreError::Full.into_error()),
            _ => Ok(()),
        }
    }

    /// Refuses a file that is known to be damaged: its backup could not be relied on.
    fn check_undamaged(&self) -> Result<()> {
        match self.0.file.damage.first() {
            Some(cause) => Err(StoreError::Damaged(cause.to_owned()).into_error()),
            None => Ok(()),
        }
    }

    /// Copies everything acknowledged so far, for streaming. Blocks: seconds for a million messages.
    ///
    /// # Errors
    /// `storage_full`, `unavailable`, or `internal` for a damaged row. No part of the copy is left behind.
    pub fn back_up(&self, read_back: ReadBack, progress: &Progress) -> Result<BackupFile> {
        self.has_room_for_backup()?;
        self.check_undamaged()?;
        let data = &self.0.file;
        // The file's lock is not held, so the file can be reopened if it fails in the meantime.
        let snapshot = data.snapshot().map_err(StoreError::into_error)?;
        let copy = unnamed(&snapshot, &data.path, &data.options, read_back, progress);
        copy.map_err(|error| match error {
            CopyError::Reading(error) if error.is_damage() => {
                data.damage.note(&error.to_string());
                error.into_error()
            }
            CopyError::Reading(error) | CopyError::Writing(error) => error.into_error(),
            CopyError::Stopped => Error::bad_request("The backup was cancelled."),
        })
    }

    /// Writes everything acknowledged so far to a file that is checked before it gets its name. Blocks. Leaves free
    /// space on its disk: if backups filled it, the server could take no messages.
    ///
    /// # Errors
    /// A sentence for the administrator. No part of the file is left behind.
    pub fn back_up_to(
        &self,
        pending: PendingFile,
        progress: &Progress,
    ) -> std::result::Result<CheckedBackup, FileError> {
        let data = &self.0.file;
        let part = fs4::total_space(folder(pending.target())).map_or(0, |all| all / BACKUP_FREE_PART);
        let min_free_bytes = part.max(data.options.backup_free_bytes_min);
        let unreadable = |cause: String| {
            let path = data.path.clone();
            FileError::Data(OpenError::Io { path, cause })
        };
        self.check_undamaged().map_err(|error| unreadable(error.to_string()))?;
        let snapshot = data.snapshot().map_err(|error| unreadable(error.to_string()))?;
        let written = named(&snapshot, &data.path, &data.options, min_free_bytes, pending, progress);
        written.inspect_err(|error| {
            if let FileError::Damaged { cause, .. } = error {
                data.damage.note(cause);
            }
        })
    }
}
