//! Who is here: somebody with a connection, or whose last one went a moment ago.

use crate::model::{Presence, User, UserId};
use std::collections::HashMap;
use std::sync::Arc;

struct Person {
    user: Arc<User>,
    connections: usize,
    departures: u64,
}

/// Somebody's last connection went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Departure {
    user: UserId,
    /// Which of their departures this is, so that a later one has its own time to come back.
    number: u64,
}

/// Counts the connections of each person, and remembers whose state the others have not heard of yet.
#[derive(Default)]
pub(super) struct People {
    here: HashMap<UserId, Person>,
    /// The present state only: who comes and goes faster than the others are told is told once.
    changed: HashMap<UserId, (Arc<User>, Presence)>,
}

impl People {
    /// One connection more.
    pub fn join(&mut self, user: &Arc<User>) {
        let person = self.here.entry(user.id).or_insert_with(|| {
            self.changed.insert(user.id, (user.clone(), Presence::Online));
            Person {
                user: user.clone(),
                connections: 0,
                departures: 0,
            }
        });
        person.connections += 1;
    }

    /// How many connections somebody has.
    pub fn connections(&self, user: UserId) -> usize {
        self.here.get(&user).map_or(0, |person| person.connections)
    }

    /// One connection less. A departure where it was the last one; the person stays until [`People::gone`].
    pub fn leave(&mut self, user: UserId) -> Option<Departure> {
        let person = self.here.get_mut(&user)?;
        person.connections = person.connections.saturating_sub(1);
        if person.connections > 0 {
            return None;
        }
        person.departures += 1;
        let number = person.departures;
        Some(Departure { user, number })
    }

    /// Somebody is gone, if they have not come back since this departure.
    pub fn gone(&mut self, departure: Departure) {
        let is_gone = |person: &Person| person.connections == 0 && person.departures == departure.number;
        if self.here.get(&departure.user).is_some_and(is_gone)
            && let Some(person) = self.here.remove(&departure.user)
        {
            self.changed.insert(departure.user, (person.user, Presence::Offline));
        }
    }

    /// Who has come or gone since this was last asked.
    pub fn take_changed(&mut self) -> Vec<(Arc<User>, Presence)> {
        self.changed.drain().map(|(_, change)| change).collect()
    }

    pub fn here(&self) -> Vec<Arc<User>> {
        self.here.values().map(|person| person.user.clone()).collect()
    }
}
