//! Passes on the output of the writer in commit order: answers to callers, events to the feed.

use super::job::Reply;
use super::load_shedding::LoadShedding;
use crate::error::Result;
use crate::limits::{EVENTS_AT_ONCE_MAX, FEED_BATCHES_MAX};
use crate::model::Event;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::Poll;
use std::time::Instant;
use tokio::sync::mpsc;

pub fn channel(load: Arc<LoadShedding>) -> (Publisher, Feed) {
    let (feed, outputs) = mpsc::channel(FEED_BATCHES_MAX);
    let routes_replies = Arc::new(AtomicBool::new(false));
    let publisher = Publisher {
        feed,
        routes_replies: routes_replies.clone(),
    };
    let feed = Feed {
        outputs,
        routes_replies,
        delivering: None,
        load,
    };
    (publisher, feed)
}

/// Lets all other ready tasks run first. tokio's `yield_now` would run the task that became ready last first.
pub async fn yield_to_ready_tasks() {
    let mut is_first = true;
    poll_fn(|cx| match std::mem::take(&mut is_first) {
        true => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        false => Poll::Ready(()),
    })
    .await;
}

/// The answers and events of one commit.
pub struct CommitOutput {
    replies: Vec<(Result<Event>, Reply)>,
    events: Vec<Event>,
    since: Instant,
}

impl CommitOutput {
    pub fn new(replies: Vec<(Result<Event>, Reply)>, events: Vec<Event>) -> CommitOutput {
        CommitOutput {
            replies,
            events,
            since: Instant::now(),
        }
    }

    /// Events without any answers.
    pub fn events(events: Vec<Event>) -> CommitOutput {
        CommitOutput::new(Vec::new(), events)
    }

    fn reply(&mut self) {
        for (answer, caller) in self.replies.drain(..) {
            // A caller that has gone away does not need the answer.
            let _ = caller.send(answer);
        }
    }

    /// Sends the answers, and returns the events.
    fn into_events(mut self) -> Vec<Event> {
        self.reply();
        self.events
    }
}

/// The writer's end of the feed.
pub struct Publisher {
    feed: mpsc::Sender<CommitOutput>,
    routes_replies: Arc<AtomicBool>,
}

impl Publisher {
    /// A sender for signals that are not durable. It does not keep the feed open.
    pub fn downgrade(&self) -> mpsc::WeakSender<CommitOutput> {
        self.feed.downgrade()
    }

    /// Blocks while the feed is full. If the reader of the feed has gone, only the answers are sent.
    pub fn publish(&self, mut output: CommitOutput) {
        if !self.routes_replies.load(Relaxed) {
            output.reply();
        }
        if output.replies.is_empty() && output.events.is_empty() {
            return;
        }
        if let Err(unsent) = self.feed.blocking_send(output) {
            unsent.0.into_events();
        }
    }
}

/// The events of a store, for one reader. If the reader stops reading, the writer blocks.
pub struct Feed {
    outputs: mpsc::Receiver<CommitOutput>,
    routes_replies: Arc<AtomicBool>,
    /// How many events the reader is delivering, and when they were committed.
    delivering: Option<(usize, Instant)>,
    load: Arc<LoadShedding>,
}

impl Feed {
    /// From now on, answers to changes also go through this feed and are sent when it is read. A commit then wakes the
    /// reader's thread once, not once for each change.
    pub fn route_replies(&mut self) {
        self.routes_replies.store(true, Relaxed);
    }

    /// All events of one commit, or some signals. `None` after the end. Asking for the next events means that the
    /// previous ones have been delivered.
    pub async fn next(&mut self) -> Option<Vec<Event>> {
        if let Some((events, since)) = self.delivering.take() {
            self.load.delivered(events, since.elapsed());
            if self.outputs.is_empty() {
                self.load.all_delivered();
            }
        }
        let output = self.outputs.recv().await?;
        self.delivering = Some((output.events.len(), output.since));
        Some(output.into_events())
    }

    /// All waiting events of one or more commits: at most [`EVENTS_AT_ONCE_MAX`] plus those of one more commit. A
    /// reader that lags behind catches up in one step. The answers of these commits are sent first. `None` after the
    /// end.
    pub async fn batch(&mut self) -> Option<Vec<Event>> {
        let mut events = self.next().await?;
        while events.len() < EVENTS_AT_ONCE_MAX
            && let Ok(output) = self.outputs.try_recv()
        {
            events.extend(output.into_events());
        }
        if let Some((count, _)) = &mut self.delivering {
            *count = events.len();
        }
        yield_to_ready_tasks().await;
        Some(events)
    }
}
