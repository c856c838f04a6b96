//! The bodies of HTTP answers about the server itself.

use super::nouns::{door, encode};
use crate::clock::Time;
use crate::limits::FILES_BYTES_MAX;
use crate::model::{Code, Invite, Nightly, ServerCounts, ServerInfo, User};
use serde::Serialize;

/// The contents of the server's own page.
pub struct ServerFacts<'a> {
    /// The stored information about the server.
    pub info: &'a ServerInfo,
    /// The numbers of people and messages.
    pub counts: ServerCounts,
    /// When the server started.
    pub started_at: Time,
    /// The addresses by which others on the network reach it, as `HOST:PORT`.
    pub addresses: &'a [String],
    /// Number of open sockets.
    pub connections: usize,
    /// Size of the data file in bytes.
    pub file_bytes: u64,
    /// Free bytes and total bytes of its disk. `None` if the system does not report them.
    pub disk: Option<(u64, u64)>,
    /// Whether a backup is being taken.
    pub is_backing_up: bool,
    /// The state of the nightly backups. `None` if they are off.
    pub nightly: Option<NightlyFacts<'a>>,
}

/// The nightly backups on that page.
pub struct NightlyFacts<'a> {
    /// Their folder.
    pub folder: String,
    /// The results of the last ones.
    pub nightly: &'a Nightly,
    /// Whether the last one is older than it should be.
    pub is_stale: bool,
}

#[derive(Serialize)]
struct NightlyJson<'a> {
    folder: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a str>,
    stale: bool,
}

impl<'a> From<&'a NightlyFacts<'a>> for NightlyJson<'a> {
    fn from(facts: &'a NightlyFacts<'a>) -> NightlyJson<'a> {
        let Nightly { last, failure } = facts.nightly;
        NightlyJson {
            folder: &facts.folder,
            at: last.map(|last| last.at.0),
            bytes: last.map(|last| last.bytes),
            findings: last.map(|last| last.findings),
            failed_at: failure.as_ref().map(|failure| failure.at.0),
            failure: failure.as_ref().map(|failure| failure.why.as_str()),
            stale: facts.is_stale,
        }
    }
}

#[derive(Serialize)]
struct InviteJson {
    code: String,
    path: String,
    ends_at: u64,
}

impl From<&Invite> for InviteJson {
    fn from(invite: &Invite) -> InviteJson {
        InviteJson {
            path: invite.code.join_path(),
            code: invite.code.in_groups(),
            ends_at: invite.ends_at.0,
        }
    }
}

/// `{"server":{…}}`
pub fn server_facts(facts: &ServerFacts) -> Vec<u8> {
    #[derive(Serialize)]
    struct BackupJson<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        bytes: Option<u64>,
        running: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        nightly: Option<NightlyJson<'a>>,
    }
    #[derive(Serialize)]
    struct StorageJson {
        file_bytes: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        free_bytes: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        disk_bytes: Option<u64>,
    }
    #[derive(Serialize)]
    struct FilesJson {
        bytes: u64,
        bytes_max: u64,
    }
    #[derive(Serialize)]
    struct Facts<'a> {
        name: &'a str,
        door: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        invite: Option<InviteJson>,
        version: &'static str,
        started_at: u64,
        addresses: &'a [String],
        connections: usize,
        people: u64,
        deactivated: u64,
        messages: u64,
        storage: StorageJson,
        files: FilesJson,
        backup: BackupJson<'a>,
    }
    #[derive(Serialize)]
    struct Shape<'a> {
        server: Facts<'a>,
    }
    let ServerFacts { info, counts, .. } = facts;
    encode(&Shape {
        server: Facts {
            name: info.name.as_str(),
            door: door(info.door),
            invite: info.invite.as_ref().map(InviteJson::from),
            version: env!("CARGO_PKG_VERSION"),
            started_at: facts.started_at.0,
            addresses: facts.addresses,
            connections: facts.connections,
            people: counts.people,
            deactivated: counts.deactivated,
            messages: counts.messages,
            storage: StorageJson {
                file_bytes: facts.file_bytes,
                free_bytes: facts.disk.map(|(free, _)| free),
                disk_bytes: facts.disk.map(|(_, all)| all),
            },
            files: FilesJson {
                bytes: counts.file_bytes,
                bytes_max: FILES_BYTES_MAX,
            },
            backup: BackupJson {
                at: info.backup.map(|backup| backup.at.0),
                bytes: info.backup.map(|backup| backup.bytes),
                running: facts.is_backing_up,
                nightly: facts.nightly.as_ref().map(NightlyJson::from),
            },
        },
    })
}

/// `{"invite":{"code","path","ends_at"}}`
pub fn invite(invite: &Invite) -> Vec<u8> {
    #[derive(Serialize)]
    struct Shape {
        invite: InviteJson,
    }
    encode(&Shape { invite: invite.into() })
}

/// `{"path","ends_at"}`
pub fn reset_link(code: &Code, ends_at: Time) -> Vec<u8> {
    #[derive(Serialize)]
    struct Shape {
        path: String,
        ends_at: u64,
    }
    encode(&Shape {
        path: code.reset_path(),
        ends_at: ends_at.0,
    })
}

/// `{"name"}`: the person whose password a link sets.
pub fn reset_target(user: &User) -> Vec<u8> {
    #[derive(Serialize)]
    struct Shape<'a> {
        name: &'a str,
    }
    encode(&Shape {
        name: user.name.as_str(),
    })
}

/// `{"size","path"}`: the modules on a side without the quiet zone, and the dark ones as an SVG path.
pub fn qr(size: usize, path: &str) -> Vec<u8> {
    #[derive(Serialize)]
    struct Shape<'a> {
        size: usize,
        path: &'a str,
    }
    encode(&Shape { size, path })
}
