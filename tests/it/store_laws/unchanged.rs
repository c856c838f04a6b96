//! Of a large page of the file that differs little from what its place held, little is written, and no loss of
//! power mixes the two.

use super::disk::Disk;
use super::world::*;
use bytes::Bytes;
use chapp::model::*;
use chapp::store::{DiskAct, Faults, Options, Store};
use std::io;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tempfile::TempDir;

/// Of one picture.
const BYTES: usize = 300_000;
const ADA: UserId = UserId(1);
const OTHERS: RangeInclusive<u64> = 2..=8;
const CHANGES: u64 = 40;
const LOSSES: u64 = 300;
/// Writes and syncs until the power goes.
const ACTS: u64 = 300;
/// Losses that are tried of one and the same moment.
const OUTCOMES: u64 = 4;

#[derive(Debug, Default)]
struct Written(AtomicU64);

impl Faults for Written {
    fn before(&self, act: DiskAct<'_>) -> io::Result<()> {
        if let DiskAct::Write { bytes, .. } = act {
            self.0.fetch_add(bytes.len() as u64, Relaxed);
        }
        Ok(())
    }
}

fn show(version: u64, jpeg: &[u8]) -> Change {
    Change::SetPicture {
        user: ADA,
        picture: Some(Picture {
            version: format!("{version:08}"),
            jpeg: Bytes::copy_from_slice(jpeg),
        }),
    }
}

fn shown(store: &Store, version: u64) -> Option<Bytes> {
    wait(store.picture(ADA, &format!("{version:08}"))).unwrap()
}

/// Lets other pictures come to where this one stood, and go again.
fn crowd(store: &Store, dice: &mut Dice) {
    let show = |user, jpeg: Option<Vec<u8>>| {
        let picture = jpeg.map(|jpeg| Picture {
            version: "other".to_owned(),
            jpeg: jpeg.into(),
        });
        Change::SetPicture { user, picture }
    };
    let other = vec![dice.roll(256) as u8; BYTES / 3];
    let come = OTHERS.map(|user| show(UserId(user), Some(other.clone())));
    let go = OTHERS.map(|user| show(UserId(user), None));
    for change in [show(ADA, None)].into_iter().chain(come).chain(go) {
        // The power may go in the midst of it.
        let _ = wait(store.commit(change));
    }
}

/// The same but for a few bytes.
fn touch(jpeg: &mut [u8], dice: &mut Dice) {
    for _ in 0..=dice.roll(3) {
        jpeg[dice.roll(BYTES as u64) as usize] = dice.roll(256) as u8;
    }
}

#[test]
fn little_is_written_of_a_large_page_that_changes_little() {
    let written = Arc::new(Written::default());
    let options = Options {
        faults: Some(written.clone()),
        ..Options::default()
    };
    let world = World::with(options);
    world.sign_up_people(1);
    let (mut dice, mut jpeg) = (Dice(1), vec![7; BYTES]);
    for version in 0..8 {
        wait(world.store.commit(show(version, &jpeg))).unwrap();
    }
    let before = written.0.load(Relaxed);
    for version in 8..8 + CHANGES {
        touch(&mut jpeg, &mut dice);
        wait(world.store.commit(show(version, &jpeg))).unwrap();
        assert_eq!(shown(&world.store, version).unwrap(), jpeg);
    }
    let each = (written.0.load(Relaxed) - before) / CHANGES;
    assert!(each < BYTES as u64 / 2, "{each} bytes for a change of a few");
    let world = world.reopen();
    assert_eq!(shown(&world.store, 7 + CHANGES).unwrap(), jpeg);
}

#[test]
fn what_was_written_over_in_between_is_written_again() {
    let options = Options {
        cache_bytes: 0,
        ..Options::default()
    };
    let world = World::with(options);
    world.sign_up_people(*OTHERS.end());
    let (mut dice, mut jpeg) = (Dice(3), vec![7; BYTES]);
    for version in 0..CHANGES {
        touch(&mut jpeg, &mut dice);
        wait(world.store.commit(show(version, &jpeg))).unwrap();
        assert!(shown(&world.store, version).unwrap() == jpeg, "version {version}");
        crowd(&world.store, &mut dice);
    }
    world.close();
}

#[test]
fn a_large_page_that_changes_little_survives_losses_of_power() {
    let memory = Path::new("/dev/shm");
    let folder = Arc::new(match memory.is_dir() {
        true => TempDir::new_in(memory).unwrap(),
        false => TempDir::new().unwrap(),
    });
    let disk = Arc::new(Disk::default());
    let open = || World::open(folder.clone(), disk.options()).unwrap_or_else(|error| panic!("{error:?}"));
    let world = World::open(folder.clone(), Options::default()).unwrap();
    world.sign_up_people(*OTHERS.end());
    let (mut dice, mut jpeg, mut version, path) = (Dice(5), vec![7; BYTES], 0, world.path.clone());
    wait(world.store.commit(show(version, &jpeg))).unwrap();
    world.close();
    disk.restart_with(std::fs::read(&path).unwrap(), &path);
    let (mut lost, mut acknowledged, mut is_gone) = (0, 0, false);
    while lost < LOSSES {
        let world = open();
        disk.fail_after(dice.roll(ACTS));
        let mut next = jpeg.clone();
        loop {
            if dice.roll(4) == 0 {
                crowd(&world.store, &mut dice);
                is_gone = true;
            }
            touch(&mut next, &mut dice);
            if wait(world.store.commit(show(version + 1, &next))).is_err() {
                break;
            }
            (version, acknowledged, is_gone) = (version + 1, acknowledged + 1, false);
            jpeg.clone_from(&next);
        }
        world.close();
        let moment = disk.moment();
        let mut is_next = false;
        for _ in 0..OUTCOMES {
            disk.restart(&moment, &mut dice, &path);
            lost += 1;
            let world = open();
            // What was on its way may have happened.
            let found = [shown(&world.store, version), shown(&world.store, version + 1)];
            match &found {
                [Some(found), None] => assert!(*found == jpeg),
                [None, Some(found)] => assert!(*found == next),
                _ => assert!(is_gone, "the picture is gone"),
            }
            is_next = found[1].is_some();
            world.close();
        }
        if is_next {
            (version, jpeg) = (version + 1, next);
        }
    }
    assert!(acknowledged > LOSSES / 4, "{acknowledged}");
}
