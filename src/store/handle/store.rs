//! An open data file: opens and closes it, commits changes, answers queries from snapshots.

use crate::error::{Error, Kind, Result};
use crate::limits::{SEARCHES_MAX, SHED_RETRY_MS, WRITER_QUEUE_MAX, WRITER_QUEUE_TIMEOUT};
use crate::metrics::{Count, Metrics};
use crate::model::{Change, Event};
use crate::store::engine::check_file::check_doubtful;
use crate::store::engine::committer::Committer;
use crate::store::engine::data_file::DataFile;
use crate::store::engine::job::{Job, QueuedChange};
use crate::store::engine::load_shedding::{Load, LoadShedding, ShedLevel};
use crate::store::engine::open;
use crate::store::engine::open_error::{OpenError, io_error, open_error};
use crate::store::engine::options::Options;
use crate::store::engine::publisher::{self, CommitOutput, Feed};
use crate::store::engine::writer::Writer;
use crate::store::rows::schema::Snapshot;
use crate::store::store_error::StoreError;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::thread::{self, JoinHandle};
use std::time::Instant;
use tokio::runtime;
use tokio::sync::mpsc::error::{SendTimeoutError, TrySendError};
use tokio::sync::{Semaphore, mpsc, oneshot};

/// An open data file. Clones share it.
#[derive(Clone)]
pub struct Store(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) file: Arc<DataFile>,
    pub(super) jobs: mpsc::Sender<Job>,
    /// Weak, so that the feed ends with the writer.
    feed: mpsc::WeakSender<CommitOutput>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Permits for queries that read very many rows.
    searches: Semaphore,
    load: Arc<LoadShedding>,
}

/// The pending answer to a change.
pub struct Pending(oneshot::Receiver<Result<Event>>);

impl Future for Pending {
    type Output = Result<Event>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Event>> {
        let answer = ready!(Pin::new(&mut self.0).poll(cx));
        Poll::Ready(answer.unwrap_or_else(|_| Err(stopping())))
    }
}

impl Store {
    /// Opens the data file at `path`, or creates it, and starts its writer. Blocks.
    ///
    /// # Errors
    /// One sentence for the terminal. An existing file is unchanged; during an upgrade, it stays beside the new one.
    pub fn open(path: &Path, options: Options) -> std::result::Result<(Store, Feed), OpenError> {
        let load = Arc::new(LoadShedding::new(options.metrics.clone(), options.shed_at));
        let (file, last_commit) = open::open(path, options)?;
        let file = Arc::new(file);
        if file.damage.is_doubtful() {
            check_doubtful(&file).map_err(|error| open_error(path, error))?;
        }
        let (jobs, queue) = mpsc::channel(WRITER_QUEUE_MAX);
        let (publisher, feed) = publisher::channel(load.clone());
        let weak = publisher.downgrade();
        let no_thread = |error| io_error(path, &error);
        let timer = runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(no_thread)?;
        let committer = Committer::new(file.clone(), publisher, last_commit, load.clone());
        let writer = Writer::new(file.clone(), committer, queue, timer, load.clone());
        let writer = thread::Builder::new()
            .name("writer".to_owned())
            .spawn(|| writer.run())
            .map_err(no_thread)?;
        let shared = Shared {
            file,
            jobs,
            feed: weak,
            writer: Mutex::new(Some(writer)),
            searches: Semaphore::new(SEARCHES_MAX),
            load,
        };
        Ok((Store(Arc::new(shared)), feed))
    }

    /// A random id of this history. A restored backup gets a new one.
    pub fn epoch(&self) -> &str {
        &self.0.file.epoch
    }

    /// A random id of this data file, in hexadecimal. Copies share it; it never changes.
    pub fn file_id(&self) -> &str {
        &self.0.file.id
    }

    /// Makes a change durable.
    ///
    /// # Errors
    /// The refusal of a rule, or `storage_full`, `unavailable`, `internal`. After `unavailable`, the change may have
    /// taken effect all the same.
    pub async fn commit(&self, change: Change) -> Result<Event> {
        self.submit(change).await?.await
    }

    /// Puts a change in the queue. Changes are applied in the order of the queue, except that changes to files may be
    /// applied later. Waits while the queue is full, up to a time limit.
    ///
    /// # Errors
    /// `unavailable` once the store is closing, or, with a retry delay, if the queue stays full.
    pub async fn submit(&self, change: Change) -> Result<Pending> {
        // Let other ready tasks submit their changes first, so that one commit takes all of them.
        publisher::yield_to_ready_tasks().await;
        self.enqueue(change).await
    }

    /// Submits many changes, which are usually committed together.
    pub async fn submit_all(&self, changes: Vec<Change>) -> Vec<Result<Pending>> {
        publisher::yield_to_ready_tasks().await;
        let mut pending = Vec::with_capacity(changes.len());
        let mut is_full = false;
        for change in changes {
            // After one change has waited in vain, the others are not worth the same wait, one after the other.
            let queued = match is_full {
                true => Err(Error::overloaded(SHED_RETRY_MS)),
                false => self.enqueue(change).await,
            };
            is_full |= queued.is_err();
            pending.push(queued);
        }
        pending
    }

    async fn enqueue(&self, change: Change) -> Result<Pending> {
        let (reply, pending) = oneshot::channel();
        let job = Job::Change(QueuedChange {
            change,
            reply,
            queued_at: Instant::now(),
        });
        let sent = match self.0.jobs.try_send(job) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(_)) => Err(stopping()),
            Err(TrySendError::Full(job)) => {
                let sent = self.0.jobs.send_timeout(job, WRITER_QUEUE_TIMEOUT).await;
                sent.map_err(|error| match error {
                    SendTimeoutError::Closed(_) => stopping(),
                    SendTimeoutError::Timeout(_) => {
                        self.metrics().increment(Count::QueueFull);
                        Error::overloaded(SHED_RETRY_MS)
                    }
                })
            }
        };
        sent.map(|()| Pending(pending))
    }

    /// The current load of the store.
    pub fn load(&self) -> Load {
        let jobs = &self.0.jobs;
        let feed = self.0.feed.upgrade();
        let feed = feed.map_or(0, |feed| feed.max_capacity() - feed.capacity());
        let waiting = jobs.max_capacity() - jobs.capacity();
        self.0.load.load(waiting, feed, Instant::now())
    }

    /// What the server refuses now.
    pub fn shed_level(&self) -> ShedLevel {
        self.0.load.level(self.load(), Instant::now())
    }

    /// The counters that the store updates.
    pub fn metrics(&self) -> &Metrics {
        &self.0.load.metrics
    }

    /// Sends signals through the feed. Waits while the feed is full.
    pub async fn signal(&self, signals: Vec<Event>) {
        if let Some(feed) = self.0.feed.upgrade() {
            // If the reader of the feed has gone, nobody needs the signals.
            let _ = feed.send(CommitOutput::events(signals)).await;
        }
    }

    /// Takes no more changes, answers those in the queue, and closes the file. The feed must be read or dropped until
    /// this returns; then it ends.
    pub async fn close(self) {
        let (done, closed) = oneshot::channel();
        if self.0.jobs.send(Job::Close(done)).await.is_ok() {
            let _ = closed.await;
        }
        let writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // The writer has finished its work and is about to return.
            let _ = writer.join();
        }
    }

    /// Answers a query that reads very many rows on a thread of its own. Only a few run at a time.
    pub(super) async fn query_offloaded<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Snapshot<'_>) -> std::result::Result<T, StoreError> + Send + 'static,
    ) -> Result<T> {
        let _permit = self.0.searches.acquire().await.map_err(Error::internal)?;
        let store = self.clone();
        let query = tokio::task::spawn_blocking(move || store.read(query));
        query.await.map_err(Error::internal)?
    }

    /// Answers a query from one snapshot. This takes microseconds, so it is not worth another thread.
    pub(super) async fn query<T>(
        &self,
        query: impl FnOnce(&Snapshot<'_>) -> std::result::Result<T, StoreError>,
    ) -> Result<T> {
        self.read(query)
    }

    pub(super) fn read<T>(&self, query: impl FnOnce(&Snapshot<'_>) -> std::result::Result<T, StoreError>) -> Result<T> {
        let generation = self.0.file.generation();
        let answer = self.0.file.read(|txn| query(&Snapshot::new(txn)));
        answer.map_err(|error| {
            if error.needs_reopen() {
                // If the queue is full, the changes in it will find the failure themselves.
                let _ = self.0.jobs.try_send(Job::Reopen { generation });
            }
            error.into_error()
        })
    }
}

fn stopping() -> Error {
    Error::new(Kind::Unavailable, "The server is stopping. Try again soon.").because("the store is closed")
}
