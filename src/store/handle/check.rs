//! Checks the data file in use.

use super::store::Store;
use crate::error::Result;
use crate::store::check::of_snapshot;
use crate::store::check::report::{Findings, Report};
use crate::store::engine::check_file::note_damage;
use crate::store::progress::Progress;
use crate::store::store_error::StoreError;

impl Store {
    /// Checks the rows that readers see now, while the server runs. Free pages are not checked. Blocks.
    ///
    /// # Errors
    /// `unavailable` if the file cannot be read.
    pub fn check(&self, progress: &Progress) -> Result<Report> {
        let snapshot = self.0.file.snapshot().map_err(StoreError::into_error)?;
        let report = of_snapshot(&snapshot, Findings::default(), progress, false);
        note_damage(&self.0.file, &report);
        Ok(report)
    }
}
