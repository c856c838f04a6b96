//! Decides whose turn it is to upload. Only a few files are received at once, and the others wait.
//!
//! - Turns go by person: the next one is for the person with the fewest, and among those for the one who has waited
//!   longest.
//! - An upload must deliver a minimum of bytes in each window of time, or it ends.
//! - If somebody without a turn has waited for a while, another upload is ended: one of several of the same person,
//!   or a slow one, and of those the slowest. So neither two people with many uploads nor many people with slow ones
//!   keep everybody else from sending files.
//!
//! Time is passed in as a value, and only [`UploadQueue::take`] waits.

use super::throttle::RateLimits;
use crate::clock::Clock;
use crate::error::{Error, Kind, Result};
use crate::limits::{
    UPLOAD_CHECK_EVERY, UPLOAD_RETRY_MS, UPLOAD_SLOW_BYTES_PER_SECOND, UPLOAD_TURN_MIN, UPLOAD_TURN_TIMEOUT,
    UPLOAD_WINDOW, UPLOAD_WINDOW_BYTES_MIN, UPLOAD_YIELD_AFTER, UPLOADS_MAX, UPLOADS_PER_PERSON_MAX, UPLOADS_RETRY_MS,
    UPLOADS_WAITING_MAX,
};
use crate::metrics::Count;
use crate::model::UserId;
use crate::store::Store;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Measures the speed of an upload: its bytes in the current window of time and in the one before.
struct Meter {
    began: Instant,
    window: Instant,
    bytes: u64,
    before: (u64, Duration),
}

impl Meter {
    fn new(now: Instant) -> Meter {
        Meter {
            began: now,
            window: now,
            bytes: 0,
            before: (0, Duration::ZERO),
        }
    }

    /// Whether the last window brought enough bytes. True until a first window has ended.
    fn keeps_up(&mut self, now: Instant) -> bool {
        let time = now.saturating_duration_since(self.window);
        if time < UPLOAD_WINDOW {
            return true;
        }
        let bytes = std::mem::take(&mut self.bytes);
        (self.window, self.before) = (now, (bytes, time));
        bytes >= UPLOAD_WINDOW_BYTES_MIN
    }

    /// Bytes a second.
    fn rate(&self, now: Instant) -> u64 {
        let (bytes, time) = self.before;
        let time = time + now.saturating_duration_since(self.window);
        (bytes + self.bytes) * 1_000 / (time.as_millis() as u64).max(1)
    }
}

enum UploadState {
    /// Notified when it is its turn.
    Waiting(oneshot::Sender<()>),
    Receiving(Meter),
    /// Has to make room for somebody, and does so at its next check.
    Yielding,
    /// All bytes have arrived. It has given up its turn.
    Finishing,
}

struct Entry {
    user: UserId,
    since: Instant,
    state: UploadState,
}

/// All uploads, in the order of arrival.
#[derive(Default)]
struct State {
    next: u64,
    uploads: BTreeMap<u64, Entry>,
}

impl State {
    fn count(&self, which: impl Fn(&Entry) -> bool) -> usize {
        self.uploads.values().filter(|entry| which(entry)).count()
    }

    /// The number of turns that somebody keeps, without those that have to make room.
    fn active_uploads_of(&self, user: UserId) -> usize {
        self.count(|entry| entry.user == user && matches!(entry.state, UploadState::Receiving(_)))
    }

    /// Grants turns as long as any are free.
    fn grant(&mut self, now: Instant) {
        let mut taken = self.count(|entry| matches!(entry.state, UploadState::Receiving(_) | UploadState::Yielding));
        while taken < UPLOADS_MAX {
            let waiting = self
                .uploads
                .iter()
                .filter(|(_, entry)| matches!(entry.state, UploadState::Waiting(_)));
            let next = waiting
                .min_by_key(|(_, entry)| self.active_uploads_of(entry.user))
                .map(|(id, _)| *id);
            let Some(entry) = next.and_then(|id| self.uploads.get_mut(&id)) else {
                return;
            };
            let before = std::mem::replace(&mut entry.state, UploadState::Receiving(Meter::new(now)));
            // An upload that was dropped removes its own entry.
            if let UploadState::Waiting(granted) = before {
                let _ = granted.send(());
            }
            taken += 1;
        }
    }

    /// Ends uploads that can be spared, for people who have waited long enough.
    fn preempt(&mut self, now: Instant) {
        let waits = |entry: &Entry| {
            matches!(entry.state, UploadState::Waiting(_))
                && now.saturating_duration_since(entry.since) >= UPLOAD_YIELD_AFTER
                && self.active_uploads_of(entry.user) == 0
        };
        let yielding = self.count(|entry| matches!(entry.state, UploadState::Yielding));
        for _ in yielding..self.count(waits) {
            let Some(victim) = self.choose_victim(now) else { return };
            if let Some(entry) = self.uploads.get_mut(&victim) {
                entry.state = UploadState::Yielding;
            }
        }
    }

    /// The upload to end first: one of a person with several, then the slowest.
    fn choose_victim(&self, now: Instant) -> Option<u64> {
        let victims = self.uploads.iter().filter_map(|(id, entry)| {
            let UploadState::Receiving(meter) = &entry.state else {
                return None;
            };
            let is_only = self.active_uploads_of(entry.user) == 1;
            let rate = meter.rate(now);
            let has_had_its_turn = now.saturating_duration_since(meter.began) >= UPLOAD_TURN_MIN;
            (has_had_its_turn && (!is_only || rate < UPLOAD_SLOW_BYTES_PER_SECOND)).then_some((is_only, rate, *id))
        });
        victims.min().map(|(.., id)| id)
    }
}

/// The queue of all uploads.
pub(super) struct UploadQueue {
    state: Mutex<State>,
    clock: Clock,
    rate_limits: RateLimits,
    /// For its metrics.
    store: Store,
}

/// One upload, from when it waits for its turn until it is dropped.
pub(super) struct UploadTicket {
    queue: Arc<UploadQueue>,
    id: u64,
}

impl UploadQueue {
    pub fn new(store: Store, clock: Clock, rate_limits: RateLimits) -> Arc<UploadQueue> {
        Arc::new(UploadQueue {
            state: Mutex::default(),
            clock,
            rate_limits,
            store,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of uploads that have or had a turn, finishing ones included, and of those that wait.
    pub fn counts(&self) -> (usize, usize) {
        let state = self.lock();
        let waiting = state.count(|entry| matches!(entry.state, UploadState::Waiting(_)));
        (state.uploads.len() - waiting, waiting)
    }

    /// Waits for a turn for this person.
    ///
    /// # Errors
    /// `too_many_requests` if the person has too many uploads, `unavailable` with a time to wait if too many uploads
    /// wait or the turn does not come in time.
    pub async fn take(self: &Arc<Self>, user: UserId) -> Result<UploadTicket> {
        let began = self.clock.instant();
        let (ticket, mut granted) = self.join(user, began)?;
        while tokio::time::timeout(UPLOAD_CHECK_EVERY, &mut granted).await.is_err() {
            let now = self.clock.instant();
            if now.saturating_duration_since(began) >= UPLOAD_TURN_TIMEOUT {
                return Err(self.refuse(Count::UploadsBusy, busy()));
            }
            self.lock().preempt(now);
        }
        Ok(ticket)
    }

    fn join(self: &Arc<Self>, user: UserId, now: Instant) -> Result<(UploadTicket, oneshot::Receiver<()>)> {
        let mut state = self.lock();
        let own = state.count(|entry| entry.user == user);
        if self.rate_limits == RateLimits::On && own >= UPLOADS_PER_PERSON_MAX {
            let title = format!("{UPLOADS_PER_PERSON_MAX} of your files are on their way. The next one has to wait.");
            return Err(self.refuse(Count::UploadsTooMany, Error::too_many(title, UPLOADS_RETRY_MS)));
        }
        if state.count(|entry| matches!(entry.state, UploadState::Waiting(_))) >= UPLOADS_WAITING_MAX {
            return Err(self.refuse(Count::UploadsBusy, busy()));
        }
        let (grant, granted) = oneshot::channel();
        let id = state.next;
        state.next += 1;
        let waiting = UploadState::Waiting(grant);
        state.uploads.insert(
            id,
            Entry {
                user,
                since: now,
                state: waiting,
            },
        );
        state.grant(now);
        drop(state);
        let queue = self.clone();
        Ok((UploadTicket { queue, id }, granted))
    }

    fn refuse(&self, count: Count, error: Error) -> Error {
        self.store.metrics().increment(count);
        error
    }
}

impl UploadTicket {
    /// Records that this many bytes have arrived since the last call, perhaps none.
    ///
    /// # Errors
    /// `unavailable` with a time to wait, if the upload is too slow or has to make room for somebody.
    pub fn arrived(&self, bytes: usize) -> Result<()> {
        let (queue, now) = (&self.queue, self.queue.clock.instant());
        queue.store.metrics().add(Count::UploadedBytes, bytes as u64);
        let mut state = queue.lock();
        match state.uploads.get_mut(&self.id).map(|entry| &mut entry.state) {
            Some(UploadState::Receiving(meter)) => {
                meter.bytes += bytes as u64;
                match meter.keeps_up(now) {
                    true => Ok(()),
                    false => Err(queue.refuse(Count::UploadsTooSlow, too_slow())),
                }
            }
            Some(UploadState::Yielding) => Err(queue.refuse(Count::UploadsYielded, yielded())),
            _ => Ok(()),
        }
    }

    /// Runs work that the sender cannot speed up. Its time is not counted against the upload.
    pub async fn exclude_from_rate<T>(&self, work: impl Future<Output = T>) -> T {
        let began = self.queue.clock.instant();
        let done = work.await;
        let took = self.queue.clock.instant().saturating_duration_since(began);
        if let Some(UploadState::Receiving(meter)) = self
            .queue
            .lock()
            .uploads
            .get_mut(&self.id)
            .map(|entry| &mut entry.state)
        {
            meter.window += took;
        }
        done
    }

    /// Ends the turn of an upload whose bytes have all arrived.
    pub fn finish(&self) {
        let mut state = self.queue.lock();
        if let Some(entry) = state.uploads.get_mut(&self.id) {
            entry.state = UploadState::Finishing;
        }
        state.grant(self.queue.clock.instant());
    }
}

impl Drop for UploadTicket {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.uploads.remove(&self.id);
        state.grant(self.queue.clock.instant());
    }
}

fn retry_later(title: &'static str) -> Error {
    Error {
        retry_after_ms: Some(UPLOAD_RETRY_MS),
        ..Error::new(Kind::Unavailable, title)
    }
}

fn busy() -> Error {
    retry_later("Many people are uploading files right now. Try again soon.")
}

/// Sets `field` to `file`, so that a client can tell this error from a busy server and stop retrying.
fn too_slow() -> Error {
    retry_later("The upload is too slow to finish. Try again with a better connection.").at("file")
}

fn yielded() -> Error {
    retry_later("Others are waiting to upload, and this file was the slowest. Try again soon.")
}
