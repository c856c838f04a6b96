//! Settings and state of the server itself, as rows.

use crate::clock::Time;
use crate::model::{Backup, Code, Invite, Nightly, NightlyBackup, NightlyFailure, ServerName, SignUpPolicy};
use serde::{Deserialize, Serialize};

/// The name of the server and its sign-up policy. Missing until an admin has set them.
#[derive(Default, Serialize, Deserialize)]
pub struct ServerRow {
    name: Option<String>,
    door: DoorRow,
}

#[derive(Default, Serialize, Deserialize)]
enum DoorRow {
    #[default]
    Anyone,
    Invited,
    Nobody,
}

impl ServerRow {
    pub fn name(&self) -> ServerName {
        self.name.clone().map_or_else(ServerName::default, ServerName::stored)
    }

    pub fn set_name(&mut self, name: &ServerName) {
        self.name = Some(name.as_str().to_owned());
    }

    pub fn door(&self) -> SignUpPolicy {
        match self.door {
            DoorRow::Anyone => SignUpPolicy::Anyone,
            DoorRow::Invited => SignUpPolicy::Invited,
            DoorRow::Nobody => SignUpPolicy::Nobody,
        }
    }

    pub fn set_door(&mut self, door: SignUpPolicy) {
        self.door = match door {
            SignUpPolicy::Anyone => DoorRow::Anyone,
            SignUpPolicy::Invited => DoorRow::Invited,
            SignUpPolicy::Nobody => DoorRow::Nobody,
        };
    }
}

/// The code is stored as it is, because admins can display the link again. All it allows is to sign up.
#[derive(Serialize, Deserialize)]
pub struct InviteRow {
    code: String,
    pub ends_at: u64,
}

impl InviteRow {
    pub fn new(invite: &Invite) -> InviteRow {
        InviteRow {
            code: invite.code.as_str().to_owned(),
            ends_at: invite.ends_at.0,
        }
    }

    pub fn invite(self) -> Invite {
        Invite {
            code: Code::stored(self.code),
            ends_at: Time(self.ends_at),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub struct BackupRow {
    pub at: u64,
    pub bytes: u64,
}

impl BackupRow {
    pub fn backup(self) -> Backup {
        Backup {
            at: Time(self.at),
            bytes: self.bytes,
        }
    }
}

/// The state of the nightly backups.
#[derive(Default, Serialize, Deserialize)]
pub struct NightlyRow {
    last: Option<NightlyBackupRow>,
    failure: Option<NightlyFailureRow>,
}

#[derive(Serialize, Deserialize)]
struct NightlyBackupRow {
    at: u64,
    bytes: u64,
    findings: u64,
}

#[derive(Serialize, Deserialize)]
struct NightlyFailureRow {
    at: u64,
    why: String,
}

impl NightlyRow {
    pub fn new(nightly: &Nightly) -> NightlyRow {
        NightlyRow {
            last: nightly.last.map(|last| NightlyBackupRow {
                at: last.at.0,
                bytes: last.bytes,
                findings: last.findings,
            }),
            failure: nightly.failure.as_ref().map(|failure| NightlyFailureRow {
                at: failure.at.0,
                why: failure.why.clone(),
            }),
        }
    }

    pub fn nightly(self) -> Nightly {
        Nightly {
            last: self.last.map(|last| NightlyBackup {
                at: Time(last.at),
                bytes: last.bytes,
                findings: last.findings,
            }),
            failure: self.failure.map(|failure| NightlyFailure {
                at: Time(failure.at),
                why: failure.why,
            }),
        }
    }
}

/// Which user's password a link sets, and when the link expires.
#[derive(Serialize, Deserialize)]
pub struct ResetRow {
    pub user: u32,
    pub ends_at: u64,
}

/// When an account was deactivated, and by whom.
#[derive(Serialize, Deserialize)]
pub struct DeactivatedRow {
    pub at: u64,
    pub by: u32,
}
