//! L0, L1, L2 and L8 through thousands of losses of power, at any write and also while a file recovers from the
//! previous loss.
//!
//! `CHAPP_TEST_SEED` replays a run (except for thread scheduling); `CHAPP_TEST_LOSSES` sets its length.

use super::changes::{PEOPLE, Replica, check_readers, create_rooms, fresh, work};
use super::disk::Disk;
use super::world::*;
use chapp::error::{Kind, Result};
use chapp::model::*;
use chapp::store::{Options, Store};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

const LOSSES: u64 = 2_000;
const JOURNAL_BYTES: usize = 32 << 10;
/// Outcomes tried for each loss.
const OUTCOMES: u64 = 8;
/// Moments of a loss until a new file starts, since checking a large file takes too long.
const MOMENTS_OF_A_FILE: u64 = 12;
/// The most writes and syncs until the power goes.
const OPS: u64 = 120;
const OPS_OF_OPENING: u64 = 14;
/// The most losses in a row while a file is opened after a loss.
const AGAIN_MAX: u64 = 3;
/// Acknowledged posts that are resent after each loss.
const RESENT: usize = 3;

pub fn number_of(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// In memory if possible: a sync of the real disk proves nothing here.
pub(super) fn folder() -> Arc<TempDir> {
    let memory = Path::new("/dev/shm");
    Arc::new(match memory.is_dir() {
        true => TempDir::new_in(memory).unwrap(),
        false => TempDir::new().unwrap(),
    })
}

/// A file with people and rooms in it.
fn prepared(folder: &Arc<TempDir>) -> Vec<u8> {
    let world = World::open(folder.clone(), Options::default()).unwrap();
    create_rooms(&world);
    let path = world.path.clone();
    world.close();
    std::fs::read(path).unwrap()
}

/// The acknowledged posts and changes, by room and seq.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers(BTreeMap<(RoomId, Seq), Posted>);

impl Answers {
    pub(super) fn add(&mut self, answers: Vec<Result<Event>>) {
        for answer in answers.into_iter().flatten() {
            if let Event::Posted(posted) | Event::Changed(posted) = answer {
                self.0.insert((posted.room, posted.seq), posted);
            }
        }
    }
}

async fn replicas(store: &Store) -> BTreeMap<RoomId, Replica> {
    let mut replicas = BTreeMap::new();
    for user in (1..=PEOPLE).map(UserId) {
        for view in store.rooms(user).await.unwrap() {
            let room = view.room.id;
            if let Entry::Vacant(new) = replicas.entry(room) {
                new.insert(fresh(store, user, room).await.unwrap());
            }
        }
    }
    replicas
}

/// Checks that everything acknowledged is there, and everything else is whole or absent.
pub(super) async fn check(store: &Store, answers: &Answers, rng: &mut Rng) {
    check_readers(store, None).await;
    let replicas = replicas(store).await;
    // A room without members is visible to nobody.
    let seen = answers
        .0
        .iter()
        .filter_map(|((room, seq), posted)| Some((seq, posted, replicas.get(room)?)));
    for (seq, posted, replica) in seen {
        assert!(replica.head >= seq.0, "{seq} of room {} is gone", posted.room);
        let message = replica.messages.get(&posted.message.id);
        let message = message.unwrap_or_else(|| panic!("message {} is gone", posted.message.id));
        assert_eq!(message.author, posted.message.author);
        assert_eq!(message.client_id, posted.message.client_id);
    }
    let posts: Vec<&Posted> = answers
        .0
        .values()
        .filter(|posted| posted.seq == posted.message.id)
        .collect();
    let posts: Vec<&Posted> = posts
        .into_iter()
        .filter(|posted| posted.message.notice.is_none())
        .collect();
    for _ in 0..RESENT.min(posts.len()) {
        let posted = posts[rng.below(posts.len() as u64) as usize];
        let again = Change::Post(NewPost {
            author: posted.message.author,
            room: posted.room,
            client_id: posted.message.client_id.clone().unwrap(),
            message: written("again"),
            here: Vec::new(),
            at: posted.message.sent_at,
        });
        match store.commit(again).await {
            Ok(Event::PostedBefore { room, seq, .. }) => assert_eq!((room, seq), (posted.room, posted.seq)),
            // The author may have left the room.
            Err(error) if matches!(error.kind, Kind::NotFound | Kind::Forbidden) => {}
            other => panic!("{:?} again: {other:?}", posted.message.client_id),
        }
    }
}

/// Works on after a loss: the events of the feed must lead to what a fresh reader sees.
fn work_on(folder: &Arc<TempDir>, disk: &Arc<Disk>, seed: u64, answers: &mut Answers) {
    let world = World::open(folder.clone(), disk.options()).unwrap();
    let mut known = wait(replicas(&world.store));
    answers.add(work(&world, seed, 1));
    let store = world.store.clone();
    let seen = wait(replicas(&store));
    drop(store);
    for event in world.close() {
        if let Event::Posted(posted) | Event::Changed(posted) = event
            && let Some(replica) = known.get_mut(&posted.room)
        {
            replica.apply(&posted);
        }
    }
    for (room, replica) in &known {
        assert_eq!(Some(replica), seen.get(room).or(Some(replica)), "room {room}");
    }
}

/// Cuts the power at a random moment while people work.
fn work_until_the_loss(folder: &Arc<TempDir>, disk: &Arc<Disk>, seed: u64, rng: &mut Rng, answers: &mut Answers) {
    let world = World::open(folder.clone(), disk.options()).unwrap();
    disk.fail_after(rng.below(OPS));
    while !disk.is_off() {
        answers.add(work(&world, seed + rng.below(400), 3));
    }
    world.close();
}

#[test]
fn thousands_of_losses_of_power_lose_nothing_that_was_acknowledged() {
    let seed = number_of("CHAPP_TEST_SEED").unwrap_or_else(|| chapp::clock::Clock::System.now().0);
    let losses = number_of("CHAPP_TEST_LOSSES").unwrap_or(LOSSES);
    println!("CHAPP_TEST_SEED={seed} CHAPP_TEST_LOSSES={losses}");
    let mut rng = Rng(seed);
    let folder = folder();
    let beginning = prepared(&folder);
    let path = folder.path().join("data.redb");
    let disk = Arc::new(Disk::default());
    let (mut lost, mut in_opening, mut moments, mut acknowledged) = (0, 0, 0, 0);
    let mut answers = Answers::default();
    while lost < losses {
        if moments % MOMENTS_OF_A_FILE == 0 {
            disk.restart_with(beginning.clone(), &path);
            answers = Answers::default();
        }
        moments += 1;
        // The default size, or one that is full every few commits.
        disk.shorten_journal(Some(JOURNAL_BYTES).filter(|_| moments % 3 > 0));
        work_until_the_loss(&folder, &disk, moments * 1_000, &mut rng, &mut answers);
        let moment = disk.moment();
        for _ in 0..OUTCOMES {
            disk.restart(&moment, &mut rng, &path);
            lost += 1;
            for _ in 0..rng.below(AGAIN_MAX + 1) {
                disk.fail_after(rng.below(OPS_OF_OPENING));
                // It may have been open before the power went.
                if let Ok(world) = World::open(folder.clone(), disk.options()) {
                    world.close();
                }
                disk.restart(&disk.moment(), &mut rng, &path);
                (lost, in_opening) = (lost + 1, in_opening + 1);
            }
            let world = World::open(folder.clone(), disk.options()).unwrap_or_else(|error| panic!("{error:?}"));
            wait(check(&world.store, &answers, &mut rng));
            world.close();
        }
        acknowledged += answers.0.len();
        work_on(&folder, &disk, moments * 1_000 + 500, &mut answers);
    }
    println!("{lost} losses of power, {in_opening} of them while a file was opened, at {moments} moments");
    assert!(acknowledged > 0 && in_opening > losses / 10);
}

#[test]
fn a_sync_that_failed_is_not_made_good_by_one_that_finds_nothing_to_do() {
    let mut rng = Rng(9);
    let folder = folder();
    let path = folder.path().join("data.redb");
    let disk = Arc::new(Disk::default());
    disk.restart_with(prepared(&folder), &path);
    // Without a cache redb writes early, so a sync of the journal also covers its pages.
    let options = || Options {
        cache_bytes: 0,
        ..disk.options()
    };
    for round in 0..20 {
        let world = World::open(folder.clone(), options()).unwrap();
        let posts = |from: u64| work(&world, 1_000 * round + from, 1);
        let mut answers = Answers::default();
        answers.add(posts(0));
        disk.fail_a_sync();
        answers.add(posts(300));
        answers.add(posts(600));
        assert!(!answers.0.is_empty());
        disk.fail_after(0);
        let _ = posts(900);
        world.close();
        disk.restart(&disk.moment(), &mut rng, &path);
        let world = World::open(folder.clone(), disk.options()).unwrap();
        wait(check(&world.store, &answers, &mut rng));
        world.close();
    }
}

/// Proves that the test with thousands of losses detects lost writes.
#[test]
fn a_disk_that_ignores_syncs_is_found_out_at_once() {
    let mut rng = Rng(3);
    let folder = folder();
    let beginning = prepared(&folder);
    let path = folder.path().join("data.redb");
    let disk = Arc::new(Disk::default());
    disk.ignore_syncs();
    let (mut tried, mut found) = (0, 0);
    while tried < 20 {
        disk.restart_with(beginning.clone(), &path);
        let mut answers = Answers::default();
        work_until_the_loss(&folder, &disk, tried * 1_000, &mut rng, &mut answers);
        if answers.0.is_empty() {
            continue;
        }
        disk.restart(&disk.moment(), &mut rng, &path);
        tried += 1;
        let Ok(world) = World::open(folder.clone(), disk.options()) else {
            found += 1;
            continue;
        };
        let checked = catch_unwind(AssertUnwindSafe(|| wait(check(&world.store, &answers, &mut rng))));
        found += u64::from(checked.is_err());
        world.close();
    }
    // One outcome in six keeps all writes, half the time in order: nothing is lost then.
    assert!(found >= tried / 2, "{found} of {tried}");
}
