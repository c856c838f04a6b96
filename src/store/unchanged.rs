//! What need not be written, because the file holds it already.
//!
//! With each commit redb saves which pages of the file are free: a few hundred kilobytes where the file has
//! gigabytes, in one large page, and in turn in the same few places. Little of it is other than what the place
//! held the last time. So what large pages hold is remembered, and of the next one that comes to such a place only
//! the parts that differ are written.

use super::seal::PAGE;
use crate::limits::REMEMBERED_BYTES_MAX;
use std::collections::VecDeque;
use std::ops::Range;

/// So many equal pages between others are written along, for fewer writes and a shorter seal.
const GAP_PAGES_MAX: usize = 4;

struct Remembered {
    offset: u64,
    bytes: Vec<u8>,
    /// No loss of power can change them any more.
    is_synced: bool,
}

impl Remembered {
    fn overlaps(&self, offset: u64, len: usize) -> bool {
        self.offset < offset + len as u64 && offset < self.offset + self.bytes.len() as u64
    }
}

/// The large pages that were written lately, the newest first.
#[derive(Default)]
pub(super) struct Unchanged(VecDeque<Remembered>);

impl Unchanged {
    /// The parts of `data` that are to be written at `offset`, in order.
    pub fn parts_to_write(&self, offset: u64, data: &[u8]) -> Vec<Range<usize>> {
        let same_place = |page: &&Remembered| page.offset == offset && page.bytes.len() == data.len() && page.is_synced;
        match self.0.iter().find(same_place) {
            Some(page) => differences(&page.bytes, data),
            None => std::iter::once(0..data.len()).collect(),
        }
    }

    /// The file holds `data` at `offset` from now on.
    pub fn wrote(&mut self, offset: u64, data: &[u8]) {
        let same_place = |page: &Remembered| page.offset == offset && page.bytes.len() == data.len();
        let mut bytes = match self.0.iter().position(same_place) {
            Some(index) => self.0.remove(index).map(|page| page.bytes).unwrap_or_default(),
            None => Vec::new(),
        };
        self.forget(offset, data.len());
        if data.len() <= PAGE || data.len() > REMEMBERED_BYTES_MAX {
            return;
        }
        bytes.clear();
        bytes.extend_from_slice(data);
        self.0.push_front(Remembered {
            offset,
            bytes,
            is_synced: false,
        });
        while self.0.iter().map(|page| page.bytes.len()).sum::<usize>() > REMEMBERED_BYTES_MAX {
            self.0.pop_back();
        }
    }

    /// All that was written is on the disk.
    pub fn synced(&mut self) {
        self.0.iter_mut().for_each(|page| page.is_synced = true);
    }

    /// What the file holds there is not known any more.
    pub fn forget(&mut self, offset: u64, len: usize) {
        self.0.retain(|page| !page.overlaps(offset, len));
    }

    pub fn forget_all(&mut self) {
        self.0.clear();
    }
}

/// Where `new` differs from `old`, in whole pages.
fn differences(old: &[u8], new: &[u8]) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    for (index, (old, new)) in old.chunks(PAGE).zip(new.chunks(PAGE)).enumerate() {
        if old == new {
            continue;
        }
        let page = index * PAGE..index * PAGE + new.len();
        match parts.last_mut() {
            Some(last) if page.start - last.end <= GAP_PAGES_MAX * PAGE => last.end = page.end,
            _ => parts.push(page),
        }
    }
    parts
}
