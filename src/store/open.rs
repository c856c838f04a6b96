//! Opening a data file, once it is certain that it is one, is whole, and is not in use.
//!
//! All of that is seen through glass (`glass`), so a file that we refuse keeps every byte.

use super::codec::{CommitRow, DataFileRow};
use super::create;
use super::disk::Disk;
use super::fault::{Fault, guard, is_full};
use super::file::{self, Checked, DataFile};
use super::journal::{JournalRow, Record};
use super::note::Note;
use super::tables::{COMMIT, FILE, FORMAT, FORMAT_VERSION, JOURNAL, META, get, get_known, put};
use super::txn::{self, Wrote};
use super::upgrade::{self, FORMAT_OLDEST};
use super::{OpenError, Options, files};
use crate::clock::Time;
use crate::limits::DATA_FILE_TOUCHED_MS;
use redb::{Database, ReadableDatabase, TableError};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::time::UNIX_EPOCH;

/// What every data file begins with: redb's magic number.
const MAGIC: &[u8] = b"redb\x1A\x0A\xA9\x0D\x0A";

/// Opens the data file at `path`, or makes one; tells the number of its last commit.
pub(super) fn open(path: &Path, options: Options) -> Result<(DataFile, u64), OpenError> {
    create::sweep(path);
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => create::create(path, &options)?,
        Err(error) => return Err(io_error(path, &error)),
        Ok(_) => {}
    }
    let (format, mut row, commit) = examine(path, &options)?;
    let is_at = home(path).map_err(|error| io_error(path, &error))?;
    // It may be a restored backup: clients must not mix its history with the one they know.
    let note = Note::about(path, options.notes.as_deref());
    let moved = row.home != is_at || written_since(path, &commit) || note.contradicts(commit.count);
    if moved {
        tracing::info!("the data file is a copy, or was written by something else; checking all of it");
        look(path, &options, Checked::Fully, |_, _| Ok(()))?;
        row.epoch = create::random().map_err(|error| io_error(path, &error))?;
        row.home = is_at;
    }

    let has_journal = Disk::open(path, &options).map(|disk| disk.has_journal());
    if !has_journal.map_err(|fault| open_error(path, fault))? {
        upgrade::add_journal(path, &options, format)?;
        row.home = home(path).map_err(|error| io_error(path, &error))?;
    }

    let old = format < FORMAT_VERSION;
    let opened = guard(|| {
        let (database, journal) = file::open_database(path, &options)?;
        let count = file::last_commit(&database.begin_read()?)?;
        Ok((database, journal, count))
    });
    let (database, mut journal, mut count) = opened.map_err(|fault| open_error(path, fault))?;
    // Where the disk is full, what is there can still be read.
    if moved || old || file::has_room(path, &options) {
        count += 1;
        let journal_row = JournalRow::new().map_err(|error| io_error(path, &error))?;
        let stamped = txn::write(&database, count, |tables| {
            tables.create_missing()?;
            put(tables.meta.write()?, FILE, &row)?;
            put(tables.meta.write()?, JOURNAL, &journal_row)?;
            if old {
                upgrade::upgrade(tables)?;
            }
            files::give_up_unfinished(tables)?;
            Ok(((), Wrote::Something))
        });
        stamped.map_err(|failed| open_error(path, failed.into()))?;
        journal.begin(journal_row);
    }
    note.opened_at(count);
    Ok((
        DataFile::new(path, options, hex(&row.id), hex(&row.epoch), (database, journal)),
        count,
    ))
}

/// Whether this is a data file, and of a format that we know.
fn examine(path: &Path, options: &Options) -> Result<(u32, DataFileRow, CommitRow), OpenError> {
    let not_ours = || OpenError::NotOurs { path: path.to_owned() };
    let mut magic = Vec::new();
    let file = File::open(path).map_err(|error| io_error(path, &error))?;
    let head = file.take(MAGIC.len() as u64).read_to_end(&mut magic);
    head.map_err(|error| io_error(path, &error))?;
    if magic != MAGIC {
        return Err(not_ours());
    }
    look(path, options, Checked::Lightly, |database, records| {
        let meta = match database.begin_read()?.open_table(META) {
            Err(TableError::Storage(error)) => return Err(error.into()),
            Err(_) => return Ok(Err(not_ours())),
            Ok(meta) => meta,
        };
        let format = match get::<_, u32>(&meta, FORMAT)? {
            None => return Ok(Err(not_ours())),
            Some(found @ FORMAT_OLDEST..=FORMAT_VERSION) => found,
            Some(found) => {
                let (path, known) = (path.to_owned(), FORMAT_VERSION);
                return Ok(Err(OpenError::Newer { path, found, known }));
            }
        };
        let row = get_known(&meta, FILE, "the name of the file")?;
        let commit = match records.pop() {
            Some(last) => last.commit,
            None => get_known(&meta, COMMIT, "the number of the last commit")?,
        };
        Ok(Ok((format, row, commit)))
    })?
}

/// Asks a file that stays as it is.
fn look<T>(
    path: &Path,
    options: &Options,
    checked: Checked,
    question: impl FnOnce(&Database, &mut Vec<Record>) -> Result<T, Fault>,
) -> Result<T, OpenError> {
    let answer = guard(|| {
        let (database, mut records) = file::open_glass(path, options, checked)?;
        question(&database, &mut records)
    });
    answer.map_err(|fault| open_error(path, fault))
}

/// Which file on which machine this is.
pub(super) fn home(path: &Path) -> io::Result<[u8; 32]> {
    let file = file_id::get_file_id(path)?;
    let machine = fs::read("/etc/machine-id").unwrap_or_default();
    Ok(Sha256::new()
        .chain_update(format!("{file:?}"))
        .chain_update(machine)
        .finalize()
        .into())
}

/// Whether something touched the file after our last commit, such as a `cp` over it, which keeps its
/// identity, and with `-p` also its modification time.
fn written_since(path: &Path, commit: &CommitRow) -> bool {
    let touched = fs::metadata(path).map_or(Time(0), |file| touched_at(&file));
    touched.since(Time(commit.at)) > DATA_FILE_TOUCHED_MS
}

/// The modification time, and on Unix the change time, which nobody can set back (POSIX `st_ctim`).
fn touched_at(file: &fs::Metadata) -> Time {
    let modified = file.modified().unwrap_or(UNIX_EPOCH);
    let modified = modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
    #[cfg(unix)]
    let changed = u64::try_from(std::os::unix::fs::MetadataExt::ctime(file)).unwrap_or_default() * 1000;
    #[cfg(not(unix))]
    let changed = 0;
    Time(modified.max(changed))
}

pub(super) fn open_error(path: &Path, fault: Fault) -> OpenError {
    let path = path.to_owned();
    match fault {
        Fault::Redb(redb::Error::DatabaseAlreadyOpen) => OpenError::AlreadyOpen { path },
        Fault::Redb(redb::Error::Io(error)) => io_error(&path, &error),
        Fault::Redb(error) => OpenError::Damaged {
            path,
            cause: error.to_string(),
        },
        Fault::Damaged(cause) | Fault::Panic(cause) => OpenError::Damaged { path, cause },
        Fault::Full => OpenError::Full { path },
        Fault::Closed(cause) => OpenError::Io { path, cause },
        Fault::Refused(error) => OpenError::Io {
            path,
            cause: error.to_string(),
        },
    }
}

pub(super) fn io_error(path: &Path, error: &io::Error) -> OpenError {
    let (path, cause) = (path.to_owned(), error.to_string());
    match error.kind() {
        _ if is_full(error) => OpenError::Full { path },
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => OpenError::ReadOnly { path },
        ErrorKind::IsADirectory => OpenError::NotOurs { path },
        // redb's words for a header or a length that cannot be.
        ErrorKind::InvalidData | ErrorKind::UnexpectedEof => OpenError::Damaged { path, cause },
        _ => OpenError::Io { path, cause },
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
