//! The data file of a command: whether it exists, and which server has it open.

use super::outcome::Outcome;
use crate::control::Connection;
use crate::instance;
use crate::store::Options;
use std::path::Path;

/// The server that has this data file open, if one can be reached.
pub(super) fn server(data: &Path) -> Option<Connection> {
    Connection::open(&instance::control_folders_to_search(data), &instance::name(data)?, data)
}

/// The options with which a server opens a data file.
pub(super) fn options() -> Options {
    Options::default()
}

/// The outcome for a data file that another process has open, without a server to ask.
pub(super) fn not_reached(data: &Path) -> Outcome {
    Outcome::failed(format!(
        "{} is in use, and the program that uses it cannot be reached. Run this command as the user who started Chapp, \
         or stop Chapp first.",
        data.display()
    ))
}

/// Refuses a path that does not exist.
pub(super) fn existing(file: &Path) -> Result<(), Outcome> {
    match file.try_exists() {
        Ok(false) => Err(Outcome::failed(format!("There is no file {}.", file.display()))),
        _ => Ok(()),
    }
}
