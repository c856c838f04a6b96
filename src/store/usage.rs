//! How much space each person's files take, so that nobody takes the space of everybody else.
//!
//! A file counts for the person who sent it, with its size, from when all of it has arrived until it is erased. The
//! files of a data file that is older than this count are counted in the order of their ids, some at a time: those up
//! to the one in `files_counted` are in `usage`, the others are not yet.

use super::apply::Done;
use super::rows::codec::{self, FileRow, key};
use super::rows::schema::{FILES_BYTES, FILES_COUNTED, Source, Tables};
use super::rows::table::{FileKey, get, put};
use super::store_error::StoreError;
use crate::limits::FILES_COUNTED_AT_ONCE;
use crate::model::{Event, FileEvent, FileUsage, UserId};
use redb::ReadableTable;
use std::collections::BTreeMap;
use std::ops::Bound;

/// In `files_counted` once all files are counted: after every id.
const ALL: FileKey = [0xFF; 16];

/// The bytes of all files, those that are still arriving and previews included.
pub(super) fn all(source: &impl Source) -> Result<u64, StoreError> {
    Ok(get(source.meta()?, FILES_BYTES)?.unwrap_or_default())
}

/// The bytes of somebody's files.
pub(super) fn own(source: &impl Source, user: u32) -> Result<u64, StoreError> {
    match source.usage() {
        Err(StoreError::Redb(redb::Error::TableDoesNotExist(_))) => Ok(0),
        usage => Ok(get(usage?, user)?.unwrap_or_default()),
    }
}

/// What somebody's files take, and what all take.
pub(super) fn of(source: &impl Source, user: UserId) -> Result<FileUsage, StoreError> {
    Ok(FileUsage {
        own: key(user.0).map_or(Ok(0), |user| own(source, user))?,
        all: all(source)?,
    })
}

/// What the files of each of these people take who have any.
pub(super) fn of_each(source: &impl Source, users: &[UserId]) -> Result<Vec<(UserId, u64)>, StoreError> {
    let mut found = Vec::new();
    for user in users {
        let bytes = of(source, *user)?.own;
        if bytes > 0 {
            found.push((*user, bytes));
        }
    }
    Ok(found)
}

/// A file has arrived.
pub(super) fn add(tables: &mut Tables<'_>, row: &FileRow) -> Result<(), StoreError> {
    if !is_counted(tables, row.file.id)? {
        return Ok(());
    }
    let bytes = own(tables, row.owner)? + row.file.size;
    put(tables.usage.write()?, row.owner, &bytes)
}

/// A file is erased.
pub(super) fn remove(tables: &mut Tables<'_>, row: &FileRow) -> Result<(), StoreError> {
    if !is_counted(tables, row.file.id)? {
        return Ok(());
    }
    match own(tables, row.owner)?.saturating_sub(row.file.size) {
        0 => tables.usage.write()?.remove(row.owner).map(drop),
        bytes => put(tables.usage.write()?, row.owner, &bytes),
    }
}

fn counted(source: &impl Source) -> Result<Option<FileKey>, StoreError> {
    get(source.meta()?, FILES_COUNTED)
}

pub(super) fn is_counted(source: &impl Source, id: FileKey) -> Result<bool, StoreError> {
    Ok(counted(source)?.is_some_and(|through| id <= through))
}

/// Whether there are files that no count knows of.
pub(super) fn has_uncounted(source: &impl Source) -> Result<bool, StoreError> {
    Ok(counted(source)? != Some(ALL))
}

/// Counts the next files of an older data file.
pub(super) fn count(tables: &mut Tables<'_>) -> Result<Done, StoreError> {
    let event = Event::File(FileEvent::Counted);
    let from = match counted(tables)? {
        Some(ALL) => return Ok(Done::nothing(event)),
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
        let bytes = own(tables, user)? + more;
        put(tables.usage.write()?, user, &bytes)?;
    }
    put(tables.meta.write()?, FILES_COUNTED, &through)?;
    Ok(Done::answered(event))
}
