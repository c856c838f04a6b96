//! Presence: people with a connection, or whose last connection closed a moment ago.

use crate::clock::Time;
use crate::model::{Presence, User, UserId};
use std::collections::HashMap;
use std::sync::Arc;

struct Person {
    user: Arc<User>,
    connections: usize,
    /// How many of the connections are away.
    away: usize,
    departures: u64,
}

impl Person {
    fn state(&self) -> Presence {
        match self.connections > 0 && self.away == self.connections {
            true => Presence::Away,
            false => Presence::Online,
        }
    }
}

/// The closing of a person's last connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Departure {
    /// The person without a connection.
    pub user: UserId,
    /// Tells the person's departures apart: each has its own grace period.
    number: u64,
}

/// A person who is now online, away or offline.
#[derive(Clone, Debug)]
pub struct PresenceChange {
    /// The person and their profile.
    pub user: Arc<User>,
    /// The new state.
    pub state: Presence,
    /// When the person went offline. `None` for other states.
    pub at: Option<Time>,
    /// Grows with each change.
    pub number: u64,
}

/// Counts each person's connections, and collects the changes that have not been announced yet.
#[derive(Default)]
pub(super) struct People {
    online: HashMap<UserId, Person>,
    /// Only the latest state: changes faster than the announcements are merged.
    changed: HashMap<UserId, PresenceChange>,
    changes: u64,
}

impl People {
    /// Changes one person, and notes if that changes their state.
    fn with(&mut self, user: UserId, change: impl FnOnce(&mut Person)) {
        let Some(person) = self.online.get_mut(&user) else {
            return;
        };
        let before = person.state();
        change(person);
        if person.state() != before {
            let change = PresenceChange {
                user: person.user.clone(),
                state: person.state(),
                at: None,
                number: 0,
            };
            self.note(change);
        }
    }

    /// Adds a connection.
    pub fn join(&mut self, user: &Arc<User>) {
        if !self.online.contains_key(&user.id) {
            let change = PresenceChange {
                user: user.clone(),
                state: Presence::Online,
                at: None,
                number: 0,
            };
            self.note(change);
            let person = Person {
                user: user.clone(),
                connections: 0,
                away: 0,
                departures: 0,
            };
            self.online.insert(user.id, person);
        }
        self.with(user.id, |person| person.connections += 1);
    }

    /// The number of somebody's connections.
    pub fn connections(&self, user: UserId) -> usize {
        self.online.get(&user).map_or(0, |person| person.connections)
    }

    /// Removes a connection, which was away or not. Returns a departure if it was the last one. The person stays
    /// until [`People::gone`].
    pub fn leave(&mut self, user: UserId, was_away: bool) -> Option<Departure> {
        let person = self.online.get(&user)?;
        if person.connections > 1 {
            self.with(user, |person| {
                person.connections -= 1;
                person.away -= usize::from(was_away).min(person.away);
            });
            return None;
        }
        let person = self.online.get_mut(&user)?;
        (person.connections, person.away) = (0, 0);
        person.departures += 1;
        let number = person.departures;
        Some(Departure { user, number })
    }

    /// Marks one more connection as away, or one less.
    pub fn away(&mut self, user: UserId, on: bool) {
        self.with(user, |person| match on {
            true => person.away += 1,
            false => person.away = person.away.saturating_sub(1),
        });
    }

    /// Updates somebody's profile.
    pub fn update(&mut self, user: User) -> Arc<User> {
        match self.online.get_mut(&user.id) {
            Some(person) if *person.user == user => person.user.clone(),
            Some(person) => {
                person.user = Arc::new(user);
                person.user.clone()
            }
            None => Arc::new(user),
        }
    }

    /// Whether somebody has not come back since this departure.
    pub fn is_gone(&self, departure: Departure) -> bool {
        let person = self.online.get(&departure.user);
        person.is_some_and(|person| person.connections == 0 && person.departures == departure.number)
    }

    /// Marks somebody as offline since `at`, unless they have come back since this departure.
    pub fn gone(&mut self, departure: Departure, at: Time) {
        if self.is_gone(departure)
            && let Some(person) = self.online.remove(&departure.user)
        {
            let mut user = User::clone(&person.user);
            user.last_seen = Some(at);
            let change = PresenceChange {
                user: Arc::new(user),
                state: Presence::Offline,
                at: Some(at),
                number: 0,
            };
            self.note(change);
        }
    }

    fn note(&mut self, mut change: PresenceChange) {
        self.changes += 1;
        change.number = self.changes;
        self.changed.insert(change.user.id, change);
    }

    /// Takes the changes since the last call.
    pub fn take_changed(&mut self) -> Vec<PresenceChange> {
        self.changed.drain().map(|(_, change)| change).collect()
    }

    pub fn online(&self) -> Vec<(Arc<User>, Presence)> {
        let people = self.online.values();
        people.map(|person| (person.user.clone(), person.state())).collect()
    }
}
