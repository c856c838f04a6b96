//! A search through messages: what is looked for, and what was found.

use super::words::{self, Word, pair, token, words};
use super::{Message, RoomId, User, UserId};
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::limits::{SEARCH_CHARS_MAX, SEARCH_HITS, SEARCH_HITS_MAX, SEARCH_WORDS_MAX};
use std::collections::BTreeSet;

/// Words that must all be in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchTerms(Vec<Term>);

/// Words that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    words: Vec<Word>,
    /// Its last word may go on.
    open: bool,
}

/// How the index is asked for a text. It may bring texts that do not match, and leaves none out that do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lookup {
    /// Exactly this token.
    Whole(String),
    /// All tokens that begin so.
    Beginning(String),
}

/// Part of a text, in Unicode scalars: the first, and the one after the last.
pub type Mark = (u32, u32);

impl SearchTerms {
    /// What somebody typed: words, with phrases in quotation marks. `e-mail` is a phrase by itself. The
    /// last word may go on, unless it is quoted. Without any word, nothing is asked of a text.
    ///
    /// # Errors
    /// `invalid` with the field `q`: too long, too many words, or signs without any word.
    pub fn parse(text: &str) -> Result<SearchTerms> {
        if text.chars().take(SEARCH_CHARS_MAX + 1).count() > SEARCH_CHARS_MAX {
            let title = format!("Search for at most {SEARCH_CHARS_MAX} characters.");
            return Err(Error::invalid("q", title));
        }
        let mut parts: Vec<&str> = text.split(['"', '“', '”', '„']).collect();
        // A quotation that does not end is none.
        let unended = parts.len().is_multiple_of(2).then(|| parts.pop()).flatten();
        let mut terms = Vec::new();
        for (at, part) in parts.into_iter().enumerate() {
            match at % 2 {
                0 => terms.extend(part.split_whitespace().map(|chunk| Term::of(chunk, true))),
                _ => terms.push(Term::of(part, false)),
            }
        }
        terms.extend(
            unended
                .into_iter()
                .flat_map(str::split_whitespace)
                .map(|chunk| Term::of(chunk, true)),
        );
        terms.retain(|term| !term.words.is_empty());
        let last = terms.len().saturating_sub(1);
        for term in &mut terms[..last] {
            term.open = false;
        }
        if terms.is_empty() && !text.trim().is_empty() {
            return Err(Error::invalid("q", "Search for at least one letter or digit."));
        }
        if terms.iter().map(|term| term.words.len()).sum::<usize>() > SEARCH_WORDS_MAX {
            let title = format!("Search for at most {SEARCH_WORDS_MAX} words.");
            return Err(Error::invalid("q", title));
        }
        Ok(SearchTerms(terms))
    }

    /// Whether nothing is asked of a text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where a text says what is sought, in order and without overlaps; `None` where it does not.
    pub fn marks(&self, text: &str) -> Option<Vec<Mark>> {
        let words = words(text);
        let mut marks = Vec::new();
        for term in &self.0 {
            let before = marks.len();
            let places = words.windows(term.words.len()).filter(|place| term.is_at(place));
            marks.extend(places.filter_map(|place| Some((place.first()?.start, place.last()?.end))));
            if marks.len() == before {
                return None;
            }
        }
        marks.sort_unstable();
        marks.dedup_by(|next, kept| {
            let overlaps = next.0 <= kept.1;
            if overlaps {
                kept.1 = kept.1.max(next.1);
            }
            overlaps
        });
        Some(marks)
    }

    /// What the index must have of a text, each once; what costs little comes first.
    pub fn lookups(&self) -> BTreeSet<Lookup> {
        self.0.iter().flat_map(Term::lookups).collect()
    }
}

impl Term {
    fn of(text: &str, open: bool) -> Term {
        Term {
            words: words(text),
            open,
        }
    }

    /// Whether these words, as many as it has, are the ones.
    fn is_at(&self, place: &[Word]) -> bool {
        let last = self.words.len() - 1;
        self.words.iter().zip(place).enumerate().all(|(at, (sought, word))| {
            let says = match at == last && self.open && !sought.is_letter {
                true => word.text.starts_with(&sought.text),
                false => word.text == sought.text,
            };
            says && (word.glued || !sought.glued || at == 0)
        })
    }

    fn lookups(&self) -> impl Iterator<Item = Lookup> {
        let last = self.words.len().saturating_sub(1);
        self.words.iter().enumerate().filter_map(move |(at, word)| {
            match self.words.get(at + 1) {
                Some(next) if next.glued => return Some(Lookup::Whole(pair(word, next))),
                // The pair before it says it.
                _ if word.glued && at > 0 => return None,
                _ => {}
            }
            let goes_on = word.is_letter || (self.open && at == last);
            Some(match goes_on {
                true => Lookup::Beginning(token(&word.text)),
                false => Lookup::Whole(token(&word.text)),
            })
        })
    }
}

/// What a text is found by, each token as often as it is there.
pub fn tokens(text: &str) -> Vec<String> {
    words::tokens(text)
}

/// How many hits a page holds at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HitCount(usize);

impl HitCount {
    /// Accepts 1 to [`SEARCH_HITS_MAX`].
    ///
    /// # Errors
    /// `invalid` with the field `limit`.
    pub fn parse(limit: u64) -> Result<HitCount> {
        match usize::try_from(limit) {
            Ok(limit @ 1..=SEARCH_HITS_MAX) => Ok(HitCount(limit)),
            _ => {
                let title = format!("A page has 1 to {SEARCH_HITS_MAX} messages.");
                Err(Error::invalid("limit", title))
            }
        }
    }

    /// The number.
    pub fn get(self) -> usize {
        self.0
    }
}

impl Default for HitCount {
    fn default() -> HitCount {
        HitCount(SEARCH_HITS)
    }
}

/// What somebody searches for. Without words, a filter must be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// Which words.
    pub sought: SearchTerms,
    /// In this room alone.
    pub room: Option<RoomId>,
    /// Written by this person alone.
    pub author: Option<UserId>,
    /// Sent then or later.
    pub since: Option<Time>,
    /// Sent before then.
    pub until: Option<Time>,
    /// With files alone.
    pub with_files: bool,
    /// Where the page before this one ended.
    pub before: Option<u64>,
    /// At most so many.
    pub size: HitCount,
}

impl SearchQuery {
    /// Whether there is something to search for.
    ///
    /// # Errors
    /// `invalid` with the field `q` for neither words nor a filter, with `until` where no time is left.
    pub fn check(self) -> Result<SearchQuery> {
        let when = self.since.is_some() || self.until.is_some();
        let narrows = self.room.is_some() || self.author.is_some() || when || self.with_files;
        if self.sought.is_empty() && !narrows {
            return Err(Error::invalid(
                "q",
                "Search for a word, or choose a room, a person, a time or files.",
            ));
        }
        match (self.since, self.until) {
            (Some(since), Some(until)) if until <= since => {
                Err(Error::invalid("until", "The time of a search ends after it begins."))
            }
            _ => Ok(self),
        }
    }
}

/// A message that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Where it stands.
    pub room: RoomId,
    /// The message in its present state.
    pub message: Message,
    /// Where its body says what was sought.
    pub marks: Vec<Mark>,
}

/// A page of what was found, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPage {
    /// The messages.
    pub hits: Vec<Hit>,
    /// Whom they name, each once.
    pub people: Vec<User>,
    /// Where the next page begins, if there may be one.
    pub next: Option<u64>,
}
