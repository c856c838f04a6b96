//! Whether the data file is still the one that we opened and wrote. If it is not, we write nothing more: it would go to
//! somebody else's file, or to one that is gone.

use super::disk::Disk;
use super::last_commit::LastCommitFile;
use crate::store::store_error::{Difference, StoreError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub struct Watch {
    path: PathBuf,
    pub last_commit_file: LastCommitFile,
    difference: Mutex<Option<Difference>>,
}

impl Watch {
    pub fn over(path: &Path) -> Watch {
        Watch {
            path: path.to_owned(),
            last_commit_file: LastCommitFile::of(path),
            difference: Mutex::new(None),
        }
    }

    /// Looks at the file.
    ///
    /// # Errors
    /// It is not ours any more.
    pub fn look(&self, disk: &Disk) -> Result<(), StoreError> {
        match disk.difference(&self.path) {
            Ok(Some(difference)) => Err(self.disown(disk, difference)),
            Ok(None) => {
                self.own();
                Ok(())
            }
            // Then whatever comes next will fail as well, and says why.
            Err(_) => Ok(()),
        }
    }

    /// From now on nothing is written.
    pub fn disown(&self, disk: &Disk, difference: Difference) -> StoreError {
        disk.poison();
        let before = self.lock().replace(difference);
        if before != Some(difference) {
            self.last_commit_file.foreign();
            tracing::error!(path = %self.path.display(), "{}", difference.sentence());
        }
        StoreError::Foreign(difference)
    }

    /// The file is ours again.
    pub fn own(&self) {
        *self.lock() = None;
    }

    /// How the file is not ours any more, if it is not.
    pub fn difference(&self) -> Option<Difference> {
        *self.lock()
    }

    /// # Errors
    /// Nothing may be written to it.
    pub fn check_writable(&self) -> Result<(), StoreError> {
        self.difference()
            .map_or(Ok(()), |difference| Err(StoreError::Foreign(difference)))
    }

    /// A file that was moved can still be read; one that was overwritten holds something else.
    ///
    /// # Errors
    /// Nothing may be read from it.
    pub fn check_readable(&self) -> Result<(), StoreError> {
        match self.difference() {
            Some(Difference::Overwritten) => Err(StoreError::Foreign(Difference::Overwritten)),
            _ => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Difference>> {
        self.difference.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
