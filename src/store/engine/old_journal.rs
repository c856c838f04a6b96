//! Reads the journals of formats 3 and 4 (`store/FORMAT.md`), to upgrade a data file after a kill.

use super::record::{candidates, frame};
use crate::store::rows::codec::JournalRow;
use crate::store::rows::redo::{RowChange, row_changes};
use crate::store::store_error::StoreError;

/// The length field in front of a record's number.
const LENGTH_BYTES: usize = 4;
const RECORD_BYTES_MAX: usize = (128 << 10) + 64;

/// A commit that is not in redb's pages.
pub struct OldRecord {
    number: u64,
    rows: Vec<u8>,
}

impl OldRecord {
    pub fn rows(&self) -> impl Iterator<Item = Result<RowChange<'_>, StoreError>> {
        row_changes(&self.rows)
    }
}

/// The records after commit `commit_number`.
pub fn records(journal: &[u8], row: &JournalRow, commit_number: u64) -> Result<Vec<OldRecord>, StoreError> {
    let (salt, start) = (&row.salt[..], row.start as usize);
    // The records begin at `start`, or at offset 0 if the first one did not fit at `start`.
    let mut runs = [start, 0].into_iter().map(|from| run(journal, salt, from));
    let run = runs.find(|run| run.last().is_some_and(|(record, _)| record.number >= commit_number));
    let run = run.unwrap_or_default();
    let end = run.last().map_or(start, |(_, end)| *end);
    let next = run.last().map_or(commit_number, |(record, _)| record.number) + 1;
    let is_later = |at: usize| record_at(journal, at, salt).is_some_and(|(record, _)| record.number > next);
    let has_later = match salt.is_empty() {
        // Without a salt, the record after the missing one would begin where that one ends.
        true => (end..journal.len().min(end + RECORD_BYTES_MAX))
            .filter(|at| {
                journal
                    .get(at + LENGTH_BYTES..)
                    .is_some_and(|rest| rest.starts_with(&(next + 1).to_le_bytes()))
            })
            .any(is_later),
        false => candidates(journal, salt).any(is_later),
    };
    let begins_late = run.first().is_some_and(|(record, _)| record.number > commit_number + 1);
    if begins_late || has_later {
        return Err(StoreError::Damaged("commits are missing in the journal".to_owned()));
    }
    // redb may have later commits than when it recorded where the journal starts.
    Ok(run
        .into_iter()
        .map(|(record, _)| record)
        .filter(|record| record.number > commit_number)
        .collect())
}

/// The consecutive records from `from` on, continuing at offset 0; each with the offset of its end.
fn run(journal: &[u8], salt: &[u8], from: usize) -> Vec<(OldRecord, usize)> {
    let mut run: Vec<(OldRecord, usize)> = Vec::new();
    let mut places = vec![0, from];
    while let Some(at) = places.pop() {
        let next = run.last().map(|(record, _)| record.number + 1);
        let found = record_at(journal, at, salt);
        if let Some(found) = found.filter(|(record, _)| next.is_none_or(|next| record.number == next)) {
            places.push(found.1);
            run.push(found);
        }
    }
    run
}

fn record_at(journal: &[u8], at: usize, salt: &[u8]) -> Option<(OldRecord, usize)> {
    let (number, body, length) = frame(journal.get(at..)?, salt)?;
    // The body starts with the time of the commit; the row changes follow.
    let (_, rows) = postcard::take_from_bytes::<u64>(body).ok()?;
    let record = OldRecord {
        number,
        rows: rows.to_vec(),
    };
    Some((record, at + length))
}
