//! Whether a data file is what it should be: its pages, each of its rows, and what the tables say about each other.
//!
//! A law is checked where the tables that it is about are read in order, with what one room, one file or one segment
//! takes in memory. Where two tables hold the same things in different orders, both are read once and summed up
//! (`tally`); only where the sums differ is each row looked up in the other table.

mod files;
mod log;
mod people;
mod read_state;
mod report;
mod rooms;
mod search;
mod server;
mod tally;

pub use report::{Finding, Report};

use super::engine::DataFile;
use super::engine::database::Checked;
use super::progress::Progress;
use super::read_only::{self, ReadOnly};
use super::rows::codec::{unseal, unseal_bytes};
use super::rows::schema::Snapshot;
use super::rows::table::Row;
use super::rows::words::Words;
use super::standing::role;
use super::store_error::{StoreError, guard};
use super::{OpenError, Options, Store};
use crate::error::Result as Outcome;
use redb::{Key, ReadTransaction, ReadableTable, TableHandle};
use report::{Findings, Kind};
use serde::de::DeserializeOwned;
use std::cell::Cell;
use std::path::Path;

/// Rows after which it is asked whether anybody still waits.
const ROWS_AT_ONCE: u64 = 1_000;

/// Checks a file that nobody serves, and leaves every byte of it as it is.
///
/// # Errors
/// Where nothing of it can be read: it is in use, of another program, or too damaged to be opened.
pub fn check_file(path: &Path, options: &Options, progress: &Progress) -> Result<Report, OpenError> {
    let findings = Findings::default();
    let opened = match read_only::open(path, options, Checked::Fully) {
        Err(OpenError::Damaged { path, cause }) => {
            findings.add(
                Kind::Damage,
                "pages",
                "",
                format!("they do not match their checksums: {cause}"),
            );
            // What its rows say tells more, where they can be read.
            let again = read_only::open(&path, options, Checked::Lightly);
            again.map_err(|_| OpenError::Damaged { path, cause })?
        }
        opened => opened?,
    };
    Ok(of_file(&opened, findings, progress))
}

fn of_file(opened: &ReadOnly, findings: Findings, progress: &Progress) -> Report {
    let snapshot = match opened.snapshot() {
        Ok(snapshot) => snapshot,
        Err(fault) => {
            findings.unreadable("the file", &fault);
            return findings.report(0, 0, true);
        }
    };
    match opened.is_of_today() {
        true => of_snapshot(&snapshot, findings, progress, true),
        false => {
            findings.note(format!(
                "It is of format {}: its rows are checked once Chapp has brought it up to date.",
                opened.format
            ));
            findings.report(0, 0, true)
        }
    }
}

impl Store {
    /// Checks what readers see now, while everybody goes on; the pages that nothing of that is in are not looked at.
    /// Blocks.
    ///
    /// # Errors
    /// `unavailable` where the file cannot be read.
    pub fn check(&self, progress: &Progress) -> Outcome<Report> {
        let snapshot = self.0.file.snapshot().map_err(StoreError::error)?;
        let report = of_snapshot(&snapshot, Findings::default(), progress, false);
        note_damage(&self.0.file, &report);
        Ok(report)
    }
}

/// Checks the rows of a file that may not be what we left. Blocks.
pub(super) fn check_doubtful(file: &DataFile) -> Result<(), StoreError> {
    let report = of_snapshot(&file.snapshot()?, Findings::default(), &Progress::default(), false);
    match report.damaged {
        0 => file.found_sound(),
        _ => note_damage(file, &report),
    }
    Ok(())
}

/// What is at odds with something else is no damage: nothing that was written is lost.
fn note_damage(file: &DataFile, report: &Report) {
    if report.damaged > 0 {
        let first = report.findings.first().map(Finding::to_string);
        file.damage.note(&first.unwrap_or_default());
    }
}

fn of_snapshot(txn: &ReadTransaction, findings: Findings, progress: &Progress, has_pages: bool) -> Report {
    let checker = Checker {
        txn,
        source: Snapshot::new(txn),
        findings,
        progress,
        people: Cell::new(0),
        rooms: Cell::new(0),
    };
    let mut heads = log::Heads::default();
    checker.section("server", server::check);
    checker.section("people", people::check);
    checker.section("rooms", rooms::check);
    checker.section("messages", |checker| log::check(checker, &mut heads));
    checker.section("read state", |checker| read_state::check(checker, &heads));
    checker.section("files", files::check);
    checker.section("search", search::check);
    let messages = heads.posts();
    checker.findings.report(progress.rows(), messages, has_pages)
}

/// What each law is given.
struct Checker<'a> {
    txn: &'a ReadTransaction,
    source: Snapshot<'a>,
    findings: Findings,
    progress: &'a Progress,
    /// The last account and the last room; both are numbered from 1 on.
    people: Cell<u32>,
    rooms: Cell<u32>,
}

impl Checker<'_> {
    /// Checks one subject; what cannot be read of it is a finding, and the others are checked all the same.
    fn section(&self, name: &'static str, check: impl FnOnce(&Self) -> Result<(), StoreError>) {
        if self.progress.is_stopped() {
            return;
        }
        if let Err(fault) = guard(|| check(self)) {
            self.findings.unreadable(name, &fault);
        }
    }

    fn is_person(&self, id: u32) -> bool {
        (1..=self.people.get()).contains(&id)
    }

    fn is_room(&self, id: u32) -> bool {
        (1..=self.rooms.get()).contains(&id)
    }

    fn is_member(&self, user: u32, room: u32) -> Result<bool, StoreError> {
        Ok(self.is_person(user) && self.is_room(room) && role(&self.source, room, user)?.is_some())
    }

    /// A law does not hold.
    fn wrong(&self, table: &str, key: &impl Words, what: impl Into<String>) {
        self.findings.add(Kind::Law, table, &key.words(), what.into());
    }

    /// Whether the file has this table.
    fn has_table(&self, table: impl TableHandle) -> Result<bool, StoreError> {
        Ok(self.txn.list_tables()?.any(|known| known.name() == table.name()))
    }

    /// Adds what is wrong where something is.
    fn unless(&self, holds: bool, table: &str, key: &impl Words, what: &str) {
        if !holds {
            self.wrong(table, key, what);
        }
    }

    /// Looks at each row that can be read.
    fn rows<K, T>(
        &self,
        name: &str,
        table: &impl ReadableTable<K, Row>,
        mut each: impl FnMut(K::SelfType<'_>, T) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>
    where
        K: Key + 'static,
        for<'k> K::SelfType<'k>: Words,
        T: DeserializeOwned,
    {
        self.sealed(name, table, |key, row| {
            let row = unseal(row)?;
            each(key, row).map_err(|fault| match fault {
                StoreError::Damaged(cause) => StoreError::Damaged(format!("what it leads to is damaged: {cause}")),
                fault => fault,
            })
        })
    }

    /// Looks at each row as it stands there.
    fn sealed<K>(
        &self,
        name: &str,
        table: &impl ReadableTable<K, Row>,
        each: impl FnMut(K::SelfType<'_>, &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>
    where
        K: Key + 'static,
        for<'k> K::SelfType<'k>: Words,
    {
        self.each(name, table.iter()?, each)
    }

    /// Looks at each of these rows. A row that is damaged, or that leads to one, is a finding.
    fn each<'r, K>(
        &self,
        name: &str,
        rows: impl Iterator<Item = Result<(redb::AccessGuard<'r, K>, redb::AccessGuard<'r, Row>), redb::StorageError>>,
        mut each: impl FnMut(K::SelfType<'_>, &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>
    where
        K: Key + 'static,
        for<'k> K::SelfType<'k>: Words,
    {
        let mut seen = 0;
        for row in rows {
            let (key, row) = row?;
            match each(key.value(), row.value()) {
                Err(StoreError::Damaged(cause)) => {
                    let key = key.value().words();
                    self.findings.add(Kind::Damage, name, &key, cause);
                }
                done => done?,
            }
            seen += 1;
            if seen % ROWS_AT_ONCE == 0 {
                self.progress.add(ROWS_AT_ONCE);
                if self.progress.is_stopped() {
                    return Ok(());
                }
            }
        }
        self.progress.add(seen % ROWS_AT_ONCE);
        Ok(())
    }

    /// The bytes of a row of raw bytes.
    fn raw<'b>(&self, row: &'b [u8]) -> Result<&'b [u8], StoreError> {
        unseal_bytes(row)
    }
}
