//! What is known about damage in the open data file: the first row or page that was not what was written.

use crate::store::store_error::{StoreError, guard};
use std::sync::OnceLock;

pub struct Damage {
    first: OnceLock<String>,
    is_doubtful: bool,
}

impl Damage {
    /// A doubtful file may not be what we left.
    pub fn new(is_doubtful: bool) -> Damage {
        Damage {
            first: OnceLock::new(),
            is_doubtful,
        }
    }

    /// Whether all rows have to be checked before anybody relies on the file.
    pub fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }

    /// The first that somebody met.
    pub fn first(&self) -> Option<&str> {
        self.first.get().map(String::as_str)
    }

    /// Somebody has met some.
    pub fn note(&self, cause: &str) {
        if self.first.set(cause.to_owned()).is_ok() {
            tracing::error!(%cause, "the data file is damaged; check it, or put a backup in its place");
        }
    }

    /// Does what may meet some.
    pub fn noting<T>(&self, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        guard(work).inspect_err(|error| {
            if error.is_damage() {
                self.note(&error.to_string());
            }
        })
    }
}
