//! Load shedding: decides what the server refuses. The inputs are the number of changes that wait for the writer, the
//! wait of the oldest change, and how far the fan-out lags behind the commits.
//!
//! | level | refused, beside everything above | waiting changes | oldest change, or fan-out lag |
//! |---|---|---|---|
//! | [`ShedLevel::Newcomers`] | new sockets, log-ins, sign-ups: 503 | 1,024 | 1 s |
//! | [`ShedLevel::Signals`] | typing is dropped, presence waits | 2,048 | 2 s |
//! | [`ShedLevel::Actions`] | posts and other actions: `unavailable` with `retry_after_ms` | 3,072 | 5 s |
//!
//! Waiting changes count only once the oldest is 250 ms old: before that, they are a burst. A level begins as soon as
//! one of its numbers is reached. To avoid flapping, a level ends only when all of its numbers have been below half
//! for [`SHED_HOLD`]. A change that has entered the queue is always committed and answered; nothing acknowledged is
//! ever shed.

use crate::limits::{SHED_AGE, SHED_BURST, SHED_HOLD, SHED_WAITING};
use crate::metrics::{Count, Metrics};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What is refused. Each level includes the ones before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ShedLevel {
    /// Nothing is shed.
    #[default]
    Nothing,
    /// Newcomers: new sockets, log-ins and sign-ups.
    Newcomers,
    /// Signals that are not durable: typing, presence.
    Signals,
    /// User actions: posts, edits, files.
    Actions,
}

const LEVELS: [ShedLevel; 3] = [ShedLevel::Newcomers, ShedLevel::Signals, ShedLevel::Actions];

/// The thresholds of each level.
#[derive(Clone, Copy, Debug)]
pub struct ShedAt {
    /// The number of changes that wait for the writer.
    pub waiting: [usize; 3],
    /// How long the oldest change has waited, or how far the fan-out lags.
    pub age: [Duration; 3],
    /// Waiting changes count only once the oldest has waited this long.
    pub burst: Duration,
}

impl Default for ShedAt {
    fn default() -> ShedAt {
        ShedAt {
            waiting: SHED_WAITING,
            age: SHED_AGE,
            burst: SHED_BURST,
        }
    }
}

/// The load of the store at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Changes that wait for the writer.
    pub waiting: usize,
    /// How long the oldest change of the writer's current batch has waited for its commit.
    pub oldest: Duration,
    /// Batches of events that wait for the fan-out.
    pub feed: usize,
    /// How long the last batch took from its commit to its delivery. Zero if no batch waits behind it.
    pub lag: Duration,
}

impl Load {
    /// The highest level with a threshold, divided by `by`, that is reached.
    fn level(&self, at: &ShedAt, by: u32) -> ShedLevel {
        let age = self.oldest.max(self.lag);
        let waiting = if age >= at.burst / by { self.waiting } else { 0 };
        let reached = LEVELS.iter().zip(at.waiting).zip(at.age);
        let mut reached =
            reached.filter(|((_, many), limit)| waiting >= (*many / by as usize).max(1) || age >= *limit / by);
        reached.next_back().map_or(ShedLevel::Nothing, |((level, _), _)| *level)
    }
}

/// The load measurements that the writer, the feed and the callers share.
pub struct LoadShedding {
    pub metrics: Arc<Metrics>,
    at: ShedAt,
    started: Instant,
    /// When the oldest change of the writer's current batch arrived, in microseconds since `started`. 0 if there is
    /// none.
    oldest: AtomicU64,
    /// How long the delivery of the last batch took, in microseconds.
    lag: AtomicU64,
    /// The current level, and the earliest time at which it may end.
    level: Mutex<(ShedLevel, Instant)>,
}

impl LoadShedding {
    pub fn new(metrics: Arc<Metrics>, at: ShedAt) -> LoadShedding {
        let started = Instant::now();
        LoadShedding {
            metrics,
            at,
            started,
            oldest: AtomicU64::new(0),
            lag: AtomicU64::new(0),
            level: Mutex::new((ShedLevel::Nothing, started)),
        }
    }

    /// The writer has taken a batch. Its oldest change arrived at `queued_at`.
    pub fn began(&self, queued_at: Instant) {
        self.oldest.store(micros(queued_at - self.started).max(1), Relaxed);
    }

    /// The writer has handed the answers of the whole batch to the publisher.
    pub fn answered(&self) {
        self.oldest.store(0, Relaxed);
    }

    /// A commit of this many changes became durable after `took`.
    pub fn committed(&self, changes: usize, took: Duration) {
        self.metrics.increment(Count::Commits);
        self.metrics.commits.add_time(took);
        if changes > 0 {
            self.metrics.add(Count::Changes, changes as u64);
            self.metrics.batches.add(changes as u64);
        }
    }

    /// Events were delivered, `lag` after their commit.
    pub fn delivered(&self, events: usize, lag: Duration) {
        self.metrics.add(Count::Events, events as u64);
        self.metrics.fan_out.add_time(lag);
        self.lag.store(micros(lag), Relaxed);
    }

    /// All committed events have been delivered.
    pub fn all_delivered(&self) {
        self.lag.store(0, Relaxed);
    }

    /// The load with this many waiting changes and batches.
    pub fn load(&self, waiting: usize, feed: usize, now: Instant) -> Load {
        let oldest = match self.oldest.load(Relaxed) {
            0 => Duration::ZERO,
            queued_at => (now - self.started).saturating_sub(Duration::from_micros(queued_at)),
        };
        let lag = match feed {
            0 => Duration::ZERO,
            _ => Duration::from_micros(self.lag.load(Relaxed)),
        };
        Load {
            waiting,
            oldest,
            feed,
            lag,
        }
    }

    /// The level for this load.
    pub fn level(&self, load: Load, now: Instant) -> ShedLevel {
        let mut state = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, until) = *state;
        let (reached, left) = (load.level(&self.at, 1), load.level(&self.at, 2));
        if left.max(reached) >= before {
            *state = (reached.max(before), now + SHED_HOLD);
        } else if now >= until {
            *state = (left, now + SHED_HOLD);
        }
        let after = state.0;
        drop(state);
        if after != before {
            tracing::warn!(?before, ?after, ?load, "the level of load shedding has changed");
        }
        after
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
