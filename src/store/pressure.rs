//! How much the store has on its hands: what waits for the writer, how long the oldest of it has waited,
//! and how far the telling is behind the commits. From these three it follows what is shed.
//!
//! | stage | shed, beside all above | waiting changes | oldest change, or fan-out lag |
//! |---|---|---|---|
//! | [`Stage::Newcomers`] | new sockets, log-ins, sign-ups: 503 | 1,024 | 1 s |
//! | [`Stage::Signals`] | typing is dropped, presence waits | 2,048 | 2 s |
//! | [`Stage::Acts`] | posts and other acts: `unavailable` with `retry_after_ms` | 3,072 | 5 s |
//!
//! Changes that wait count once the oldest is 250 ms old: before that they are a burst. A stage begins at once
//! where one of its numbers is reached, and ends once all of them have been below
//! half for [`SHED_HOLD`], so that it does not flap. Whatever found its place in the queue is done and
//! answered; nothing that was acknowledged is ever shed.

use crate::limits::{SHED_AGE, SHED_BURST, SHED_HOLD, SHED_WAITING};
use crate::metrics::{Count, Metrics};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What is shed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Nothing.
    #[default]
    Calm,
    /// Those who come: new sockets and log-ins.
    Newcomers,
    /// And what is not durable: typing, presence.
    Signals,
    /// And what people do: posts, edits, files.
    Acts,
}

const STAGES: [Stage; 3] = [Stage::Newcomers, Stage::Signals, Stage::Acts];

/// Where each stage begins.
#[derive(Clone, Copy, Debug)]
pub struct ShedAt {
    /// Changes that wait for the writer.
    pub waiting: [usize; 3],
    /// Since when the oldest one waits, or what was committed has not been told.
    pub age: [Duration; 3],
    /// Those that wait count only once the oldest has waited this long.
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

/// What the store has on its hands at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Changes that wait for the writer.
    pub waiting: usize,
    /// How long the oldest of those that the writer has taken has waited for its answer.
    pub oldest: Duration,
    /// Batches of events that wait to be told.
    pub feed: usize,
    /// How long the last batch took from its commit until it was told, while others wait behind it.
    pub lag: Duration,
}

impl Load {
    /// The last stage whose number, divided by `by`, is reached.
    fn stage(&self, at: &ShedAt, by: u32) -> Stage {
        let age = self.oldest.max(self.lag);
        let waiting = if age >= at.burst / by { self.waiting } else { 0 };
        let reached = STAGES.iter().zip(at.waiting).zip(at.age);
        let mut reached =
            reached.filter(|((_, many), limit)| waiting >= (*many / by as usize).max(1) || age >= *limit / by);
        reached.next_back().map_or(Stage::Calm, |((stage, _), _)| *stage)
    }
}

/// What writer, feed and those who bring changes tell each other.
pub(super) struct Pressure {
    pub metrics: Arc<Metrics>,
    at: ShedAt,
    started: Instant,
    /// When the oldest change came that the writer has in its hands, in microseconds; 0 for none.
    oldest: AtomicU64,
    /// How long the last batch took to be told, in microseconds.
    lag: AtomicU64,
    /// The present stage, and until when it lasts at least.
    stage: Mutex<(Stage, Instant)>,
}

impl Pressure {
    pub fn new(metrics: Arc<Metrics>, at: ShedAt) -> Pressure {
        let started = Instant::now();
        Pressure {
            metrics,
            at,
            started,
            oldest: AtomicU64::new(0),
            lag: AtomicU64::new(0),
            stage: Mutex::new((Stage::Calm, started)),
        }
    }

    /// The writer has taken changes, of which the oldest came then.
    pub fn began(&self, came: Instant) {
        self.oldest.store(micros(came - self.started).max(1), Relaxed);
    }

    /// The writer has answered all that it had taken.
    pub fn answered(&self) {
        self.oldest.store(0, Relaxed);
    }

    /// Changes have become durable in this time.
    pub fn committed(&self, changes: usize, took: Duration) {
        self.metrics.one(Count::Commits);
        self.metrics.commits.add_time(took);
        if changes > 0 {
            self.metrics.add(Count::Changes, changes as u64);
            self.metrics.batches.add(changes as u64);
        }
    }

    /// Events have been told, so long after their commit.
    pub fn told(&self, events: usize, lag: Duration) {
        self.metrics.add(Count::Events, events as u64);
        self.metrics.fan_out.add_time(lag);
        self.lag.store(micros(lag), Relaxed);
    }

    /// All that was committed has been told.
    pub fn all_told(&self) {
        self.lag.store(0, Relaxed);
    }

    /// What there is with so many changes and batches waiting.
    pub fn load(&self, waiting: usize, feed: usize, now: Instant) -> Load {
        let oldest = match self.oldest.load(Relaxed) {
            0 => Duration::ZERO,
            came => (now - self.started).saturating_sub(Duration::from_micros(came)),
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

    /// What is shed under this load.
    pub fn stage(&self, load: Load, now: Instant) -> Stage {
        let mut state = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, until) = *state;
        let (reached, left) = (load.stage(&self.at, 1), load.stage(&self.at, 2));
        if left.max(reached) >= before {
            *state = (reached.max(before), now + SHED_HOLD);
        } else if now >= until {
            *state = (left, now + SHED_HOLD);
        }
        let after = state.0;
        drop(state);
        if after != before {
            tracing::warn!(?before, ?after, ?load, "what is shed has changed");
        }
        after
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
