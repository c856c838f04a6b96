//! What one client hears on one link, held against the laws: each seq after the one before it.

use crate::ledger::{Law, Ledger, name_of};
use crate::picture::{Picture, Want, number};
use serde_json::Value;
use std::collections::HashMap;

#[derive(Default)]
pub struct Ears {
    /// Rooms that a sync was asked for, and what was missing there.
    syncing: HashMap<u64, Option<Hole>>,
    holes: HashMap<u64, Hole>,
    /// The last seq of each room that came by itself.
    last: HashMap<u64, u64>,
}

/// Seqs that did not come in their place.
struct Hole {
    first: u64,
    last: u64,
    heard: u64,
}

impl Ears {
    /// Whether everything that was asked for has come.
    pub fn are_content(&self) -> bool {
        self.syncing.is_empty()
    }

    /// Takes one frame; tells what is to be done about it.
    pub fn hear(&mut self, frame: &Value, picture: &mut Picture, ledger: &mut Ledger) -> Vec<Want> {
        let room = number(&frame["room"]);
        match frame["type"].as_str().unwrap_or_default() {
            "message" => self.message(room, frame, picture, ledger),
            "synced" | "reset" => {
                let name = if frame["type"] == "reset" { "resets" } else { "syncs" };
                ledger.count(name, 1);
                self.last.remove(&room);
                if let Some(hole) = self.syncing.remove(&room).flatten() {
                    hole.judge(room, ledger);
                }
            }
            _ => {}
        }
        let wants = picture.hear(frame);
        self.asked(&wants);
        // Of holes we have our own account.
        for complaint in picture.complaints.drain(..).filter(|text| !text.contains("came after")) {
            ledger.check(Law::Alike, false, || complaint);
        }
        wants
    }

    /// These are being asked for.
    pub fn asked(&mut self, wants: &[Want]) {
        for want in wants {
            if let Want::Sync(room, _) = want {
                self.syncing.insert(*room, self.holes.remove(room));
            }
        }
    }

    fn message(&mut self, room: u64, frame: &Value, picture: &Picture, ledger: &mut Ledger) {
        ledger.count("deliveries", 1);
        let (seq, message) = (number(&frame["seq"]), &frame["message"]);
        if let Some(name) = message["body"].as_str().map(name_of).filter(|name| !name.is_empty()) {
            ledger.seen(name, (room, number(&message["id"])));
        }
        if let Some(syncing) = self.syncing.get_mut(&room) {
            if let Some(hole) = syncing {
                hole.heard += u64::from((hole.first..=hole.last).contains(&seq));
            }
            return;
        }
        let Some(through) = picture.rooms.get(&room).map(|room| room.through) else {
            return;
        };
        let before = self.last.insert(room, seq);
        ledger.check(Law::Order, before.is_none_or(|before| before < seq), || {
            format!("room {room}: {seq} came after {before:?}")
        });
        if seq > through + 1 {
            let hole = Hole {
                first: through + 1,
                last: seq - 1,
                heard: 0,
            };
            self.holes.insert(room, hole);
        } else {
            ledger.check(Law::Gapless, true, String::new);
        }
    }
}

impl Hole {
    /// What was missing was late, or never came but for our asking.
    fn judge(&self, room: u64, ledger: &mut Ledger) {
        let missing = self.last - self.first + 1;
        let (law, how) = match self.heard > missing {
            true => (Law::Order, "came late"),
            false => (Law::Gapless, "did not come"),
        };
        ledger.check(law, false, || {
            format!("room {room}: {} to {} {how}", self.first, self.last)
        });
    }
}
