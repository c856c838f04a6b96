//! From the writer to everybody: the answer for each caller, and the events for all others, in commit order.

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
        given: None,
        load,
    };
    (publisher, feed)
}

/// Lets every task run first that is ready to. Not tokio's `yield_now`, which lets the last one that became ready run
/// first.
pub async fn others_first() {
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

/// What there is to say after a commit.
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

    /// Events that nobody waits for.
    pub fn events(events: Vec<Event>) -> CommitOutput {
        CommitOutput::new(Vec::new(), events)
    }

    fn reply(&mut self) {
        for (answer, caller) in self.replies.drain(..) {
            // A caller who went away does not need the answer.
            let _ = caller.send(answer);
        }
    }

    /// Answers the callers; what is left is for everybody.
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
    /// For those who publish something that is not durable.
    pub fn downgrade(&self) -> mpsc::WeakSender<CommitOutput> {
        self.feed.downgrade()
    }

    /// Waits while the feed is full. If its reader has gone, nobody needs to be told.
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

/// The events of a store, for their one reader. The writer waits for a reader who stops reading.
pub struct Feed {
    outputs: mpsc::Receiver<CommitOutput>,
    routes_replies: Arc<AtomicBool>,
    /// How many events the reader was given last, and since when they were on their way.
    given: Option<(usize, Instant)>,
    load: Arc<LoadShedding>,
}

impl Feed {
    /// From now on the answers to changes come through this feed as well, and are handed on when it is read: a commit
    /// then wakes the reader's thread once, not once for each change.
    pub fn route_replies(&mut self) {
        self.routes_replies.store(true, Relaxed);
    }

    /// All events of one commit, or some signals; `None` after the end. A reader who comes for the next ones has
    /// delivered the ones before.
    pub async fn next(&mut self) -> Option<Vec<Event>> {
        if let Some((events, since)) = self.given.take() {
            self.load.delivered(events, since.elapsed());
            if self.outputs.is_empty() {
                self.load.all_delivered();
            }
        }
        let output = self.outputs.recv().await?;
        self.given = Some((output.events.len(), output.since));
        Some(output.into_events())
    }

    /// All events that wait, of one commit or of several, up to [`EVENTS_AT_ONCE_MAX`] and those of one more commit: a
    /// reader who is behind catches up in one go. The answers that came along have gone before. `None` after the end.
    pub async fn batch(&mut self) -> Option<Vec<Event>> {
        let mut events = self.next().await?;
        while events.len() < EVENTS_AT_ONCE_MAX
            && let Ok(output) = self.outputs.try_recv()
        {
            events.extend(output.into_events());
        }
        if let Some((count, _)) = &mut self.given {
            *count = events.len();
        }
        others_first().await;
        Some(events)
    }
}
