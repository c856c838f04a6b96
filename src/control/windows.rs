//! The pipe. By the system's own rules whoever is not this user, an administrator or the system may at most read from
//! it, and so cannot ask anything; nobody comes over the network.

use std::io::{self, ErrorKind};
use std::path::PathBuf;
use tokio::net::windows::named_pipe::{NamedPipeServer, ServerOptions};

/// The server's end.
pub struct Listener {
    /// The one that the next command opens.
    next: NamedPipeServer,
    name: String,
}

impl Listener {
    /// Listens under this name, which nobody else may have. Pipes lie in no folder; none means that none is wanted.
    ///
    /// # Errors
    /// What the system says.
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

    /// The next command.
    ///
    /// # Errors
    /// What the system says.
    pub async fn accept(&mut self) -> io::Result<NamedPipeServer> {
        self.next.connect().await?;
        let next = ServerOptions::new().reject_remote_clients(true).create(&self.name)?;
        Ok(std::mem::replace(&mut self.next, next))
    }

    /// Whether commands still find it.
    pub fn is_there(&self) -> bool {
        true
    }
}

pub(super) fn pipe(name: &str) -> String {
    format!(r"\\.\pipe\chapp-{name}")
}
