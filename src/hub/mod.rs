//! The connected clients, and the only path on which events reach sockets.
//!
//! Every byte to a socket passes through here under one lock, so that a pong or an answer never lands inside another
//! frame. The lock is held for system calls that do not wait, never across an await. Owns no storage and decides no
//! rules.

mod batch;
mod client;
mod coalesced;
mod delivery;
mod presence;
mod rooms;
mod subscriptions;
#[cfg(has_io_uring)]
mod uring;
#[cfg(not(has_io_uring))]
#[path = "no_uring.rs"]
mod uring;

use crate::clock::Time;
use crate::limits::{PINGS_AT_ONCE_MAX, Timers};
use crate::metrics::Metrics;
use crate::model::{ConnectionId, Presence, RoomId, SessionId, User, UserId, Viewer};
use crate::wire::{self, CloseCode};
use bytes::Bytes;
pub use client::Client;
use client::Slot;
use coalesced::Coalesced;
use presence::People;
pub use presence::{Departure, PresenceChange};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use subscriptions::Subscriptions;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::sync::Notify;
use uring::UringSender;

/// The shared client map.
pub struct Hub {
    started: Instant,
    state: Mutex<State>,
    /// Notified when somebody's presence changes.
    presence: Notify,
    /// Notified when a coalesced event waits.
    coalesced_arrived: Notify,
    metrics: Arc<Metrics>,
    timers: Timers,
}

/// What is queued for slow clients, and for those that are not opened yet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backlog {
    /// Number of sockets with queued bytes.
    pub sockets: usize,
    /// Bytes queued for them.
    pub bytes: usize,
}

#[derive(Default)]
struct State {
    last_id: u64,
    /// The close code for connections that arrive during a stop. `None` while the server runs.
    stopping: Option<CloseCode>,
    /// A flat list, because a delivery walks all of it.
    slots: Vec<Slot>,
    /// The index in `slots` of each connection.
    indexes: HashMap<ConnectionId, usize>,
    subscriptions: Subscriptions,
    people: People,
    coalesced: Coalesced,
    /// `None` if each socket gets a system call of its own.
    uring: Option<UringSender>,
}

impl State {
    fn slot(&mut self, id: ConnectionId) -> Option<&mut Slot> {
        let index = *self.indexes.get(&id)?;
        self.slots.get_mut(index)
    }

    fn end_sessions(&mut self, ended: impl Fn(SessionId) -> bool, code: CloseCode) {
        for slot in &mut self.slots {
            if ended(slot.client.session) {
                slot.end(code);
            }
        }
    }
}

impl Hub {
    /// A hub without connections. It uses io_uring if `io_uring` is set and the system offers it.
    pub fn new(metrics: Arc<Metrics>, io_uring: bool, timers: Timers) -> Hub {
        Hub {
            started: Instant::now(),
            state: Mutex::new(State {
                uring: if io_uring { UringSender::open() } else { None },
                ..State::default()
            }),
            presence: Notify::new(),
            coalesced_arrived: Notify::new(),
            metrics,
            timers,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Go on after a panic under the lock: half an update is better than no deliveries.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seconds(&self) -> u32 {
        self.started.elapsed().as_secs() as u32
    }

    /// Registers a connection. A client that subscribes before it reads misses nothing. The order is: this call; read
    /// the person's rooms and call [`Hub::set_rooms`], from where on frames for the connection wait; read the
    /// contents of the first frame and call [`Hub::open`], which sends that frame before the waiting ones. Events
    /// delivered before `set_rooms` were committed before that read. Returns the socket's reading half.
    ///
    /// # Errors
    /// When there is no file descriptor left for the second handle on the socket.
    pub fn join(&self, viewer: &Viewer, stream: TcpStream) -> std::io::Result<(Arc<Client>, OwnedReadHalf)> {
        let direct = std::net::TcpStream::from(socket2::SockRef::from(&stream).try_clone()?);
        let (reading, writing) = stream.into_split();
        let mut state = self.state();
        state.last_id += 1;
        let id = ConnectionId(state.last_id);
        let client = Arc::new(Client::new(id, viewer.session, writing, self.seconds()));
        let index = state.slots.len();
        state.indexes.insert(id, index);
        let mut slot = Slot::new(direct, viewer.user.id, client.clone());
        if let Some(code) = state.stopping {
            slot.end(code);
        }
        state.slots.push(slot);
        state.subscriptions.join(viewer.user.id, id);
        state.people.join(&viewer.user);
        drop(state);
        self.presence.notify_one();
        Ok((client, reading))
    }

    /// Sets the rooms of a connection's person, as read from the file after the connection joined.
    pub fn set_rooms(&self, id: ConnectionId, rooms: Vec<RoomId>) {
        let mut state = self.state();
        let State {
            slots,
            indexes,
            subscriptions,
            ..
        } = &mut *state;
        if let Some(slot) = indexes.get(&id).and_then(|index| slots.get_mut(*index)) {
            slot.rooms.set(rooms);
            subscriptions.set_rooms(slot);
        }
    }

    /// Updates somebody's profile, as read from the file after they joined. All of their connections share it.
    pub fn update(&self, user: User) -> Arc<User> {
        self.state().people.update(user)
    }

    /// Marks a connection as away, or as in use again.
    pub fn set_away(&self, id: ConnectionId, on: bool) {
        let mut state = self.state();
        let Some(slot) = state.slot(id) else { return };
        if slot.is_away != on {
            slot.is_away = on;
            let user = slot.user;
            state.people.away(user, on);
            self.presence.notify_one();
        }
    }

    /// Writes the first frame, then the frames that have waited since the connection joined.
    pub fn open(&self, id: ConnectionId, first: Bytes) {
        if let Some(slot) = self.state().slot(id) {
            slot.open(first);
        }
    }

    /// Writes a frame, or queues it if the socket is full.
    pub fn send(&self, id: ConnectionId, frame: Bytes) {
        if let Some(slot) = self.state().slot(id) {
            slot.write(frame);
        }
    }

    /// Removes a connection. Returns the departure if it was the person's last one.
    pub fn leave(&self, id: ConnectionId) -> Option<Departure> {
        let mut state = self.state();
        let index = state.indexes.remove(&id)?;
        let slot = state.slots.swap_remove(index);
        if let Some(moved) = state.slots.get(index) {
            let moved = moved.client.id;
            state.indexes.insert(moved, index);
        }
        slot.shut_down();
        state.subscriptions.leave(&slot);
        let departure = state.people.leave(slot.user, slot.is_away);
        drop(state);
        self.presence.notify_one();
        departure
    }

    /// Whether the person of a departure has not come back since.
    pub fn is_gone(&self, departure: Departure) -> bool {
        self.state().people.is_gone(departure)
    }

    /// Marks the person of a departure as offline since `at`, unless they have come back.
    pub fn gone(&self, departure: Departure, at: Time) {
        self.state().people.gone(departure, at);
        self.presence.notify_one();
    }

    /// Waits for changes of presence, and returns the latest state of each person that changed.
    pub async fn presence_changes(&self) -> Vec<PresenceChange> {
        loop {
            let changed = self.state().people.take_changed();
            if !changed.is_empty() {
                return changed;
            }
            self.presence.notified().await;
        }
    }

    /// The number of somebody's connections.
    pub fn connections_of(&self, user: UserId) -> usize {
        self.state().people.connections(user)
    }

    /// Asks every connection to end, including those that are still to join.
    pub fn stop(&self, code: CloseCode) {
        let mut state = self.state();
        state.stopping = Some(code);
        state.end_sessions(|_| true, code);
    }

    /// The people who are online or away.
    pub fn online(&self) -> Vec<(Arc<User>, Presence)> {
        self.state().people.online()
    }

    /// The current backlog.
    pub fn backlog(&self) -> Backlog {
        let mut backlog = Backlog::default();
        for bytes in self.state().slots.iter().filter_map(Slot::queued_bytes) {
            backlog.sockets += 1;
            backlog.bytes += bytes;
        }
        backlog
    }

    /// Asks the connections of these sessions to end.
    pub fn end_sessions(&self, ended: impl Fn(SessionId) -> bool, code: CloseCode) {
        self.state().end_sessions(ended, code);
    }

    /// Asks all connections of a person to end.
    pub fn end_person(&self, user: UserId, code: CloseCode) {
        for slot in self.state().slots.iter_mut().filter(|slot| slot.user == user) {
            slot.end(code);
        }
    }

    /// The sessions of all connections.
    pub fn sessions(&self) -> Vec<SessionId> {
        let mut sessions: Vec<_> = self.state().slots.iter().map(|slot| slot.client.session).collect();
        sessions.sort_unstable();
        sessions.dedup();
        sessions
    }

    /// Writes a close frame. The connection gets nothing after it.
    pub fn close(&self, id: ConnectionId, code: CloseCode) {
        if let Some(slot) = self.state().slot(id) {
            slot.close(code);
        }
    }

    /// Records activity on a connection.
    pub fn record_activity(&self, client: &Client) {
        client.record_activity(self.seconds());
    }

    /// Pings silent connections and ends those silent for too long, from this index of the list on. If there are many
    /// to ping, it returns the index to continue at, so that other work need not wait for all of them. A connection
    /// that leaves meanwhile may move another one before this index, which is then checked in the next sweep.
    pub fn sweep(&self, from: usize) -> Option<usize> {
        let now = self.seconds();
        let mut pings = 0;
        for (index, slot) in self.state().slots.iter_mut().enumerate().skip(from) {
            let silent: u64 = now.saturating_sub(slot.client.last_activity()).into();
            if silent >= self.timers.dead_after.as_secs() {
                slot.shut_down();
            } else if silent >= self.timers.ping_after.as_secs() {
                slot.write(wire::ping_frame());
                pings += 1;
                if pings == PINGS_AT_ONCE_MAX {
                    return Some(index + 1);
                }
            }
        }
        None
    }

    /// The number of connections.
    pub fn connections(&self) -> usize {
        self.state().slots.len()
    }
}
