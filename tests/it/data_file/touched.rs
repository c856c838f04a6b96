//! Changes to the file of a running server by others: the server notices in time, acknowledges nothing that would be
//! lost, reports it, and the next start is right.

use super::*;
use crate::harness::PATIENCE;
use chapp::store::{Difference, Progress, ReadBack, Unready};
use std::time::Instant;

/// Waits until the store has noticed.
fn until(store: &Store, expected: Result<(), Unready>) {
    let patience = Instant::now() + PATIENCE;
    while store.readiness() != expected {
        assert!(Instant::now() < patience, "{:?}, not {expected:?}", store.readiness());
        thread::sleep(Duration::from_millis(20));
    }
}

fn epoch(path: &Path) -> String {
    let store = open(path).unwrap();
    let epoch = store.epoch().to_owned();
    close(store);
    epoch
}

fn length(store: &Store) -> usize {
    wait(read_forward(store)).unwrap().len()
}

#[test]
fn a_backup_that_is_copied_over_the_file_of_a_running_server_is_noticed_and_never_taken_for_ours() {
    let (folder, path) = data_file();
    let epoch = epoch(&path);
    let backup = fs::read(&path).unwrap();
    let store = open(&path).unwrap();
    wait(store.commit(post(1, "after the backup"))).unwrap();
    write_over(&path, &backup);
    until(&store, Err(Unready::Foreign(Difference::Overwritten)));
    // Nothing is acknowledged, nothing foreign is read, and nothing is backed up.
    let refused = wait(store.commit(post(1, "into nothing"))).unwrap_err();
    assert_eq!(refused.kind, Kind::Unavailable);
    assert_eq!(kind(wait(store.has_accounts())), Kind::Unavailable);
    assert_eq!(
        kind(store.back_up(ReadBack::No, &Progress::default()).map(drop)),
        Kind::Unavailable
    );
    let before = fs::read(&path).unwrap();
    close(store);
    assert_eq!(fs::read(&path).unwrap(), before, "somebody else's file was written to");
    let store = open(&path).unwrap();
    assert_ne!(store.epoch(), epoch);
    assert_eq!(length(&store), 300);
    close(store);
    drop(folder);
}

#[test]
fn a_file_that_is_renamed_under_a_running_server_takes_nothing_more_until_it_is_back() {
    let (folder, path) = data_file();
    let epoch = epoch(&path);
    let store = open(&path).unwrap();
    let elsewhere = folder.path().join("elsewhere.redb");
    fs::rename(&path, &elsewhere).unwrap();
    until(&store, Err(Unready::Foreign(Difference::Removed)));
    assert_eq!(kind(wait(store.commit(post(1, "into nothing")))), Kind::Unavailable);
    assert_eq!(length(&store), 300, "it can be read all the same");
    fs::rename(&elsewhere, &path).unwrap();
    until(&store, Ok(()));
    wait(store.commit(post(1, "one more"))).unwrap();
    close(store);
    let store = open(&path).unwrap();
    assert_eq!((store.epoch(), length(&store)), (&*epoch, 301));
    close(store);
}

#[test]
fn another_file_in_the_place_of_the_one_in_use_is_left_alone() {
    let (folder, path) = data_file();
    let other = folder.path().join("other.redb");
    fs::copy(&path, &other).unwrap();
    let store = open(&path).unwrap();
    fs::rename(&other, &path).unwrap();
    until(&store, Err(Unready::Foreign(Difference::Replaced)));
    assert_eq!(kind(wait(store.commit(post(1, "into nothing")))), Kind::Unavailable);
    let before = fs::read(&path).unwrap();
    close(store);
    assert_eq!(fs::read(&path).unwrap(), before);
    let store = open(&path).unwrap();
    assert_eq!(length(&store), 300);
    close(store);
}

#[test]
fn a_file_that_is_removed_under_a_running_server_takes_nothing_more() {
    let (_folder, path) = data_file();
    let store = open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    until(&store, Err(Unready::Foreign(Difference::Removed)));
    assert_eq!(kind(wait(store.commit(post(1, "into nothing")))), Kind::Unavailable);
    // The data can still be saved.
    let backup = store.back_up(ReadBack::No, &Progress::default()).unwrap();
    assert!(backup.bytes > 0);
    close(store);
    assert!(!path.exists());
}

#[test]
fn a_file_that_is_cut_off_under_a_running_server_is_noticed_and_the_next_start_refuses_it() {
    let (_folder, path) = data_file();
    let store = open(&path).unwrap();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(fs::metadata(&path).unwrap().len() / 2).unwrap();
    until(&store, Err(Unready::Foreign(Difference::Overwritten)));
    assert_eq!(kind(wait(store.commit(post(1, "into nothing")))), Kind::Unavailable);
    close(store);
    assert!(matches!(refusal(&path), OpenError::Damaged { .. }));
}

#[test]
fn a_damaged_row_makes_the_store_look_ill_and_no_backup_of_it_is_made() {
    let (_folder, path) = damage::data_file_with_a_damaged_row();
    let store = open(&path).unwrap();
    assert_eq!(store.readiness(), Ok(()));
    assert_eq!(kind(wait(store.commit(damage::meets_the_damage(1)))), Kind::Internal);
    assert_eq!(store.readiness(), Err(Unready::Damaged));
    assert_eq!(
        kind(store.back_up(ReadBack::No, &Progress::default()).map(drop)),
        Kind::Internal
    );
    close(store);
}

#[cfg(unix)]
#[test]
fn another_mode_owner_or_change_time_leaves_the_history_what_it_is() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = data_file();
    let before = epoch(&path);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let moved = folder.path().join("moved.redb");
    fs::rename(&path, &moved).unwrap();
    // The change time is now, although the last commit was long ago.
    let store = open(&moved).unwrap();
    assert_eq!(store.epoch(), before);
    close(store);
}

#[cfg(unix)]
#[test]
fn a_pipe_or_a_link_to_nothing_is_refused_at_once() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.redb");
    crate::harness::make_pipe(&path);
    assert!(matches!(open(&path), Err(OpenError::NotOurs { .. })));
    fs::remove_file(&path).unwrap();
    let target = folder.path().join("on another disk.redb");
    symlink(&target, &path).unwrap();
    let Err(error) = open(&path) else {
        panic!("an empty server")
    };
    assert!(matches!(&error, OpenError::DanglingLink { target: found, .. } if *found == target));
    assert!(error.to_string().contains("on another disk.redb"));
    assert!(!target.exists());
}

#[test]
fn a_second_start_leaves_the_drafts_of_the_first_alone() {
    let (folder, path) = data_file();
    let store = open(&path).unwrap();
    // As of a backup in progress, at a moment when it holds no lock on the draft.
    let draft = folder.path().join("data.redb.new-0123456789abcdef");
    fs::write(&draft, b"").unwrap();
    assert!(matches!(open(&path), Err(OpenError::AlreadyOpen { .. })));
    assert!(draft.exists());
    close(store);
    close(open(&path).unwrap());
    assert!(!draft.exists(), "what a kill leaves goes with the next start");
}

#[test]
fn files_leave_the_last_space_of_the_disk_to_messages_and_a_log_in_takes_some_of_it() {
    let (_folder, path) = data_file();
    let piece = || {
        Change::File(FileChange::Keep {
            id: FileId([1; 16]),
            index: 0,
            bytes: vec![0; 10].into(),
            at: Time(1_000),
        })
    };
    let no_room_for_files = Options {
        upload_free_bytes_min: u64::MAX,
        ..Options::default()
    };
    let (store, _feed) = Store::open(&path, no_room_for_files).unwrap();
    assert_eq!(kind(wait(store.commit(piece()))), Kind::StorageFull);
    wait(store.commit(post(1, "there is room for words"))).unwrap();
    close(store);
    let full = Options {
        disk_free_bytes_min: u64::MAX,
        ..Options::default()
    };
    let (store, _feed) = Store::open(&path, full).unwrap();
    assert_eq!(kind(wait(store.commit(post(1, "no room")))), Kind::StorageFull);
    let log_in = Change::OpenSession(LogIn {
        user: UserId(1),
        verified: password(),
        session: session(77),
        rehashed: None,
        at: Time(2_000),
    });
    wait(store.commit(log_in)).unwrap();
    close(store);
}
