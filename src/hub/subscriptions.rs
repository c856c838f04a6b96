//! The connections subscribed to each room, and those of each person, so that an event for few people does not walk
//! all connections.
//!
//! It may list a connection too many, never one too few: [`Segment`] and the connection's own rooms decide who gets a
//! frame. The Lobby is not listed here.

use super::batch::Segment;
use super::client::Slot;
use super::rooms::MembershipChange;
use crate::model::{ConnectionId, RoomId, UserId};
use std::collections::{HashMap, HashSet};

/// If more than one in this many connections gets a frame, walking all of them costs no more.
const SELECTIVE_DIVISOR: usize = 4;

#[derive(Default)]
pub(super) struct Subscriptions {
    rooms: HashMap<RoomId, HashSet<ConnectionId>>,
    people: HashMap<UserId, HashSet<ConnectionId>>,
}

impl Subscriptions {
    /// Adds a connection whose rooms are not known yet.
    pub fn join(&mut self, user: UserId, id: ConnectionId) {
        self.people.entry(user).or_default().insert(id);
    }

    /// Adds a connection to its rooms, once they are known.
    pub fn set_rooms(&mut self, slot: &Slot) {
        for room in slot.rooms.known() {
            self.rooms.entry(*room).or_default().insert(slot.client.id);
        }
    }

    pub fn leave(&mut self, slot: &Slot) {
        remove(&mut self.people, slot.user, slot.client.id);
        for room in slot.rooms.known() {
            remove(&mut self.rooms, *room, slot.client.id);
        }
    }

    /// Applies a join or leave of the connection's person. The slot's rooms reflect it already.
    pub fn apply(&mut self, change: MembershipChange, slot: &Slot) {
        match slot.rooms.known().binary_search(&change.room).is_ok() {
            true => drop(self.rooms.entry(change.room).or_default().insert(slot.client.id)),
            false => remove(&mut self.rooms, change.room, slot.client.id),
        }
    }

    /// The connections of a person.
    pub fn of_person(&self, user: UserId) -> impl Iterator<Item = &ConnectionId> {
        self.people.get(&user).into_iter().flatten()
    }

    /// The connections that may get part of a segment, each once. `None` unless they are few of `all`.
    pub fn candidates(&self, segment: &Segment, all: usize) -> Option<HashSet<ConnectionId>> {
        let (rooms, people) = segment.audience()?;
        let rooms = rooms.iter().filter_map(|room| self.rooms.get(room));
        let sets = || {
            rooms
                .clone()
                .chain(people.iter().filter_map(|user| self.people.get(user)))
        };
        let count: usize = sets().map(HashSet::len).sum();
        (count <= all / SELECTIVE_DIVISOR).then(|| sets().flatten().copied().collect())
    }
}

/// Removes a connection from a set, and the set once it is empty.
fn remove<K: Eq + std::hash::Hash>(sets: &mut HashMap<K, HashSet<ConnectionId>>, key: K, id: ConnectionId) {
    if let Some(set) = sets.get_mut(&key) {
        set.remove(&id);
        if set.is_empty() {
            sets.remove(&key);
        }
    }
}
