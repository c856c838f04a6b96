//! Rows and journals as damage or malice may leave them, for the fuzz targets. In no build that people run.

use super::codec::{
    ClientIdRow, CommitRow, DataFileRow, Entry, FactsRow, FileRow, MemberRow, PictureRow, ProfileRow, RoomRow,
    SavedRow, SegmentRow, SeqRow, SessionRow, SettingsRow, Stored, UserRoomRow, UserRow, seal, unseal,
};
use super::journal::{JournalRow, Ring, record, records};
use crate::model::{RoomKind, SessionId};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads a row of the kind that the first byte names, once as it is and once under a checksum that
/// vouches for it.
///
/// # Panics
/// When a row that was read is not the one that is written again.
pub fn row(bytes: &[u8]) {
    let Some((kind, row)) = bytes.split_first() else { return };
    match kind % 17 {
        0 => drop(again::<SeqRow>(row)),
        1 => {
            if let Some(stored) = again::<Entry>(row).and_then(Stored::of) {
                let (_, id, _) = stored.place();
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
        8 => drop(again::<FactsRow>(row)),
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

/// Reads a journal, once as it is and once as records whose checksums vouch for them, in a ring as short as can be:
/// the first byte tells how long each is, and the second one where they begin and where a byte is damaged.
///
/// # Panics
/// When a record is not read as it was written, or what is damaged is taken for whole.
pub fn journal(bytes: &[u8]) {
    // What a row change says is looked at by whoever makes it again.
    let read = |journal: &[u8], row: &JournalRow, count| match records(journal, row, count) {
        Ok((found, end)) => {
            assert!(end <= journal.len());
            found.iter().for_each(|record| record.changes().for_each(drop));
            Some(found.len())
        }
        Err(_) => None,
    };
    read(bytes, &JournalRow::default(), 0);
    let [length, place, changes @ ..] = bytes else { return };
    let salt: Vec<u8> = (0..8).map(|n: u8| length.wrapping_add(31 * n)).collect();
    let written = |count, changes: &[u8]| record(&salt, &CommitRow { count, at: 0 }, changes).unwrap_or_default();
    let lengths = changes
        .chunks(usize::from(*length) + 1)
        .map(|changes| written(0, changes).len());
    let (bytes, Some(longest)) = (lengths.clone().sum::<usize>(), lengths.max()) else {
        return;
    };
    let end = bytes + longest + 1;
    let start = usize::from(*place) * end / 256;
    let mut ring = Ring { start, at: start, end };
    let (mut journal, mut places, mut count) = (vec![0; end], Vec::new(), 0);
    // From an earlier lap, as short as can be: they fit where the first of this one may not.
    let mut at = start;
    while let Some(room) = journal.get_mut(at..at + written(0, &[]).len()) {
        count += 1;
        room.copy_from_slice(&written(count, &[]));
        at += room.len();
    }
    // And one commit that only redb has.
    count += 1;
    let mut expected = 0;
    for (changes, number) in changes.chunks(usize::from(*length) + 1).zip(count + 1..) {
        let record = written(number, changes);
        let at = ring
            .place(record.len())
            .unwrap_or_else(|| panic!("no room in {ring:?}"));
        ring.at = at + record.len();
        journal[at..ring.at].copy_from_slice(&record);
        places.push(at..ring.at);
        expected += 1;
    }
    let row = JournalRow {
        start: start as u32,
        salt: salt.clone(),
    };
    assert_eq!(read(&journal, &row, count), Some(expected));
    let damaged = usize::from(*place) * places.len() / 256;
    journal[places[damaged].end - 1] ^= 1;
    // The last one may be what a loss of power cut off; all others are missed.
    let expected = (damaged + 1 == expected).then_some(expected - 1);
    assert_eq!(read(&journal, &row, count), expected);
}

/// The row, where these bytes are one.
fn again<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let _ = unseal::<T>(bytes);
    let mut vouched = bytes.to_vec();
    vouched.extend(crc32c::crc32c(bytes).to_le_bytes());
    let row: T = unseal(&vouched).ok()?;
    let sealed = seal(&row).unwrap_or_else(|fault| panic!("a row that was read cannot be written: {fault}"));
    let same: T = unseal(&sealed).unwrap_or_else(|fault| panic!("a row that was written cannot be read: {fault}"));
    assert!(
        seal(&same).is_ok_and(|twice| twice == sealed),
        "a row changed on the way"
    );
    // Any one bit more or less is noticed.
    if let Some(byte) = vouched.first_mut() {
        *byte ^= 1;
        assert!(unseal::<T>(&vouched).is_err());
    }
    Some(row)
}
