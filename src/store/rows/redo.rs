//! The row changes of one commit, as bytes. The journal stores them; replaying them restores the same rows.

use crate::store::store_error::StoreError;
use serde::{Deserialize, Serialize};

/// A change to one row.
#[derive(Deserialize, Serialize)]
pub struct RowChange<'a> {
    pub table: &'a str,
    pub key: &'a [u8],
    /// The new bytes of the row. `None` if the row is removed.
    pub row: Option<&'a [u8]>,
}

/// Collects the row changes of a transaction while it runs. The default collects none.
#[derive(Default)]
pub struct Redo {
    bytes: Vec<u8>,
    bytes_max: usize,
    is_too_long: bool,
}

impl Redo {
    /// Collects at most this many bytes. A longer transaction gets no record.
    pub fn new(bytes_max: usize) -> Redo {
        Redo {
            bytes: Vec::new(),
            bytes_max,
            is_too_long: false,
        }
    }

    pub fn add(&mut self, table: &str, key: &[u8], row: Option<&[u8]>) {
        let more = table.len() + key.len() + row.map_or(0, <[u8]>::len);
        self.is_too_long |= self.bytes.len() + more > self.bytes_max;
        if self.is_too_long {
            return;
        }
        match postcard::to_extend(&RowChange { table, key, row }, std::mem::take(&mut self.bytes)) {
            Ok(bytes) => self.bytes = bytes,
            Err(_) => self.is_too_long = true,
        }
    }

    /// The bytes of the changes. `None` if there were more than the limit.
    pub fn finish(self) -> Option<Vec<u8>> {
        (!self.is_too_long && self.bytes.len() <= self.bytes_max).then_some(self.bytes)
    }
}

pub fn row_changes(bytes: &[u8]) -> impl Iterator<Item = Result<RowChange<'_>, StoreError>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        Some(match postcard::take_from_bytes(rest) {
            Ok((change, after)) => {
                rest = after;
                Ok(change)
            }
            Err(error) => {
                rest = &[];
                Err(StoreError::Damaged(format!("the journal: {error}")))
            }
        })
    })
}
