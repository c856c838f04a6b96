//! The open data file: one transaction at a time, and what to do when the disk fails under it.
//!
//! After most I/O errors redb takes no more writes, and no reads that miss its cache, until the
//! file is opened again. That takes a millisecond or two and loses nothing acknowledged.

use super::create::folder;
use super::disk::Disk;
use super::fault::{Fault, guard};
use super::glass::Glass;
use super::journal::{Journal, JournalRow, Record, Redo};
use super::note::Note;
use super::sight::Sight;
use super::tables::{COMMIT, JOURNAL, Snapshot, Source, Tables, get, get_known};
use super::txn::{Ended, Failed, Wrote, make, show};
use super::{Options, codec::CommitRow};
use crate::limits::{DISK_LOOK_EVERY_MS, DISK_PLENTY_BYTES};
use crate::metrics::Count;
use redb::{Builder, Database, Durability, ReadTransaction, ReadableDatabase};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Instant;

pub(super) struct DataFile {
    pub path: PathBuf,
    pub options: Options,
    pub id: String,
    pub epoch: String,
    pub sight: Sight,
    state: RwLock<State>,
    /// Until when the disk, which had plenty of room, is not looked at again; in milliseconds after `made`.
    has_plenty_until: AtomicU64,
    made: Instant,
    /// How often the file was opened; a reader's bad news are of one of these times.
    opened: AtomicU64,
}

enum State {
    Open(Database, Journal),
    /// The disk takes no writes, not even those of opening: seen through glass.
    ForReading(Database),
    Closed,
}

impl State {
    fn database(&self) -> Result<&Database, Fault> {
        match self {
            State::Open(database, _) | State::ForReading(database) => Ok(database),
            State::Closed => Err(Fault::Closed("the data file is not open".to_owned())),
        }
    }
}

impl DataFile {
    pub fn new(path: &Path, options: Options, id: String, epoch: String, open: (Database, Journal)) -> DataFile {
        DataFile {
            path: path.to_owned(),
            sight: Sight::new(options.shown_commits),
            options,
            id,
            epoch,
            state: RwLock::new(State::Open(open.0, open.1)),
            has_plenty_until: AtomicU64::new(0),
            made: Instant::now(),
            opened: AtomicU64::new(1),
        }
    }

    /// Asks one snapshot of the file.
    pub fn read<T>(&self, question: impl FnOnce(&ReadTransaction) -> Result<T, Fault>) -> Result<T, Fault> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let database = state.database()?;
        guard(|| question(&database.begin_read()?))
    }

    /// One snapshot to keep for a while; reading it fails once the file was opened again.
    pub fn snapshot(&self) -> Result<ReadTransaction, Fault> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let database = state.database()?;
        guard(|| Ok(database.begin_read()?))
    }

    /// Runs `work` as one durable transaction, the `count`-th of the file's life.
    pub fn write<T>(
        &self,
        count: u64,
        work: impl FnOnce(&mut Tables<'_>) -> Result<(T, Wrote), Fault>,
    ) -> Result<(T, Wrote), Failed<T>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let State::Open(database, journal) = &*state else {
            return Err(Failed::Before(Fault::Closed(
                "the data file takes no writes".to_owned(),
            )));
        };
        let open = self.sight.take();
        let hides = open.is_some();
        let made = make(database, open, count, work)?;
        if let (true, None) = (hides, &made.commit) {
            if !made.redo.is_empty() {
                let _ = guard(|| made.open.abort());
                let fault = Fault::Damaged("what changes nothing has written".to_owned());
                return Err(Failed::Before(fault));
            }
            self.sight.put_back(made.open);
            return Ok((made.done, Wrote::Nothing));
        }
        let may_hide = self.sight.may_hide();
        let (done, ended) = made.end(Some(journal), may_hide)?;
        match ended {
            Ended::Nothing => return Ok((done, Wrote::Nothing)),
            Ended::Hidden(open) => self.sight.hide(open),
            Ended::Shown => self.shown(),
        }
        Ok((done, Wrote::Something))
    }

    /// Shows readers what is hidden from them. With an error the file has to be opened again.
    pub fn show(&self) -> Result<(), Fault> {
        match self.sight.take() {
            Some(open) => guard(|| show(open))?,
            None if self.sight.hides() => {
                return Err(Fault::Closed("what is hidden is in the journal only".to_owned()));
            }
            None => return Ok(()),
        }
        self.shown();
        Ok(())
    }

    fn shown(&self) {
        self.options.metrics.one(Count::Shown);
        self.sight.show();
    }

    /// Closes what is open and opens it again, at least for reading; tells the number of the last
    /// commit. With an error nothing can be written yet.
    pub fn reopen(&self) -> Result<u64, Fault> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        self.give_up_hidden();
        if let State::Open(database, _) | State::ForReading(database) = std::mem::replace(&mut *state, State::Closed) {
            // What failed writes nothing any more, and glass has nothing to write.
            let _ = guard(|| Ok(database.close()?));
        }
        let opened = guard(|| {
            let (database, journal) = open_database(&self.path, &self.options)?;
            let count = last_commit(&database.begin_read()?)?;
            Ok((State::Open(database, journal), count))
        });
        let (fresh, count) = match opened {
            Ok((fresh, count)) => (fresh, Ok(count)),
            Err(fault) => {
                let glass = guard(|| {
                    let (database, records) = open_glass(&self.path, &self.options, Checked::Lightly)?;
                    repeat(&database, &records)?;
                    Ok(database)
                });
                (glass.map_or(State::Closed, State::ForReading), Err(fault))
            }
        };
        *state = fresh;
        self.opened.fetch_add(1, Relaxed);
        drop(state);
        self.sight.show();
        count
    }

    /// The number of the last commit that a reader sees.
    pub fn last_commit(&self) -> Option<u64> {
        self.read(last_commit).ok()
    }

    /// Brings down to the disk what was written to the file; tells whether that went well.
    pub fn sync(&self) -> bool {
        File::open(&self.path).and_then(|file| file.sync_all()).is_ok()
    }

    pub fn opened(&self) -> u64 {
        self.opened.load(Relaxed)
    }

    pub fn is_writable(&self) -> bool {
        matches!(
            *self.state.read().unwrap_or_else(PoisonError::into_inner),
            State::Open(..)
        )
    }

    /// Whether no checkpoint begins with the next commit.
    pub fn is_roomy(&self) -> bool {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Open(_, journal) => journal.is_roomy(),
            _ => false,
        }
    }

    /// Whether the disk has room for more than the last bytes of it.
    pub fn has_room(&self) -> bool {
        let now = self.made.elapsed().as_millis() as u64;
        if now < self.has_plenty_until.load(Relaxed) {
            return true;
        }
        let free = free_bytes(&self.path);
        if free >= self.options.disk_free_bytes_min.saturating_add(DISK_PLENTY_BYTES) {
            self.has_plenty_until.store(now + DISK_LOOK_EVERY_MS, Relaxed);
        }
        free >= self.options.disk_free_bytes_min
    }

    /// Closes the file; `count` is the number of the commit that says when.
    pub fn close(&self, count: u64) {
        match self.write(count, |_| Ok(((), Wrote::Something))) {
            Ok(_) => Note::about(&self.path, self.options.notes.as_deref()).closed_at(count),
            Err(failed) => {
                let fault = Fault::from(failed);
                tracing::warn!(cause = %fault, "the data file was not closed cleanly; it will be checked when it is opened");
            }
        }
        if let Err(fault) = self.show() {
            tracing::warn!(cause = %fault, "the last commits are in the journal only");
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if let State::Open(database, _) = std::mem::replace(&mut *state, State::Closed)
            && let Err(fault) = guard(|| Ok(database.close()?))
        {
            tracing::warn!(cause = %fault, "closing the data file failed; nothing is lost");
        }
        drop(state);
        self.shut();
    }

    /// Gives up what is hidden: the journal has it.
    fn give_up_hidden(&self) {
        let _ = self.sight.take().map(|open| guard(|| open.abort()));
    }

    /// Answers nothing any more.
    pub fn shut(&self) {
        self.give_up_hidden();
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = State::Closed;
        // Nobody need wait for what does not come.
        self.sight.show();
    }
}

/// The database in an existing file, with all that its journal holds.
pub(super) fn open_database(path: &Path, options: &Options) -> Result<(Database, Journal), Fault> {
    let disk = Disk::open(path, options)?;
    let database = builder(options).create_with_backend(disk.clone())?;
    let (journal, records) = open_journal(disk, &database, options)?;
    if !records.is_empty() {
        journal.write_again()?;
    }
    repeat(&database, &records)?;
    Ok((database, journal))
}

/// Makes the commits of the journal again, for readers to see.
fn repeat(database: &Database, records: &[Record]) -> Result<(), Fault> {
    if records.is_empty() {
        return Ok(());
    }
    let mut txn = database.begin_write()?;
    txn.set_durability(Durability::None)?;
    let redo = Mutex::<Redo>::default();
    let mut tables = Tables::new(&txn, &redo);
    for record in records {
        for change in record.changes() {
            tables.repeat(&change?)?;
        }
    }
    drop(tables);
    Ok(txn.commit()?)
}

/// How well a file is looked at.
pub(super) enum Checked {
    /// As far as the question goes.
    Lightly,
    /// Every page against its checksum.
    Fully,
}

/// The database in a file that stays as it is, even where redb has to recover it first, and what its journal holds
/// that redb does not have.
pub(super) fn open_glass(path: &Path, options: &Options, checked: Checked) -> Result<(Database, Vec<Record>), Fault> {
    let disk = Disk::open(path, options)?;
    let mut builder = builder(options);
    builder.set_check_integrity_on_open(matches!(checked, Checked::Fully));
    let database = builder.create_with_backend(Glass::new(disk.clone())?)?;
    if !disk.has_journal() {
        return Ok((database, Vec::new()));
    }
    let (_, records) = open_journal(disk, &database, options)?;
    Ok((database, records))
}

fn open_journal(disk: Disk, database: &Database, options: &Options) -> Result<(Journal, Vec<Record>), Fault> {
    let txn = database.begin_read()?;
    let row: Option<JournalRow> = get(Snapshot::new(&txn).meta()?, JOURNAL)?;
    Journal::open(disk, row.unwrap_or_default(), last_commit(&txn)?, options)
}

pub(super) fn builder(options: &Options) -> Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(options.cache_bytes);
    builder
}

pub(super) fn last_commit(txn: &ReadTransaction) -> Result<u64, Fault> {
    let commit: CommitRow = get_known(Snapshot::new(txn).meta()?, COMMIT, "the number of the last commit")?;
    Ok(commit.count)
}

pub(super) fn has_room(path: &Path, options: &Options) -> bool {
    free_bytes(path) >= options.disk_free_bytes_min
}

/// Where nobody can tell, the commit will.
fn free_bytes(path: &Path) -> u64 {
    fs4::available_space(folder(path)).unwrap_or(u64::MAX)
}
