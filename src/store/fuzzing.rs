//! Entry points for the fuzz targets: rows and journals that are damaged or malicious. Not part of release builds.

use super::engine::file_journal::{Gap, scan};
use super::engine::old_journal::records;
use super::engine::record::Record;
use super::rows::codec::{
    ClientIdRow, CommitRow, DataFileRow, Entry, FileRow, JournalRow, MemberRow, PictureRow, ProfileRow, RoomMetaRow,
    RoomRow, SavedRow, SegmentRow, SeqRow, SessionRow, SettingsRow, Stored, UserRoomRow, UserRow, seal, unseal,
};
use crate::model::{RoomKind, SessionId};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads a row of the kind that the first byte selects, once as it is and once with a correct checksum.
///
/// # Panics
/// A decoded row does not encode to the same row.
pub fn row(bytes: &[u8]) {
    let Some((kind, row)) = bytes.split_first() else { return };
    match kind % 17 {
        0 => drop(again::<SeqRow>(row)),
        1 => {
            if let Some(stored) = again::<Entry>(row).and_then(Stored::of) {
                let (_, id, _) = stored.ids();
                let message = stored.message();
                assert_eq!(message.id.0, u64::from(id));
                assert!(message.deleted_by.is_none() || message.body.is_empty() && message.files.is_empty());
            }
        }
        2 => drop(again::<UserRow>(row).map(|row| row.role())),
        3 => drop(again::<ProfileRow>(row)),
        4 => drop(again::<SessionRow>(row).map(|row| row.session(SessionId([0; 32])))),
        5 => drop(again::<SettingsRow>(row).map(SettingsRow::settings)),
        6 => drop(again::<PictureRow>(row)),
        7 => drop(again::<RoomRow>(row).map(|row| row.kind())),
        8 => drop(again::<RoomMetaRow>(row)),
        9 => drop(again::<MemberRow>(row).map(|row| row.role())),
        10 => drop(again::<UserRoomRow>(row).map(|row| row.notify(RoomKind::Public))),
        11 => drop(again::<DataFileRow>(row)),
        12 => drop(again::<CommitRow>(row)),
        13 => drop(again::<ClientIdRow>(row)),
        14 => drop(again::<FileRow>(row).map(|row| row.file.attachment())),
        15 => drop(again::<SegmentRow>(row)),
        _ => drop(again::<SavedRow>(row)),
    }
}

/// Reads a journal: once as it is, in each format, and once as records with correct checksums, written over those of
/// an earlier lap. The first byte sets the length of each record, and the second byte selects the damaged one.
///
/// # Panics
/// A record is not read as it was written, or a damaged record is accepted.
pub fn journal(bytes: &[u8]) {
    if let Ok(found) = records(bytes, &JournalRow::default(), 0) {
        found.iter().for_each(|record| record.rows().for_each(drop));
    }
    let salt = |first: u8| std::array::from_fn(|n| first.wrapping_add(31 * n as u8));
    if let Ok(found) = scan(bytes, &salt(0), 0) {
        found.records.iter().for_each(|record| record.rows().for_each(drop));
    }
    let [length, damaged, rows @ ..] = bytes else { return };
    let salt = salt(*length);
    let written = |number, rows: &[u8]| {
        let record = Record::new(CommitRow { number, at: 0 }, rows.to_vec(), &[]);
        let bytes = record.and_then(|record| record.encode(&salt));
        bytes.unwrap_or_else(|error| panic!("a record cannot be written: {error}"))
    };
    // From an earlier lap: the shortest possible records, and one commit that only redb has.
    let chunks = rows.chunks(usize::from(*length) + 1);
    let earlier = 2 * chunks.len() as u64;
    let mut journal: Vec<u8> = (1..=earlier).flat_map(|number| written(number, &[])).collect();
    let first = earlier + 2;
    let (mut at, mut ends) = (0, Vec::new());
    for (rows, number) in chunks.zip(first..) {
        let record = written(number, rows);
        journal.resize(journal.len().max(at + record.len()), 0);
        journal[at..at + record.len()].copy_from_slice(&record);
        at += record.len();
        ends.push(at);
    }
    let read = |journal: &[u8]| match scan(journal, &salt, first - 1) {
        Ok(found) => (found.records.len(), found.gap != Gap::None),
        Err(error) => panic!("a journal cannot be read: {error}"),
    };
    assert_eq!(read(&journal), (ends.len(), false));
    let damaged = usize::from(*damaged) * ends.len() / 256;
    let Some(end) = ends.get(damaged) else { return };
    journal[end - 1] ^= 1;
    // Only the last record can have been cut off by a power loss.
    assert_eq!(read(&journal), (damaged, damaged + 1 < ends.len()));
}

/// Encodes the row again, if these bytes are one.
fn again<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let _ = unseal::<T>(bytes);
    let mut vouched = bytes.to_vec();
    vouched.extend(crc32c::crc32c(bytes).to_le_bytes());
    let row: T = unseal(&vouched).ok()?;
    let sealed = seal(&row).unwrap_or_else(|error| panic!("a row that was read cannot be written: {error}"));
    let same: T = unseal(&sealed).unwrap_or_else(|error| panic!("a row that was written cannot be read: {error}"));
    assert!(
        seal(&same).is_ok_and(|twice| twice == sealed),
        "a row changed on the way"
    );
    // Any single flipped bit is noticed.
    if let Some(byte) = vouched.first_mut() {
        *byte ^= 1;
        assert!(unseal::<T>(&vouched).is_err());
    }
    Some(row)
}
