//! The layer between redb and the disk: the data file, with fault injection for tests. `layout` says where its parts
//! are.

use super::disk_op::{DiskOp, FaultInjector};
use super::file_locks::file_locks;
use super::layout::{FirstPage, Layout, MAGIC, MAGIC_AT, PAGE_BYTES};
use super::options::Options;
use crate::store::store_error::{Difference, StoreError};
use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::ops::{Bound, Range};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// The data file. Clones share it.
#[derive(Clone, Debug)]
pub struct Disk {
    file: Arc<FileBackend>,
    /// The same file, opened again for the journal with O_DSYNC: a write returns once the record is on the disk. The
    /// system reports a failed write to each handle, so neither handle hides an error from the other.
    dsync_file: Option<Arc<File>>,
    /// The same open file, to compare with the file that is now at its path.
    handle: Arc<File>,
    faults: Option<Arc<dyn FaultInjector>>,
    layout: Layout,
    first_page: FirstPage,
    /// This user may not write to it.
    is_read_only: bool,
    /// The first write or sync that failed. Nothing is written after it: after a failed sync, a second sync may
    /// succeed although the data of the first one is lost.
    failure: Arc<OnceLock<ErrorKind>>,
    last_written: Arc<Mutex<LastWritten>>,
    pages_bytes: Arc<AtomicU64>,
}

/// What the file must look like if no other program has written to it.
#[derive(Debug)]
struct LastWritten {
    /// `None` after a failed write.
    first_page: Option<Vec<u8>>,
    len: Option<u64>,
}

impl Disk {
    /// Opens the existing file at `path`.
    pub fn open(path: &Path, options: &Options) -> Result<Disk, StoreError> {
        let (file, handle) = open(OpenOptions::new().read(true).write(true), path, options)?;
        let dsync_file = open_dsync(&handle, path)?;
        Disk::existing(file, handle, dsync_file, options)
    }

    /// Opens the file for reading only. Works without write permission.
    pub fn open_to_read(path: &Path, options: &Options) -> Result<Disk, StoreError> {
        match Disk::open(path, options) {
            Err(error) if error.is_forbidden() => {
                let (file, handle) = open(OpenOptions::new().read(true), path, options)?;
                Ok(Disk {
                    is_read_only: true,
                    ..Disk::existing(file, handle, None, options)?
                })
            }
            opened => opened,
        }
    }

    fn existing(
        file: FileBackend,
        handle: File,
        dsync_file: Option<File>,
        options: &Options,
    ) -> Result<Disk, StoreError> {
        let mut first_page = vec![0; PAGE_BYTES as usize];
        let len = file.len()?;
        if len >= PAGE_BYTES {
            file.read(0, &mut first_page)?;
        }
        let layout = Layout::of(&first_page);
        if layout.journal_bytes > 0 && len <= PAGE_BYTES + layout.reserved_bytes() {
            return Err(StoreError::Damaged("the file was cut off".to_owned()));
        }
        let last_written = LastWritten {
            first_page: Some(first_page),
            len: Some(len),
        };
        Ok(Disk {
            dsync_file: dsync_file.map(Arc::new),
            last_written: Arc::new(Mutex::new(last_written)),
            ..Disk::new(file, handle, options, layout)
        })
    }

    /// Creates a file that has no other readers yet.
    pub fn create(path: &Path, options: &Options) -> Result<Disk, StoreError> {
        let mut how = OpenOptions::new();
        how.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
        let (file, handle) = open(&how, path, options)?;
        let mut head = vec![0; (PAGE_BYTES + Layout::NOW.reserved_bytes()) as usize];
        head[MAGIC_AT..][..MAGIC.len()].copy_from_slice(MAGIC);
        // Write page by page: each later sync makes the system go through as much data as one call wrote here.
        for (page, bytes) in head.chunks(PAGE_BYTES as usize).enumerate() {
            file.write(page as u64 * PAGE_BYTES, bytes)?;
        }
        Ok(Disk::new(file, handle, options, Layout::NOW))
    }

    fn new(file: FileBackend, handle: File, options: &Options, layout: Layout) -> Disk {
        let last_written = LastWritten {
            first_page: None,
            len: None,
        };
        Disk {
            file: Arc::new(file),
            dsync_file: None,
            handle: Arc::new(handle),
            faults: options.faults.clone(),
            layout,
            first_page: FirstPage::First,
            is_read_only: false,
            failure: Arc::default(),
            last_written: Arc::new(Mutex::new(last_written)),
            pages_bytes: Arc::default(),
        }
    }

    /// The same file, read through this copy of the first page.
    pub fn with_first_page(&self, first_page: FirstPage) -> Disk {
        Disk {
            first_page,
            ..self.clone()
        }
    }

    /// Whether this user has no write permission.
    pub fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    /// Formats 1 and 2 have no journal.
    pub fn has_journal(&self) -> bool {
        self.layout.journal_bytes > 0
    }

    /// Whether the file has the current layout.
    pub fn is_current(&self) -> bool {
        self.layout == Layout::NOW
    }

    /// Bytes that redb has written to its pages through this handle.
    pub fn pages_bytes(&self) -> u64 {
        self.pages_bytes.load(Relaxed)
    }

    /// All bytes of the journal.
    pub fn journal(&self) -> io::Result<Vec<u8>> {
        self.before(DiskOp::Read)?;
        let mut bytes = vec![0; self.layout.journal_bytes as usize];
        self.file.read(PAGE_BYTES, &mut bytes)?;
        Ok(bytes)
    }

    /// Writes to the journal and waits until the bytes are on the disk.
    pub fn append_to_journal(&self, at: usize, bytes: &[u8]) -> io::Result<()> {
        let offset = PAGE_BYTES + at as u64;
        let write = DiskOp::Write { offset, bytes };
        let Some(dsync_file) = &self.dsync_file else {
            self.change(write, |file| file.write(offset, bytes))?;
            return self.sync_data();
        };
        self.change(write, |_| {
            let mut file = &**dsync_file;
            file.seek(SeekFrom::Start(offset))?;
            file.write_all(bytes)
        })?;
        let len = bytes.len() as u64;
        // O_DSYNC has already synced the bytes. This call only lets a test inject a fault.
        self.change(DiskOp::SyncPart { offset, len }, |_| Ok(()))
    }

    /// Writes the same bytes to the journal again and waits for the disk. After a kill or a failed sync, they may only
    /// be in the system's memory and look durable without being so.
    pub fn rewrite_journal(&self, spans: &[Range<usize>]) -> io::Result<()> {
        for span in spans {
            let offset = PAGE_BYTES + span.start as u64;
            let mut bytes = vec![0; span.len()];
            self.before(DiskOp::Read)?;
            self.file.read(offset, &mut bytes)?;
            self.write_at(offset, &bytes)?;
        }
        self.sync_data()
    }

    /// Makes the mirror the first page, in a copy whose journal does not follow its first page.
    pub fn adopt_mirror(&self) -> io::Result<()> {
        let mut header = vec![0; MAGIC_AT];
        self.file.read(self.layout.mirror_at(), &mut header)?;
        self.with_first_page(FirstPage::First).write(0, &header)?;
        self.sync_data()
    }

    /// Refuses all writes from now on.
    pub fn poison(&self) {
        let _ = self.failure.set(ErrorKind::Other);
    }

    /// How the file at `path` differs from the one that we last wrote. `None` if it is the same.
    ///
    /// # Errors
    /// The file cannot be examined.
    pub fn difference(&self, path: &Path) -> io::Result<Option<Difference>> {
        self.before(DiskOp::Read)?;
        let at_path = match fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Some(Difference::Removed)),
            about => about?,
        };
        let last_written = self.last_written();
        if last_written
            .len
            .is_some_and(|len| self.file.len().is_ok_and(|found| found != len))
        {
            return Ok(Some(Difference::Overwritten));
        }
        if let Some(expected) = &last_written.first_page {
            let mut found = vec![0; PAGE_BYTES as usize];
            self.file.read(0, &mut found)?;
            if found != *expected {
                return Ok(Some(Difference::Overwritten));
            }
        }
        Ok((!is_same(&self.handle, &at_path)).then_some(Difference::Replaced))
    }

    fn last_written(&self) -> MutexGuard<'_, LastWritten> {
        self.last_written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, op: DiskOp<'_>, change: impl FnOnce(&FileBackend) -> io::Result<()>) -> io::Result<()> {
        if let Some(kind) = self.failure.get() {
            return Err(io::Error::new(*kind, "the disk has failed before"));
        }
        let done = self.before(op).and_then(|()| change(&self.file));
        done.inspect_err(|error| {
            let _ = self.failure.set(error.kind());
        })
    }

    fn before(&self, op: DiskOp<'_>) -> io::Result<()> {
        self.faults.as_ref().map_or(Ok(()), |faults| faults.before(op))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.change(DiskOp::Write { offset, bytes }, |file| file.write(offset, bytes))
    }

    /// Converts redb's `offset` to an offset in the file.
    fn file_offset(&self, offset: u64) -> u64 {
        match (offset < PAGE_BYTES, self.first_page) {
            (true, FirstPage::First) => offset,
            (true, FirstPage::Mirror) => offset + self.layout.mirror_at(),
            (false, _) => offset + self.layout.reserved_bytes(),
        }
    }
}

fn open(how: &OpenOptions, path: &Path, options: &Options) -> Result<(FileBackend, File), StoreError> {
    let faults = options.faults.as_ref();
    faults.map_or(Ok(()), |faults| faults.before(DiskOp::Open))?;
    let file = how.open(path)?;
    let handle = file.try_clone()?;
    Ok((FileBackend::new(file)?, handle))
}

#[cfg(target_os = "linux")]
fn open_dsync(file: &File, path: &Path) -> io::Result<Option<File>> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::DSYNC.bits().cast_signed();
    let dsync_file = OpenOptions::new().write(true).custom_flags(flags).open(path)?;
    match is_same(&dsync_file, &file.metadata()?) {
        true => Ok(Some(dsync_file)),
        false => Err(io::Error::other("another file was put in its place just now")),
    }
}

/// On other systems, O_DSYNC and locks behave too differently.
#[cfg(not(target_os = "linux"))]
fn open_dsync(_: &File, _: &Path) -> io::Result<Option<File>> {
    Ok(None)
}

#[cfg(unix)]
fn is_same(file: &File, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata()
        .is_ok_and(|about| (about.dev(), about.ino()) == (other.dev(), other.ino()))
}

#[cfg(not(unix))]
fn is_same(_: &File, _: &fs::Metadata) -> bool {
    true
}

impl StorageBackend for Disk {
    file_locks!();

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn len(&self) -> io::Result<u64> {
        let len = self.file.len()?;
        let is_new = self.has_journal() && len <= PAGE_BYTES + self.layout.reserved_bytes();
        // redb treats a file that has only the first page as new.
        Ok(if is_new { 0 } else { len - self.layout.reserved_bytes() })
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.before(DiskOp::Read)?;
        self.file.read(self.file_offset(offset), out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let len = len + self.layout.reserved_bytes();
        self.last_written().len = None;
        self.change(DiskOp::Resize { len }, |file| file.set_len(len))?;
        self.last_written().len = Some(len);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.change(DiskOp::Sync, FileBackend::sync_data)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if offset >= PAGE_BYTES {
            self.pages_bytes.fetch_add(data.len() as u64, Relaxed);
            return self.write_at(self.file_offset(offset), data);
        }
        let expected = self.last_written().first_page.take();
        self.write_at(offset, data)?;
        if self.layout.has_mirror {
            self.write_at(self.layout.mirror_at() + offset, data)?;
        }
        if let Some(mut page) = expected {
            page[offset as usize..][..data.len()].copy_from_slice(data);
            self.last_written().first_page = Some(page);
        }
        Ok(())
    }
}
