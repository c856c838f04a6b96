//! Checks what one client receives on one link: every seq must follow the previous one.

use crate::record::{Law, Record, name_of};
use crate::replica::{Replica, Request, number};
use serde_json::Value;
use std::collections::HashMap;

#[derive(Default)]
pub struct Listener {
    /// Rooms with a sync in flight, and the hole that caused it.
    syncing: HashMap<u64, Option<Hole>>,
    holes: HashMap<u64, Hole>,
    /// The last live seq of each room.
    last: HashMap<u64, u64>,
}

/// Seqs that were missing when a later one arrived.
struct Hole {
    first: u64,
    last: u64,
    received: u64,
}

impl Listener {
    /// Whether every sync has been answered.
    pub fn is_caught_up(&self) -> bool {
        self.syncing.is_empty()
    }

    /// Takes one frame and returns the requests that it calls for.
    pub fn receive(&mut self, frame: &Value, replica: &mut Replica, record: &mut Record) -> Vec<Request> {
        let room = number(&frame["room"]);
        match frame["type"].as_str().unwrap_or_default() {
            "message" => self.message(room, frame, replica, record),
            "synced" | "reset" => {
                let name = if frame["type"] == "reset" { "resets" } else { "syncs" };
                record.count(name, 1);
                self.last.remove(&room);
                if let Some(hole) = self.syncing.remove(&room).flatten() {
                    hole.judge(room, record);
                }
            }
            _ => {}
        }
        let requests = replica.receive(frame);
        self.requested(&requests);
        // Holes are recorded above.
        for complaint in replica.complaints.drain(..).filter(|text| !text.contains("came after")) {
            record.check(Law::Alike, false, || complaint);
        }
        requests
    }

    /// Marks the syncs among these requests as in flight.
    pub fn requested(&mut self, requests: &[Request]) {
        for request in requests {
            if let Request::Sync(room, _) = request {
                self.syncing.insert(*room, self.holes.remove(room));
            }
        }
    }

    fn message(&mut self, room: u64, frame: &Value, replica: &Replica, record: &mut Record) {
        record.count("deliveries", 1);
        let (seq, message) = (number(&frame["seq"]), &frame["message"]);
        if let Some(name) = message["body"].as_str().map(name_of).filter(|name| !name.is_empty()) {
            record.seen(name, (room, number(&message["id"])));
        }
        if let Some(syncing) = self.syncing.get_mut(&room) {
            if let Some(hole) = syncing {
                hole.received += u64::from((hole.first..=hole.last).contains(&seq));
            }
            return;
        }
        let Some(through) = replica.rooms.get(&room).map(|room| room.through) else {
            return;
        };
        let before = self.last.insert(room, seq);
        record.check(Law::Order, before.is_none_or(|before| before < seq), || {
            format!("room {room}: {seq} came after {before:?}")
        });
        if seq > through + 1 {
            let hole = Hole {
                first: through + 1,
                last: seq - 1,
                received: 0,
            };
            self.holes.insert(room, hole);
        } else {
            record.check(Law::Gapless, true, String::new);
        }
    }
}

impl Hole {
    /// Decides whether the missing seqs arrived late or only because of the sync.
    fn judge(&self, room: u64, record: &mut Record) {
        let missing = self.last - self.first + 1;
        let (law, how) = match self.received > missing {
            true => (Law::Order, "came late"),
            false => (Law::Gapless, "did not come"),
        };
        record.check(law, false, || {
            format!("room {room}: {} to {} {how}", self.first, self.last)
        });
    }
}
