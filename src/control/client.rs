//! The end of a command: it blocks, since a command has nothing else to do.

use crate::limits::{BACKUP_CHUNK_BYTES, CONTROL_ANSWER_BYTES_MAX};
use crate::wire::control::{Answer, Request};
use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;

#[cfg(unix)]
type Stream = std::os::unix::net::UnixStream;
#[cfg(windows)]
type Stream = std::fs::File;

/// Why a server that was reached gives no answer.
#[derive(Debug)]
pub enum Lost {
    /// It stopped, or said nothing for too long.
    Gone(io::Error),
    /// What was to be done with its answer failed.
    Here(io::Error),
    /// Nobody waits any more.
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

/// A running server that listens.
pub struct Connection(BufReader<Stream>);

impl Connection {
    /// Reaches the server that listens under `name` in one of these folders, where there is one.
    pub fn open(folders: &[PathBuf], name: &str) -> Option<Connection> {
        let stream = connect(folders, name)?;
        Some(Connection(BufReader::with_capacity(BACKUP_CHUNK_BYTES, stream)))
    }

    /// Asks.
    ///
    /// # Errors
    /// Where the server is gone.
    pub fn ask(&mut self, request: &Request) -> Result<(), Lost> {
        match self.0.get_mut().write_all(&request.line()) {
            // A server that takes no more commands has said so before it was asked.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(Lost::Gone),
        }
    }

    /// The next answer.
    ///
    /// # Errors
    /// Where the server is gone.
    pub fn answer(&mut self) -> Result<Answer, Lost> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.0).take(CONTROL_ANSWER_BYTES_MAX as u64);
        bounded.read_until(b'\n', &mut line).map_err(Lost::Gone)?;
        if !line.ends_with(b"\n") {
            return Err(Lost::Gone(io::ErrorKind::UnexpectedEof.into()));
        }
        Answer::parse(&line).ok_or_else(|| Lost::Gone(io::ErrorKind::InvalidData.into()))
    }

    /// Passes on so many bytes, unless `is_stopped`.
    ///
    /// # Errors
    /// Where the server is gone, or the bytes cannot be written.
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

#[cfg(unix)]
fn connect(folders: &[PathBuf], name: &str) -> Option<Stream> {
    use super::unix::{is_private, socket};
    let sockets = folders.iter().filter_map(|folder| {
        let about = std::fs::symlink_metadata(folder).ok()?;
        // Into any other one somebody could have put a socket who is not the server.
        is_private(&about).then(|| socket(folder, name)).flatten()
    });
    let stream = sockets.into_iter().find_map(|path| Stream::connect(path).ok())?;
    stream
        .set_read_timeout(Some(crate::limits::CONTROL_SILENCE_TIMEOUT))
        .ok()?;
    Some(stream)
}

#[cfg(windows)]
fn connect(_: &[PathBuf], name: &str) -> Option<Stream> {
    let pipe = super::windows::pipe(name);
    Stream::options().read(true).write(true).open(pipe).ok()
}
