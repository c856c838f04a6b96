//! One transaction of the data file: what is done in it, and how that becomes durable.

use super::codec::CommitRow;
use super::fault::{Fault, guard};
use super::journal::{Journal, JournalRow, Redo};
use super::tables::{JOURNAL, Tables, put};
use redb::{Database, Durability, WriteTransaction};
use self_cell::self_cell;
use std::sync::{Mutex, PoisonError};

/// A write transaction of redb, and what it has done to rows since its last commit.
pub(super) struct Base {
    txn: WriteTransaction,
    redo: Mutex<Redo>,
}

self_cell!(
    /// A write transaction and its tables, which stay open from one commit to the next.
    pub(super) struct Open {
        owner: Base,
        #[not_covariant]
        dependent: Tables,
    }
);

impl Open {
    fn begin(database: &Database) -> Result<Open, Fault> {
        let (txn, redo) = (database.begin_write()?, Mutex::default());
        Ok(Open::new(Base { txn, redo }, |base| Tables::new(&base.txn, &base.redo)))
    }

    /// The transaction, with its tables closed.
    fn close(self) -> WriteTransaction {
        self.into_owner().txn
    }

    /// The transaction, with its tables closed and what redb is to know of the journal, to be made durable.
    fn close_durably(mut self, journal: Option<&JournalRow>) -> Result<WriteTransaction, Fault> {
        if let Some(row) = journal {
            self.with_dependent_mut(|_, tables| put(tables.meta.write()?, JOURNAL, row))?;
        }
        let mut txn = self.close();
        txn.set_durability(Durability::Immediate)?;
        // So that the file opens at once after a kill.
        txn.set_quick_repair(true);
        Ok(txn)
    }

    /// Gives up all that was done in it.
    pub fn abort(self) -> Result<(), Fault> {
        Ok(self.close().abort()?)
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

/// A transaction whose work is done, and is not durable yet.
pub(super) struct Made<T> {
    pub open: Open,
    pub done: T,
    /// Nothing where there is nothing to commit.
    pub commit: Option<CommitRow>,
    pub redo: Redo,
}

/// What became of a transaction.
pub(super) enum Ended {
    Nothing,
    /// It is durable, and readers see it.
    Shown,
    /// It is durable, and readers do not see it yet.
    Hidden(Open),
}

/// Runs `work` in `open`, or in a transaction of its own.
pub(super) fn make<T>(
    database: &Database,
    open: Option<Open>,
    count: u64,
    work: impl FnOnce(&mut Tables<'_>) -> Result<(T, Wrote), Fault>,
) -> Result<Made<T>, Failed<T>> {
    let made = guard(|| {
        let mut open = match open {
            Some(open) => open,
            None => Open::begin(database)?,
        };
        open.with_dependent_mut(|base, tables| {
            let (done, wrote) = work(tables)?;
            let commit = match wrote {
                Wrote::Something => Some(tables.stamp(count)?),
                Wrote::Nothing => None,
            };
            let mut redo = base.redo.lock().unwrap_or_else(PoisonError::into_inner);
            Ok((done, commit, std::mem::take(&mut *redo)))
        })
        .map(|(done, commit, redo)| Made {
            open,
            done,
            commit,
            redo,
        })
    });
    made.map_err(Failed::Before)
}

impl<T> Made<T> {
    /// Makes it durable: in the journal, where there is one with room, else in the pages of redb.
    pub fn end(self, journal: Option<&Journal>, may_hide: bool) -> Result<(T, Ended), Failed<T>> {
        let Made {
            open,
            done,
            commit,
            redo,
        } = self;
        let Some(commit) = commit else {
            return match guard(|| open.abort()) {
                Ok(()) => Ok((done, Ended::Nothing)),
                Err(fault) => Err(Failed::Before(fault)),
            };
        };
        let end = guard(
            || match journal.and_then(|journal| Some((journal, journal.record(&commit, redo)?))) {
                Some((journal, record)) => {
                    journal.append(&record)?;
                    if journal.is_checkpoint_due() {
                        let row = journal.row()?;
                        let txn = open.close_durably(Some(&row))?;
                        journal.checkpoint(row, || Ok(txn.commit()?))?;
                        return Ok(Ended::Shown);
                    }
                    if may_hide {
                        return Ok(Ended::Hidden(open));
                    }
                    show(open)?;
                    Ok(Ended::Shown)
                }
                None => {
                    let row = journal.map(Journal::row).transpose()?;
                    open.close_durably(row.as_ref())?.commit()?;
                    journal.zip(row).inspect(|(journal, row)| journal.begin_again(row));
                    Ok(Ended::Shown)
                }
            },
        );
        match end {
            Ok(ended) => Ok((done, ended)),
            Err(fault) => Err(Failed::AtCommit(done, fault)),
        }
    }
}

/// Has readers see what is durable in the journal.
pub(super) fn show(open: Open) -> Result<(), Fault> {
    let mut txn = open.close();
    txn.set_durability(Durability::None)?;
    Ok(txn.commit()?)
}

/// Runs `work` as one transaction of `database`, which is durable in its pages.
pub(super) fn write<T>(
    database: &Database,
    count: u64,
    work: impl FnOnce(&mut Tables<'_>) -> Result<(T, Wrote), Fault>,
) -> Result<T, Failed<T>> {
    let (done, _) = make(database, None, count, work)?.end(None, false)?;
    Ok(done)
}
