//! The open data file: reads from snapshots, one write transaction at a time, and recovery when the disk fails or
//! another program touches the file.
//!
//! After most I/O errors, redb refuses all writes, and all reads that miss its cache, until the file is opened again.
//! Reopening takes a millisecond or two and loses nothing acknowledged.

use super::damage::Damage;
use super::database::{CheckLevel, Opened, View, commit_to_pages, last_commit, open_database, open_overlay};
use super::disk::Disk;
use super::file_journal::GapPolicy;
use super::free_space::FreeSpace;
use super::journal::{Appended, Journal};
use super::layout::FirstPage;
use super::open_journal;
use super::options::Options;
use super::record::{Record, Salt};
use super::retained::Retained;
use super::transaction::{CommitTarget, Effect, TransactionOutput, WriteFailure};
use super::watch::Watch;
use crate::metrics::Count;
use crate::store::rows::redo::Redo;
use crate::store::rows::schema::Tables;
use crate::store::store_error::{Difference, StoreError, guard};
use redb::{Database, Durability, ReadTransaction, ReadableDatabase, WriteTransaction};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};

pub struct DataFile {
    pub path: PathBuf,
    pub options: Options,
    pub id: String,
    pub epoch: String,
    pub free_space: FreeSpace,
    pub retained: Retained,
    pub damage: Damage,
    state: RwLock<State>,
    salt: Salt,
    watch: Watch,
    /// How often the file has been opened. A reader's error from an earlier opening is stale.
    generation: AtomicU64,
    /// The journal has commits that are not in redb's pages.
    has_unpaged_commits: AtomicBool,
}

enum State {
    Open(Open),
    /// The last attempt to open the file again failed, so it is read through an overlay.
    ReadOnly(View),
    Closed,
}

struct Open {
    database: Database,
    journal: Box<dyn Journal>,
    disk: Disk,
}

impl State {
    fn database(&self) -> Result<&Database, StoreError> {
        match self {
            State::Open(open) => Ok(&open.database),
            State::ReadOnly(view) => Ok(&view.database),
            State::Closed => Err(StoreError::Closed("the data file is not open".to_owned())),
        }
    }

    fn disk(&self) -> Option<&Disk> {
        match self {
            State::Open(open) => Some(&open.disk),
            State::ReadOnly(view) => Some(&view.disk),
            State::Closed => None,
        }
    }
}

/// What opening a file has shown about it.
pub struct FileIdentity {
    pub id: String,
    pub epoch: String,
    pub salt: Salt,
    pub is_doubtful: bool,
}

impl DataFile {
    /// `retained` holds the root from before the opening commit.
    pub fn new(path: &Path, options: Options, opened: Opened, identity: FileIdentity, retained: Retained) -> DataFile {
        let watch = Watch::over(path);
        // This stays until the check is done: a crash in between must not make the file look sound.
        watch.last_commit_file.set_damaged(identity.is_doubtful);
        DataFile {
            path: path.to_owned(),
            id: identity.id,
            epoch: identity.epoch,
            salt: identity.salt,
            free_space: FreeSpace::of(path, &options),
            retained,
            watch,
            damage: Damage::new(identity.is_doubtful),
            generation: AtomicU64::new(1),
            has_unpaged_commits: AtomicBool::new(opened.has_unpaged_commits),
            state: RwLock::new(State::Open(Open {
                database: opened.database,
                journal: opened.journal,
                disk: opened.disk,
            })),
            options,
        }
    }

    /// Reads from one snapshot of the file.
    pub fn read<T>(&self, query: impl FnOnce(&ReadTransaction) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.watch.check_readable()?;
        let state = self.state();
        let database = state.database()?;
        self.damage.noting(|| query(&database.begin_read()?))
    }

    /// A snapshot that may be kept for a while. Reads from it fail after the file has been opened again.
    pub fn snapshot(&self) -> Result<ReadTransaction, StoreError> {
        self.watch.check_readable()?;
        let state = self.state();
        let database = state.database()?;
        guard(|| Ok(database.begin_read()?))
    }

    /// Runs `work` as one durable transaction, the file's commit `commit_number`. Every later read sees it.
    pub fn write<T>(
        &self,
        commit_number: u64,
        work: impl FnOnce(&mut Tables<'_>) -> Result<TransactionOutput<T>, StoreError>,
    ) -> Result<TransactionOutput<T>, WriteFailure<T>> {
        self.transact(commit_number, CommitTarget::Journal, work)
    }

    /// Like `write`, but durable in redb's pages instead of the journal.
    pub fn write_to_pages(
        &self,
        commit_number: u64,
        work: impl FnOnce(&mut Tables<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let work = |tables: &mut Tables<'_>| {
            work(tables)?;
            Ok(TransactionOutput {
                done: (),
                events: Vec::new(),
                effect: Effect::Something,
            })
        };
        let done = self.transact(commit_number, CommitTarget::Pages, work);
        done.map(drop).map_err(WriteFailure::into_error)
    }

    fn transact<T>(
        &self,
        commit_number: u64,
        target: CommitTarget,
        work: impl FnOnce(&mut Tables<'_>) -> Result<TransactionOutput<T>, StoreError>,
    ) -> Result<TransactionOutput<T>, WriteFailure<T>> {
        self.watch.check_writable().map_err(WriteFailure::Before)?;
        let state = self.state();
        let State::Open(open) = &*state else {
            let closed = StoreError::Closed("the data file takes no writes".to_owned());
            return Err(WriteFailure::Before(closed));
        };
        let redo = Mutex::new(Redo::new(open.journal.rows_bytes_max()));
        let prepared = self.damage.noting(|| {
            let txn = open.database.begin_write()?;
            let mut tables = Tables::new(&txn, &redo);
            let work = work(&mut tables)?;
            let commit = match work.effect {
                Effect::Something => Some(tables.stamp(commit_number)?),
                Effect::Nothing => None,
            };
            drop(tables);
            Ok((txn, work, commit))
        });
        let (txn, work, commit) = prepared.map_err(WriteFailure::Before)?;
        let Some(commit) = commit else {
            return match guard(|| Ok(txn.abort()?)) {
                Ok(()) => Ok(work),
                Err(error) => Err(WriteFailure::Before(error)),
            };
        };
        let rows = redo.into_inner().unwrap_or_else(PoisonError::into_inner).finish();
        let rows = rows.filter(|_| target == CommitTarget::Journal);
        let committed = guard(|| {
            let record = rows.map(|rows| Record::new(commit, rows, &work.events)).transpose()?;
            match record.map_or(Ok(Appended::NoRoom), |record| open.journal.append(&record))? {
                Appended::Durable => self.commit_in_memory(txn),
                Appended::NoRoom => self.commit_to_pages(open, txn, commit_number),
            }
        });
        match committed {
            Ok(()) => Ok(work),
            Err(error) => Err(WriteFailure::AtCommit(Box::new(work), error)),
        }
    }

    /// Makes a commit that is durable in the journal visible to readers.
    fn commit_in_memory(&self, mut txn: WriteTransaction) -> Result<(), StoreError> {
        txn.set_durability(Durability::None)?;
        txn.commit()?;
        self.has_unpaged_commits.store(true, Relaxed);
        Ok(())
    }

    /// Commits to redb's pages, together with the commits that are only in the journal.
    fn commit_to_pages(&self, open: &Open, txn: WriteTransaction, commit_number: u64) -> Result<(), StoreError> {
        self.watch.verify(&open.disk)?;
        let reader = self.retained.before_commit(|| Ok(open.database.begin_read()?))?;
        commit_to_pages(txn)?;
        self.retained.committed(reader, open.disk.pages_bytes());
        self.options.metrics.retained_roots.set(self.retained.count() as u64);
        open.journal.checkpointed();
        self.has_unpaged_commits.store(false, Relaxed);
        self.watch.last_commit_file.record_open(&self.salt, commit_number);
        self.options.metrics.increment(Count::Checkpoints);
        Ok(())
    }

    /// Writes the commits that are only in the journal to redb's pages. `commit_number` is that of the last commit. After
    /// an error the file has to be opened again.
    pub fn checkpoint(&self, commit_number: u64) -> Result<(), StoreError> {
        self.watch.check_writable()?;
        match &*self.state() {
            State::Open(open) if self.has_unpaged_commits() => guard(|| {
                let txn = open.database.begin_write()?;
                self.commit_to_pages(open, txn, commit_number)
            }),
            _ => Ok(()),
        }
    }

    /// Whether the journal has commits that are not in redb's pages.
    pub fn has_unpaged_commits(&self) -> bool {
        self.has_unpaged_commits.load(Relaxed)
    }

    /// Releases old roots, and checks whether the file is still ours.
    pub fn run_maintenance(&self) {
        let state = self.state();
        let Some(disk) = state.disk() else { return };
        self.retained.sweep(self.file_bytes(), disk.pages_bytes());
        if !self.free_space.has_room_for_uploads() {
            self.retained.release_superseded();
        }
        self.options.metrics.retained_roots.set(self.retained.count() as u64);
        if self.foreign().is_none() {
            // This was logged when it was detected.
            let _ = self.watch.verify(disk);
        }
        self.write_down_damage();
    }

    fn write_down_damage(&self) {
        if self.damage.first().is_some() && self.foreign().is_none() {
            self.watch.last_commit_file.record_damaged();
        }
    }

    /// How the file differs from ours. `None` if it is still ours.
    pub fn foreign(&self) -> Option<Difference> {
        self.watch.difference()
    }

    /// Records that all rows have been checked, and all are what was written.
    pub fn found_sound(&self) {
        self.watch.last_commit_file.record_sound();
    }

    /// Closes the file and opens it again, at least for reading. Returns the number of the last commit.
    ///
    /// # Errors
    /// The file cannot be written yet.
    pub fn reopen(&self) -> Result<u64, StoreError> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(disk) = state.disk() {
            self.watch.verify(disk)?;
        }
        self.retained.clear();
        match std::mem::replace(&mut *state, State::Closed) {
            // A failed database writes nothing more.
            State::Open(Open { database, .. }) => {
                let _ = guard(|| Ok(database.close()?));
            }
            // An overlay has nothing to write.
            State::ReadOnly(_) | State::Closed => {}
        }
        let (fresh, commit_number) = match guard(|| open_database(&self.path, &self.options, GapPolicy::Forbid)) {
            Ok(opened) if opened.salt != self.salt => {
                return Err(self.watch.mark_foreign(&opened.disk, Difference::Replaced));
            }
            Ok(opened) => {
                self.has_unpaged_commits.store(opened.has_unpaged_commits, Relaxed);
                let open = Open {
                    database: opened.database,
                    journal: opened.journal,
                    disk: opened.disk,
                };
                (State::Open(open), Ok(opened.commit_number))
            }
            Err(error) => {
                let view = guard(|| open_overlay(&self.path, &self.options, CheckLevel::Lazy, FirstPage::First));
                (view.map_or(State::Closed, State::ReadOnly), Err(error))
            }
        };
        if let State::Open(open) = &fresh
            && let Ok(Some(reader)) = self
                .retained
                .before_commit(|| guard(|| Ok(open.database.begin_read()?)))
        {
            self.retained.committed(Some(reader), open.disk.pages_bytes());
        }
        *state = fresh;
        self.retained.watch_again(&self.path);
        self.watch.mark_ours();
        self.generation.fetch_add(1, Relaxed);
        commit_number
    }

    /// The number of the last commit that readers see.
    pub fn last_commit(&self) -> Option<u64> {
        self.read(last_commit).ok()
    }

    /// Waits until everything written is on the disk. Returns whether that succeeded.
    pub fn sync(&self) -> bool {
        File::open(&self.path).and_then(|file| file.sync_all()).is_ok()
    }

    pub fn generation(&self) -> u64 {
        self.generation.load(Relaxed)
    }

    pub fn is_writable(&self) -> bool {
        matches!(*self.state(), State::Open(_)) && self.foreign().is_none()
    }

    /// The length of the file.
    pub fn file_bytes(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |file| file.len())
    }

    /// The first commit after opening: makes the salt durable and starts the journal with it.
    pub fn begin(
        &self,
        commit_number: u64,
        before: &[u8],
        work: impl FnOnce(&mut Tables<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.watch
            .last_commit_file
            .record_opening(before, &self.salt, commit_number);
        self.write_to_pages(commit_number, work)?;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if let State::Open(open) = &mut *state {
            open.journal = open_journal::begin(open.disk.clone(), &self.options, self.salt);
        }
        Ok(())
    }

    /// Closes the file. `commit_number` is that of the commit that records when it was closed.
    pub fn close(&self, commit_number: u64) {
        self.write_down_damage();
        match self.write_to_pages(commit_number, |_| Ok(())) {
            Ok(()) => self.watch.last_commit_file.record_closed(&self.salt, commit_number),
            Err(error) => {
                tracing::warn!(cause = %error, "the data file was not closed cleanly; the next start will check it");
            }
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if let State::Open(open) = std::mem::replace(&mut *state, State::Closed)
            && let Err(error) = guard(|| Ok(open.database.close()?))
        {
            tracing::warn!(cause = %error, "closing the data file failed; nothing is lost");
        }
        drop(state);
        // Only now: until the file is closed, the retained roots keep it from truncating pages that they use.
        self.retained.clear();
    }

    /// Closes the file for reading as well.
    pub fn shut(&self) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = State::Closed;
        self.retained.clear();
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}
