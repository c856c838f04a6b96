//! Names in a text. They may hold spaces, so the longest one that somebody has is meant.

use crate::limits::{MENTIONS_MAX, NAME_CHARS_MAX, NAMES_LOOKED_UP_MAX, ROOM_LINKS_MAX, ROOM_NAME_CHARS_MAX};
use crate::model::{RoomId, UserId, begins_anew, name_key};
use std::collections::HashMap;

/// What the names in a text mean to its author.
#[derive(Debug, Default)]
pub struct Names {
    /// By [`Name::key`](crate::model::Name::key).
    pub people: HashMap<String, UserId>,
    /// By [`RoomName::key`](crate::model::RoomName::key).
    pub rooms: HashMap<String, RoomId>,
}

/// What could be names in a text, as keys.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    /// After an `@`.
    pub people: Vec<String>,
    /// After a `#`.
    pub rooms: Vec<String>,
}

/// Marks of one kind that are looked at in a text: some may be no names.
pub(super) const MARKS_MAX: usize = 2 * MENTIONS_MAX;
/// Bytes that the key of a name can have for each of the name's characters: four others, in UTF-8.
const KEY_BYTES_PER_CHAR_MAX: usize = 16;

/// What could be names in a text.
pub fn candidates(text: &str) -> Candidates {
    Candidates {
        people: after_mark(text, '@', NAME_CHARS_MAX, MARKS_MAX),
        rooms: after_mark(text, '#', ROOM_NAME_CHARS_MAX, 2 * ROOM_LINKS_MAX),
    }
}

fn after_mark(text: &str, mark: char, chars_max: usize, marks_max: usize) -> Vec<String> {
    let mut keys = Vec::new();
    let marks = text.char_indices().filter(|(_, c)| *c == mark);
    let marks = marks.filter(|(at, _)| is_boundary(text[..*at].chars().next_back()));
    for (at, _) in marks.take(marks_max) {
        beginnings(&text[at + mark.len_utf8()..], chars_max, |_, key| {
            if keys.len() < NAMES_LOOKED_UP_MAX {
                keys.push(key.to_owned());
            }
        });
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Whether a name may begin after this character, or end before it.
pub(super) fn is_boundary(c: Option<char>) -> bool {
    !c.is_some_and(char::is_alphanumeric)
}

/// Tells the beginnings of a text that could be names, shortest first: where each ends, after a word or
/// after a sign that follows one, and its key. No character is folded again for what follows it, and
/// nothing is told that is longer than any name: what a text costs does not depend on what it says.
fn beginnings(text: &str, chars_max: usize, mut tell: impl FnMut(usize, &str)) {
    let mut chars = text.char_indices().take(chars_max).peekable();
    if chars.peek().is_none_or(|(_, c)| c.is_whitespace()) {
        return;
    }
    // The key of what comes before `from` is `key[..settled]`, whatever follows.
    let (mut key, mut settled, mut from) = (String::new(), 0, 0);
    for (at, c) in chars.take_while(|(_, c)| *c != '\n') {
        if begins_anew(c) {
            (settled, from) = (key.len(), at);
        }
        let end = at + c.len_utf8();
        key.truncate(settled);
        key.push_str(&name_key(&text[from..end]));
        if key.len() > chars_max * KEY_BYTES_PER_CHAR_MAX {
            return;
        }
        let is_end = is_boundary(Some(c)) || is_boundary(text[end..].chars().next());
        if is_end && !c.is_whitespace() {
            tell(end, &key);
        }
    }
}

/// The longest name that begins a text, and what it means.
pub(super) fn longest<T: Copy>(text: &str, chars_max: usize, known: &HashMap<String, T>) -> Option<(usize, T)> {
    let mut longest = None;
    beginnings(text, chars_max, |end, key| {
        if let Some(found) = known.get(key) {
            longest = Some((end, *found));
        }
    });
    longest
}
