//! Searches: newest first, a bounded number of rows at a time, with each hit checked against the message itself.

use super::index;
use crate::limits::{SEARCH_WORK_BYTES, SEARCH_WORK_MAX};
use crate::model::{Hit, Lookup, Mark, RoomId, SearchQuery};
use crate::store::rows::codec::{Entry, PostRow, SegmentRow, Stored, key, unseal};
use crate::store::rows::schema::Source;
use crate::store::rows::table::get_known;
use crate::store::store_error::StoreError;
use redb::ReadableTable;
use std::collections::{BTreeSet, HashSet};
use std::ops::ControlFlow::{self, Break, Continue};

/// The hits in these rooms, and where the next page begins if there may be more.
pub fn find(
    source: &impl Source,
    query: &SearchQuery,
    rooms: HashSet<u32>,
) -> Result<(Vec<Hit>, Option<u64>), StoreError> {
    let mut search = Search {
        source,
        query,
        rooms,
        lookups: query.sought.lookups(),
        at: query.before.unwrap_or(u64::MAX),
        begun: query.before.unwrap_or(u64::MAX),
        work: SEARCH_WORK_MAX,
        hits: Vec::new(),
    };
    let next = search.run()?.is_break().then_some(search.at);
    Ok((search.hits, next))
}

struct Search<'s, S> {
    source: &'s S,
    query: &'s SearchQuery,
    rooms: HashSet<u32>,
    lookups: BTreeSet<Lookup>,
    /// All entries from this one on have been looked at.
    at: u64,
    /// Where this page began.
    begun: u64,
    /// How many more rows may be read.
    work: usize,
    hits: Vec<Hit>,
}

impl<S: Source> Search<'_, S> {
    /// Runs the search. Breaks if there may be more hits below `at`.
    fn run(&mut self) -> Result<ControlFlow<()>, StoreError> {
        let indexed = index::end(self.source)?;
        if indexed < self.at {
            for row in self.source.log()?.range(indexed..self.at)?.rev() {
                let (entry, row) = row?;
                if self.look(entry.value(), unseal(row.value())?).is_break() {
                    return Ok(Break(()));
                }
            }
            self.at = indexed;
        }
        for segment in self.source.segments()?.range(..self.at)?.rev() {
            let (start, row) = segment?;
            let (start, row): (u64, SegmentRow) = (start.value(), unseal(row.value())?);
            if self.work == 0 {
                return Ok(Break(()));
            }
            self.spend(1);
            if self.may_hold(&row) {
                for entry in self.candidates(start, row.end)? {
                    let row = get_known(self.source.log()?, entry, "an indexed entry")?;
                    if self.look(entry, row).is_break() {
                        return Ok(Break(()));
                    }
                }
            }
            self.at = start;
        }
        Ok(Continue(()))
    }

    fn spend(&mut self, rows: usize) {
        self.work = self.work.saturating_sub(rows);
    }

    /// Whether a segment may contain hits.
    fn may_hold(&self, segment: &SegmentRow) -> bool {
        let query = self.query;
        let has = |sorted: &[u32], id: u64| key(id).is_some_and(|id| sorted.binary_search(&id).is_ok());
        segment.rooms.iter().any(|room| self.rooms.contains(room))
            && query.author.is_none_or(|author| has(&segment.authors, author.0))
            && query.since.is_none_or(|since| segment.newest >= since.0)
            && query.until.is_none_or(|until| segment.oldest < until.0)
    }

    /// The entries of a segment below `at` that have every token of the query, newest first.
    fn candidates(&mut self, start: u64, end: u64) -> Result<Vec<u64>, StoreError> {
        let end = end.min(self.at);
        if self.lookups.is_empty() {
            return Ok((start..end).rev().collect());
        }
        let mut common: Option<Vec<u16>> = None;
        for lookup in self.lookups.clone() {
            let found = match &lookup {
                Lookup::Whole(token) => {
                    self.spend(1);
                    index::read(self.source, start, token)?
                }
                Lookup::Beginning(beginning) => self.beginning(start, beginning)?,
            };
            let both = match common {
                None => found,
                Some(common) => common
                    .into_iter()
                    .filter(|one| found.binary_search(one).is_ok())
                    .collect(),
            };
            if both.is_empty() {
                return Ok(Vec::new());
            }
            common = Some(both);
        }
        let common = common.unwrap_or_default().into_iter().rev();
        Ok(common
            .map(|offset| start + u64::from(offset))
            .filter(|entry| *entry < end)
            .collect())
    }

    /// The entries of a segment that have any token with this prefix.
    fn beginning(&mut self, start: u64, beginning: &str) -> Result<Vec<u16>, StoreError> {
        let mut found = BTreeSet::new();
        for row in self.source.tokens()?.range((start, beginning)..(start + 1, ""))? {
            let (token, row) = row?;
            if !token.value().1.starts_with(beginning) {
                break;
            }
            self.spend(1);
            found.extend(index::offsets(row.value())?);
        }
        Ok(found.into_iter().collect())
    }

    /// Checks one entry. Breaks before the entry if the page is full or the work limit is reached.
    fn look(&mut self, entry: u64, row: Entry) -> ControlFlow<()> {
        // Each page makes progress, whatever the index has cost.
        if self.work == 0 && self.at < self.begun {
            return Break(());
        }
        self.spend(1);
        if let Some(Stored::Post(row)) = Stored::of(row)
            && let Some(marks) = self.marks(&row)
        {
            if self.hits.len() == self.query.size.get() {
                return Break(());
            }
            self.hits.push(Hit {
                room: RoomId(row.room.into()),
                message: row.message(),
                marks,
            });
        }
        self.at = entry;
        Continue(())
    }

    /// The ranges to highlight in a message that matches. `None` if it does not match.
    fn marks(&mut self, row: &PostRow) -> Option<Vec<Mark>> {
        if row.deleted.is_some() || !self.rooms.contains(&row.room) || !admits(self.query, row) {
            return None;
        }
        self.spend(row.body.len() / SEARCH_WORK_BYTES);
        self.query.sought.marks(&row.body)
    }
}

/// Whether a message passes the filters of a search. The room is checked elsewhere: it decides where to search.
fn admits(query: &SearchQuery, row: &PostRow) -> bool {
    query.author.is_none_or(|author| author.0 == u64::from(row.author))
        && query.since.is_none_or(|since| row.sent_at >= since.0)
        && query.until.is_none_or(|until| row.sent_at < until.0)
        && (!query.with_files || !row.files.is_empty())
}
