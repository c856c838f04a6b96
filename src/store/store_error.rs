//! What can go wrong between a change and the disk, and what the caller is told.

use crate::error::{Error, Kind};
use std::any::Any;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub enum StoreError {
    /// A rule refuses the change. Nothing was written for it.
    Refused(Error),
    /// A row differs from what was written.
    Damaged(String),
    /// The disk is full. Detected before redb runs into it.
    Full,
    /// redb failed. After most errors, it takes no more writes until the file is opened again.
    Redb(redb::Error),
    /// redb panicked: the file contains something impossible.
    Panic(String),
    /// The file is not open, because the last attempt to open it failed.
    Closed(String),
    /// Another program touched the file while it was open, so the file is no longer ours.
    Foreign(Difference),
}

impl StoreError {
    /// Whether the next change would fail in the same way until the file is opened again.
    pub fn needs_reopen(&self) -> bool {
        !matches!(self, StoreError::Refused(_) | StoreError::Damaged(_))
    }

    /// Whether the cause is a lack of disk space.
    pub fn is_full(&self) -> bool {
        match self {
            StoreError::Full => true,
            StoreError::Redb(redb::Error::Io(error)) => is_full(error),
            _ => false,
        }
    }

    /// Whether the system denies this user write access.
    pub fn is_forbidden(&self) -> bool {
        use ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        let StoreError::Redb(redb::Error::Io(error)) = self else {
            return false;
        };
        matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem)
    }

    /// Whether something in the file differs from what was written.
    pub fn is_damage(&self) -> bool {
        matches!(
            self,
            StoreError::Damaged(_) | StoreError::Panic(_) | StoreError::Redb(redb::Error::Corrupted(_))
        )
    }

    /// The error for the caller. The cause goes to the log.
    pub fn into_error(self) -> Error {
        match self {
            StoreError::Refused(error) => error,
            fault => fault.to_error(),
        }
    }

    /// The same for each of several callers that share one error.
    pub fn to_error(&self) -> Error {
        let unavailable = || {
            Error::new(
                Kind::Unavailable,
                "The data file cannot be used at the moment. Try again soon.",
            )
        };
        match self {
            StoreError::Refused(error) => Error {
                field: error.field,
                ..Error::new(error.kind, error.title.clone())
            },
            StoreError::Damaged(cause) => Error::internal(format!("damaged row: {cause}")),
            StoreError::Full => storage_full(),
            StoreError::Redb(error) if self.is_full() => storage_full().because(error),
            StoreError::Redb(redb::Error::Corrupted(cause)) => Error::internal(format!("damaged file: {cause}")),
            StoreError::Redb(error) => unavailable().because(error),
            StoreError::Panic(cause) => Error::internal(format!("redb panicked: {cause}")),
            StoreError::Closed(cause) => unavailable().because(cause),
            StoreError::Foreign(difference) => unavailable().because(difference.sentence()),
        }
    }
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let error = self.to_error();
        f.write_str(error.cause.as_deref().unwrap_or(&error.title))
    }
}

/// Whether the error means a full disk or an exhausted quota.
pub fn is_full(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
    )
}

fn storage_full() -> Error {
    Error::new(
        Kind::StorageFull,
        "The disk of the server is full. Nothing can be saved until there is space again.",
    )
}

/// Runs work in which redb may panic over a damaged file. Some damage, such as in the lists of free pages, makes redb
/// panic again while it unwinds, which aborts the process. After such a start, the next one checks the whole file.
pub fn guard<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    // The panic leaves redb in an unknown state, which is thrown away: the transaction with its closure, the database
    // when the file is opened again.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(StoreError::Panic(words(&*panic))))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or(panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no words")
        .to_owned()
}

macro_rules! from_redb {
    ($($error:ident)*) => { $(
        impl From<redb::$error> for StoreError {
            fn from(error: redb::$error) -> StoreError {
                StoreError::Redb(error.into())
            }
        }
    )* };
}

from_redb!(StorageError TableError TransactionError CommitError DatabaseError SetDurabilityError);

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> StoreError {
        StoreError::Redb(redb::Error::Io(error))
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> StoreError {
        StoreError::Refused(error)
    }
}

/// How the file differs from the one that we opened and wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// There is no file at the path any more.
    Removed,
    /// Another file has its name.
    Replaced,
    /// Another program has written to the file or truncated it.
    Overwritten,
}

impl Difference {
    /// What happened and what to do, for the log and the administrator.
    pub fn sentence(self) -> &'static str {
        match self {
            Difference::Removed => {
                "The data file was removed or renamed while Chapp was running. Nothing more is saved. Put it back, or \
                 run chapp backup FILE to save what is there."
            }
            Difference::Replaced => {
                "Another file was put in the place of the data file while Chapp was running. Nothing more is saved. \
                 Put the old one back, or stop Chapp and start it again to use the new one."
            }
            Difference::Overwritten => {
                "Another program has written to the data file while Chapp was running. Nothing more is saved. Stop \
                 Chapp, put a backup in the file's place, and start it again."
            }
        }
    }
}
