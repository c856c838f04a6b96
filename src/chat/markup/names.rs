//! Names in a text. They may hold spaces, so the longest one that somebody has is meant.

use crate::limits::{MENTIONS_MAX, NAME_CHARS_MAX, ROOM_LINKS_MAX, ROOM_NAME_CHARS_MAX};
use crate::model::name_key;
use std::collections::HashMap;

/// What could be names in a text, as keys.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    /// After an `@`.
    pub people: Vec<String>,
    /// After a `#`.
    pub rooms: Vec<String>,
}

/// `@`s that are looked at in a text: some may be no names. What follows one is looked up at every place
/// where a name could end, so that a text full of them would cost a hundred times what others cost.
pub(super) const PEOPLE_MARKS_MAX: usize = 2 * MENTIONS_MAX;
/// `#`s that are looked at in a text.
pub(super) const ROOM_MARKS_MAX: usize = 2 * ROOM_LINKS_MAX;

/// What could be names in a text.
pub fn candidates(text: &str) -> Candidates {
    Candidates {
        people: after_mark(text, '@', NAME_CHARS_MAX, PEOPLE_MARKS_MAX),
        rooms: after_mark(text, '#', ROOM_NAME_CHARS_MAX, ROOM_MARKS_MAX),
    }
}

fn after_mark(text: &str, mark: char, chars_max: usize, marks_max: usize) -> Vec<String> {
    let mut keys = Vec::new();
    let marks = text.char_indices().filter(|(_, c)| *c == mark);
    let marks = marks.filter(|(at, _)| is_boundary(text[..*at].chars().next_back()));
    for (at, _) in marks.take(marks_max) {
        let after = &text[at + mark.len_utf8()..];
        keys.extend(ends(after, chars_max).map(|end| name_key(&after[..end])));
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Whether a name may begin after this character, or end before it.
pub(super) fn is_boundary(c: Option<char>) -> bool {
    !c.is_some_and(char::is_alphanumeric)
}

/// Where a name could end that begins a text: after a word, or after a sign that follows one.
fn ends(text: &str, chars_max: usize) -> impl Iterator<Item = usize> {
    let line = text.split('\n').next().unwrap_or_default();
    let begins = line.chars().next().is_some_and(|c| !c.is_whitespace());
    let chars = line.char_indices().take(if begins { chars_max } else { 0 });
    chars.filter_map(move |(at, c)| {
        let end = at + c.len_utf8();
        let next = line[end..].chars().next();
        let is_end = !c.is_whitespace() && (is_boundary(Some(c)) || is_boundary(next));
        is_end.then_some(end)
    })
}

/// The longest name that begins a text, and what it means.
pub(super) fn longest<T: Copy>(text: &str, chars_max: usize, known: &HashMap<String, T>) -> Option<(usize, T)> {
    if known.is_empty() {
        return None;
    }
    let ends: Vec<usize> = ends(text, chars_max).collect();
    let mut ends = ends.into_iter().rev();
    ends.find_map(|end| known.get(&name_key(&text[..end])).map(|found| (end, *found)))
}
