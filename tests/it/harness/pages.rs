//! A data file opened with redb alone, to inspect and change its tables.

use redb::backends::FileBackend;
use redb::{Database, StorageBackend};
use std::fs::OpenOptions;
use std::io;
use std::ops::Range;
use std::path::Path;

/// The range of the journal and the mirror in the file, which redb does not know.
pub const JOURNAL: Range<u64> = 4096..4096 + (2 << 20) + 4096;

/// The file without its journal and its mirror.
#[derive(Debug)]
struct Pages(FileBackend);

const JOURNAL_BYTES: u64 = JOURNAL.end - JOURNAL.start;

fn file_offset(offset: u64) -> u64 {
    if offset < JOURNAL.start {
        offset
    } else {
        offset + JOURNAL_BYTES
    }
}

impl StorageBackend for Pages {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.len()? - JOURNAL_BYTES)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(file_offset(offset), out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len + JOURNAL_BYTES)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(file_offset(offset), data)
    }
}

/// Opens it with redb alone.
pub fn open_pages(path: &Path) -> Database {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let pages = Pages(FileBackend::new(file).unwrap());
    Database::builder().create_with_backend(pages).unwrap()
}
