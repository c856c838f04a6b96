//! L8 while a checkpoint is on its way to the disk: nobody waits for it, and nothing depends on whether it arrives.
//! Only on Linux it goes there behind everybody's back.

use super::world::*;
use crate::harness::PATIENCE;
use chapp::model::*;
use chapp::store::{DiskAct, Faults, Options, Store};
use std::io;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use tokio::time::timeout;

/// So little that a checkpoint begins every few dozen posts.
const JOURNAL_BYTES: usize = 32 << 10;
/// So little that whoever reads everything reads it from the file, ...
const CACHE_BYTES: usize = 64 << 10;
/// ... where there are so many posts.
const POSTS: u64 = 1_000;

/// A disk that does with checkpoints what it is told, and takes everything else.
#[derive(Debug, Default)]
struct PageDisk {
    state: Mutex<Pages>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct Pages {
    /// Each of its writes and syncs waits.
    stands_still: bool,
    waiting: usize,
    /// So many more of them go well, and then one does not.
    acts: Option<usize>,
    failed: usize,
}

impl PageDisk {
    fn options(self: &Arc<PageDisk>) -> Options {
        Options {
            faults: Some(self.clone()),
            journal_bytes: JOURNAL_BYTES,
            cache_bytes: CACHE_BYTES,
            ..Options::default()
        }
    }

    fn stand_still(&self, stands_still: bool) {
        self.state.lock().unwrap().stands_still = stands_still;
        self.moved.notify_all();
    }

    fn is_waiting(&self) -> bool {
        self.state.lock().unwrap().waiting > 0
    }

    fn fail_after(&self, acts: usize) {
        self.state.lock().unwrap().acts = Some(acts);
    }

    fn failed(&self) -> usize {
        self.state.lock().unwrap().failed
    }
}

impl Faults for PageDisk {
    fn before(&self, act: DiskAct<'_>) -> io::Result<()> {
        if thread::current().name() != Some("checkpoint") || act == DiskAct::Read {
            return Ok(());
        }
        let mut state = self.state.lock().unwrap();
        state.waiting += 1;
        let mut state = self.moved.wait_while(state, |state| state.stands_still).unwrap();
        state.waiting -= 1;
        match state.acts {
            Some(0) => {
                state.acts = None;
                state.failed += 1;
                Err(io::Error::from_raw_os_error(5))
            }
            acts => {
                state.acts = acts.map(|acts| acts - 1);
                Ok(())
            }
        }
    }
}

/// Posts one after the other until `enough`; tells how many there are then.
fn post_until(store: &Store, from: u64, enough: impl Fn(u64) -> bool) -> u64 {
    let mut count = from;
    while !enough(count) {
        assert!(count < 5_000, "a checkpoint does not begin");
        let posted = async { timeout(PATIENCE, store.commit(post(1, &count.to_string()))).await };
        wait(posted).expect("a post waits").unwrap();
        count += 1;
    }
    count
}

fn check_posts(messages: &[Message], count: u64) {
    check_whole(messages);
    let names: Vec<&str> = messages.iter().map(client_id).collect();
    assert_eq!(names, (0..count).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[test]
fn while_a_checkpoint_stands_still_people_post_and_read_and_a_kill_loses_nothing() {
    let disk = Arc::new(PageDisk::default());
    let world = World::with(disk.options());
    world.sign_up_people(1);
    let count = post_until(&world.store, 0, |posted| posted == POSTS);
    disk.stand_still(true);
    let count = post_until(&world.store, count, |_| disk.is_waiting());
    let count = post_until(&world.store, count, |posted| posted == count + 10);
    for _ in 0..2 {
        check_posts(&world.lobby(), count);
    }

    // What a kill would leave now.
    let killed = Arc::new(tempfile::tempdir().unwrap());
    std::fs::copy(&world.path, killed.path().join("data.redb")).unwrap();
    let again = World::open(killed, Options::default()).unwrap();
    check_posts(&again.lobby(), count);
    again.close();

    // More than the journal holds: they wait for the checkpoint, and no longer.
    let posts = (count..count + 300).map(|n| post(1, &n.to_string())).collect();
    let store = world.store.clone();
    let answers = thread::spawn(move || wait(pipeline(&store, posts)));
    thread::sleep(std::time::Duration::from_millis(50));
    assert!(disk.is_waiting() && !answers.is_finished());
    disk.stand_still(false);
    for answer in answers.join().unwrap() {
        answer.unwrap();
    }
    let world = world.reopen();
    check_posts(&world.lobby(), count + 300);
}

#[test]
fn a_checkpoint_that_fails_at_any_write_or_sync_costs_nobody_anything() {
    let mut failed = 0;
    for acts in (0..40).step_by(2) {
        let disk = Arc::new(PageDisk::default());
        let world = World::with(disk.options());
        world.sign_up_people(1);
        disk.fail_after(acts);
        let count = post_until(&world.store, 0, |posted| posted == 200);
        check_posts(&world.lobby(), count);
        failed += disk.failed();
        let folder = world.keep_folder();
        assert_eq!(posted(&world.close()), (1..=count).collect::<Vec<_>>());
        let again = World::open(folder, Options::default()).unwrap();
        check_posts(&again.lobby(), count);
        again.close();
    }
    assert!(failed > 15, "only {failed} failed");
}
