//! The open data file: one transaction at a time, and what to do when the disk fails under it.
//!
//! After most I/O errors redb takes no more writes, and no reads that miss its cache, until the
//! file is opened again. That takes a millisecond or two and loses nothing acknowledged.

use super::create::folder;
use super::disk::{Disk, DiskAct};
use super::fault::{Fault, guard};
use super::tables::{COMMIT, META, Tables, get_known};
use super::{Options, codec::CommitRow};
use redb::{Database, Durability, ReadTransaction, ReadableDatabase};
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{PoisonError, RwLock};

pub(super) struct DataFile {
    path: PathBuf,
    options: Options,
    pub id: String,
    pub epoch: String,
    /// `None` while the file could not be opened again, and after the end.
    database: RwLock<Option<Database>>,
    /// How often the file was opened; a reader's bad news are of one of these times.
    opened: AtomicU64,
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
    pub fn new(path: &Path, options: Options, id: String, epoch: String, database: Database) -> DataFile {
        DataFile {
            path: path.to_owned(),
            options,
            id,
            epoch,
            database: RwLock::new(Some(database)),
            opened: AtomicU64::new(1),
        }
    }

    /// Asks one snapshot of the file.
    pub fn read<T>(&self, question: impl FnOnce(&ReadTransaction) -> Result<T, Fault>) -> Result<T, Fault> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_ref().ok_or_else(closed)?;
        guard(|| question(&database.begin_read()?))
    }

    /// Runs `work` as one durable transaction, the `count`-th of the file's life.
    pub fn write<T>(
        &self,
        count: u64,
        work: impl FnOnce(&mut Tables<'_>) -> Result<(T, Wrote), Fault>,
    ) -> Result<(T, Wrote), Failed<T>> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_ref().ok_or_else(|| Failed::Before(closed()))?;
        write(database, count, work)
    }

    /// Closes what is open and opens it again; tells the number of the last commit.
    pub fn reopen(&self) -> Result<u64, Fault> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(failed) = database.take() {
            // It has an error latched, so it writes nothing any more.
            let _ = guard(|| Ok(failed.close()?));
        }
        let fresh = guard(|| open_database(&self.path, &self.options))?;
        let commit = guard(|| last_commit(&fresh))?;
        *database = Some(fresh);
        self.opened.fetch_add(1, Relaxed);
        Ok(commit.count)
    }

    pub fn opened(&self) -> u64 {
        self.opened.load(Relaxed)
    }

    pub fn is_open(&self) -> bool {
        self.database.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Whether the disk has room for more than the last bytes of it.
    pub fn has_room(&self) -> bool {
        has_room(&self.path, &self.options)
    }

    /// Closes the file; `count` is the number of the commit that says when.
    pub fn close(&self, count: u64) {
        let stamped = self.write(count, |_| Ok(((), Wrote::Something)));
        if let Err(fault) = stamped.map_err(Fault::from) {
            tracing::warn!(cause = %fault, "the data file was not closed cleanly; it will be checked when it is opened");
        }
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(database) = database.take()
            && let Err(fault) = guard(|| Ok(database.close()?))
        {
            tracing::warn!(cause = %fault, "closing the data file failed; nothing is lost");
        }
    }
}

fn closed() -> Fault {
    Fault::Closed("the data file is not open".to_owned())
}

/// Runs `work` as one durable transaction of `database`.
pub(super) fn write<T>(
    database: &Database,
    count: u64,
    work: impl FnOnce(&mut Tables<'_>) -> Result<(T, Wrote), Fault>,
) -> Result<(T, Wrote), Failed<T>> {
    let (txn, done, wrote) = guard(|| {
        let mut txn = database.begin_write()?;
        txn.set_durability(Durability::Immediate)?;
        // So that the file opens at once after a kill.
        txn.set_quick_repair(true);
        let mut tables = Tables::open(&txn)?;
        let (done, wrote) = work(&mut tables)?;
        if matches!(wrote, Wrote::Something) {
            tables.stamp(count)?;
        }
        drop(tables);
        Ok((txn, done, wrote))
    })
    .map_err(Failed::Before)?;
    let end = match wrote {
        Wrote::Something => guard(|| Ok(txn.commit()?)),
        Wrote::Nothing => guard(|| Ok(txn.abort()?)),
    };
    match (end, &wrote) {
        (Ok(()), _) => Ok((done, wrote)),
        (Err(fault), Wrote::Something) => Err(Failed::AtCommit(done, fault)),
        (Err(fault), Wrote::Nothing) => Err(Failed::Before(fault)),
    }
}

/// The database in an existing file.
pub(super) fn open_database(path: &Path, options: &Options) -> Result<Database, Fault> {
    let faults = options.faults.clone();
    if let Some(faults) = &faults {
        faults.before(DiskAct::Open).map_err(redb::StorageError::from)?;
    }
    let file = OpenOptions::new().read(true).write(true).open(path);
    let disk = Disk::new(file.map_err(redb::StorageError::from)?, faults)?;
    let mut builder = Database::builder();
    builder.set_cache_size(options.cache_bytes);
    Ok(builder.create_with_backend(disk)?)
}

pub(super) fn last_commit(database: &Database) -> Result<CommitRow, Fault> {
    let meta = database.begin_read()?.open_table(META)?;
    get_known(&meta, COMMIT, "the number of the last commit")
}

pub(super) fn has_room(path: &Path, options: &Options) -> bool {
    // Where nobody can tell, the commit will.
    fs4::available_space(folder(path)).map_or(true, |free| free >= options.disk_free_bytes_min)
}
