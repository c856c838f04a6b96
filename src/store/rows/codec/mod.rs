//! Encodes rows: postcard, then a checksum, because redb does not check what it reads. `store/FORMAT.md` lists all
//! rows.
//!
//! Within a `FORMAT_VERSION` a row's fields are never reordered or removed, and a new variant comes last.

mod attachment;
mod message;
mod people;
mod room;
mod server;

pub use attachment::{AttachmentRow, FileRow, PreviewRow};
pub use message::{Deleted, Entry, Forward, NoticeRow, PostRow, SeqRow, Stored};
pub use people::{PictureRow, ProfileRow, SessionRow, SettingsRow, UserRow, user};
pub use room::{MemberRow, RoomMetaRow, RoomRow, UserRoomRow, room};
pub use server::{BackupRow, DeactivatedRow, InviteRow, NightlyRow, ResetRow, ServerRow};

use crate::store::store_error::StoreError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const CHECKSUM_BYTES: usize = 4;

/// Encodes a row and appends its checksum.
pub fn seal(row: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    let mut bytes = postcard::to_stdvec(row).map_err(|error| StoreError::Damaged(error.to_string()))?;
    bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
    Ok(bytes)
}

/// Decodes a row that `seal` encoded.
pub fn unseal<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    let Some((row, checksum)) = bytes.split_last_chunk::<CHECKSUM_BYTES>() else {
        return Err(StoreError::Damaged("a row without a checksum".to_owned()));
    };
    if crc32c::crc32c(row) != u32::from_le_bytes(*checksum) {
        return Err(StoreError::Damaged("a row with a wrong checksum".to_owned()));
    }
    postcard::from_bytes(row).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// Appends a checksum to raw bytes.
pub fn seal_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(bytes.len() + CHECKSUM_BYTES);
    sealed.extend_from_slice(bytes);
    sealed.extend(crc32c::crc32c(bytes).to_le_bytes());
    sealed
}

/// Removes and checks the checksum that `seal_bytes` appended.
pub fn unseal_bytes(sealed: &[u8]) -> Result<&[u8], StoreError> {
    match sealed.split_last_chunk::<CHECKSUM_BYTES>() {
        Some((bytes, checksum)) if crc32c::crc32c(bytes) == u32::from_le_bytes(*checksum) => Ok(bytes),
        _ => Err(StoreError::Damaged("bytes with a wrong checksum".to_owned())),
    }
}

/// Converts a number of the model to a number of the file. `None` if it does not fit: no row has such a number.
pub fn key(number: u64) -> Option<u32> {
    u32::try_from(number).ok()
}

#[derive(Serialize, Deserialize)]
pub struct DataFileRow {
    /// Never changes.
    pub id: [u8; 16],
    /// Changes when a backup is restored.
    pub epoch: [u8; 16],
    /// The file and machine on which this row was last written; see `engine/location`.
    pub home: [u8; 32],
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct CommitRow {
    /// Shows after a failed commit whether it took effect.
    pub number: u64,
    /// When we last wrote to the file.
    pub at: u64,
}

/// What redb's pages say about the journal. Files of formats 1 to 3 have no such row.
#[derive(Default, Serialize, Deserialize)]
pub struct JournalRow {
    /// Format 4: the offset of the next commit's record.
    pub start: u32,
    /// The bytes with which each record begins.
    pub salt: Vec<u8>,
}

impl JournalRow {
    pub fn of(salt: &[u8]) -> JournalRow {
        let salt = salt.to_vec();
        JournalRow { start: 0, salt }
    }
}

#[derive(Serialize, Deserialize)]
pub struct ClientIdRow {
    pub room: u32,
    pub seq: u32,
}

#[derive(Serialize, Deserialize)]
pub struct SegmentRow {
    /// The first log entry after the segment.
    pub end: u64,
    /// The rooms of its messages.
    pub rooms: Vec<u32>,
    /// The authors of its messages.
    pub authors: Vec<u32>,
    /// The earliest and the latest time in its messages.
    pub oldest: u64,
    pub newest: u64,
}

#[derive(Serialize, Deserialize)]
pub struct SavedRow {
    pub room: u32,
    pub id: u32,
    pub at: u64,
}
