//! The tasks of a running server, each of them watched, and the bounded, orderly stop.

use super::connection_limiter::ConnectionLimiter;
use crate::chat::{BackgroundTask, Chat};
use crate::limits::{LAST_ANSWERS_TIMEOUT, LAST_SEEN_TIMEOUT, STOP_TIMEOUT};
use crate::wire::CloseCode;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{Id, JoinHandle, JoinSet};
use tokio::time::timeout;

/// A task of the server has failed, so the server stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure(pub BackgroundTask);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Chapp stopped because of a fault of its own ({}). What was shown as sent is in the data file. Start it \
             again; with --log warn, the lines above say more.",
            self.0
        )
    }
}

impl std::error::Error for Failure {}

/// Tasks that run until the server stops. One that ends earlier has failed.
#[derive(Default)]
pub(super) struct BackgroundTasks {
    running: JoinSet<()>,
    names: Vec<(Id, BackgroundTask)>,
}

impl BackgroundTasks {
    pub fn spawn(&mut self, task: BackgroundTask, work: impl Future<Output = ()> + Send + 'static) {
        self.names.push((self.running.spawn(work).id(), task));
    }

    /// Waits until one has failed.
    pub async fn failed(&mut self) -> BackgroundTask {
        loop {
            let ended = match self.running.join_next_with_id().await {
                Some(Ok((id, ()))) => id,
                Some(Err(error)) => error.id(),
                None => std::future::pending().await,
            };
            if let Some((_, task)) = self.names.iter().find(|(id, _)| *id == ended) {
                return *task;
            }
        }
    }
}

/// A server that no longer serves and is about to stop.
pub struct Stopping {
    pub(super) chat: Arc<Chat>,
    pub(super) limiter: Arc<ConnectionLimiter>,
    pub(super) tasks: BackgroundTasks,
    pub(super) fan_out: JoinHandle<()>,
    /// Tells the connections to end.
    pub(super) stopping: watch::Sender<bool>,
    pub(super) failed: Option<BackgroundTask>,
}

impl Stopping {
    /// Stops in order. Only a hanging disk can block it.
    ///
    /// # Errors
    /// [`Failure`] if the server stops because a task of it failed.
    pub async fn finish(mut self) -> Result<(), Failure> {
        self.tasks.running.shutdown().await;
        let Stopping { chat, limiter, .. } = &self;
        let _ = self.stopping.send(true);
        // If this times out, the `last_seen` of some people stays at an earlier time.
        let _ = timeout(LAST_SEEN_TIMEOUT, chat.note_last_seen()).await;
        chat.hub().stop(CloseCode::GoingAway);
        // Every connection holds a slot until it ends, and some wait for the answer to a read mark.
        let left = tokio::select! {
            left = timeout(STOP_TIMEOUT, limiter.wait_until_empty()) => left,
            () = chat.keep_read_marks(Duration::ZERO) => Ok(()),
        };
        if left.is_err() {
            tracing::warn!(
                sockets = chat.hub().connections(),
                "some connections did not end in time"
            );
        }
        // Commits the last marks of the clients that have just left.
        let _ = timeout(LAST_SEEN_TIMEOUT, chat.write_read_marks()).await;
        chat.store().clone().close().await;
        // The fan-out ends with the feed, after the last answers.
        if !self.fan_out.is_finished() {
            let _ = timeout(LAST_ANSWERS_TIMEOUT, &mut self.fan_out).await;
        }
        self.failed.map_or(Ok(()), |part| Err(Failure(part)))
    }
}
