//! Opens a data file, once it is certain that the file is a data file, sound, and not in use.
//!
//! These checks go through an overlay, so a file that we refuse keeps every byte.

use super::data_file::{DataFile, FileIdentity};
use super::database::{self, Candidate, CheckLevel, View, open_best_root, open_database, open_overlay};
use super::disk::Disk;
use super::file_journal::{Gap, GapPolicy};
use super::free_space::FreeSpace;
use super::last_commit::LastCommitFile;
use super::layout::{FirstPage, REDB_MAGIC};
use super::location::location_fingerprint;
use super::open_error::{OpenError, io_error, open_error};
use super::options::Options;
use super::retained::Retained;
use super::{create, draft, random, upgrade};
use crate::clock::Time;
use crate::limits::DATA_FILE_TOUCHED_MS;
use crate::store::changes::attachments;
use crate::store::rows::codec::{CommitRow, DataFileRow, JournalRow};
use crate::store::rows::schema::{COMMIT, FILE, FORMAT, FORMAT_OLDEST, FORMAT_VERSION, JOURNAL, META};
use crate::store::rows::table::{get, get_known, put};
use crate::store::store_error::{StoreError, guard};
use data_encoding::HEXLOWER;
use redb::{ReadableDatabase, TableError};
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::UNIX_EPOCH;

/// The first rows of a data file.
struct Header {
    format: u32,
    row: DataFileRow,
    commit: CommitRow,
    salt: Vec<u8>,
    /// The number of the last commit in redb's pages.
    root: u64,
    /// The gap between the consecutive records of the journal and later ones.
    gap: Gap,
}

impl Header {
    fn candidate(&self) -> Candidate<&[u8]> {
        Candidate {
            root: self.root,
            commit_number: self.commit.number,
            salt: &self.salt,
            gap: self.gap,
        }
    }
}

/// Opens the data file at `path`, or creates it. Returns the file and the number of its last commit.
pub fn open(path: &Path, options: Options) -> Result<(DataFile, u64), OpenError> {
    refuse_what_is_no_file(path)?;
    if !path.exists() {
        create::create(path, &options)?;
    }
    let mut header = examine(path, &options, FirstPage::First)?;
    if header.format < FORMAT_VERSION {
        upgrade::upgrade(path, &options, header.format)?;
        header = examine(path, &options, FirstPage::First)?;
    }
    let is_at = location_fingerprint(path).map_err(|error| io_error(path, &error))?;
    let last_commit_file = LastCommitFile::of(path);
    let note = last_commit_file.note();
    let moved = header.row.home != is_at
        || written_since(path, &header.commit)
        || note.contradicts(&header.salt, header.commit.number);
    let is_doubtful = moved || note.says_damaged();
    let mut gap_policy = GapPolicy::Forbid;
    if moved {
        // The file may be a restored backup: clients must not mix its history with the one they know.
        tracing::info!("the data file is a copy, or another program has written to it; checking the whole file");
        header = adopt(path, &options, header)?;
        gap_policy = GapPolicy::Allow;
        header.row.epoch = random::random().map_err(|error| io_error(path, &error))?;
        header.row.home = is_at;
    } else if note.says_opening() {
        tracing::info!("the last start was interrupted; checking the whole data file");
        check_pages(path, &options, FirstPage::First).map_err(|error| open_error(path, error))?;
    }
    let opened = guard(|| open_database(path, &options, gap_policy)).map_err(|error| open_error(path, error))?;
    draft::sweep(path);
    last_commit_file.sweep();
    start(path, options, header, Suspicion { moved, is_doubtful }, opened)
}

/// What may have happened to the file since we closed it.
#[derive(Clone, Copy)]
struct Suspicion {
    /// The file is a copy, or another program has written to it.
    moved: bool,
    /// The rows have to be checked.
    is_doubtful: bool,
}

/// Makes the first commit of this opening.
fn start(
    path: &Path,
    options: Options,
    header: Header,
    suspicion: Suspicion,
    opened: database::Opened,
) -> Result<(DataFile, u64), OpenError> {
    let failed = |error| open_error(path, error);
    let commit_number = opened.commit_number;
    // On a full disk the file can still be read, so this commit is left out.
    let begins = suspicion.moved || FreeSpace::of(path, &options).has_room();
    let salt = match begins {
        true => random::new_salt().map_err(|error| io_error(path, &error))?,
        false => opened.salt,
    };
    let retained = Retained::new(path, options.retention);
    let reader = guard(|| retained.before_commit(|| Ok(opened.database.begin_read()?))).map_err(failed)?;
    retained.committed(reader, opened.disk.pages_bytes());
    let identity = FileIdentity {
        id: HEXLOWER.encode(&header.row.id),
        epoch: HEXLOWER.encode(&header.row.epoch),
        salt,
        is_doubtful: suspicion.is_doubtful,
    };
    let file = DataFile::new(path, options, opened, identity, retained);
    if !begins {
        return Ok((file, commit_number));
    }
    let begun = file.begin(commit_number + 1, &header.salt, |tables| {
        tables.create_missing()?;
        put(tables.meta.write()?, FILE, &header.row)?;
        put(tables.meta.write()?, JOURNAL, &JournalRow::of(&salt))?;
        attachments::give_up_unfinished(tables)
    });
    begun.map_err(failed)?;
    Ok((file, commit_number + 1))
}

/// Refuses anything but a regular file without opening it: opening a pipe would block until it has a writer.
fn refuse_what_is_no_file(path: &Path) -> Result<(), OpenError> {
    match fs::metadata(path) {
        Ok(about) if about.is_file() => Ok(()),
        Ok(_) => Err(OpenError::NotOurs { path: path.to_owned() }),
        Err(error) if error.kind() == ErrorKind::NotFound => match fs::read_link(path) {
            Ok(target) => Err(OpenError::DanglingLink {
                path: path.to_owned(),
                target,
            }),
            Err(_) => Ok(()),
        },
        Err(error) => Err(io_error(path, &error)),
    }
}

/// Checks all of a file that is not as we left it, and makes the mirror its first page if the journal fits only the
/// mirror.
fn adopt(path: &Path, options: &Options, first: Header) -> Result<Header, OpenError> {
    let mirror = examine(path, options, FirstPage::Mirror).ok();
    let chosen = open_best_root(
        &first.candidate(),
        mirror.as_ref().map(Header::candidate).as_ref(),
        |first_page| check_pages(path, options, first_page),
    );
    let chosen = chosen.map_err(|error| open_error(path, error))?.0;
    let Some(mirror) = mirror.filter(|_| chosen == FirstPage::Mirror) else {
        return Ok(first);
    };
    let adopted = guard(|| Ok(Disk::open(path, options)?.adopt_mirror()?));
    adopted.map_err(|error| open_error(path, error))?;
    Ok(mirror)
}

/// Checks every page against its checksum.
fn check_pages(path: &Path, options: &Options, first_page: FirstPage) -> Result<(), StoreError> {
    guard(|| open_overlay(path, options, CheckLevel::Full, first_page).map(drop))
}

/// Checks that this is a data file of a format that we know.
fn examine(path: &Path, options: &Options, first_page: FirstPage) -> Result<Header, OpenError> {
    let not_ours = || OpenError::NotOurs { path: path.to_owned() };
    let mut magic = Vec::new();
    let file = File::open(path).map_err(|error| io_error(path, &error))?;
    let read = file.take(REDB_MAGIC.len() as u64).read_to_end(&mut magic);
    read.map_err(|error| io_error(path, &error))?;
    if magic != REDB_MAGIC {
        return Err(not_ours());
    }
    view(path, options, CheckLevel::Lazy, first_page, |view| {
        let meta = match view.database.begin_read()?.open_table(META) {
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
        let journal: Option<JournalRow> = get(&meta, JOURNAL)?;
        Ok(Ok(Header {
            format,
            row: get_known(&meta, FILE, "the name of the file")?,
            commit: get_known(&meta, COMMIT, "the number of the last commit")?,
            salt: journal.unwrap_or_default().salt,
            root: view.root,
            gap: view.gap,
        }))
    })?
}

/// Runs a query on the file without changing a byte.
fn view<T>(
    path: &Path,
    options: &Options,
    check_level: CheckLevel,
    first_page: FirstPage,
    query: impl FnOnce(&View) -> Result<T, StoreError>,
) -> Result<T, OpenError> {
    let answer = guard(|| query(&open_overlay(path, options, check_level, first_page)?));
    answer.map_err(|error| open_error(path, error))
}

/// Whether the file was written after our last commit, for example by `cp`, which keeps the inode. The change time
/// (POSIX `st_ctim`) does not help: a new owner or name changes it as well.
fn written_since(path: &Path, commit: &CommitRow) -> bool {
    let modified = fs::metadata(path)
        .and_then(|file| file.modified())
        .unwrap_or(UNIX_EPOCH);
    let modified = modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
    Time(modified).since(Time(commit.at)) > DATA_FILE_TOUCHED_MS
}
