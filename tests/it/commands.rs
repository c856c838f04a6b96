//! The commands for a data file, run as a shell runs them: with and without a running server.

mod backup;
mod check;
mod compact;
mod people;
#[cfg(unix)]
mod read_only;
#[cfg(unix)]
mod socket;
#[cfg(unix)]
mod strangers;

use crate::harness::exe::{Ended, Exe, Home, run};
use crate::harness::http::Request;
use crate::harness::people::{Person, credentials, history};
use crate::store_laws::world::{pipeline, post, sign_up, wait};
use chapp::store::{Options, Progress, Store, check_file};
use serde_json::Value;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Runs a command on the data file of this home.
fn command(home: &Home, arguments: &[&str]) -> Ended {
    let mut command = home.command(arguments);
    command.env("CHAPP_DATA", home.data());
    run(command)
}

/// Runs it; it must succeed. Returns its output.
#[track_caller]
fn succeeds(home: &Home, arguments: &[&str]) -> String {
    let ended = command(home, arguments);
    assert!(ended.status.success(), "{arguments:?}: {}", ended.stderr);
    assert_eq!(ended.stderr, "", "{arguments:?}");
    assert!(ended.stdout.ends_with('\n') && !ended.stdout.contains("panicked"));
    ended.stdout
}

/// Runs it; it must exit with this code and one sentence for people. Returns the sentence.
#[track_caller]
fn fails(home: &Home, arguments: &[&str], code: i32) -> String {
    let ended = command(home, arguments);
    assert_eq!(
        ended.status.code(),
        Some(code),
        "{arguments:?}: {}{}",
        ended.stdout,
        ended.stderr
    );
    let sentence = ended.stderr.trim_end();
    assert!(sentence.ends_with('.') && !sentence.contains("Error"), "{sentence}");
    for word in ["panicked", "RUST_BACKTRACE", "Err("] {
        assert!(!sentence.contains(word), "{sentence}");
    }
    sentence.to_owned()
}

/// Creates a data file in a home with person 1 and this many messages of theirs, and closes it.
fn with_messages(home: &Home, count: u64) -> PathBuf {
    let path = home.data();
    let (store, feed) = Store::open(&path, Options::default()).unwrap();
    drop(feed);
    wait(async {
        store.commit(sign_up("person 1", 1)).await.unwrap();
        for some in (0..count).collect::<Vec<_>>().chunks(1_000) {
            let posts = some.iter().map(|n| post(1, &n.to_string())).collect();
            for answer in pipeline(&store, posts).await {
                answer.unwrap();
            }
        }
        store.close().await;
    });
    path
}

#[track_caller]
fn is_sound(path: &Path) -> u64 {
    let report = check_file(path, &Options::default(), &Progress::default()).unwrap();
    assert_eq!((report.count, report.findings), (0, Vec::new()));
    report.messages
}

/// The files in a folder, without those that a process keeps there while it runs.
fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

fn log_in(address: SocketAddr, name: &str, password: &str) -> u16 {
    let request = Request::new(address, "POST", "/api/login").json(&credentials(name, password));
    request.send().status
}

fn me(address: SocketAddr, person: &Person) -> Value {
    Request::new(address, "GET", "/api/me")
        .cookie(&person.cookie)
        .send()
        .json()["user"]
        .clone()
}

#[test]
fn help_tells_every_command() {
    let home = Home::new();
    let help = succeeds(&home, &["--help"]);
    for word in [
        "backup",
        "check",
        "compact",
        "reset",
        "owner",
        "--backups <FOLDER|off>",
        "CHAPP_BACKUPS",
    ] {
        assert!(help.contains(word), "{word} in:\n{help}");
    }
    assert!(succeeds(&home, &["check", "--help"]).contains("with 2 where"));
    assert_eq!(names(home.path()), [""; 0]);
}

#[test]
fn a_command_on_a_file_that_is_not_there_makes_none() {
    let home = Home::new();
    for (arguments, code) in [
        (&["backup", "copy.redb"][..], 1),
        (&["backup", "-"], 1),
        (&["check"], 2),
        (&["compact"], 1),
        (&["reset", "Ada"], 1),
        (&["owner", "Ada"], 1),
    ] {
        let said = fails(&home, arguments, code);
        assert_eq!(
            said,
            format!("There is no file {}.", home.data().display()),
            "{arguments:?}"
        );
    }
    assert_eq!(names(home.path()), [""; 0]);
}
