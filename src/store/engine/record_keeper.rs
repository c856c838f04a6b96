//! Records that are kept outside the data file. The code above the [`Journal`] seam sees no difference.

use super::journal::{Appended, Journal};
use super::record::{Record, Salt};
use crate::store::store_error::StoreError;
use std::sync::Arc;
use std::{fmt, io};

/// Keeps the records of commits. Records come in order, each exactly once, and are opaque.
pub trait RecordKeeper: fmt::Debug + Send + Sync {
    /// Makes record `count` durable. After an error, the record may or may not be durable.
    ///
    /// # Errors
    /// The cause of the failure.
    fn append(&self, count: u64, record: &[u8]) -> io::Result<()>;

    /// The records after number `count`, in order.
    ///
    /// # Errors
    /// The cause of the failure.
    fn since(&self, count: u64) -> io::Result<Vec<Vec<u8>>>;

    /// Everything is durable in the data file's pages, so all records so far may be deleted.
    fn checkpointed(&self);
}

/// The journal of a data file whose records a record keeper keeps.
pub struct KeptElsewhere {
    keeper: Arc<dyn RecordKeeper>,
    salt: Salt,
    rows_bytes_max: usize,
}

impl KeptElsewhere {
    pub fn new(keeper: Arc<dyn RecordKeeper>, salt: Salt, rows_bytes_max: usize) -> KeptElsewhere {
        KeptElsewhere {
            keeper,
            salt,
            rows_bytes_max,
        }
    }
}

impl Journal for KeptElsewhere {
    fn append(&self, record: &Record) -> Result<Appended, StoreError> {
        self.keeper.append(record.commit.count, &record.encode(&self.salt)?)?;
        Ok(Appended::Durable)
    }

    fn since(&self, count: u64) -> Result<Vec<Record>, StoreError> {
        let mut records = Vec::new();
        for (next, bytes) in (count + 1..).zip(self.keeper.since(count)?) {
            match Record::decode(&bytes, &self.salt)? {
                Some((record, _)) if record.commit.count == next => records.push(record),
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
