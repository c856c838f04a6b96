//! The client side of the local socket. It blocks, since a command has nothing else to do.

use crate::limits::{BACKUP_CHUNK_BYTES, CONTROL_ANSWER_BYTES_MAX};
use crate::wire::control::{Answer, Finding, Request};
use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

#[cfg(unix)]
type Stream = std::os::unix::net::UnixStream;
#[cfg(windows)]
type Stream = std::fs::File;

/// Why a command got no answer from a server it had reached.
#[derive(Debug)]
pub enum Lost {
    /// The server stopped, or sent nothing for too long.
    Gone(io::Error),
    /// This process failed to handle the answer.
    Here(io::Error),
    /// The command was stopped.
    Stopped,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lost::Gone(error) => write!(f, "Chapp stopped, or did not answer ({error}). Try again."),
            Lost::Here(error) => write!(f, "The answer could not be written: {error}."),
            Lost::Stopped => f.write_str("Stopped. Nothing was changed."),
        }
    }
}

/// A connection to a running server.
pub struct Connection(BufReader<Stream>);

impl Connection {
    /// Connects to the server of `data` that listens under `name` in one of these folders, as this user or as the
    /// owner of the file. `None` if there is none.
    pub fn open(folders: &[PathBuf], name: &str, data: &Path) -> Option<Connection> {
        let stream = connect(folders, name, data)?;
        Some(Connection(BufReader::with_capacity(BACKUP_CHUNK_BYTES, stream)))
    }

    /// Sends a request.
    ///
    /// # Errors
    /// When the connection to the server is lost.
    pub fn ask(&mut self, request: &Request) -> Result<(), Lost> {
        match self.0.get_mut().write_all(&request.line()) {
            // A server that takes no more commands has sent its answer already.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(Lost::Gone),
        }
    }

    /// Reads the next answer.
    ///
    /// # Errors
    /// When the connection to the server is lost.
    pub fn answer(&mut self) -> Result<Answer, Lost> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.0).take(CONTROL_ANSWER_BYTES_MAX as u64);
        bounded.read_until(b'\n', &mut line).map_err(Lost::Gone)?;
        if !line.ends_with(b"\n") {
            return Err(Lost::Gone(io::ErrorKind::UnexpectedEof.into()));
        }
        let answer = Answer::parse(&line).map(printable);
        answer.ok_or_else(|| Lost::Gone(io::ErrorKind::InvalidData.into()))
    }

    /// Copies this many bytes, unless `is_stopped`.
    ///
    /// # Errors
    /// When the connection to the server is lost, or the bytes cannot be written.
    pub fn pass_on(&mut self, bytes: u64, to: &mut impl Write, is_stopped: impl Fn() -> bool) -> Result<(), Lost> {
        let mut left = bytes;
        while left > 0 {
            if is_stopped() {
                return Err(Lost::Stopped);
            }
            let chunk = self.0.fill_buf().map_err(Lost::Gone)?;
            let length = chunk.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if length == 0 {
                return Err(Lost::Gone(io::ErrorKind::UnexpectedEof.into()));
            }
            to.write_all(&chunk[..length]).map_err(Lost::Here)?;
            self.0.consume(length);
            left -= length as u64;
        }
        to.flush().map_err(Lost::Here)
    }
}

/// Removes control characters from an answer, which could act on the terminal.
fn printable(answer: Answer) -> Answer {
    match answer {
        Answer::Report(mut report) => {
            let findings = report.findings.into_iter().map(|finding| Finding {
                table: escaped(&finding.table),
                key: escaped(&finding.key),
                what: escaped(&finding.what),
            });
            report.findings = findings.collect();
            Answer::Report(report)
        }
        Answer::Reset { name, urls } => Answer::Reset {
            name: escaped(&name),
            urls: urls.iter().map(|url| escaped(url)).collect(),
        },
        Answer::Owner { name } => Answer::Owner { name: escaped(&name) },
        Answer::Error { code, title } => Answer::Error {
            code: escaped(&code),
            title: escaped(&title),
        },
        answer @ (Answer::Progress { .. } | Answer::Bytes { .. } | Answer::Done | Answer::Unknown) => answer,
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_control() {
            true => escaped.extend(c.escape_default()),
            false => escaped.push(c),
        }
    }
    escaped
}

#[cfg(unix)]
fn connect(folders: &[PathBuf], name: &str, data: &Path) -> Option<Stream> {
    use super::unix::{is_of, is_private, socket};
    let owner = std::fs::metadata(data).map(|data| std::os::unix::fs::MetadataExt::uid(&data));
    let mut owners = vec![rustix::process::geteuid().as_raw()];
    owners.extend(owner);
    let sockets = folders.iter().filter_map(|folder| {
        let about = std::fs::symlink_metadata(folder).ok()?;
        // In a folder that others can write to, the socket may be an impostor's.
        let path = is_private(&about).then(|| socket(folder, name)).flatten()?;
        is_of(&owners, &about, &path).then_some(path)
    });
    let stream = sockets
        .into_iter()
        .find_map(|path| super::unix::connect(&path, &owners).ok())?;
    stream
        .set_read_timeout(Some(crate::limits::CONTROL_SILENCE_TIMEOUT))
        .ok()?;
    Some(stream)
}

#[cfg(windows)]
fn connect(_: &[PathBuf], name: &str, _: &Path) -> Option<Stream> {
    let pipe = super::windows::pipe(name);
    Stream::options().read(true).write(true).open(pipe).ok()
}
