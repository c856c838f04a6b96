//! Delivers events to all sockets, together with the coalesced ones: one write per socket for each segment of a
//! batch, usually one for the whole batch.

use super::batch::{Batch, Segment};
use super::rooms::MembershipChange;
use super::{Hub, State};
use crate::metrics::Count;
use crate::model::Event;

/// Counts of the frames and writes of one batch.
#[derive(Default)]
struct Delivered {
    writes: u64,
    /// Writes that went to the kernel together with others.
    together: u64,
    frames: u64,
    bytes: u64,
}

impl State {
    /// Writes a segment to every connection it is for.
    fn write_segment(&mut self, segment: &mut Segment, delivered: &mut Delivered) {
        if let Some(uring) = &mut self.uring {
            uring.begin();
        }
        match self.subscriptions.candidates(segment, self.slots.len()) {
            None => (0..self.slots.len()).for_each(|index| self.write_to(index, segment, delivered)),
            Some(candidates) => {
                for id in candidates {
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
        let Some(frames) = slot.queue_if_needed(shared.bytes) else {
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

    /// Submits the io_uring batch. Without io_uring, everything has been written already.
    fn write_batch(&mut self) {
        let Some(mut uring) = self.uring.take() else { return };
        match uring.write(&mut self.slots) {
            Ok(()) => self.uring = Some(uring),
            Err(error) => tracing::warn!("io_uring failed, and each socket is written separately from now on: {error}"),
        }
    }

    /// Applies a person's joining or leaving of a room.
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
        // Summed up here and added once: an atomic operation per socket would be expensive.
        let mut delivered = Delivered::default();
        for user in &batch.people {
            self.people.update(user.clone());
        }
        for mut segment in batch.segments {
            self.write_segment(&mut segment, &mut delivered);
            if let Some((sessions, code)) = &segment.closed_sessions {
                self.end_sessions(|session| sessions.contains(&session), *code);
            }
            if let Some(change) = segment.membership_change {
                self.apply(change);
            }
        }
        delivered
    }
}

impl Hub {
    /// Delivers events to every socket that should get them, with one write per socket and segment. Typing and read
    /// marks wait for an event to accompany, or for [`Hub::deliver_coalesced`].
    pub fn deliver(&self, events: Vec<Event>) {
        let mut state = self.state();
        let delivered = match state.coalesced.put_before(events) {
            Some(events) => state.deliver_events(&events),
            None => Delivered::default(),
        };
        let has_coalesced = !state.coalesced.is_empty();
        drop(state);
        if has_coalesced {
            self.coalesced_arrived.notify_one();
        }
        self.count(&delivered);
    }

    /// Queues typing or a read mark for delivery.
    pub fn coalesce(&self, event: Event) {
        self.deliver(vec![event]);
    }

    /// Waits until there are coalesced events to deliver.
    pub async fn has_coalesced(&self) {
        while self.state().coalesced.is_empty() {
            self.coalesced_arrived.notified().await;
        }
    }

    /// Delivers the coalesced events.
    pub fn deliver_coalesced(&self) {
        let mut state = self.state();
        let waiting = state.coalesced.take();
        let delivered = state.deliver_events(&waiting);
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
