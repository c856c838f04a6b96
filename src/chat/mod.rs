//! The verbs: one method for each thing that a person can do. Knows neither HTTP nor sockets.
//!
//! A verb takes valid input and a viewer, asks the throttle, makes a Change, and hands it to the store.

mod accounts;
mod admin;
pub mod markup;
mod messages;
mod passwords;
mod people;
mod picture;
mod rooms;
mod search;
mod signals;
mod throttle;

use crate::clock::{Clock, Time};
use crate::hub::Hub;
use crate::limits::{
    POSTS_BURST, POSTS_PER_SECOND, REQUESTS_BURST, REQUESTS_PER_SECOND, ROOMS_MADE_BURST, ROOMS_MADE_PER_DAY,
    TYPING_BURST, TYPING_PER_SECOND,
};
use crate::store::Store;
pub use accounts::{Caller, LoggedIn};
pub use admin::{BackupTaken, ServerFacts};
pub use messages::Answer;
use passwords::Passwords;
pub use rooms::RoomPlan;
use std::net::IpAddr;
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
    rate_limits: RateLimits,
    passwords: Passwords,
    logins: LoginThrottle,
    /// Of posts and of everything else that a person does.
    acts: ActThrottle,
    /// Of requests over HTTP, whatever they ask.
    requests: ActThrottle,
    rooms_made: ActThrottle,
    typing: ActThrottle,
    /// Whose turn it is to have a picture encoded.
    pictures: Semaphore,
    searches: search::Searches,
    addresses: Mutex<Arc<[String]>>,
    started_at: Time,
    /// Whose turn it is to take a backup.
    backups: Arc<Semaphore>,
}

impl Chat {
    /// Starts the hashing thread.
    ///
    /// # Errors
    /// When the system has no thread or no randomness left.
    pub fn new(store: Store, hub: Arc<Hub>, clock: Clock, rate_limits: RateLimits) -> std::io::Result<Chat> {
        Ok(Chat {
            store,
            hub,
            started_at: clock.now(),
            clock,
            rate_limits,
            passwords: Passwords::start()?,
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
            pictures: Semaphore::new(1),
            searches: search::Searches::default(),
            addresses: Mutex::new(Arc::new([])),
            backups: Arc::new(Semaphore::new(1)),
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

    /// How others on the network reach the server, as `HOST:PORT`.
    pub fn addresses(&self) -> Arc<[String]> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The network has changed.
    pub fn set_addresses(&self, addresses: Vec<String>) {
        *self.addresses.lock().unwrap_or_else(PoisonError::into_inner) = addresses.into();
    }

    /// Whether rates are limited.
    pub fn rate_limits(&self) -> RateLimits {
        self.rate_limits
    }
}

/// The part of an address that one household or office shares: an IPv4 address, an IPv6 /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
    }
}
