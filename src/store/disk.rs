//! What lies between redb and the disk: the file itself, with a place for the journal, where tests can break it.

use super::Options;
use super::checkpoint::{Checkpoint, Held};
use super::fault::{Fault, guard};
use crate::limits::JOURNAL_BYTES;
use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::ops::Bound;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::thread;

/// What the store is about to do with the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskAct<'a> {
    /// Open the data file.
    Open,
    /// Read a part of it.
    Read,
    /// Write a part of it.
    Write {
        /// Where it begins.
        offset: u64,
        /// What it becomes.
        bytes: &'a [u8],
    },
    /// Make it longer or shorter.
    Resize {
        /// How long it becomes.
        len: u64,
    },
    /// Wait until all is on the disk.
    Sync,
    /// Wait until a part of it is, which was written just now.
    SyncPart {
        /// Where it begins.
        offset: u64,
        /// How many bytes it has.
        len: u64,
    },
}

impl DiskAct<'_> {
    /// Whether it waits for the disk.
    pub fn is_sync(&self) -> bool {
        matches!(self, DiskAct::Sync | DiskAct::SyncPart { .. })
    }
}

/// Breaks the disk, for tests.
pub trait Faults: fmt::Debug + Send + Sync {
    /// An error makes `act` fail with it, and nothing is done.
    ///
    /// # Errors
    /// Whatever the disk is to answer.
    fn before(&self, act: DiskAct<'_>) -> io::Result<()>;
}

macro_rules! locks_of_the_file {
    () => {
        fn try_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
            self.file.try_lock_range(from, to)
        }

        fn try_lock_shared_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
            self.file.try_lock_shared_range(from, to)
        }

        fn lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
            self.file.lock_range(from, to)
        }

        fn lock_shared_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
            self.file.lock_shared_range(from, to)
        }

        fn unlock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
            self.file.unlock_range(from, to)
        }

        fn query_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
            self.file.query_lock_range(from, to)
        }
    };
}
pub(super) use locks_of_the_file;

/// Bytes that the file is written in where nobody waits.
const BLOCK: u64 = 4096;
/// Bytes of redb's first page, with its header (320 bytes) and our mark.
const FIRST_PAGE_BYTES: u64 = 4096;
/// Says in the first page that the journal follows it. Files of formats 1 and 2 have neither.
const MARK: &[u8] = b"chapp journal 1\n";
const MARK_AT: u64 = 512;

/// The file on the disk: redb's first page, the journal, and all other pages of redb. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Disk {
    file: Arc<FileBackend>,
    /// The same file, opened once more for records of the journal: each is on the disk when it is written. The system
    /// tells of a failure each that has opened the file, so that neither the journal nor a checkpoint takes the news
    /// from the other.
    straight: Option<Arc<File>>,
    faults: Option<Arc<dyn Faults>>,
    /// Bytes of the journal.
    journal: u64,
    /// How something was not written, or did not reach the disk. Then nothing more is: after a sync that failed, a
    /// second one may succeed without what the first one lost.
    failure: Arc<OnceLock<ErrorKind>>,
    checkpoint: Arc<Checkpoint>,
}

impl Disk {
    /// The existing file at `path`.
    pub fn open(path: &Path, options: &Options) -> Result<Disk, Fault> {
        let (file, straight) = open(OpenOptions::new().read(true).write(true), path, options)?;
        let mut mark = [0; MARK.len()];
        if file.len()? >= FIRST_PAGE_BYTES {
            file.read(MARK_AT, &mut mark)?;
        }
        let journal = if mark == MARK { JOURNAL_BYTES as u64 } else { 0 };
        if journal > 0 && file.len()? <= FIRST_PAGE_BYTES + journal {
            return Err(Fault::Damaged("the file was cut off".to_owned()));
        }
        let straight = straight.map(Arc::new);
        let disk = Disk::new(file, options, journal);
        Ok(Disk { straight, ..disk })
    }

    /// A file that is not there yet, for nobody else to read.
    pub fn create(path: &Path, options: &Options) -> Result<Disk, Fault> {
        let mut how = OpenOptions::new();
        how.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
        let (file, _) = open(&how, path, options)?;
        // In blocks, since the system goes through as much with each sync as was written at once here.
        for (block, bytes) in head().chunks(BLOCK as usize).enumerate() {
            file.write(block as u64 * BLOCK, bytes)?;
        }
        Ok(Disk::new(file, options, JOURNAL_BYTES as u64))
    }

    fn new(file: FileBackend, options: &Options, journal: u64) -> Disk {
        Disk {
            file: Arc::new(file),
            straight: None,
            faults: options.faults.clone(),
            journal,
            failure: Arc::default(),
            checkpoint: Arc::default(),
        }
    }

    /// Files of formats 1 and 2 have none.
    pub fn has_journal(&self) -> bool {
        self.journal > 0
    }

    pub fn read_journal(&self, at: usize, out: &mut [u8]) -> io::Result<()> {
        self.before(DiskAct::Read)?;
        self.file.read(FIRST_PAGE_BYTES + at as u64, out)
    }

    pub fn write_journal(&self, at: usize, bytes: &[u8]) -> io::Result<()> {
        let offset = FIRST_PAGE_BYTES + at as u64;
        self.change(DiskAct::Write { offset, bytes }, |file| file.write(offset, bytes))
    }

    /// Writes to the journal what is on the disk when this returns, whatever else is on its way there.
    pub fn append_to_journal(&self, at: usize, bytes: &[u8]) -> io::Result<()> {
        let Some(straight) = &self.straight else {
            self.write_journal(at, bytes)?;
            return self.sync_data();
        };
        let offset = FIRST_PAGE_BYTES + at as u64;
        self.change(DiskAct::Write { offset, bytes }, |_| {
            let mut straight = &**straight;
            straight.seek(SeekFrom::Start(offset))?;
            straight.write_all(bytes)
        })?;
        let len = bytes.len() as u64;
        // It was written so that nothing is left to do.
        self.change(DiskAct::SyncPart { offset, len }, |_| Ok(()))
    }

    /// Holds what redb writes from now on, until [`Disk::write_behind`] or [`Disk::give_up`].
    pub fn hold(&self) {
        self.checkpoint.hold();
    }

    /// Brings what is held to the disk, on a thread of its own where records of the journal need not wait for it.
    /// `done` is called once all of it is there.
    pub fn write_behind(&self, done: impl FnOnce() + Send + 'static) {
        let Some(held) = self.checkpoint.begin() else { return };
        let disk = self.clone();
        let write = move || disk.write_all(held, done);
        if self.straight.is_none() {
            write();
        } else if thread::Builder::new()
            .name("checkpoint".to_owned())
            .spawn(write)
            .is_err()
        {
            self.give_up();
        }
    }

    /// Brings nothing of what is held to the disk, and nothing else any more.
    pub fn give_up(&self) {
        let _ = self.failure.set(ErrorKind::Other);
        self.checkpoint.fail();
    }

    /// Whether a checkpoint is on its way to the disk.
    pub fn is_writing_behind(&self) -> bool {
        self.checkpoint.is_writing()
    }

    /// Waits until none is.
    pub fn wait(&self) {
        self.checkpoint.wait();
    }

    /// Brings to the disk what is held so far, for what cannot be held.
    fn write_held(&self) -> io::Result<()> {
        self.wait();
        if let Some(held) = self.checkpoint.begin() {
            self.write_all(held, || ());
            self.checkpoint.hold();
        }
        self.check()
    }

    fn write_all(&self, held: Arc<Held>, done: impl FnOnce()) {
        let written = guard(|| {
            self.run(&held)?;
            done();
            while let Some(since) = self.checkpoint.go_on() {
                self.run(&since)?;
            }
            Ok(())
        });
        if let Err(fault) = written {
            tracing::warn!(cause = %fault, "a checkpoint failed; all that is in it is in the journal");
            self.give_up();
        }
    }

    fn run(&self, held: &Held) -> io::Result<()> {
        held.run(
            |offset, bytes| self.change(DiskAct::Write { offset, bytes }, |file| file.write(offset, bytes)),
            || self.change(DiskAct::Sync, FileBackend::sync_data),
        )
    }

    fn change(&self, act: DiskAct<'_>, change: impl FnOnce(&FileBackend) -> io::Result<()>) -> io::Result<()> {
        self.check()?;
        let done = self.before(act).and_then(|()| change(&self.file));
        done.inspect_err(|error| {
            let _ = self.failure.set(error.kind());
        })
    }

    fn check(&self) -> io::Result<()> {
        match self.failure.get() {
            Some(kind) => Err(io::Error::new(*kind, "the disk has failed before")),
            None => Ok(()),
        }
    }

    fn before(&self, act: DiskAct<'_>) -> io::Result<()> {
        self.faults.as_ref().map_or(Ok(()), |faults| faults.before(act))
    }

    /// Where in the file is what redb has at `offset`.
    fn place(&self, offset: u64) -> u64 {
        match offset < FIRST_PAGE_BYTES {
            true => offset,
            false => offset + self.journal,
        }
    }
}

/// The file, and the same file for what is to be on the disk when it is written.
fn open(how: &OpenOptions, path: &Path, options: &Options) -> Result<(FileBackend, Option<File>), Fault> {
    let faults = options.faults.as_ref();
    faults.map_or(Ok(()), |faults| faults.before(DiskAct::Open))?;
    let file = how.open(path)?;
    let straight = open_straight(&file, path)?;
    Ok((FileBackend::new(file)?, straight))
}

#[cfg(target_os = "linux")]
fn open_straight(file: &File, path: &Path) -> io::Result<Option<File>> {
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
    let flags = rustix::fs::OFlags::DSYNC.bits().cast_signed();
    let straight = OpenOptions::new().write(true).custom_flags(flags).open(path)?;
    let which = |file: &File| file.metadata().map(|about| (about.dev(), about.ino()));
    match which(file)? == which(&straight)? {
        true => Ok(Some(straight)),
        false => Err(io::Error::other("another file was put in its place just now")),
    }
}

/// Elsewhere locks, or what a sync promises, differ too much to be sure of that.
#[cfg(not(target_os = "linux"))]
fn open_straight(_: &File, _: &Path) -> io::Result<Option<File>> {
    Ok(None)
}

/// What a file begins with before redb has written anything: a first page with our mark, and an empty journal.
fn head() -> Vec<u8> {
    let mut head = vec![0; FIRST_PAGE_BYTES as usize + JOURNAL_BYTES];
    head[MARK_AT as usize..][..MARK.len()].copy_from_slice(MARK);
    head
}

/// Copies a file of format 1 or 2 to `to`, with a journal.
pub(super) fn copy_with_journal(from: &mut File, to: &mut File) -> io::Result<()> {
    let mut head = head();
    from.read_exact(&mut head[..MARK_AT as usize])?;
    from.seek(SeekFrom::Start(FIRST_PAGE_BYTES))?;
    to.write_all(&head)?;
    io::copy(from, to).map(drop)
}

impl StorageBackend for Disk {
    locks_of_the_file!();

    fn close(&self) -> io::Result<()> {
        // Afterwards somebody else may write to it.
        self.wait();
        self.file.close()
    }

    fn len(&self) -> io::Result<u64> {
        let len = self.file.len()?;
        let is_new = self.has_journal() && len <= FIRST_PAGE_BYTES + self.journal;
        // To redb, what has no page but the first is not there yet.
        Ok(if is_new { 0 } else { len - self.journal })
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.before(DiskAct::Read)?;
        let offset = self.place(offset);
        self.checkpoint.read(offset, out, |out| self.file.read(offset, out))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.write_held()?;
        let len = len + self.journal;
        self.change(DiskAct::Resize { len }, |file| file.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.checkpoint.holds_sync() {
            return self.check();
        }
        self.change(DiskAct::Sync, FileBackend::sync_data)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let offset = self.place(offset);
        if self.checkpoint.holds_write(offset, data) {
            return self.check();
        }
        self.change(DiskAct::Write { offset, bytes: data }, |file| file.write(offset, data))
    }
}
