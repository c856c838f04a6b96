//! Chooses the journal of a data file: the one in the file, or the one of a record keeper if there is one.

use super::disk::Disk;
use super::file_journal::{FileJournal, Found, GapPolicy, half_bytes, scan};
use super::journal::Journal;
use super::options::Options;
use super::record::Salt;
use super::record_keeper::ExternalJournal;
use crate::limits::JOURNAL_RECORDS_PER_HALF_MIN;
use crate::store::store_error::StoreError;

/// The journal of a file whose pages have everything up to commit `commit_number`: in the file, or in the record keeper
/// if there is one. The records in the journal are durable when this returns.
pub fn open(
    disk: Disk,
    options: &Options,
    salt: Salt,
    commit_number: u64,
    gap_policy: GapPolicy,
) -> Result<Box<dyn Journal>, StoreError> {
    match external_journal(options, salt) {
        Some(journal) => Ok(Box::new(journal)),
        None => Ok(Box::new(FileJournal::open(
            disk,
            salt,
            options.journal_bytes,
            commit_number,
            gap_policy,
        )?)),
    }
}

/// Like `open`, but without any records yet.
pub fn begin(disk: Disk, options: &Options, salt: Salt) -> Box<dyn Journal> {
    match external_journal(options, salt) {
        Some(journal) => Box::new(journal),
        None => Box::new(FileJournal::new(disk, salt, options.journal_bytes)),
    }
}

/// The records after commit `commit_number`, for a caller that changes nothing.
pub fn find(disk: &Disk, options: &Options, salt: &Salt, commit_number: u64) -> Result<Found, StoreError> {
    match external_journal(options, *salt) {
        Some(journal) => Ok(Found {
            records: journal.since(commit_number)?,
            ..Found::default()
        }),
        None => scan(&disk.journal()?, salt, commit_number),
    }
}

fn external_journal(options: &Options, salt: Salt) -> Option<ExternalJournal> {
    let keeper = options.record_keeper.clone()?;
    let rows_bytes_max = half_bytes(options.journal_bytes) / JOURNAL_RECORDS_PER_HALF_MIN;
    Some(ExternalJournal::new(keeper, salt, rows_bytes_max))
}
