//! What lies between redb and the disk: the file itself, with a place for the journal, where tests can break it,
//! and a look at a file that writes nothing to it.

use super::Options;
use super::fault::Fault;
use crate::limits::JOURNAL_BYTES;
use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::ops::Bound;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

        fn close(&self) -> io::Result<()> {
            self.file.close()
        }
    };
}

/// Bytes of redb's first page, with its header (320 bytes) and our mark.
const FIRST_PAGE_BYTES: u64 = 4096;
/// Says in the first page that the journal follows it. Files of formats 1 and 2 have neither.
const MARK: &[u8] = b"chapp journal 1\n";
const MARK_AT: u64 = 512;

/// The file on the disk: redb's first page, the journal, and all other pages of redb. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Disk {
    file: Arc<FileBackend>,
    faults: Option<Arc<dyn Faults>>,
    /// Bytes of the journal.
    journal: u64,
    /// Something was not written, or did not reach the disk. Then nothing more is: after a sync that failed, a second
    /// one may succeed without what the first one lost.
    has_failed: Arc<AtomicBool>,
}

impl Disk {
    /// The existing file at `path`.
    pub fn open(path: &Path, options: &Options) -> Result<Disk, Fault> {
        let file = open(OpenOptions::new().read(true).write(true), path, options)?;
        let mut mark = [0; MARK.len()];
        if file.len()? >= FIRST_PAGE_BYTES {
            file.read(MARK_AT, &mut mark)?;
        }
        let journal = if mark == MARK { JOURNAL_BYTES as u64 } else { 0 };
        if journal > 0 && file.len()? <= FIRST_PAGE_BYTES + journal {
            return Err(Fault::Damaged("the file was cut off".to_owned()));
        }
        Ok(Disk::new(file, options, journal))
    }

    /// A file that is not there yet, for nobody else to read.
    pub fn create(path: &Path, options: &Options) -> Result<Disk, Fault> {
        let mut how = OpenOptions::new();
        how.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
        let file = open(&how, path, options)?;
        // In blocks, since the system goes through as much with each sync as was written at once here.
        for (block, bytes) in head().chunks(BLOCK as usize).enumerate() {
            file.write(block as u64 * BLOCK, bytes)?;
        }
        Ok(Disk::new(file, options, JOURNAL_BYTES as u64))
    }

    fn new(file: FileBackend, options: &Options, journal: u64) -> Disk {
        Disk {
            file: Arc::new(file),
            faults: options.faults.clone(),
            journal,
            has_failed: Arc::default(),
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

    fn change(&self, act: DiskAct<'_>, change: impl FnOnce(&FileBackend) -> io::Result<()>) -> io::Result<()> {
        if self.has_failed.load(Relaxed) {
            return Err(io::Error::other("the disk has failed before"));
        }
        let done = self.before(act).and_then(|()| change(&self.file));
        done.inspect_err(|_| self.has_failed.store(true, Relaxed))
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

fn open(how: &OpenOptions, path: &Path, options: &Options) -> Result<FileBackend, Fault> {
    let faults = options.faults.as_ref();
    faults.map_or(Ok(()), |faults| faults.before(DiskAct::Open))?;
    Ok(FileBackend::new(how.open(path)?)?)
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

    fn len(&self) -> io::Result<u64> {
        let len = self.file.len()?;
        let is_new = self.has_journal() && len <= FIRST_PAGE_BYTES + self.journal;
        // To redb, what has no page but the first is not there yet.
        Ok(if is_new { 0 } else { len - self.journal })
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.before(DiskAct::Read)?;
        self.file.read(self.place(offset), out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let len = len + self.journal;
        self.change(DiskAct::Resize { len }, |file| file.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.change(DiskAct::Sync, FileBackend::sync_data)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let offset = self.place(offset);
        self.change(DiskAct::Write { offset, bytes: data }, |file| file.write(offset, data))
    }
}

const BLOCK: u64 = 4096;

/// A file whose writes stay in memory, so that redb can recover and check it and leave it alone.
#[derive(Debug)]
pub(super) struct Glass {
    file: Disk,
    drawn: Mutex<Drawn>,
}

#[derive(Debug)]
struct Drawn {
    len: u64,
    /// Up to here the file shows through; what was cut off does not come back.
    through: u64,
    blocks: BTreeMap<u64, Vec<u8>>,
}

impl Glass {
    pub fn new(file: Disk) -> Result<Glass, Fault> {
        let len = file.len()?;
        let drawn = Mutex::new(Drawn {
            len,
            through: len,
            blocks: BTreeMap::new(),
        });
        Ok(Glass { file, drawn })
    }

    fn drawn(&self) -> MutexGuard<'_, Drawn> {
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One block as it is now.
    fn block(&self, drawn: &Drawn, number: u64) -> io::Result<Vec<u8>> {
        if let Some(block) = drawn.blocks.get(&number) {
            return Ok(block.clone());
        }
        let mut block = vec![0; BLOCK as usize];
        let from = number * BLOCK;
        let visible = drawn.through.saturating_sub(from).min(BLOCK) as usize;
        if visible > 0 {
            self.file.read(from, &mut block[..visible])?;
        }
        Ok(block)
    }
}

/// The blocks under `len` bytes from `offset`: number, where in the block, where in the bytes.
fn pieces(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset + done as u64;
        let inside = (at % BLOCK) as usize;
        let piece = (len - done).min(BLOCK as usize - inside);
        let bytes = done..done + piece;
        done += piece;
        (piece > 0).then_some((at / BLOCK, inside, bytes))
    })
}

impl StorageBackend for Glass {
    locks_of_the_file!();

    fn len(&self) -> io::Result<u64> {
        Ok(self.drawn().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let drawn = self.drawn();
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > drawn.len) {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        for (number, inside, bytes) in pieces(offset, out.len()) {
            let block = self.block(&drawn, number)?;
            let piece = bytes.len();
            out[bytes].copy_from_slice(&block[inside..inside + piece]);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut drawn = self.drawn();
        drawn.len = len;
        drawn.through = drawn.through.min(len);
        drop(drawn.blocks.split_off(&len.div_ceil(BLOCK)));
        if let Some(last) = drawn.blocks.get_mut(&(len / BLOCK)) {
            last[(len % BLOCK) as usize..].fill(0);
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut drawn = self.drawn();
        for (number, inside, bytes) in pieces(offset, data.len()) {
            let mut block = self.block(&drawn, number)?;
            block[inside..inside + bytes.len()].copy_from_slice(&data[bytes]);
            drawn.blocks.insert(number, block);
        }
        drawn.len = drawn.len.max(offset + data.len() as u64);
        Ok(())
    }
}
