//! The messages between a command and a running server over the local socket (`control`).
//!
//! A command sends one line, a JSON object: `{"do":"backup","checked":true}`, `{"do":"check"}`,
//! `{"do":"reset","name":"Ben"}`, `{"do":"owner","name":"Ben"}`. The server answers with lines of JSON objects:
//!
//! | `type` | |
//! |---|---|
//! | `progress` `rows` | any number of times, while it works |
//! | `bytes` `bytes` | this many bytes follow the line, and then another line |
//! | `report` `rows` `messages` `count` `damaged` `findings` (`table` `key` `what`) | the result of a check |
//! | `reset` `name` `urls` | a link that sets somebody's password, by each address of the server; this computer's first |
//! | `owner` `name` | the new owner of the server |
//! | `done` | the request succeeded; the last line |
//! | `error` `code` `title` | the request failed, and nothing was done; the last line |
//!
//! Both ends ignore unknown fields and answers.

use super::nouns::encode;
use super::object::from_json;
use crate::error::{Error, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A command's request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
pub enum Request {
    /// Sends a copy of the data file.
    Backup {
        /// Whether the server reads the copy back first. Otherwise the command does.
        #[serde(default)]
        checked: bool,
    },
    /// Checks the data file.
    Check,
    /// Creates a link that sets somebody's password.
    Reset {
        /// The person's name, as typed.
        name: String,
    },
    /// Makes somebody the owner.
    Owner {
        /// The new owner's name, as typed.
        name: String,
    },
}

/// A server's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Answer {
    /// The progress of the work.
    Progress {
        /// Number of rows read so far.
        rows: u64,
    },
    /// Announces bytes after the line.
    Bytes {
        /// The number of bytes.
        bytes: u64,
    },
    /// The result of a check.
    Report(Report),
    /// A link that sets somebody's password.
    Reset {
        /// The person's name, as they spell it.
        name: String,
        /// The link's addresses, this computer's first.
        urls: Vec<String>,
    },
    /// Who owns the server now.
    Owner {
        /// The new owner's name, as they spell it.
        name: String,
    },
    /// The last line of a success.
    Done,
    /// The last line of a failure: nothing was done.
    Error {
        /// The code, for programs.
        code: String,
        /// The title, for people.
        title: String,
    },
    /// An answer that only a later version sends.
    #[serde(other)]
    Unknown,
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Number of rows read.
    pub rows: u64,
    /// Number of posts among them.
    pub messages: u64,
    /// Number of findings.
    pub count: u64,
    /// Number of findings that are damage.
    pub damaged: u64,
    /// The first findings, at most [`FINDINGS_MAX`](crate::limits::FINDINGS_MAX).
    pub findings: Vec<Finding>,
}

/// A fault in a data file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The name of the table.
    pub table: String,
    /// The key of the row.
    pub key: String,
    /// A description of the fault.
    pub what: String,
}

impl Request {
    /// This request as a line.
    pub fn line(&self) -> Vec<u8> {
        line(self)
    }

    /// Parses a request.
    ///
    /// # Errors
    /// `bad_request`.
    pub fn parse(line: &[u8]) -> Result<Request> {
        read(line).ok_or_else(|| Error::bad_request("This version of Chapp does not know that command."))
    }
}

impl Answer {
    /// This answer as a line.
    pub fn line(&self) -> Vec<u8> {
        line(self)
    }

    /// Parses an answer. `None` if it is not one.
    pub fn parse(line: &[u8]) -> Option<Answer> {
        read(line)
    }
}

impl From<&Error> for Answer {
    fn from(error: &Error) -> Answer {
        Answer::Error {
            code: error.kind.code().to_owned(),
            title: error.title.to_string(),
        }
    }
}

fn line(value: &impl Serialize) -> Vec<u8> {
    let mut line = encode(value);
    line.push(b'\n');
    line
}

/// Parses an object, and refuses an array of its fields.
fn read<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    from_json(line).ok()
}
