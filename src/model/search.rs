//! Searches through messages: queries and results.

use super::words::{self, Word, pair, token, words};
use super::{Message, RoomId, User, UserId};
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::limits::{SEARCH_CHARS_MAX, SEARCH_HITS, SEARCH_HITS_MAX, SEARCH_WORDS_MAX};
use std::collections::BTreeSet;

/// The terms of a query. A text must contain all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchTerms(Vec<Term>);

/// Consecutive words.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    words: Vec<Word>,
    /// Whether the last word may be the beginning of a longer word.
    open: bool,
}

/// A lookup in the index. The result may include texts that do not match, but never omits one that does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lookup {
    /// Exactly this token.
    Whole(String),
    /// All tokens with this prefix.
    Beginning(String),
}

/// A range of a text in Unicode scalars: start, and end (exclusive).
pub type Mark = (u32, u32);

impl SearchTerms {
    /// Parses what a user typed: words, and phrases in quotation marks. `e-mail` is a phrase by itself. The last word
    /// may be incomplete, unless it is quoted. Without any word, every text matches.
    ///
    /// # Errors
    /// `invalid` with the field `q`: too long, too many words, or only punctuation.
    pub fn parse(text: &str) -> Result<SearchTerms> {
        if text.chars().take(SEARCH_CHARS_MAX + 1).count() > SEARCH_CHARS_MAX {
            let title = format!("Search for at most {SEARCH_CHARS_MAX} characters.");
            return Err(Error::invalid("q", title));
        }
        let mut parts: Vec<&str> = text.split(['"', '“', '”', '„']).collect();
        // A quotation mark without a closing one is ignored.
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

    /// Whether there are no terms, so that every text matches.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges of a text that match, in order and without overlaps. `None` if the text does not match.
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

    /// The lookups that a matching text must satisfy, each once, the cheapest first.
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

    /// Whether `place`, which has as many words as this term, matches it.
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
                // The pair before this letter already covers it.
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

/// The tokens under which the index finds a text, repeated as often as they occur.
pub fn tokens(text: &str) -> Vec<String> {
    words::tokens(text)
}

/// The maximum number of hits on a page.
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

/// A search query. Without words, it needs at least one filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// The terms to find.
    pub sought: SearchTerms,
    /// Only in this room.
    pub room: Option<RoomId>,
    /// Only by this author.
    pub author: Option<UserId>,
    /// Only messages sent at this time or later.
    pub since: Option<Time>,
    /// Only messages sent before this time.
    pub until: Option<Time>,
    /// Only messages with files.
    pub with_files: bool,
    /// Where the previous page ended. `None` for the first page.
    pub before: Option<u64>,
    /// The maximum number of hits.
    pub size: HitCount,
}

impl SearchQuery {
    /// Checks that the query has words or a filter, and that its time range is not empty.
    ///
    /// # Errors
    /// `invalid`: with the field `q` for a query without words and filters, with `until` for an empty time range.
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

/// A message that matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The room of the message.
    pub room: RoomId,
    /// The message in its current state.
    pub message: Message,
    /// The ranges of its body that match.
    pub marks: Vec<Mark>,
}

/// A page of hits, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPage {
    /// The messages.
    pub hits: Vec<Hit>,
    /// The users that the messages name, each once.
    pub people: Vec<User>,
    /// Where the next page begins. `None` if there are no more hits.
    pub next: Option<u64>,
}
