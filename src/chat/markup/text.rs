//! Plain text between markup: bare addresses, emoji shortcodes, people and rooms.

use super::characters::printable;
use super::names::{MARKS_MAX, Names, is_boundary, longest};
use super::tree::{Tree, href};
use crate::limits::{MENTIONS_MAX, NAME_CHARS_MAX, ROOM_LINKS_MAX, ROOM_NAME_CHARS_MAX};
use crate::model::{Inline, Mentions, RoomId, UserId, by_shortcode};
use linkify::{LinkFinder, LinkKind};
use std::collections::{BTreeSet, HashSet};

/// Characters of the longest shortcode.
const SHORTCODE_CHARS_MAX: usize = 64;

/// Turns text into nodes, and records the mentions in it.
pub(super) struct Scanner<'n> {
    names: &'n Names,
    links: LinkFinder,
    users: BTreeSet<UserId>,
    rooms: HashSet<RoomId>,
    everyone: bool,
    here: bool,
    /// How many `@` and `#` signs may still be looked at.
    marks: (usize, usize),
}

impl<'n> Scanner<'n> {
    pub fn new(names: &'n Names) -> Scanner<'n> {
        let mut links = LinkFinder::new();
        // This accepts `www.example.com`. Other addresses without a scheme stay text.
        links.url_must_have_scheme(false);
        Scanner {
            names,
            links,
            users: BTreeSet::new(),
            rooms: HashSet::new(),
            everyone: false,
            here: false,
            marks: (MARKS_MAX, 2 * ROOM_LINKS_MAX),
        }
    }

    /// The mentions found in the text.
    pub fn mentions(&self) -> Mentions {
        Mentions {
            users: self.users.iter().copied().collect(),
            room: self.everyone,
            here: self.here,
        }
    }

    /// Moves `pending` into the tree.
    pub fn scan(&mut self, pending: &mut String, tree: &mut Tree) {
        if pending.is_empty() {
            return;
        }
        let text = printable(&std::mem::take(pending));
        if tree.is_link() {
            return tree.add(Inline::Text(text));
        }
        let mut end = 0;
        let found: Vec<_> = self.links.links(&text).collect();
        for link in found {
            let address = match (link.kind(), link.as_str()) {
                (LinkKind::Email, address) => format!("mailto:{address}"),
                (_, address) if address.to_ascii_lowercase().starts_with("www.") => format!("https://{address}"),
                (_, address) => address.to_owned(),
            };
            let has_scheme = address.contains("://") || address.starts_with("mailto:");
            let Some(href) = href(&address).filter(|_| has_scheme) else {
                continue;
            };
            self.words(&text[end..link.start()], before(&text, end), tree);
            let inlines = vec![Inline::Text(link.as_str().to_owned())];
            tree.add(Inline::Link { href, inlines });
            end = link.end();
        }
        self.words(&text[end..], before(&text, end), tree);
    }

    /// Adds text without addresses. `before` is the character in front of it.
    fn words(&mut self, text: &str, before: Option<char>, tree: &mut Tree) {
        let mut plain = String::new();
        let mut last = before;
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let found = match first {
                '@' if is_boundary(last) => self.person(&rest[1..]),
                '#' if is_boundary(last) => self.room(&rest[1..]),
                ':' => shortcode(&rest[1..]),
                _ => None,
            };
            let length = match found {
                Some((inline, length)) => {
                    add_text(&mut plain, tree);
                    tree.add(inline);
                    1 + length
                }
                None => {
                    plain.push(first);
                    first.len_utf8()
                }
            };
            last = rest[..length].chars().next_back();
            rest = &rest[length..];
        }
        add_text(&mut plain, tree);
    }

    fn person(&mut self, after: &str) -> Option<(Inline, usize)> {
        for (word, inline) in [("room", Inline::Everyone), ("here", Inline::Here)] {
            let is_word = after
                .get(..word.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(word));
            if is_word && is_boundary(after[word.len()..].chars().next()) {
                match inline {
                    Inline::Everyone => self.everyone = true,
                    _ => self.here = true,
                }
                return Some((inline, word.len()));
            }
        }
        self.marks.0 = self.marks.0.checked_sub(1)?;
        let (length, user) = longest(after, NAME_CHARS_MAX, &self.names.people)?;
        if !self.users.contains(&user) && self.users.len() >= MENTIONS_MAX {
            return None;
        }
        self.users.insert(user);
        let text = after[..length].to_owned();
        Some((Inline::User { id: user.0, text }, length))
    }

    fn room(&mut self, after: &str) -> Option<(Inline, usize)> {
        self.marks.1 = self.marks.1.checked_sub(1)?;
        let (length, room) = longest(after, ROOM_NAME_CHARS_MAX, &self.names.rooms)?;
        if !self.rooms.contains(&room) && self.rooms.len() >= ROOM_LINKS_MAX {
            return None;
        }
        self.rooms.insert(room);
        let text = after[..length].to_owned();
        Some((Inline::Room { id: room.0, text }, length))
    }
}

fn add_text(plain: &mut String, tree: &mut Tree) {
    if !plain.is_empty() {
        tree.add(Inline::Text(std::mem::take(plain)));
    }
}

fn before(text: &str, end: usize) -> Option<char> {
    text[..end].chars().next_back()
}

/// The emoji for `NAME:`, and the length of that text.
fn shortcode(after: &str) -> Option<(Inline, usize)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-');
    let length = after
        .chars()
        .take(SHORTCODE_CHARS_MAX)
        .take_while(|c| is_part(*c))
        .count();
    let name = &after[..length];
    if !after[length..].starts_with(':') {
        return None;
    }
    let inline = Inline::Emoji {
        text: by_shortcode(name)?.to_owned(),
        name: name.to_owned(),
    };
    Some((inline, length + 1))
}
