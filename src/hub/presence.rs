//! Who is here: somebody with a connection, or whose last one went a moment ago.

use crate::model::{User, UserId};
use std::collections::HashMap;
use std::sync::Arc;

struct Person {
    user: Arc<User>,
    connections: usize,
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
        });
        person.connections += 1;
        came
    }

    /// One connection less. True where it was the last one; the person stays until [`People::gone`].
    pub fn leave(&mut self, user: UserId) -> bool {
        let Some(person) = self.0.get_mut(&user) else {
            return false;
        };
        person.connections = person.connections.saturating_sub(1);
        person.connections == 0
    }

    /// Removes and returns a person who is still without a connection.
    pub fn gone(&mut self, user: UserId) -> Option<Arc<User>> {
        match self.0.get(&user) {
            Some(person) if person.connections == 0 => self.0.remove(&user).map(|person| person.user),
            _ => None,
        }
    }

    pub fn here(&self) -> Vec<Arc<User>> {
        self.0.values().map(|person| person.user.clone()).collect()
    }
}
