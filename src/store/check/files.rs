//! Files: whether they are complete, which messages show them, and those that wait to be posted or erased.

use super::checker::Checker;
use crate::limits::FILE_CHUNK_BYTES;
use crate::store::queries::{log, usage};
use crate::store::rows::codec::{FileRow, PreviewRow, Stored, unseal_bytes};
use crate::store::rows::schema::{FILES_BYTES, Source, USAGE};
use crate::store::rows::table::{FileKey, get, has};
use crate::store::store_error::StoreError;
use redb::{ReadableTable, ReadableTableMetadata};
use std::collections::{BTreeMap, BTreeSet};

/// The chunks checked so far.
#[derive(Default)]
struct Chunks {
    count: u64,
    bytes: u64,
    /// The bytes of each user's counted files.
    of_owners: BTreeMap<u32, u64>,
}

pub fn check(checker: &Checker<'_>) -> Result<(), StoreError> {
    let mut chunks = Chunks::default();
    whole(checker, &mut chunks)?;
    unattached(checker, &mut chunks)?;
    if checker.source.chunks()?.len()? != chunks.count {
        explain_chunks(checker, &mut chunks)?;
    }
    let bytes = chunks.bytes + previews(checker)?;
    let kept: u64 = get(checker.source.meta()?, FILES_BYTES)?.unwrap_or_default();
    let what = format!("files take {bytes} bytes, and {kept} are counted");
    checker.unless(kept == bytes, "meta", &FILES_BYTES, &what);
    usage_of_owners(checker, &chunks)?;
    shown(checker)
}

/// The counted usage of each user matches their files.
fn usage_of_owners(checker: &Checker<'_>, chunks: &Chunks) -> Result<(), StoreError> {
    // A file that is older than this table gets it when it is opened.
    if !checker.has_table(USAGE)? {
        return Ok(());
    }
    let mut counted = BTreeMap::new();
    checker.rows("usage", checker.source.usage()?, |owner, bytes: u64| {
        counted.insert(owner, bytes);
        Ok(())
    })?;
    for owner in chunks.of_owners.keys().chain(counted.keys()).collect::<BTreeSet<_>>() {
        let of = |bytes: &BTreeMap<u32, u64>| bytes.get(owner).copied().unwrap_or_default();
        let (bytes, counted) = (of(&chunks.of_owners), of(&counted));
        let what = format!("their files take {bytes} bytes, and {counted} are counted");
        checker.unless(bytes == counted, "usage", owner, &what);
    }
    Ok(())
}

/// Uploaded files have all of their bytes, unless they are being erased.
fn whole(checker: &Checker<'_>, chunks: &mut Chunks) -> Result<(), StoreError> {
    let source = &checker.source;
    checker.rows("files", source.files()?, |id, row: FileRow| {
        checker.unless(checker.is_person(row.owner), "files", &id, "its owner is nobody");
        let size = row.file.size;
        if usage::is_counted(&checker.source, id)? {
            *chunks.of_owners.entry(row.owner).or_default() += size;
        }
        let unattached = row.unattached;
        let has_preview = row.file.attachment().has_preview;
        let (count, bytes) = chunks_of(checker, id, size, chunks)?;
        if unattached.is_none() {
            let holds = count == size.div_ceil(FILE_CHUNK_BYTES as u64) && bytes == size;
            let what = format!("it has {bytes} bytes in {count} chunks, and {size} were uploaded");
            checker.unless(holds, "files", &id, &what);
            let preview = has(source.previews()?, id)? == has_preview;
            checker.unless(preview, "files", &id, "its preview is missing, or is one too many");
        }
        let mut messages = source.attached()?.range((id, 0, 0)..=(id, u32::MAX, u32::MAX))?;
        match unattached {
            None => checker.unless(messages.next().is_some(), "files", &id, "no message shows it"),
            Some(at) => {
                let is_listed = has(source.unattached()?, (at, id))?;
                checker.unless(is_listed, "files", &id, "it is missing in the table unshown");
                checker.unless(
                    messages.next().is_none(),
                    "files",
                    &id,
                    "a message shows what is to be erased",
                );
            }
        }
        Ok(())
    })
}

/// Counts the chunks of a file, and checks that each has the length that its index implies.
fn chunks_of(checker: &Checker<'_>, id: FileKey, size: u64, chunks: &mut Chunks) -> Result<(u64, u64), StoreError> {
    let (mut count, mut bytes) = (0, 0);
    let rows = checker.source.chunks()?.range((id, 0)..=(id, u32::MAX))?;
    checker.each("chunks", rows, |key, row| {
        (count, chunks.count) = (count + 1, chunks.count + 1);
        let length = unseal_bytes(row)?.len() as u64;
        (bytes, chunks.bytes) = (bytes + length, chunks.bytes + length);
        let from = u64::from(key.1) * FILE_CHUNK_BYTES as u64;
        let expected = size.saturating_sub(from).min(FILE_CHUNK_BYTES as u64);
        let what = format!("it has {length} bytes where {expected} are expected");
        checker.unless(length == expected, "chunks", &key, &what);
        Ok(())
    })?;
    Ok((count, bytes))
}

/// Checks files that no message shows: they are arriving, waiting to be posted, or being erased.
fn unattached(checker: &Checker<'_>, chunks: &mut Chunks) -> Result<(), StoreError> {
    let source = &checker.source;
    checker.rows("unshown", source.unattached()?, |(at, id), (): ()| {
        if let Some(row) = get::<_, FileRow>(source.files()?, id)? {
            let holds = row.unattached == Some(at);
            checker.unless(
                holds,
                "unshown",
                &(at, id),
                "the file is shown, or waits since another time",
            );
            return Ok(());
        }
        // The size of an unfinished upload is not known yet.
        let rows = source.chunks()?.range((id, 0)..=(id, u32::MAX))?;
        checker.each("chunks", rows, |_, row| {
            chunks.count += 1;
            chunks.bytes += unseal_bytes(row)?.len() as u64;
            Ok(())
        })
    })
}

/// Reports chunks that belong to no file.
fn explain_chunks(checker: &Checker<'_>, chunks: &mut Chunks) -> Result<(), StoreError> {
    let source = &checker.source;
    let mut last: Option<(FileKey, bool)> = None;
    checker.sealed("chunks", source.chunks()?, |key, row| {
        let id = key.0;
        let is_known = match last {
            Some((file, is_known)) if file == id => is_known,
            _ => has(source.files()?, id)? || is_unattached(checker, id)?,
        };
        last = Some((id, is_known));
        if !is_known {
            chunks.bytes += unseal_bytes(row).map_or(0, <[u8]>::len) as u64;
            checker.wrong("chunks", &key, "there is no such file");
        }
        Ok(())
    })
}

/// Searches all unattached files for the file of a chunk that no other row names.
fn is_unattached(checker: &Checker<'_>, id: FileKey) -> Result<bool, StoreError> {
    for row in checker.source.unattached()?.iter()? {
        if row?.0.value().1 == id {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Checks that each preview belongs to a file, and returns the bytes of all previews.
fn previews(checker: &Checker<'_>) -> Result<u64, StoreError> {
    let source = &checker.source;
    let mut bytes = 0;
    checker.rows("previews", source.previews()?, |id, row: PreviewRow| {
        bytes += row.bytes.len() as u64;
        checker.unless(has(source.files()?, id)?, "previews", &id, "there is no such file");
        Ok(())
    })?;
    Ok(bytes)
}

/// Each row in `attached` names a message that shows the file, hidden if that message is deleted.
fn shown(checker: &Checker<'_>) -> Result<(), StoreError> {
    let source = &checker.source;
    checker.rows("shown", source.attached()?, |(id, room, seq), is_visible: bool| {
        let found = log::message(source, room, seq)?;
        let holds = matches!(found, Some(Stored::Post(row))
            if row.files.iter().any(|file| file.id == id) && row.deleted.is_none() == is_visible);
        checker.unless(holds, "shown", &(id, room, seq), "the message does not show it so");
        let is_there = has(source.files()?, id)?;
        checker.unless(is_there, "shown", &(id, room, seq), "there is no such file");
        Ok(())
    })
}
