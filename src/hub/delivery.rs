//! What happened, on its way to everybody's sockets: all of one commit in one write a socket, and with it the signals
//! that wait.

use super::batch::{Batch, Segment};
use super::rooms::MembershipChange;
use super::{Hub, State};
use crate::metrics::Count;
use crate::model::Event;

/// What went out of one batch.
#[derive(Default)]
struct Delivered {
    writes: u64,
    /// Those of them that went to the system together with others.
    together: u64,
    frames: u64,
    bytes: u64,
}

impl State {
    /// Writes a segment to every connection that it is for.
    fn write_segment(&mut self, segment: &mut Segment, delivered: &mut Delivered) {
        if let Some(uring) = &mut self.uring {
            uring.begin();
        }
        match self.subscriptions.few(segment, self.slots.len()) {
            None => (0..self.slots.len()).for_each(|index| self.write_to(index, segment, delivered)),
            Some(few) => {
                for id in few {
                    if let Some(index) = self.indexes.get(&id) {
                        self.write_to(*index, segment, delivered);
                    }
                }
            }
        }
        self.write_batch();
    }

    fn write_to(&mut self, index: usize, segment: &mut Segment, delivered: &mut Delivered) {
        let Some(slot) = self.slots.get_mut(index) else { return };
        if !slot.rooms.is_known() {
            return;
        }
        let shared = segment.frames_for(slot.user, slot.id, &slot.rooms);
        if shared.frames == 0 {
            return;
        }
        delivered.writes += 1;
        delivered.frames += shared.frames;
        delivered.bytes += shared.bytes.len() as u64;
        let Some(frames) = slot.queue_if_blocked(shared.bytes) else {
            return;
        };
        let Some(uring) = &mut self.uring else {
            return slot.write_direct(frames);
        };
        delivered.together += 1;
        if uring.push(index, frames) {
            self.write_batch();
        }
    }

    /// Writes the batch of io_uring; without io_uring, everything is written already.
    fn write_batch(&mut self) {
        let Some(mut uring) = self.uring.take() else { return };
        match uring.write(&mut self.slots) {
            Ok(()) => self.uring = Some(uring),
            Err(error) => tracing::warn!("io_uring takes no more: {error}"),
        }
    }

    /// A person has come into a room or left it.
    fn apply(&mut self, change: MembershipChange) {
        for id in self.subscriptions.of_person(change.user).copied().collect::<Vec<_>>() {
            let Some(index) = self.indexes.get(&id) else { continue };
            if let Some(slot) = self.slots.get_mut(*index) {
                slot.rooms.apply(change);
                self.subscriptions.apply(change, slot);
            }
        }
    }

    fn deliver_events(&mut self, events: &[Event]) -> Delivered {
        let batch = Batch::encode(events);
        // Added up here, and then once for all: an atomic for each socket would be dear.
        let mut delivered = Delivered::default();
        for user in &batch.people {
            self.people.update(user.clone());
        }
        for mut segment in batch.segments {
            self.write_segment(&mut segment, &mut delivered);
            if let Some((sessions, code)) = &segment.closed_sessions {
                self.end_sessions(|session| sessions.contains(&session), *code);
            }
            if let Some(change) = segment.then {
                self.apply(change);
            }
        }
        delivered
    }
}

impl Hub {
    /// Writes what happened to everyone whom it concerns: all events of one commit in one write a socket. Signals wait
    /// for something else to go with, or for [`Hub::deliver_signals`].
    pub fn deliver(&self, events: Vec<Event>) {
        let mut state = self.state();
        let delivered = match state.signals.put_before(events) {
            Some(events) => state.deliver_events(&events),
            None => Delivered::default(),
        };
        let has_signals = !state.signals.is_empty();
        drop(state);
        if has_signals {
            self.signalled.notify_one();
        }
        self.count(&delivered);
    }

    /// A signal, to be delivered soon.
    pub fn signal(&self, signal: Event) {
        self.deliver(vec![signal]);
    }

    /// Waits until there are signals to deliver.
    pub async fn has_signals(&self) {
        while self.state().signals.is_empty() {
            self.signalled.notified().await;
        }
    }

    /// Delivers the signals that wait.
    pub fn deliver_signals(&self) {
        let mut state = self.state();
        let signals = state.signals.take();
        let delivered = state.deliver_events(&signals);
        drop(state);
        self.count(&delivered);
    }

    fn count(&self, delivered: &Delivered) {
        self.metrics.add(Count::Writes, delivered.writes);
        self.metrics.add(Count::WritesTogether, delivered.together);
        self.metrics.add(Count::Deliveries, delivered.frames);
        self.metrics.add(Count::DeliveredBytes, delivered.bytes);
    }
}
