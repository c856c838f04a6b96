//! Checks a data file: one that no server has open, or the one that is open.

use super::data_file::DataFile;
use super::database::CheckLevel;
use super::open_error::OpenError;
use super::options::Options;
use super::read_only::{self, ReadOnly};
use crate::store::check::of_snapshot;
use crate::store::check::report::{Finding, Findings, Kind, Report};
use crate::store::progress::Progress;
use crate::store::store_error::StoreError;
use std::path::Path;

/// Checks a file that no server has open, and leaves every byte of it as it is.
///
/// # Errors
/// The file cannot be read at all: it is in use, belongs to another program, or is too damaged to open.
pub fn check_file(path: &Path, options: &Options, progress: &Progress) -> Result<Report, OpenError> {
    let findings = Findings::default();
    let opened = match read_only::open(path, options, CheckLevel::Full) {
        Err(OpenError::Damaged { path, cause }) => {
            findings.add(
                Kind::Damage,
                "pages",
                "",
                format!("they do not match their checksums: {cause}"),
            );
            // Errors in the rows say more than an error from redb, so check the rows if they can be read.
            let again = read_only::open(&path, options, CheckLevel::Lazy);
            again.map_err(|_| OpenError::Damaged { path, cause })?
        }
        opened => opened?,
    };
    Ok(of_file(&opened, findings, progress))
}

fn of_file(opened: &ReadOnly, findings: Findings, progress: &Progress) -> Report {
    let snapshot = match opened.snapshot() {
        Ok(snapshot) => snapshot,
        Err(error) => {
            findings.unreadable("the file", &error);
            return findings.report(0, 0, true);
        }
    };
    match opened.is_current_format() {
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

/// Checks the rows of a file that may have changed since we closed it. Blocks.
pub fn check_doubtful(file: &DataFile) -> Result<(), StoreError> {
    let report = of_snapshot(&file.snapshot()?, Findings::default(), &Progress::default(), false);
    match report.damaged {
        0 => file.found_sound(),
        _ => note_damage(file, &report),
    }
    Ok(())
}

/// An inconsistency between rows is not damage: nothing that was written is lost.
pub fn note_damage(file: &DataFile, report: &Report) {
    if report.damaged > 0 {
        let first = report.findings.first().map(Finding::to_string);
        file.damage.note(&first.unwrap_or_default());
    }
}
