//! Time as an argument: the time of day, and a measure of elapsed time, from the system or from a test.
//!
//! The time of day ([`Clock::now`]) can be set by a person or the network, and may be wrong by years. It is for what
//! people read. Elapsed time ([`Clock::instant`]) never goes back.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Time(pub u64);

impl Time {
    /// Milliseconds from `earlier` to this time. 0 if `earlier` is later.
    pub fn since(self, earlier: Time) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A source of time.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The system's clock.
    #[default]
    System,
    /// A clock that stands still until a test moves it.
    Manual(Arc<ManualClock>),
}

impl Clock {
    /// The current time of day, to show and to store.
    pub fn now(&self) -> Time {
        match self {
            Clock::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Time(since.as_millis() as u64)
            }
            Clock::Manual(clock) => Time(clock.wall_ms.load(Relaxed)),
        }
    }

    /// An instant for measuring durations. It never goes back, and does not jump when the clock is set.
    pub fn instant(&self) -> Instant {
        match self {
            Clock::System => Instant::now(),
            Clock::Manual(clock) => clock.started + Duration::from_millis(clock.elapsed_ms.load(Relaxed)),
        }
    }
}

/// A clock that a test moves.
#[derive(Debug)]
pub struct ManualClock {
    started: Instant,
    elapsed_ms: AtomicU64,
    wall_ms: AtomicU64,
}

impl ManualClock {
    /// A clock that shows this time.
    pub fn new(now: Time) -> ManualClock {
        ManualClock {
            started: Instant::now(),
            elapsed_ms: AtomicU64::new(0),
            wall_ms: AtomicU64::new(now.0),
        }
    }

    /// Lets this much time pass.
    pub fn advance(&self, time: Duration) {
        let ms = time.as_millis() as u64;
        self.elapsed_ms.fetch_add(ms, Relaxed);
        self.wall_ms.fetch_add(ms, Relaxed);
    }

    /// Sets the time of day, although no time has passed.
    pub fn set(&self, now: Time) {
        self.wall_ms.store(now.0, Relaxed);
    }
}
