//! The named pipe. By the system's default permissions, everybody but this user, administrators and the system can at
//! most read from it, and so cannot send a request. Remote clients are rejected.

use std::io::{self, ErrorKind};
use std::path::PathBuf;
use tokio::net::windows::named_pipe::{NamedPipeServer, ServerOptions};

/// The server's end.
pub struct Listener {
    /// The instance that the next command opens.
    next: NamedPipeServer,
    name: String,
}

impl Listener {
    /// Listens under this name, and fails if it is taken. Pipes are not in folders, but an empty list means that no
    /// commands are wanted.
    ///
    /// # Errors
    /// The system's error.
    pub fn bind(folders: &[PathBuf], name: &str) -> io::Result<Listener> {
        if folders.is_empty() {
            return Err(ErrorKind::NotFound.into());
        }
        let name = pipe(name);
        let next = ServerOptions::new()
            .first_pipe_instance(true)
            .reject_remote_clients(true)
            .create(&name)?;
        Ok(Listener { next, name })
    }

    /// Accepts the next command.
    ///
    /// # Errors
    /// The system's error.
    pub async fn accept(&mut self) -> io::Result<NamedPipeServer> {
        self.next.connect().await?;
        let next = ServerOptions::new().reject_remote_clients(true).create(&self.name)?;
        Ok(std::mem::replace(&mut self.next, next))
    }

    /// Whether commands can still find the pipe.
    pub fn is_there(&self) -> bool {
        true
    }
}

pub(super) fn pipe(name: &str) -> String {
    format!(r"\\.\pipe\chapp-{name}")
}
