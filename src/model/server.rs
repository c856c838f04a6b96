//! The server itself: its name, its sign-up policy, and the codes in its links.

use super::{NewSession, PasswordHash, Role, UserId, visible};
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::limits::{CLOCK_AHEAD_MAX_MS, INVITE_MS_MAX, SERVER_NAME_CHARS_MAX};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The name of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerName(String);

impl ServerName {
    /// Accepts 1 to [`SERVER_NAME_CHARS_MAX`] visible characters.
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

    /// A name from the store, which was parsed before it was stored.
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

/// Who may sign up, once the first account exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum SignUpPolicy {
    /// Anyone who can reach the server.
    #[default]
    Anyone,
    /// Anyone with the invite link.
    Invited,
    /// Nobody for now.
    Nobody,
}

/// Digits and letters that are hard to confuse (Crockford's Base 32).
const SYMBOLS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const CODE_SYMBOLS: usize = 16;
const CODE_GROUP: usize = 4;

/// The code in a link: 80 random bits, too many to guess. Has no `Debug`, so that it reaches no log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code(String);

impl Code {
    /// Makes a code from random bytes.
    pub fn new(random: [u8; 10]) -> Code {
        let bits = random.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        let symbol = |at: usize| SYMBOLS[(bits >> (5 * at)) as usize % SYMBOLS.len()];
        Code((0..CODE_SYMBOLS).map(|at| char::from(symbol(at))).collect())
    }

    /// Parses a code from a link, or as a user typed it, in any case and with any dashes. `None` for any other text.
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

    /// A code from the store.
    pub(crate) fn stored(text: String) -> Code {
        Code(text)
    }

    /// The sixteen symbols.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The code as links show it: in groups of four symbols.
    pub fn in_groups(&self) -> String {
        let symbols = self.0.as_bytes();
        let groups = symbols.chunks(CODE_GROUP).map(|group| String::from_utf8_lossy(group));
        groups.collect::<Vec<_>>().join("-")
    }

    /// The path of an invite link. The code is in the fragment, where no server, proxy or log sees it.
    pub fn join_path(&self) -> String {
        format!("/join#{}", self.in_groups())
    }

    /// The path of a link that sets a new password. The code is in the fragment, as in [`Code::join_path`].
    pub fn reset_path(&self) -> String {
        format!("/reset#{}", self.in_groups())
    }

    /// The hash to compare and, for a code that works once, to store. Comparing hashes leaks nothing through timing.
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

/// The invite link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// The code in the link.
    pub code: Code,
    /// When the link expires.
    pub ends_at: Time,
}

impl Invite {
    /// Whether the code `shown` allows a sign-up at `now`.
    pub fn admits(&self, shown: &Code, now: Time) -> bool {
        self.is_live(now) && self.code.digest() == shown.digest()
    }

    /// Whether the link is valid at `now`.
    pub fn is_live(&self, now: Time) -> bool {
        link_is_live(self.ends_at, INVITE_MS_MAX, now)
    }
}

/// Whether a link with this end is valid at `now`. If it ends later than any link made now could, it was made while
/// the clock was wrong, and is not valid.
pub fn link_is_live(ends_at: Time, longest_ms: u64, now: Time) -> bool {
    now < ends_at && ends_at.since(now) <= longest_ms + CLOCK_AHEAD_MAX_MS
}

/// Checks the end of a new invite link.
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

/// The last backup taken by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// The server's time when the copy began. The backup has everything acknowledged before it.
    pub at: Time,
    /// The length of the backup.
    pub bytes: u64,
}

/// The settings of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInfo {
    /// The server's name.
    pub name: ServerName,
    /// Who may sign up.
    pub door: SignUpPolicy,
    /// The invite link, which may have expired. `None` if there never was one.
    pub invite: Option<Invite>,
    /// The last backup taken by hand. `None` if there never was one.
    pub backup: Option<Backup>,
}

/// Counts of accounts, messages and bytes of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerCounts {
    /// All accounts, including deactivated ones.
    pub people: u64,
    /// Deactivated accounts.
    pub deactivated: u64,
    /// Messages ever posted.
    pub messages: u64,
    /// Bytes of all files.
    pub file_bytes: u64,
}

/// An action of the owner or an admin on the server or its users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminAction {
    /// Renames the server. Answered by `Event::ServerChanged`.
    Rename(ServerName),
    /// Changes who may sign up. Answered by `Event::ServerChanged`.
    SetSignUpPolicy {
        /// The new sign-up policy.
        policy: SignUpPolicy,
        /// The invite link to use if the new policy needs one and there is no valid one.
        fallback_invite: Invite,
    },
    /// Replaces the invite link; the previous link stops working. Answered by `Event::InviteChanged`.
    Invite(Invite),
    /// Sets when the invite link expires. Answered by `Event::InviteChanged`.
    EndInvite(Time),
    /// Changes a user's role. Answered by `Event::PersonChanged`.
    SetRole(UserId, Role),
    /// Activates (`true`) or deactivates an account; deactivating ends its sessions. Answered by
    /// `Event::PersonChanged`.
    SetActive(UserId, bool),
    /// Makes a link that sets a new password once. Answered by `Event::Done`.
    OfferReset {
        /// The user whose password it sets.
        user: UserId,
        /// The digest of the code in the link.
        code: CodeDigest,
        /// When the link expires.
        ends_at: Time,
    },
    /// Records a backup taken by hand. Answered by `Event::Done`.
    BackedUp(Backup),
}

/// A new password, set with a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordReset {
    /// The digest of the code in the link.
    pub code: CodeDigest,
    /// The hash of the new password.
    pub password: PasswordHash,
    /// The session that is opened with the new password.
    pub session: NewSession,
    /// The server's time at which the change was made.
    pub at: Time,
}
