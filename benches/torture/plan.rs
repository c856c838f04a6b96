//! The schedule of the faults and of each client's actions, derived from the seed.
//!
//! The seed does not fix scheduling: which link a fault hits, and which message is the last one at that
//! moment, depends on the machine.

use crate::rng::Rng;
use std::time::Duration;

/// A fault of the server, its disk or the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL, and a start after this time.
    Kill(Duration),
    /// SIGSTOP, and SIGCONT after this time.
    Freeze(Duration),
    /// SIGTERM, then a start.
    Restart,
    /// Fills the disk to its last byte for this time.
    FillDisk(Duration),
    /// Resets some links in the middle of a transfer.
    Cut,
    /// Holds everything on some links back for this time.
    Stall(Duration),
    /// Delays everything on some links by this time.
    Delay(Duration),
    /// Drops everything on some open links, in one direction or in both.
    HalfOpen,
}

impl Fault {
    /// Whether it affects the server. Server faults never overlap.
    pub fn is_of_server(self) -> bool {
        matches!(
            self,
            Fault::Kill(_) | Fault::Freeze(_) | Fault::Restart | Fault::FillDisk(_)
        )
    }
}

/// An action of a client. `room` and `back` are indexes into its rooms and its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Posts a text of this many words.
    Post { room: usize, words: usize },
    /// Resends an acknowledged post with the same `client_id`; `back` counts from the last one.
    Again { back: usize },
    /// Edits one of its last posts.
    Edit { back: usize },
    /// Deletes one of its last posts.
    Delete { back: usize },
    /// Reacts to one of the last messages of a room, or removes the reaction.
    React { room: usize, back: usize, on: bool },
    /// Disconnects, and comes back after this time with its state.
    Leave(Duration),
    /// Dies, and comes back after this time with its outbox alone.
    Die(Duration),
    /// Dies and loses its outbox too; each post of it must be stored once or not at all.
    Forget(Duration),
}

const SERVER_FAULT_EVERY_MS: (u64, u64) = (900, 2_600);
const LINK_FAULT_EVERY_MS: (u64, u64) = (120, 700);
const ACTION_EVERY_MS: (u64, u64) = (15, 130);
const READER_ACTION_EVERY_MS: (u64, u64) = (300, 2_500);
/// The longest post; most posts are much shorter.
const WORDS_MAX: usize = 400;

/// A random duration within these bounds.
fn between(rng: &mut Rng, (low, high): (u64, u64)) -> Duration {
    Duration::from_millis(low + rng.below((high - low) as usize) as u64)
}

/// The faults of a run, in order of time.
pub fn faults(seed: u64, length: Duration, disk: bool) -> Vec<(Duration, Fault)> {
    let mut rng = Rng::new(seed ^ 0xFA17);
    let mut faults = Vec::new();
    let mut at = between(&mut rng, SERVER_FAULT_EVERY_MS);
    while at < length {
        let fault = match rng.below(if disk { 10 } else { 8 }) {
            0..4 => Fault::Kill(between(&mut rng, (1, 400))),
            4..6 => Fault::Freeze(between(&mut rng, (200, 1_500))),
            6..8 => Fault::Restart,
            _ => Fault::FillDisk(between(&mut rng, (300, 1_200))),
        };
        faults.push((at, fault));
        at += between(&mut rng, SERVER_FAULT_EVERY_MS);
    }
    let mut at = between(&mut rng, LINK_FAULT_EVERY_MS);
    while at < length {
        let fault = match rng.below(10) {
            0..4 => Fault::Cut,
            4..6 => Fault::Stall(between(&mut rng, (50, 1_500))),
            6..8 => Fault::Delay(between(&mut rng, (1, 120))),
            _ => Fault::HalfOpen,
        };
        faults.push((at, fault));
        at += between(&mut rng, LINK_FAULT_EVERY_MS);
    }
    faults.sort_by_key(|(at, fault)| (*at, fault.is_of_server()));
    faults
}

/// The actions of a client, in order of time.
pub fn actions(seed: u64, client: usize, writes: bool, length: Duration) -> Vec<(Duration, Action)> {
    let mut rng = Rng::new(seed ^ (client as u64 + 1) << 20);
    let every = if writes {
        ACTION_EVERY_MS
    } else {
        READER_ACTION_EVERY_MS
    };
    let mut actions = Vec::new();
    let mut at = between(&mut rng, every);
    while at < length {
        actions.push((at, action(&mut rng, writes)));
        at += between(&mut rng, every);
    }
    actions
}

fn action(rng: &mut Rng, writes: bool) -> Action {
    let (room, back) = (rng.below(64), rng.below(8));
    let away = between(rng, (10, 900));
    match rng.below(100) {
        0..5 if !writes => Action::Die(away),
        5..25 if !writes => Action::Leave(away),
        _ if !writes => {
            let on = !rng.one_in(3);
            Action::React { room, back, on }
        }
        0..68 => {
            let words = match rng.one_in(12) {
                true => 1 + rng.below(WORDS_MAX),
                false => 1 + rng.below(12),
            };
            Action::Post { room, words }
        }
        68..76 => Action::Again { back },
        76..85 => Action::Edit { back },
        85..88 => Action::Delete { back },
        88..97 => {
            let on = !rng.one_in(3);
            Action::React { room, back, on }
        }
        97 => Action::Leave(away),
        98 => Action::Forget(away),
        _ => Action::Die(away),
    }
}
