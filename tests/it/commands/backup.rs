//! `chapp backup`.

use super::*;
use crate::harness::people;
use crate::harness::socket::Socket;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

/// The error for a backup onto the data file of a running server.
fn restored(home: &Home, backup: &Path) -> Exe {
    let elsewhere = home.path().join("restored.redb");
    fs::copy(backup, &elsewhere).unwrap();
    let data = elsewhere.to_str().unwrap();
    Exe::started(home.command(&["--no-open", "--listen", "127.0.0.1:0", "--data", data]))
}

#[test]
fn a_backup_of_a_busy_server_holds_everything_that_was_acknowledged_before_it() {
    let home = Home::new();
    let mut exe = home.serve(&["--rate-limits", "off"]);
    let ada = people::sign_up(exe.address, "Ada");
    let stop = AtomicBool::new(false);
    let before = thread::scope(|scope| {
        let (say, said) = std::sync::mpsc::channel();
        let (stop, ada) = (&stop, &ada);
        let address = exe.address;
        scope.spawn(move || {
            let mut socket = Socket::open(address, ada);
            for n in 0.. {
                if stop.load(Relaxed) {
                    break;
                }
                let seq = socket.say(&n.to_string(), &format!("message {n} {}", "x".repeat(500)));
                // Posts after the backup do not count.
                let _ = say.send(seq);
            }
        });
        let before = (0..100).map(|_| said.recv().unwrap()).max().unwrap();
        let told = succeeds(&home, &["backup", "copy.redb"]);
        stop.store(true, Relaxed);
        assert!(
            told.contains("copy.redb") && told.contains("read back and checked"),
            "{told}"
        );
        before
    });
    let copy = home.path().join("copy.redb");
    assert!(is_sound(&copy) >= before);
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::MetadataExt::mode(&fs::metadata(&copy).unwrap()) & 0o777,
        0o600
    );
    assert_eq!(names(home.path()), ["chapp.redb", "copy.redb"]);
    // The page reports it like a downloaded backup.
    let server = Request::new(exe.address, "GET", "/api/server").cookie(&ada.cookie);
    let told = server.send().json()["server"]["backup"].clone();
    assert_eq!(told["bytes"], fs::metadata(&copy).unwrap().len());
    exe.kill();

    let again = restored(&home, &copy);
    let messages = history(again.address, &ada);
    assert!(messages.len() as u64 >= before);
    assert_eq!(
        messages[0]["body"].as_str().unwrap().split(" x").next(),
        Some("message 0")
    );
}

#[test]
fn what_was_in_a_file_that_was_removed_under_the_server_can_still_be_saved() {
    let home = Home::new();
    let exe = home.serve(&[]);
    let ada = people::sign_up(exe.address, "Ada");
    Socket::open(exe.address, &ada).say("one", "the last words");
    fs::remove_file(home.data()).unwrap();
    succeeds(&home, &["backup", "copy.redb"]);
    let mut piped = home.command(&["backup", "-"]);
    piped.env("CHAPP_DATA", home.data());
    let output = piped.output().unwrap();
    assert!(output.status.success() && !output.stdout.is_empty());
    assert!(!home.data().exists());
    drop(exe);
    let again = restored(&home, &home.path().join("copy.redb"));
    assert_eq!(history(again.address, &ada)[0]["body"], "the last words");
}

#[test]
fn a_backup_of_a_stopped_server_leaves_every_byte_of_it_and_holds_what_a_kill_left_in_the_journal() {
    let home = Home::new();
    let mut exe = home.serve(&[]);
    let ada = people::sign_up(exe.address, "Ada");
    let last = Socket::open(exe.address, &ada).say("one", "the last words");
    exe.kill();
    let before = fs::read(home.data()).unwrap();
    succeeds(&home, &["backup", "copy.redb"]);
    assert_eq!(fs::read(home.data()).unwrap(), before);
    assert_eq!(is_sound(&home.path().join("copy.redb")), last);
    assert_eq!(names(home.path()), ["chapp.redb", "copy.redb"]);
    let again = restored(&home, &home.path().join("copy.redb"));
    assert_eq!(history(again.address, &ada)[0]["body"], "the last words");
}

#[test]
fn standard_output_gets_the_same_whether_chapp_runs_or_not() {
    let home = Home::new();
    with_messages(&home, 50);
    let to_output = || {
        let mut command = home.command(&["backup", "-"]);
        let output = command.env("CHAPP_DATA", home.data()).output().unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.success() && words.contains("checked before it was sent"),
            "{words}"
        );
        fs::write(home.path().join("copy.redb"), output.stdout).unwrap();
        assert_eq!(is_sound(&home.path().join("copy.redb")), 50);
        fs::remove_file(home.path().join("copy.redb")).unwrap();
    };
    to_output();
    let _exe = home.serve(&[]);
    to_output();
    assert_eq!(names(home.path()), ["chapp.redb"]);
}

#[test]
fn a_file_that_is_there_is_replaced_only_where_that_is_asked_for() {
    let home = Home::new();
    with_messages(&home, 5);
    for exe in [None, Some(home.serve(&[]))] {
        let copy = home.path().join("copy.redb");
        fs::write(&copy, "something of somebody's").unwrap();
        let said = fails(&home, &["backup", "copy.redb"], 1);
        assert!(said.contains("already exists") && said.contains("--force"), "{said}");
        assert_eq!(fs::read(&copy).unwrap(), b"something of somebody's");
        succeeds(&home, &["backup", "copy.redb", "--force"]);
        assert_eq!(is_sound(&copy), 5);
        assert_eq!(names(home.path()), ["chapp.redb", "copy.redb"]);
        drop(exe);
    }
}

#[test]
fn what_is_no_place_for_a_backup_is_refused_with_the_next_step() {
    let home = Home::new();
    with_messages(&home, 5);
    let before = fs::read(home.data()).unwrap();
    let said = fails(&home, &["backup", "chapp.redb", "--force"], 1);
    assert!(said.contains("is the data file itself"), "{said}");
    fs::create_dir(home.path().join("folder")).unwrap();
    let said = fails(&home, &["backup", "folder", "--force"], 1);
    assert!(said.contains("is a folder. Name a file in it"), "{said}");
    let said = fails(&home, &["backup", "none/copy.redb"], 1);
    assert!(
        said.contains("There is no folder") && said.contains("Create it"),
        "{said}"
    );
    #[cfg(unix)]
    {
        let pipe = home.path().join("pipe");
        crate::harness::make_pipe(&pipe);
        let said = fails(&home, &["backup", "pipe", "--force"], 1);
        assert!(said.contains("use - and redirect"), "{said}");
    }
    // The data file of a running server, by whatever name.
    let other = Home::new();
    let _exe = other.serve(&[]);
    let said = fails(&home, &["backup", other.data().to_str().unwrap(), "--force"], 1);
    assert!(said.contains("is in use by a running program"), "{said}");
    assert_eq!(fs::read(home.data()).unwrap(), before);
    let left = names(home.path());
    assert!(left.iter().all(|name| !name.contains(".new-")), "{left:?}");
    assert_eq!(names(other.path()), ["chapp.redb"]);
}

#[test]
fn a_damaged_data_file_gives_no_backup_that_looks_whole() {
    let home = Home::new();
    let path = with_messages(&home, 50);
    let mut bytes = fs::read(&path).unwrap();
    let text = b"30, says 1";
    let places: Vec<usize> = (0..bytes.len() - text.len())
        .filter(|at| bytes[*at..].starts_with(text))
        .collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at] ^= 1;
    }
    fs::write(&path, &bytes).unwrap();
    let said = fails(&home, &["backup", "copy.redb"], 1);
    assert!(
        said.contains("is damaged (log 31 has a wrong checksum)") && said.contains("chapp check"),
        "{said}"
    );
    assert_eq!(names(home.path()), ["chapp.redb"]);
}

#[test]
fn a_kill_at_any_moment_leaves_the_old_backup_or_the_new_one() {
    let home = Home::new();
    with_messages(&home, 10_000);
    succeeds(&home, &["backup", "copy.redb"]);
    let copy = home.path().join("copy.redb");
    let first = fs::read(&copy).unwrap();
    let exe = home.serve(&[]);
    let (mut killed, mut delay) = (0, Duration::ZERO);
    loop {
        let mut command = home.command(&["backup", "copy.redb", "--force"]);
        let mut running = command.env("CHAPP_DATA", home.data()).spawn().unwrap();
        // At random moments.
        thread::sleep(delay);
        if running.try_wait().unwrap().is_some() {
            break;
        }
        let _ = running.kill();
        running.wait().unwrap();
        let now = fs::read(&copy).unwrap();
        if now != first {
            assert_eq!(is_sound(&copy), 10_000);
            break;
        }
        killed += 1;
        delay += Duration::from_millis(4);
    }
    assert!(killed > 3, "{killed}");
    // The next backup removes the leftovers of the kills.
    succeeds(&home, &["backup", "copy.redb", "--force"]);
    assert_eq!(is_sound(&copy), 10_000);
    assert_eq!(names(home.path()), ["chapp.redb", "copy.redb"]);
    drop(exe);
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_nothing_of_a_backup() {
    let home = Home::new();
    with_messages(&home, 10_000);
    let is_writing = || names(home.path()).iter().any(|name| name.starts_with("copy.redb.new-"));
    for _ in 0..3 {
        let mut command = home.command(&["backup", "copy.redb"]);
        let mut running = command.env("CHAPP_DATA", home.data()).spawn().unwrap();
        while !is_writing() && running.try_wait().unwrap().is_none() {
            thread::yield_now();
        }
        let id = running.id().to_string();
        let _ = std::process::Command::new("kill").args(["-INT", &id]).status();
        if running.wait().unwrap().code() == Some(130) {
            assert_eq!(names(home.path()), ["chapp.redb"]);
            return;
        }
        // It finished before the signal.
        let _ = fs::remove_file(home.path().join("copy.redb"));
    }
    panic!("never stopped in time");
}

#[test]
fn where_the_server_stops_under_a_backup_there_is_none() {
    let home = Home::new();
    with_messages(&home, 10_000);
    let mut exe = home.serve(&[]);
    let mut command = home.command(&["backup", "copy.redb"]);
    let mut running = command.env("CHAPP_DATA", home.data()).spawn().unwrap();
    // The server's temporary copy beside its data file briefly has a name.
    while names(home.path()).len() == 1 && running.try_wait().unwrap().is_none() {
        thread::yield_now();
    }
    exe.kill();
    let ended = running.wait_with_output().unwrap();
    let left = names(home.path());
    match ended.status.success() {
        true => assert_eq!(is_sound(&home.path().join("copy.redb")), 10_000),
        false => {
            let said = String::from_utf8(ended.stderr).unwrap();
            assert!(said.contains("Chapp stopped"), "{said}");
            assert!(!left.iter().any(|name| name.starts_with("copy.redb")), "{left:?}");
        }
    }
}
