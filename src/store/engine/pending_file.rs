//! A file that appears under its name complete, or not at all.
//!
//! It is written under a temporary name in the same folder. If it is not published, the temporary file is removed.
//! After a kill, the next write of the same file removes what is left.

use super::draft::{draft_path, folder, is_draft_name, sweep, sync_folder};
use super::file_error::FileError;
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Whether an existing file may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// An existing file stays, and nothing is written.
    Never,
    /// An existing file is replaced once the new one is complete.
    Allowed,
}

/// The temporary path of a file that is not complete yet. The file at this path is removed on drop.
#[derive(Debug)]
pub struct PendingFile {
    path: PathBuf,
    target: PathBuf,
    overwrite: Overwrite,
}

impl PendingFile {
    /// Creates no file yet.
    ///
    /// # Errors
    /// `target` cannot be a new file: it already exists, has no folder, or is not a regular file.
    pub fn new(target: &Path, overwrite: Overwrite) -> Result<PendingFile, FileError> {
        let owned = || target.to_owned();
        if !folder(target).is_dir() {
            let path = folder(target).to_owned();
            return Err(FileError::NoFolder { path });
        }
        match fs::symlink_metadata(target) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(FileError::of_io(target, &error)),
            Ok(about) if about.is_dir() => return Err(FileError::IsFolder { path: owned() }),
            Ok(about) if !about.is_file() => return Err(FileError::NoFile { path: owned() }),
            Ok(_) if overwrite == Overwrite::Never => return Err(FileError::Exists { path: owned() }),
            Ok(_) => refuse_used(target)?,
        }
        sweep(target);
        let path = draft_path(target).map_err(|error| FileError::of_io(target, &error))?;
        Ok(PendingFile {
            path,
            target: owned(),
            overwrite,
        })
    }

    /// The path of the file while it is being written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The final path of the file.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Creates an empty file at the temporary path, readable by this user only.
    ///
    /// # Errors
    /// The error of the operating system.
    pub fn create(&self) -> Result<File, FileError> {
        let mut how = OpenOptions::new();
        how.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
        let create = || {
            let file = how.open(&self.path)?;
            // The lock keeps other processes from removing this file as abandoned.
            let _ = file.try_lock();
            Ok(file)
        };
        create().map_err(|error| FileError::of_io(&self.target, &error))
    }

    /// Renames a complete, synced file to its final path.
    ///
    /// # Errors
    /// The error of the operating system, or that another file has the name by now. The temporary file is removed.
    pub fn publish(self) -> Result<(), FileError> {
        self.rename().map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => FileError::Exists {
                path: self.target.clone(),
            },
            _ => FileError::of_io(&self.target, &error),
        })
    }

    fn rename(&self) -> std::io::Result<()> {
        match self.overwrite {
            Overwrite::Allowed => fs::rename(&self.path, &self.target)?,
            // Unlike a rename, a link never replaces another file.
            Overwrite::Never => match fs::hard_link(&self.path, &self.target) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
                Err(_) if self.target.exists() => return Err(ErrorKind::AlreadyExists.into()),
                // The file system has no hard links.
                Err(_) => fs::rename(&self.path, &self.target)?,
            },
        }
        sync_folder(&self.target)
    }
}

impl Drop for PendingFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes abandoned files in this folder whose names start with `prefix`: no process has them open, and they have not
/// been written to for `after`.
pub fn remove_abandoned(folder: &Path, prefix: &str, after: Duration) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_old = |file: File| {
            let age = file
                .metadata()
                .and_then(|about| about.modified())
                .map(|at| at.elapsed().unwrap_or_default());
            file.try_lock().is_ok() && age.is_ok_and(|age| age >= after)
        };
        if name.starts_with(prefix) && is_draft_name(&name) && File::open(entry.path()).is_ok_and(is_old) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Refuses to replace a data file that a running Chapp has open.
fn refuse_used(target: &Path) -> Result<(), FileError> {
    let file = File::open(target).map_err(|error| FileError::of_io(target, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(_) => Err(FileError::InUse {
            path: target.to_owned(),
        }),
    }
}
