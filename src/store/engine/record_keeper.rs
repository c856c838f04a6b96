//! Records that are kept outside the data file. The code above the [`Journal`] seam sees no difference.

use super::journal::{Appended, Journal};
use super::record::{Record, Salt};
use crate::store::store_error::StoreError;
use std::sync::Arc;
use std::{fmt, io};

/// Keeps the records of commits. Records come in order, each exactly once, and are opaque.
pub trait RecordKeeper: fmt::Debug + Send + Sync {
    /// Makes record `number` durable. After an error, the record may or may not be durable.
    ///
    /// # Errors
    /// The cause of the failure.
    fn append(&self, number: u64, record: &[u8]) -> io::Result<()>;

    /// The records after number `number`, in order.
    ///
    /// # Errors
    /// The cause of the failure.
    fn since(&self, number: u64) -> io::Result<Vec<Vec<u8>>>;

    /// Everything is durable in the data file's pages, so all records so far may be deleted.
    fn checkpointed(&self);
}

/// The journal of a data file whose records a record keeper keeps.
pub struct ExternalJournal {
    keeper: Arc<dyn RecordKeeper>,
    salt: Salt,
    rows_bytes_max: usize,
}

impl ExternalJournal {
    pub fn new(keeper: Arc<dyn RecordKeeper>, salt: Salt, rows_bytes_max: usize) -> ExternalJournal {
        ExternalJournal {
            keeper,
            salt,
            rows_bytes_max,
        }
    }
}

impl Journal for ExternalJournal {
    fn append(&self, record: &Record) -> Result<Appended, StoreError> {
        self.keeper.append(record.commit.number, &record.encode(&self.salt)?)?;
        Ok(Appended::Durable)
    }

    fn since(&self, number: u64) -> Result<Vec<Record>, StoreError> {
        let mut records = Vec::new();
        for (next, bytes) in (number + 1..).zip(self.keeper.since(number)?) {
            match Record::decode(&bytes, &self.salt)? {
                Some((record, _)) if record.commit.number == next => records.push(record),
                _ => {
                    return Err(StoreError::Damaged(format!(
                        "record {next} is missing where records are kept"
                    )));
                }
            }
        }
        Ok(records)
    }

    fn checkpointed(&self) {
        self.keeper.checkpointed();
    }

    fn rows_bytes_max(&self) -> usize {
        self.rows_bytes_max
    }
}
