//! Counts the disk space that each user's files take.

use super::outcome::Outcome;
use crate::limits::FILES_COUNTED_AT_ONCE;
use crate::model::{Event, FileEvent};
use crate::store::queries;
use crate::store::queries::usage::ALL;
use crate::store::rows::codec::{self, FileRow};
use crate::store::rows::schema::{FILES_COUNTED, Tables};
use crate::store::rows::table::{FileKey, put};
use crate::store::store_error::StoreError;
use redb::ReadableTable;
use std::collections::BTreeMap;
use std::ops::Bound;

/// Counts a file that has been uploaded.
pub fn add(tables: &mut Tables<'_>, row: &FileRow) -> Result<(), StoreError> {
    if !queries::usage::is_counted(tables, row.file.id)? {
        return Ok(());
    }
    let bytes = queries::usage::own(tables, row.owner)? + row.file.size;
    put(tables.usage.write()?, row.owner, &bytes)
}

/// Subtracts a file that is erased.
pub fn remove(tables: &mut Tables<'_>, row: &FileRow) -> Result<(), StoreError> {
    if !queries::usage::is_counted(tables, row.file.id)? {
        return Ok(());
    }
    match queries::usage::own(tables, row.owner)?.saturating_sub(row.file.size) {
        0 => tables.usage.write()?.remove(row.owner).map(drop),
        bytes => put(tables.usage.write()?, row.owner, &bytes),
    }
}

/// Counts the next files of an older data file.
pub fn count(tables: &mut Tables<'_>) -> Result<Outcome, StoreError> {
    let event = Event::File(FileEvent::Counted);
    let from = match queries::usage::counted(tables)? {
        Some(ALL) => return Ok(Outcome::noop(event)),
        Some(through) => Bound::Excluded(through),
        None => Bound::Unbounded,
    };
    let (mut bytes, mut through, mut looked_at) = (BTreeMap::new(), ALL, 0);
    let files = tables.files.read()?.range::<FileKey>((from, Bound::Unbounded))?;
    for row in files.take(FILES_COUNTED_AT_ONCE) {
        let (id, row) = row?;
        let row: FileRow = codec::unseal(row.value())?;
        *bytes.entry(row.owner).or_insert(0) += row.file.size;
        (through, looked_at) = (id.value(), looked_at + 1);
    }
    if looked_at < FILES_COUNTED_AT_ONCE {
        through = ALL;
    }
    for (user, more) in bytes {
        let bytes = queries::usage::own(tables, user)? + more;
        put(tables.usage.write()?, user, &bytes)?;
    }
    put(tables.meta.write()?, FILES_COUNTED, &through)?;
    Ok(Outcome::reply(event))
}
