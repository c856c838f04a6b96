//! Why a command on a data file or a backup failed: one sentence for the terminal, with the next step.

use super::copy::CopyError;
use super::open_error::{OpenError, open_error};
use crate::store::store_error::{StoreError, is_full};
use std::path::{Path, PathBuf};
use std::{fmt, io};

/// Why there is no backup, or no compacted file. Existing files are unchanged.
#[derive(Debug)]
pub enum FileError {
    /// The data file cannot be read.
    Data(OpenError),
    /// A row of the data file differs from what was written.
    Damaged {
        /// The data file.
        path: PathBuf,
        /// What the check found.
        cause: String,
    },
    /// An earlier version of Chapp wrote the data file.
    Older {
        /// The data file.
        path: PathBuf,
    },
    /// The data file has tables that this version does not know.
    Unknown {
        /// The data file.
        path: PathBuf,
        /// The name of the first such table.
        table: String,
    },
    /// The copy differs from what was written.
    BadCopy {
        /// The new file.
        path: PathBuf,
        /// What the check found.
        cause: String,
    },
    /// A file with this name already exists.
    Exists {
        /// The new file.
        path: PathBuf,
    },
    /// The file to be replaced is open in a running Chapp.
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The new file would be the data file itself.
    Itself {
        /// The data file.
        path: PathBuf,
    },
    /// The folder for the new file does not exist.
    NoFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The path is a folder.
    IsFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The path is a device, a pipe or another special file.
    NoFile {
        /// The path.
        path: PathBuf,
    },
    /// The disk has too little free space.
    NoRoom {
        /// The new file.
        path: PathBuf,
        /// Bytes that the new file needs.
        needed: u64,
        /// Bytes that it may use.
        free: u64,
    },
    /// A streamed backup is first written beside the data file, and this folder is not writable.
    ReadOnlyFolder {
        /// The data file.
        path: PathBuf,
    },
    /// The disk became full while the file was written.
    Full {
        /// The new file.
        path: PathBuf,
    },
    /// The operating system reported an error.
    Io {
        /// The new file.
        path: PathBuf,
        /// The error message.
        cause: String,
    },
    /// The command was interrupted.
    Stopped,
}

impl FileError {
    /// Converts a system error from writing the file at `path`.
    pub fn of_io(path: &Path, error: &io::Error) -> FileError {
        let path = path.to_owned();
        match is_full(error) {
            true => FileError::Full { path },
            false => FileError::Io {
                path,
                cause: error.to_string(),
            },
        }
    }

    /// Converts an error from copying `data` to `path`.
    pub(super) fn of_copying(error: CopyError, data: &Path, path: &Path) -> FileError {
        let path = path.to_owned();
        match error {
            CopyError::Stopped => FileError::Stopped,
            CopyError::Reading(error) => FileError::of_reading(data, error),
            CopyError::Writing(error) if error.is_full() => FileError::Full { path },
            CopyError::Writing(StoreError::Damaged(cause)) => FileError::BadCopy { path, cause },
            CopyError::Writing(error) => FileError::Io {
                path,
                cause: error.to_string(),
            },
        }
    }

    /// Converts an error from reading the data file at `path`.
    pub(super) fn of_reading(path: &Path, error: StoreError) -> FileError {
        match error {
            StoreError::Damaged(cause) | StoreError::Panic(cause) => FileError::Damaged {
                path: path.to_owned(),
                cause,
            },
            error => FileError::Data(open_error(path, error)),
        }
    }
}

/// For example "1.5 MB", with at most three significant digits.
pub fn format_bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KB", "MB", "GB", "TB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 999.5 && unit < UNITS.len() - 1 {
        (value, unit) = (value / 1000.0, unit + 1);
    }
    let digits = usize::from(unit > 0 && value < 9.95);
    format!("{value:.digits$} {}", UNITS[unit])
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::Data(error) => error.fmt(f),
            FileError::Damaged { path, cause } => write!(
                f,
                "{0} is damaged ({cause}), so nothing was written. Run chapp check {0} to see what is wrong.",
                path.display()
            ),
            FileError::Older { path } => write!(
                f,
                "{} was written by an older Chapp. Start Chapp with it once, stop it, then try again.",
                path.display()
            ),
            FileError::Unknown { path, table } => write!(
                f,
                "{} holds a table that this Chapp does not know ({table}). It was left as it is; use the version that \
                 wrote it.",
                path.display()
            ),
            FileError::BadCopy { path, cause } => write!(
                f,
                "{} did not read back as it was written ({cause}), so it was removed. Try again, or choose another \
                 disk.",
                path.display()
            ),
            FileError::Exists { path } => write!(
                f,
                "{} already exists. Choose another name, or replace it with --force.",
                path.display()
            ),
            FileError::InUse { path } => write!(
                f,
                "{} is in use by a running program and was left as it is. Choose another name.",
                path.display()
            ),
            FileError::Itself { path } => write!(
                f,
                "{} is the data file itself. Choose another name for the backup.",
                path.display()
            ),
            FileError::NoFolder { path } => write!(
                f,
                "There is no folder {}. Create it, or choose another path.",
                path.display()
            ),
            FileError::IsFolder { path } => write!(f, "{} is a folder. Name a file in it.", path.display()),
            FileError::NoFile { path } => write!(
                f,
                "{} is not an ordinary file. To write to a pipe or a device, use - and redirect standard output.",
                path.display()
            ),
            FileError::NoRoom { path, needed, free } => write!(
                f,
                "There is not enough space for {}: {} are needed and {} are free. Free some space, or choose another \
                 disk.",
                path.display(),
                format_bytes(*needed),
                format_bytes(*free)
            ),
            FileError::ReadOnlyFolder { path } => write!(
                f,
                "A backup to standard output is written beside {} first, to check it, and this user may not write there. \
                 Name a file instead: chapp backup FILE.",
                path.display()
            ),
            FileError::Full { path } => write!(
                f,
                "The disk is full, so {} was not written. Free some space, or choose another disk.",
                path.display()
            ),
            FileError::Io { path, cause } => write!(f, "{} could not be written: {cause}.", path.display()),
            FileError::Stopped => f.write_str("Stopped. Nothing was changed."),
        }
    }
}

impl std::error::Error for FileError {}
