//! What the verbs share: the store, the hub, the clock, and the rate limits.

use super::background_task::FaultPoints;
use super::clock_watch::ClockWatch;
use super::nightly_state::NightlyState;
use super::passwords::Passwords;
use super::read_mark_queue::ReadMarks;
use super::search_permits::SearchPermits;
use super::throttle::{ActionThrottle, LoginThrottle, RateLimits};
use super::uploads::UploadQueue;
use crate::clock::{Clock, Time};
use crate::error::{Error, Result};
use crate::hub::Hub;
use crate::limits::{
    ACTIONS_BURST, ACTIONS_PER_SECOND, FILE_READS_MAX, REQUESTS_BURST, REQUESTS_PER_SECOND, ROOMS_MADE_BURST,
    ROOMS_MADE_PER_DAY, SHED_RETRY_MS, SOCKETS_OPENED_BURST, SOCKETS_OPENED_PER_SECOND, SYNCS_BURST, SYNCS_PER_SECOND,
    TYPING_BURST, TYPING_PER_SECOND,
};
use crate::metrics::Count;
use crate::model::{Trouble, UserId, Viewer};
use crate::store::{ShedLevel, Store};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

const SECOND: Duration = Duration::from_secs(1);

/// The state that every verb works on.
pub struct Chat {
    pub(super) store: Store,
    pub(super) hub: Arc<Hub>,
    pub(super) clock: Clock,
    pub(super) clock_watch: ClockWatch,
    pub(super) rate_limits: RateLimits,
    pub(super) passwords: Passwords,
    pub(super) logins: LoginThrottle,
    /// For posts and everything else that a person changes.
    pub(super) actions: ActionThrottle,
    /// For all HTTP requests.
    pub(super) requests: ActionThrottle,
    pub(super) rooms_made: ActionThrottle,
    pub(super) typing: ActionThrottle,
    /// For opening sockets.
    pub(super) sockets: ActionThrottle,
    /// For catch-ups, over all connections of a person. A long one counts as several.
    pub(super) syncs: ActionThrottle,
    /// Held while a picture is encoded, one at a time.
    pub(super) pictures: Semaphore,
    pub(super) read_marks: Arc<ReadMarks>,
    pub(super) searches: SearchPermits,
    pub(super) uploads: Arc<UploadQueue>,
    /// Permits for reading file chunks.
    pub(super) file_reads: Semaphore,
    pub(super) addresses: Mutex<Arc<[String]>>,
    pub(super) fault_points: FaultPoints,
    pub(super) started_at: Time,
    /// Held while a backup is taken, one at a time.
    pub(super) backups: Arc<Semaphore>,
    pub(super) nightly: NightlyState,
    pub(super) announced_trouble: Mutex<Option<Trouble>>,
}

impl Chat {
    /// Starts the hashing thread.
    ///
    /// # Errors
    /// When the system has no threads or no randomness left.
    pub fn new(store: Store, hub: Arc<Hub>, clock: Clock, rate_limits: RateLimits) -> std::io::Result<Chat> {
        let fault_points = FaultPoints::default();
        Ok(Chat {
            read_marks: ReadMarks::new(store.clone()),
            uploads: UploadQueue::new(store.clone(), clock.clone(), rate_limits),
            store,
            hub,
            started_at: clock.now(),
            clock_watch: ClockWatch::new(&clock),
            clock,
            rate_limits,
            passwords: Passwords::start(fault_points.clone())?,
            fault_points,
            logins: LoginThrottle::default(),
            actions: ActionThrottle::new(
                ACTIONS_BURST,
                ACTIONS_PER_SECOND,
                SECOND,
                "That is a lot at once. It goes out in a moment.",
            ),
            requests: ActionThrottle::new(
                REQUESTS_BURST,
                REQUESTS_PER_SECOND,
                SECOND,
                "That is a lot at once. Try again in a moment.",
            ),
            rooms_made: ActionThrottle::new(
                ROOMS_MADE_BURST,
                ROOMS_MADE_PER_DAY,
                24 * 60 * 60 * SECOND,
                "You have made very many rooms. Make the next one later.",
            ),
            typing: ActionThrottle::new(TYPING_BURST, TYPING_PER_SECOND, SECOND, "That is a lot of typing."),
            sockets: ActionThrottle::new(
                SOCKETS_OPENED_BURST,
                SOCKETS_OPENED_PER_SECOND,
                SECOND,
                "You have connected very often. Try again in a moment.",
            ),
            syncs: ActionThrottle::new(
                SYNCS_BURST,
                SYNCS_PER_SECOND,
                SECOND,
                "That is a lot to catch up with at once. Try again in a moment.",
            ),
            pictures: Semaphore::new(1),
            searches: SearchPermits::default(),
            file_reads: Semaphore::new(FILE_READS_MAX),
            addresses: Mutex::new(Arc::new([])),
            backups: Arc::new(Semaphore::new(1)),
            nightly: NightlyState::default(),
            announced_trouble: Mutex::default(),
        })
    }

    /// The connected clients.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// The data file.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The points where tests break tasks of the server.
    pub fn fault_points(&self) -> &FaultPoints {
        &self.fault_points
    }

    /// The addresses by which others on the network reach the server, as `HOST:PORT`.
    pub fn addresses(&self) -> Arc<[String]> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sets those addresses, when the network has changed.
    pub fn set_addresses(&self, addresses: Vec<String>) {
        *self.addresses.lock().unwrap_or_else(PoisonError::into_inner) = addresses.into();
    }

    /// Admits a client that is not connected or not logged in yet.
    ///
    /// # Errors
    /// `unavailable` with a time to wait while the server is overloaded. It is then counted as `count`.
    pub fn admit(&self, count: Count) -> Result<()> {
        self.shed(ShedLevel::Newcomers, count)
    }

    pub(super) fn shed(&self, from: ShedLevel, count: Count) -> Result<()> {
        if self.store.shed_level() < from {
            return Ok(());
        }
        self.store.metrics().increment(count);
        Err(Error::overloaded(SHED_RETRY_MS))
    }

    /// Counts an action of the viewer, or refuses it. Returns the current time.
    ///
    /// # Errors
    /// `unavailable` while the server is overloaded, `too_many_requests`.
    pub(super) fn throttle_action(&self, viewer: &Viewer) -> Result<Time> {
        self.shed(ShedLevel::Actions, Count::ActsOverload)?;
        self.limit(&self.actions, Count::ActsTooMany, viewer.user.id)?;
        Ok(self.clock.now())
    }

    /// Counts a request of the viewer, or refuses it.
    ///
    /// # Errors
    /// `too_many_requests`.
    pub fn throttle_request(&self, viewer: &Viewer) -> Result<()> {
        self.limit(&self.requests, Count::RequestsTooMany, viewer.user.id)
    }

    /// Counts a socket that the viewer opens, or refuses it.
    ///
    /// # Errors
    /// `too_many_requests`.
    pub fn throttle_socket(&self, viewer: &Viewer) -> Result<()> {
        self.limit(&self.sockets, Count::TurnedAwayRate, viewer.user.id)
    }

    pub(super) fn limit(&self, throttle: &ActionThrottle, count: Count, user: UserId) -> Result<()> {
        let taken = throttle.take(self.rate_limits, self.clock.instant(), user);
        taken.inspect_err(|_| self.store.metrics().increment(count))
    }

    /// Counts a failed change, if the error is a fault of ours.
    pub fn count_failure(&self, error: &Error) {
        if error.is_ours() {
            self.store.metrics().increment(Count::WriteFailures);
        }
    }

    /// Whether rates are limited.
    pub fn rate_limits(&self) -> RateLimits {
        self.rate_limits
    }
}
