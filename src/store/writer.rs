//! The one thread that writes: takes all that waits, and has it committed together.
//!
//! A batch is what arrived while the disk was busy with the one before. Whoever finds the writer idle is not kept
//! waiting, except for a moment where others came right behind the last time: people who answer each other come
//! together, and two commits, with two rounds of writing to everybody, would cost them far more. (What callers commit
//! themselves is told in `committer`.)

use super::committer::{Indexes, SharedCommitter, Turn};
use super::file::DataFile;
use super::pressure::Pressure;
use crate::error::Result;
use crate::limits::{BATCH_MAX, COMPANY_WAIT, COMPANY_WAITS_MAX, STORE_HEAL_EVERY};
use crate::model::{Change, Event};
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

// Almost every job is a change: a box for each would be an allocation for nothing.
#[allow(clippy::large_enum_variant)]
pub(super) enum Job {
    /// Something to do, and when it came.
    Change(Change, Answer, Instant, Turn),
    /// A reader met a failed file, the `opened`-th.
    Heal { opened: u64 },
    /// A reader waits for what is hidden, or there may be something to index.
    Wake,
    /// Take no more work, finish what there is.
    Close(oneshot::Sender<()>),
}

pub(super) type Answer = oneshot::Sender<Result<Event>>;

pub(super) struct Writer {
    file: Arc<DataFile>,
    committer: SharedCommitter,
    jobs: mpsc::Receiver<Job>,
    /// Only for waiting with an end.
    timer: Runtime,
    pressure: Arc<Pressure>,
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
        }
    }

    pub fn run(mut self) {
        let _end = End(self.committer.clone());
        let mut jobs = Vec::with_capacity(BATCH_MAX);
        let mut closing = Vec::new();
        while self.wait(&mut jobs) {
            let (mut changes, mut answers, mut turns) = (Vec::new(), Vec::new(), Vec::new());
            let (mut heal, mut oldest) = (false, None);
            let mut committer = self.committer.lock();
            for job in jobs.drain(..) {
                match job {
                    Job::Change(change, answer, came, turn) => {
                        oldest.get_or_insert(came);
                        changes.push(change);
                        answers.push(answer);
                        turns.push(turn);
                    }
                    Job::Heal { opened } => heal |= opened == self.file.opened(),
                    Job::Wake => self.file.sight.was_called(),
                    Job::Close(done) => {
                        self.jobs.close();
                        closing.push(done);
                    }
                }
            }
            oldest.into_iter().for_each(|came| self.pressure.began(came));
            if heal || (changes.is_empty() && !self.file.is_writable()) {
                committer.reopen_or_log();
            }
            if !changes.is_empty() {
                committer.batch(&changes, answers, Indexes::Now);
            } else if committer.unindexed && self.file.is_writable() && !self.file.sight.is_waited_for() {
                committer.index();
            }
            if self.file.sight.is_waited_for() {
                committer.show();
            }
            if !changes.is_empty() {
                committer.company = changes.len() + self.jobs.len();
            }
            drop(committer);
            drop(turns);
            if oldest.is_some() {
                self.pressure.answered();
            }
        }
        self.committer.lock().close();
        for done in closing {
            let _ = done.send(());
        }
    }

    /// Waits for work. False when there is none left and none can come.
    fn wait(&mut self, jobs: &mut Vec<Job>) -> bool {
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
            while jobs.len() < BATCH_MAX
                && let Ok(job) = self.jobs.try_recv()
            {
                jobs.push(job);
            }
            if jobs.len() == here {
                return;
            }
        }
    }
}
