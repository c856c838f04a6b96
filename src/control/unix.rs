//! The socket: mode 0600, in a folder of mode 0700, named after the data file.

use crate::limits::CONTROL_PATH_BYTES_MAX;
use socket2::{Domain, SockAddr, Socket, Type};
use std::fs::{self, DirBuilder, Metadata, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tokio::net::{UnixListener, UnixStream};

/// The server's end. The socket is removed when this is dropped.
pub struct Listener {
    inner: UnixListener,
    path: PathBuf,
    /// With `user`, identifies the socket's file, so that another one is not removed.
    inode: u64,
    user: u32,
}

impl Listener {
    /// Listens in the first usable folder. The caller holds the lock of the data file that `name` stands for. So an
    /// existing socket is a leftover of a killed process, or belongs to a server whose file was removed. That server
    /// keeps it.
    ///
    /// # Errors
    /// The error of the last folder.
    pub fn bind(folders: &[PathBuf], name: &str) -> io::Result<Listener> {
        let mut last = io::Error::from(ErrorKind::NotFound);
        for folder in folders {
            match Listener::bind_in(folder, name) {
                Ok(listener) => {
                    if last.kind() == ErrorKind::AddrInUse {
                        tracing::warn!("{last}; until it stops, commands reach that server and not this one");
                    }
                    return Ok(listener);
                }
                // A live server's socket is the error worth reporting.
                Err(_) if last.kind() == ErrorKind::AddrInUse => {}
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn bind_in(folder: &Path, name: &str) -> io::Result<Listener> {
        let path = socket(folder, name).ok_or(ErrorKind::InvalidFilename)?;
        let user = private_folder(folder)?;
        match fs::symlink_metadata(&path) {
            Ok(about) if about.file_type().is_socket() => remove_dead(&path)?,
            Ok(_) => return Err(ErrorKind::AlreadyExists.into()),
            Err(_) => {}
        }
        let inner = UnixListener::bind(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        let about = fs::symlink_metadata(&path)?;
        let listener = Listener {
            inner,
            path,
            inode: about.ino(),
            user: about.uid(),
        };
        match user == listener.user {
            true => Ok(listener),
            false => Err(io::Error::other("the folder is somebody else's")),
        }
    }

    /// Accepts the next command of this user, or of root, who may do anything.
    ///
    /// # Errors
    /// The system's error.
    pub async fn accept(&mut self) -> io::Result<UnixStream> {
        loop {
            let (stream, _) = self.inner.accept().await?;
            let peer = stream.peer_cred()?.uid();
            if peer == self.user || peer == 0 {
                return Ok(stream);
            }
            tracing::warn!(user = peer, "a command of another user was refused");
        }
    }

    /// Whether commands can still find the socket. Its folder may be removed when the user's last session ends.
    pub fn is_there(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|about| about.ino() == self.inode)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if self.is_there() {
            let _ = fs::remove_file(&self.path);
            // Removes the folder only if it is empty.
            let _ = self.path.parent().map(fs::remove_dir);
        }
    }
}

/// Removes a socket if nobody listens on it.
fn remove_dead(path: &Path) -> io::Result<()> {
    let probe = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // A server that accepts nobody must not block this one.
    probe.set_nonblocking(true)?;
    match probe.connect(&SockAddr::unix(path)?) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
        _ => {
            let what = format!("another server of this data file's path listens at {path:?}");
            Err(io::Error::new(ErrorKind::AddrInUse, what))
        }
    }
}

/// The path of the socket. `None` if it is longer than a socket address allows.
pub(super) fn socket(folder: &Path, name: &str) -> Option<PathBuf> {
    let path = folder.join(format!("{name}.sock"));
    (path.as_os_str().as_bytes().len() <= CONTROL_PATH_BYTES_MAX).then_some(path)
}

/// Creates the folder if it does not exist. Returns the id of its owner.
fn private_folder(folder: &Path) -> io::Result<u32> {
    let parent = folder.parent().ok_or(ErrorKind::NotFound)?;
    DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let about = fs::symlink_metadata(folder)?;
    match is_private(&about) {
        true => Ok(about.uid()),
        false => Err(io::Error::other("others can look into the folder")),
    }
}

/// Whether a socket and its folder belong to one of these users.
pub(super) fn is_of(owners: &[u32], folder: &Metadata, socket: &Path) -> bool {
    let is_theirs = |about: &Metadata| owners.contains(&about.uid());
    let socket = fs::symlink_metadata(socket);
    is_theirs(folder) && socket.is_ok_and(|about| about.file_type().is_socket() && is_theirs(&about))
}

/// Connects if one of these users listens. The socket may have been replaced since it was found.
pub(super) fn connect(socket: &Path, owners: &[u32]) -> io::Result<std::os::unix::net::UnixStream> {
    let stream = std::os::unix::net::UnixStream::connect(socket)?;
    stream.set_nonblocking(true)?;
    let stream = UnixStream::from_std(stream)?;
    if !owners.contains(&stream.peer_cred()?.uid()) {
        return Err(ErrorKind::PermissionDenied.into());
    }
    let stream = stream.into_std()?;
    stream.set_nonblocking(false)?;
    Ok(stream)
}

/// Whether only a folder's owner can create files in it or list it.
pub(super) fn is_private(folder: &Metadata) -> bool {
    folder.is_dir() && folder.mode() & 0o077 == 0
}
