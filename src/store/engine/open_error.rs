//! Why a data file was not opened: one sentence for the terminal, with the path and the next step.

use crate::store::store_error::{StoreError, is_full};
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Why the data file was not opened. Existing files are unchanged.
#[derive(Debug)]
pub enum OpenError {
    /// The data file is already open, in another process or in this one.
    AlreadyOpen {
        /// The data file.
        path: PathBuf,
    },
    /// The file is not a data file of Chapp.
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// The path is a link whose target does not exist.
    DanglingLink {
        /// The link.
        path: PathBuf,
        /// The target of the link.
        target: PathBuf,
    },
    /// A later version of Chapp wrote it.
    Newer {
        /// The data file.
        path: PathBuf,
        /// The format of the file.
        found: u32,
        /// The latest format that this version knows.
        known: u32,
    },
    /// The file is a damaged data file.
    Damaged {
        /// The data file.
        path: PathBuf,
        /// What the check found.
        cause: String,
    },
    /// The file or its folder is not writable.
    ReadOnly {
        /// The data file or its folder.
        path: PathBuf,
    },
    /// The file is not readable.
    Unreadable {
        /// The data file.
        path: PathBuf,
    },
    /// The folder of the data file does not exist.
    NoFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The disk is full.
    Full {
        /// The data file.
        path: PathBuf,
    },
    /// The operating system reported an error.
    Io {
        /// The data file.
        path: PathBuf,
        /// The error message.
        cause: String,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::AlreadyOpen { path } => write!(
                f,
                "{} is in use by another Chapp. Stop that one, or choose another data file.",
                path.display()
            ),
            OpenError::NotOurs { path } => write!(
                f,
                "{} is not a Chapp data file. It was left as it is; choose another path.",
                path.display()
            ),
            OpenError::DanglingLink { path, target } => write!(
                f,
                "{} is a link to {}, which is not there. Is a disk missing? Put the file back, or remove the link.",
                path.display(),
                target.display()
            ),
            OpenError::Newer { path, found, known } => write!(
                f,
                "{} was written by a newer Chapp (format {found}, this one knows {known}). Use that version, or a newer one.",
                path.display()
            ),
            OpenError::Damaged { path, cause } => write!(
                f,
                "{} is damaged ({cause}). It was left as it is; put a backup in its place.",
                path.display()
            ),
            OpenError::ReadOnly { path } => write!(
                f,
                "{} cannot be written to. Allow this user to write it, or choose another path.",
                path.display()
            ),
            OpenError::Unreadable { path } => write!(
                f,
                "{} cannot be read by this user. Run this command as the user who started Chapp, or let this user read \
                 the file.",
                path.display()
            ),
            OpenError::NoFolder { path } => write!(
                f,
                "There is no folder {} for the data file. Make it, or choose another path.",
                path.display()
            ),
            OpenError::Full { path } => write!(
                f,
                "The disk has no room for {}. Free some space, or choose a path on another disk.",
                path.display()
            ),
            OpenError::Io { path, cause } => write!(
                f,
                "{} cannot be opened: {cause}. See to that, then start again.",
                path.display()
            ),
        }
    }
}

impl std::error::Error for OpenError {}

pub fn open_error(path: &Path, error: StoreError) -> OpenError {
    let path = path.to_owned();
    match error {
        StoreError::Redb(redb::Error::DatabaseAlreadyOpen) => OpenError::AlreadyOpen { path },
        StoreError::Redb(redb::Error::Io(error)) => io_error(&path, &error),
        StoreError::Redb(error) => OpenError::Damaged {
            path,
            cause: error.to_string(),
        },
        StoreError::Damaged(cause) | StoreError::Panic(cause) => OpenError::Damaged { path, cause },
        StoreError::Full => OpenError::Full { path },
        StoreError::Foreign(difference) => OpenError::Io {
            path,
            cause: difference.sentence().to_owned(),
        },
        StoreError::Closed(cause) => OpenError::Io { path, cause },
        StoreError::Refused(error) => OpenError::Io {
            path,
            cause: error.to_string(),
        },
    }
}

pub fn io_error(path: &Path, error: &io::Error) -> OpenError {
    let (path, cause) = (path.to_owned(), error.to_string());
    match error.kind() {
        _ if is_full(error) => OpenError::Full { path },
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => OpenError::ReadOnly { path },
        ErrorKind::IsADirectory => OpenError::NotOurs { path },
        // redb reports an impossible header or length with these kinds.
        ErrorKind::InvalidData | ErrorKind::UnexpectedEof => OpenError::Damaged { path, cause },
        _ => OpenError::Io { path, cause },
    }
}
