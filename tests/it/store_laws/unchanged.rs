//! Of a large page of the file that differs little from what its place held, little is written, and no loss of
//! power mixes the two.

use super::disk::Disk;
use super::world::*;
use bytes::Bytes;
use chapp::model::*;
use chapp::store::{DiskAct, Faults, Options, Store};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tempfile::TempDir;

/// Of one picture.
const BYTES: usize = 300_000;
const ADA: UserId = UserId(1);
const CHANGES: u64 = 40;
const LOSSES: u64 = 300;
/// Writes and syncs until the power goes.
const ACTS: u64 = 60;
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
fn a_large_page_that_changes_little_survives_losses_of_power() {
    let memory = Path::new("/dev/shm");
    let folder = Arc::new(match memory.is_dir() {
        true => TempDir::new_in(memory).unwrap(),
        false => TempDir::new().unwrap(),
    });
    let disk = Arc::new(Disk::default());
    let open = || World::open(folder.clone(), disk.options()).unwrap_or_else(|error| panic!("{error:?}"));
    let world = World::open(folder.clone(), Options::default()).unwrap();
    world.sign_up_people(1);
    let (mut dice, mut jpeg, mut version, path) = (Dice(5), vec![7; BYTES], 0, world.path.clone());
    wait(world.store.commit(show(version, &jpeg))).unwrap();
    world.close();
    disk.restart_with(std::fs::read(&path).unwrap(), &path);
    let (mut lost, mut acknowledged) = (0, 0);
    while lost < LOSSES {
        let world = open();
        disk.fail_after(dice.roll(ACTS));
        let mut next = jpeg.clone();
        loop {
            touch(&mut next, &mut dice);
            if wait(world.store.commit(show(version + 1, &next))).is_err() {
                break;
            }
            (version, acknowledged) = (version + 1, acknowledged + 1);
            jpeg.clone_from(&next);
        }
        world.close();
        let moment = disk.moment();
        for _ in 0..OUTCOMES {
            disk.restart(&moment, &mut dice, &path);
            lost += 1;
            let world = open();
            match shown(&world.store, version) {
                Some(found) => assert_eq!(found, jpeg),
                // What was on its way may have happened.
                None => assert_eq!(shown(&world.store, version + 1).expect("the last one"), next),
            }
            world.close();
        }
        let world = open();
        if shown(&world.store, version).is_none() {
            (version, jpeg) = (version + 1, next);
        }
        world.close();
    }
    assert!(acknowledged > LOSSES / 4, "{acknowledged}");
}
