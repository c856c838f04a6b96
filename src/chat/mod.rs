//! The verbs: one method for each thing that a person can do. Knows neither HTTP nor sockets.
//!
//! A verb takes valid input and a viewer, asks the throttle, makes a Change, and hands it to the store.

mod accounts;
mod admin;
mod clock_watch;
mod files;
mod host;
pub mod markup;
mod messages;
mod nightly;
mod parts;
mod passwords;
mod people;
mod picture;
mod preview;
mod read_marks;
mod rooms;
mod search;
mod signals;
mod throttle;
mod trouble;
mod uploads;

use crate::clock::{Clock, Time};
use crate::error::{Error, Result};
use crate::hub::Hub;
use crate::limits::{
    FILE_READS_MAX, POSTS_BURST, POSTS_PER_SECOND, REQUESTS_BURST, REQUESTS_PER_SECOND, ROOMS_MADE_BURST,
    ROOMS_MADE_PER_DAY, SHED_RETRY_MS, SOCKETS_OPENED_BURST, SOCKETS_OPENED_PER_SECOND, SYNCS_BURST, SYNCS_PER_SECOND,
    TYPING_BURST, TYPING_PER_SECOND,
};
use crate::metrics::Count;
use crate::model::{UserId, Viewer};
use crate::store::{ShedLevel, Store};
pub use accounts::{Caller, LoggedIn};
pub use admin::{BackupTaken, ServerFacts, Vitals};
use clock_watch::ClockWatch;
pub use files::Upload;
pub use host::{ResetOffered, hand_over, offer_reset};
pub use messages::Answer;
pub use nightly::{BackupPlan, NightlyFacts};
pub use parts::{FaultPoints, Part, PartFault};
use passwords::Passwords;
pub use rooms::RoomPlan;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use throttle::{ActThrottle, LoginThrottle};
pub use throttle::{RateLimits, TokenBucket};
use tokio::sync::Semaphore;

const SECOND: Duration = Duration::from_secs(1);

/// What every verb works on.
pub struct Chat {
    store: Store,
    hub: Arc<Hub>,
    clock: Clock,
    clock_watch: ClockWatch,
    rate_limits: RateLimits,
    passwords: Passwords,
    logins: LoginThrottle,
    /// Of posts and of everything else that a person does.
    acts: ActThrottle,
    /// Of requests over HTTP, whatever they ask.
    requests: ActThrottle,
    rooms_made: ActThrottle,
    typing: ActThrottle,
    /// Of sockets, as they are opened.
    sockets: ActThrottle,
    /// Of catch-ups, over all connections of a person; a long one counts for more.
    syncs: ActThrottle,
    /// Whose turn it is to have a picture encoded.
    pictures: Semaphore,
    read_marks: Arc<read_marks::ReadMarks>,
    searches: search::Searches,
    uploads: Arc<uploads::UploadTurns>,
    /// Whose turn it is to have a piece of a file read.
    file_reads: Semaphore,
    addresses: Mutex<Arc<[String]>>,
    fault_points: FaultPoints,
    started_at: Time,
    /// Whose turn it is to take a backup.
    backups: Arc<Semaphore>,
    nights: nightly::Nights,
    announced: trouble::Announced,
}

impl Chat {
    /// Starts the hashing thread.
    ///
    /// # Errors
    /// When the system has no thread or no randomness left.
    pub fn new(store: Store, hub: Arc<Hub>, clock: Clock, rate_limits: RateLimits) -> std::io::Result<Chat> {
        let fault_points = FaultPoints::default();
        Ok(Chat {
            read_marks: read_marks::ReadMarks::new(store.clone()),
            uploads: uploads::UploadTurns::new(store.clone(), clock.clone(), rate_limits),
            store,
            hub,
            started_at: clock.now(),
            clock_watch: ClockWatch::new(&clock),
            clock,
            rate_limits,
            passwords: Passwords::start(fault_points.clone())?,
            fault_points,
            logins: LoginThrottle::default(),
            acts: ActThrottle::new(
                POSTS_BURST,
                POSTS_PER_SECOND,
                SECOND,
                "That is a lot at once. It goes out in a moment.",
            ),
            requests: ActThrottle::new(
                REQUESTS_BURST,
                REQUESTS_PER_SECOND,
                SECOND,
                "That is a lot at once. Try again in a moment.",
            ),
            rooms_made: ActThrottle::new(
                ROOMS_MADE_BURST,
                ROOMS_MADE_PER_DAY,
                24 * 60 * 60 * SECOND,
                "You have made very many rooms. Make the next one later.",
            ),
            typing: ActThrottle::new(TYPING_BURST, TYPING_PER_SECOND, SECOND, "That is a lot of typing."),
            sockets: ActThrottle::new(
                SOCKETS_OPENED_BURST,
                SOCKETS_OPENED_PER_SECOND,
                SECOND,
                "You have connected very often. Try again in a moment.",
            ),
            syncs: ActThrottle::new(
                SYNCS_BURST,
                SYNCS_PER_SECOND,
                SECOND,
                "That is a lot to catch up with at once. Try again in a moment.",
            ),
            pictures: Semaphore::new(1),
            searches: search::Searches::default(),
            file_reads: Semaphore::new(FILE_READS_MAX),
            addresses: Mutex::new(Arc::new([])),
            backups: Arc::new(Semaphore::new(1)),
            nights: nightly::Nights::default(),
            announced: trouble::Announced::default(),
        })
    }

    /// Who is connected.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// What is kept.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Where tests break parts of the server.
    pub fn fault_points(&self) -> &FaultPoints {
        &self.fault_points
    }

    /// How others on the network reach the server, as `HOST:PORT`.
    pub fn addresses(&self) -> Arc<[String]> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The network has changed.
    pub fn set_addresses(&self, addresses: Vec<String>) {
        *self.addresses.lock().unwrap_or_else(PoisonError::into_inner) = addresses.into();
    }

    /// Lets somebody come who is not connected yet, or not logged in.
    ///
    /// # Errors
    /// `unavailable` with a time to wait while the server is overloaded; it counts as `count` then.
    pub fn admit(&self, count: Count) -> Result<()> {
        self.shed(ShedLevel::Newcomers, count)
    }

    fn shed(&self, from: ShedLevel, count: Count) -> Result<()> {
        if self.store.shed_level() < from {
            return Ok(());
        }
        self.store.metrics().one(count);
        Err(Error::overloaded(SHED_RETRY_MS))
    }

    /// Counts something that the viewer does; tells the time.
    fn count_act(&self, viewer: &Viewer) -> Result<Time> {
        self.shed(ShedLevel::Actions, Count::ActsOverload)?;
        self.limit(&self.acts, Count::ActsTooMany, viewer.user.id)?;
        Ok(self.clock.now())
    }

    /// Counts a request of the viewer's.
    ///
    /// # Errors
    /// `too_many_requests`.
    pub fn count_request(&self, viewer: &Viewer) -> Result<()> {
        self.limit(&self.requests, Count::RequestsTooMany, viewer.user.id)
    }

    /// Counts a socket that the viewer opens.
    ///
    /// # Errors
    /// `too_many_requests`.
    pub fn count_socket(&self, viewer: &Viewer) -> Result<()> {
        self.limit(&self.sockets, Count::TurnedAwayRate, viewer.user.id)
    }

    fn limit(&self, throttle: &ActThrottle, count: Count, user: UserId) -> Result<()> {
        let taken = throttle.take(self.rate_limits, self.clock.instant(), user);
        taken.inspect_err(|_| self.store.metrics().one(count))
    }

    /// What somebody wanted to change failed with this. Counts it where that is a fault of ours.
    pub fn count_failure(&self, error: &Error) {
        if error.is_ours() {
            self.store.metrics().one(Count::WriteFailures);
        }
    }

    /// Whether rates are limited.
    pub fn rate_limits(&self) -> RateLimits {
        self.rate_limits
    }
}

/// Whether a connection comes from a program on this computer, a proxy perhaps: by the address that the
/// system gives them. The rest of 127.0.0.0/8 are neighbours like any other.
pub fn is_this_computer(address: IpAddr) -> bool {
    matches!(
        address.to_canonical(),
        IpAddr::V4(Ipv4Addr::LOCALHOST) | IpAddr::V6(Ipv6Addr::LOCALHOST)
    )
}

/// The part of an address that one household or office shares: an IPv4 address, an IPv6 /64.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
    }
}
