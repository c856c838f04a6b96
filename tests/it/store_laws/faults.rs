//! L8 and L0 on a faulty disk: acknowledged changes are there, others are whole or absent, everybody gets an answer,
//! and the store recovers by itself. (`kill.rs` kills the executable.)

use super::world::*;
use chapp::error::{Error, Kind};
use chapp::metrics::Count;
use chapp::model::*;
use chapp::store::{DiskOp, FaultInjector, Options};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A post and its answer while the disk failed.
struct Attempt {
    person: u64,
    client_id: String,
    answer: Result<Event, Error>,
}

/// Three people on a disk that fails on demand.
fn faulty_world() -> (Arc<FaultyDisk>, World) {
    let disk = Arc::new(FaultyDisk::default());
    let world = World::with(disk.options());
    world.sign_up_people(3);
    (disk, world)
}

/// Three people post in bursts; each waits for a burst to be answered.
fn post_in_bursts(world: &World, name: &'static str, bursts: u64) -> Vec<Attempt> {
    let attempts = world.together(1..=3, async move |store, person| {
        let mut attempts = Vec::new();
        for burst in 0..bursts {
            let mut pending = Vec::new();
            for n in 0..5 {
                let client_id = format!("{name} {burst}.{n}");
                let answer = store.submit(post(person, &client_id)).await.unwrap();
                pending.push((client_id, answer));
            }
            for (client_id, answer) in pending {
                let answer = answer.await;
                attempts.push(Attempt {
                    person,
                    client_id,
                    answer,
                });
            }
        }
        attempts
    });
    attempts.into_iter().flatten().collect()
}

/// Checks that every acknowledged post has the seq of its answer. Returns their number.
fn check_acknowledged(messages: &[Message], attempts: &[Attempt]) -> usize {
    check_whole(messages);
    let acknowledged = attempts
        .iter()
        .filter_map(|attempt| attempt.answer.as_ref().ok().map(|answer| (attempt, seq(answer))));
    let acknowledged = acknowledged.map(|(attempt, seq)| {
        let message = &messages[seq.0 as usize - 1];
        assert_eq!(
            (message.author.0, client_id(message)),
            (attempt.person, &*attempt.client_id)
        );
    });
    acknowledged.count()
}

/// Sends everything again, as a client without answers does.
fn resend(world: &World, attempts: &[Attempt]) {
    let posts = attempts.iter().map(|attempt| post(attempt.person, &attempt.client_id));
    for answer in wait(pipeline(&world.store, posts.collect())) {
        answer.unwrap();
    }
}

#[test]
fn what_was_acknowledged_survives_a_crash_at_any_write() {
    let mut rng = Rng(8);
    let mut lost = 0;
    for _ in 0..20 {
        let (disk, world) = faulty_world();
        disk.fail(Fault::Dead, rng.below(100));
        let attempts = post_in_bursts(&world, "before", 12);
        let world = world.reopen();

        let messages = world.lobby();
        let acknowledged = check_acknowledged(&messages, &attempts);
        lost += attempts.len() - acknowledged;
        resend(&world, &attempts);
        let all = world.lobby();
        assert_eq!(all[..messages.len()], messages);
        assert_eq!(check_acknowledged(&all, &attempts), acknowledged);
        assert_eq!(all.len(), attempts.len(), "each post is there once");
    }
    assert!(lost > 500, "the crashes came too late to show anything");
}

#[test]
fn one_fault_of_the_disk_costs_nobody_anything() {
    let mut rng = Rng(5);
    for _ in 0..20 {
        let (disk, world) = faulty_world();
        disk.fail(Fault::Hiccup, rng.below(60));
        let attempts = post_in_bursts(&world, "through", 12);
        assert!(disk.has_failed());
        let messages = world.lobby();
        assert_eq!(check_acknowledged(&messages, &attempts), attempts.len());
        assert_eq!(messages.len(), attempts.len());
        let received = posted(&world.close());
        assert_eq!(received, (1..=attempts.len() as u64).collect::<Vec<_>>());
    }
}

#[test]
fn what_was_acknowledged_after_a_fault_survives_a_crash_too() {
    let mut rng = Rng(13);
    for _ in 0..60 {
        let (disk, world) = faulty_world();
        disk.fail(Fault::Hiccup, rng.below(60));
        let mut attempts = post_in_bursts(&world, "through", 4);
        disk.fail(Fault::Dead, rng.below(30));
        attempts.extend(post_in_bursts(&world, "after", 4));
        let world = world.reopen();
        check_acknowledged(&world.lobby(), &attempts);
        resend(&world, &attempts);
        assert_eq!(world.lobby().len(), attempts.len(), "each post is there once");
    }
}

#[test]
fn a_fault_right_after_a_commit_that_the_journal_has_no_room_for_costs_nothing() {
    let disk = Arc::new(FaultyDisk::default());
    let world = World::with(Options {
        faults: Some(disk.clone()),
        ..Options::default()
    });
    world.sign_up_people(1);
    let attempt = |name: &str| Attempt {
        person: 1,
        client_id: name.to_owned(),
        answer: wait(world.store.commit(post(1, name))),
    };
    let mut all: Vec<Attempt> = ["a", "b", "c"].map(attempt).into();
    let picture = Picture {
        version: "large".to_owned(),
        jpeg: vec![1; 300_000].into(),
    };
    let show = Change::SetPicture {
        user: UserId(1),
        picture: Some(picture),
    };
    wait(world.store.commit(show)).unwrap();
    disk.fail(Fault::Hiccup, 0);
    all.extend(["d", "e"].map(attempt));
    assert!(disk.has_failed());
    disk.fail(Fault::Dead, 0);
    let world = world.reopen();
    assert_eq!(check_acknowledged(&world.lobby(), &all), 5);
}

#[test]
fn on_a_full_disk_reading_goes_on_and_writing_comes_back_with_the_space() {
    let mut rng = Rng(28);
    let mut refused = 0;
    for _ in 0..30 {
        let (disk, world) = faulty_world();
        disk.fail(Fault::Full, rng.below(100));
        let attempts = post_in_bursts(&world, "full", 8);
        let messages = world.lobby();
        let acknowledged = check_acknowledged(&messages, &attempts);
        refused += attempts.len() - acknowledged;
        assert_eq!(acknowledged, messages.len(), "what was refused did not happen");
        for refused in attempts.iter().filter_map(|attempt| attempt.answer.as_ref().err()) {
            assert_eq!(refused.kind, Kind::StorageFull);
            assert!(refused.title.starts_with("The disk of the server is full."));
        }

        disk.repair();
        let later = post_in_bursts(&world, "later", 2);
        assert_eq!(check_acknowledged(&world.lobby(), &later), later.len());
        resend(&world, &attempts);
        let all = world.lobby();
        check_acknowledged(&all, &attempts);
        let received = posted(&world.close());
        assert_eq!(received, (1..=all.len() as u64).collect::<Vec<_>>());
    }
    assert!(refused > 500, "the disk filled too late to show anything");
}

#[test]
fn a_disk_that_goes_and_comes_back_leaves_no_doubt_behind() {
    let mut rng = Rng(81);
    for _ in 0..6 {
        let (disk, world) = faulty_world();
        disk.fail(Fault::Dead, rng.below(40));
        let attempts = post_in_bursts(&world, "gone", 8);
        let failed = attempts.iter().filter_map(|attempt| attempt.answer.as_ref().err());
        assert!(failed.clone().count() > 0);
        for error in failed {
            assert_eq!(error.kind, Kind::Unavailable);
        }

        disk.repair();
        // Reading recovers even if nobody writes.
        let patience = Instant::now() + crate::harness::PATIENCE;
        while wait(world.store.has_accounts()).is_err() {
            assert!(Instant::now() < patience, "the store did not heal");
            std::thread::sleep(Duration::from_millis(20));
        }
        resend(&world, &attempts);
        let all = world.lobby();
        check_acknowledged(&all, &attempts);
        assert_eq!(all.len(), attempts.len());
        let received = posted(&world.close());
        assert_eq!(
            received,
            (1..=all.len() as u64).collect::<Vec<_>>(),
            "what happened unseen is told in its place"
        );
    }
}

/// A disk that rejects everything but reads after a failed sync, and still shows all written data.
#[derive(Debug, Default)]
struct StuckDisk(Mutex<Stuck>);

#[derive(Debug, Default, PartialEq)]
enum Stuck {
    #[default]
    No,
    AtTheNextSync,
    Yes,
}

impl FaultInjector for StuckDisk {
    fn before(&self, op: DiskOp) -> io::Result<()> {
        let mut stuck = self.0.lock().unwrap();
        if *stuck == Stuck::AtTheNextSync && op.is_sync() {
            *stuck = Stuck::Yes;
        }
        match *stuck == Stuck::Yes && op != DiskOp::Read {
            true => Err(io::Error::from_raw_os_error(5)),
            false => Ok(()),
        }
    }
}

#[test]
fn what_could_not_be_committed_is_told_once_the_disk_is_back_though_nobody_says_more() {
    {
        let disk = Arc::new(StuckDisk::default());
        let world = World::with(Options {
            faults: Some(disk.clone()),
            ..Options::default()
        });
        world.sign_up_people(1);
        let events = || world.store.metrics().get(Count::Events);
        // The writer is idle now.
        std::thread::sleep(Duration::from_millis(20));
        let before = events();
        *disk.0.lock().unwrap() = Stuck::AtTheNextSync;
        let answer = wait(world.store.commit(post(1, "in doubt")));
        assert_eq!(answer.unwrap_err().kind, Kind::Unavailable);
        *disk.0.lock().unwrap() = Stuck::No;
        let patience = Instant::now() + crate::harness::PATIENCE;
        while events() == before {
            assert!(Instant::now() < patience, "nobody heals the file");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(posted(&world.close()), [1]);
    }
}
