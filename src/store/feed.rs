//! From the writer to everybody: what became of each change for whoever asked for it, and what happened for
//! all others, in the order of the commits.

use super::pressure::Pressure;
use super::writer::Answer;
use crate::error::Result;
use crate::limits::{FEED_BATCHES_MAX, TOLD_AT_ONCE_MAX};
use crate::model::Event;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::Poll;
use std::time::Instant;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{self, OwnedPermit};

pub(super) fn channel(pressure: Arc<Pressure>) -> (Mouth, Feed) {
    let (feed, news) = mpsc::channel(FEED_BATCHES_MAX);
    let brings_answers = Arc::new(AtomicBool::new(false));
    let mouth = Mouth {
        feed,
        brings_answers: brings_answers.clone(),
    };
    let feed = Feed {
        news,
        brings_answers,
        given: None,
        pressure,
    };
    (mouth, feed)
}

/// Lets all go first whose turn it is. Not tokio's `yield_now`, after which the last one who came is the first.
pub(super) async fn others_first() {
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
pub(super) struct News {
    answers: Vec<(Result<Event>, Answer)>,
    events: Vec<Event>,
    since: Instant,
}

impl News {
    /// What nobody waits for.
    pub fn signals(events: Vec<Event>) -> News {
        News::of(Vec::new(), events)
    }

    pub fn of(answers: Vec<(Result<Event>, Answer)>, events: Vec<Event>) -> News {
        let since = Instant::now();
        News { answers, events, since }
    }

    fn answer(&mut self) {
        for (answer, caller) in self.answers.drain(..) {
            // Somebody who went away does not need the answer.
            let _ = caller.send(answer);
        }
    }

    /// Answers whoever waits; what is left is for everybody.
    fn told(mut self) -> Vec<Event> {
        self.answer();
        self.events
    }
}

/// How the writer speaks.
pub(super) struct Mouth {
    pub feed: mpsc::Sender<News>,
    /// Whoever reads the feed hands on the answers.
    brings_answers: Arc<AtomicBool>,
}

impl Mouth {
    /// A place for something to say, where there is one at once.
    pub fn place(&self) -> Option<OwnedPermit<News>> {
        self.feed.clone().try_reserve_owned().ok()
    }

    /// Says it where there is a place; gives it back where there is none.
    pub fn say(&self, mut news: News, place: Option<OwnedPermit<News>>) -> Option<News> {
        if !self.brings_answers.load(Relaxed) {
            news.answer();
        }
        if news.answers.is_empty() && news.events.is_empty() {
            return None;
        }
        let Some(place) = place else {
            return match self.feed.try_send(news) {
                Ok(()) => None,
                Err(TrySendError::Full(news) | TrySendError::Closed(news)) => Some(news),
            };
        };
        place.send(news);
        None
    }

    /// Waits while the feed is full. Where nobody listens any more, nobody needs to be told.
    pub fn wait_and_say(&self, news: News) {
        if let Err(unheard) = self.feed.blocking_send(news) {
            unheard.0.told();
        }
    }
}

/// What happens, for its one consumer. A writer waits for whoever stops listening.
pub struct Feed {
    news: mpsc::Receiver<News>,
    brings_answers: Arc<AtomicBool>,
    /// How many events the consumer was given last, and since when they were on their way.
    given: Option<(usize, Instant)>,
    pressure: Arc<Pressure>,
}

impl Feed {
    /// From now on the answers to changes come by this feed as well, and are handed on by whoever reads it:
    /// a commit then wakes the reader's thread once, not once for each change.
    pub fn bring_answers(&mut self) {
        self.brings_answers.store(true, Relaxed);
    }

    /// All events of one commit, or one signal; `None` after the end. Whoever comes for the next ones has
    /// told the ones before.
    pub async fn next(&mut self) -> Option<Vec<Event>> {
        if let Some((events, since)) = self.given.take() {
            self.pressure.told(events, since.elapsed());
            if self.news.is_empty() {
                self.pressure.all_told();
            }
        }
        let news = self.news.recv().await?;
        self.given = Some((news.events.len(), news.since));
        Some(news.told())
    }

    /// All events that wait, of one commit or of several, up to [`TOLD_AT_ONCE_MAX`] and those of one more commit:
    /// a reader who is behind catches up in one go. The answers that came along have gone before.
    /// `None` after the end.
    pub async fn batch(&mut self) -> Option<Vec<Event>> {
        let mut events = self.next().await?;
        while events.len() < TOLD_AT_ONCE_MAX
            && let Ok(news) = self.news.try_recv()
        {
            events.extend(news.told());
        }
        if let Some((count, _)) = &mut self.given {
            *count = events.len();
        }
        others_first().await;
        Some(events)
    }
}
