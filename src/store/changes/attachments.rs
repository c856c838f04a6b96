//! Attachments: files arrive in chunks, messages show them, and files that no message shows are erased.
//!
//! A file has a row in `attached` for each message that shows it, marked hidden while that message is deleted.
//! Otherwise it has a row in `unattached`: it is arriving, waits to be posted, or is about to be erased. A file is
//! never in both tables and never in neither, so no crash can leave a file that nothing erases.

use super::outcome::Outcome;
use super::usage;
use crate::clock::Time;
use crate::error::{Error, Kind};
use crate::limits::{FILE_CHUNKS_ERASED_MAX, FILES_BYTES_MAX};
use crate::model::{Event, FileChange, FileEvent, FileUsage, NewFile};
use crate::store::queries;
use crate::store::queries::access::active_user;
use crate::store::queries::attachments::TO_ERASE;
use crate::store::rows::codec::{self, AttachmentRow, FileRow, PostRow, PreviewRow};
use crate::store::rows::schema::{FILES_BYTES, Tables};
use crate::store::rows::table::{FileKey, get_known, has, put};
use crate::store::store_error::StoreError;
use bytes::Bytes;
use redb::ReadableTable;

pub fn apply(tables: &mut Tables<'_>, change: &FileChange) -> Result<Outcome, StoreError> {
    match change {
        FileChange::Keep { id, index, bytes, at } => keep_chunk(tables, id.0, *index, bytes, *at),
        FileChange::Add(new) => add(tables, new),
        FileChange::GiveUp { id, at } => give_up(tables, id.0, *at),
        FileChange::Erase { before } => erase(tables, *before),
        FileChange::Count => usage::count(tables),
    }
}

fn keep_chunk(
    tables: &mut Tables<'_>,
    id: FileKey,
    index: u32,
    bytes: &Bytes,
    at: Time,
) -> Result<Outcome, StoreError> {
    // A chunk came too late, after the upload had been given up. The client has to start again.
    if index > 0 && !queries::attachments::is_uploading(tables, id, at)? {
        return Err(upload_expired().into());
    }
    count_bytes(tables, bytes.len() as u64)?;
    if index == 0 {
        put(tables.unattached.write()?, (at.0, id), &())?;
    }
    tables
        .chunks
        .write()?
        .insert((id, index), codec::seal_bytes(bytes).as_slice())?;
    Ok(Outcome::reply(Event::File(FileEvent::Kept)))
}

fn add(tables: &mut Tables<'_>, new: &NewFile) -> Result<Outcome, StoreError> {
    let owner = active_user(tables, new.owner)?;
    let id = new.file.id.0;
    if !queries::attachments::is_uploading(tables, id, new.at)? {
        return Err(upload_expired().into());
    }
    let usage = FileUsage {
        own: queries::usage::own(tables, owner)?,
        // `all` already includes this file's own bytes.
        all: queries::usage::all(tables)?.saturating_sub(new.file.size),
    };
    usage.may_add(new.file.size)?;
    if let Some((media_type, bytes)) = &new.preview {
        count_bytes(tables, bytes.len() as u64)?;
        let row = PreviewRow {
            media_type: media_type.clone(),
            bytes: bytes.to_vec(),
        };
        put(tables.previews.write()?, id, &row)?;
    }
    let row = FileRow {
        file: AttachmentRow::new(&new.file),
        owner,
        unattached: Some(new.at.0),
    };
    put(tables.files.write()?, id, &row)?;
    usage::add(tables, &row)?;
    Ok(Outcome::reply(Event::File(FileEvent::Added(new.file.clone()))))
}

fn upload_expired() -> Error {
    Error::new(Kind::Conflict, "That file took too long to arrive. Send it again.")
}

/// Adds to the bytes of all files, if there is enough free space.
fn count_bytes(tables: &mut Tables<'_>, bytes: u64) -> Result<(), StoreError> {
    match queries::usage::all(tables)? + bytes {
        all @ ..=FILES_BYTES_MAX => put(tables.meta.write()?, FILES_BYTES, &all),
        _ => {
            let title = "The space for files on this server is full. Deleting messages with files makes room.";
            Err(Error::new(Kind::StorageFull, title).into())
        }
    }
}

fn give_up(tables: &mut Tables<'_>, id: FileKey, at: Time) -> Result<Outcome, StoreError> {
    let event = Event::File(FileEvent::GivenUp);
    if !queries::attachments::is_uploading(tables, id, at)? {
        return Ok(Outcome::noop(event));
    }
    tables.unattached.write()?.remove((at.0, id))?;
    put(tables.unattached.write()?, (TO_ERASE, id), &())?;
    Ok(Outcome::reply(event))
}

/// Gives up uploads that a shutdown interrupted, and starts counting the files of an older data file.
pub fn give_up_unfinished(tables: &mut Tables<'_>) -> Result<(), StoreError> {
    usage::count(tables)?;
    let mut unfinished = Vec::new();
    for row in tables.unattached.read()?.range((TO_ERASE + 1, [0; 16])..)? {
        let (at, id) = row?.0.value();
        if !has(tables.files.read()?, id)? {
            unfinished.push((at, id));
        }
    }
    for (at, id) in unfinished {
        give_up(tables, id, Time(at))?;
    }
    Ok(())
}

/// Attaches files to a new post.
pub fn attach(tables: &mut Tables<'_>, post: &PostRow) -> Result<(), StoreError> {
    for file in &post.files {
        put(tables.attached.write()?, (file.id, post.room, post.seq), &true)?;
        let mut row: FileRow = get_known(tables.files.read()?, file.id, "a file of a message")?;
        if let Some(at) = row.unattached.take() {
            tables.unattached.write()?.remove((at, file.id))?;
            put(tables.files.write()?, file.id, &row)?;
        }
    }
    Ok(())
}

/// Hides the files of a deleted post, or shows them again.
pub fn set_hidden(tables: &mut Tables<'_>, post: &PostRow, is_hidden: bool) -> Result<(), StoreError> {
    for file in &post.files {
        put(tables.attached.write()?, (file.id, post.room, post.seq), &!is_hidden)?;
    }
    Ok(())
}

/// Detaches the files of an erased post. Files that no other post shows are marked for erasing.
pub fn detach(tables: &mut Tables<'_>, post: &PostRow) -> Result<(), StoreError> {
    for file in &post.files {
        tables.attached.write()?.remove((file.id, post.room, post.seq))?;
        let others = (file.id, 0, 0)..=(file.id, u32::MAX, u32::MAX);
        if tables.attached.read()?.range(others)?.next().is_some() {
            continue;
        }
        let mut row: FileRow = get_known(tables.files.read()?, file.id, "a file of a message")?;
        row.unattached = Some(TO_ERASE);
        put(tables.files.write()?, file.id, &row)?;
        put(tables.unattached.write()?, (TO_ERASE, file.id), &())?;
    }
    Ok(())
}

/// Erases unattached files that arrived before `before`, a bounded number of rows at a time.
fn erase(tables: &mut Tables<'_>, before: Time) -> Result<Outcome, StoreError> {
    let due = queries::attachments::due(tables, before, FILE_CHUNKS_ERASED_MAX)?;
    let (mut count, mut bytes) = (0, 0);
    for (at, id) in due {
        let mut chunks = Vec::new();
        let left = FILE_CHUNKS_ERASED_MAX - count;
        for row in tables.chunks.read()?.range((id, 0)..=(id, u32::MAX))?.take(left) {
            chunks.push(row?.0.value());
        }
        for chunk in &chunks {
            if let Some(row) = tables.chunks.write()?.remove(*chunk)? {
                bytes += codec::unseal_bytes(row.value()).map_or(0, <[u8]>::len) as u64;
            }
        }
        count += chunks.len();
        if count >= FILE_CHUNKS_ERASED_MAX {
            break;
        }
        if let Some(row) = tables.previews.write()?.remove(id)? {
            bytes += codec::unseal::<PreviewRow>(row.value()).map_or(0, |row| row.bytes.len()) as u64;
        }
        let row = tables.files.write()?.remove(id)?;
        let row = row.and_then(|row| codec::unseal::<FileRow>(row.value()).ok());
        if let Some(row) = row {
            usage::remove(tables, &row)?;
        }
        tables.unattached.write()?.remove((at, id))?;
        count += 1;
    }
    let event = Event::File(FileEvent::Erased { count });
    if count == 0 {
        return Ok(Outcome::noop(event));
    }
    let kept = queries::usage::all(tables)?.saturating_sub(bytes);
    put(tables.meta.write()?, FILES_BYTES, &kept)?;
    Ok(Outcome::reply(event))
}
