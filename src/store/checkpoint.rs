//! A checkpoint that nobody waits for.
//!
//! Now and then redb makes durable what it has in its memory: hundreds of pages, which in a large file lie far apart,
//! so that the disk takes its time. All that is in them is in the journal already. So what redb writes, and where it
//! syncs, is held in memory until its commit is done; then a thread does all of that on the disk, in the same order,
//! while the journal goes on behind the records that are on their way into the pages.
//!
//! Until it is done the disk has the file of the checkpoint before, and the journal from there on. That stays whole
//! because nothing else is written to any page meanwhile: what redb writes then is held as well, up to a limit, and
//! comes after it; whoever syncs, or writes more, waits for the end. What is read comes from what is held where it is
//! there. After a failure it stays there, and nothing is written any more until the file is opened again.

use crate::limits::{CHECKPOINT_LATER_BYTES_MAX, CHECKPOINT_WRITES_AT_ONCE};
use std::io;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// What is to be done to the file.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Write { offset: u64, bytes: Vec<u8> },
    Sync,
}

impl Step {
    fn place(&self) -> Option<Range<u64>> {
        match self {
            Step::Write { offset, bytes } => Some(*offset..offset + bytes.len() as u64),
            Step::Sync => None,
        }
    }
}

/// What is held, in order.
#[derive(Debug, Default)]
pub(super) struct Held(Vec<Step>);

#[derive(Debug, Default)]
pub(super) struct Checkpoint {
    phase: Mutex<Phase>,
    ended: Condvar,
}

#[derive(Debug, Default)]
enum Phase {
    /// What redb writes goes to the file.
    #[default]
    Idle,
    /// What redb writes is held.
    Holding(Held),
    /// Some of it is on its way to the file, and what has come since is held.
    Writing(Arc<Held>, Held),
    /// Not all of it has reached the disk.
    Failed(Arc<Held>, Held),
}

impl Checkpoint {
    /// From now on steps are held; waits for the end of the checkpoint before.
    pub fn hold(&self) {
        let mut phase = self.idle();
        if matches!(*phase, Phase::Idle) {
            *phase = Phase::Holding(Held::default());
        }
    }

    /// Whether this write is held. If not it is to be done now: no checkpoint is on its way.
    pub fn holds_write(&self, offset: u64, bytes: &[u8]) -> bool {
        let write = || Step::Write {
            offset,
            bytes: bytes.to_vec(),
        };
        let mut phase = self.lock();
        if let Phase::Writing(_, later) = &mut *phase
            && later.has_room_for(bytes.len())
        {
            later.0.push(write());
            return true;
        }
        drop(phase);
        self.holds(write)
    }

    /// Whether this sync is held. If not it is to be done now.
    pub fn holds_sync(&self) -> bool {
        self.holds(|| Step::Sync)
    }

    /// Holds no more; tells what is to be done.
    pub fn begin(&self) -> Option<Arc<Held>> {
        let mut phase = self.lock();
        let Phase::Holding(held) = &mut *phase else { return None };
        let held = Arc::new(std::mem::take(held));
        *phase = Phase::Writing(held.clone(), Held::default());
        Some(held)
    }

    /// All of that is done; tells what has come since, or nothing once nothing has, which is the end.
    pub fn go_on(&self) -> Option<Arc<Held>> {
        let mut phase = self.lock();
        if let Phase::Writing(held, later) = &mut *phase
            && !later.0.is_empty()
        {
            *held = Arc::new(std::mem::take(later));
            return Some(held.clone());
        }
        *phase = Phase::Idle;
        self.ended.notify_all();
        None
    }

    /// It cannot be done, but what is in it can still be read.
    pub fn fail(&self) {
        let mut phase = self.lock();
        *phase = match std::mem::take(&mut *phase) {
            Phase::Holding(held) => Phase::Failed(Arc::new(held), Held::default()),
            Phase::Writing(held, later) | Phase::Failed(held, later) => Phase::Failed(held, later),
            Phase::Idle => Phase::Idle,
        };
        self.ended.notify_all();
    }

    /// Whether a thread is bringing one to the disk.
    pub fn is_writing(&self) -> bool {
        matches!(*self.lock(), Phase::Writing(..))
    }

    /// Waits until no thread is.
    pub fn wait(&self) {
        drop(self.idle());
    }

    /// Reads from what is held, and the rest with `from_file`.
    pub fn read(
        &self,
        offset: u64,
        out: &mut [u8],
        from_file: impl FnOnce(&mut [u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let wanted = offset..offset + out.len() as u64;
        let phase = self.lock();
        let (held, later) = match &*phase {
            Phase::Idle => {
                drop(phase);
                return from_file(out);
            }
            Phase::Holding(held) => (None, held.of(&wanted)),
            Phase::Writing(held, later) | Phase::Failed(held, later) => (Some(held.clone()), later.of(&wanted)),
        };
        drop(phase);
        let layers = [held.unwrap_or_default(), Arc::new(later)];
        if !layers.iter().any(|held| held.has_all(&wanted)) {
            from_file(out)?;
        }
        layers.iter().for_each(|held| held.show(&wanted, out));
        Ok(())
    }

    fn holds(&self, step: impl FnOnce() -> Step) -> bool {
        match &mut *self.idle() {
            Phase::Holding(held) => {
                held.0.push(step());
                true
            }
            _ => false,
        }
    }

    fn idle(&self) -> MutexGuard<'_, Phase> {
        let phase = self.lock();
        let idle = self
            .ended
            .wait_while(phase, |phase| matches!(phase, Phase::Writing(..)));
        idle.unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn has_room_for(&self, bytes: usize) -> bool {
        let held: usize = self
            .0
            .iter()
            .filter_map(Step::place)
            .map(|place| (place.end - place.start) as usize)
            .sum();
        held + bytes <= CHECKPOINT_LATER_BYTES_MAX
    }

    /// A copy of what touches `wanted`.
    fn of(&self, wanted: &Range<u64>) -> Held {
        let touches = |place: Range<u64>| place.start < wanted.end && wanted.start < place.end;
        let steps = self.0.iter().filter(|step| step.place().is_some_and(touches));
        Held(steps.cloned().collect())
    }

    fn has_all(&self, wanted: &Range<u64>) -> bool {
        let mut places = self.0.iter().filter_map(Step::place);
        places.any(|place| place.start <= wanted.start && wanted.end <= place.end)
    }

    /// Lays what is held of `wanted` over `out`, the last over the first.
    fn show(&self, wanted: &Range<u64>, out: &mut [u8]) {
        for step in &self.0 {
            let Step::Write { offset, bytes } = step else { continue };
            let (start, end) = (wanted.start.max(*offset), wanted.end.min(offset + bytes.len() as u64));
            if start < end {
                let piece = &bytes[(start - offset) as usize..(end - offset) as usize];
                out[(start - wanted.start) as usize..(end - wanted.start) as usize].copy_from_slice(piece);
            }
        }
    }

    /// Does all steps in order, with syncs between them: a record of the journal that comes meanwhile waits for what the
    /// disk has been given before it.
    pub fn run(
        &self,
        write: impl Fn(u64, &[u8]) -> io::Result<()>,
        sync: impl Fn() -> io::Result<()>,
    ) -> io::Result<()> {
        for steps in self.0.split_inclusive(|step| matches!(step, Step::Sync)) {
            let mut writes: Vec<(u64, &[u8])> = steps
                .iter()
                .filter_map(|step| match step {
                    Step::Write { offset, bytes } => Some((*offset, &bytes[..])),
                    Step::Sync => None,
                })
                .collect();
            in_order_of_the_disk(&mut writes);
            for some in writes.chunks(CHECKPOINT_WRITES_AT_ONCE) {
                some.iter().try_for_each(|(offset, bytes)| write(*offset, bytes))?;
                sync()?;
            }
            if writes.is_empty() {
                sync()?;
            }
        }
        Ok(())
    }
}

/// By where they go, unless some go to the same place.
fn in_order_of_the_disk(writes: &mut Vec<(u64, &[u8])>) {
    let mut sorted = writes.clone();
    sorted.sort_by_key(|(offset, _)| *offset);
    let overlap = |pair: &[(u64, &[u8])]| pair[0].0 + pair[0].1.len() as u64 > pair[1].0;
    if !sorted.windows(2).any(overlap) {
        *writes = sorted;
    }
}
