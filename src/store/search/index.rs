//! The search index: segments of the log, and for each token of a segment, which of its entries have the token.
//!
//! A segment is written in one piece once enough entries follow the previous segment, either with another commit or in
//! a commit of its own while the writer is idle. Until then, a search reads those entries directly, so nothing has to
//! be kept in memory or built at start. The index always matches the messages: an edit or a deletion changes both in
//! one commit.

use crate::limits::{SEGMENT_ENTRIES, SEGMENT_WORDS_MAX};
use crate::model::tokens;
use crate::store::rows::codec::{Entry, PostRow, SegmentRow, Stored, seal, unseal};
use crate::store::rows::schema::{Source, Tables};
use crate::store::rows::table::{get, put};
use crate::store::store_error::StoreError;
use redb::ReadableTable;
use std::collections::{BTreeSet, HashMap};

/// Whether there may be more to index.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There was nothing to index.
    Nothing,
    /// At least one segment was written, and there may be more.
    Wrote,
}

/// The first entry that is in no segment.
pub fn end(source: &impl Source) -> Result<u64, StoreError> {
    match source.segments()?.last()? {
        Some((_, row)) => Ok(unseal::<SegmentRow>(row.value())?.end),
        None => Ok(1),
    }
}

/// Writes the segments that are due: at most one more than this commit's changes can fill, so no commit takes long and
/// the index does not fall behind.
pub fn index_due_segments(tables: &mut Tables<'_>, changes: usize) -> Result<Step, StoreError> {
    let mut wrote = Step::Nothing;
    for _ in 0..=changes as u64 / SEGMENT_ENTRIES {
        if segment(tables)? == Step::Nothing {
            break;
        }
        wrote = Step::Wrote;
    }
    Ok(wrote)
}

/// Writes the next segment, if one is due.
fn segment(tables: &mut Tables<'_>) -> Result<Step, StoreError> {
    let start = match end(tables) {
        // A damaged index must not stop posts.
        Err(StoreError::Damaged(cause)) => {
            tracing::error!(cause, "the search index is damaged and cannot be updated");
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
        // A damaged message must not stop posts either. It cannot be found then.
        let row: Result<Entry, StoreError> = unseal(row.value());
        segment.add(entry.value(), row.ok().and_then(Stored::of));
        if segment.words >= SEGMENT_WORDS_MAX {
            break;
        }
    }
    let mut tokens: Vec<_> = std::mem::take(&mut segment.tokens).into_iter().collect();
    // In the order of the table, so that the table grows at its end.
    tokens.sort_unstable();
    for (token, offsets) in &tokens {
        write(tables, start, token, offsets)?;
    }
    put(tables.segments.write()?, start, &segment.row())?;
    Ok(Step::Wrote)
}

/// Builds a segment from its messages.
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

    /// Removes a token, and returns the entries that have it.
    pub fn take(&mut self, token: &str) -> Option<Vec<u16>> {
        self.tokens.remove(token)
    }

    /// The number of tokens that have not been taken.
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

/// Reindexes the message at `entry`, whose new text is `text`.
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

/// The entries of a segment that have a token, as offsets from its first entry, in order.
pub fn read(source: &impl Source, start: u64, token: &str) -> Result<Vec<u16>, StoreError> {
    match source.tokens()?.get((start, token))? {
        Some(row) => offsets(row.value()),
        None => Ok(Vec::new()),
    }
}

/// Decodes the offsets of a row.
pub fn offsets(row: &[u8]) -> Result<Vec<u16>, StoreError> {
    let mut last = 0;
    let deltas: Vec<u16> = unseal(row)?;
    Ok(deltas
        .into_iter()
        .map(|delta| {
            last += delta;
            last
        })
        .collect())
}

/// Writes offsets as the differences between them, which are small numbers.
fn write(tables: &mut Tables<'_>, start: u64, token: &str, offsets: &[u16]) -> Result<(), StoreError> {
    if offsets.is_empty() {
        tables.tokens.write()?.remove((start, token))?;
        return Ok(());
    }
    let mut last = 0;
    let deltas: Vec<u16> = offsets
        .iter()
        .map(|offset| {
            let delta = offset - last;
            last = *offset;
            delta
        })
        .collect();
    tables
        .tokens
        .write()?
        .insert((start, token), seal(&deltas)?.as_slice())?;
    Ok(())
}
