//! Rows as bytes: postcard, then a checksum, since redb does not check what it reads.
//!
//! A row's fields are never reordered or removed within a FORMAT_VERSION.

use super::fault::Fault;
use crate::clock::Time;
use crate::model::{
    Account, Body, ClientId, Message, Name, PasswordHash, Role, Room, RoomId, RoomKind, Seq, Session, SessionId, User,
    UserId,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const CHECKSUM_BYTES: usize = 4;

/// The row's bytes and their checksum.
pub(super) fn seal(row: &impl Serialize) -> Result<Vec<u8>, Fault> {
    let mut bytes = postcard::to_stdvec(row).map_err(|error| Fault::Damaged(error.to_string()))?;
    bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
    Ok(bytes)
}

/// The row that `seal` wrote.
pub(super) fn unseal<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    let Some((row, checksum)) = bytes.split_last_chunk::<CHECKSUM_BYTES>() else {
        return Err(Fault::Damaged("a row without a checksum".to_owned()));
    };
    if crc32c::crc32c(row) != u32::from_le_bytes(*checksum) {
        return Err(Fault::Damaged("a row with a wrong checksum".to_owned()));
    }
    postcard::from_bytes(row).map_err(|error| Fault::Damaged(error.to_string()))
}

/// A number of the model as a number of the file. What does not fit names nothing.
pub(super) fn key(number: u64) -> Option<u32> {
    u32::try_from(number).ok()
}

#[derive(Serialize, Deserialize)]
pub(super) struct FileRow {
    /// Never changes.
    pub id: [u8; 16],
    /// Changes when a backup is restored.
    pub epoch: [u8; 16],
    /// Which file on which machine this was written to last.
    pub home: [u8; 32],
}

#[derive(Serialize, Deserialize)]
pub(super) struct CommitRow {
    /// Tells after a failed commit whether it happened.
    pub count: u64,
    /// Tells when the file was last written by us.
    pub at: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct UserRow {
    name: String,
    role: RoleRow,
    created_at: u64,
    pub password: String,
}

#[derive(Serialize, Deserialize)]
enum RoleRow {
    Owner,
    Member,
}

impl UserRow {
    pub fn new(user: &User, password: &PasswordHash) -> UserRow {
        UserRow {
            name: user.name.as_str().to_owned(),
            role: match user.role {
                Role::Owner => RoleRow::Owner,
                Role::Member => RoleRow::Member,
            },
            created_at: user.created_at.0,
            password: password.0.clone(),
        }
    }

    pub fn account(self, id: u32) -> Account {
        Account {
            user: User {
                id: UserId(id.into()),
                name: Name::stored(self.name),
                role: match self.role {
                    RoleRow::Owner => Role::Owner,
                    RoleRow::Member => Role::Member,
                },
                created_at: Time(self.created_at),
            },
            password: PasswordHash(self.password),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct SessionRow {
    pub user: u32,
    pub device: String,
    pub address: String,
    pub created_at: u64,
    pub seen_at: u64,
}

impl SessionRow {
    pub fn session(self, id: SessionId) -> Session {
        Session {
            id,
            user: UserId(self.user.into()),
            device: self.device,
            address: self.address,
            created_at: Time(self.created_at),
            seen_at: Time(self.seen_at),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct RoomRow {
    kind: RoomKindRow,
    name: String,
    topic: String,
}

#[derive(Serialize, Deserialize)]
enum RoomKindRow {
    Public,
}

impl RoomRow {
    pub fn new(room: &Room) -> RoomRow {
        RoomRow {
            kind: match room.kind {
                RoomKind::Public => RoomKindRow::Public,
            },
            name: room.name.clone(),
            topic: room.topic.clone(),
        }
    }

    pub fn room(self, id: u32) -> Room {
        Room {
            id: RoomId(id.into()),
            kind: match self.kind {
                RoomKindRow::Public => RoomKind::Public,
            },
            name: self.name,
            topic: self.topic,
        }
    }
}

/// Where a seq of a room leads.
#[derive(Serialize, Deserialize)]
pub(super) struct SeqRow {
    /// Its entry in the log.
    pub entry: u64,
    /// The message that it shows: the seq itself for a post, an earlier one for a change.
    pub message: u32,
}

/// What the log holds. A change to an older message will be a kind of its own, without the text:
/// the message's own entry always has its present state.
#[derive(Serialize, Deserialize)]
pub(super) enum Entry {
    Message(MessageRow),
}

#[derive(Serialize, Deserialize)]
pub(super) struct MessageRow {
    pub room: u32,
    pub seq: u32,
    /// The seq of its last change; its own seq until there is one.
    pub changed: u32,
    pub author: u32,
    pub sent_at: u64,
    pub client_id: String,
    pub body: String,
}

impl MessageRow {
    pub fn message(self) -> Message {
        Message {
            id: Seq(self.seq.into()),
            author: UserId(self.author.into()),
            sent_at: Time(self.sent_at),
            body: Body::stored(self.body),
            client_id: ClientId::stored(self.client_id),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct ClientIdRow {
    pub room: u32,
    pub seq: u32,
}
