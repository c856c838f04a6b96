//! People: accounts, their names, their roles.

use super::{SessionId, UserId, visible};
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::limits::{NAME_CHARS_MAX, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN};
use caseless::Caseless;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;

/// A name as its owner typed it, and the key by which two names are the same name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
        // Longer than any name can be in UTF-8, before anything walks over it.
        if text.len() > NAME_CHARS_MAX * 16 {
            return Err(too_long());
        }
        let words: Vec<&str> = text.split(is_space).filter(|word| !word.is_empty()).collect();
        let text: String = words.join(" ").nfkc().collect();
        if text.is_empty() {
            return Err(Error::invalid("name", "Enter a name."));
        }
        if !visible::is_visible(&text) {
            return Err(Error::invalid(
                "name",
                "That name has characters that cannot be seen or told apart. Use letters, digits, spaces and signs.",
            ));
        }
        match text.chars().count() {
            ..=NAME_CHARS_MAX => Ok(Name::stored(text)),
            _ => Err(too_long()),
        }
    }

    /// A name that the store has kept; it was parsed when it came in.
    pub(crate) fn stored(text: String) -> Name {
        let key = key(&text);
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

fn too_long() -> Error {
    Error::invalid("name", format!("A name has at most {NAME_CHARS_MAX} characters."))
}

fn is_space(c: char) -> bool {
    c == ' ' || visible::is_space_separator(c)
}

fn key(text: &str) -> String {
    text.chars()
        .filter(|c| *c != visible::EMOJI_STYLE)
        .nfd()
        .default_case_fold()
        .nfkd()
        .default_case_fold()
        .nfkd()
        .collect()
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Made the first account.
    Owner,
    /// Everybody else.
    Member,
}

/// Somebody with an account, as others see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Never reused.
    pub id: UserId,
    /// Unique without regard to case or Unicode form.
    pub name: Name,
    /// What they may do.
    pub role: Role,
    /// When they signed up.
    pub created_at: Time,
}

/// A user and what proves that it is them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Who it is.
    pub user: User,
    /// What their password hashes to.
    pub password: PasswordHash,
}

/// Somebody who has shown a live session: the one who asks.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// Who it is.
    pub user: Arc<User>,
    /// By which session they came.
    pub session: SessionId,
}
