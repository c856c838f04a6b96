//! `chapp compact`.

use super::*;
use crate::harness::people;
use crate::harness::socket::Socket;
use chapp::store::{FileError, Store, compact};
use std::thread;
use std::time::Duration;

#[test]
fn a_compact_file_is_smaller_and_nothing_else_is_another() {
    let home = Home::new();
    let mut exe = home.serve(&["--rate-limits", "off"]);
    let (ada, ben) = (people::sign_up(exe.address, "Ada"), people::sign_up(exe.address, "Ben"));
    let mut socket = Socket::open(exe.address, &ada);
    let (epoch, id) = (socket.ready["epoch"].clone(), socket.ready["server"]["id"].clone());
    for n in 0..200 {
        socket.say(&n.to_string(), &format!("message {n} {}", "x".repeat(2_000)));
    }
    let server = |exe: &Exe| {
        let request = Request::new(exe.address, "GET", "/api/server").cookie(&ada.cookie);
        request.send().json()["server"].clone()
    };
    let invite = server(&exe)["invite"].clone();
    assert!(invite.is_object());
    let reset = people::reset_code(&succeeds(&home, &["reset", "Ben"]));
    let before = history(exe.address, &ada);
    exe.signal("TERM");
    assert!(exe.wait().status.success());
    let about = fs::metadata(home.data()).unwrap();

    let said = succeeds(&home, &["compact"]);
    assert!(
        said.contains("is now") && said.contains("smaller than before"),
        "{said}"
    );
    let after = fs::metadata(home.data()).unwrap();
    assert!(after.len() < about.len(), "{} and {}", after.len(), about.len());
    assert_eq!(after.permissions(), about.permissions());
    assert_eq!(is_sound(&home.data()), 200);
    assert_eq!(names(home.path()), ["chapp.redb"]);

    let exe = home.serve(&["--rate-limits", "off"]);
    let ready = Socket::open(exe.address, &ada).ready;
    assert_eq!(
        (&ready["epoch"], &ready["server"]["id"]),
        (&epoch, &id),
        "browsers go on where they were"
    );
    assert_eq!(history(exe.address, &ada), before);
    assert_eq!(me(exe.address, &ben)["name"], "Ben", "sessions last");
    assert_eq!(server(&exe)["invite"], invite);
    let body = serde_json::json!({"code": reset, "password": "another password"});
    let used = Request::new(exe.address, "POST", "/api/reset").json(&body).send();
    assert_eq!(used.status, 200, "{}", used.text());
}

#[test]
fn what_a_kill_left_in_the_journal_is_in_the_compact_file() {
    let home = Home::new();
    let mut exe = home.serve(&[]);
    let ada = people::sign_up(exe.address, "Ada");
    let last = Socket::open(exe.address, &ada).say("one", "the last words");
    exe.kill();
    succeeds(&home, &["compact"]);
    assert_eq!(is_sound(&home.data()), last);
    let exe = home.serve(&[]);
    assert_eq!(history(exe.address, &ada)[0]["body"], "the last words");
}

#[test]
fn a_file_in_use_is_left_as_it_is() {
    let home = Home::new();
    with_messages(&home, 5);
    let exe = home.serve(&[]);
    let said = fails(&home, &["compact"], 1);
    assert!(said.contains("is in use. Stop Chapp first"), "{said}");
    assert_eq!(names(home.path()), ["chapp.redb"]);
    drop(exe);
}

#[test]
fn without_room_for_another_file_nothing_is_begun() {
    let home = Home::new();
    let path = with_messages(&home, 5);
    let before = fs::read(&path).unwrap();
    let options = Options {
        disk_free_bytes_min: u64::MAX / 2,
        ..Options::default()
    };
    let error = compact(&path, &options, &Progress::default()).unwrap_err();
    assert!(matches!(error, FileError::NoRoom { .. }), "{error}");
    assert!(error.to_string().contains("are needed"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(names(home.path()), ["chapp.redb"]);
}

#[cfg(unix)]
#[test]
fn a_link_to_the_data_file_stays_a_link() {
    let home = Home::new();
    let path = with_messages(&home, 5);
    let real = home.path().join("real.redb");
    fs::rename(&path, &real).unwrap();
    std::os::unix::fs::symlink(&real, &path).unwrap();
    succeeds(&home, &["compact"]);
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    assert_eq!(is_sound(&real), 5);
    assert_eq!(names(home.path()), ["chapp.redb", "real.redb"]);
}

#[test]
fn a_damaged_file_and_one_with_tables_of_another_version_are_left_as_they_are() {
    let home = Home::new();
    let path = with_messages(&home, 5);
    let whole = fs::read(&path).unwrap();
    crate::check::plant_an_unknown_table(&path);
    let planted = fs::read(&path).unwrap();
    let said = fails(&home, &["compact"], 1);
    assert!(said.contains("a table that this Chapp does not know (later)"), "{said}");
    assert_eq!(fs::read(&path).unwrap(), planted);

    let mut bytes = whole;
    let text = b"3, says 1";
    let places: Vec<usize> = (0..bytes.len() - text.len())
        .filter(|at| bytes[*at..].starts_with(text))
        .collect();
    for at in places {
        bytes[at] ^= 1;
    }
    fs::write(&path, &bytes).unwrap();
    let said = fails(&home, &["compact"], 1);
    assert!(said.contains("is damaged (log 4 has a wrong checksum)"), "{said}");
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(names(home.path()), ["chapp.redb"]);
}

#[test]
fn a_kill_at_any_moment_leaves_the_old_file_or_the_new_one() {
    let home = Home::new();
    let path = with_messages(&home, 10_000);
    let before = fs::read(&path).unwrap();
    let (mut killed, mut delay) = (0, Duration::ZERO);
    loop {
        let mut command = home.command(&["compact"]);
        let mut running = command.env("CHAPP_DATA", &path).spawn().unwrap();
        // At random moments.
        thread::sleep(delay);
        let ended = running.try_wait().unwrap();
        let _ = running.kill();
        running.wait().unwrap();
        if ended.is_some() || fs::read(&path).unwrap() != before {
            break;
        }
        killed += 1;
        delay += Duration::from_millis(4);
    }
    assert!(killed > 3, "{killed}");
    assert_eq!(is_sound(&path), 10_000);
    // The next start removes the leftovers of the kills.
    let (store, feed) = Store::open(&path, Options::default()).unwrap();
    drop(feed);
    wait(store.close());
    assert_eq!(names(home.path()), ["chapp.redb"]);
    assert_eq!(is_sound(&path), 10_000);
}
