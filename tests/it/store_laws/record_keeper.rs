//! A record keeper in memory, in place of the data file's journal, under the real store and the real server: nothing
//! above that seam notices.

use super::world::*;
use crate::harness::disk::BrokenDisk;
use crate::harness::pages::JOURNAL;
use crate::harness::server::{Setup, Site};
use chapp::error::Kind;
use chapp::model::UserId;
use chapp::store::{Options, RecordKeeper};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

#[derive(Debug, Default)]
struct Memory {
    records: Mutex<BTreeMap<u64, Vec<u8>>>,
    appended: AtomicUsize,
    asked: AtomicUsize,
    is_gone: AtomicBool,
}

impl Memory {
    fn options(self: &Arc<Memory>) -> Options {
        Options {
            record_keeper: Some(self.clone()),
            ..Options::default()
        }
    }

    fn check(&self) -> io::Result<()> {
        match self.is_gone.load(Relaxed) {
            true => Err(io::Error::other("the keeper of records does not answer")),
            false => Ok(()),
        }
    }
}

impl RecordKeeper for Memory {
    fn append(&self, number: u64, record: &[u8]) -> io::Result<()> {
        self.check()?;
        let mut records = self.records.lock().unwrap();
        assert!(
            records.last_key_value().is_none_or(|(last, _)| *last < number),
            "in order"
        );
        records.insert(number, record.to_vec());
        self.appended.fetch_add(1, Relaxed);
        Ok(())
    }

    fn since(&self, number: u64) -> io::Result<Vec<Vec<u8>>> {
        self.check()?;
        self.asked.fetch_add(1, Relaxed);
        let records = self.records.lock().unwrap();
        Ok(records.range(number + 1..).map(|(_, record)| record.clone()).collect())
    }

    fn checkpointed(&self) {
        self.records.lock().unwrap().clear();
    }
}

/// Whether the file's own journal has never been written to.
fn journal_is_untouched(world: &World) -> bool {
    let bytes = fs::read(&world.path).unwrap();
    let mirror = 4096;
    bytes[JOURNAL.start as usize..JOURNAL.end as usize - mirror]
        .iter()
        .all(|byte| *byte == 0)
}

#[test]
fn what_another_keeper_has_is_there_after_a_crash_and_the_file_has_no_record() {
    let memory = Arc::new(Memory::default());
    let disk = Arc::new(BrokenDisk::default());
    let options = Options {
        faults: disk.options().faults,
        ..memory.options()
    };
    let world = World::with(options);
    world.sign_up_people(1);
    let epoch = world.store.epoch().to_owned();
    for n in 0..50 {
        wait(world.store.commit(post(1, &n.to_string()))).unwrap();
    }
    assert!(memory.appended.load(Relaxed) >= 50);
    assert!(journal_is_untouched(&world));
    // The file cannot even be closed cleanly. Records that are in none of its pages are with the keeper.
    disk.set_broken(true);
    let folder = world.keep_folder();
    world.close();
    disk.set_broken(false);
    assert!(
        !memory.records.lock().unwrap().is_empty(),
        "a checkpoint came in between"
    );
    let asked = memory.asked.load(Relaxed);
    let world = World::open(folder, memory.options()).unwrap();
    assert!(memory.asked.load(Relaxed) > asked);
    assert_eq!(world.store.epoch(), epoch);
    assert_eq!(world.lobby().len(), 50);
    check_whole(&world.lobby());
    wait(world.store.commit(post(1, "one more"))).unwrap();
    assert!(journal_is_untouched(&world));
    // A clean stop leaves everything in the pages, so that another record keeper can take over.
    let world = world.reopen_with(Options::default());
    assert_eq!(world.lobby().len(), 51);
    wait(world.store.commit(post(1, "in the file's own journal"))).unwrap();
    assert!(!journal_is_untouched(&world));
    world.close();
}

#[test]
fn a_keeper_that_does_not_answer_is_like_a_disk_that_fails() {
    let memory = Arc::new(Memory::default());
    let world = World::with(memory.options());
    world.sign_up_people(1);
    wait(world.store.commit(post(1, "kept"))).unwrap();
    memory.is_gone.store(true, Relaxed);
    assert_eq!(kind(wait(world.store.commit(post(1, "refused")))), Kind::Unavailable);
    memory.is_gone.store(false, Relaxed);
    wait(world.store.commit(post(1, "kept again"))).unwrap();
    assert_eq!(world.lobby().len(), 2);
    assert!(wait(world.store.user(UserId(1))).unwrap().is_some());
    world.close();
}

#[test]
fn the_server_above_another_keeper_is_like_any_other() {
    let memory = Arc::new(Memory::default());
    let mut site = Site::with(Setup {
        options: memory.options(),
        ..Setup::default()
    });
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    for n in 0..20 {
        let text = format!("message {n}");
        adas.say(&n.to_string(), &text);
        bens.expect_message(&text);
    }
    assert!(memory.appended.load(Relaxed) >= 20);
    let before = site.history(&ben);
    site.restart();
    assert_eq!(site.history(&ben), before);
    assert_eq!(site.socket(&ben).say("last", "as before"), 21);
}
