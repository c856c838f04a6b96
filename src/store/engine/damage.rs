//! Known damage in the open data file: the first row or page that differs from what was written.

use crate::store::store_error::{StoreError, guard};
use std::sync::OnceLock;

pub struct Damage {
    first: OnceLock<String>,
    is_doubtful: bool,
}

impl Damage {
    /// A doubtful file may have changed since we closed it.
    pub fn new(is_doubtful: bool) -> Damage {
        Damage {
            first: OnceLock::new(),
            is_doubtful,
        }
    }

    /// Whether all rows have to be checked before the file can be trusted.
    pub fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }

    /// The first damage found. `None` if there is none so far.
    pub fn first(&self) -> Option<&str> {
        self.first.get().map(String::as_str)
    }

    /// Records damage that a reader or the writer has found.
    pub fn note(&self, cause: &str) {
        if self.first.set(cause.to_owned()).is_ok() {
            tracing::error!(%cause, "the data file is damaged; check it, or restore a backup");
        }
    }

    /// Runs `work` and records any damage that it finds.
    pub fn noting<T>(&self, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        guard(work).inspect_err(|error| {
            if error.is_damage() {
                self.note(&error.to_string());
            }
        })
    }
}
