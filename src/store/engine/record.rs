//! One commit as a record: the rows that it changes and the events that it causes. A process that applies all records
//! of a history in order has the same rows, and can publish the same events. `store/FORMAT.md` describes the bytes.

use crate::model::Event;
use crate::store::rows::codec::{CommitRow, seal_bytes, unseal_bytes};
use crate::store::rows::redo::{RowChange, row_changes};
use crate::store::store_error::StoreError;
use serde::{Deserialize, Serialize};

/// The length field in front of each record.
const LENGTH_BYTES: usize = 4;
const NUMBER_BYTES: usize = 8;
pub const SALT_BYTES: usize = 8;
/// The minimum length of a record.
pub const RECORD_BYTES_MIN: usize = LENGTH_BYTES + SALT_BYTES + NUMBER_BYTES;
/// The layout of the body. A larger number is from a later Chapp.
const RECORD_FORMAT: u8 = 1;

/// How many of the 128 bits of a record's salt and number may be wrong in a damaged record.
const DAMAGED_BITS_MAX: u32 = 8;

pub type Salt = [u8; SALT_BYTES];

/// The part of a record after its number.
#[derive(Deserialize, Serialize)]
struct Body<'a> {
    format: u8,
    at: u64,
    rows: &'a [u8],
    events: &'a [u8],
}

/// One commit.
pub struct Record {
    pub commit: CommitRow,
    rows: Vec<u8>,
    events: Vec<u8>,
}

impl Record {
    pub fn new(commit: CommitRow, rows: Vec<u8>, events: &[Event]) -> Result<Record, StoreError> {
        let events = match events {
            [] => Vec::new(),
            events => postcard::to_stdvec(events).map_err(|error| StoreError::Damaged(format!("an event: {error}")))?,
        };
        Ok(Record { commit, rows, events })
    }

    /// The row changes of the commit, in order.
    pub fn rows(&self) -> impl Iterator<Item = Result<RowChange<'_>, StoreError>> {
        row_changes(&self.rows)
    }

    /// The events of the commit, in order.
    pub fn events(&self) -> Result<Vec<Event>, StoreError> {
        if self.events.is_empty() {
            return Ok(Vec::new());
        }
        postcard::from_bytes(&self.events)
            .map_err(|error| StoreError::Damaged(format!("an event in the journal: {error}")))
    }

    /// The bytes of the record in a journal with this salt.
    pub fn encode(&self, salt: &Salt) -> Result<Vec<u8>, StoreError> {
        let body = Body {
            format: RECORD_FORMAT,
            at: self.commit.at,
            rows: &self.rows,
            events: &self.events,
        };
        let damaged = |error: &dyn std::fmt::Display| StoreError::Damaged(format!("a record of the journal: {error}"));
        let named = [&salt[..], &self.commit.number.to_le_bytes()].concat();
        let sealed = seal_bytes(&postcard::to_extend(&body, named).map_err(|error| damaged(&error))?);
        let length = u32::try_from(sealed.len()).map_err(|error| damaged(&error))?;
        Ok([&length.to_le_bytes()[..], &sealed].concat())
    }

    /// The record that begins at the first byte, and its length. `None` if no complete record with this salt begins
    /// there.
    pub fn decode(bytes: &[u8], salt: &Salt) -> Result<Option<(Record, usize)>, StoreError> {
        let Some((number, body, length)) = frame(bytes, salt) else {
            return Ok(None);
        };
        // The checksum is right, so these bytes were written like this.
        if body.first().is_some_and(|format| *format > RECORD_FORMAT) {
            return Err(StoreError::Damaged(
                "a later Chapp has written to the journal".to_owned(),
            ));
        }
        let Ok(body) = postcard::from_bytes::<Body<'_>>(body) else {
            return Ok(None);
        };
        let record = Record {
            commit: CommitRow { number, at: body.at },
            rows: body.rows.to_vec(),
            events: body.events.to_vec(),
        };
        Ok(Some((record, length)))
    }
}

/// The number of the record that begins at the first byte, the body after the number, and the length of the record.
pub fn frame<'b>(bytes: &'b [u8], salt: &[u8]) -> Option<(u64, &'b [u8], usize)> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH_BYTES>()?;
    let length = u32::from_le_bytes(*length) as usize;
    let named = unseal_bytes(rest.get(..length)?).ok()?.strip_prefix(salt)?;
    let (number, body) = named.split_first_chunk::<NUMBER_BYTES>()?;
    Some((u64::from_le_bytes(*number), body, LENGTH_BYTES + length))
}

/// Whether the first bytes are those of record `number`, apart from a few wrong bits.
pub fn resembles(bytes: &[u8], salt: &[u8], number: u64) -> bool {
    let expected = [salt, &number.to_le_bytes()].concat();
    let found = bytes.get(LENGTH_BYTES..LENGTH_BYTES + expected.len());
    let different = |found: &[u8]| -> u32 {
        let bits = found
            .iter()
            .zip(&expected)
            .map(|(found, expected)| (found ^ expected).count_ones());
        bits.sum()
    };
    found.is_some_and(|found| different(found) <= DAMAGED_BITS_MAX)
}

/// The offsets in `bytes` at which a record with this salt may begin.
pub fn candidates<'b>(bytes: &'b [u8], salt: &'b [u8]) -> impl Iterator<Item = usize> + 'b {
    memchr::memmem::find_iter(bytes, salt).filter_map(|at| at.checked_sub(LENGTH_BYTES))
}
