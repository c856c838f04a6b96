//! How much disk space each user's files take, so that no user can take it all.
//!
//! A file counts for the user who uploaded it, with its size, from the end of the upload until it is erased. The files
//! of an older data file are counted in the order of their ids, some at a time: `usage` includes the files up to the
//! id in `files_counted`.

use crate::model::{FileUsage, UserId};
use crate::store::rows::codec::key;
use crate::store::rows::schema::{FILES_BYTES, FILES_COUNTED, Source};
use crate::store::rows::table::{FileKey, get};
use crate::store::store_error::StoreError;

/// The value of `files_counted` once all files are counted: it sorts after every id.
pub const ALL: FileKey = [0xFF; 16];

/// The bytes of all files, including unfinished uploads and previews.
pub fn all(source: &impl Source) -> Result<u64, StoreError> {
    Ok(get(source.meta()?, FILES_BYTES)?.unwrap_or_default())
}

/// The bytes of a user's files.
pub fn own(source: &impl Source, user: u32) -> Result<u64, StoreError> {
    match source.usage() {
        Err(StoreError::Redb(redb::Error::TableDoesNotExist(_))) => Ok(0),
        usage => Ok(get(usage?, user)?.unwrap_or_default()),
    }
}

/// The bytes of a user's files, and of all files.
pub fn of(source: &impl Source, user: UserId) -> Result<FileUsage, StoreError> {
    Ok(FileUsage {
        own: key(user.0).map_or(Ok(0), |user| own(source, user))?,
        all: all(source)?,
    })
}

/// The bytes of each user's files, without users who have none.
pub fn of_each(source: &impl Source, users: &[UserId]) -> Result<Vec<(UserId, u64)>, StoreError> {
    let mut found = Vec::new();
    for user in users {
        let bytes = of(source, *user)?.own;
        if bytes > 0 {
            found.push((*user, bytes));
        }
    }
    Ok(found)
}

pub fn counted(source: &impl Source) -> Result<Option<FileKey>, StoreError> {
    get(source.meta()?, FILES_COUNTED)
}

pub fn is_counted(source: &impl Source, id: FileKey) -> Result<bool, StoreError> {
    Ok(counted(source)?.is_some_and(|through| id <= through))
}

/// Whether there are files that are not counted yet.
pub fn has_uncounted(source: &impl Source) -> Result<bool, StoreError> {
    Ok(counted(source)? != Some(ALL))
}
