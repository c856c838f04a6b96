//! The verbs: one method for each thing that a person can do. Knows neither HTTP nor sockets.
//!
//! A verb takes valid input and a viewer, asks the throttle, makes a Change, and hands it to the store.

mod accounts;
mod files;
pub mod markup;
mod messages;
mod passwords;
mod people;
mod picture;
mod preview;
mod rooms;
mod signals;
mod throttle;

use crate::clock::Clock;
use crate::hub::Hub;
use crate::store::Store;
pub use accounts::{Caller, LoggedIn};
pub use files::Upload;
pub use messages::Answer;
use passwords::Passwords;
pub use rooms::RoomPlan;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use throttle::{ActThrottle, LoginThrottle};
pub use throttle::{RateLimits, TokenBucket};
use tokio::sync::Semaphore;

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
    /// Whose turn it is to have a picture encoded.
    pictures: Semaphore,
    files: files::Turns,
    addresses: Mutex<Arc<[String]>>,
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
            clock,
            rate_limits,
            passwords: Passwords::start()?,
            logins: LoginThrottle::default(),
            acts: ActThrottle::default(),
            pictures: Semaphore::new(1),
            files: files::Turns::default(),
            addresses: Mutex::new(Arc::new([])),
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
