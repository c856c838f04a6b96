//! A file that appears under its name whole, or not at all.
//!
//! It is written under another name in the same folder, which is removed where it is not published; what a kill
//! leaves of it goes when the same file is written the next time.

use super::draft::{draft_path, folder, is_draft_name, sweep};
use super::file_error::FileError;
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Whether a file that is there already may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// It stays, and nothing is written.
    Never,
    /// It is replaced once the new one is whole.
    Allowed,
}

/// The name for a file that is not whole yet. Whatever has it is removed when this is dropped.
#[derive(Debug)]
pub struct PendingFile {
    path: PathBuf,
    target: PathBuf,
    overwrite: Overwrite,
}

impl PendingFile {
    /// Makes nothing yet.
    ///
    /// # Errors
    /// Where `target` cannot be a new file: it is there already, has no folder, or is no ordinary file.
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

    /// Where it is written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where it will be.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// An empty file under the name that it is written under, which nobody else may read.
    ///
    /// # Errors
    /// What the system says.
    pub fn create(&self) -> Result<File, FileError> {
        let mut how = OpenOptions::new();
        how.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
        let create = || {
            let file = how.open(&self.path)?;
            // So that nobody takes it for one that was left behind.
            let _ = file.try_lock();
            Ok(file)
        };
        create().map_err(|error| FileError::of_io(&self.target, &error))
    }

    /// Gives a file that is whole and on the disk its name.
    ///
    /// # Errors
    /// What the system says, or that another file has the name by now. Nothing of the new one is left then.
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
            // Unlike a rename, a link never takes a name from another file.
            Overwrite::Never => match fs::hard_link(&self.path, &self.target) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
                Err(_) if self.target.exists() => return Err(ErrorKind::AlreadyExists.into()),
                // A disk without hard links.
                Err(_) => fs::rename(&self.path, &self.target)?,
            },
        }
        #[cfg(unix)]
        File::open(folder(&self.target))?.sync_all()?;
        Ok(())
    }
}

impl Drop for PendingFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes what kills have left of files in this folder whose names begin so: what nobody has open, and nobody has
/// written to for a while.
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

/// A file that a running Chapp serves is nothing to be replaced.
fn refuse_used(target: &Path) -> Result<(), FileError> {
    let file = File::open(target).map_err(|error| FileError::of_io(target, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(_) => Err(FileError::InUse {
            path: target.to_owned(),
        }),
    }
}
