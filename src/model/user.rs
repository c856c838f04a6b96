//! People: accounts, their names, their roles.

use super::{UserId, visible};
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::limits::{
    COLORS, DISPLAY_NAME_CHARS_MAX, NAME_CHARS_MAX, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, STATUS_CHARS_MAX,
};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// A name as its owner typed it, and the key by which two names are the same name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Name {
    text: String,
    key: String,
}

impl Name {
    /// Accepts 1 to [`NAME_CHARS_MAX`] characters that can all be seen, in the spirit of RFC 8266:
    /// spaces around them go, spaces between them become single ones, the form becomes NFKC.
    ///
    /// # Errors
    /// `invalid` with the field `name`.
    pub fn parse(text: &str) -> Result<Name> {
        let text = visible::one_line(text, "name", "A name", NAME_CHARS_MAX)?;
        match text.is_empty() {
            true => Err(Error::invalid("name", "Enter a name.")),
            false => Ok(Name::stored(text)),
        }
    }

    /// A name that the store has kept; it was parsed when it came in.
    pub(crate) fn stored(text: String) -> Name {
        let key = visible::key(&text);
        Name { text, key }
    }

    /// What people see.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Equal for names that differ only in case or Unicode form: a compatibility caseless match
    /// (The Unicode Standard §3.13, D146).
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// A password on its way to the hashing thread. Has no `Debug`, so that it reaches no log.
pub struct Password(String);

impl Password {
    /// Accepts 8 to 128 characters, in any composition, as one Unicode form (NFC).
    ///
    /// # Errors
    /// `invalid` with the field `password`.
    pub fn parse(text: &str) -> Result<Password> {
        // Each character has at most 4 bytes, and composing shortens what was decomposed.
        if text.len() > PASSWORD_CHARS_MAX * 16 {
            return Err(password_too_long());
        }
        let text: String = text.nfc().collect();
        match text.chars().count() {
            0 => Err(Error::invalid("password", "Enter a password.")),
            1..PASSWORD_CHARS_MIN => Err(Error::invalid(
                "password",
                format!("A password has at least {PASSWORD_CHARS_MIN} characters."),
            )),
            PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX => Ok(Password(text)),
            _ => Err(password_too_long()),
        }
    }

    /// The bytes to hash.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

fn password_too_long() -> Error {
    Error::invalid(
        "password",
        format!("A password has at most {PASSWORD_CHARS_MAX} characters."),
    )
}

/// A PHC string: algorithm, parameters, salt and hash of a password.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// What somebody may do beyond being here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Made the first account, or was handed the server by its owner.
    Owner,
    /// Looks after people and rooms, by the owner's word.
    Admin,
    /// Everybody else.
    Member,
}

/// Somebody with an account, as others see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Never reused.
    pub id: UserId,
    /// Unique without regard to case or Unicode form.
    pub name: Name,
    /// What they may do.
    pub role: Role,
    /// When they signed up.
    pub created_at: Time,
    /// What they show of themselves.
    pub profile: Profile,
    /// When their last connection ended, if they ever had one.
    pub last_seen: Option<Time>,
    /// Their account is shut: they are still somebody, and cannot come in.
    pub deactivated: bool,
}

/// What somebody shows of themselves beside their name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// What people see; the name, until they choose another one.
    pub display_name: DisplayName,
    /// What they are up to; may be empty.
    pub status: Status,
    /// Which of the avatar colours is theirs.
    pub color: Color,
    /// The version of their picture, if they have one.
    pub avatar: Option<String>,
}

/// A change of a profile: what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfilePatch {
    /// Another display name.
    pub display_name: Option<DisplayName>,
    /// Another status.
    pub status: Option<Status>,
    /// Another colour.
    pub color: Option<Color>,
}

/// What people see of a name: need not be unique.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisplayName(String);

impl DisplayName {
    /// Accepts 1 to [`DISPLAY_NAME_CHARS_MAX`] characters that can all be seen.
    ///
    /// # Errors
    /// `invalid` with the field `display_name`.
    pub fn parse(text: &str) -> Result<DisplayName> {
        let text = visible::one_line(text, "display_name", "A display name", DISPLAY_NAME_CHARS_MAX)?;
        match text.is_empty() {
            true => Err(Error::invalid("display_name", "Enter a display name.")),
            false => Ok(DisplayName(text)),
        }
    }

    /// A display name that the store has kept; it was parsed when it came in.
    pub(crate) fn stored(text: String) -> DisplayName {
        DisplayName(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A line about what somebody is up to; may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status(String);

impl Status {
    /// Accepts up to [`STATUS_CHARS_MAX`] characters that can all be seen.
    ///
    /// # Errors
    /// `invalid` with the field `status`.
    pub fn parse(text: &str) -> Result<Status> {
        visible::one_line(text, "status", "A status", STATUS_CHARS_MAX).map(Status)
    }

    /// A status that the store has kept; it was parsed when it came in.
    pub(crate) fn stored(text: String) -> Status {
        Status(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One of the [`COLORS`] avatar colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Color(u8);

impl Color {
    /// Accepts 0 to 7.
    ///
    /// # Errors
    /// `invalid` with the field `color`.
    pub fn parse(number: u64) -> Result<Color> {
        match u8::try_from(number) {
            Ok(number) if number < COLORS => Ok(Color(number)),
            _ => Err(Error::invalid(
                "color",
                format!("A color is a number from 0 to {}.", COLORS - 1),
            )),
        }
    }

    /// The colour of somebody who has chosen none.
    pub fn of(user: UserId) -> Color {
        Color((user.0.saturating_sub(1) % u64::from(COLORS)) as u8)
    }

    /// The number.
    pub fn get(self) -> u8 {
        self.0
    }
}

/// A user and what proves that it is them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Who it is.
    pub user: User,
    /// What their password hashes to.
    pub password: PasswordHash,
}
