//! What happened, on its way to everybody's sockets: all of one commit in one write a socket, and with it the signals
//! that wait.

use super::batch::{Batch, Run};
use super::rooms::MembershipChange;
use super::{Hub, State};
use crate::metrics::Count;
use crate::model::Event;

/// What went out of one batch.
#[derive(Default)]
struct Told {
    writes: u64,
    /// Those of them that went to the system together with others.
    together: u64,
    frames: u64,
    bytes: u64,
}

impl State {
    /// Writes a run to those whom it concerns.
    fn tell(&mut self, run: &mut Run, told: &mut Told) {
        if let Some(ring) = &mut self.ring {
            ring.begin();
        }
        match self.reach.few(run, self.slots.len()) {
            None => (0..self.slots.len()).for_each(|place| self.tell_one(place, run, told)),
            Some(few) => {
                for id in few {
                    if let Some(place) = self.places.get(&id) {
                        self.tell_one(*place, run, told);
                    }
                }
            }
        }
        self.write_batch();
    }

    fn tell_one(&mut self, place: usize, run: &mut Run, told: &mut Told) {
        let Some(slot) = self.slots.get_mut(place) else { return };
        if !slot.rooms.is_known() {
            return;
        }
        let share = run.share_of(slot.user, slot.id, &slot.rooms);
        if share.frames == 0 {
            return;
        }
        told.writes += 1;
        told.frames += share.frames;
        told.bytes += share.bytes.len() as u64;
        let Some(frames) = slot.behind_what_waits(share.bytes) else {
            return;
        };
        let Some(ring) = &mut self.ring else {
            return slot.write_direct(frames);
        };
        told.together += 1;
        if ring.push(place, frames) {
            self.write_batch();
        }
    }

    /// Writes what the ring holds; without one, everything is written already.
    fn write_batch(&mut self) {
        let Some(mut ring) = self.ring.take() else { return };
        match ring.write(&mut self.slots) {
            Ok(()) => self.ring = Some(ring),
            Err(error) => tracing::warn!("io_uring takes no more: {error}"),
        }
    }

    /// Somebody came into a room or went.
    fn step(&mut self, step: MembershipChange) {
        for id in self.reach.of_person(step.user).copied().collect::<Vec<_>>() {
            let Some(place) = self.places.get(&id) else { continue };
            if let Some(slot) = self.slots.get_mut(*place) {
                slot.rooms.step(step);
                self.reach.step(step, slot);
            }
        }
    }

    fn tell_all(&mut self, events: &[Event]) -> Told {
        let batch = Batch::encode(events);
        // Added up here, and then once for all: an atomic for each socket would be dear.
        let mut told = Told::default();
        for user in &batch.people {
            self.people.update(user.clone());
        }
        for mut run in batch.runs {
            self.tell(&mut run, &mut told);
            if let Some((sessions, code)) = &run.closed_sessions {
                self.end_sessions(|session| sessions.contains(&session), *code);
            }
            if let Some(step) = run.then {
                self.step(step);
            }
        }
        told
    }
}

impl Hub {
    /// Writes what happened to everyone whom it concerns: all events of one commit in one write a socket. Signals wait
    /// for something else to go with, or for [`Hub::tell_signals`].
    pub fn deliver(&self, events: Vec<Event>) {
        let mut state = self.state();
        let told = match state.signals.put_before(events) {
            Some(events) => state.tell_all(&events),
            None => Told::default(),
        };
        let has_signals = !state.signals.is_empty();
        drop(state);
        if has_signals {
            self.signalled.notify_one();
        }
        self.count(&told);
    }

    /// A signal, to be told soon.
    pub fn signal(&self, signal: Event) {
        self.deliver(vec![signal]);
    }

    /// Waits until there are signals to tell.
    pub async fn has_signals(&self) {
        while self.state().signals.is_empty() {
            self.signalled.notified().await;
        }
    }

    /// Tells the signals that wait.
    pub fn tell_signals(&self) {
        let mut state = self.state();
        let signals = state.signals.take();
        let told = state.tell_all(&signals);
        drop(state);
        self.count(&told);
    }

    fn count(&self, told: &Told) {
        self.metrics.add(Count::Writes, told.writes);
        self.metrics.add(Count::WritesTogether, told.together);
        self.metrics.add(Count::Deliveries, told.frames);
        self.metrics.add(Count::DeliveredBytes, told.bytes);
    }
}
