//! The findings of a check, as text.

use crate::limits::FINDINGS_MAX;
use crate::store::store_error::StoreError;
use std::cell::{Cell, RefCell};
use std::fmt;

/// Whether data was lost, or only contradicts other data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Pages or rows differ from what was written.
    Damage,
    /// Rows are as they were written, but contradict each other.
    Invariant,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The table, or the part of the file.
    pub table: String,
    /// The key of the row, as text. Empty if the finding concerns the whole table.
    pub key: String,
    /// What is wrong or missing.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key.is_empty() {
            true => write!(f, "{}: {}", self.table, self.what),
            false => write!(f, "{} {}: {}", self.table, self.key, self.what),
        }
    }
}

/// The result of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many rows were read.
    pub rows: u64,
    /// How many of them are posts.
    pub messages: u64,
    /// Whether the pages were checked too, including free ones. False for a file in use.
    pub has_pages: bool,
    /// The first findings, at most [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// The number of all findings.
    pub count: u64,
    /// How many of them are damage: something that was written is lost.
    pub damaged: u64,
    /// What was not checked, and why. `None` if everything was.
    pub note: Option<String>,
}

/// The findings so far.
#[derive(Default)]
pub struct Findings {
    list: RefCell<Vec<Finding>>,
    count: Cell<u64>,
    damaged: Cell<u64>,
    note: RefCell<Option<String>>,
}

impl Findings {
    pub fn add(&self, kind: Kind, table: &str, key: &str, what: String) {
        self.count.set(self.count.get() + 1);
        if kind == Kind::Damage {
            self.damaged.set(self.damaged.get() + 1);
        }
        let mut list = self.list.borrow_mut();
        if list.len() < FINDINGS_MAX {
            list.push(Finding {
                table: table.to_owned(),
                key: key.to_owned(),
                what,
            });
        }
    }

    /// Reports that the rest of a part of the file cannot be read.
    pub fn unreadable(&self, part: &str, error: &StoreError) {
        self.add(Kind::Damage, part, "", format!("not all of it can be read: {error}"));
    }

    pub fn note(&self, note: String) {
        *self.note.borrow_mut() = Some(note);
    }

    pub fn report(self, rows: u64, messages: u64, has_pages: bool) -> Report {
        Report {
            rows,
            messages,
            has_pages,
            findings: self.list.into_inner(),
            count: self.count.get(),
            damaged: self.damaged.get(),
            note: self.note.into_inner(),
        }
    }
}
