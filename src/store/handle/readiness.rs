//! Whether the store takes changes now, and if not, why: the single source for `/healthz`, `/readyz`, the metrics, the
//! start line and the page.

use super::store::Store;
use crate::store::engine::load_shedding::ShedLevel;
use crate::store::store_error::Difference;

/// Why the store takes no changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unready {
    /// The store is closing, or its writer has ended.
    Stopping,
    /// Another program has touched the data file while it was in use.
    Foreign(Difference),
    /// Something in the data file differs from what was written.
    Damaged,
    /// The last write to the data file failed, and so did reopening the file.
    NotWritable,
    /// Too little is free on the disk.
    DiskFull,
    /// So many changes wait that user actions are refused.
    Overloaded,
}

impl Unready {
    /// Whether an administrator has to act, because the problem does not go away by itself.
    pub fn needs_repair(self) -> bool {
        matches!(self, Unready::Foreign(_) | Unready::Damaged)
    }

    /// The reason as a sentence for users. Names no path.
    pub fn sentence(self) -> &'static str {
        match self {
            Unready::Stopping => "The server is stopping.",
            Unready::Foreign(difference) => difference.sentence(),
            Unready::Damaged => "The data file is damaged. Run chapp check FILE to see what is wrong.",
            Unready::NotWritable => "The data file cannot be written at the moment.",
            Unready::DiskFull => "The disk of the server is full.",
            Unready::Overloaded => "The server has too much to do at the moment.",
        }
    }
}

impl Store {
    /// Whether the store takes changes now. Reads nothing from the file, and at most asks the system for the free
    /// space.
    ///
    /// # Errors
    /// Why the store takes no changes.
    pub fn readiness(&self) -> Result<(), Unready> {
        let file = &self.0.file;
        if self.0.jobs.is_closed() {
            return Err(Unready::Stopping);
        }
        if let Some(difference) = file.foreign() {
            return Err(Unready::Foreign(difference));
        }
        if file.damage.first().is_some() {
            return Err(Unready::Damaged);
        }
        if !file.free_space.has_room() {
            return Err(Unready::DiskFull);
        }
        if !file.is_writable() {
            return Err(Unready::NotWritable);
        }
        match self.shed_level() {
            ShedLevel::Actions => Err(Unready::Overloaded),
            _ => Ok(()),
        }
    }
}
