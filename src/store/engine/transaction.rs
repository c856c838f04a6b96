//! The result of a write transaction, and the ways in which one fails.

use crate::model::Event;
use crate::store::store_error::StoreError;

/// Whether a transaction has something to commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrote {
    Something,
    Nothing,
}

/// The work of a transaction.
pub struct Work<T> {
    pub done: T,
    /// The events to publish after the commit.
    pub events: Vec<Event>,
    pub wrote: Wrote,
}

/// How a write transaction failed.
pub enum Failed<T> {
    /// The transaction did not take effect.
    Before(StoreError),
    /// The transaction may or may not have taken effect. Opening the file again shows which.
    AtCommit(Box<Work<T>>, StoreError),
}

impl<T> Failed<T> {
    pub fn into_error(self) -> StoreError {
        match self {
            Failed::Before(error) | Failed::AtCommit(_, error) => error,
        }
    }
}

/// Where a commit becomes durable.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Durable {
    /// In the journal, if there is room.
    InTheJournal,
    InThePages,
}
