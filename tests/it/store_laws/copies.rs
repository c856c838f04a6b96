//! L8 for copies of a file in use: a plain copy, made block by block from first to last while people post and upload,
//! opens under a full check and has everything that was acknowledged before its first block.
//!
//! A copier reads a few blocks between any two disk operations of the store. Some are so slow that the file changes
//! many times before they finish. `CHAPP_TEST_SEED` replays a run (except for thread scheduling), `CHAPP_TEST_COPIES`
//! sets its length. `copying.rs` tests the executable with `cp`, `tar` and others.

use super::changes::{create_rooms, work};
use super::power::{Answers, check, folder, number_of};
use super::world::*;
use chapp::clock::Time;
use chapp::limits::{ROOT_EVERY, UPLOAD_FREE_BYTES_MIN};
use chapp::model::*;
use chapp::store::{DiskOp, FaultInjector, Options, Retention, Store};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use tempfile::TempDir;

const COPIES: u64 = 300;
const BLOCK: u64 = 4_096;
/// The most blocks that a copy takes between two operations.
const BLOCKS_MAX: u64 = 300;
/// Concurrent copies.
const COPIES_AT_ONCE: usize = 4;
/// Small enough that the journal overtakes a copier many times.
const JOURNAL_BYTES: usize = 64 << 10;
/// Large enough that redb itself commits an upload of a single chunk, not the journal.
const FILE_BYTES: usize = 60_000;
const FILES: u64 = 36;

/// How a program copies.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reader {
    /// Reads to the end of the file, as `cat` does.
    ToTheEnd,
    /// Reads the initial length, as `tar` does.
    AsLongAsAtFirst,
}

#[derive(Debug)]
struct Copy {
    reader: Reader,
    blocks: u64,
    image: Vec<u8>,
    len: u64,
    /// The file was resized before the copy had 3 MiB, soon after where the pages begin (2 MiB).
    changed_its_length: bool,
    answers: Answers,
    files: Vec<FileId>,
}

/// A disk that is copied while the store uses it.
#[derive(Debug)]
struct CopiedDisk {
    path: PathBuf,
    acknowledged: Arc<Mutex<Acknowledged>>,
    state: Mutex<State>,
}

#[derive(Clone, Debug, Default)]
struct Acknowledged {
    /// Whether the people and rooms exist.
    has_rooms: bool,
    answers: Answers,
    files: Vec<FileId>,
}

#[derive(Debug)]
struct State {
    rng: Rng,
    running: Vec<Copy>,
    done: Vec<Copy>,
}

impl CopiedDisk {
    fn options(self: &Arc<CopiedDisk>, retention: Retention) -> Options {
        Options {
            faults: Some(self.clone()),
            journal_bytes: JOURNAL_BYTES,
            retention,
            upload_free_percent: 0,
            upload_free_bytes_min: UPLOAD_FREE_BYTES_MIN.min(1 << 20),
            ..Options::default()
        }
    }

    /// Advances every copy, and occasionally begins another one.
    fn step(&self) {
        let mut state = self.state.lock().unwrap();
        let Ok(mut file) = File::open(&self.path) else { return };
        let len = file.metadata().unwrap().len();
        let Acknowledged {
            has_rooms,
            answers,
            files,
        } = self.acknowledged.lock().unwrap().clone();
        if has_rooms && state.running.len() < COPIES_AT_ONCE && state.rng.below(20) == 0 {
            let slow = state.rng.below(2) == 0;
            let copy = Copy {
                reader: [Reader::ToTheEnd, Reader::AsLongAsAtFirst][state.rng.below(2) as usize],
                blocks: 1 + state.rng.below(if slow { 12 } else { BLOCKS_MAX }),
                image: Vec::new(),
                len,
                changed_its_length: false,
                answers,
                files,
            };
            state.running.push(copy);
        }
        state.advance(&mut file, len);
    }

    /// Finishes all copies; the file no longer changes.
    fn finish(&self) -> Vec<Copy> {
        loop {
            self.step_running();
            let mut state = self.state.lock().unwrap();
            if state.running.is_empty() {
                return std::mem::take(&mut state.done);
            }
        }
    }

    fn step_running(&self) {
        let mut state = self.state.lock().unwrap();
        let mut file = File::open(&self.path).unwrap();
        let len = file.metadata().unwrap().len();
        state.advance(&mut file, len);
    }
}

impl State {
    /// Advances every copy.
    fn advance(&mut self, file: &mut File, len: u64) {
        for mut copy in std::mem::take(&mut self.running) {
            match copy.step(file, len) {
                true => self.running.push(copy),
                false => self.done.push(copy),
            }
        }
    }
}

impl Copy {
    /// Takes the next blocks; false at the end.
    fn step(&mut self, file: &mut File, len: u64) -> bool {
        self.changed_its_length |= len != self.len && self.image.len() < (3 << 20);
        let end = match self.reader {
            Reader::ToTheEnd => len,
            Reader::AsLongAsAtFirst => self.len.min(len),
        };
        let from = self.image.len() as u64;
        let until = (from + self.blocks * BLOCK).min(end).max(from);
        let mut bytes = vec![0; (until - from) as usize];
        file.seek(SeekFrom::Start(from)).unwrap();
        file.read_exact(&mut bytes).unwrap();
        self.image.extend(bytes);
        until < end
    }

    /// Checks that the copy opens and has everything that it must have.
    fn check(&self, folder: &TempDir) -> Result<(), String> {
        let copies = Arc::new(TempDir::new_in(folder.path()).unwrap());
        std::fs::write(copies.path().join("data.redb"), &self.image).unwrap();
        let world = World::open(copies, Options::default()).map_err(|error| error.to_string())?;
        let mut rng = Rng(self.image.len() as u64);
        wait(check(&world.store, &self.answers, &mut rng));
        for id in &self.files {
            let found = world.store.chunk(*id, 0).map_err(|error| error.to_string())?;
            assert!(found == bytes(*id), "{id:?}");
        }
        world.close();
        Ok(())
    }
}

impl FaultInjector for CopiedDisk {
    fn before(&self, op: DiskOp<'_>) -> io::Result<()> {
        if !matches!(op, DiskOp::Read | DiskOp::Open) {
            self.step();
        }
        Ok(())
    }
}

fn file_id(number: u64) -> FileId {
    let mut bytes = [3; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    FileId(bytes)
}

fn bytes(id: FileId) -> Vec<u8> {
    id.0.iter().copied().cycle().take(FILE_BYTES).collect()
}

/// Uploads a file; abandons every third one.
fn upload(store: &Store, number: u64, acknowledged: &Mutex<Acknowledged>) {
    let (id, at) = (file_id(number), Time(2_000));
    let all = bytes(id);
    let (index, bytes) = (0, all.clone().into());
    wait(store.commit(Change::File(FileChange::Keep { id, index, bytes, at }))).unwrap();
    if number.is_multiple_of(3) {
        wait(store.commit(Change::File(FileChange::GiveUp { id, at }))).unwrap();
        return;
    }
    let file = Attachment {
        id,
        name: FileName::clean("a.bin"),
        media_type: "application/octet-stream".to_owned(),
        size: all.len() as u64,
        pixels: None,
        has_preview: false,
    };
    let owner = UserId(1);
    let new = NewFile {
        file,
        preview: None,
        owner,
        at,
    };
    wait(store.commit(Change::File(FileChange::Add(new)))).unwrap();
    acknowledged.lock().unwrap().files.push(id);
    let before = Time(1_000);
    wait(store.commit(Change::File(FileChange::Erase { before }))).unwrap();
    wait(store.commit(Change::Erase { before: Time(1_500) })).unwrap();
}

/// People work with a file while it is copied repeatedly. Returns the copies.
fn copied(folder: &Arc<TempDir>, seed: u64, retention: Retention) -> Vec<Copy> {
    let acknowledged = Arc::new(Mutex::new(Acknowledged::default()));
    let data = Arc::new(TempDir::new_in(folder.path()).unwrap());
    let disk = Arc::new(CopiedDisk {
        path: data.path().join("data.redb"),
        acknowledged: acknowledged.clone(),
        state: Mutex::new(State {
            rng: Rng(seed),
            running: Vec::new(),
            done: Vec::new(),
        }),
    });
    let world = World::open(data, disk.options(retention)).unwrap();
    create_rooms(&world);
    acknowledged.lock().unwrap().has_rooms = true;
    let uploads = thread::spawn({
        let (store, acknowledged) = (world.store.clone(), acknowledged.clone());
        move || (0..FILES).for_each(|number| upload(&store, number, &acknowledged))
    });
    for round in 0..12 {
        let answers = work(&world, seed + round, 2);
        acknowledged.lock().unwrap().answers.add(answers);
        // Another root is retained.
        thread::sleep(ROOT_EVERY / 8);
    }
    uploads.join().unwrap();
    let copies = disk.finish();
    world.close();
    copies
}

fn seed() -> u64 {
    number_of("CHAPP_TEST_SEED").unwrap_or_else(|| chapp::clock::Clock::System.now().0)
}

#[test]
fn a_copy_of_a_file_in_use_opens_and_has_everything_that_was_acknowledged_before_it_began() {
    let (seed, wanted) = (seed(), number_of("CHAPP_TEST_COPIES").unwrap_or(COPIES));
    println!("CHAPP_TEST_SEED={seed} CHAPP_TEST_COPIES={wanted}");
    let folder = folder();
    let (mut made, mut refused, mut round) = (0, 0, 0);
    while made < wanted {
        for copy in copied(&folder, seed + 1_000 * round, Retention::default()) {
            made += 1;
            let Err(error) = copy.check(&folder) else { continue };
            // A copy of the initial length cannot have what was added since.
            let may_be_short = copy.reader == Reader::AsLongAsAtFirst && copy.changed_its_length;
            assert!(
                may_be_short,
                "{:?}, {} blocks at a time: {error}",
                copy.reader, copy.blocks
            );
            refused += 1;
        }
        round += 1;
    }
    println!("{made} copies, {refused} of which are of a file that grew and have not all of it");
    assert!(refused * 20 < made, "{refused} of {made}");
}

/// Proves that the test above detects missing data.
#[test]
fn without_retained_roots_copies_break() {
    let (folder, mut broken, mut made) = (folder(), 0, 0);
    for round in 0..3 {
        for copy in copied(&folder, 1_000 * round, Retention::Off) {
            made += 1;
            let checked = catch_unwind(AssertUnwindSafe(|| copy.check(&folder)));
            broken += u32::from(!matches!(checked, Ok(Ok(()))));
        }
    }
    assert!(broken > 0, "none of {made}");
}
