//! The record of what every client sent, received and saw, and of the laws that were broken.

use std::collections::{BTreeMap, HashMap};

/// An invariant that must hold under every fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    Stored,
    Once,
    Answers,
    Gapless,
    Order,
    Senders,
    Alike,
    Memory,
    Slow,
}

impl Law {
    pub const ALL: [Law; 9] = [
        Law::Stored,
        Law::Once,
        Law::Answers,
        Law::Gapless,
        Law::Order,
        Law::Senders,
        Law::Alike,
        Law::Memory,
        Law::Slow,
    ];

    /// The short name and the statement of the law.
    pub fn label(self) -> (&'static str, &'static str) {
        match self {
            Law::Stored => ("stored", "what was acknowledged is there, where the answer said"),
            Law::Once => ("once", "no message is there twice, acknowledged or not"),
            Law::Answers => ("answers", "a client_id has one answer, for ever"),
            Law::Gapless => ("gapless", "every seq of a room comes, none is missing"),
            Law::Order => ("order", "everybody hears a room in one order"),
            Law::Senders => ("senders", "what one sent first stands first"),
            Law::Alike => ("alike", "every replica is that of a fresh client"),
            Law::Memory => ("memory", "the server's memory stays under its bound"),
            Law::Slow => ("slow", "who never reads is closed with 4408, at a small price"),
        }
    }
}

/// One post, by its client_id.
#[derive(Clone, Debug)]
pub struct Post {
    pub writer: usize,
    pub room: u64,
    /// The ordinal of this post among its author's posts, from 1.
    pub number: u64,
    pub answer: Option<(u64, u64)>,
    /// An attempt was refused, so it may come after later posts.
    pub refused: bool,
    /// The numbers of the last edit sent and the last edit acknowledged.
    pub edits: (u64, u64),
    pub deleted: bool,
}

/// The number of breaches kept in full.
const BREACHES_KEPT_MAX: usize = 40;

#[derive(Default)]
pub struct Record {
    pub posts: HashMap<String, Post>,
    /// The room and id that each `client_id` was first seen with.
    seen: HashMap<String, (u64, u64)>,
    /// How often the disk was filled or freed; odd while it is full.
    pub disk_toggles: u64,
    pub counts: BTreeMap<&'static str, u64>,
    pub checked: BTreeMap<Law, u64>,
    pub broken: BTreeMap<Law, u64>,
    pub breaches: Vec<(Law, String)>,
}

impl Record {
    pub fn count(&mut self, what: &'static str, more: u64) {
        *self.counts.entry(what).or_default() += more;
    }

    pub fn counted(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or_default()
    }

    /// Counts a check of a law, and keeps the breach if it does not hold.
    pub fn check(&mut self, law: Law, holds: bool, breach: impl FnOnce() -> String) {
        *self.checked.entry(law).or_default() += 1;
        if !holds {
            *self.broken.entry(law).or_default() += 1;
            if self.breaches.len() < BREACHES_KEPT_MAX {
                self.breaches.push((law, breach()));
            }
        }
    }

    pub fn sent(&mut self, client_id: &str, post: Post) {
        self.count("posts", 1);
        self.posts.insert(client_id.to_owned(), post);
    }

    /// Records a `posted` answer.
    pub fn answered(&mut self, client_id: &str, position: (u64, u64)) {
        self.count("answers", 1);
        let Some(post) = self.posts.get_mut(client_id) else {
            return self.check(Law::Answers, false, || {
                format!("an answer to {client_id}, which nobody sent")
            });
        };
        let before = *post.answer.get_or_insert(position);
        self.check(Law::Answers, before == position, || {
            format!("{client_id} was answered with {before:?}, then with {position:?}")
        });
    }

    /// Records that a client saw this post.
    pub fn seen(&mut self, client_id: &str, position: (u64, u64)) {
        let before = match self.seen.get(client_id) {
            Some(before) => *before,
            None => *self.seen.entry(client_id.to_owned()).or_insert(position),
        };
        self.check(Law::Once, before == position, || {
            format!("{client_id} was seen as {before:?}, then as {position:?}")
        });
    }
}

/// The `client_id` at the start of a test message.
pub fn name_of(body: &str) -> &str {
    body.split(' ').next().unwrap_or_default()
}
