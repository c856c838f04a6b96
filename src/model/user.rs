//! Users: accounts, their names, their roles.

use super::{UserId, visible};
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::limits::{
    COLORS, DISPLAY_NAME_CHARS_MAX, NAME_CHARS_MAX, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, STATUS_CHARS_MAX,
};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// A user name as typed, and its key. Two names with the same key are the same name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Name {
    text: String,
    key: String,
}

impl Name {
    /// Accepts 1 to [`NAME_CHARS_MAX`] visible characters, in the spirit of RFC 8266: removes leading and trailing
    /// spaces, collapses other spaces, and normalizes to NFKC.
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

    /// A name from the store, which was parsed before it was stored.
    pub(crate) fn stored(text: String) -> Name {
        let key = visible::key(&text);
        Name { text, key }
    }

    /// The name as displayed.
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
    /// Accepts 8 to 128 characters of any kind, normalized to NFC.
    ///
    /// # Errors
    /// `invalid` with the field `password`.
    pub fn parse(text: &str) -> Result<Password> {
        // A character has at most 4 bytes, and NFC at most shortens a decomposed text.
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

/// A user's role on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Created the first account, or received the server from its previous owner.
    Owner,
    /// Manages users and rooms, appointed by the owner.
    Admin,
    /// Has no special rights.
    Member,
}

/// A user as others see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The id, never reused.
    pub id: UserId,
    /// The name, unique regardless of case and Unicode form.
    pub name: Name,
    /// The role on the server.
    pub role: Role,
    /// When the user signed up.
    pub created_at: Time,
    /// The visible profile.
    pub profile: Profile,
    /// When the user's last connection ended. `None` if they never had one.
    pub last_seen: Option<Time>,
    /// Whether the account is deactivated: the user still exists, but cannot log in.
    pub deactivated: bool,
}

/// A user's visible profile, apart from the name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The displayed name; the user name until the user sets another one.
    pub display_name: DisplayName,
    /// The status line; may be empty.
    pub status: Status,
    /// The avatar colour.
    pub color: Color,
    /// The version of the user's picture. `None` if there is none.
    pub avatar: Option<String>,
}

/// A change to a profile. `None` leaves a value as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfilePatch {
    /// The new display name.
    pub display_name: Option<DisplayName>,
    /// The new status.
    pub status: Option<Status>,
    /// The new colour.
    pub color: Option<Color>,
}

/// The displayed name of a user. It need not be unique.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisplayName(String);

impl DisplayName {
    /// Accepts 1 to [`DISPLAY_NAME_CHARS_MAX`] visible characters.
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

    /// A display name from the store, which was parsed before it was stored.
    pub(crate) fn stored(text: String) -> DisplayName {
        DisplayName(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A user's status line; may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status(String);

impl Status {
    /// Accepts up to [`STATUS_CHARS_MAX`] visible characters.
    ///
    /// # Errors
    /// `invalid` with the field `status`.
    pub fn parse(text: &str) -> Result<Status> {
        visible::one_line(text, "status", "A status", STATUS_CHARS_MAX).map(Status)
    }

    /// A status from the store, which was parsed before it was stored.
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

    /// The default colour of a user.
    pub fn of(user: UserId) -> Color {
        Color((user.0.saturating_sub(1) % u64::from(COLORS)) as u8)
    }

    /// The number.
    pub fn get(self) -> u8 {
        self.0
    }
}

/// A user and their password hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user.
    pub user: User,
    /// The hash of their password.
    pub password: PasswordHash,
}
