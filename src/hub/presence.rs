//! Who is here: somebody with a connection, or whose last one went a moment ago.

use crate::model::{User, UserId};
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

/// Counts the connections of each person.
#[derive(Default)]
pub(super) struct People(HashMap<UserId, Person>);

impl People {
    /// One connection more. True where the person was not here before.
    pub fn join(&mut self, user: &Arc<User>) -> bool {
        let came = !self.0.contains_key(&user.id);
        let person = self.0.entry(user.id).or_insert_with(|| Person {
            user: user.clone(),
            connections: 0,
            departures: 0,
        });
        person.connections += 1;
        came
    }

    /// One connection less. A departure where it was the last one; the person stays until [`People::gone`].
    pub fn leave(&mut self, user: UserId) -> Option<Departure> {
        let person = self.0.get_mut(&user)?;
        person.connections = person.connections.saturating_sub(1);
        if person.connections > 0 {
            return None;
        }
        person.departures += 1;
        let number = person.departures;
        Some(Departure { user, number })
    }

    /// Removes and returns somebody who has not come back since this departure.
    pub fn gone(&mut self, departure: Departure) -> Option<Arc<User>> {
        let person = self.0.get(&departure.user)?;
        if person.connections > 0 || person.departures != departure.number {
            return None;
        }
        self.0.remove(&departure.user).map(|person| person.user)
    }

    pub fn here(&self) -> Vec<Arc<User>> {
        self.0.values().map(|person| person.user.clone()).collect()
    }
}
