//! Notices that somebody set this computer's clock, or that it was wrong at the start, and logs it once.
//!
//! For a while afterwards, the clock triggers nothing that cannot be undone: a clock that shows 2040 for a minute
//! must not cost anybody their session or their unsent file.

use crate::clock::{Clock, Time};
use crate::limits::{CLOCK_AHEAD_MAX_MS, CLOCK_BEHIND_MAX_MS, CLOCK_JUMP_MS, CLOCK_SETTLES_AFTER, DAY_MS};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const YEAR_MS: u64 = 365 * DAY_MS;

pub(super) struct ClockWatch(Mutex<State>);

struct State {
    /// The clock's time at the last check.
    shown: Time,
    /// The instant of the last check.
    looked: Instant,
    /// When the clock is trusted again. `None` if nobody has set it.
    settles_at: Option<Instant>,
}

impl ClockWatch {
    pub fn new(clock: &Clock) -> ClockWatch {
        ClockWatch(Mutex::new(State {
            shown: clock.now(),
            looked: clock.instant(),
            settles_at: None,
        }))
    }

    /// Compares the clock with the newest entry of the data file.
    pub fn compare(&self, clock: &Clock, newest: Time) {
        let (now, instant) = (clock.now(), clock.instant());
        let ahead = newest.since(now);
        if ahead > CLOCK_AHEAD_MAX_MS {
            tracing::warn!(
                "The newest entry in the data file is {} ahead of this computer's clock. One of the two times is \
                 wrong. New messages carry the time of the clock.",
                in_words(ahead)
            );
        }
        if ahead > CLOCK_AHEAD_MAX_MS || now.since(newest) > CLOCK_BEHIND_MAX_MS {
            self.state().settles_at = Some(instant + CLOCK_SETTLES_AFTER);
        }
    }

    /// Whether the clock has run evenly for long enough to be trusted.
    pub fn is_settled(&self, clock: &Clock) -> bool {
        let (now, instant) = (clock.now(), clock.instant());
        let mut state = self.state();
        let passed = instant.saturating_duration_since(state.looked).as_millis() as u64;
        let expected = Time(state.shown.0.saturating_add(passed));
        (state.shown, state.looked) = (now, instant);
        if now.0.abs_diff(expected.0) > CLOCK_JUMP_MS {
            state.settles_at = Some(instant + CLOCK_SETTLES_AFTER);
            log_jump(now, expected);
        }
        state.settles_at.is_none_or(|settles| instant >= settles)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn log_jump(now: Time, expected: Time) {
    let (forward, back) = (now.since(expected), expected.since(now));
    if forward > CLOCK_AHEAD_MAX_MS {
        tracing::warn!(
            "The clock of this computer was set forward by {}. New messages carry its time: if it is wrong, set it \
             right soon.",
            in_words(forward)
        );
    } else if back > CLOCK_AHEAD_MAX_MS {
        tracing::warn!(
            "The clock of this computer was set back by {}. New messages carry its time, although older ones carry a \
             later one.",
            in_words(back)
        );
    } else if back > 0 {
        tracing::warn!(
            "The clock of this computer was set back by {}. Until it has caught up, new messages carry the time of \
             the last one before them.",
            in_words(back)
        );
    } else {
        // Waking from sleep looks like this.
        tracing::info!("The clock of this computer went forward by {}.", in_words(forward));
    }
}

fn in_words(ms: u64) -> String {
    let (count, unit) = match ms {
        ..HOUR_MS => (ms.div_ceil(MINUTE_MS), "minute"),
        HOUR_MS..DAY_MS => (ms / HOUR_MS, "hour"),
        DAY_MS..YEAR_MS => (ms / DAY_MS, "day"),
        YEAR_MS.. => (ms / YEAR_MS, "year"),
    };
    match count {
        1 => format!("1 {unit}"),
        _ => format!("{count} {unit}s"),
    }
}
