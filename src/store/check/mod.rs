//! Whether a data file is what it should be: its pages, each of its rows, and what the tables say about each other.
//!
//! A law is checked where the tables that it is about are read in order, with what one room, one file or one segment
//! takes in memory. Where two tables hold the same things in different orders, both are read once and summed up
//! (`tally`); only where the sums differ is each row looked up in the other table.

mod checker;
mod files;
mod log;
mod people;
mod read_state;
pub mod report;
mod rooms;
mod search;
mod server;
mod tally;

use crate::store::progress::Progress;
use crate::store::rows::schema::Snapshot;
use checker::Checker;
use redb::ReadTransaction;
use report::{Findings, Report};
use std::cell::Cell;

/// Checks everything that a snapshot holds.
pub fn of_snapshot(txn: &ReadTransaction, findings: Findings, progress: &Progress, has_pages: bool) -> Report {
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
