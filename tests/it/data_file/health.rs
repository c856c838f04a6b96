//! An open file with damaged rows must not look healthy: not to monitoring, not at a start, and not after a restart.

use super::*;
use crate::harness::exe::{Ended, Exe, Home, run};
use crate::harness::http::{Request, Response};
use chapp::store::{Progress, ReadBack, Unready};

#[track_caller]
fn is_ill(store: &Store) {
    assert_eq!(store.readiness(), Err(Unready::Damaged));
    let backup = store.back_up(ReadBack::No, &Progress::default());
    assert_eq!(kind(backup.map(drop)), Kind::Internal);
}

#[track_caller]
fn is_well(store: &Store) {
    assert_eq!(store.readiness(), Ok(()));
    store.back_up(ReadBack::Yes, &Progress::default()).unwrap();
}

#[test]
fn damage_that_somebody_met_is_still_known_after_restarts_and_is_gone_with_the_file() {
    let (folder, path) = damage::data_file_with_a_damaged_row();
    let sound = folder.path().join("sound.redb");
    let (other, whole) = data_file();
    fs::copy(&whole, &sound).unwrap();
    drop(other);
    let store = open(&path).unwrap();
    assert_eq!(kind(wait(store.commit(damage::meets_the_damage(1)))), Kind::Internal);
    close(store);
    for _ in 0..2 {
        let store = open(&path).unwrap();
        is_ill(&store);
        wait(store.commit(post(1, "what does not meet it is saved all the same"))).unwrap();
        close(store);
    }
    fs::rename(&sound, &path).unwrap();
    for _ in 0..2 {
        let store = open(&path).unwrap();
        is_well(&store);
        close(store);
    }
}

#[test]
fn damage_that_was_a_mistake_is_forgotten_once_a_check_finds_none() {
    let (folder, path) = data_file();
    // As a server writes it that met damage which is gone again.
    let note = folder.path().join(".data.redb.last-commit");
    let closed = fs::read_to_string(&note).unwrap();
    fs::write(&note, format!("{closed} damaged")).unwrap();
    let epoch = {
        let store = open(&path).unwrap();
        is_well(&store);
        let epoch = store.epoch().to_owned();
        close(store);
        epoch
    };
    assert!(!fs::read_to_string(&note).unwrap().contains("damaged"));
    let store = open(&path).unwrap();
    assert_eq!(store.epoch(), epoch, "it is no other history");
    close(store);
}

#[test]
fn a_copy_with_a_damaged_row_is_known_to_be_damaged_before_anybody_meets_it() {
    let (folder, path) = damage::data_file_with_a_damaged_row();
    let copy = folder.path().join("copy.redb");
    fs::copy(&path, &copy).unwrap();
    let store = open(&copy).unwrap();
    is_ill(&store);
    close(store);
}

#[test]
fn a_backup_that_meets_the_damage_makes_the_store_look_ill() {
    let (_folder, path) = damage::data_file_with_a_damaged_row();
    let store = open(&path).unwrap();
    assert_eq!(store.readiness(), Ok(()));
    let backup = store.back_up(ReadBack::No, &Progress::default());
    assert_eq!(kind(backup.map(drop)), Kind::Internal);
    is_ill(&store);
    close(store);
}

/// A home whose data file has a damaged row.
fn damaged_home() -> Home {
    let home = Home::new();
    let (_folder, path) = damage::data_file_with_a_damaged_row();
    fs::copy(&path, home.data()).unwrap();
    home
}

fn asked(exe: &Exe, path: &str) -> Response {
    Request::new(exe.address, "GET", path).send()
}

fn command(home: &Home, arguments: &[&str]) -> Ended {
    let mut command = home.command(arguments);
    command.env("CHAPP_DATA", home.data());
    run(command)
}

#[test]
fn the_line_of_the_start_and_healthz_say_that_the_file_is_damaged_and_backups_are_refused() {
    let home = damaged_home();
    let exe = home.serve(&[]);
    let sentence = "The data file is damaged. Run chapp check FILE to see what is wrong.";
    assert!(
        exe.line.ends_with(&format!("Ctrl-C stops it. ATTENTION: {sentence}")),
        "{}",
        exe.line
    );
    for path in ["/healthz", "/readyz"] {
        let response = asked(&exe, path);
        assert_eq!(response.refused(503, "unavailable")["title"], sentence);
        assert!(response.get("retry-after").is_some());
    }
    let backup = command(&home, &["backup", "copy.redb"]);
    assert_eq!(backup.status.code(), Some(1), "{}{}", backup.stdout, backup.stderr);
    assert!(!home.path().join("copy.redb").exists());
}

#[test]
fn a_sound_file_starts_without_a_warning() {
    let home = Home::new();
    let exe = home.serve(&[]);
    assert!(exe.line.ends_with("Ctrl-C stops it."), "{}", exe.line);
    assert_eq!(asked(&exe, "/healthz").status, 200);
}

#[test]
fn a_check_that_finds_damage_in_the_file_of_a_running_server_makes_that_look_ill() {
    let home = Home::new();
    let exe = {
        let (folder, path) = damage::data_file_with_a_damaged_row();
        // Moved together with the files beside it, so that the change goes unnoticed.
        fs::rename(&path, home.data()).unwrap();
        let note = folder.path().join(".data.redb.last-commit");
        fs::rename(note, home.path().join(".chapp.redb.last-commit")).unwrap();
        home.serve(&[])
    };
    assert_eq!(asked(&exe, "/healthz").status, 200);
    let check = command(&home, &["check"]);
    assert_eq!(check.status.code(), Some(1), "{}", check.stderr);
    asked(&exe, "/healthz").refused(503, "unavailable");
}
