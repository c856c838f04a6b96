//! The frames that browsers send besides posts, `typing` and `read`, as often as the page sends them
//! (web/js/view/composer.js, web/js/effects.js).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Time from the start of typing to the post.
pub const TYPED_FOR: Duration = Duration::from_secs(1);
/// The shortest time between two read marks of a page; the first one is sent at once.
const READ_EVERY: Duration = Duration::from_secs(2);

/// The read marks of all connections, by their index.
#[derive(Default)]
pub struct ReadMarks {
    of: Vec<ReadMark>,
    /// Connections with an unsent read mark, ordered by when it is due.
    due: VecDeque<(Instant, usize)>,
}

#[derive(Clone, Default)]
struct ReadMark {
    sent_at: Option<Instant>,
    unsent: Option<u64>,
}

impl ReadMarks {
    /// Records that a connection shows a message.
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

    /// When the next read mark is due.
    pub fn next(&self) -> Option<Instant> {
        self.due.front().map(|(at, _)| *at)
    }

    /// Takes a connection whose read mark is due, and its seq.
    pub fn take(&mut self, now: Instant) -> Option<(usize, u64)> {
        self.next().filter(|next| *next <= now)?;
        let (_, index) = self.due.pop_front()?;
        let mark = &mut self.of[index];
        mark.sent_at = Some(now);
        Some((index, mark.unsent.take()?))
    }
}
