//! What can go wrong between a change and the disk, and what the caller is told about it.

use super::engine::disk::Difference;
use crate::error::{Error, Kind};
use std::any::Any;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(super) enum Fault {
    /// A rule says no. Nothing was written for this change.
    Refused(Error),
    /// A row is not what was written.
    Damaged(String),
    /// The disk is full: found before redb met it.
    Full,
    /// redb failed; after most of its errors it takes no more writes until it is opened again.
    Redb(redb::Error),
    /// redb panicked: it met something in the file that cannot be.
    Panic(String),
    /// The file is not open, since the last try to open it failed.
    Closed(String),
    /// Somebody has touched the file while it was open: it is not ours any more.
    Foreign(Difference),
}

impl Fault {
    /// Whether the next change would meet it as well, before the file is opened again.
    pub fn is_of_the_disk(&self) -> bool {
        !matches!(self, Fault::Refused(_) | Fault::Damaged(_))
    }

    /// Whether it is for want of space.
    pub fn is_full(&self) -> bool {
        match self {
            Fault::Full => true,
            Fault::Redb(redb::Error::Io(error)) => is_full(error),
            _ => false,
        }
    }

    /// Whether the system does not let this user write there.
    pub fn is_forbidden(&self) -> bool {
        use ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        let Fault::Redb(redb::Error::Io(error)) = self else {
            return false;
        };
        matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem)
    }

    /// Whether something in the file is not what was written.
    pub fn is_damage(&self) -> bool {
        matches!(
            self,
            Fault::Damaged(_) | Fault::Panic(_) | Fault::Redb(redb::Error::Corrupted(_))
        )
    }

    /// What the caller is told, and what goes to the log.
    pub fn error(self) -> Error {
        match self {
            Fault::Refused(error) => error,
            fault => fault.error_again(),
        }
    }

    /// The same for each of several callers who meet one fault.
    pub fn error_again(&self) -> Error {
        let unavailable = || {
            Error::new(
                Kind::Unavailable,
                "The data file cannot be used at the moment. Try again soon.",
            )
        };
        match self {
            Fault::Refused(error) => Error {
                field: error.field,
                ..Error::new(error.kind, error.title.clone())
            },
            Fault::Damaged(cause) => Error::internal(format!("damaged row: {cause}")),
            Fault::Full => storage_full(),
            Fault::Redb(error) if self.is_full() => storage_full().because(error),
            Fault::Redb(redb::Error::Corrupted(cause)) => Error::internal(format!("damaged file: {cause}")),
            Fault::Redb(error) => unavailable().because(error),
            Fault::Panic(cause) => Error::internal(format!("redb panicked: {cause}")),
            Fault::Closed(cause) => unavailable().because(cause),
            Fault::Foreign(difference) => unavailable().because(difference.sentence()),
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let error = self.error_again();
        f.write_str(error.cause.as_deref().unwrap_or(&error.title))
    }
}

/// Whether this is a disk, or somebody's share of it, that is full.
pub(super) fn is_full(error: &std::io::Error) -> bool {
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

/// Runs what may panic in redb over a damaged file. Some damage, such as that of its lists of free pages, makes redb panic
/// again while it unwinds, which ends the process; a start that ended so makes the next one check the whole file.
pub(super) fn guard<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    // What the panic leaves half done inside redb is thrown away: the transaction with its
    // closure, the database when it is opened again.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(Fault::Panic(words(&*panic))))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or(panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no words")
        .to_owned()
}

macro_rules! from_redb {
    ($($error:ident)*) => { $(
        impl From<redb::$error> for Fault {
            fn from(error: redb::$error) -> Fault {
                Fault::Redb(error.into())
            }
        }
    )* };
}

from_redb!(StorageError TableError TransactionError CommitError DatabaseError SetDurabilityError);

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Fault {
        Fault::Redb(redb::Error::Io(error))
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Refused(error)
    }
}
