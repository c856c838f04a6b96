//! The data file: the only module that knows redb.
//!
//! `commit` takes a Change and gives an Event once it is durable; the feed brings the events of each
//! commit, in commit order, to the one who tells the others. Questions are answered from one snapshot,
//! and wait for no commit but where nobody has asked for a while (`sight`). No redb type leaves this
//! folder. The laws that all of this keeps are in `tests/it/store_laws.rs`.
//!
//! redb may panic over a damaged file: every call into it is caught in `file` and answered as an error.

mod accounts;
mod acts;
mod admin;
mod apply;
mod backup;
mod check;
mod checkpoint;
mod codec;
mod committer;
mod compact;
mod copy;
mod create;
mod disk;
mod fault;
mod feed;
mod file;
mod file_error;
mod files;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod glass;
mod host;
mod journal;
mod log;
mod marks;
mod members;
mod messages;
mod note;
mod open;
mod open_error;
mod pending_file;
mod people;
mod pressure;
mod progress;
mod questions;
mod read_only;
mod rooms;
mod saved;
mod search;
mod sessions;
mod sight;
mod standing;
mod tables;
mod txn;
mod upgrade;
mod words;
mod writer;

pub use backup::{BackupFile, CheckedBackup, ReadBack, Storage, back_up_file, back_up_unnamed};
pub use check::{Finding, Report, check_file};
pub use committer::OwnCommits;
pub use compact::{Compacted, compact};
pub use disk::{DiskAct, Faults};
pub use feed::Feed;
pub use file_error::{FileError, bytes_in_words};
pub use open_error::OpenError;
pub use pending_file::{Overwrite, PendingFile, remove_abandoned};
pub use pressure::{Load, ShedAt, Stage};
pub use progress::Progress;
pub use read_only::file_id_of;

use crate::error::{Error, Kind, Result};
use crate::limits::{
    BACKUP_FREE_BYTES_MIN, CACHE_BYTES, DISK_FREE_BYTES_MIN, JOURNAL_BYTES, QUICK_COMMIT, SEARCHES_AT_ONCE_MAX,
    SHED_RETRY_MS, SHOW_TIMEOUT, SHOWN_COMMITS, WRITER_QUEUE_MAX, WRITER_QUEUE_TIMEOUT,
};
use crate::metrics::{Count, Metrics};
use crate::model::{Change, Event};
use committer::{Committer, SharedCommitter, Turns};
use fault::Fault;
use feed::News;
use file::DataFile;
use pressure::Pressure;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::thread::{self, JoinHandle};
use std::time::Instant;
use tables::Snapshot;
use tokio::runtime;
use tokio::sync::mpsc::error::{SendTimeoutError, TrySendError};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;
use writer::{Job, Waiting, Writer};

/// How a data file is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bytes that must be free on the disk before a commit.
    pub disk_free_bytes_min: u64,
    /// Bytes that a nightly backup leaves free on its disk, at least.
    pub backup_free_bytes_min: u64,
    /// Bytes of the file that are kept in memory.
    pub cache_bytes: usize,
    /// Bytes of the journal that are used, at most [`JOURNAL_BYTES`].
    pub journal_bytes: usize,
    /// Commits that are shown to readers at once after somebody has asked something.
    pub shown_commits: usize,
    /// Which changes callers commit themselves.
    pub own_commits: OwnCommits,
    /// A folder for what is remembered about the file outside of it.
    pub notes: Option<PathBuf>,
    /// Breaks the disk, in tests.
    pub faults: Option<Arc<dyn Faults>>,
    /// Where overload begins.
    pub shed_at: ShedAt,
    /// Where everything is counted.
    pub metrics: Arc<Metrics>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            disk_free_bytes_min: DISK_FREE_BYTES_MIN,
            backup_free_bytes_min: BACKUP_FREE_BYTES_MIN,
            cache_bytes: CACHE_BYTES,
            journal_bytes: JOURNAL_BYTES,
            shown_commits: SHOWN_COMMITS,
            own_commits: OwnCommits::WhereQuick(QUICK_COMMIT),
            notes: None,
            faults: None,
            shed_at: ShedAt::default(),
            metrics: Arc::default(),
        }
    }
}

/// An open data file. Clones share it.
#[derive(Clone)]
pub struct Store(Arc<Shared>);

struct Shared {
    file: Arc<DataFile>,
    jobs: mpsc::Sender<Job>,
    committer: SharedCommitter,
    turns: Turns,
    /// Weak, so that the feed ends with the writer.
    feed: mpsc::WeakSender<News>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Whose turn it is to look at very many rows.
    searches: Semaphore,
    pressure: Arc<Pressure>,
}

/// The answer to a change that is on its way.
pub struct Pending(oneshot::Receiver<Result<Event>>);

impl Future for Pending {
    type Output = Result<Event>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Event>> {
        let answer = ready!(Pin::new(&mut self.0).poll(cx));
        Poll::Ready(answer.unwrap_or_else(|_| Err(stopping())))
    }
}

impl Store {
    /// Opens the data file at `path`, or makes one, and starts its writer. Blocks.
    ///
    /// # Errors
    /// One sentence for the terminal. What was at `path` is as it was, or is being upgraded and beside it as it was.
    pub fn open(path: &Path, options: Options) -> std::result::Result<(Store, Feed), OpenError> {
        let pressure = Arc::new(Pressure::new(options.metrics.clone(), options.shed_at));
        let (file, commits) = open::open(path, options)?;
        let file = Arc::new(file);
        let (jobs, queue) = mpsc::channel(WRITER_QUEUE_MAX);
        let (mouth, feed) = feed::channel(pressure.clone());
        let weak = mouth.feed.downgrade();
        let no_thread = |error| open::io_error(path, &error);
        let timer = runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(no_thread)?;
        let committer = Committer::new(file.clone(), mouth, commits, pressure.clone());
        let committer = SharedCommitter::new(committer);
        let writer = Writer::new(file.clone(), committer.clone(), queue, timer, pressure.clone());
        let writer = thread::Builder::new()
            .name("writer".to_owned())
            .spawn(|| writer.run())
            .map_err(no_thread)?;
        let shared = Shared {
            file,
            jobs,
            committer,
            turns: Turns::default(),
            feed: weak,
            writer: Mutex::new(Some(writer)),
            searches: Semaphore::new(SEARCHES_AT_ONCE_MAX),
            pressure: pressure.clone(),
        };
        Ok((Store(Arc::new(shared)), feed))
    }

    /// A random name of this history. Another one after a backup was restored.
    pub fn epoch(&self) -> &str {
        &self.0.file.epoch
    }

    /// A random name of this data file, hexadecimal. Copies share it; it never changes.
    pub fn file_id(&self) -> &str {
        &self.0.file.id
    }

    /// Makes a change durable.
    ///
    /// # Errors
    /// What a rule says, or `storage_full`, `unavailable`, `internal`. After `unavailable` the change
    /// may have happened all the same.
    pub async fn commit(&self, change: Change) -> Result<Event> {
        self.submit(change).await?.await
    }

    /// Puts a change in the queue; changes happen in the order in which they were put there, but those that
    /// concern files behind others. Waits only while the queue is full, and not for ever.
    ///
    /// # Errors
    /// `unavailable` once the store is closing, or with a time to wait where the queue stays full.
    pub async fn submit(&self, change: Change) -> Result<Pending> {
        let turn = self.0.turns.take();
        // First whoever else has something to say now: then one commit takes it all.
        feed::others_first().await;
        let (answer, pending) = oneshot::channel();
        if turn.is_only()
            && let Some(mut committer) = self.0.committer.try_lock()
            && committer.takes(&change)
        {
            if committer.commit_own(&change, answer) {
                self.wake_writer();
            }
            return Ok(Pending(pending));
        }
        let job = Job::Change(Waiting {
            change,
            answer,
            came: Instant::now(),
            turn,
        });
        let sent = match self.0.jobs.try_send(job) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(_)) => Err(stopping()),
            Err(TrySendError::Full(job)) => {
                let sent = self.0.jobs.send_timeout(job, WRITER_QUEUE_TIMEOUT).await;
                sent.map_err(|error| match error {
                    SendTimeoutError::Closed(_) => stopping(),
                    SendTimeoutError::Timeout(_) => {
                        self.metrics().one(Count::QueueFull);
                        Error::overloaded(SHED_RETRY_MS)
                    }
                })
            }
        };
        sent.map(|()| Pending(pending))
    }

    /// What the store has on its hands now.
    pub fn load(&self) -> Load {
        let jobs = &self.0.jobs;
        let feed = self.0.feed.upgrade();
        let feed = feed.map_or(0, |feed| feed.max_capacity() - feed.capacity());
        let waiting = jobs.max_capacity() - jobs.capacity();
        self.0.pressure.load(waiting, feed, Instant::now())
    }

    /// What is shed now.
    pub fn stage(&self) -> Stage {
        self.0.pressure.stage(self.load(), Instant::now())
    }

    /// Where everything is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.0.pressure.metrics
    }

    /// Sends a signal through the feed. Dropped when the feed is full: a signal is worth no waiting.
    pub fn relay(&self, signal: Event) {
        let Some(feed) = self.0.feed.upgrade() else { return };
        if feed.try_send(News::signals(vec![signal])).is_err() {
            self.metrics().one(Count::TypingFeedFull);
        }
    }

    /// Sends signals through the feed, and waits while it is full.
    pub async fn signal(&self, signals: Vec<Event>) {
        if let Some(feed) = self.0.feed.upgrade() {
            // Where nobody listens any more, nobody needs to be told.
            let _ = feed.send(News::signals(signals)).await;
        }
    }

    /// Takes no more changes, answers those that it has, and closes the file. The feed must still be
    /// read, or be dropped, until this returns; then it ends.
    pub async fn close(self) {
        let (done, closed) = oneshot::channel();
        if self.0.jobs.send(Job::Close(done)).await.is_ok() {
            let _ = closed.await;
        }
        let writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // It has nothing left to do but to return.
            let _ = writer.join();
        }
    }

    /// Answers a question that looks at very many rows, away from everybody else's.
    async fn ask_aside<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Snapshot<'_>) -> std::result::Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let _turn = self.0.searches.acquire().await.map_err(Error::internal)?;
        self.see_all().await?;
        let store = self.clone();
        let asking = tokio::task::spawn_blocking(move || store.look(question));
        asking.await.map_err(Error::internal)?
    }

    /// Answers a question from one snapshot: microseconds, so it is not worth another thread.
    async fn ask<T>(&self, question: impl FnOnce(&Snapshot<'_>) -> std::result::Result<T, Fault>) -> Result<T> {
        self.see_all().await?;
        self.look(question)
    }

    /// Comes back when a snapshot has everything that was durable before: at once, but after a while without questions.
    async fn see_all(&self) -> Result<()> {
        let sight = &self.0.file.sight;
        if !sight.ask() {
            return Ok(());
        }
        let shown = timeout(SHOW_TIMEOUT, sight.all_shown(|| self.wake_writer())).await;
        shown.map_err(|_| not_shown())
    }

    /// The same, which blocks.
    fn see_all_blocking(&self) -> Result<()> {
        let sight = &self.0.file.sight;
        match !sight.ask() || sight.wait_until_all_shown(|| self.wake_writer()) {
            true => Ok(()),
            false => Err(not_shown()),
        }
    }

    /// Has the writer look around. In a full queue there is work that it does not sleep over, and a closed one is
    /// followed by the end, at which all is shown.
    fn wake_writer(&self) {
        let sight = &self.0.file.sight;
        if sight.is_to_call() && self.0.jobs.try_send(Job::Wake).is_err() {
            sight.was_called();
        }
    }

    /// Like [`Store::ask`], but blocks.
    fn ask_blocking<T>(&self, question: impl FnOnce(&Snapshot<'_>) -> std::result::Result<T, Fault>) -> Result<T> {
        self.see_all_blocking()?;
        self.look(question)
    }

    fn look<T>(&self, question: impl FnOnce(&Snapshot<'_>) -> std::result::Result<T, Fault>) -> Result<T> {
        let opened = self.0.file.opened();
        let answer = self.0.file.read(|txn| question(&Snapshot::new(txn)));
        answer.map_err(|fault| {
            if fault.is_of_the_disk() {
                // A queue that is full of changes will find out by itself.
                let _ = self.0.jobs.try_send(Job::Heal { opened });
            }
            fault.error()
        })
    }
}

fn not_shown() -> Error {
    Error::overloaded(SHED_RETRY_MS).because("the writer does not show what is durable")
}

fn stopping() -> Error {
    Error::new(Kind::Unavailable, "The server is stopping. Try again soon.").because("the store is closed")
}
