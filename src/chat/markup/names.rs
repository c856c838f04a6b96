//! Names in a text. A name may contain spaces, so the longest existing one wins.

use crate::limits::{MENTIONS_MAX, NAME_CHARS_MAX, NAMES_LOOKED_UP_MAX, ROOM_LINKS_MAX, ROOM_NAME_CHARS_MAX};
use crate::model::{RoomId, UserId, begins_anew, name_key};
use std::collections::HashMap;

/// The people and rooms that an author can name in a text.
#[derive(Debug, Default)]
pub struct Names {
    /// By [`Name::key`](crate::model::Name::key).
    pub people: HashMap<String, UserId>,
    /// By [`RoomName::key`](crate::model::RoomName::key).
    pub rooms: HashMap<String, RoomId>,
}

/// The parts of a text that could be names, as keys.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    /// After an `@`.
    pub people: Vec<String>,
    /// After a `#`.
    pub rooms: Vec<String>,
}

/// Maximum `@` signs that are looked at in a text, since some do not begin a name.
pub(super) const MARKS_MAX: usize = 2 * MENTIONS_MAX;
/// Maximum bytes in a name's key for each of its characters, which can fold to four others in UTF-8.
const KEY_BYTES_PER_CHAR_MAX: usize = 16;

/// Finds the parts of a text that could be names.
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

/// Calls `tell` with each beginning of the text that could be a name, shortest first: its end, after a word or after
/// a sign that follows one, and its key. Each character is folded once, and nothing longer than a name is considered,
/// so the cost does not depend on the content.
fn beginnings(text: &str, chars_max: usize, mut tell: impl FnMut(usize, &str)) {
    let mut chars = text.char_indices().take(chars_max).peekable();
    if chars.peek().is_none_or(|(_, c)| c.is_whitespace()) {
        return;
    }
    // The key of the text before `from` is `key[..settled]`, whatever text follows.
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

/// The longest known name at the start of a text, and its id.
pub(super) fn longest<T: Copy>(text: &str, chars_max: usize, known: &HashMap<String, T>) -> Option<(usize, T)> {
    let mut longest = None;
    beginnings(text, chars_max, |end, key| {
        if let Some(found) = known.get(key) {
            longest = Some((end, *found));
        }
    });
    longest
}
