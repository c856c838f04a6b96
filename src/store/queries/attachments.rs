//! Attachments: who may see them, and their bytes.

use super::access::{active_user, member_role};
use crate::clock::Time;
use crate::error::Error;
use crate::limits::{CLOCK_AHEAD_MAX_MS, FILE_CHUNK_BYTES, UPLOAD_KEPT_MS};
use crate::model::{Attachment, FileId, UserId};
use crate::store::rows::codec::{self, AttachmentRow, FileRow, PreviewRow, key};
use crate::store::rows::schema::Source;
use crate::store::rows::table::{FileKey, get, has};
use crate::store::store_error::StoreError;
use bytes::Bytes;
use redb::ReadableTable;

/// The time in `unattached` of a file that is about to be erased.
pub const TO_ERASE: u64 = 0;

/// Whether the upload of a file began at `at` and is not complete yet.
pub fn is_uploading(source: &impl Source, id: FileKey, at: Time) -> Result<bool, StoreError> {
    Ok(has(source.unattached()?, (at.0, id))? && !has(source.files()?, id)?)
}

/// The files that a post by `author` may show: their own, or files that they can see.
pub fn attachable(source: &impl Source, author: u32, ids: &[FileId]) -> Result<Vec<AttachmentRow>, StoreError> {
    let mut files = Vec::with_capacity(ids.len());
    for id in ids {
        files.push(
            visible_file(source, author, id.0)?
                .ok_or_else(|| no_such_file().at("files"))?
                .file,
        );
    }
    Ok(files)
}

fn no_such_file() -> Error {
    Error::not_found("There is no such file.")
}

/// The first `count` files to erase, each with its time in `unattached`. A file is due if its time is before `before`,
/// or so far in the future that only a wrong clock can have set it.
pub fn due(source: &impl Source, before: Time, count: usize) -> Result<Vec<(u64, FileKey)>, StoreError> {
    let unattached = source.unattached()?;
    let ahead = before.0.saturating_add(UPLOAD_KEPT_MS + CLOCK_AHEAD_MAX_MS + 1);
    let due = unattached
        .range(..(before.0, [0; 16]))?
        .chain(unattached.range((ahead, [0; 16])..)?);
    due.take(count).map(|row| Ok(row?.0.value())).collect()
}

/// Whether there are files to erase.
pub fn has_due(source: &impl Source, before: Time) -> Result<bool, StoreError> {
    Ok(!due(source, before, 1)?.is_empty())
}

/// A file that a user may see: a message in one of their rooms shows it, or it is their own and waits to be posted.
fn visible_file(source: &impl Source, viewer: u32, id: FileKey) -> Result<Option<FileRow>, StoreError> {
    let Some(row) = get::<_, FileRow>(source.files()?, id)? else {
        return Ok(None);
    };
    if let Some(at) = row.unattached {
        let is_own = row.owner == viewer && at != TO_ERASE;
        return Ok(is_own.then_some(row));
    }
    let (shown, mut room) = (source.attached()?, 0);
    // Visit each room once, however often it shows the file.
    while let Some(first) = shown.range((id, room, 0)..=(id, u32::MAX, u32::MAX))?.next() {
        room = first?.0.value().1;
        if member_role(source, room, viewer)?.is_some() {
            for place in shown.range((id, room, 0)..=(id, room, u32::MAX))? {
                if codec::unseal::<bool>(place?.1.value())? {
                    return Ok(Some(row));
                }
            }
        }
        let Some(next) = room.checked_add(1) else { break };
        room = next;
    }
    Ok(None)
}

/// A file as the viewer may see it.
pub fn one(source: &impl Source, viewer: UserId, id: FileId) -> Result<Attachment, StoreError> {
    let who = active_user(source, viewer)?;
    let row = visible_file(source, who, id.0)?.ok_or_else(no_such_file)?;
    Ok(row.file.attachment())
}

/// Some bytes of a file.
pub fn chunk(source: &impl Source, id: FileId, index: u32) -> Result<Bytes, StoreError> {
    let row = source.chunks()?.get((id.0, index))?;
    let row = row.ok_or_else(|| StoreError::Refused(no_such_file()))?;
    Ok(Bytes::copy_from_slice(codec::unseal_bytes(row.value())?))
}

/// All bytes of a file. The caller bounds `size`.
pub fn whole(source: &impl Source, id: FileId, size: u64) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::with_capacity(size as usize);
    for index in 0..size.div_ceil(FILE_CHUNK_BYTES as u64) {
        bytes.extend_from_slice(&chunk(source, id, key(index).unwrap_or(u32::MAX))?);
    }
    Ok(bytes)
}

/// The preview image of a file: its media type and its bytes.
pub fn preview(source: &impl Source, viewer: UserId, id: FileId) -> Result<(String, Bytes), StoreError> {
    one(source, viewer, id)?;
    let row: Option<PreviewRow> = get(source.previews()?, id.0)?;
    let row = row.ok_or_else(|| StoreError::Refused(no_such_file()))?;
    Ok((row.media_type, row.bytes.into()))
}
