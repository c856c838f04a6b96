//! What time it is, as an argument: the system's clock, or one that a test moves.

use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What a clock that somebody sets counts from.
static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Time(pub u64);

impl Time {
    /// Milliseconds from `earlier` to this time; 0 where the clock went back.
    pub fn since(self, earlier: Time) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Tells the time.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's own clock.
    #[default]
    System,
    /// Stands still until somebody sets it.
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// The present time.
    pub fn now(&self) -> Time {
        match self {
            Clock::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Time(since.as_millis() as u64)
            }
            Clock::Manual(ms) => Time(ms.load(Relaxed)),
        }
    }

    /// A point in time for measuring how long something takes.
    pub fn instant(&self) -> Instant {
        match self {
            Clock::System => Instant::now(),
            Clock::Manual(ms) => *STARTED + Duration::from_millis(ms.load(Relaxed)),
        }
    }
}
