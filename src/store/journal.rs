//! The journal: commits that are on the disk before redb has written a page of them.
//!
//! A durable commit of redb writes a copy of every page that it touches, a score of them for one message, and waits
//! for the disk twice. Instead, the rows that a commit writes go into one record at the end of the journal, and with
//! one write and one sync the commit is durable; redb makes it only in its memory, for readers to see. A commit whose
//! record would be too long is durable in redb, and with it all before it.
//!
//! The journal is a ring. A checkpoint, which nobody waits for (`checkpoint`), writes into redb's pages what is in it,
//! and records go on behind those; once it is done, their place is free. redb itself knows, with each of its durable
//! commits, where in the ring the record after it is, and the salt that each record begins with: random for each time
//! that the file is opened, so that nothing left of before and nothing that somebody has sent passes for a record.
//!
//! Whoever opens the file takes from the journal what redb does not have yet. A record counts if it has the salt, its
//! checksum is right and its commit is the one after that of the record before. What was cut off by a loss of power was
//! told to nobody.

use super::Options;
use super::codec::{CommitRow, seal_bytes, unseal_bytes};
use super::create::random;
use super::disk::Disk;
use super::fault::Fault;
use crate::limits::{CHECKPOINT_AT_EIGHTHS, JOURNAL_BYTES, JOURNAL_RECORD_BYTES_MAX};
use memchr::memmem;
use redb::StorageBackend;
use serde::{Deserialize, Serialize};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// In front of each record: how many bytes follow, and in them first the salt and the number of its commit.
const LENGTH_BYTES: usize = 4;
const COUNT_BYTES: usize = 8;
const SALT_BYTES: usize = 8;
/// At most, of a record beside what it does to rows: its length, salt, number, the time of the commit, a checksum.
const RECORD_MORE_BYTES: usize = LENGTH_BYTES + SALT_BYTES + COUNT_BYTES + 10 + 4;

/// What redb knows of the journal. Files of formats up to 3 have no such row: no salt, and a journal that begins again
/// at its start with each durable commit of redb.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct JournalRow {
    /// Where the record of the next commit is.
    pub start: u32,
    pub salt: Vec<u8>,
}

impl JournalRow {
    /// Of an empty journal that begins anew.
    pub fn new() -> io::Result<JournalRow> {
        let salt = random::<SALT_BYTES>()?.to_vec();
        Ok(JournalRow { start: 0, salt })
    }
}

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

/// Which part of the journal is in use: from `start` to `at`, or from `start` to where no more went and from 0 to `at`.
#[derive(Debug)]
pub(super) struct Ring {
    /// The record of the first commit that is in no page of redb.
    pub start: usize,
    /// Where the next record goes.
    pub at: usize,
    /// Where the last one has to end.
    pub end: usize,
}

impl Ring {
    /// Where so many bytes go; nowhere if there is no room.
    pub fn place(&self, bytes: usize) -> Option<usize> {
        let after = self.at + bytes;
        match self.at < self.start {
            true => (after < self.start).then_some(self.at),
            false if after <= self.end => Some(self.at),
            // Behind the last one, and in front of the first.
            false => (bytes < self.start).then_some(0),
        }
    }

    fn used(&self) -> usize {
        match self.at < self.start {
            true => self.end.saturating_sub(self.start) + self.at,
            false => self.at - self.start,
        }
    }
}

/// The journal of an open file.
pub(super) struct Journal {
    disk: Disk,
    ring: Arc<Mutex<Ring>>,
    salt: Vec<u8>,
}

impl Journal {
    /// The journal of a file of which redb has all commits up to the `count`-th, and what comes after those.
    pub fn open(disk: Disk, row: JournalRow, count: u64, options: &Options) -> Result<(Journal, Vec<Record>), Fault> {
        let mut bytes = vec![0; if disk.has_journal() { JOURNAL_BYTES } else { 0 }];
        disk.read_journal(0, &mut bytes)?;
        let (records, at) = records(&bytes, &row, count)?;
        let ring = Ring {
            start: row.start as usize,
            at,
            end: options.journal_bytes.min(JOURNAL_BYTES),
        };
        let journal = Journal {
            disk,
            ring: Arc::new(Mutex::new(ring)),
            salt: row.salt,
        };
        Ok((journal, records))
    }

    /// Whether no checkpoint begins within a few commits.
    pub fn is_roomy(&self) -> bool {
        let ring = self.ring();
        self.disk.has_journal() && ring.used() < ring.end / 8 * (CHECKPOINT_AT_EIGHTHS - 1)
    }

    /// The record of a commit, if there is room for it. Waits for the checkpoint that makes room.
    pub fn record(&self, commit: &CommitRow, redo: Redo) -> Option<Vec<u8>> {
        if redo.is_too_long || !self.disk.has_journal() {
            return None;
        }
        let record = record(&self.salt, commit, &redo.bytes)?;
        if self.ring().place(record.len()).is_none() {
            self.disk.wait();
            self.ring().place(record.len())?;
        }
        Some(record)
    }

    /// Brings a record, for which there is room, to the disk. After an error it may be there or not.
    pub fn append(&self, record: &[u8]) -> Result<(), Fault> {
        let at = self.ring().place(record.len());
        let at = at.ok_or_else(|| Fault::Damaged("a journal without the room it had".to_owned()))?;
        self.disk.append_to_journal(at, record)?;
        self.ring().at = at + record.len();
        Ok(())
    }

    /// Whether it is time for a checkpoint.
    pub fn is_checkpoint_due(&self) -> bool {
        let ring = self.ring();
        ring.used() > ring.end / 8 * CHECKPOINT_AT_EIGHTHS && !self.disk.is_writing_behind()
    }

    /// What redb is to know with its next durable commit.
    pub fn row(&self) -> Result<JournalRow, Fault> {
        let start = u32::try_from(self.ring().at).map_err(|_| Fault::Damaged("a journal of gigabytes".to_owned()))?;
        let salt = self.salt.clone();
        Ok(JournalRow { start, salt })
    }

    /// Has `commit`, a durable commit of redb with this row, brought to its pages while the journal goes on.
    pub fn checkpoint(&self, row: JournalRow, commit: impl FnOnce() -> Result<(), Fault>) -> Result<(), Fault> {
        self.disk.hold();
        commit().inspect_err(|_| self.disk.give_up())?;
        let ring = self.ring.clone();
        self.disk.write_behind(move || lock(&ring).start = row.start as usize);
        Ok(())
    }

    /// Brings to the disk what is about to be seen, and what a kill or a failed sync may have left in the memory of the
    /// system only: written again, it is not taken for what is there already.
    pub fn write_again(&self) -> Result<(), Fault> {
        let Ring { start, at, .. } = *self.ring();
        let spans = match at < start {
            true => [start..JOURNAL_BYTES, 0..at],
            false => [start..at, 0..0],
        };
        for span in spans {
            let mut records = vec![0; span.len()];
            self.disk.read_journal(span.start, &mut records)?;
            self.disk.write_journal(span.start, &records)?;
        }
        Ok(self.disk.sync_data()?)
    }

    /// redb has everything, and this row, and that is on the disk.
    pub fn begin(&mut self, row: JournalRow) {
        self.begin_again(&row);
        self.salt = row.salt;
    }

    /// The same, with the same salt.
    pub fn begin_again(&self, row: &JournalRow) {
        let mut ring = self.ring();
        (ring.start, ring.at) = (row.start as usize, row.start as usize);
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        lock(&self.ring)
    }
}

impl Drop for Journal {
    /// Whoever opens the file the next time finds nobody writing to it.
    fn drop(&mut self) {
        self.disk.wait();
    }
}

fn lock(ring: &Mutex<Ring>) -> MutexGuard<'_, Ring> {
    ring.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The bytes of a commit's record.
pub(super) fn record(salt: &[u8], commit: &CommitRow, changes: &[u8]) -> Option<Vec<u8>> {
    let at = postcard::to_stdvec(&commit.at).ok()?;
    let sealed = seal_bytes(&[salt, &commit.count.to_le_bytes()[..], &at, changes].concat());
    let length = u32::try_from(sealed.len()).ok()?;
    Some([&length.to_le_bytes()[..], &sealed].concat())
}

/// The records that redb does not have, which has all up to the `count`-th, and where the next one goes.
pub(super) fn records(journal: &[u8], row: &JournalRow, count: u64) -> Result<(Vec<Record>, usize), Fault> {
    let (salt, start) = (&row.salt[..], row.start as usize);
    // They begin there, or at the beginning where the first one found no room. What else is there is left of before.
    let mut runs = [start, 0].into_iter().map(|from| run(journal, salt, from));
    let run = runs.find(|run| run.last().is_some_and(|(commit, ..)| commit.count >= count));
    let run = run.unwrap_or_default();
    let at = run.last().map_or(start, |(.., end)| *end);
    let next = run.last().map_or(count, |(commit, ..)| commit.count) + 1;
    // A loss of power takes the last record and no other, since each waits for the one before.
    let places: Vec<usize> = match salt.is_empty() {
        // The one after it would begin where it ends.
        true => {
            let reach = at..journal.len().min(at + JOURNAL_RECORD_BYTES_MAX + RECORD_MORE_BYTES);
            let name = (next + 1).to_le_bytes();
            let is_named = |at: &usize| {
                journal
                    .get(at + LENGTH_BYTES..)
                    .is_some_and(|rest| rest.starts_with(&name))
            };
            reach.filter(is_named).collect()
        }
        false => memmem::find_iter(journal, salt)
            .filter_map(|at| at.checked_sub(LENGTH_BYTES))
            .collect(),
    };
    let is_later = |at: &usize| record_at(journal, *at, salt).is_some_and(|(commit, ..)| commit.count > next);
    let begins_late = run.first().is_some_and(|(commit, ..)| commit.count > count + 1);
    if begins_late || places.iter().any(is_later) {
        return Err(Fault::Damaged("commits are missing in the journal".to_owned()));
    }
    // redb may have more than it knew when it wrote down where the journal starts.
    let records = run.into_iter().filter(|(commit, ..)| commit.count > count);
    let records = records.map(|(commit, changes, _)| Record {
        commit,
        changes: changes.to_vec(),
    });
    Ok((records.collect(), at))
}

/// A record: its commit, what it does to rows, and where it ends.
type Found<'j> = (CommitRow, &'j [u8], usize);

/// The records that follow one another from there, and then from the beginning.
fn run<'j>(journal: &'j [u8], salt: &[u8], from: usize) -> Vec<Found<'j>> {
    let mut run: Vec<Found<'j>> = Vec::new();
    let mut places = vec![0, from];
    while let Some(at) = places.pop() {
        let next = run.last().map(|(commit, ..)| commit.count + 1);
        let found = record_at(journal, at, salt);
        if let Some(found) = found.filter(|(commit, ..)| next.is_none_or(|next| commit.count == next)) {
            places.push(found.2);
            run.push(found);
        }
    }
    run
}

/// The record that begins there.
fn record_at<'j>(journal: &'j [u8], at: usize, salt: &[u8]) -> Option<Found<'j>> {
    let (length, rest) = journal.get(at..)?.split_first_chunk::<LENGTH_BYTES>()?;
    let length = u32::from_le_bytes(*length) as usize;
    let named = unseal_bytes(rest.get(..length)?).ok()?.strip_prefix(salt)?;
    let (count, rest) = named.split_first_chunk::<COUNT_BYTES>()?;
    let (time, changes) = postcard::take_from_bytes(rest).ok()?;
    let commit = CommitRow {
        count: u64::from_le_bytes(*count),
        at: time,
    };
    Some((commit, changes, at + LENGTH_BYTES + length))
}
