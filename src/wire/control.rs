//! What a command and a running server say to each other over the local socket (`control`).
//!
//! A command sends one line, a JSON object: `{"do":"backup","checked":true}`, `{"do":"check"}`,
//! `{"do":"reset","name":"Ben"}`, `{"do":"owner","name":"Ben"}`. The server answers with lines of JSON objects:
//!
//! | `type` | |
//! |---|---|
//! | `progress` `rows` | any number of times, while it works |
//! | `bytes` `bytes` | that many bytes follow the line, and then another line |
//! | `report` `rows` `messages` `count` `damaged` `findings` (`table` `key` `what`) | what a check has found |
//! | `reset` `name` `urls` | a link that sets another password, as others reach it; this computer first |
//! | `owner` `name` | who owns the server now |
//! | `done` | all of it went out; the last line |
//! | `error` `code` `title` | why nothing was done; the last line |
//!
//! Both ends ignore fields and answers that they do not know.

use super::nouns::encode;
use super::object::from_json;
use crate::error::{Error, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What a command asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
pub enum Request {
    /// A copy of everything.
    Backup {
        /// Whether the server reads it back first; otherwise the command does.
        #[serde(default)]
        checked: bool,
    },
    /// Whether the data file is what it should be.
    Check,
    /// A link with which somebody sets another password.
    Reset {
        /// The person's name, as typed.
        name: String,
    },
    /// Another owner.
    Owner {
        /// The name of the owner to be, as typed.
        name: String,
    },
}

/// What a server answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Answer {
    /// How far it is.
    Progress {
        /// Rows that were read.
        rows: u64,
    },
    /// What follows the line.
    Bytes {
        /// How many bytes.
        bytes: u64,
    },
    /// What a check has found.
    Report(Report),
    /// A link with which somebody sets another password.
    Reset {
        /// The person's name, as they write it.
        name: String,
        /// As it is reached.
        urls: Vec<String>,
    },
    /// Who owns the server now.
    Owner {
        /// The new owner's name, as they write it.
        name: String,
    },
    /// All of it went out.
    Done,
    /// Nothing was done.
    Error {
        /// For programs.
        code: String,
        /// For people.
        title: String,
    },
    /// Something that only a later version says.
    #[serde(other)]
    Unknown,
}

/// What a check has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Rows that were read.
    pub rows: u64,
    /// Posts among them.
    pub messages: u64,
    /// How many things are wrong.
    pub count: u64,
    /// How many of them are damage.
    pub damaged: u64,
    /// The first of them.
    pub findings: Vec<Finding>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// In which table.
    pub table: String,
    /// In which row.
    pub key: String,
    /// The description of what is wrong.
    pub what: String,
}

impl Request {
    /// The line of this request.
    pub fn line(&self) -> Vec<u8> {
        line(self)
    }

    /// Reads the line of a request.
    ///
    /// # Errors
    /// `bad_request`.
    pub fn parse(line: &[u8]) -> Result<Request> {
        read(line).ok_or_else(|| Error::bad_request("This version of Chapp does not know that command."))
    }
}

impl Answer {
    /// The line of this answer.
    pub fn line(&self) -> Vec<u8> {
        line(self)
    }

    /// Reads the line of an answer.
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

/// An object, and nothing that only looks like its fields.
fn read<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    from_json(line).ok()
}
