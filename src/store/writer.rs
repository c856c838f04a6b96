//! The one thread that writes: takes all that waits, runs it as one transaction, commits once,
//! answers each caller in order, and feeds the events in commit order.
//!
//! A batch is what arrived while the disk was busy with the one before. Whoever finds the writer idle is not kept
//! waiting, except for a moment where others came right behind the last time: people who answer each other come
//! together, and two commits, with two rounds of writing to everybody, would cost them far more.

use super::apply::{Outcomes, apply_all, told};
use super::fault::Fault;
use super::feed::{Mouth, News};
use super::file::{DataFile, Failed, Wrote};
use super::pressure::Pressure;
use super::search::index::{self, Step};
use crate::error::Result;
use crate::limits::{BATCH_MAX, COMPANY_WAIT, COMPANY_WAITS_MAX, STORE_HEAL_EVERY};
use crate::model::{Change, Event, FileChange};
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

// Almost every job is a change: a box for each would be an allocation for nothing.
#[allow(clippy::large_enum_variant)]
pub(super) enum Job {
    /// Something to do, and when it came.
    Change(Change, Answer, Instant),
    /// A reader met a failed file, the `opened`-th.
    Heal { opened: u64 },
    /// Take no more work, finish what there is.
    Close(oneshot::Sender<()>),
}

pub(super) type Answer = oneshot::Sender<Result<Event>>;

pub(super) struct Writer {
    file: Arc<DataFile>,
    jobs: mpsc::Receiver<Job>,
    mouth: Mouth,
    /// The number of the last commit.
    commits: u64,
    /// A commit that failed with the file: whether it happened is seen when the file opens again.
    in_doubt: Option<(u64, Vec<Event>)>,
    /// The last commit failed for want of space: what fails because of it is told so.
    full: bool,
    /// There may be more to index: it is done while there is nothing else to do.
    unindexed: bool,
    /// Only for waiting with an end.
    timer: Runtime,
    pressure: Arc<Pressure>,
    /// How many came together when somebody last found the writer idle.
    company: usize,
}

impl Writer {
    pub fn new(
        file: Arc<DataFile>,
        jobs: mpsc::Receiver<Job>,
        mouth: Mouth,
        commits: u64,
        timer: Runtime,
        pressure: Arc<Pressure>,
    ) -> Writer {
        Writer {
            file,
            jobs,
            mouth,
            commits,
            in_doubt: None,
            full: false,
            unindexed: true,
            timer,
            pressure,
            company: 0,
        }
    }

    pub fn run(mut self) {
        let mut jobs = Vec::with_capacity(BATCH_MAX);
        let mut closing = Vec::new();
        while self.wait(&mut jobs) {
            let came = jobs.len();
            let (mut changes, mut answers) = (Vec::new(), Vec::new());
            let (mut heal, mut oldest) = (false, None);
            for job in jobs.drain(..) {
                match job {
                    Job::Change(change, answer, came) => {
                        oldest.get_or_insert(came);
                        changes.push(change);
                        answers.push(answer);
                    }
                    Job::Heal { opened } => heal |= opened == self.file.opened(),
                    Job::Close(done) => {
                        self.jobs.close();
                        closing.push(done);
                    }
                }
            }
            oldest.into_iter().for_each(|came| self.pressure.began(came));
            if heal || (changes.is_empty() && !self.file.is_writable()) {
                self.reopen_or_log();
            }
            if !changes.is_empty() {
                self.batch(&changes, answers);
            } else if self.unindexed && self.file.is_writable() {
                self.index();
            }
            self.pressure.answered();
            self.company = came + self.jobs.len();
        }
        self.file.close(self.commits + 1);
        drop(self.mouth);
        for done in closing {
            let _ = done.send(());
        }
    }

    /// Waits for work. False when there is none left and none can come.
    fn wait(&mut self, jobs: &mut Vec<Job>) -> bool {
        if self.file.is_writable() {
            if self.unindexed && self.jobs.is_empty() && !self.jobs.is_closed() {
                return true;
            }
            let is_idle = self.jobs.is_empty();
            let is_some = self.jobs.blocking_recv_many(jobs, BATCH_MAX) > 0;
            if is_some && is_idle {
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
        for _ in 0..COMPANY_WAITS_MAX {
            let here = jobs.len();
            if here >= self.company.min(BATCH_MAX) {
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

    /// Goes on with the index while there is nothing else to do.
    fn index(&mut self) {
        if let Err(fault) = self.attempt(&[]) {
            // The next commit tries again.
            self.unindexed = false;
            tracing::warn!(cause = %fault, "nothing could be indexed now");
        }
    }

    fn batch(&mut self, changes: &[Change], answers: Vec<Answer>) {
        match self.attempt(changes) {
            Ok(outcomes) => self.finish(outcomes, answers),
            Err(fault) => {
                tracing::warn!(changes = changes.len(), cause = %fault, "a batch failed");
                self.one_by_one(changes, answers, fault);
            }
        }
    }

    /// What is left of a batch after `fault`: one change cannot fail the others, a disk can.
    fn one_by_one(&mut self, changes: &[Change], answers: Vec<Answer>, mut fault: Fault) {
        let mut hopeless = !self.file.is_writable();
        for (change, answer) in changes.iter().zip(answers) {
            if !hopeless {
                match self.attempt(std::slice::from_ref(change)) {
                    Ok(outcomes) => {
                        self.finish(outcomes, vec![answer]);
                        continue;
                    }
                    Err(again) => {
                        hopeless = again.is_of_the_disk() && !matches!(again, Fault::Full);
                        fault = again;
                    }
                }
            }
            let _ = answer.send(Err(fault.error_again()));
        }
    }

    /// Runs `changes` as one transaction: all of them, or, with an error, none.
    fn attempt(&mut self, changes: &[Change]) -> std::result::Result<Outcomes, Fault> {
        // What only removes may use the last of the space: nobody has to stay logged in for want of it.
        let removes = |change: &Change| {
            matches!(
                change,
                Change::CloseSession { .. }
                    | Change::CloseOtherSessions { .. }
                    | Change::DropSessions { .. }
                    | Change::File(FileChange::GiveUp { .. } | FileChange::Erase { .. })
            )
        };
        if (changes.is_empty() || !changes.iter().all(removes)) && !self.file.has_room() {
            return Err(Fault::Full);
        }
        if !self.file.is_writable() {
            self.reopen()
                .map_err(|fault| if self.full { Fault::Full } else { fault })?;
        }
        let count = self.commits + 1;
        let (mut step, began) = (None, Instant::now());
        let written = self.file.write(count, |tables| {
            let (outcomes, wrote) = apply_all(tables, changes)?;
            if matches!(wrote, Wrote::Nothing) && !changes.is_empty() {
                return Ok((outcomes, wrote));
            }
            match *step.insert(index::step(tables, changes.len())?) {
                Step::Wrote => Ok((outcomes, Wrote::Something)),
                Step::Nothing => Ok((outcomes, wrote)),
            }
        });
        if let Some(step) = step {
            self.unindexed = step == Step::Wrote;
        }
        match written {
            Ok((outcomes, Wrote::Nothing)) => Ok(outcomes),
            Ok((outcomes, Wrote::Something)) => {
                self.commits = count;
                self.pressure.committed(changes.len(), began.elapsed());
                Ok(outcomes)
            }
            Err(Failed::Before(fault)) => {
                if fault.is_of_the_disk() {
                    self.reopen_or_log();
                }
                Err(fault)
            }
            Err(Failed::AtCommit(outcomes, fault)) => {
                self.full = fault.is_full();
                match self.reopen() {
                    Ok(()) if self.commits == count => Ok(outcomes),
                    Ok(()) => Err(fault),
                    Err(_) if self.file.last_commit().is_some_and(|last| last < count) => Err(fault),
                    // The disk took the commit, and then nothing more: once it is down there, it has happened.
                    Err(_) if fault.is_full() && self.file.last_commit() == Some(count) && self.file.sync() => {
                        self.commits = count;
                        Ok(outcomes)
                    }
                    Err(closed) => {
                        self.in_doubt = Some((count, told(&outcomes)));
                        Err(Fault::Closed(format!("{fault}; then {closed}")))
                    }
                }
            }
        }
    }

    /// Opens the file again, and tells of what turns out to have happened.
    fn reopen(&mut self) -> std::result::Result<(), Fault> {
        self.commits = self.file.reopen()?;
        if let Some((count, events)) = self.in_doubt.take()
            && self.commits == count
        {
            self.mouth.say(News::signals(events));
        }
        Ok(())
    }

    fn reopen_or_log(&mut self) {
        if let Err(fault) = self.reopen() {
            tracing::error!(cause = %fault, "the data file cannot be opened again yet");
        }
    }

    /// Answers each caller in order, then tells everybody.
    fn finish(&self, outcomes: Outcomes, answers: Vec<Answer>) {
        let events = told(&outcomes);
        let answers = outcomes
            .into_iter()
            .map(|outcome| outcome.map(|done| done.answer))
            .zip(answers)
            .collect();
        self.mouth.say(News::of(answers, events));
    }
}
