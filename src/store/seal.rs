//! A commit in one sync, that opens at once after a crash.
//!
//! With quick repair redb commits in two phases: all pages and a new commit slot, a sync; then one bit of the
//! header, which makes the slot the valid one, and a sync. Here the first of the two syncs is left out. In the
//! same write as that bit goes a *seal*: which pages the commit has written, and their checksums. When the file
//! is opened after a crash, the last commit counts if every page that its seal names is there. If one is not, the
//! power went during the one sync, nobody was told of the commit, and the one before it counts: redb overwrites
//! none of its pages until the next commit is done.
//!
//! A commit whose seal has no room for all its pages, one that makes the file longer or shorter, and the first
//! one after opening are made in two phases, and sealed as such. Seals lie behind redb's header (320 bytes) in the
//! first page of the file, one for each of its two commit slots, each in sectors of its own. Whoever closes the file
//! properly takes them away. Without a seal, as redb leaves it, a file is what its header says.
//!
//! The offsets are those of redb's file format 3, by which the crate's version is pinned.

use super::codec;
use super::disk::{Disk, locks_of_the_file};
use super::fault::Fault;
use super::unchanged::Unchanged;
use crate::limits::SEALED_BYTES_MAX;
use redb::{BackendError, StorageBackend};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::ops::{Bound, Range};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes of a page of redb.
pub(super) const PAGE: usize = 4096;
const HEADER: Range<usize> = 0..320;
/// What every data file begins with.
pub(super) const MAGIC: &[u8] = b"redb\x1A\x0A\xA9\x0D\x0A";
/// The bits: which slot is valid, whether the file was not closed, whether the commit had two phases.
const FLAGS: usize = MAGIC.len();
const SECOND: u8 = 1;
const UNCLEAN: u8 = 2;
const TWO_PHASES: u8 = 4;
const SLOTS: [Range<usize>; 2] = [64..192, 192..320];
/// In a slot: the number of its commit, before the checksum.
const COMMIT: Range<usize> = 104..112;
/// The checksum at the end of a slot, by which a seal names it.
const SLOT_NAME_BYTES: usize = 16;
/// Each begins with a sector, and has its length in front.
const SEALS: [Range<usize>; 2] = [512..2048, 2048..3584];
const LENGTH_BYTES: usize = 2;

type Page = [u8; PAGE];

/// What a seal says.
#[derive(Deserialize, Serialize)]
struct Seal {
    /// The checksum of the commit slot that it belongs to.
    slot: [u8; SLOT_NAME_BYTES],
    /// What the commit has written; nothing where all of it was synced before it became valid.
    written: Option<Vec<Written>>,
}

/// Pages that were written together, and how.
#[derive(Deserialize, Serialize)]
struct Written {
    /// Pages after the end of those before.
    skipped: u64,
    pages: u64,
    crc32c: u32,
}

fn valid_slot(page: &[u8]) -> usize {
    usize::from(page[FLAGS] & SECOND != 0)
}

fn slot_name(page: &[u8], slot: usize) -> [u8; SLOT_NAME_BYTES] {
    let mut name = [0; SLOT_NAME_BYTES];
    name.copy_from_slice(&page[SLOTS[slot].end - SLOT_NAME_BYTES..SLOTS[slot].end]);
    name
}

/// The number that redb gives the commit in a slot.
fn commit_of(page: &Page, slot: usize) -> u64 {
    let bytes = page[SLOTS[slot].clone()][COMMIT].iter().rev();
    bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
}

impl Seal {
    /// The seal of a slot, if it has one.
    fn of(page: &Page, slot: usize) -> Option<Seal> {
        let (length, rest) = page[SEALS[slot].clone()].split_first_chunk::<LENGTH_BYTES>()?;
        let seal: Seal = codec::unseal(rest.get(..u16::from_le_bytes(*length).into())?).ok()?;
        (seal.slot == slot_name(page, slot)).then_some(seal)
    }

    /// Its bytes, if it has room.
    fn bytes(&self) -> Option<Vec<u8>> {
        let row = codec::seal(self).ok()?;
        let length = u16::try_from(row.len()).ok()?;
        let bytes = [&length.to_le_bytes()[..], &row].concat();
        (bytes.len() <= SEALS[0].len()).then_some(bytes)
    }

    /// Whether all that it names is there.
    fn is_whole(&self, file: &impl StorageBackend) -> io::Result<bool> {
        let (len, mut at) = (file.len()?, 0_u64);
        for written in self.written.iter().flatten() {
            let start = written
                .skipped
                .checked_add(at)
                .and_then(|page| page.checked_mul(PAGE as u64));
            let bytes = written.pages.checked_mul(PAGE as u64);
            let (Some(start), Some(bytes)) = (start, bytes) else {
                return Ok(false);
            };
            if bytes > SEALED_BYTES_MAX as u64 || start.checked_add(bytes).is_none_or(|end| end > len) {
                return Ok(false);
            }
            let mut found = vec![0; bytes as usize];
            file.read(start, &mut found)?;
            if crc32c::crc32c(&found) != written.crc32c {
                return Ok(false);
            }
            at += written.skipped + written.pages;
        }
        Ok(true)
    }
}

/// Makes the commit before the last one valid, where the last one is not whole, and tells whether it did. For a
/// file that redb has not opened yet.
pub(super) fn settle(file: &impl StorageBackend) -> Result<bool, Fault> {
    let mut page = [0; PAGE];
    if file.len()? < PAGE as u64 {
        return Ok(false);
    }
    file.read(0, &mut page)?;
    let is_in_question = page.starts_with(MAGIC) && page[FLAGS] & (UNCLEAN | TWO_PHASES) == UNCLEAN | TWO_PHASES;
    let slot = valid_slot(&page);
    // Who sealed the one before would have sealed this one: else it is not ours to judge. Where the other slot is
    // newer, it is a commit that did not come to its end, and the valid one was synced before it began.
    let is_last = commit_of(&page, slot) > commit_of(&page, 1 - slot);
    if !is_in_question || !is_last || Seal::of(&page, 1 - slot).is_none() {
        return Ok(false);
    }
    let is_whole = Seal::of(&page, slot).map_or(Ok(false), |seal| seal.is_whole(file))?;
    if !is_whole {
        page[FLAGS] ^= SECOND;
        file.write(0, &page[HEADER])?;
        file.sync_data()?;
    }
    Ok(!is_whole)
}

enum Stage {
    /// Nothing of a commit is under way that has to be known.
    Quiet,
    /// The new slot is written, and may not be the valid one yet.
    Prepared,
    /// All that is not synced has this seal.
    Sealed(Vec<u8>),
    /// All is synced, and sealed so.
    Synced,
    /// The new slot is the valid one, with a seal; this was the first page before.
    Valid(Box<Page>),
}

struct State {
    /// The first page, as it is in the file.
    page: Box<Page>,
    stage: Stage,
    /// What was written since the last sync: where, how many bytes, and their checksum.
    written: BTreeMap<u64, (usize, u32)>,
    unchanged: Unchanged,
    /// There is more to the commit than what was written, or less.
    has_more: bool,
    /// The valid commit has a seal.
    is_sealed: bool,
}

/// Knows when a commit begins.
#[derive(Clone)]
pub(super) struct Sealer(Arc<Mutex<State>>);

impl Sealer {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What redb has written until now, to have room in its memory, may be no page of the commit any more.
    pub fn commit_begins(&self) {
        let mut state = self.state();
        state.has_more = !state.written.is_empty();
    }
}

/// The file, with its commits sealed.
pub(super) struct SealedDisk {
    file: Disk,
    sealer: Sealer,
}

impl std::fmt::Debug for SealedDisk {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.file.fmt(formatter)
    }
}

impl SealedDisk {
    /// A file that is there, once its last commit is certain.
    pub fn new(file: Disk) -> Result<SealedDisk, Fault> {
        if settle(&file)? {
            tracing::warn!("the power went during a commit, of which nobody was told: the one before it counts");
        }
        let mut page = Box::new([0; PAGE]);
        let len = usize::try_from(file.len()?).unwrap_or(PAGE).min(PAGE);
        file.read(0, &mut page[..len])?;
        let state = State {
            page,
            stage: Stage::Quiet,
            written: BTreeMap::new(),
            unchanged: Unchanged::default(),
            has_more: false,
            is_sealed: false,
        };
        let sealer = Sealer(Arc::new(Mutex::new(state)));
        Ok(SealedDisk { file, sealer })
    }

    pub fn sealer(&self) -> Sealer {
        self.sealer.clone()
    }
}

impl State {
    /// The seal of the slot that is not valid yet, for what was written since the last sync.
    fn seal(&self) -> Option<Vec<u8>> {
        let bytes: usize = self.written.values().map(|(bytes, _)| bytes).sum();
        if self.has_more || !self.is_sealed || bytes > SEALED_BYTES_MAX {
            return None;
        }
        let (mut written, mut at) = (Vec::with_capacity(self.written.len()), 0);
        for (offset, (bytes, crc32c)) in &self.written {
            let (first, pages) = (offset / PAGE as u64, (bytes / PAGE) as u64);
            written.push(Written {
                skipped: first.checked_sub(at)?,
                pages,
                crc32c: *crc32c,
            });
            at = first + pages;
        }
        let slot = slot_name(&self.page[..], 1 - valid_slot(&self.page[..]));
        let written = Some(written);
        Seal { slot, written }.bytes()
    }

    fn put_seal(&mut self, slot: usize, seal: &[u8]) {
        let place = &mut self.page[SEALS[slot].clone()];
        place.fill(0);
        place[..seal.len()].copy_from_slice(seal);
    }

    /// Brings down all that was written, and says so in the seal of the commit that is named by `slot`.
    fn sync_and_seal(&mut self, file: &Disk, slot: usize, name: [u8; SLOT_NAME_BYTES]) -> io::Result<()> {
        let seal = Seal {
            slot: name,
            written: None,
        };
        self.put_seal(slot, &seal.bytes().ok_or(io::ErrorKind::InvalidData)?);
        file.write(0, &self.page[..])?;
        self.sync(file)?;
        self.is_sealed = true;
        Ok(())
    }

    fn sync(&mut self, file: &Disk) -> io::Result<()> {
        if let Err(error) = file.sync_data() {
            self.unchanged.forget_all();
            return Err(error);
        }
        self.unchanged.synced();
        self.written.clear();
        self.has_more = false;
        Ok(())
    }

    /// Does what was left out, before something comes that is no commit's end.
    fn catch_up(&mut self, file: &Disk) -> io::Result<()> {
        if let Stage::Sealed(_) = self.stage {
            self.stage = Stage::Quiet;
            self.sync(file)?;
        }
        Ok(())
    }

    fn write_header(&mut self, file: &Disk, header: &[u8]) -> io::Result<()> {
        let (before, after) = (valid_slot(&self.page[..]), valid_slot(header));
        let is_same = |range: Range<usize>| self.page[range.clone()] == header[range];
        let is_rest_same = is_same(0..FLAGS) && is_same(FLAGS + 1..SLOTS[0].start);
        let is_slot_same = [is_same(SLOTS[0].clone()), is_same(SLOTS[1].clone())];
        let flipped = (self.page[FLAGS] ^ SECOND) | TWO_PHASES;
        let is_commit = is_rest_same && is_slot_same == [true, true] && header[FLAGS] == flipped;
        match std::mem::replace(&mut self.stage, Stage::Quiet) {
            Stage::Sealed(seal) if is_commit => {
                let old = self.page.clone();
                self.put_seal(after, &seal);
                self.page[HEADER].copy_from_slice(header);
                self.stage = Stage::Valid(old);
                return file.write(0, &self.page[..]);
            }
            Stage::Synced if is_commit => {}
            stage => {
                self.stage = stage;
                self.catch_up(file)?;
                self.stage = Stage::Quiet;
                if before != after || !is_slot_same[after] {
                    self.sync_and_seal(file, after, slot_name(header, after))?;
                } else if header[FLAGS] == self.page[FLAGS] && !is_slot_same[1 - after] {
                    self.stage = Stage::Prepared;
                    self.has_more |= !is_rest_same;
                }
            }
        }
        self.page[HEADER].copy_from_slice(header);
        if header[FLAGS] & UNCLEAN == 0 {
            self.page[SEALS[0].start..SEALS[1].end].fill(0);
            self.is_sealed = false;
            return file.write(0, &self.page[..]);
        }
        file.write(0, header)
    }

    fn sync_as_asked(&mut self, file: &Disk) -> io::Result<()> {
        match std::mem::replace(&mut self.stage, Stage::Quiet) {
            Stage::Prepared => {
                if let Some(seal) = self.seal() {
                    self.stage = Stage::Sealed(seal);
                    return Ok(());
                }
                let slot = 1 - valid_slot(&self.page[..]);
                let name = slot_name(&self.page[..], slot);
                self.sync_and_seal(file, slot, name)?;
                self.stage = Stage::Synced;
                Ok(())
            }
            Stage::Valid(before) => self.sync(file).inspect_err(|_| {
                // What the disk did not take is not to be found there by whoever opens the file again.
                self.page = before;
                let _ = file.write(0, &self.page[..]);
            }),
            _ => {
                self.stage = Stage::Quiet;
                self.sync(file)
            }
        }
    }
}

impl StorageBackend for SealedDisk {
    locks_of_the_file!();

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.sealer.state();
        state.catch_up(&self.file)?;
        state.unchanged.forget_all();
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.sealer.state().sync_as_asked(&self.file)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.sealer.state();
        if offset == 0 && data.len() == HEADER.len() {
            return state.write_header(&self.file, data);
        }
        state.catch_up(&self.file)?;
        if offset == 0 || !data.len().is_multiple_of(PAGE) {
            state.has_more = true;
        }
        for part in state.unchanged.parts_to_write(offset, data) {
            let (at, part) = (offset + part.start as u64, &data[part]);
            state.written.insert(at, (part.len(), crc32c::crc32c(part)));
            self.file
                .write(at, part)
                .inspect_err(|_| state.unchanged.forget_all())?;
        }
        state.unchanged.wrote(offset, data);
        Ok(())
    }
}
