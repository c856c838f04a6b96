//! Commits: runs changes as one transaction, answers each caller in order, and feeds the events in commit order.
//!
//! Whoever holds the lock around this commits. Mostly that is the writer. But a caller who finds nobody else with
//! anything to say commits on their own thread, where the disk has been quick: to wake the writer and to be woken by it
//! costs two changes of threads, in a small room as much as half of all the rest of a message. What keeps others
//! waiting, such as a long change, a checkpoint or a slow disk, is the writer's; and so is all where many are
//! connected, to whom a message costs far more than that.

use super::apply::{Outcomes, apply_all, told};
use super::fault::Fault;
use super::feed::{Mouth, News};
use super::file::DataFile;
use super::pressure::Pressure;
use super::search::index::{self, Step};
use super::txn::{Failed, Wrote};
use super::writer::Answer;
use crate::limits::{
    ALONE_FOR, OWN_CONNECTIONS_MAX, QUICK_COMMITS, STALL_FORGOTTEN_AFTER, STALL_PAUSE, STALL_PAUSE_MAX, STALLED_COMMIT,
    UNINDEXED_COMMITS_MAX,
};
use crate::metrics::Count;
use crate::model::{Act, Change, Event, FileChange};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::OwnedPermit;

/// Which changes callers commit themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnCommits {
    /// None.
    Never,
    /// Short ones, where nobody else commits, few are there, and commits take no longer than this.
    WhereQuick(Duration),
    /// Short ones, where nobody else commits.
    Always,
}

/// How many changes there are that are not answered yet.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<AtomicUsize>);

/// One of those changes.
pub(super) struct Turn(Turns);

impl Turns {
    pub fn take(&self) -> Turn {
        self.0.fetch_add(1, Ordering::AcqRel);
        Turn(self.clone())
    }
}

impl Turn {
    /// Whether there is no other.
    pub fn is_only(&self) -> bool {
        self.0.0.load(Ordering::Acquire) == 1
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}

pub(super) struct Committer {
    file: Arc<DataFile>,
    /// None once the file is closed.
    mouth: Option<Mouth>,
    /// A place in the feed for what a caller's own commit has to say.
    place: Option<OwnedPermit<News>>,
    /// The number of the last commit.
    commits: u64,
    /// A commit that failed with the file: whether it happened is seen when the file opens again.
    in_doubt: Option<(u64, Vec<Event>)>,
    /// The last commit failed for want of space: what fails because of it is told so.
    full: bool,
    /// There may be more to index: the writer does it while there is nothing else to do.
    pub unindexed: bool,
    /// Callers' own commits since somebody looked whether there is.
    unlooked: usize,
    pressure: Arc<Pressure>,
    /// How many came together when somebody last found the writer idle.
    pub company: usize,
    /// How many of the last commits in a row were quick.
    quick: usize,
    /// When the last commit ended.
    ended: Instant,
    /// After a caller's own commit that stalled, there is none until then,
    no_own_until: Instant,
    /// and after the next one for so long.
    pause: Duration,
    /// How many there were since one stalled.
    own_in_a_row: usize,
}

impl Committer {
    pub fn new(file: Arc<DataFile>, mouth: Mouth, commits: u64, pressure: Arc<Pressure>) -> Committer {
        Committer {
            file,
            mouth: Some(mouth),
            place: None,
            commits,
            in_doubt: None,
            full: false,
            unindexed: true,
            unlooked: 0,
            pressure,
            company: 0,
            quick: 0,
            ended: Instant::now(),
            no_own_until: Instant::now(),
            pause: STALL_PAUSE,
            own_in_a_row: 0,
        }
    }

    /// Whether a caller may commit this on their own thread now, because it keeps nobody waiting.
    pub fn takes(&mut self, change: &Change) -> bool {
        if self.may_own(change) {
            self.place = self.mouth.as_ref().and_then(Mouth::place);
        }
        self.place.is_some()
    }

    /// Commits what it takes. Tells whether the writer should look around: for something to index, or at a file that
    /// takes no more writes.
    pub fn commit_own(&mut self, change: &Change, answer: Answer) -> bool {
        let (before, began) = (self.commits, Instant::now());
        self.batch(std::slice::from_ref(change), vec![answer], Indexes::Later);
        self.place = None;
        if self.commits == before {
            // The writer heals what can be healed.
            return !self.file.is_writable();
        }
        self.pressure.metrics.one(Count::OwnCommits);
        self.own_in_a_row += 1;
        if began.elapsed() >= STALLED_COMMIT {
            self.no_own_until = Instant::now() + self.pause;
            self.pause = (2 * self.pause).min(STALL_PAUSE_MAX);
            self.own_in_a_row = 0;
        } else if self.own_in_a_row >= STALL_FORGOTTEN_AFTER {
            self.pause = STALL_PAUSE;
        }
        self.unlooked += 1;
        let is_due = self.unlooked >= UNINDEXED_COMMITS_MAX;
        if is_due {
            self.unlooked = 0;
            self.unindexed = true;
        }
        is_due
    }

    fn may_own(&self, change: &Change) -> bool {
        // What is edited or deleted changes its index, and a mark may pass over thousands of posts.
        let is_short = match change {
            Change::Post(_) => true,
            Change::Act { act, .. } => matches!(act, Act::React { .. } | Act::Pin { .. }),
            _ => false,
        };
        let is_quick = || {
            self.quick >= QUICK_COMMITS
                && self.company <= 1
                && self.ended.elapsed() >= ALONE_FOR
                && Instant::now() >= self.no_own_until
                && self.pressure.metrics.connections.get() <= OWN_CONNECTIONS_MAX
        };
        let may = match self.file.options.own_commits {
            OwnCommits::Never => false,
            OwnCommits::WhereQuick(_) => is_short && is_quick(),
            OwnCommits::Always => is_short,
        };
        may && self.in_doubt.is_none() && self.file.is_roomy()
    }

    fn is_quick(&self, took: Duration) -> bool {
        match self.file.options.own_commits {
            OwnCommits::WhereQuick(limit) => took <= limit,
            _ => true,
        }
    }

    /// Closes the file and ends the feed.
    pub fn close(&mut self) {
        self.file.close(self.commits + 1);
        (self.mouth, self.place) = (None, None);
    }

    /// Ends the feed and all reading, also where the writer has come to a bad end.
    pub fn end(&mut self) {
        self.file.shut();
        (self.mouth, self.place) = (None, None);
    }

    /// Shows readers what is hidden from them.
    pub fn show(&mut self) {
        if let Err(fault) = self.file.show() {
            tracing::warn!(cause = %fault, "what is durable cannot be shown");
            self.reopen_or_log();
        }
    }

    /// Goes on with the index while there is nothing else to do.
    pub fn index(&mut self) {
        if let Err(fault) = self.attempt(&[], Indexes::Now) {
            // The next commit tries again.
            self.unindexed = false;
            tracing::warn!(cause = %fault, "nothing could be indexed now");
        }
    }

    pub fn batch(&mut self, changes: &[Change], answers: Vec<Answer>, indexes: Indexes) {
        match self.attempt(changes, indexes) {
            Ok(outcomes) => self.finish(outcomes, answers),
            Err(fault) => {
                tracing::warn!(changes = changes.len(), cause = %fault, "a batch failed");
                self.one_by_one(changes, answers, fault);
            }
        }
        self.ended = Instant::now();
    }

    /// What is left of a batch after `fault`: one change cannot fail the others, a disk can.
    fn one_by_one(&mut self, changes: &[Change], answers: Vec<Answer>, mut fault: Fault) {
        let mut hopeless = !self.file.is_writable();
        for (change, answer) in changes.iter().zip(answers) {
            if !hopeless {
                match self.attempt(std::slice::from_ref(change), Indexes::Later) {
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
    fn attempt(&mut self, changes: &[Change], indexes: Indexes) -> std::result::Result<Outcomes, Fault> {
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
            if indexes == Indexes::Later || (matches!(wrote, Wrote::Nothing) && !changes.is_empty()) {
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
                let took = began.elapsed();
                // What else a commit may take long with says nothing about the disk.
                if changes.len() == 1 && step != Some(Step::Wrote) {
                    self.quick = if self.is_quick(took) { self.quick + 1 } else { 0 };
                }
                self.pressure.committed(changes.len(), took);
                Ok(outcomes)
            }
            Err(Failed::Before(fault)) => {
                self.quick = 0;
                // What was hidden is gone with the transaction, but for the journal.
                if fault.is_of_the_disk() || self.file.sight.hides() {
                    self.reopen_or_log();
                }
                Err(fault)
            }
            Err(Failed::AtCommit(outcomes, fault)) => {
                self.quick = 0;
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
            self.say(News::signals(events));
        }
        Ok(())
    }

    pub fn reopen_or_log(&mut self) {
        if let Err(fault) = self.reopen() {
            tracing::error!(cause = %fault, "the data file cannot be opened again yet");
        }
    }

    /// Answers each caller in order, then tells everybody.
    fn finish(&mut self, outcomes: Outcomes, answers: Vec<Answer>) {
        let events = told(&outcomes);
        let answers = outcomes
            .into_iter()
            .map(|outcome| outcome.map(|done| done.answer))
            .zip(answers)
            .collect();
        self.say(News::of(answers, events));
    }

    fn say(&mut self, news: News) {
        let place = self.place.take();
        let unsaid = self.mouth.as_ref().and_then(|mouth| mouth.say(news, place));
        let Some(news) = unsaid else { return };
        // Nobody who asks meanwhile shall wait for those who listen.
        if self.file.sight.hides() {
            self.show();
        }
        if let Some(mouth) = &self.mouth {
            mouth.wait_and_say(news);
        }
    }
}

/// The committer, for whoever commits now.
#[derive(Clone)]
pub(super) struct SharedCommitter(Arc<Mutex<Committer>>);

impl SharedCommitter {
    pub fn new(committer: Committer) -> SharedCommitter {
        SharedCommitter(Arc::new(Mutex::new(committer)))
    }

    pub fn lock(&self) -> MutexGuard<'_, Committer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// At once or not at all.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, Committer>> {
        match self.0.try_lock() {
            Ok(committer) => Some(committer),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

/// Whether a batch also indexes for the search what is due.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Indexes {
    Now,
    Later,
}
