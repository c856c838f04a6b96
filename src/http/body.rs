//! Reads the body of a request, in bounded time and only while there is memory for it.
//!
//! A stranger can make the server keep bodies in memory, so their sum is bounded. Bytes are bounded for all guests
//! (people without a session), for all members, and for each member; short bodies do not count. Guests' bodies are
//! also bounded in number: one too many ends the one that has been in transit for longest. A real log-in is short and
//! arrives within a moment, so a crowd of unfinished ones does not keep it out. The sender of a request is in its
//! extensions, as [`Sender`].

use crate::chat::{Chat, RateLimits, is_this_computer, network};
use crate::error::{Error, Kind, Result};
use crate::limits::{
    BODIES_BYTES_MAX, BODIES_BYTES_PER_PERSON_MAX, BODY_BYTES_UNCOUNTED, BODY_RETRY_MS, GUEST_BODIES_BYTES_MAX,
    GUEST_BODIES_MAX, GUEST_BODIES_PER_ADDRESS_MAX, REQUEST_BODY_TIMEOUT, SHED_RETRY_MS,
};
use crate::metrics::{Count, Metrics};
use crate::model::UserId;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::{Body, Incoming};
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The memory for bodies.
pub struct Bodies {
    chat: Arc<Chat>,
    held: Mutex<Held>,
}

/// The bodies that are in memory now.
#[derive(Default)]
struct Held {
    bytes: usize,
    guest_bytes: usize,
    of_people: HashMap<UserId, usize>,
    /// In order of arrival.
    guests: BTreeMap<u64, Guest>,
    next_guest: u64,
}

/// A guest's body in transit.
struct Guest {
    address: Option<IpAddr>,
    end: oneshot::Sender<Error>,
}

impl Held {
    /// Ends the oldest body of a guest from this address, or from any address for `None`.
    fn end_oldest(&mut self, address: Option<IpAddr>, error: Error) {
        let mut guests = self.guests.iter();
        let oldest = guests.find(|(_, guest)| address.is_none() || guest.address == address);
        let oldest = oldest.map(|(id, _)| *id);
        if let Some(guest) = oldest.and_then(|id| self.guests.remove(&id)) {
            // Nobody receives the error if the body has just arrived.
            let _ = guest.end.send(error);
        }
    }
}

#[derive(Clone, Copy)]
enum Who {
    /// A guest, with the address if it counts. `None` on this computer.
    Guest(Option<IpAddr>),
    Member(UserId),
}

/// The sender of a request.
#[derive(Clone)]
pub struct Sender {
    bodies: Arc<Bodies>,
    who: Who,
}

impl Bodies {
    /// The memory that the limits allow.
    pub fn new(chat: Arc<Chat>) -> Arc<Bodies> {
        let held = Mutex::default();
        Arc::new(Bodies { chat, held })
    }

    /// The sender of a guest's request from this address.
    pub fn guest(self: &Arc<Bodies>, address: IpAddr) -> Sender {
        let is_counted = !is_this_computer(address) && self.is_limited();
        self.sender(Who::Guest(is_counted.then(|| network(address))))
    }

    /// The sender of a member's request.
    pub fn member(self: &Arc<Bodies>, user: UserId) -> Sender {
        self.sender(Who::Member(user))
    }

    fn sender(self: &Arc<Bodies>, who: Who) -> Sender {
        let bodies = self.clone();
        Sender { bodies, who }
    }

    fn is_limited(&self) -> bool {
        self.chat.rate_limits() == RateLimits::On
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn metrics(&self) -> &Metrics {
        self.chat.store().metrics()
    }
}

impl Sender {
    fn begin(&self) -> ReadBody {
        let (mut guest, mut ended) = (None, None);
        if let Who::Guest(address) = self.who {
            let (end, end_heard) = oneshot::channel();
            (guest, ended) = (Some(self.begin_guest(Guest { address, end })), Some(end_heard));
        }
        self.bodies.metrics().bodies.add(1);
        ReadBody {
            sender: self.clone(),
            bytes: Vec::new(),
            counted: 0,
            guest,
            ended,
        }
    }

    fn begin_guest(&self, guest: Guest) -> u64 {
        let metrics = self.bodies.metrics();
        let mut held = self.bodies.lock();
        let of_address = held.guests.values().filter(|other| other.address == guest.address);
        if guest.address.is_some() && of_address.count() >= GUEST_BODIES_PER_ADDRESS_MAX {
            metrics.increment(Count::BodiesTooMany);
            let title = "Your network is sending very many requests. Try again in a moment.";
            held.end_oldest(guest.address, Error::too_many(title, BODY_RETRY_MS));
        }
        if held.guests.len() >= GUEST_BODIES_MAX {
            metrics.increment(Count::BodiesBusy);
            held.end_oldest(None, Error::overloaded(SHED_RETRY_MS));
        }
        let id = held.next_guest;
        held.next_guest += 1;
        held.guests.insert(id, guest);
        id
    }
}

/// A body that is being read. It counts until it is dropped.
struct ReadBody {
    sender: Sender,
    bytes: Vec<u8>,
    counted: usize,
    guest: Option<u64>,
    ended: Option<oneshot::Receiver<Error>>,
}

impl ReadBody {
    fn extend(&mut self, more: &[u8], bytes_max: usize) -> Result<()> {
        let length = self.bytes.len() + more.len();
        if length > bytes_max {
            return Err(too_large(bytes_max));
        }
        if length > self.bytes.capacity() {
            // A client may announce any length, so the buffer grows only as bytes arrive.
            let capacity = length.next_power_of_two().max(1 << 10).min(bytes_max);
            self.count(capacity)?;
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
        self.bytes.extend_from_slice(more);
        Ok(())
    }

    fn count(&mut self, capacity: usize) -> Result<()> {
        if capacity <= BODY_BYTES_UNCOUNTED {
            return Ok(());
        }
        let (bodies, more) = (&self.sender.bodies, capacity - self.counted);
        let mut held = bodies.lock();
        let (all, all_max) = match self.sender.who {
            Who::Guest(_) => (&mut held.guest_bytes, GUEST_BODIES_BYTES_MAX),
            Who::Member(user) => {
                let own = held.of_people.get(&user).copied().unwrap_or_default() + more;
                if own > BODIES_BYTES_PER_PERSON_MAX && bodies.is_limited() {
                    bodies.metrics().increment(Count::BodiesTooMany);
                    let title = "You are sending a lot at once. Try again in a moment.";
                    return Err(Error::too_many(title, BODY_RETRY_MS));
                }
                (&mut held.bytes, BODIES_BYTES_MAX)
            }
        };
        if *all + more > all_max {
            bodies.metrics().increment(Count::BodiesBusy);
            return Err(Error::overloaded(SHED_RETRY_MS));
        }
        *all += more;
        if let Who::Member(user) = self.sender.who {
            *held.of_people.entry(user).or_default() += more;
        }
        self.counted = capacity;
        bodies.metrics().body_bytes.add(more as u64);
        Ok(())
    }
}

impl AsRef<[u8]> for ReadBody {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for ReadBody {
    fn drop(&mut self) {
        let bodies = &self.sender.bodies;
        let mut held = bodies.lock();
        match (self.sender.who, self.guest) {
            (Who::Guest(_), guest) => {
                held.guest_bytes -= self.counted;
                guest.and_then(|guest| held.guests.remove(&guest));
            }
            (Who::Member(user), _) => {
                held.bytes -= self.counted;
                if let Some(own) = held.of_people.get_mut(&user) {
                    *own -= self.counted;
                    if *own == 0 {
                        held.of_people.remove(&user);
                    }
                }
            }
        }
        bodies.metrics().bodies.sub(1);
        bodies.metrics().body_bytes.sub(self.counted as u64);
    }
}

fn too_large(bytes_max: usize) -> Error {
    Error::new(Kind::TooLarge, format!("This has at most {} KiB.", bytes_max >> 10))
}

/// Reads the body of a request. It counts as long as any part of it is kept.
///
/// # Errors
/// `too_large`, at once if the request announces it; `bad_request` if it breaks off or takes too long;
/// `too_many_requests` or `unavailable`, both with a time to wait, if there is no memory for it.
pub async fn read(request: Request<Incoming>, bytes_max: usize) -> Result<Bytes> {
    let sender = request.extensions().get::<Sender>().cloned();
    let sender = sender.ok_or_else(|| Error::internal("a request without a sender"))?;
    let mut incoming = request.into_body();
    if incoming.size_hint().lower() > bytes_max as u64 {
        return Err(too_large(bytes_max));
    }
    if incoming.is_end_stream() {
        return Ok(Bytes::new());
    }
    let mut body = sender.begin();
    let ended = body.ended.take();
    let ended = async {
        match ended {
            Some(ended) => ended.await.unwrap_or_else(Error::internal),
            None => std::future::pending().await,
        }
    };
    let reading = async {
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|cause| Error::bad_request("The request was interrupted.").because(cause))?;
            if let Some(bytes) = frame.data_ref() {
                body.extend(bytes, bytes_max)?;
            }
        }
        Ok(())
    };
    tokio::select! {
        read = reading => read.map(|()| Bytes::from_owner(body)),
        error = ended => Err(error),
        () = tokio::time::sleep(REQUEST_BODY_TIMEOUT) => Err(Error::bad_request("The request took too long to arrive.")),
    }
}
