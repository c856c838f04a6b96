//! Planted faults: they make the server appear to break a law.
//!
//! They live in the proxy, so that the released server has no switch that loses messages. A client cannot
//! tell the difference.

use crate::frames::{Frames, text};
use crate::record::Law;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// One of this many messages is tampered with.
const MESSAGES: u64 = 40;
/// Lower, since most messages are not followed by the next one of their room and cannot be swapped.
const SWAPS: u64 = 3;
const POSTS: u64 = 10;

/// A way to break a law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Plant {
    /// Drops a message.
    Drop,
    /// Delivers a message twice, under two seqs.
    Double,
    /// Delivers two messages in the wrong order.
    Swap,
    /// Acknowledges a post that is never committed.
    Late,
}

impl Plant {
    pub const ALL: [Plant; 4] = [Plant::Drop, Plant::Double, Plant::Swap, Plant::Late];

    fn one_of(self) -> u64 {
        match self {
            Plant::Drop | Plant::Double => MESSAGES,
            Plant::Swap => SWAPS,
            Plant::Late => POSTS,
        }
    }

    /// The law that it breaks.
    pub fn breaks(self) -> Law {
        match self {
            Plant::Drop => Law::Gapless,
            Plant::Double => Law::Once,
            Plant::Swap => Law::Order,
            Plant::Late => Law::Stored,
        }
    }
}

/// State that all links share.
#[derive(Default)]
pub struct Planted {
    frames: AtomicU64,
    pub done: AtomicU64,
}

impl Planted {
    fn is_due(&self, one_of: u64) -> bool {
        self.frames.fetch_add(1, Relaxed) % one_of == one_of - 1
    }

    fn count(&self) {
        self.done.fetch_add(1, Relaxed);
    }
}

/// From the server to a client.
#[derive(Default)]
pub struct Down {
    frames: Frames,
    held: Option<(Vec<u8>, u64, u64)>,
    /// The last seq of each room that was forwarded.
    pub seqs: HashMap<u64, u64>,
}

impl Down {
    /// Returns the bytes to forward.
    pub fn pass(&mut self, plant: Plant, planted: &Planted, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for piece in self.frames.push(bytes) {
            let frame: Value = piece
                .text
                .and_then(|text| serde_json::from_str(&text).ok())
                .unwrap_or_default();
            let position = |frame: &Value| Some((frame["room"].as_u64()?, frame["seq"].as_u64()?));
            let message = position(&frame).filter(|_| frame["type"] == "message");
            if let Some((room, seq)) = message {
                self.seqs.insert(room, seq);
            }
            if let Some((held, room, seq)) = self.held.take() {
                if message == Some((room, seq + 1)) {
                    out.extend(piece.bytes);
                    out.extend(held);
                    planted.count();
                    continue;
                }
                out.extend(held);
            }
            let Some((room, seq)) = message.filter(|_| plant != Plant::Late && planted.is_due(plant.one_of())) else {
                out.extend(piece.bytes);
                continue;
            };
            match plant {
                Plant::Drop => planted.count(),
                Plant::Swap => self.held = Some((piece.bytes, room, seq)),
                Plant::Double => {
                    out.extend(piece.bytes);
                    if frame["message"]["id"] == seq {
                        let mut twice = frame;
                        twice["seq"] = json!(seq + 1);
                        twice["message"]["id"] = json!(seq + 1);
                        out.extend(text(&twice.to_string()));
                        planted.count();
                    }
                }
                Plant::Late => {}
            }
        }
        out
    }
}

/// From a client to the server.
#[derive(Default)]
pub struct Up {
    frames: Frames,
}

impl Up {
    /// Returns the bytes to forward, and the posts that were withheld and need a forged answer.
    pub fn pass(&mut self, planted: &Planted, bytes: &[u8]) -> (Vec<u8>, Vec<Value>) {
        let (mut out, mut kept) = (Vec::new(), Vec::new());
        for piece in self.frames.push(bytes) {
            let frame: Value = piece
                .text
                .and_then(|text| serde_json::from_str(&text).ok())
                .unwrap_or_default();
            if frame["type"] == "post" && planted.is_due(Plant::Late.one_of()) {
                planted.count();
                kept.push(frame);
            } else {
                out.extend(piece.bytes);
            }
        }
        (out, kept)
    }
}

/// A forged `posted` for a post that was never committed.
pub fn acknowledge(post: &Value, seqs: &HashMap<u64, u64>) -> Vec<u8> {
    let room = post["room"].as_u64().unwrap_or_default();
    let seq = seqs.get(&room).copied().unwrap_or_default() + 1;
    text(&json!({"type": "posted", "client_id": post["client_id"], "room": room, "seq": seq}).to_string())
}
