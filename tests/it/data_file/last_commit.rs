//! The last-commit file beside a data file, when somebody with write access to the folder has replaced it.

use super::*;
use crate::harness::PATIENCE;
use crate::harness::exe::Home;
use std::os::unix::fs::{MetadataExt, symlink};
use std::sync::mpsc;

const NOTE: &str = ".data.redb.last-commit";

/// Opens the data file, writes to it and closes it. A pipe under that name must not block this.
#[track_caller]
fn is_used(path: &Path) {
    let (done, used) = mpsc::channel();
    let path = path.to_owned();
    thread::spawn(move || {
        let store = open(&path).unwrap();
        wait(store.commit(post(1, "one more"))).unwrap();
        close(store);
        done.send(()).unwrap();
    });
    used.recv_timeout(PATIENCE).expect("it hangs");
}

/// Checks that the last-commit file is a regular file again, and nothing else was left.
#[track_caller]
fn is_a_note(folder: &Path) {
    let about = fs::symlink_metadata(folder.join(NOTE)).unwrap();
    assert!(about.is_file());
    assert_eq!((about.mode() & 0o777, about.nlink()), (0o600, 1));
    assert!(fs::read_to_string(folder.join(NOTE)).unwrap().starts_with("closed "));
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.contains(".new-"), "{name}");
    }
}

#[test]
fn a_link_in_the_place_of_the_note_is_neither_read_nor_written_through() {
    for link in [
        |from: &Path, to: &Path| symlink(from, to),
        |from: &Path, to: &Path| fs::hard_link(from, to),
    ] {
        let (folder, path) = data_file();
        let (note, other) = (folder.path().join(NOTE), folder.path().join("other"));
        fs::remove_file(&note).unwrap();
        fs::write(&other, "what must stay").unwrap();
        link(&other, &note).unwrap();
        is_used(&path);
        assert_eq!(fs::read_to_string(&other).unwrap(), "what must stay");
        is_a_note(folder.path());
    }

    // Also if it links to a valid last-commit file: the data file would be taken for a copy.
    let (folder, path) = data_file();
    let (note, other) = (folder.path().join(NOTE), folder.path().join("other"));
    let epoch = open(&path)
        .map(|store| (store.epoch().to_owned(), close(store)).0)
        .unwrap();
    fs::write(&other, "foreign - 0").unwrap();
    fs::remove_file(&note).unwrap();
    symlink(&other, &note).unwrap();
    let store = open(&path).unwrap();
    assert_eq!(store.epoch(), epoch);
    close(store);
    assert_eq!(fs::read_to_string(&other).unwrap(), "foreign - 0");
}

#[test]
fn a_pipe_in_the_place_of_the_note_hangs_nobody() {
    let (folder, path) = data_file();
    let note = folder.path().join(NOTE);
    fs::remove_file(&note).unwrap();
    crate::harness::make_pipe(&note);
    is_used(&path);
    is_a_note(folder.path());
}

#[test]
fn a_draft_of_the_note_that_a_kill_left_behind_goes_with_the_next_start() {
    let (folder, path) = data_file();
    fs::write(folder.path().join(format!("{NOTE}.new-0123456789abcdef")), "open").unwrap();
    is_used(&path);
    is_a_note(folder.path());
}

#[test]
fn a_note_that_cannot_be_written_is_told_of_once() {
    let home = Home::new();
    let note = home.path().join(".chapp.redb.last-commit");
    fs::create_dir(&note).unwrap();
    let mut exe = home.serve(&[]);
    exe.signal("TERM");
    let ended = exe.wait();
    assert!(ended.status.success());
    assert_eq!(ended.stderr.matches("cannot be written").count(), 1, "{}", ended.stderr);
    assert_eq!(fs::read_dir(&note).unwrap().count(), 0);
}
