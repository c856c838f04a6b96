//! The one thread that writes: takes all that waits, and has it committed together.
//!
//! A batch is what arrived while the disk was busy with the one before. Whoever finds the writer idle is not kept
//! waiting, except for a moment where others came right behind the last time: people who answer each other come
//! together, and two commits, with two rounds of writing to everybody, would cost them far more. (What callers commit
//! themselves is told in `committer`.)
//!
//! What concerns files is not committed with the rest. A piece of one is more than the journal takes, and costs ten
//! times what a post does; so it comes after all that is short, one piece at a time, and whoever talks while others
//! send files waits for one piece at most.

use super::committer::{Committer, Indexes, SharedCommitter, Turn};
use super::file::DataFile;
use super::pressure::Pressure;
use crate::error::Result;
use crate::limits::{BATCH_MAX, COMPANY_WAIT, COMPANY_WAITS_MAX, FILE_CHANGES_WAITING_MAX, STORE_HEAL_EVERY};
use crate::model::{Change, Event};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

// Almost every job is a change: a box for each would be an allocation for nothing.
#[allow(clippy::large_enum_variant)]
pub(super) enum Job {
    /// Something to do.
    Change(Waiting),
    /// A reader met a failed file, the `opened`-th.
    Heal { opened: u64 },
    /// A reader waits for what is hidden, or there may be something to index.
    Wake,
    /// Take no more work, finish what there is.
    Close(oneshot::Sender<()>),
}

/// A change that waits for its commit.
pub(super) struct Waiting {
    pub change: Change,
    pub answer: Answer,
    pub came: Instant,
    pub turn: Turn,
}

pub(super) type Answer = oneshot::Sender<Result<Event>>;

pub(super) struct Writer {
    file: Arc<DataFile>,
    committer: SharedCommitter,
    jobs: mpsc::Receiver<Job>,
    /// Only for waiting with an end.
    timer: Runtime,
    pressure: Arc<Pressure>,
    /// What concerns files and is not committed yet, in order.
    of_files: VecDeque<Waiting>,
}

/// Ends the feed with the writer, however that ends.
struct End(SharedCommitter);

impl Drop for End {
    fn drop(&mut self) {
        self.0.lock().end();
    }
}

impl Writer {
    pub fn new(
        file: Arc<DataFile>,
        committer: SharedCommitter,
        jobs: mpsc::Receiver<Job>,
        timer: Runtime,
        pressure: Arc<Pressure>,
    ) -> Writer {
        Writer {
            file,
            committer,
            jobs,
            timer,
            pressure,
            of_files: VecDeque::new(),
        }
    }

    pub fn run(mut self) {
        let shared = self.committer.clone();
        let _end = End(shared.clone());
        let mut jobs = Vec::with_capacity(BATCH_MAX);
        let mut closing = Vec::new();
        while self.wait(&mut jobs) {
            let (mut short, mut heal) = (Vec::new(), false);
            for job in jobs.drain(..) {
                match job {
                    Job::Change(waiting) => match waiting.change {
                        Change::File(_) => self.of_files.push_back(waiting),
                        _ => short.push(waiting),
                    },
                    Job::Heal { opened } => heal |= opened == self.file.opened(),
                    Job::Wake => self.file.sight.was_called(),
                    Job::Close(done) => {
                        self.jobs.close();
                        closing.push(done);
                    }
                }
            }
            // What waits in `of_files` keeps nobody waiting, and is no reason to shed anything.
            short
                .first()
                .into_iter()
                .for_each(|oldest| self.pressure.began(oldest.came));
            let is_something = !short.is_empty() || !self.of_files.is_empty();
            let mut committer = shared.lock();
            if heal || (!is_something && !self.file.is_writable()) {
                committer.reopen_or_log();
            }
            let mut turns = Vec::new();
            if is_something {
                let indexes = if short.is_empty() { Indexes::Now } else { Indexes::Later };
                commit(&mut committer, short, Indexes::Now, &mut turns);
                self.commit_of_files(&mut committer, indexes, &mut turns);
            } else if committer.unindexed && self.file.is_writable() && !self.file.sight.is_waited_for() {
                committer.index();
            }
            if self.file.sight.is_waited_for() {
                committer.show();
            }
            if is_something {
                committer.company = turns.len() + self.jobs.len();
            }
            drop(committer);
            drop(turns);
            if is_something {
                self.pressure.answered();
            }
        }
        self.committer.lock().close();
        for done in closing {
            let _ = done.send(());
        }
    }

    /// Commits the next change that concerns a file; more, together, where too many wait.
    fn commit_of_files(&mut self, committer: &mut Committer, indexes: Indexes, turns: &mut Vec<Turn>) {
        if self.of_files.is_empty() {
            return;
        }
        if self.file.sight.is_waited_for() {
            committer.show();
        }
        // Whoever comes meanwhile waits for this.
        self.pressure.began(Instant::now());
        let count = self.of_files.len().saturating_sub(FILE_CHANGES_WAITING_MAX).max(1);
        commit(committer, self.of_files.drain(..count), indexes, turns);
    }

    /// Waits for work. False when there is none left and none can come.
    fn wait(&mut self, jobs: &mut Vec<Job>) -> bool {
        if !self.of_files.is_empty() {
            self.take_more(jobs);
            return true;
        }
        if self.file.is_writable() {
            if self.jobs.is_empty() && !self.jobs.is_closed() && self.committer.lock().unindexed {
                return true;
            }
            let is_idle = self.jobs.is_empty();
            let is_some = self.jobs.blocking_recv_many(jobs, BATCH_MAX) > 0;
            if is_idle && jobs.iter().any(|job| matches!(job, Job::Change(..))) {
                self.wait_for_company(jobs);
            }
            return is_some;
        }
        let work = self.jobs.recv_many(jobs, BATCH_MAX);
        let work = self.timer.block_on(async { timeout(STORE_HEAL_EVERY, work).await });
        work.is_err() || work.is_ok_and(|count| count > 0)
    }

    /// Waits a moment for those who came together the last time, as long as somebody comes.
    fn wait_for_company(&mut self, jobs: &mut Vec<Job>) {
        let company = self.committer.lock().company.min(BATCH_MAX);
        for _ in 0..COMPANY_WAITS_MAX {
            let here = jobs.len();
            if here >= company {
                return;
            }
            std::thread::sleep(COMPANY_WAIT);
            self.take_more(jobs);
            if jobs.len() == here {
                return;
            }
        }
    }

    /// Takes what has come.
    fn take_more(&mut self, jobs: &mut Vec<Job>) {
        while jobs.len() < BATCH_MAX
            && let Ok(job) = self.jobs.try_recv()
        {
            jobs.push(job);
        }
    }
}

/// Commits these together.
fn commit(
    committer: &mut Committer,
    together: impl IntoIterator<Item = Waiting>,
    indexes: Indexes,
    turns: &mut Vec<Turn>,
) {
    let (mut changes, mut answers) = (Vec::new(), Vec::new());
    for waiting in together {
        changes.push(waiting.change);
        answers.push(waiting.answer);
        turns.push(waiting.turn);
    }
    if !changes.is_empty() {
        committer.batch(&changes, answers, indexes);
    }
}
