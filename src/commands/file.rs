//! `chapp check` and `chapp compact`.

use super::data_file::{existing, not_reached, options, server};
use super::outcome::Outcome;
use crate::control::{Connection, Lost};
use crate::store::{self, FileError, OpenError, Progress, check_file, format_bytes};
use crate::wire::control::{Answer, Finding, Report, Request};
use std::path::Path;

/// The exit code if nothing of the file could be read.
const UNREADABLE: u8 = 2;

/// What a check found, for the outcome.
struct Checked {
    report: Report,
    has_pages: bool,
    note: Option<String>,
}

pub(super) fn check(file: &Path, progress: &Progress) -> Outcome {
    let unreadable = |outcome| Outcome {
        code: UNREADABLE,
        ..outcome
    };
    if let Err(none) = existing(file) {
        return unreadable(none);
    }
    let checked = match server(file) {
        Some(server) => ask(server, progress).map_err(unreadable),
        None => match check_file(file, &options(), progress) {
            Ok(report) => Ok(of_file(report)),
            // A server may have started in the meantime.
            Err(OpenError::AlreadyOpen { .. }) => match server(file) {
                Some(server) => ask(server, progress).map_err(unreadable),
                None => Err(unreadable(not_reached(file))),
            },
            Err(error) => Err(unreadable(Outcome::failed(error))),
        },
    };
    match checked {
        _ if progress.is_stopped() => Outcome::stopped(),
        Ok(checked) => outcome(file, &checked),
        Err(outcome) => outcome,
    }
}

/// Asks the server for a check, which covers what its readers see.
fn ask(mut server: Connection, progress: &Progress) -> Result<Checked, Outcome> {
    let mut asked = || -> Result<Checked, Lost> {
        server.ask(&Request::Check)?;
        loop {
            match server.answer()? {
                Answer::Report(report) => {
                    return Ok(Checked {
                        report,
                        has_pages: false,
                        note: None,
                    });
                }
                Answer::Error { title, .. } => return Err(Lost::Gone(std::io::Error::other(title))),
                Answer::Progress { rows } => progress.reach(rows),
                _ => {}
            }
            if progress.is_stopped() {
                return Err(Lost::Stopped);
            }
        }
    };
    asked().map_err(Outcome::failed)
}

fn of_file(report: store::Report) -> Checked {
    let findings = report.findings.into_iter().map(|finding| Finding {
        table: finding.table,
        key: finding.key,
        what: finding.what,
    });
    Checked {
        has_pages: report.has_pages,
        note: report.note,
        report: Report {
            rows: report.rows,
            messages: report.messages,
            count: report.count,
            damaged: report.damaged,
            findings: findings.collect(),
        },
    }
}

fn outcome(file: &Path, checked: &Checked) -> Outcome {
    let (report, name) = (&checked.report, file.display());
    if report.count == 0 {
        let what = match (checked.has_pages, &checked.note) {
            (_, Some(note)) => format!("All of its pages are whole. {note}"),
            (true, None) => format!("{} messages, {} rows, and all pages.", report.messages, report.rows),
            (false, None) => format!(
                "{} messages and {} rows; its pages are checked when Chapp is not running.",
                report.messages, report.rows
            ),
        };
        return Outcome::done(format!("{name} is sound: {what}"));
    }
    let mut lines: Vec<String> = report.findings.iter().map(line).collect();
    let more = report.count - report.findings.len() as u64;
    if more > 0 {
        lines.push(format!("… and {more} more"));
    }
    let next = match report.damaged {
        0 => "Nothing that was written is lost.",
        _ => "Put a backup in its place, or go on without what is damaged.",
    };
    Outcome {
        code: 1,
        said: lines.join("\n"),
        trouble: format!(
            "{name} is not sound: {} found, {} of them damage. {next}",
            things(report.count),
            report.damaged
        ),
    }
}

fn things(count: u64) -> String {
    match count {
        1 => "1 fault".to_owned(),
        count => format!("{count} faults"),
    }
}

fn line(finding: &Finding) -> String {
    let Finding { table, key, what } = finding;
    match key.is_empty() {
        true => format!("{table}: {what}"),
        false => format!("{table} {key}: {what}"),
    }
}

pub(super) fn compact(file: &Path, progress: &Progress) -> Outcome {
    if let Err(none) = existing(file) {
        return none;
    }
    match store::compact(file, &options(), progress) {
        Ok(compacted) => {
            let (before, after) = (compacted.bytes_before, compacted.bytes);
            let won = match before.checked_sub(after) {
                Some(won @ 1..) => format!("{} smaller than before", format_bytes(won)),
                _ => "there was nothing to win".to_owned(),
            };
            Outcome::done(format!("{} is now {}, {won}.", file.display(), format_bytes(after)))
        }
        Err(FileError::Stopped) => Outcome::stopped(),
        Err(FileError::Data(OpenError::AlreadyOpen { .. })) => Outcome::failed(format!(
            "{} is in use. Stop Chapp first; it was left as it is.",
            file.display()
        )),
        Err(error) => Outcome::failed(error),
    }
}
