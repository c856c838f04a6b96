//! Whether changes are taken now, and why not: the one place that `/healthz`, `/readyz`, the metrics, the start line and
//! the page ask.

use super::store::Store;
use crate::store::engine::load_shedding::ShedLevel;
use crate::store::store_error::Difference;

/// Why no changes are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unready {
    /// The store is closing, or its writer has ended.
    Stopping,
    /// Somebody has touched the data file while it was in use.
    Foreign(Difference),
    /// Something in the data file is not what was written.
    Damaged,
    /// The last try to write to the data file failed, and so did opening it again.
    NotWritable,
    /// Too little is free on the disk.
    DiskFull,
    /// So much waits that what people do is refused.
    Overloaded,
}

impl Unready {
    /// Whether it does not pass by itself: somebody has to look after the data file.
    pub fn needs_repair(self) -> bool {
        matches!(self, Unready::Foreign(_) | Unready::Damaged)
    }

    /// The same for people. Names no path.
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
    /// Whether changes are taken now. Asks the system for the free space at most, and nothing of the file.
    ///
    /// # Errors
    /// Why not.
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
