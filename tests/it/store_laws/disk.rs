//! A disk that loses power: of the writes since the last sync, any part may survive, in any order and torn at
//! sector boundaries.

use super::world::Rng;
use chapp::store::{DiskOp, FaultInjector, Options};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// The unit that a disk writes atomically, in bytes.
const SECTOR: usize = 512;

/// Sits between the store and its file. The file shows what the running system sees; this tracks what the disk
/// under it holds.
#[derive(Debug, Default)]
pub struct Disk(Mutex<State>);

/// The disk at one moment.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The image that survives every loss of power.
    synced: Vec<u8>,
    /// The operations since the last sync, in order.
    pending: Vec<DiskWrite>,
    /// Operations until the power goes.
    ops: Option<u64>,
    is_off: bool,
    ignores_syncs: bool,
    /// The next sync fails, and its writes never reach the disk, though the file shows them.
    fails_a_sync: bool,
    /// The part of its journal that the store uses, if not all of it.
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

    /// Whether this sync covers it.
    fn is_in(&self, sync: DiskOp<'_>) -> bool {
        let DiskOp::SyncPart { offset, len } = sync else {
            return true;
        };
        match self {
            DiskWrite::Resize(_) => false,
            DiskWrite::Write(at, bytes) => (offset..offset + len).contains(&(*at as u64)) && bytes.len() as u64 <= len,
        }
    }

    /// Its parts, each written atomically.
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

    /// Limits the journal to this many bytes from the next opening on.
    pub fn shorten_journal(&self, bytes: Option<usize>) {
        self.0.lock().unwrap().journal_bytes = bytes;
    }

    /// Acknowledges syncs without performing them.
    pub fn ignore_syncs(&self) {
        self.0.lock().unwrap().ignores_syncs = true;
    }

    /// Cuts the power after this many more writes and syncs, in the middle of the next one.
    pub fn fail_after(&self, ops: u64) {
        self.0.lock().unwrap().ops = Some(ops);
    }

    /// Makes the next sync fail as it does on a faulty disk: the system shows the written data and forgets that it is
    /// not on the disk.
    pub fn fail_a_sync(&self) {
        self.0.lock().unwrap().fails_a_sync = true;
    }

    pub fn is_off(&self) -> bool {
        self.0.lock().unwrap().is_off
    }

    pub fn moment(&self) -> State {
        self.0.lock().unwrap().clone()
    }

    /// Restores the power; `file` gets what a loss at this moment may have left.
    pub fn restart(&self, moment: &State, rng: &mut Rng, file: &Path) {
        self.restart_with(moment.left(rng), file);
    }

    /// Restores the power; `file` gets this image.
    pub fn restart_with(&self, image: Vec<u8>, file: &Path) {
        std::fs::write(file, &image).unwrap();
        // The file beside it would belong to another image.
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
    /// A random image that a loss of power may leave.
    fn left(&self, rng: &mut Rng) -> Vec<u8> {
        let mut image = self.synced.clone();
        let mut kept: Vec<DiskWrite> = match rng.below(6) {
            0 => return image,
            // Everything survives: half the time in order, as after a kill.
            1 => self.pending.clone(),
            // A prefix, up to a sector.
            2 => {
                let parts: Vec<DiskWrite> = self.pending.iter().flat_map(DiskWrite::sectors).collect();
                let count = rng.below(parts.len() as u64 + 1) as usize;
                parts.into_iter().take(count).collect()
            }
            // Some or most of the whole writes, or of their sectors.
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
            // The length of the file is metadata, which the failed sync does not lose.
            state
                .pending
                .retain(|done| matches!(done, DiskWrite::Resize(_)) || !done.is_in(op));
            return off();
        }
        let is_last = state.ops == Some(0);
        state.ops = state.ops.map(|ops| ops.saturating_sub(1));
        match done {
            // A part of the last write may survive too.
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
