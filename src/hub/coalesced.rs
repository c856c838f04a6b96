//! Events that are coalesced before they are delivered: typing and read marks. A write to every socket for each of them
//! would cost more than the messages do, so they wait up to a second and go out with the next event.

use crate::limits::COALESCED_WAITING_MAX;
use crate::model::{Event, RoomId, UserId};
use std::collections::HashSet;

/// In order of arrival, with only the latest of each kind, person and room.
#[derive(Default)]
pub(super) struct Coalesced {
    waiting: Vec<Event>,
    keys: HashSet<Key>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Typing(UserId, RoomId),
    SeenBy(UserId, RoomId),
    Read(UserId, RoomId),
}

impl Key {
    fn of(event: &Event) -> Option<Key> {
        match event {
            Event::Typing { user, room } => Some(Key::Typing(*user, *room)),
            Event::SeenBy { user, room, .. } => Some(Key::SeenBy(*user, *room)),
            Event::Read { mark, .. } => Some(Key::Read(mark.user, mark.room)),
            _ => None,
        }
    }
}

impl Coalesced {
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub fn take(&mut self) -> Vec<Event> {
        self.keys.clear();
        std::mem::take(&mut self.waiting)
    }

    /// Keeps events that can wait. If there are other events among them, or too many wait, it returns the waiting ones
    /// followed by the events. A person who has posted is no longer typing.
    pub fn put_before(&mut self, events: Vec<Event>) -> Option<Vec<Event>> {
        if events.iter().all(|event| Key::of(event).is_some()) {
            events.into_iter().for_each(|event| self.add(event));
            return (self.waiting.len() > COALESCED_WAITING_MAX).then(|| self.take());
        }
        if self.is_empty() {
            return Some(events);
        }
        for event in &events {
            if let Event::Posted(posted) = event {
                self.remove(Key::Typing(posted.message.author, posted.room));
            }
        }
        let mut all = self.take();
        all.extend(events);
        Some(all)
    }

    fn add(&mut self, event: Event) {
        let Some(key) = Key::of(&event) else { return };
        self.remove(key);
        self.keys.insert(key);
        self.waiting.push(event);
    }

    fn remove(&mut self, key: Key) {
        if self.keys.remove(&key) {
            self.waiting.retain(|event| Key::of(event) != Some(key));
        }
    }
}
