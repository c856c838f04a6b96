//! Files: their bytes in chunks, which messages show them, and how they go.
//!
//! A file is in `shown` for each message that shows it, hidden where that one is deleted, or it is in
//! `unshown`: it is coming, waits to be posted, or is to be erased. Never in both, never in neither, so
//! that nothing is lost track of at whatever write a crash comes.

use super::apply::Done;
use super::rows::codec::{self, AttachmentRow, FileRow, PostRow, PreviewRow, key};
use super::rows::schema::{FILES_BYTES, Source, Tables};
use super::rows::table::{FileKey, get, get_known, has, put};
use super::standing::{known, role};
use super::store_error::StoreError;
use super::usage;
use crate::clock::Time;
use crate::error::{Error, Kind};
use crate::limits::{CLOCK_AHEAD_MAX_MS, FILE_CHUNK_BYTES, FILE_CHUNKS_ERASED_MAX, FILES_BYTES_MAX, UPLOAD_KEPT_MS};
use crate::model::{Attachment, Event, FileChange, FileEvent, FileId, FileUsage, NewFile, UserId};
use bytes::Bytes;
use redb::ReadableTable;

/// Where a file is in `unshown` that is to be erased.
const TO_ERASE: u64 = 0;

pub(super) fn apply(tables: &mut Tables<'_>, change: &FileChange) -> Result<Done, StoreError> {
    match change {
        FileChange::Keep { id, index, bytes, at } => keep(tables, id.0, *index, bytes, *at),
        FileChange::Add(new) => add(tables, new),
        FileChange::GiveUp { id, at } => give_up(tables, id.0, *at),
        FileChange::Erase { before } => erase(tables, *before),
        FileChange::Count => usage::count(tables),
    }
}

fn keep(tables: &mut Tables<'_>, id: FileKey, index: u32, bytes: &Bytes, at: Time) -> Result<Done, StoreError> {
    // Somebody so slow that it was given up in between begins again.
    if index > 0 && !is_coming(tables, id, at)? {
        return Err(gone().into());
    }
    count(tables, bytes.len() as u64)?;
    if index == 0 {
        put(tables.unshown.write()?, (at.0, id), &())?;
    }
    tables
        .chunks
        .write()?
        .insert((id, index), codec::seal_bytes(bytes).as_slice())?;
    Ok(Done::answered(Event::File(FileEvent::Kept)))
}

fn add(tables: &mut Tables<'_>, new: &NewFile) -> Result<Done, StoreError> {
    let owner = known(tables, new.owner)?;
    let id = new.file.id.0;
    if !is_coming(tables, id, new.at)? {
        return Err(gone().into());
    }
    let usage = FileUsage {
        own: usage::own(tables, owner)?,
        // Its own bytes are among them.
        all: usage::all(tables)?.saturating_sub(new.file.size),
    };
    usage.may_add(new.file.size)?;
    if let Some((media_type, bytes)) = &new.preview {
        count(tables, bytes.len() as u64)?;
        let row = PreviewRow {
            media_type: media_type.clone(),
            bytes: bytes.to_vec(),
        };
        put(tables.previews.write()?, id, &row)?;
    }
    let row = FileRow {
        file: AttachmentRow::new(&new.file),
        owner,
        unshown: Some(new.at.0),
    };
    put(tables.files.write()?, id, &row)?;
    usage::add(tables, &row)?;
    Ok(Done::answered(Event::File(FileEvent::Added(new.file.clone()))))
}

fn is_coming(source: &impl Source, id: FileKey, at: Time) -> Result<bool, StoreError> {
    Ok(has(source.unshown()?, (at.0, id))? && !has(source.files()?, id)?)
}

fn gone() -> Error {
    Error::new(Kind::Conflict, "That file took too long to arrive. Send it again.")
}

/// Adds to the bytes of all files, while there is space for them.
fn count(tables: &mut Tables<'_>, bytes: u64) -> Result<(), StoreError> {
    match usage::all(tables)? + bytes {
        all @ ..=FILES_BYTES_MAX => put(tables.meta.write()?, FILES_BYTES, &all),
        _ => {
            let title = "The space for files on this server is full. Deleting messages with files makes room.";
            Err(Error::new(Kind::StorageFull, title).into())
        }
    }
}

fn give_up(tables: &mut Tables<'_>, id: FileKey, at: Time) -> Result<Done, StoreError> {
    let event = Event::File(FileEvent::GivenUp);
    if !is_coming(tables, id, at)? {
        return Ok(Done::nothing(event));
    }
    tables.unshown.write()?.remove((at.0, id))?;
    put(tables.unshown.write()?, (TO_ERASE, id), &())?;
    Ok(Done::answered(event))
}

/// What was coming when the server last ended will not come any more, and the files of an older data file begin to be
/// counted.
pub(super) fn give_up_unfinished(tables: &mut Tables<'_>) -> Result<(), StoreError> {
    usage::count(tables)?;
    let mut unfinished = Vec::new();
    for row in tables.unshown.read()?.range((TO_ERASE + 1, [0; 16])..)? {
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

/// The files that a post by `author` is to show: their own, or ones that they can see.
pub(super) fn to_show(source: &impl Source, author: u32, ids: &[FileId]) -> Result<Vec<AttachmentRow>, StoreError> {
    let mut files = Vec::with_capacity(ids.len());
    for id in ids {
        files.push(
            visible(source, author, id.0)?
                .ok_or_else(|| no_such().at("files"))?
                .file,
        );
    }
    Ok(files)
}

fn no_such() -> Error {
    Error::not_found("There is no such file.")
}

/// A new post shows its files.
pub(super) fn show(tables: &mut Tables<'_>, post: &PostRow) -> Result<(), StoreError> {
    for file in &post.files {
        put(tables.shown.write()?, (file.id, post.room, post.seq), &true)?;
        let mut row: FileRow = get_known(tables.files.read()?, file.id, "a file of a message")?;
        if let Some(at) = row.unshown.take() {
            tables.unshown.write()?.remove((at, file.id))?;
            put(tables.files.write()?, file.id, &row)?;
        }
    }
    Ok(())
}

/// A post was deleted, or is back: it no longer shows its files, or does so again.
pub(super) fn hide(tables: &mut Tables<'_>, post: &PostRow, is_hidden: bool) -> Result<(), StoreError> {
    for file in &post.files {
        put(tables.shown.write()?, (file.id, post.room, post.seq), &!is_hidden)?;
    }
    Ok(())
}

/// A post is deleted for good: files that nothing else shows will be erased.
pub(super) fn forget(tables: &mut Tables<'_>, post: &PostRow) -> Result<(), StoreError> {
    for file in &post.files {
        tables.shown.write()?.remove((file.id, post.room, post.seq))?;
        let others = (file.id, 0, 0)..=(file.id, u32::MAX, u32::MAX);
        if tables.shown.read()?.range(others)?.next().is_some() {
            continue;
        }
        let mut row: FileRow = get_known(tables.files.read()?, file.id, "a file of a message")?;
        row.unshown = Some(TO_ERASE);
        put(tables.files.write()?, file.id, &row)?;
        put(tables.unshown.write()?, (TO_ERASE, file.id), &())?;
    }
    Ok(())
}

/// Erases what came before then and is not shown, a bounded number of rows at a time.
fn erase(tables: &mut Tables<'_>, before: Time) -> Result<Done, StoreError> {
    let mut places = Vec::new();
    let unshown = tables.unshown.read()?;
    let due = unshown
        .range(..(before.0, [0; 16]))?
        .chain(unshown.range(ahead(before)..)?);
    for row in due.take(FILE_CHUNKS_ERASED_MAX) {
        places.push(row?.0.value());
    }
    let (mut count, mut bytes) = (0, 0);
    for (at, id) in places {
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
        tables.unshown.write()?.remove((at, id))?;
        count += 1;
    }
    let event = Event::File(FileEvent::Erased { count });
    if count == 0 {
        return Ok(Done::nothing(event));
    }
    let kept = usage::all(tables)?.saturating_sub(bytes);
    put(tables.meta.write()?, FILES_BYTES, &kept)?;
    Ok(Done::answered(event))
}

/// From here on, the time of a file was written by a wrong clock, and would not come for years.
fn ahead(before: Time) -> (u64, FileKey) {
    (
        before.0.saturating_add(UPLOAD_KEPT_MS + CLOCK_AHEAD_MAX_MS + 1),
        [0; 16],
    )
}

/// Whether there are files to erase.
pub(super) fn has_unshown(source: &impl Source, before: Time) -> Result<bool, StoreError> {
    let unshown = source.unshown()?;
    Ok(unshown.range(..(before.0, [0; 16]))?.next().is_some() || unshown.range(ahead(before)..)?.next().is_some())
}

/// A file that somebody may see: a message in one of their rooms shows it, or it is their own and waits to
/// be posted.
fn visible(source: &impl Source, viewer: u32, id: FileKey) -> Result<Option<FileRow>, StoreError> {
    let Some(row) = get::<_, FileRow>(source.files()?, id)? else {
        return Ok(None);
    };
    if let Some(at) = row.unshown {
        let is_own = row.owner == viewer && at != TO_ERASE;
        return Ok(is_own.then_some(row));
    }
    let (shown, mut room) = (source.shown()?, 0);
    // Each room once, however often the file is shown there.
    while let Some(first) = shown.range((id, room, 0)..=(id, u32::MAX, u32::MAX))?.next() {
        room = first?.0.value().1;
        if role(source, room, viewer)?.is_some() {
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

/// A file as its viewer may see it.
pub(super) fn one(source: &impl Source, viewer: UserId, id: FileId) -> Result<Attachment, StoreError> {
    let who = known(source, viewer)?;
    let row = visible(source, who, id.0)?.ok_or_else(no_such)?;
    Ok(row.file.attachment())
}

/// Some bytes of a file.
pub(super) fn chunk(source: &impl Source, id: FileId, index: u32) -> Result<Bytes, StoreError> {
    let row = source.chunks()?.get((id.0, index))?;
    let row = row.ok_or_else(|| StoreError::Refused(no_such()))?;
    Ok(Bytes::copy_from_slice(codec::unseal_bytes(row.value())?))
}

/// All bytes of a file, whose size is known to be bounded.
pub(super) fn whole(source: &impl Source, id: FileId, size: u64) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::with_capacity(size as usize);
    for index in 0..size.div_ceil(FILE_CHUNK_BYTES as u64) {
        bytes.extend_from_slice(&chunk(source, id, key(index).unwrap_or(u32::MAX))?);
    }
    Ok(bytes)
}

/// A smaller picture of a file: what its bytes are, and the bytes.
pub(super) fn preview(source: &impl Source, viewer: UserId, id: FileId) -> Result<(String, Bytes), StoreError> {
    one(source, viewer, id)?;
    let row: Option<PreviewRow> = get(source.previews()?, id.0)?;
    let row = row.ok_or_else(|| StoreError::Refused(no_such()))?;
    Ok((row.media_type, row.bytes.into()))
}
