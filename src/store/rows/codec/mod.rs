//! Rows as bytes: postcard, then a checksum, since redb does not check what it reads. `store/FORMAT.md` lists all of them.
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

/// The row's bytes and their checksum.
pub fn seal(row: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    let mut bytes = postcard::to_stdvec(row).map_err(|error| StoreError::Damaged(error.to_string()))?;
    bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
    Ok(bytes)
}

/// The row that `seal` wrote.
pub fn unseal<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    let Some((row, checksum)) = bytes.split_last_chunk::<CHECKSUM_BYTES>() else {
        return Err(StoreError::Damaged("a row without a checksum".to_owned()));
    };
    if crc32c::crc32c(row) != u32::from_le_bytes(*checksum) {
        return Err(StoreError::Damaged("a row with a wrong checksum".to_owned()));
    }
    postcard::from_bytes(row).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// Raw bytes and their checksum.
pub fn seal_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(bytes.len() + CHECKSUM_BYTES);
    sealed.extend_from_slice(bytes);
    sealed.extend(crc32c::crc32c(bytes).to_le_bytes());
    sealed
}

/// The bytes that `seal_bytes` sealed.
pub fn unseal_bytes(sealed: &[u8]) -> Result<&[u8], StoreError> {
    match sealed.split_last_chunk::<CHECKSUM_BYTES>() {
        Some((bytes, checksum)) if crc32c::crc32c(bytes) == u32::from_le_bytes(*checksum) => Ok(bytes),
        _ => Err(StoreError::Damaged("bytes with a wrong checksum".to_owned())),
    }
}

/// A number of the model as a number of the file. What does not fit names nothing.
pub fn key(number: u64) -> Option<u32> {
    u32::try_from(number).ok()
}

#[derive(Serialize, Deserialize)]
pub struct DataFileRow {
    /// Never changes.
    pub id: [u8; 16],
    /// Changes when a backup is restored.
    pub epoch: [u8; 16],
    /// Which file on which machine this was written to last.
    pub home: [u8; 32],
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct CommitRow {
    /// Tells after a failed commit whether it happened.
    pub count: u64,
    /// Tells when the file was last written by us.
    pub at: u64,
}

/// What redb knows of the journal. Files of formats 1 to 3 have no such row.
#[derive(Default, Serialize, Deserialize)]
pub struct JournalRow {
    /// Format 4: where the record of the next commit is.
    pub start: u32,
    /// What each record begins with.
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
    /// The entry of the log after its last one.
    pub end: u64,
    /// Where its messages stand.
    pub rooms: Vec<u32>,
    /// Who wrote them.
    pub authors: Vec<u32>,
    /// When the first and the last of them was sent, by their own times.
    pub oldest: u64,
    pub newest: u64,
}

#[derive(Serialize, Deserialize)]
pub struct SavedRow {
    pub room: u32,
    pub id: u32,
    pub at: u64,
}
