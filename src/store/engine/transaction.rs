//! The result of a write transaction, and the ways in which one fails.

use crate::model::Event;
use crate::store::store_error::StoreError;

/// Whether a transaction has something to commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Something,
    Nothing,
}

/// What the work of a transaction returns.
pub struct TransactionOutput<T> {
    pub done: T,
    /// The events to publish after the commit.
    pub events: Vec<Event>,
    pub effect: Effect,
}

/// How a write transaction failed.
pub enum WriteFailure<T> {
    /// The transaction did not take effect.
    Before(StoreError),
    /// The transaction may or may not have taken effect. Opening the file again shows which.
    AtCommit(Box<TransactionOutput<T>>, StoreError),
}

impl<T> WriteFailure<T> {
    pub fn into_error(self) -> StoreError {
        match self {
            WriteFailure::Before(error) | WriteFailure::AtCommit(_, error) => error,
        }
    }
}

/// Where a commit becomes durable.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum CommitTarget {
    /// In the journal, if there is room.
    Journal,
    Pages,
}
