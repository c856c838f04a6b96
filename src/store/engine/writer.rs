//! The only thread that writes. It takes all waiting changes and commits them together: a batch is what arrived while
//! the disk was busy with the previous batch.
//!
//! Changes to files are committed separately. A chunk of a file does not fit into the journal, and costs ten times as
//! much as a post. So the short changes go first, and then one chunk at a time, or as many as exceed
//! [`FILE_CHANGES_WAITING_MAX`]: below that, a post waits for one chunk at most while other people upload files.
//!
//! When there is nothing to commit, the thread continues the search index, makes a checkpoint after an idle second,
//! and checks the file.

use super::committer::{Committer, Indexing};
use super::data_file::DataFile;
use super::job::{Job, QueuedChange};
use super::load_shedding::LoadShedding;
use crate::limits::{BATCH_MAX, CHECKPOINT_AFTER, FILE_CHANGES_WAITING_MAX, GROUP_COMMIT_DELAY, WATCH_EVERY};
use crate::model::Change;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

pub struct Writer {
    file: Arc<DataFile>,
    committer: Committer,
    jobs: mpsc::Receiver<Job>,
    /// Only for waits with a timeout.
    timer: Runtime,
    load: Arc<LoadShedding>,
    /// Changes to files that are not committed yet, in order.
    file_changes: VecDeque<QueuedChange>,
    /// How many changes are likely to arrive together: the larger of the last batch and half the previous estimate.
    group_expected: usize,
    /// When the last commit ended.
    committed: Instant,
    /// When the file was last checked.
    checked_at: Instant,
}

/// Stops all reads when the writer ends, even by a panic.
struct CloseOnDrop(Arc<DataFile>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.shut();
    }
}

/// The work of one round.
#[derive(Default)]
struct Round {
    changes: Vec<QueuedChange>,
    reopen: bool,
    closing: Vec<oneshot::Sender<()>>,
}

impl Writer {
    pub fn new(
        file: Arc<DataFile>,
        committer: Committer,
        jobs: mpsc::Receiver<Job>,
        timer: Runtime,
        load: Arc<LoadShedding>,
    ) -> Writer {
        Writer {
            file,
            committer,
            jobs,
            timer,
            load,
            file_changes: VecDeque::new(),
            group_expected: 1,
            committed: Instant::now(),
            checked_at: Instant::now(),
        }
    }

    pub fn run(mut self) {
        let _close = CloseOnDrop(self.file.clone());
        let mut jobs = Vec::with_capacity(BATCH_MAX);
        let mut closing = Vec::new();
        while self.wait(&mut jobs) {
            let mut round = self.sort(&mut jobs);
            closing.append(&mut round.closing);
            if self.checked_at.elapsed() >= WATCH_EVERY {
                self.checked_at = Instant::now();
                self.file.run_maintenance();
            }
            let is_something = !round.changes.is_empty() || !self.file_changes.is_empty();
            if round.reopen || (!is_something && !self.file.is_writable()) {
                self.committer.reopen_or_log();
            }
            match is_something {
                true => self.commit_round(round.changes),
                false => self.use_idle_time(),
            }
        }
        self.committer.close();
        for done in closing {
            let _ = done.send(());
        }
    }

    fn sort(&mut self, jobs: &mut Vec<Job>) -> Round {
        let mut round = Round::default();
        for job in jobs.drain(..) {
            match job {
                Job::Change(queued) => match queued.change {
                    Change::File(_) => self.file_changes.push_back(queued),
                    _ => round.changes.push(queued),
                },
                Job::Reopen { generation } => round.reopen |= generation == self.file.generation(),
                Job::Close(done) => {
                    self.jobs.close();
                    round.closing.push(done);
                }
            }
        }
        round
    }

    fn commit_round(&mut self, changes: Vec<QueuedChange>) {
        let indexing = if changes.is_empty() {
            Indexing::Now
        } else {
            Indexing::Later
        };
        if let Some(oldest) = changes.first() {
            self.load.began(oldest.queued_at);
            self.commit(changes, Indexing::Now);
        }
        if !self.file_changes.is_empty() {
            // File changes wait by design, which is no load. Others wait from now on.
            self.load.began(Instant::now());
            let count = self.file_changes.len().saturating_sub(FILE_CHANGES_WAITING_MAX).max(1);
            let pieces = self.file_changes.drain(..count).collect();
            self.commit(pieces, indexing);
        }
        self.load.answered();
        self.committed = Instant::now();
    }

    fn use_idle_time(&mut self) {
        if self.committer.unindexed && self.file.is_writable() {
            self.committer.index();
        } else if self.is_checkpoint_due() {
            self.committer.checkpoint();
        }
    }

    fn is_checkpoint_due(&self) -> bool {
        self.file.has_unpaged_commits() && self.file.is_writable() && self.committed.elapsed() >= CHECKPOINT_AFTER
    }

    /// Waits for work. Returns false when there is no work left and none can arrive.
    fn wait(&mut self, jobs: &mut Vec<Job>) -> bool {
        let is_idle_work = self.file.is_writable() && self.committer.unindexed && self.jobs.is_empty();
        if !self.file_changes.is_empty() || (is_idle_work && !self.jobs.is_closed()) {
            while jobs.len() < BATCH_MAX
                && let Ok(job) = self.jobs.try_recv()
            {
                jobs.push(job);
            }
            return true;
        }
        let wait = self.wait_max();
        let work = self.jobs.recv_many(jobs, BATCH_MAX);
        let work = self.timer.block_on(async { timeout(wait, work).await });
        if matches!(work, Ok(1..)) {
            self.wait_for_group(jobs);
        }
        work.is_err() || work.is_ok_and(|count| count > 0)
    }

    /// If recent batches were larger than this one, waits briefly for the other changes. One commit for all of them,
    /// and one delivery of its events, cost less than two.
    fn wait_for_group(&mut self, jobs: &mut Vec<Job>) {
        if jobs.len() < self.group_expected {
            std::thread::sleep(GROUP_COMMIT_DELAY);
            while jobs.len() < BATCH_MAX
                && let Ok(job) = self.jobs.try_recv()
            {
                jobs.push(job);
            }
        }
        self.group_expected = jobs.len().max(self.group_expected / 2);
    }

    /// How long to wait for changes before other work is due.
    fn wait_max(&self) -> Duration {
        let wait = WATCH_EVERY.saturating_sub(self.checked_at.elapsed());
        match self.file.has_unpaged_commits() && self.file.is_writable() {
            true => wait.min(CHECKPOINT_AFTER.saturating_sub(self.committed.elapsed())),
            false => wait,
        }
    }

    fn commit(&mut self, together: Vec<QueuedChange>, indexing: Indexing) {
        let (mut changes, mut replies) = (Vec::with_capacity(together.len()), Vec::with_capacity(together.len()));
        for queued in together {
            changes.push(queued.change);
            replies.push(queued.reply);
        }
        self.committer.batch(&changes, replies, indexing);
    }
}
