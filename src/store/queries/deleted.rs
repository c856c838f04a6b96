//! Deleted messages that still have their text.

use crate::clock::Time;
use crate::limits::{CLOCK_AHEAD_MAX_MS, UNDO_MS};
use crate::store::rows::schema::Source;
use crate::store::store_error::StoreError;
use redb::{ReadableTable, ReadableTableMetadata};

/// The first `count` messages whose text has to be erased, each with its time of deletion. A message is due if that
/// time is before `before`, or so far in the future that only a wrong clock can have set it.
pub fn due(source: &impl Source, before: Time, count: usize) -> Result<Vec<(u64, u32, u32)>, StoreError> {
    let deleted = source.deleted()?;
    if deleted.is_empty()? {
        return Ok(Vec::new());
    }
    let ahead = before.0.saturating_add(UNDO_MS + CLOCK_AHEAD_MAX_MS + 1);
    let due = deleted
        .range(..(before.0, 0, 0))?
        .chain(deleted.range((ahead, 0, 0)..)?);
    due.take(count).map(|row| Ok(row?.0.value())).collect()
}

/// Whether there is text to erase.
pub fn has_due(source: &impl Source, before: Time) -> Result<bool, StoreError> {
    Ok(!due(source, before, 1)?.is_empty())
}
