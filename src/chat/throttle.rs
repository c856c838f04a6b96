//! Rate limits: log-ins per name and per network; per person actions, requests, rooms made, typing, sockets and
//! catch-ups; frames per connection.
//!
//! All of them use [`Instant`]: setting the clock must neither lock people out nor let them through.
//!
//! No account is ever locked. Every map is bounded and drops what was used least recently, so an attacker cannot make
//! it grow.

use super::network::network;
use crate::error::{Error, Result};
use crate::limits::{
    LOGIN_BUCKETS_MAX, LOGIN_FREE_TRIES, LOGIN_PER_NETWORK_PER_MINUTE, LOGIN_WAIT_MAX, THROTTLE_BUCKETS_MAX,
};
use crate::model::UserId;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Whether rates are limited. Only load tests switch them off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RateLimits {
    /// The limits in `limits.rs` apply.
    #[default]
    On,
    /// No rate is limited.
    Off,
}

/// A token bucket: a burst, then a rate.
#[derive(Clone, Copy, Debug)]
pub struct TokenBucket {
    burst: f64,
    per_ms: f64,
    tokens: f64,
    at: Instant,
}

impl TokenBucket {
    /// A full bucket.
    pub fn new(burst: u32, refill: u32, period: Duration, now: Instant) -> TokenBucket {
        TokenBucket {
            burst: burst.into(),
            per_ms: f64::from(refill) / period.as_millis() as f64,
            tokens: burst.into(),
            at: now,
        }
    }

    /// Takes one token.
    ///
    /// # Errors
    /// The milliseconds until the next token.
    pub fn take(&mut self, now: Instant) -> std::result::Result<(), u64> {
        let passed_ms = now.saturating_duration_since(self.at).as_nanos() as f64 / 1e6;
        self.tokens = (self.tokens + passed_ms * self.per_ms).min(self.burst);
        self.at = now;
        if self.tokens < 1.0 {
            return Err(((1.0 - self.tokens) / self.per_ms).ceil() as u64);
        }
        self.tokens -= 1.0;
        Ok(())
    }

    /// Takes this many tokens, even more than there are. Later calls wait for them.
    pub fn spend(&mut self, tokens: usize) {
        self.tokens -= tokens as f64;
    }
}

/// A map with a bound, which drops what was used least recently.
struct Bounded<K, V> {
    entries: HashMap<K, (Instant, V)>,
    max: usize,
}

impl<K: Eq + Hash + Clone, V> Bounded<K, V> {
    fn new(max: usize) -> Bounded<K, V> {
        Bounded {
            entries: HashMap::new(),
            max,
        }
    }

    fn entry(&mut self, key: K, now: Instant, new: impl FnOnce() -> V) -> &mut V {
        if self.entries.len() >= self.max && !self.entries.contains_key(&key) {
            // Drops a quarter at once, so that a full map is not sorted on every insertion.
            let mut times: Vec<Instant> = self.entries.values().map(|(at, _)| *at).collect();
            times.sort_unstable();
            let keep_after = times[times.len() / 4];
            self.entries.retain(|_, (at, _)| *at > keep_after);
        }
        let entry = self.entries.entry(key).or_insert_with(|| (now, new()));
        entry.0 = now;
        &mut entry.1
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A throttle for one kind of action, with a bucket for each person.
pub(super) struct ActionThrottle {
    buckets: Mutex<Bounded<UserId, TokenBucket>>,
    /// Burst, refill, and the period of the refill.
    rate: (u32, u32, Duration),
    /// The error message for people who exceed the rate.
    title: &'static str,
}

impl ActionThrottle {
    pub fn new(burst: u32, refill: u32, period: Duration, title: &'static str) -> ActionThrottle {
        ActionThrottle {
            buckets: Mutex::new(Bounded::new(THROTTLE_BUCKETS_MAX)),
            rate: (burst, refill, period),
            title,
        }
    }

    pub fn take(&self, limits: RateLimits, now: Instant, user: UserId) -> Result<()> {
        if limits == RateLimits::Off {
            return Ok(());
        }
        let mut buckets = lock(&self.buckets);
        let (burst, refill, period) = self.rate;
        let bucket = buckets.entry(user, now, || TokenBucket::new(burst, refill, period, now));
        bucket.take(now).map_err(|wait_ms| Error::too_many(self.title, wait_ms))
    }

    /// Charges more tokens for an action that turned out to be larger.
    pub fn spend(&self, limits: RateLimits, now: Instant, user: UserId, more: usize) {
        if limits == RateLimits::On && more > 0 {
            let (burst, refill, period) = self.rate;
            let mut buckets = lock(&self.buckets);
            let bucket = buckets.entry(user, now, || TokenBucket::new(burst, refill, period, now));
            bucket.spend(more);
        }
    }
}

/// Attempts for one name that have not succeeded.
#[derive(Clone, Copy, Default)]
struct Tries {
    count: u32,
    blocked_until: Option<Instant>,
}

impl Tries {
    fn block(&mut self, now: Instant) {
        if let Some(beyond) = self.count.checked_sub(LOGIN_FREE_TRIES) {
            let seconds = 1u64.checked_shl(beyond).unwrap_or(u64::MAX);
            self.blocked_until = Some(now + Duration::from_secs(seconds).min(LOGIN_WAIT_MAX));
        }
    }
}

/// Throttles for log-ins, by name and by network.
pub(super) struct LoginThrottle {
    names: Mutex<Bounded<(String, IpAddr), Tries>>,
    networks: Mutex<Bounded<IpAddr, TokenBucket>>,
}

impl Default for LoginThrottle {
    fn default() -> LoginThrottle {
        LoginThrottle {
            names: Mutex::new(Bounded::new(LOGIN_BUCKETS_MAX)),
            networks: Mutex::new(Bounded::new(LOGIN_BUCKETS_MAX)),
        }
    }
}

impl LoginThrottle {
    /// Counts a log-in, sign-up, password change or reset from a network.
    pub fn count(&self, limits: RateLimits, now: Instant, address: IpAddr) -> Result<()> {
        if limits == RateLimits::Off {
            return Ok(());
        }
        let mut networks = lock(&self.networks);
        let bucket = networks.entry(network(address), now, || {
            let tries = LOGIN_PER_NETWORK_PER_MINUTE;
            TokenBucket::new(tries, tries, Duration::from_secs(60), now)
        });
        bucket.take(now).map_err(wait)
    }

    /// Counts an attempt for this name from this network before its result is known, so that concurrent attempts
    /// count too. After the free attempts, each doubles the next wait.
    pub fn try_name(&self, limits: RateLimits, now: Instant, name: &str, address: IpAddr) -> Result<()> {
        if limits == RateLimits::Off {
            return Ok(());
        }
        let mut names = lock(&self.names);
        let tries = names.entry((name.to_owned(), network(address)), now, Tries::default);
        match tries.blocked_until {
            Some(until) if until > now => Err(wait((until - now).as_micros().div_ceil(1000) as u64)),
            _ => {
                tries.count = tries.count.saturating_add(1);
                tries.block(now);
                Ok(())
            }
        }
    }

    /// Takes back an attempt that did not happen.
    pub fn take_back(&self, name: &str, address: IpAddr) {
        if let Some((_, tries)) = lock(&self.names).entries.get_mut(&(name.to_owned(), network(address))) {
            tries.count = tries.count.saturating_sub(1);
            tries.blocked_until = None;
        }
    }

    /// Forgets the failed attempts for a name after a success.
    pub fn succeeded(&self, name: &str, address: IpAddr) {
        lock(&self.names).entries.remove(&(name.to_owned(), network(address)));
    }
}

fn wait(wait_ms: u64) -> Error {
    let seconds = wait_ms.div_ceil(1000);
    let time = match seconds {
        1 => "1 second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    };
    Error::too_many(format!("Too many tries. Try again in {time}."), wait_ms)
}
