//! `chapp backup`: to a file that appears only when complete and checked, or to standard output.

use super::data_file::{existing, not_reached, options, server};
use super::outcome::Outcome;
use crate::control::{Connection, Lost};
use crate::limits::BACKUP_CHUNK_BYTES;
use crate::store::{
    CheckedBackup, FileError, OpenError, Options, Overwrite, PendingFile, Progress, Report, back_up_file,
    back_up_unnamed, check_file, format_bytes,
};
use crate::wire::control::{Answer, Request};
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

/// Why there is no backup.
enum Failed {
    File(FileError),
    Lost(Lost),
    /// The server refused, with this title.
    Refused(String),
    /// The reason is in the outcome already.
    Said(Outcome),
}

impl From<FileError> for Failed {
    fn from(error: FileError) -> Failed {
        Failed::File(error)
    }
}

impl From<Lost> for Failed {
    fn from(error: Lost) -> Failed {
        Failed::Lost(error)
    }
}

impl Failed {
    fn outcome(self, data: &Path) -> Outcome {
        match self {
            Failed::File(FileError::Stopped) | Failed::Lost(Lost::Stopped) => Outcome::stopped(),
            Failed::File(FileError::Data(OpenError::AlreadyOpen { .. })) => not_reached(data),
            Failed::File(error) => Outcome::failed(error),
            Failed::Lost(error) => Outcome::failed(error),
            Failed::Refused(title) => Outcome::failed(title),
            Failed::Said(outcome) => outcome,
        }
    }
}

pub(super) fn to_file(data: &Path, to: &Path, overwrite: Overwrite, progress: &Progress) -> Outcome {
    match write(data, to, overwrite, progress) {
        Err(failed) => failed.outcome(data),
        Ok(written) => Outcome {
            trouble: warning(&written.report),
            ..Outcome::done(format!(
                "Backed up to {} ({}, {} messages), read back and checked.",
                to.display(),
                format_bytes(written.bytes),
                written.report.messages
            ))
        },
    }
}

/// The warning about a data file that contradicts itself. Its backup does too, and both can still be opened.
fn warning(report: &Report) -> String {
    match report.count {
        0 => String::new(),
        count => format!(
            "The data file is at odds with itself in {count} places, and so is the backup. Run chapp check to see where."
        ),
    }
}

fn write(data: &Path, to: &Path, overwrite: Overwrite, progress: &Progress) -> Result<CheckedBackup, Failed> {
    refuse_itself(data, to)?;
    let pending = || PendingFile::new(to, overwrite);
    // Tries the server first: it still has the contents of a file that was removed while it runs.
    if let Some(server) = server(data) {
        return receive(server, pending()?, progress);
    }
    existing(data).map_err(Failed::Said)?;
    match back_up_file(data, &options(), pending()?, progress) {
        // A server may have started in the meantime.
        Err(error @ FileError::Data(OpenError::AlreadyOpen { .. })) => match server(data) {
            Some(server) => receive(server, pending()?, progress),
            None => Err(error.into()),
        },
        done => Ok(done?),
    }
}

fn refuse_itself(data: &Path, to: &Path) -> Result<(), FileError> {
    let same = file_id::get_file_id(data).ok().zip(file_id::get_file_id(to).ok());
    match same.is_some_and(|(data, to)| data == to) {
        true => Err(FileError::Itself { path: to.to_owned() }),
        false => Ok(()),
    }
}

/// Receives a backup from the server, and checks it on arrival.
fn receive(mut server: Connection, pending: PendingFile, progress: &Progress) -> Result<CheckedBackup, Failed> {
    let bytes = ask(&mut server, false, progress)?;
    let mut file = pending.create()?;
    let target = pending.target().to_owned();
    server
        .pass_on(bytes, &mut file, || progress.is_stopped())
        .map_err(|lost| match lost {
            Lost::Here(error) => Failed::File(FileError::of_io(&target, &error)),
            lost => Failed::Lost(lost),
        })?;
    file.sync_all().map_err(|error| FileError::of_io(&target, &error))?;
    drop(file);
    let bad = |cause: String| FileError::BadCopy {
        path: target.clone(),
        cause,
    };
    let report = check_file(pending.path(), &Options::default(), progress).map_err(|error| bad(error.to_string()))?;
    if progress.is_stopped() {
        return Err(FileError::Stopped.into());
    }
    if let (1.., Some(first)) = (report.damaged, report.findings.first()) {
        return Err(bad(first.to_string()).into());
    }
    pending.publish()?;
    // Reads the line that ends a success.
    let _ = server.answer();
    Ok(CheckedBackup { bytes, report })
}

/// Requests a backup. Returns the number of bytes that follow.
fn ask(server: &mut Connection, checked: bool, progress: &Progress) -> Result<u64, Failed> {
    server.ask(&Request::Backup { checked })?;
    loop {
        match server.answer()? {
            Answer::Bytes { bytes } => return Ok(bytes),
            Answer::Error { title, .. } => return Err(Failed::Refused(title)),
            Answer::Progress { rows } => progress.reach(rows),
            _ => {}
        }
        if progress.is_stopped() {
            return Err(Failed::Lost(Lost::Stopped));
        }
    }
}

pub(super) fn to_output(data: &Path, progress: &Progress) -> Outcome {
    if io::stdout().is_terminal() {
        return Outcome::failed("A terminal cannot keep a backup. Redirect it: chapp backup - > FILE");
    }
    match pipe(data, progress) {
        Err(failed) => failed.outcome(data),
        Ok(bytes) => Outcome {
            trouble: format!(
                "Backed up to standard output ({}), checked before it was sent.",
                format_bytes(bytes)
            ),
            ..Outcome::done("")
        },
    }
}

fn pipe(data: &Path, progress: &Progress) -> Result<u64, Failed> {
    let mut out = io::stdout().lock();
    let mut pass_on = |mut server: Connection| {
        let bytes = ask(&mut server, true, progress)?;
        server.pass_on(bytes, &mut out, || progress.is_stopped())?;
        match server.answer()? {
            Answer::Error { title, .. } => Err(Failed::Refused(title)),
            _ => Ok(bytes),
        }
    };
    if let Some(server) = server(data) {
        return pass_on(server);
    }
    existing(data).map_err(Failed::Said)?;
    let backup = match back_up_unnamed(data, &options(), progress) {
        Err(error @ FileError::Data(OpenError::AlreadyOpen { .. })) => match server(data) {
            Some(server) => return pass_on(server),
            None => return Err(error.into()),
        },
        backup => backup?,
    };
    let mut chunk = vec![0; BACKUP_CHUNK_BYTES];
    let mut from = &backup.file;
    loop {
        if progress.is_stopped() {
            return Err(FileError::Stopped.into());
        }
        let length = from.read(&mut chunk).map_err(Lost::Here)?;
        if length == 0 {
            out.flush().map_err(Lost::Here)?;
            return Ok(backup.bytes);
        }
        out.write_all(&chunk[..length]).map_err(Lost::Here)?;
    }
}
