//! What readers see of what is durable.
//!
//! So that they see a commit, redb copies each page that it touches and writes the roots of its tables: most of what
//! redb costs. So while nobody asks anything the writer leaves one transaction of redb open, with its tables, and makes
//! commit after commit in it. Each is durable by the journal, and is answered and told; it is only hidden from
//! snapshots. Whoever asks waits until the writer shows all of it, the time of one commit at most, and from then on each
//! commit is shown at once, so that those who ask often wait for nothing.

use super::txn::Open;
use crate::limits::{HIDDEN_COMMITS_MAX, SHOW_TIMEOUT};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

pub(super) struct Sight {
    /// How many commits are shown at once after somebody has asked.
    shown_commits: usize,
    /// The transaction with what is hidden, between batches.
    open: Mutex<Option<Open>>,
    /// How many commits are hidden.
    hidden: AtomicUsize,
    /// Somebody has asked since the last commit.
    asked: AtomicBool,
    /// How many more commits are shown at once since somebody did.
    at_once: AtomicUsize,
    /// The writer has been called and has not come yet.
    called: AtomicBool,
    shown: Notify,
    /// How often all was shown, for threads that wait.
    times: AtomicU64,
    shown_to_threads: Condvar,
}

impl Sight {
    pub fn new(shown_commits: usize) -> Sight {
        Sight {
            shown_commits,
            open: Mutex::new(None),
            hidden: AtomicUsize::new(0),
            asked: AtomicBool::new(true),
            called: AtomicBool::new(false),
            at_once: AtomicUsize::new(0),
            shown: Notify::new(),
            times: AtomicU64::new(0),
            shown_to_threads: Condvar::new(),
        }
    }

    /// Somebody asks something; tells whether they have to wait for what is hidden.
    pub fn ask(&self) -> bool {
        if !self.asked.load(Ordering::Relaxed) {
            self.asked.store(true, Ordering::Relaxed);
        }
        self.hides()
    }

    /// Ready when all is shown that is durable now. `call` reaches the writer.
    pub async fn all_shown(&self, call: impl FnOnce()) {
        let shown = self.shown.notified();
        let mut shown = std::pin::pin!(shown);
        shown.as_mut().enable();
        if self.is_to_wait(call) {
            shown.await;
        }
    }

    /// The same, which blocks; false where it took too long.
    pub fn wait_until_all_shown(&self, call: impl FnOnce()) -> bool {
        let times = self.times.load(Ordering::Acquire);
        if !self.is_to_wait(call) {
            return true;
        }
        let waited = self
            .shown_to_threads
            .wait_timeout_while(self.lock(), SHOW_TIMEOUT, |_| {
                self.times.load(Ordering::Acquire) == times
            });
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    fn is_to_wait(&self, call: impl FnOnce()) -> bool {
        if !self.hides() {
            return false;
        }
        // Once more: a commit since may have taken the first time for its own.
        self.asked.store(true, Ordering::SeqCst);
        call();
        true
    }

    /// Whether the writer has to be called: not twice before it comes.
    pub fn is_to_call(&self) -> bool {
        !self.called.swap(true, Ordering::AcqRel)
    }

    /// The writer comes, or could not be called.
    pub fn was_called(&self) {
        self.called.swap(false, Ordering::AcqRel);
    }

    /// Whether anything is hidden.
    pub fn hides(&self) -> bool {
        self.hidden.load(Ordering::Acquire) > 0
    }

    /// Whether somebody waits for what is hidden.
    pub fn is_waited_for(&self) -> bool {
        self.hides() && self.asked.load(Ordering::SeqCst)
    }

    /// Whether the next commit may be hidden.
    pub fn may_hide(&self) -> bool {
        if self.asked.swap(false, Ordering::SeqCst) {
            self.at_once.store(self.shown_commits, Ordering::Relaxed);
            return false;
        }
        match self.at_once.load(Ordering::Relaxed) {
            0 => self.hidden.load(Ordering::Relaxed) < HIDDEN_COMMITS_MAX,
            left => {
                self.at_once.store(left - 1, Ordering::Relaxed);
                false
            }
        }
    }

    /// The transaction that is open.
    pub fn take(&self) -> Option<Open> {
        self.lock().take()
    }

    /// Leaves it open as it was.
    pub fn put_back(&self, open: Open) {
        *self.lock() = Some(open);
    }

    /// Leaves it open with one more commit in it, which is durable.
    pub fn hide(&self, open: Open) {
        self.put_back(open);
        self.hidden.fetch_add(1, Ordering::Release);
    }

    /// Nothing is hidden any more.
    pub fn show(&self) {
        self.hidden.store(0, Ordering::Release);
        self.times.fetch_add(1, Ordering::AcqRel);
        // Whoever has looked at the number before is waiting by now.
        drop(self.lock());
        self.shown_to_threads.notify_all();
        self.shown.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
