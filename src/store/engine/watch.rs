//! Checks that the data file is still the one that we opened and wrote. If it is not, we stop writing: our writes
//! would go to another program's file, or to a deleted one.

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

    /// Checks the file.
    ///
    /// # Errors
    /// The file is no longer ours.
    pub fn verify(&self, disk: &Disk) -> Result<(), StoreError> {
        match disk.difference(&self.path) {
            Ok(Some(difference)) => Err(self.mark_foreign(disk, difference)),
            Ok(None) => {
                self.mark_ours();
                Ok(())
            }
            // The next operation will fail as well, and report the cause.
            Err(_) => Ok(()),
        }
    }

    /// Refuses all writes from now on.
    pub fn mark_foreign(&self, disk: &Disk, difference: Difference) -> StoreError {
        disk.poison();
        let before = self.lock().replace(difference);
        if before != Some(difference) {
            self.last_commit_file.record_foreign();
            tracing::error!(path = %self.path.display(), "{}", difference.sentence());
        }
        StoreError::Foreign(difference)
    }

    /// The file is ours again.
    pub fn mark_ours(&self) {
        *self.lock() = None;
    }

    /// How the file differs from ours. `None` if it is ours.
    pub fn difference(&self) -> Option<Difference> {
        *self.lock()
    }

    /// # Errors
    /// The file must not be written to.
    pub fn check_writable(&self) -> Result<(), StoreError> {
        self.difference()
            .map_or(Ok(()), |difference| Err(StoreError::Foreign(difference)))
    }

    /// A file that was moved can still be read. A file that was overwritten has different contents.
    ///
    /// # Errors
    /// The file must not be read.
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
