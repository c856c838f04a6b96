//! The offsets of the parts of a data file: redb's first page, the journal, the mirror, redb's other pages.
//! `store/FORMAT.md` has every offset and explains their order.

use crate::limits::JOURNAL_BYTES;

/// redb's magic number, with which every data file begins.
pub const REDB_MAGIC: &[u8] = b"redb\x1A\x0A\xA9\x0D\x0A";
/// Bytes of redb's first page.
pub const PAGE_BYTES: u64 = 4096;
pub const MAGIC_AT: usize = 512;
/// The layout of format 5.
pub const MAGIC: &[u8] = b"chapp journal 2\n";
/// The layout of formats 3 and 4: a journal of 1 MiB, and no mirror. Formats 1 and 2 have neither.
const MAGIC_UNTIL_4: &[u8] = b"chapp journal 1\n";
const JOURNAL_BYTES_UNTIL_4: u64 = 1 << 20;

/// The offsets of the parts of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub journal_bytes: u64,
    pub has_mirror: bool,
}

impl Layout {
    pub const NOW: Layout = Layout {
        journal_bytes: JOURNAL_BYTES as u64,
        has_mirror: true,
    };

    pub fn of(first_page: &[u8]) -> Layout {
        let journal_bytes = match first_page.get(MAGIC_AT..MAGIC_AT + MAGIC.len()) {
            Some(MAGIC) => return Layout::NOW,
            Some(MAGIC_UNTIL_4) => JOURNAL_BYTES_UNTIL_4,
            _ => 0,
        };
        Layout {
            journal_bytes,
            has_mirror: false,
        }
    }

    pub fn mirror_at(self) -> u64 {
        PAGE_BYTES + self.journal_bytes
    }

    /// Bytes between redb's first page and its second page.
    pub fn reserved_bytes(self) -> u64 {
        self.journal_bytes + if self.has_mirror { PAGE_BYTES } else { 0 }
    }
}

/// Which copy of redb's first page to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstPage {
    First,
    Mirror,
}
