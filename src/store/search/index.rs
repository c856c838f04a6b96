//! The index that searches go through: segments of the log, and for each token of a segment which of its
//! entries have it.
//!
//! A segment is written in one piece once enough entries follow the last one, in the same commit as
//! something else or in one of its own while nobody wants anything. Until then a search looks at those
//! entries themselves, so nothing has to be kept in memory or built at start. What is indexed is always
//! exactly what the messages say: an edit or a deletion changes both in one commit.

use crate::limits::{SEGMENT_ENTRIES, SEGMENT_WORDS_MAX};
use crate::model::tokens;
use crate::store::rows::codec::{Entry, PostRow, SegmentRow, Stored, seal, unseal};
use crate::store::rows::schema::{Source, Tables};
use crate::store::rows::table::{get, put};
use crate::store::store_error::StoreError;
use redb::ReadableTable;
use std::collections::{BTreeSet, HashMap};

/// Whether there is more to index now.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing was to be done.
    Nothing,
    /// A segment or more were written; there may be others.
    Wrote,
}

/// The first entry that is in no segment.
pub fn end(source: &impl Source) -> Result<u64, StoreError> {
    match source.segments()?.last()? {
        Some((_, row)) => Ok(unseal::<SegmentRow>(row.value())?.end),
        None => Ok(1),
    }
}

/// Writes the segments that are due: at most one more than the changes of this commit can fill, so that
/// no commit takes long and none falls behind.
pub fn step(tables: &mut Tables<'_>, changes: usize) -> Result<Step, StoreError> {
    let mut wrote = Step::Nothing;
    for _ in 0..=changes as u64 / SEGMENT_ENTRIES {
        if segment(tables)? == Step::Nothing {
            break;
        }
        wrote = Step::Wrote;
    }
    Ok(wrote)
}

/// Writes the next segment, where one is due.
fn segment(tables: &mut Tables<'_>) -> Result<Step, StoreError> {
    let start = match end(tables) {
        // A damaged index must not keep anybody from writing.
        Err(StoreError::Damaged(cause)) => {
            tracing::error!(cause, "the search index cannot be continued");
            return Ok(Step::Nothing);
        }
        end => end?,
    };
    let last = tables.log.read()?.last()?.map_or(0, |(entry, _)| entry.value());
    if last + 1 < start + SEGMENT_ENTRIES {
        return Ok(Step::Nothing);
    }
    let mut segment = SegmentBuilder::new(start);
    for row in tables.log.read()?.range(start..start + SEGMENT_ENTRIES)? {
        let (entry, row) = row?;
        // Nor must a damaged message; it cannot be found.
        let row: Result<Entry, StoreError> = unseal(row.value());
        segment.add(entry.value(), row.ok().and_then(Stored::of));
        if segment.words >= SEGMENT_WORDS_MAX {
            break;
        }
    }
    let mut tokens: Vec<_> = std::mem::take(&mut segment.tokens).into_iter().collect();
    // In the order of the table, which then grows at its end.
    tokens.sort_unstable();
    for (token, offsets) in &tokens {
        write(tables, start, token, offsets)?;
    }
    put(tables.segments.write()?, start, &segment.row())?;
    Ok(Step::Wrote)
}

/// A segment as its messages make it.
pub struct SegmentBuilder {
    start: u64,
    end: u64,
    words: usize,
    tokens: HashMap<String, Vec<u16>>,
    rooms: BTreeSet<u32>,
    authors: BTreeSet<u32>,
    times: Option<(u64, u64)>,
}

impl SegmentBuilder {
    pub fn new(start: u64) -> SegmentBuilder {
        SegmentBuilder {
            start,
            end: start,
            words: 0,
            tokens: HashMap::new(),
            rooms: BTreeSet::new(),
            authors: BTreeSet::new(),
            times: None,
        }
    }

    pub fn add(&mut self, entry: u64, stored: Option<Stored>) {
        self.end = entry + 1;
        let Some(Stored::Post(row)) = stored else { return };
        let PostRow {
            room, author, sent_at, ..
        } = *row;
        self.rooms.insert(room);
        self.authors.insert(author);
        let (oldest, newest) = self.times.unwrap_or((sent_at, sent_at));
        self.times = Some((oldest.min(sent_at), newest.max(sent_at)));
        let offset = (entry - self.start) as u16;
        for token in tokens(row.text()) {
            let offsets = self.tokens.entry(token).or_default();
            if offsets.last() != Some(&offset) {
                offsets.push(offset);
                self.words += 1;
            }
        }
    }

    /// Which of its entries have a token; it has that token no more.
    pub fn take(&mut self, token: &str) -> Option<Vec<u16>> {
        self.tokens.remove(token)
    }

    /// How many tokens it has.
    pub fn words_left(&self) -> u64 {
        self.tokens.len() as u64
    }

    pub fn row(self) -> SegmentRow {
        let (oldest, newest) = self.times.unwrap_or((0, 0));
        SegmentRow {
            end: self.end,
            rooms: self.rooms.into_iter().collect(),
            authors: self.authors.into_iter().collect(),
            oldest,
            newest,
        }
    }
}

/// Indexes what the message at `entry` says from now on, before the entry itself changes.
pub fn rewrite(tables: &mut Tables<'_>, entry: u64, text: &str) -> Result<(), StoreError> {
    if entry >= end(tables)? {
        return Ok(());
    }
    let before = get::<_, Entry>(tables.log.read()?, entry)?.and_then(Stored::of);
    let Some(Stored::Post(before)) = before else {
        return Err(StoreError::Damaged("a changed message of another kind".to_owned()));
    };
    if before.text() == text {
        return Ok(());
    }
    let Some(start) = tables
        .segments
        .read()?
        .range(..=entry)?
        .next_back()
        .transpose()?
        .map(|(start, _)| start.value())
    else {
        return Err(StoreError::Damaged("an indexed entry without a segment".to_owned()));
    };
    let offset = (entry - start) as u16;
    let unique = |text: &str| -> BTreeSet<String> { tokens(text).into_iter().collect() };
    let (old, new) = (unique(before.text()), unique(text));
    for token in old.difference(&new) {
        let mut offsets = read(tables, start, token)?;
        offsets.retain(|other| *other != offset);
        write(tables, start, token, &offsets)?;
    }
    for token in new.difference(&old) {
        let mut offsets = read(tables, start, token)?;
        if let Err(index) = offsets.binary_search(&offset) {
            offsets.insert(index, offset);
            write(tables, start, token, &offsets)?;
        }
    }
    Ok(())
}

/// Which entries of a segment have a token, counted from its first one, in order.
pub fn read(source: &impl Source, start: u64, token: &str) -> Result<Vec<u16>, StoreError> {
    match source.tokens()?.get((start, token))? {
        Some(row) => offsets(row.value()),
        None => Ok(Vec::new()),
    }
}

/// The offsets of a row.
pub fn offsets(row: &[u8]) -> Result<Vec<u16>, StoreError> {
    let mut last = 0;
    let gaps: Vec<u16> = unseal(row)?;
    Ok(gaps
        .into_iter()
        .map(|gap| {
            last += gap;
            last
        })
        .collect())
}

/// Kept as the gaps between them, which are small numbers.
fn write(tables: &mut Tables<'_>, start: u64, token: &str, offsets: &[u16]) -> Result<(), StoreError> {
    if offsets.is_empty() {
        tables.tokens.write()?.remove((start, token))?;
        return Ok(());
    }
    let mut last = 0;
    let gaps: Vec<u16> = offsets
        .iter()
        .map(|offset| {
            let gap = offset - last;
            last = *offset;
            gap
        })
        .collect();
    tables.tokens.write()?.insert((start, token), seal(&gaps)?.as_slice())?;
    Ok(())
}
