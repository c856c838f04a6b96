//! A disk that loses power: what was written since the last sync is there in part, in any order, and
//! torn where sectors end.

use super::world::Rng;
use chapp::store::{DiskOp, FaultInjector, Options};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Bytes that a disk writes all or none of.
const SECTOR: usize = 512;

/// Stands between the store and its file. The file shows what the running system sees; this knows what
/// the disk under it holds.
#[derive(Debug, Default)]
pub struct Disk(Mutex<State>);

/// The disk at one moment.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// What every loss of power leaves.
    synced: Vec<u8>,
    /// What was done since, in order.
    pending: Vec<DiskWrite>,
    /// How many more acts go well; then the power is gone.
    ops: Option<u64>,
    is_off: bool,
    ignores_syncs: bool,
    /// The next sync fails, and what it was for never reaches the disk, though the file shows it.
    fails_a_sync: bool,
    /// What the store uses of its journal, where that is not all.
    journal_bytes: Option<usize>,
}

#[derive(Clone, Debug)]
enum DiskWrite {
    Write(usize, Vec<u8>),
    Resize(usize),
}

impl DiskWrite {
    fn apply(&self, image: &mut Vec<u8>) {
        match self {
            DiskWrite::Resize(len) => image.resize(*len, 0),
            DiskWrite::Write(offset, bytes) => {
                let end = offset + bytes.len();
                if image.len() < end {
                    image.resize(end, 0);
                }
                image[*offset..end].copy_from_slice(bytes);
            }
        }
    }

    /// Whether this sync is for it.
    fn is_in(&self, sync: DiskOp<'_>) -> bool {
        let DiskOp::SyncPart { offset, len } = sync else {
            return true;
        };
        match self {
            DiskWrite::Resize(_) => false,
            DiskWrite::Write(at, bytes) => (offset..offset + len).contains(&(*at as u64)) && bytes.len() as u64 <= len,
        }
    }

    /// Its parts, each of which is written all or not at all.
    fn sectors(&self) -> Vec<DiskWrite> {
        let DiskWrite::Write(offset, bytes) = self else {
            return vec![self.clone()];
        };
        let (mut parts, mut done) = (Vec::new(), 0);
        while done < bytes.len() {
            let at = offset + done;
            let piece = (SECTOR - at % SECTOR).min(bytes.len() - done);
            parts.push(DiskWrite::Write(at, bytes[done..done + piece].to_vec()));
            done += piece;
        }
        parts
    }
}

impl Disk {
    pub fn options(self: &Arc<Disk>) -> Options {
        let options = Options::default();
        Options {
            faults: Some(self.clone()),
            journal_bytes: self.0.lock().unwrap().journal_bytes.unwrap_or(options.journal_bytes),
            ..options
        }
    }

    /// Lets the store use only so much of its journal, from when it is opened the next time.
    pub fn shorten_journal(&self, bytes: Option<usize>) {
        self.0.lock().unwrap().journal_bytes = bytes;
    }

    /// Acknowledges syncs and does nothing.
    pub fn ignore_syncs(&self) {
        self.0.lock().unwrap().ignores_syncs = true;
    }

    /// The power goes after so many more writes and syncs, in the middle of the next one.
    pub fn fail_after(&self, ops: u64) {
        self.0.lock().unwrap().ops = Some(ops);
    }

    /// The next sync fails, as it does for a disk with an error: the system shows what was written, and forgets that
    /// it is not on the disk.
    pub fn fail_a_sync(&self) {
        self.0.lock().unwrap().fails_a_sync = true;
    }

    pub fn is_off(&self) -> bool {
        self.0.lock().unwrap().is_off
    }

    pub fn moment(&self) -> State {
        self.0.lock().unwrap().clone()
    }

    /// The power is back, and `file` holds what a loss at this moment may have left.
    pub fn restart(&self, moment: &State, rng: &mut Rng, file: &Path) {
        self.restart_with(moment.left(rng), file);
    }

    /// The power is on, and `file` holds this.
    pub fn restart_with(&self, image: Vec<u8>, file: &Path) {
        std::fs::write(file, &image).unwrap();
        // What is beside it goes as well.
        let _ = std::fs::remove_file(file.with_file_name(".data.redb.last-commit"));
        let mut state = self.0.lock().unwrap();
        *state = State {
            synced: image,
            ignores_syncs: state.ignores_syncs,
            journal_bytes: state.journal_bytes,
            ..State::default()
        };
    }
}

impl State {
    /// One of the many things that a loss of power may leave.
    fn left(&self, rng: &mut Rng) -> Vec<u8> {
        let mut image = self.synced.clone();
        let mut kept: Vec<DiskWrite> = match rng.below(6) {
            0 => return image,
            // To the file, a kill.
            1 => self.pending.clone(),
            // In the order of writing, up to a sector.
            2 => {
                let parts: Vec<DiskWrite> = self.pending.iter().flat_map(DiskWrite::sectors).collect();
                let count = rng.below(parts.len() as u64 + 1) as usize;
                parts.into_iter().take(count).collect()
            }
            // Whole writes, or sectors, some or most of them.
            3 => self.pending.iter().filter(|_| rng.below(2) == 0).cloned().collect(),
            4 => self
                .pending
                .iter()
                .flat_map(DiskWrite::sectors)
                .filter(|_| rng.below(2) == 0)
                .collect(),
            _ => self
                .pending
                .iter()
                .flat_map(DiskWrite::sectors)
                .filter(|_| rng.below(12) > 0)
                .collect(),
        };
        if rng.below(2) == 0 {
            for end in (1..kept.len()).rev() {
                kept.swap(end, rng.below(end as u64 + 1) as usize);
            }
        }
        kept.iter().for_each(|done| done.apply(&mut image));
        image
    }
}

impl FaultInjector for Disk {
    fn before(&self, op: DiskOp<'_>) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        let off = || Err(io::Error::from_raw_os_error(5));
        if state.is_off {
            return off();
        }
        let done = match op {
            DiskOp::Open | DiskOp::Read => return Ok(()),
            DiskOp::Write { offset, bytes } => Some(DiskWrite::Write(offset as usize, bytes.to_vec())),
            DiskOp::Resize { len } => Some(DiskWrite::Resize(len as usize)),
            DiskOp::Sync | DiskOp::SyncPart { .. } => None,
        };
        if op.is_sync() && std::mem::take(&mut state.fails_a_sync) {
            // How long the file is, the system keeps elsewhere.
            state
                .pending
                .retain(|done| matches!(done, DiskWrite::Resize(_)) || !done.is_in(op));
            return off();
        }
        let is_last = state.ops == Some(0);
        state.ops = state.ops.map(|ops| ops.saturating_sub(1));
        match done {
            // Also of the last write something may be there.
            Some(done) => state.pending.push(done),
            None if !is_last && !state.ignores_syncs => {
                let State { synced, pending, .. } = &mut *state;
                let (now, later) = std::mem::take(pending).into_iter().partition(|done| done.is_in(op));
                *pending = later;
                Vec::into_iter(now).for_each(|done: DiskWrite| done.apply(synced));
            }
            None => {}
        }
        if is_last {
            state.is_off = true;
            return off();
        }
        Ok(())
    }
}
