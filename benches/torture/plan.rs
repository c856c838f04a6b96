//! What happens when: faults and what each client does, all of it from the seed.
//!
//! What cannot be replayed is scheduling: which link a fault meets, and which message is the last one
//! at that moment, depend on how the machine shares its time.

use crate::rng::Rng;
use std::time::Duration;

/// One thing that breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL; it starts again after this long.
    Kill(Duration),
    /// SIGSTOP, and SIGCONT after this long.
    Freeze(Duration),
    /// SIGTERM, then a start.
    Restart,
    /// Not a byte is left on the disk, for this long.
    FillDisk(Duration),
    /// Some links are reset, in the middle of what they carry.
    Cut,
    /// Some links carry nothing for this long, and then all of it.
    Stall(Duration),
    /// Everything on some links comes this much later.
    Delay(Duration),
    /// Some links stay open and carry nothing any more, in one direction or in both.
    HalfOpen,
}

impl Fault {
    /// Whether it is about the server; of these there is one at a time.
    pub fn is_of_server(self) -> bool {
        matches!(
            self,
            Fault::Kill(_) | Fault::Freeze(_) | Fault::Restart | Fault::FillDisk(_)
        )
    }
}

/// One thing that a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Posts into the so-manieth of its rooms, a text of this many words.
    Post { room: usize, words: usize },
    /// Sends an answered post once more, under its old name: the so-manieth last.
    Again { back: usize },
    /// Edits its so-manieth last post.
    Edit { back: usize },
    /// Deletes its so-manieth last post.
    Delete { back: usize },
    /// Reacts to the so-manieth last message of a room, or takes that back.
    React { room: usize, back: usize, on: bool },
    /// Loses its connection, and comes back after this long with what it knew.
    Leave(Duration),
    /// Dies; who comes back after this long has the outbox and nothing else.
    Die(Duration),
    /// Dies with its outbox; what was in it is there once or not at all.
    Forget(Duration),
}

const SERVER_FAULT_EVERY_MS: (u64, u64) = (900, 2_600);
const LINK_FAULT_EVERY_MS: (u64, u64) = (120, 700);
const ACTION_EVERY_MS: (u64, u64) = (15, 130);
const READER_ACTION_EVERY_MS: (u64, u64) = (300, 2_500);
/// Most posts are short, and some are not.
const WORDS_MAX: usize = 400;

/// A time between two.
fn between(rng: &mut Rng, (low, high): (u64, u64)) -> Duration {
    Duration::from_millis(low + rng.below((high - low) as usize) as u64)
}

/// The faults of a storm, in order; those of the server one after the other.
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

/// What a client does in a storm.
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
