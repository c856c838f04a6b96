//! What browsers send besides messages, as often as the page does (web/js/view/composer.js, web/js/effects.js): that
//! somebody types, and how far each has read.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long before a message its author begins to type it.
pub const TYPED_FOR: Duration = Duration::from_secs(1);
/// How often a page says how far it has read, at most: at once, and then with what came meanwhile.
const READ_EVERY: Duration = Duration::from_secs(2);

/// The read marks of all connections.
#[derive(Default)]
pub struct ReadMarks {
    of: Vec<ReadMark>,
    /// Connections that have something to say then, in order.
    due: VecDeque<(Instant, usize)>,
}

#[derive(Clone, Default)]
struct ReadMark {
    sent_at: Option<Instant>,
    unsent: Option<u64>,
}

impl ReadMarks {
    /// A connection shows a message.
    pub fn shows(&mut self, index: usize, seq: u64, now: Instant) {
        if self.of.len() <= index {
            self.of.resize(index + 1, ReadMark::default());
        }
        let mark = &mut self.of[index];
        if mark.unsent.replace(seq).is_none() {
            let at = mark.sent_at.map_or(now, |sent_at| now.max(sent_at + READ_EVERY));
            let behind = self.due.partition_point(|(other, _)| *other <= at);
            self.due.insert(behind, (at, index));
        }
    }

    /// When somebody has something to say next.
    pub fn next(&self) -> Option<Instant> {
        self.due.front().map(|(at, _)| *at)
    }

    /// Who has something to say now, and how far they have read.
    pub fn take(&mut self, now: Instant) -> Option<(usize, u64)> {
        self.next().filter(|next| *next <= now)?;
        let (_, index) = self.due.pop_front()?;
        let mark = &mut self.of[index];
        mark.sent_at = Some(now);
        Some((index, mark.unsent.take()?))
    }
}
