//! The journal in the data file, in two halves that are used in turn. `store/FORMAT.md` describes its bytes and
//! recovery.

use super::disk::Disk;
use super::journal::{Appended, Journal};
use super::record::{RECORD_BYTES_MIN, Record, SALT_BYTES, Salt, candidates, resembles};
use crate::limits::{JOURNAL_BYTES, JOURNAL_RECORDS_PER_HALF_MIN};
use crate::store::rows::codec::JournalRow;
use crate::store::store_error::StoreError;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

const BLOCK_BYTES: usize = 4096;

/// Which gaps are allowed in a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapPolicy {
    /// None: a power loss takes only the last record, because each record waits for the one before it.
    Forbid,
    /// In a copy of a file that was in use, a gap is allowed. The copy has all commits before the gap.
    Allow,
}

/// What lies between the consecutive records and any later ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gap {
    /// There are no later records.
    #[default]
    None,
    /// The rest of one block is older than the blocks after it: the copier read that block before the record was
    /// written, and the later blocks afterwards.
    OldBlock,
    /// Damage, or a copier that the journal has overtaken.
    Missing,
}

/// The result of scanning a journal.
#[derive(Default)]
pub struct Found {
    /// The consecutive records after a commit.
    pub records: Vec<Record>,
    /// The byte range of each record in the journal.
    pub spans: Vec<Range<usize>>,
    pub gap: Gap,
}

impl Found {
    /// Where the next record may begin. 0 if there are no records.
    pub fn end(&self) -> usize {
        self.spans.last().map_or(0, after)
    }
}

/// Where the record after the one with this span may begin.
fn after(span: &Range<usize>) -> usize {
    match span.len() > BLOCK_BYTES {
        true => span.end.next_multiple_of(BLOCK_BYTES),
        false => span.end,
    }
}

/// Where a record of `length` bytes begins, at or after `at`.
fn record_start(at: usize, length: usize) -> usize {
    match at % BLOCK_BYTES + length > BLOCK_BYTES {
        true => at.next_multiple_of(BLOCK_BYTES),
        false => at,
    }
}

/// The records after commit `commit_number` in the bytes of a journal.
pub fn scan(journal: &[u8], salt: &Salt, commit_number: u64) -> Result<Found, StoreError> {
    let (mut later, mut last) = (BTreeMap::new(), None);
    for at in candidates(journal, salt) {
        if let Some((record, length)) = Record::decode(&journal[at..], salt)? {
            let span = at..at + length;
            match record.commit.number {
                number if number > commit_number => drop(later.insert(number, (record, span))),
                number if number == commit_number => last = Some(span),
                _ => {}
            }
        }
    }
    let mut found = Found::default();
    for (next, (number, (record, span))) in (commit_number + 1..).zip(later) {
        if number != next {
            found.gap = gap(journal, salt, next..number, last.as_ref(), span.start)?;
            break;
        }
        last = Some(span.clone());
        found.records.push(record);
        found.spans.push(span);
    }
    Ok(found)
}

/// Finds out why the records `missing` are absent although there is a later record at `later`. `last` is the span of
/// the record before them, if it is known.
fn gap(
    journal: &[u8],
    salt: &Salt,
    missing: Range<u64>,
    last: Option<&Range<usize>>,
    later: usize,
) -> Result<Gap, StoreError> {
    let Some(block) = later.checked_sub(BLOCK_BYTES) else {
        return Ok(Gap::Missing);
    };
    let (next, count) = (missing.start, missing.end - missing.start);
    // Without a record before them, the missing records begin with a block.
    let at = last.map_or(block, after);
    let is_next_block = later.is_multiple_of(BLOCK_BYTES) && (block..later).contains(&at);
    // An old block explains the gap only if the missing records are in this block, or one long record begins in it.
    if !is_next_block || count > (BLOCK_BYTES / RECORD_BYTES_MIN) as u64 {
        return Ok(Gap::Missing);
    }
    let rest = &journal[at..later];
    let is_old = match Record::decode(&journal[at..], salt)? {
        Some((older, _)) => older.commit.number < next,
        // Bytes that are not a record may be the middle of one that is newer than all missing records.
        None if last.is_none() && count > 1 => rest.iter().all(|byte| *byte == 0),
        None => !resembles(&journal[at..], salt, next),
    };
    match is_old {
        true => Ok(Gap::OldBlock),
        false => Ok(Gap::Missing),
    }
}

pub fn salt_of(row: &JournalRow) -> Result<Salt, StoreError> {
    <Salt>::try_from(&row.salt[..]).map_err(|_| StoreError::Damaged(format!("a salt of other than {SALT_BYTES} bytes")))
}

pub fn half_bytes(bytes: usize) -> usize {
    bytes.min(JOURNAL_BYTES) / 2 / BLOCK_BYTES * BLOCK_BYTES
}

/// The journal in an open data file.
pub struct FileJournal {
    disk: Disk,
    salt: Salt,
    half_bytes: usize,
    gap_policy: GapPolicy,
    position: Mutex<Position>,
}

struct Position {
    /// The half in use, 0 or 1.
    half: usize,
    /// The offset of the next record.
    at: usize,
    /// The last record did not fit into this half.
    is_full: bool,
}

impl FileJournal {
    /// A journal without records, which uses `bytes` bytes of the journal area.
    pub fn new(disk: Disk, salt: Salt, bytes: usize) -> FileJournal {
        FileJournal::at(disk, salt, bytes, 0, GapPolicy::Forbid)
    }

    /// The journal of a file whose pages have everything up to commit `commit_number`. Its records are durable when
    /// this returns.
    pub fn open(
        disk: Disk,
        salt: Salt,
        bytes: usize,
        commit_number: u64,
        gap_policy: GapPolicy,
    ) -> Result<FileJournal, StoreError> {
        let found = scan(&disk.journal()?, &salt, commit_number)?;
        if !found.records.is_empty() {
            disk.rewrite_journal(&found.spans)?;
        }
        Ok(FileJournal::at(disk, salt, bytes, found.end(), gap_policy))
    }

    fn at(disk: Disk, salt: Salt, bytes: usize, end: usize, gap_policy: GapPolicy) -> FileJournal {
        let half_bytes = half_bytes(bytes);
        let position = Position {
            half: usize::from(end > half_bytes),
            at: end,
            is_full: false,
        };
        FileJournal {
            disk,
            salt,
            half_bytes,
            gap_policy,
            position: Mutex::new(position),
        }
    }

    fn position(&self) -> MutexGuard<'_, Position> {
        self.position.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for FileJournal {
    fn append(&self, record: &Record) -> Result<Appended, StoreError> {
        let mut position = self.position();
        let bytes = record.encode(&self.salt)?;
        // A half holds several records. Otherwise an overwritten record could go unnoticed in a copy of the file.
        if bytes.len() > self.half_bytes / JOURNAL_RECORDS_PER_HALF_MIN {
            return Ok(Appended::NoRoom);
        }
        let at = record_start(position.at, bytes.len());
        if at + bytes.len() > (position.half + 1) * self.half_bytes {
            position.is_full = true;
            return Ok(Appended::NoRoom);
        }
        self.disk.append_to_journal(at, &bytes)?;
        position.at = after(&(at..at + bytes.len()));
        Ok(Appended::Durable)
    }

    fn since(&self, commit_number: u64) -> Result<Vec<Record>, StoreError> {
        let found = scan(&self.disk.journal()?, &self.salt, commit_number)?;
        match (found.gap, self.gap_policy) {
            (Gap::None, _) | (_, GapPolicy::Allow) => Ok(found.records),
            _ => Err(StoreError::Damaged("commits are missing in the journal".to_owned())),
        }
    }

    fn checkpointed(&self) {
        let mut position = self.position();
        if std::mem::take(&mut position.is_full) {
            position.half = 1 - position.half;
            position.at = position.half * self.half_bytes;
        }
    }

    fn rows_bytes_max(&self) -> usize {
        self.half_bytes / JOURNAL_RECORDS_PER_HALF_MIN
    }
}
