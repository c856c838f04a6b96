//! The search index: segments follow each other, and each has exactly the words of its messages.

use super::checker::Checker;
use super::report::Kind;
use crate::store::rows::codec::{Entry, SegmentRow, Stored, unseal};
use crate::store::rows::schema::Source;
use crate::store::search::index::{SegmentBuilder, offsets};
use crate::store::store_error::StoreError;
use redb::{ReadableTable, ReadableTableMetadata};

pub fn check(checker: &Checker<'_>) -> Result<(), StoreError> {
    let source = &checker.source;
    let last = source.log()?.last()?.map_or(0, |(entry, _)| entry.value());
    let (mut next, mut seen) = (1, 0);
    checker.rows("segments", source.segments()?, |start, row: SegmentRow| {
        checker.unless(
            start == next,
            "segments",
            &start,
            &format!("it does not begin at {next}"),
        );
        let holds = row.end > start && row.end <= last + 1;
        checker.unless(holds, "segments", &start, &format!("it ends at {}", row.end));
        next = row.end;
        if holds {
            seen += segment(checker, start, &row)?;
        }
        Ok(())
    })?;
    let tokens = source.tokens()?.len()?;
    let what = format!("{tokens} words are indexed, {seen} of them in a segment");
    checker.unless(tokens == seen, "tokens", &"all", &what);
    Ok(())
}

/// Compares a segment with its messages, and returns how many words are indexed. The report does not name the words,
/// because they are private.
fn segment(checker: &Checker<'_>, start: u64, row: &SegmentRow) -> Result<u64, StoreError> {
    let source = &checker.source;
    let mut expected = SegmentBuilder::new(start);
    for entry in source.log()?.range(start..row.end)? {
        let (entry, row) = entry?;
        // A damaged message cannot be found. The check of the log reports it.
        let row: Result<Entry, StoreError> = unseal(row.value());
        expected.add(entry.value(), row.ok().and_then(Stored::of));
    }
    let (mut seen, mut wrong) = (0, 0);
    for token in source.tokens()?.range((start, "")..(start + 1, ""))? {
        let (key, row) = token?;
        seen += 1;
        match offsets(row.value()) {
            Ok(found) => wrong += u64::from(expected.take(key.value().1) != Some(found)),
            Err(StoreError::Damaged(cause)) => checker.findings.add(Kind::Damage, "tokens", &start.to_string(), cause),
            Err(error) => return Err(error),
        }
    }
    checker.progress.add(seen);
    wrong += expected.words_left();
    let what = format!("{wrong} words lead to other messages than those that say them");
    checker.unless(wrong == 0, "tokens", &start, &what);
    let expected = expected.row();
    let holds = (&expected.rooms, &expected.authors, expected.oldest, expected.newest)
        == (&row.rooms, &row.authors, row.oldest, row.newest);
    checker.unless(
        holds,
        "segments",
        &start,
        "its rooms, authors or times are not those of its messages",
    );
    Ok(seen)
}
