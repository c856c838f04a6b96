//! The rows about the file and the server, and unknown tables.

use super::checker::Checker;
use super::report::Kind;
use crate::store::rows::codec::{
    BackupRow, CommitRow, DataFileRow, InviteRow, JournalRow, NightlyRow, ServerRow, unseal,
};
use crate::store::rows::schema::{
    BACKUP, COMMIT, FILE, FILES_BYTES, FORMAT, INVITE, JOURNAL, NIGHTLY, PEOPLE, SERVER_INFO, Source, TABLE_NAMES,
};
use crate::store::store_error::StoreError;
use redb::TableHandle;

pub fn check(checker: &Checker<'_>) -> Result<(), StoreError> {
    for name in checker.txn.list_tables()? {
        if !TABLE_NAMES.contains(&name.name()) {
            let what = "this version of Chapp knows no such table".to_owned();
            checker.findings.add(Kind::Invariant, name.name(), "", what);
        }
    }
    checker.sealed("meta", checker.source.meta()?, |key, row| match key {
        FORMAT => unseal::<u32>(row).map(drop),
        FILE => unseal::<DataFileRow>(row).map(drop),
        COMMIT => unseal::<CommitRow>(row).map(drop),
        JOURNAL => unseal::<JournalRow>(row).map(drop),
        FILES_BYTES | PEOPLE => unseal::<u64>(row).map(drop),
        _ => checker.raw(row).map(drop),
    })?;
    checker.sealed("server", checker.source.server()?, |key, row| match key {
        SERVER_INFO => unseal::<ServerRow>(row).map(drop),
        INVITE => unseal::<InviteRow>(row).map(drop),
        BACKUP => unseal::<BackupRow>(row).map(drop),
        NIGHTLY => unseal::<NightlyRow>(row).map(drop),
        _ => checker.raw(row).map(drop),
    })
}
