//! Messages and what they are made of.

use super::{Seq, UserId};
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::limits::{BODY_CHARS_MAX, CLIENT_ID_CHARS_MAX};

/// The text of a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Body(String);

impl Body {
    /// Accepts 1 to [`BODY_CHARS_MAX`] characters that are not all white space. Line ends become
    /// `\n`, white space at the end goes. Other control characters than tab are refused.
    ///
    /// # Errors
    /// `invalid` with the field `body`.
    pub fn parse(text: &str) -> Result<Body> {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text = text.trim_end();
        if text.trim_start().is_empty() {
            return Err(Error::invalid("body", "A message needs some text."));
        }
        if text.chars().count() > BODY_CHARS_MAX {
            return Err(Error::invalid(
                "body",
                format!("A message has at most {BODY_CHARS_MAX} characters."),
            ));
        }
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            return Err(Error::invalid("body", "A message cannot hold control characters."));
        }
        Ok(Body(text.to_owned()))
    }

    /// A body that the store has kept; it was parsed when it came in.
    pub(crate) fn stored(text: String) -> Body {
        Body(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A client's own name for a post: the same one again, at any later time, posts nothing new.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientId(String);

impl ClientId {
    /// Accepts 1 to [`CLIENT_ID_CHARS_MAX`] characters without control characters.
    ///
    /// # Errors
    /// `invalid` with the field `client_id`.
    pub fn parse(text: &str) -> Result<ClientId> {
        match text.chars().take(CLIENT_ID_CHARS_MAX + 1).count() {
            1..=CLIENT_ID_CHARS_MAX if !text.chars().any(char::is_control) => Ok(ClientId(text.to_owned())),
            _ => Err(Error::invalid(
                "client_id",
                format!("A client_id has 1 to {CLIENT_ID_CHARS_MAX} characters."),
            )),
        }
    }

    /// A client_id that the store has kept; it was parsed when it came in.
    pub(crate) fn stored(text: String) -> ClientId {
        ClientId(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One message in its present state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The seq of its post.
    pub id: Seq,
    /// Who wrote it.
    pub author: UserId,
    /// When it was accepted; never falls within a room.
    pub sent_at: Time,
    /// What it says.
    pub body: Body,
    /// What its author's client called it; nobody else sees it.
    pub client_id: ClientId,
}
