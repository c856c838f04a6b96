//! The journal: commits that are on the disk before redb has written a page of them.
//!
//! A durable commit of redb writes a copy of every page that it touches, a score of them for one message, and waits
//! for the disk twice. Instead, the rows that a commit writes go into one record at the end of the journal, and with
//! one write and one sync the commit is durable; redb makes it only in its memory, for readers to see. A commit whose
//! record finds no room is durable in redb, and with it all before it, so that the journal begins again.
//!
//! Whoever opens the file takes from the journal what redb does not have yet. A record counts if its checksum is right
//! and its commit is the one after that of the record before. Numbers of commits only grow, so what is left of an older
//! run through the journal never follows on; and a record that was cut off by a loss of power was told to nobody.

use super::Options;
use super::codec::{CommitRow, seal_bytes, unseal_bytes};
use super::disk::Disk;
use super::fault::Fault;
use crate::limits::{JOURNAL_BYTES, JOURNAL_RECORD_BYTES_MAX};
use redb::StorageBackend;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// In front of each record: how many bytes follow, and in them first the number of its commit.
const LENGTH_BYTES: usize = 4;
const COUNT_BYTES: usize = 8;
/// At most, of a record beside what it does to rows: its length, the number and the time of the commit, a checksum.
const RECORD_MORE_BYTES: usize = LENGTH_BYTES + COUNT_BYTES + 10 + 4;

/// What becomes of a row.
#[derive(Deserialize, Serialize)]
pub(super) struct RowChange<'a> {
    pub table: &'a str,
    pub key: &'a [u8],
    /// Its bytes; none where it goes.
    pub row: Option<&'a [u8]>,
}

/// What a transaction does to rows, in order.
#[derive(Default)]
pub(super) struct Redo {
    bytes: Vec<u8>,
    /// It is more than a record may hold.
    is_too_long: bool,
}

impl Redo {
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty() && !self.is_too_long
    }

    pub fn add(&mut self, table: &str, key: &[u8], row: Option<&[u8]>) {
        let more = table.len() + key.len() + row.map_or(0, <[u8]>::len);
        self.is_too_long |= self.bytes.len() + more > JOURNAL_RECORD_BYTES_MAX;
        if self.is_too_long {
            return;
        }
        let bytes = std::mem::take(&mut self.bytes);
        match postcard::to_extend(&RowChange { table, key, row }, bytes) {
            Ok(bytes) => self.bytes = bytes,
            Err(_) => self.is_too_long = true,
        }
        self.is_too_long |= self.bytes.len() > JOURNAL_RECORD_BYTES_MAX;
    }
}

/// One commit of the journal.
pub(super) struct Record {
    pub commit: CommitRow,
    changes: Vec<u8>,
}

impl Record {
    /// What it does to rows, in order.
    pub fn changes(&self) -> impl Iterator<Item = Result<RowChange<'_>, Fault>> {
        let mut rest = &self.changes[..];
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
                    Err(Fault::Damaged(format!("the journal: {error}")))
                }
            })
        })
    }
}

/// The journal of an open file.
pub(super) struct Journal {
    disk: Disk,
    /// Where the next record goes.
    at: AtomicUsize,
    /// Where the last one has to end.
    end: usize,
}

impl Journal {
    /// The journal of a file of which redb has all commits up to the `count`-th, and what comes after those.
    pub fn open(disk: Disk, count: u64, options: &Options) -> Result<(Journal, Vec<Record>), Fault> {
        let (mut records, end) = read(&disk, count)?;
        // Behind another end the next record would not follow on.
        let is_last = records.last().is_some_and(|last| last.commit.count >= count);
        let at = AtomicUsize::new(if is_last { end } else { 0 });
        records.retain(|record| record.commit.count > count);
        if records.first().is_some_and(|first| first.commit.count != count + 1) {
            return Err(missing());
        }
        let end = options.journal_bytes.min(JOURNAL_BYTES);
        Ok((Journal { disk, at, end }, records))
    }

    /// Whether there is room for more than a few commits.
    pub fn is_roomy(&self) -> bool {
        self.disk.has_journal() && self.at.load(Relaxed) < self.end - self.end / 8
    }

    /// The record of a commit, if there is room for it.
    pub fn record(&self, commit: &CommitRow, redo: Redo) -> Option<Vec<u8>> {
        if redo.is_too_long || !self.disk.has_journal() {
            return None;
        }
        let record = record(commit, &redo.bytes)?;
        (self.at.load(Relaxed) + record.len() <= self.end).then_some(record)
    }

    /// Brings a record to the disk. After an error it may be there or not.
    pub fn append(&self, record: &[u8]) -> Result<(), Fault> {
        let at = self.at.load(Relaxed);
        self.disk.write_journal(at, record)?;
        self.disk.sync_data()?;
        self.at.store(at + record.len(), Relaxed);
        Ok(())
    }

    /// Brings to the disk what is about to be seen, and what a kill or a failed sync may have left in the memory of the
    /// system only: written again, it is not taken for what is there already.
    pub fn write_again(&self) -> Result<(), Fault> {
        let mut records = vec![0; self.at.load(Relaxed)];
        self.disk.read_journal(0, &mut records)?;
        self.disk.write_journal(0, &records)?;
        Ok(self.disk.sync_data()?)
    }

    /// redb has everything, and it is on the disk.
    pub fn begin_again(&self) {
        self.at.store(0, Relaxed);
    }
}

/// The bytes of a commit's record.
pub(super) fn record(commit: &CommitRow, changes: &[u8]) -> Option<Vec<u8>> {
    let at = postcard::to_stdvec(&commit.at).ok()?;
    let sealed = seal_bytes(&[&commit.count.to_le_bytes()[..], &at, changes].concat());
    let length = u32::try_from(sealed.len()).ok()?;
    Some([&length.to_le_bytes()[..], &sealed].concat())
}

fn missing() -> Fault {
    Fault::Damaged("commits are missing in the journal".to_owned())
}

fn read(disk: &Disk, count: u64) -> Result<(Vec<Record>, usize), Fault> {
    let mut journal = vec![0; if disk.has_journal() { JOURNAL_BYTES } else { 0 }];
    disk.read_journal(0, &mut journal)?;
    records(&journal, count)
}

/// The records that follow one another from the beginning, and where they end. redb has all up to the `count`-th.
pub(super) fn records(journal: &[u8], count: u64) -> Result<(Vec<Record>, usize), Fault> {
    let (mut records, mut rest) = (Vec::<Record>::new(), journal);
    while let Some((record, after)) = next(rest) {
        let follows = |last: &Record| last.commit.count + 1 == record.commit.count;
        if !records.last().is_none_or(follows) {
            break;
        }
        records.push(record);
        rest = after;
    }
    // A loss of power takes the last record and no other, since each waits for the one before: the one after it would
    // begin where it ends.
    let last = records.last().map_or(count, |last| last.commit.count.max(count));
    let number = (last + 2).to_le_bytes();
    let mut places = (0..rest.len().min(JOURNAL_RECORD_BYTES_MAX + RECORD_MORE_BYTES)).filter(|at| {
        rest.get(at + LENGTH_BYTES..)
            .is_some_and(|rest| rest.starts_with(&number))
    });
    if places.any(|at| next(&rest[at..]).is_some()) {
        return Err(missing());
    }
    Ok((records, journal.len() - rest.len()))
}

fn next(journal: &[u8]) -> Option<(Record, &[u8])> {
    let (length, rest) = journal.split_first_chunk::<LENGTH_BYTES>()?;
    let (sealed, after) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let (count, rest) = unseal_bytes(sealed).ok()?.split_first_chunk::<COUNT_BYTES>()?;
    let (at, changes) = postcard::take_from_bytes(rest).ok()?;
    let count = u64::from_le_bytes(*count);
    let (commit, changes) = (CommitRow { count, at }, changes.to_vec());
    Some((Record { commit, changes }, after))
}
