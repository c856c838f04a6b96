//! The server itself: what it is called, who may come in, and the codes that open a door once.

use super::{NewSession, PasswordHash, Role, UserId, visible};
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::limits::{CLOCK_AHEAD_MAX_MS, INVITE_MS_MAX, SERVER_NAME_CHARS_MAX};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What the people here call their server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerName(String);

impl ServerName {
    /// Accepts 1 to [`SERVER_NAME_CHARS_MAX`] characters that can all be seen.
    ///
    /// # Errors
    /// `invalid` with the field `name`.
    pub fn parse(text: &str) -> Result<ServerName> {
        let text = visible::one_line(text, "name", "The name of a server", SERVER_NAME_CHARS_MAX)?;
        match text.is_empty() {
            true => Err(Error::invalid("name", "Enter a name for the server.")),
            false => Ok(ServerName(text)),
        }
    }

    /// A name that the store has kept; it was parsed when it came in.
    pub(crate) fn stored(text: String) -> ServerName {
        ServerName(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ServerName {
    fn default() -> ServerName {
        ServerName("Chapp".to_owned())
    }
}

/// Who may make an account, once there is a first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum SignUpPolicy {
    /// Anyone who reaches the server.
    #[default]
    Anyone,
    /// Anybody with the invite link.
    Invited,
    /// Nobody for now.
    Nobody,
}

/// Digits and letters that are not mistaken for each other (Crockford's Base 32).
const SYMBOLS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const CODE_SYMBOLS: usize = 16;
const CODE_GROUP: usize = 4;

/// 80 random bits in a link, too many to be guessed. Has no `Debug`, so that it reaches no log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code(String);

impl Code {
    /// A code of these random bytes.
    pub fn new(random: [u8; 10]) -> Code {
        let bits = random.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        let symbol = |at: usize| SYMBOLS[(bits >> (5 * at)) as usize % SYMBOLS.len()];
        Code((0..CODE_SYMBOLS).map(|at| char::from(symbol(at))).collect())
    }

    /// Reads a code as it stands in a link or as somebody typed it, in any case and with any dashes;
    /// anything else is no code.
    pub fn parse(text: &str) -> Option<Code> {
        if text.len() > 2 * CODE_SYMBOLS {
            return None;
        }
        let typed = text.chars().filter(|c| *c != '-' && *c != ' ');
        let meant = typed.map(|c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            c => c,
        });
        let code: String = meant.collect();
        let is_code = code.len() == CODE_SYMBOLS && code.bytes().all(|b| SYMBOLS.contains(&b));
        is_code.then_some(Code(code))
    }

    /// A code that the store has kept.
    pub(crate) fn stored(text: String) -> Code {
        Code(text)
    }

    /// The sixteen symbols.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it stands in a link: in groups of four.
    pub fn in_groups(&self) -> String {
        let symbols = self.0.as_bytes();
        let groups = symbols.chunks(CODE_GROUP).map(|group| String::from_utf8_lossy(group));
        groups.collect::<Vec<_>>().join("-")
    }

    /// The link by which somebody joins, from the server's address on: behind `#`, where no server, proxy or log sees
    /// it.
    pub fn join_path(&self) -> String {
        format!("/join#{}", self.in_groups())
    }

    /// The link by which somebody sets a password anew, likewise.
    pub fn reset_path(&self) -> String {
        format!("/reset#{}", self.in_groups())
    }

    /// What is compared and, of a code that works once, kept: a hash, which tells nothing by the time
    /// that a comparison takes.
    pub fn digest(&self) -> CodeDigest {
        CodeDigest(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(…)")
    }
}

/// SHA-256 of a code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CodeDigest(pub [u8; 32]);

impl std::fmt::Debug for CodeDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodeDigest(…)")
    }
}

/// The link by which others come in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// What stands in it.
    pub code: Code,
    /// It works until then.
    pub ends_at: Time,
}

impl Invite {
    /// Whether `shown` opens the door at `now`.
    pub fn admits(&self, shown: &Code, now: Time) -> bool {
        self.is_live(now) && self.code.digest() == shown.digest()
    }

    /// Whether it still works at `now`.
    pub fn is_live(&self, now: Time) -> bool {
        link_is_live(self.ends_at, INVITE_MS_MAX, now)
    }
}

/// Whether a link that ends then still works at `now`. One that ends later than any link made today was made while
/// the clock was wrong.
pub fn link_is_live(ends_at: Time, longest_ms: u64, now: Time) -> bool {
    now < ends_at && ends_at.since(now) <= longest_ms + CLOCK_AHEAD_MAX_MS
}

/// When an invite link shall end.
///
/// # Errors
/// `invalid` with the field `ends_at` for the past and for more than a year from now.
pub fn invite_end(ends_at: u64, now: Time) -> Result<Time> {
    let ends_at = Time(ends_at);
    match ends_at > now && ends_at.since(now) <= INVITE_MS_MAX {
        true => Ok(ends_at),
        false => Err(Error::invalid(
            "ends_at",
            "An invite link ends at a time to come, within a year.",
        )),
    }
}

/// The last backup that somebody took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// The server's time when the copy began: what was acknowledged before is in it.
    pub at: Time,
    /// How large it was.
    pub bytes: u64,
}

/// What is kept about the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInfo {
    /// What it is called.
    pub name: ServerName,
    /// Who may come in.
    pub door: SignUpPolicy,
    /// The invite link, where one was made; it may be over.
    pub invite: Option<Invite>,
    /// The last backup, where one was taken.
    pub backup: Option<Backup>,
}

/// What there is on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerCounts {
    /// Accounts, those that are shut included.
    pub people: u64,
    /// Accounts that are shut.
    pub deactivated: u64,
    /// Messages that were ever posted.
    pub messages: u64,
    /// Bytes of all files.
    pub file_bytes: u64,
}

/// What somebody who looks after the server does to it or to its people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminAction {
    /// Another name. Answered by `Event::ServerChanged`.
    Rename(ServerName),
    /// Somebody else may come in. Answered by `Event::ServerChanged`.
    SetDoor {
        /// The people who may sign up from now on.
        door: SignUpPolicy,
        /// The link to make, where the new door needs one and there is none that works.
        spare: Invite,
    },
    /// Another invite link: the one before opens nothing any more. Answered by `Event::InviteChanged`.
    Invite(Invite),
    /// The invite link ends at another time. Answered by `Event::InviteChanged`.
    EndInvite(Time),
    /// Somebody becomes something else. Answered by `Event::PersonChanged`.
    SetRole(UserId, Role),
    /// An account is shut, which ends its sessions, or opened again. Answered by `Event::PersonChanged`.
    SetActive(UserId, bool),
    /// A link with which somebody sets another password, once. Answered by `Event::Noted`.
    OfferReset {
        /// The person whose password it sets.
        user: UserId,
        /// Of what stands in the link.
        code: CodeDigest,
        /// It works until then.
        ends_at: Time,
    },
    /// A backup was taken. Answered by `Event::Noted`.
    BackedUp(Backup),
}

/// Somebody sets another password by a link that they were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordReset {
    /// Of what stands in the link.
    pub code: CodeDigest,
    /// What the new password hashes to.
    pub password: PasswordHash,
    /// They are logged in at once.
    pub session: NewSession,
    /// The server's time at which the change was made.
    pub at: Time,
}
