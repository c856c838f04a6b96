//! The journals of formats 3 and 4 (`store/FORMAT.md`), which are only read, to bring a data file up to date after a
//! kill.

use super::record::{candidates, frame};
use crate::store::rows::codec::JournalRow;
use crate::store::rows::redo::{RowChange, row_changes};
use crate::store::store_error::StoreError;

/// Bytes in front of the number of a record: its length.
const LENGTH_BYTES: usize = 4;
const RECORD_BYTES_MAX: usize = (128 << 10) + 64;

/// A commit that is in no page of redb.
pub struct OldRecord {
    count: u64,
    rows: Vec<u8>,
}

impl OldRecord {
    pub fn rows(&self) -> impl Iterator<Item = Result<RowChange<'_>, StoreError>> {
        row_changes(&self.rows)
    }
}

/// The records after commit `count`.
pub fn records(journal: &[u8], row: &JournalRow, count: u64) -> Result<Vec<OldRecord>, StoreError> {
    let (salt, start) = (&row.salt[..], row.start as usize);
    // They begin there, or at the beginning where the first one found no room.
    let mut runs = [start, 0].into_iter().map(|from| run(journal, salt, from));
    let run = runs.find(|run| run.last().is_some_and(|(record, _)| record.count >= count));
    let run = run.unwrap_or_default();
    let end = run.last().map_or(start, |(_, end)| *end);
    let next = run.last().map_or(count, |(record, _)| record.count) + 1;
    let is_later = |at: usize| record_at(journal, at, salt).is_some_and(|(record, _)| record.count > next);
    let has_later = match salt.is_empty() {
        // Without a salt: the one after it would begin where it ends.
        true => (end..journal.len().min(end + RECORD_BYTES_MAX))
            .filter(|at| {
                journal
                    .get(at + LENGTH_BYTES..)
                    .is_some_and(|rest| rest.starts_with(&(next + 1).to_le_bytes()))
            })
            .any(is_later),
        false => candidates(journal, salt).any(is_later),
    };
    let begins_late = run.first().is_some_and(|(record, _)| record.count > count + 1);
    if begins_late || has_later {
        return Err(StoreError::Damaged("commits are missing in the journal".to_owned()));
    }
    // redb may have more than it knew when it wrote down where the journal starts.
    Ok(run
        .into_iter()
        .map(|(record, _)| record)
        .filter(|record| record.count > count)
        .collect())
}

/// The records that follow one another from there, and then from the beginning; each with its end.
fn run(journal: &[u8], salt: &[u8], from: usize) -> Vec<(OldRecord, usize)> {
    let mut run: Vec<(OldRecord, usize)> = Vec::new();
    let mut places = vec![0, from];
    while let Some(at) = places.pop() {
        let next = run.last().map(|(record, _)| record.count + 1);
        let found = record_at(journal, at, salt);
        if let Some(found) = found.filter(|(record, _)| next.is_none_or(|next| record.count == next)) {
            places.push(found.1);
            run.push(found);
        }
    }
    run
}

fn record_at(journal: &[u8], at: usize, salt: &[u8]) -> Option<(OldRecord, usize)> {
    let (count, body, length) = frame(journal.get(at..)?, salt)?;
    // The time of the commit, then the row changes.
    let (_, rows) = postcard::take_from_bytes::<u64>(body).ok()?;
    let record = OldRecord {
        count,
        rows: rows.to_vec(),
    };
    Some((record, at + length))
}
