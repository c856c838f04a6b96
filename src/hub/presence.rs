//! Who is here: somebody with a connection, or whose last one went a moment ago.

use crate::clock::Time;
use crate::model::{Presence, User, UserId};
use std::collections::HashMap;
use std::sync::Arc;

struct Person {
    user: Arc<User>,
    connections: usize,
    /// How many of them are left alone.
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

/// Somebody's last connection went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Departure {
    /// The person who has no connection any more.
    pub user: UserId,
    /// Which of their departures this is, so that a later one has its own time to come back.
    number: u64,
}

/// Somebody is here now, looks elsewhere, or is gone.
#[derive(Clone, Debug)]
pub struct PresenceChange {
    /// The person, with what they show of themselves.
    pub user: Arc<User>,
    /// What they are now.
    pub state: Presence,
    /// When they went, where they did.
    pub at: Option<Time>,
    /// Grows from one change to the next.
    pub number: u64,
}

/// Counts the connections of each person, and remembers whose state the others have not heard of yet.
#[derive(Default)]
pub(super) struct People {
    here: HashMap<UserId, Person>,
    /// The present state only: who comes and goes faster than the others are told is told once.
    changed: HashMap<UserId, PresenceChange>,
    changes: u64,
}

impl People {
    /// Changes one person, and takes note where their state is another one then.
    fn with(&mut self, user: UserId, change: impl FnOnce(&mut Person)) {
        let Some(person) = self.here.get_mut(&user) else { return };
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

    /// One connection more.
    pub fn join(&mut self, user: &Arc<User>) {
        if !self.here.contains_key(&user.id) {
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
            self.here.insert(user.id, person);
        }
        self.with(user.id, |person| person.connections += 1);
    }

    /// How many connections somebody has.
    pub fn connections(&self, user: UserId) -> usize {
        self.here.get(&user).map_or(0, |person| person.connections)
    }

    /// One connection less, which was left alone or not. A departure where it was the last one; the person
    /// stays until [`People::gone`].
    pub fn leave(&mut self, user: UserId, was_away: bool) -> Option<Departure> {
        let person = self.here.get(&user)?;
        if person.connections > 1 {
            self.with(user, |person| {
                person.connections -= 1;
                person.away -= usize::from(was_away).min(person.away);
            });
            return None;
        }
        let person = self.here.get_mut(&user)?;
        (person.connections, person.away) = (0, 0);
        person.departures += 1;
        let number = person.departures;
        Some(Departure { user, number })
    }

    /// One more connection is left alone, or one less.
    pub fn away(&mut self, user: UserId, on: bool) {
        self.with(user, |person| match on {
            true => person.away += 1,
            false => person.away = person.away.saturating_sub(1),
        });
    }

    /// Somebody shows something else of themselves.
    pub fn update(&mut self, user: User) -> Arc<User> {
        match self.here.get_mut(&user.id) {
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
        let person = self.here.get(&departure.user);
        person.is_some_and(|person| person.connections == 0 && person.departures == departure.number)
    }

    /// Somebody is gone since `at`, if they have not come back since this departure.
    pub fn gone(&mut self, departure: Departure, at: Time) {
        if self.is_gone(departure)
            && let Some(person) = self.here.remove(&departure.user)
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

    /// Who has come or gone since this was last asked.
    pub fn take_changed(&mut self) -> Vec<PresenceChange> {
        self.changed.drain().map(|(_, change)| change).collect()
    }

    pub fn here(&self) -> Vec<(Arc<User>, Presence)> {
        let people = self.here.values();
        people.map(|person| (person.user.clone(), person.state())).collect()
    }
}
