//! Commits: runs changes as one transaction, and hands the answers and the events to the publisher in commit order.
//! Only a change that meets an error of the store is answered here.

use super::data_file::DataFile;
use super::job::Reply;
use super::load_shedding::LoadShedding;
use super::publisher::{CommitOutput, Publisher};
use super::transaction::{Effect, TransactionOutput, WriteFailure};
use crate::model::{Change, Event, FileChange};
use crate::store::changes::apply_all;
use crate::store::changes::outcome::{self, Outcomes};
use crate::store::search::index::{self, Step};
use crate::store::store_error::StoreError;
use std::sync::Arc;
use std::time::Instant;

pub struct Committer {
    file: Arc<DataFile>,
    publisher: Publisher,
    /// The number of the last commit.
    last_commit: u64,
    /// A commit that failed together with the file. Only opening the file again shows whether it took effect.
    in_doubt: Option<(u64, Vec<Event>)>,
    /// The last commit failed because the disk was full, so failures that follow from it report a full disk.
    full: bool,
    /// There may be more to index, which happens with the next batch of posts or when the writer is idle.
    pub unindexed: bool,
    load: Arc<LoadShedding>,
}

/// Whether a batch also writes the part of the search index that is due.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Indexing {
    Now,
    Later,
}

impl Committer {
    pub fn new(file: Arc<DataFile>, publisher: Publisher, last_commit: u64, load: Arc<LoadShedding>) -> Committer {
        Committer {
            file,
            publisher,
            last_commit,
            in_doubt: None,
            full: false,
            unindexed: true,
            load,
        }
    }

    /// Closes the file.
    pub fn close(&mut self) {
        self.file.close(self.last_commit + 1);
    }

    /// Continues the search index while the writer is idle.
    pub fn index(&mut self) {
        if let Err(error) = self.attempt(&[], Indexing::Now) {
            // The next commit tries again.
            self.unindexed = false;
            tracing::warn!(cause = %error, "the search index cannot be updated now");
        }
    }

    /// Writes the commits that are only in the journal to redb's pages.
    pub fn checkpoint(&mut self) {
        if let Err(error) = self.file.checkpoint(self.last_commit) {
            tracing::warn!(cause = %error, "a checkpoint failed; nothing is lost, because the journal has every commit");
            self.reopen_or_log();
        }
    }

    pub fn batch(&mut self, changes: &[Change], replies: Vec<Reply>, indexing: Indexing) {
        match self.attempt(changes, indexing) {
            Ok((outcomes, events)) => self.publish(outcomes, events, replies),
            Err(error) => {
                tracing::warn!(changes = changes.len(), cause = %error, "a batch failed");
                self.one_by_one(changes, replies, error);
            }
        }
    }

    /// Runs the changes of a batch that failed with `error` one at a time. A change that meets a damaged row, or has no
    /// space, must not fail the others; a failed disk does.
    fn one_by_one(&mut self, changes: &[Change], replies: Vec<Reply>, mut error: StoreError) {
        let mut must_stop = !self.file.is_writable();
        for (change, reply) in changes.iter().zip(replies) {
            if !must_stop {
                match self.attempt(std::slice::from_ref(change), Indexing::Later) {
                    Ok((outcomes, events)) => {
                        self.publish(outcomes, events, vec![reply]);
                        continue;
                    }
                    Err(again) => {
                        must_stop = again.needs_reopen() && !matches!(again, StoreError::Full);
                        error = again;
                    }
                }
            }
            let _ = reply.send(Err(error.to_error()));
        }
    }

    /// Runs `changes` as one transaction. On an error, none of them has taken effect.
    fn attempt(&mut self, changes: &[Change], indexing: Indexing) -> Result<(Outcomes, Vec<Event>), StoreError> {
        if !self.has_room_for(changes) {
            return Err(StoreError::Full);
        }
        if !self.file.is_writable() {
            self.reopen()
                .map_err(|error| if self.full { StoreError::Full } else { error })?;
        }
        let commit_number = self.last_commit + 1;
        let (mut step, began) = (None, Instant::now());
        let written = self.file.write(commit_number, |tables| {
            let outcomes = apply_all(tables, changes)?;
            let mut effect = match outcomes.iter().flatten().any(|outcome| outcome.wrote) {
                true => Effect::Something,
                false => Effect::Nothing,
            };
            if indexing == Indexing::Now && (effect == Effect::Something || changes.is_empty()) {
                let indexed = index::index_due_segments(tables, changes.len())?;
                step = Some(indexed);
                if indexed == Step::Wrote {
                    effect = Effect::Something;
                }
            }
            Ok(TransactionOutput {
                events: outcome::events(&outcomes),
                done: outcomes,
                effect,
            })
        });
        if let Some(step) = step {
            self.unindexed = step == Step::Wrote;
        }
        match written {
            Ok(work) => {
                if work.effect == Effect::Something {
                    self.last_commit = commit_number;
                    self.load.committed(changes.len(), began.elapsed());
                }
                Ok((work.done, work.events))
            }
            Err(WriteFailure::Before(error)) => {
                if error.needs_reopen() {
                    self.reopen_or_log();
                }
                Err(error)
            }
            Err(WriteFailure::AtCommit(work, error)) => self.resolve_in_doubt(*work, commit_number, error),
        }
    }

    /// Changes that only remove data may use the last of the disk space, and so may log-ins.
    fn has_room_for(&self, changes: &[Change]) -> bool {
        let needs_none = |change: &Change| {
            matches!(
                change,
                Change::OpenSession { .. }
                    | Change::CloseSession { .. }
                    | Change::CloseOtherSessions { .. }
                    | Change::DropSessions { .. }
                    | Change::File(FileChange::GiveUp { .. } | FileChange::Erase { .. })
            )
        };
        let uploads = |change: &Change| matches!(change, Change::File(FileChange::Keep { .. } | FileChange::Add(_)));
        let free_space = &self.file.free_space;
        if changes.iter().any(uploads) && !free_space.has_room_for_uploads() {
            return false;
        }
        (!changes.is_empty() && changes.iter().all(needs_none)) || free_space.has_room()
    }

    /// Resolves a commit that failed half-way: opening the file again shows whether it took effect.
    fn resolve_in_doubt(
        &mut self,
        work: TransactionOutput<Outcomes>,
        commit_number: u64,
        error: StoreError,
    ) -> Result<(Outcomes, Vec<Event>), StoreError> {
        self.full = error.is_full();
        let happened = match self.reopen() {
            Ok(()) => self.last_commit == commit_number,
            Err(_) if self.file.last_commit().is_some_and(|last| last < commit_number) => false,
            // The disk took the commit and then became full. If a sync succeeds now, the commit is durable.
            Err(_) if error.is_full() && self.file.last_commit() == Some(commit_number) && self.file.sync() => {
                self.last_commit = commit_number;
                true
            }
            Err(closed) => {
                self.in_doubt = Some((commit_number, work.events));
                return Err(StoreError::Closed(format!("{error}; then {closed}")));
            }
        };
        match happened {
            true => Ok((work.done, work.events)),
            false => Err(error),
        }
    }

    /// Opens the file again. If a commit in doubt took effect, its events are published.
    fn reopen(&mut self) -> Result<(), StoreError> {
        self.last_commit = self.file.reopen()?;
        if let Some((commit_number, events)) = self.in_doubt.take()
            && self.last_commit == commit_number
        {
            self.publisher.publish(CommitOutput::events(events));
        }
        Ok(())
    }

    pub fn reopen_or_log(&mut self) {
        match self.reopen() {
            Ok(()) => {}
            // This was logged when it was detected.
            Err(StoreError::Foreign(_)) => {}
            Err(error) => tracing::error!(cause = %error, "the data file cannot be reopened yet"),
        }
    }

    /// Hands the answers and the events to the publisher.
    fn publish(&mut self, outcomes: Outcomes, events: Vec<Event>, replies: Vec<Reply>) {
        let answers = outcomes.into_iter().map(|outcome| outcome.map(|done| done.answer));
        self.publisher
            .publish(CommitOutput::new(answers.zip(replies).collect(), events));
    }
}
