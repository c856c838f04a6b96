//! The open data file: one transaction at a time, and what to do when the disk fails under it.
//!
//! After most I/O errors redb takes no more writes, and no reads that miss its cache, until the
//! file is opened again. That takes a millisecond or two and loses nothing acknowledged.

use super::create::folder;
use super::disk::{Disk, Glass};
use super::fault::{Fault, guard};
use super::journal::{Journal, Record, Redo};
use super::note::Note;
use super::tables::{COMMIT, Snapshot, Source, Tables, get_known};
use super::{Options, codec::CommitRow};
use redb::{Builder, Database, Durability, ReadTransaction, ReadableDatabase};
use std::cell::RefCell;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{PoisonError, RwLock};

pub(super) struct DataFile {
    pub path: PathBuf,
    pub options: Options,
    pub id: String,
    pub epoch: String,
    state: RwLock<State>,
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

/// How a write transaction failed.
pub(super) enum Failed<T> {
    /// It did not happen.
    Before(Fault),
    /// It happened or it did not; whoever opens the file again sees which.
    AtCommit(T, Fault),
}

impl<T> From<Failed<T>> for Fault {
    fn from(failed: Failed<T>) -> Fault {
        match failed {
            Failed::Before(fault) | Failed::AtCommit(_, fault) => fault,
        }
    }
}

/// Whether a transaction has something to commit.
pub(super) enum Wrote {
    Something,
    Nothing,
}

impl DataFile {
    pub fn new(path: &Path, options: Options, id: String, epoch: String, open: (Database, Journal)) -> DataFile {
        DataFile {
            path: path.to_owned(),
            options,
            id,
            epoch,
            state: RwLock::new(State::Open(open.0, open.1)),
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
        match &*state {
            State::Open(database, journal) => write(database, Some(journal), count, work),
            _ => Err(Failed::Before(Fault::Closed(
                "the data file takes no writes".to_owned(),
            ))),
        }
    }

    /// Closes what is open and opens it again, at least for reading; tells the number of the last
    /// commit. With an error nothing can be written yet.
    pub fn reopen(&self) -> Result<u64, Fault> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
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

    /// Whether the disk has room for more than the last bytes of it.
    pub fn has_room(&self) -> bool {
        has_room(&self.path, &self.options)
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
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if let State::Open(database, _) = std::mem::replace(&mut *state, State::Closed)
            && let Err(fault) = guard(|| Ok(database.close()?))
        {
            tracing::warn!(cause = %fault, "closing the data file failed; nothing is lost");
        }
    }
}

/// Runs `work` as one durable transaction of `database`: durable in the journal, where there is one with room, else
/// in the pages of redb.
pub(super) fn write<T>(
    database: &Database,
    journal: Option<&Journal>,
    count: u64,
    work: impl FnOnce(&mut Tables<'_>) -> Result<(T, Wrote), Fault>,
) -> Result<(T, Wrote), Failed<T>> {
    let redo = RefCell::default();
    let (mut txn, done, commit) = guard(|| {
        let txn = database.begin_write()?;
        let mut tables = Tables::new(&txn, &redo);
        let (done, wrote) = work(&mut tables)?;
        let commit = match wrote {
            Wrote::Something => Some(tables.stamp(count)?),
            Wrote::Nothing => None,
        };
        drop(tables);
        Ok((txn, done, commit))
    })
    .map_err(Failed::Before)?;
    let Some(commit) = commit else {
        return match guard(|| Ok(txn.abort()?)) {
            Ok(()) => Ok((done, Wrote::Nothing)),
            Err(fault) => Err(Failed::Before(fault)),
        };
    };
    let redo = redo.into_inner();
    let end = guard(
        || match journal.and_then(|journal| Some((journal, journal.record(&commit, redo)?))) {
            Some((journal, record)) => {
                journal.append(&record)?;
                txn.set_durability(Durability::None)?;
                Ok(txn.commit()?)
            }
            None => {
                txn.set_durability(Durability::Immediate)?;
                // So that the file opens at once after a kill.
                txn.set_quick_repair(true);
                txn.commit()?;
                journal.inspect(|journal| journal.begin_again());
                Ok(())
            }
        },
    );
    match end {
        Ok(()) => Ok((done, Wrote::Something)),
        Err(fault) => Err(Failed::AtCommit(done, fault)),
    }
}

/// The database in an existing file, with all that its journal holds.
pub(super) fn open_database(path: &Path, options: &Options) -> Result<(Database, Journal), Fault> {
    let disk = Disk::open(path, options)?;
    let database = builder(options).create_with_backend(disk.clone())?;
    let (journal, records) = Journal::open(disk, last_commit(&database.begin_read()?)?, options)?;
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
    let redo = RefCell::<Redo>::default();
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
    let count = last_commit(&database.begin_read()?)?;
    let (_, records) = Journal::open(disk, count, options)?;
    Ok((database, records))
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
    // Where nobody can tell, the commit will.
    fs4::available_space(folder(path)).map_or(true, |free| free >= options.disk_free_bytes_min)
}
