//! Checks a data file: its pages, each of its rows, and whether the tables agree.
//!
//! An invariant is checked while the tables that it concerns are read in order, with only one room, one file or one
//! segment in memory at a time. Where two tables hold the same items in different orders, each is read once and summed
//! up (`tally`). Only if the sums differ is each row looked up in the other table.

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

/// Checks everything in a snapshot.
pub fn of_snapshot(txn: &ReadTransaction, findings: Findings, progress: &Progress, has_pages: bool) -> Report {
    let checker = Checker {
        txn,
        source: Snapshot::new(txn),
        findings,
        progress,
        last_user: Cell::new(0),
        last_room: Cell::new(0),
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
