//! Sockets of other users in the places where a command or a server looks for its own.

use super::socket::{run_folder, sockets};
use super::*;
use crate::harness::people::sign_up;
use chapp::control::Listener;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::os::unix::net::UnixListener;
use std::thread;

/// A user id that no test uses.
const STRANGER: u32 = 65_534;

/// Listens where the server of this home would, and answers every request with this line.
fn impostor(home: &Home, line: &'static str) -> PathBuf {
    let folder = run_folder(home);
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .unwrap();
    let name = chapp::instance::name(&home.data()).unwrap();
    let socket = folder.join(format!("{name}.sock"));
    let listener = UnixListener::bind(&socket).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let _ = BufReader::new(&stream).read_line(&mut String::new());
            let _ = (&stream).write_all(line.as_bytes());
        }
    });
    socket
}

/// A home whose server has stopped; Ada owns it.
fn with_ada() -> Home {
    let home = Home::new();
    let mut exe = home.serve(&[]);
    sign_up(exe.address, "Ada");
    exe.signal("TERM");
    assert!(exe.wait().status.success());
    home
}

#[test]
fn a_socket_of_another_user_is_not_believed() {
    let home = with_ada();
    let socket = impostor(
        &home,
        "{\"type\":\"reset\",\"name\":\"Ada\",\"urls\":[\"http://evil.example\"]}\n",
    );
    let reset = || succeeds(&home, &["reset", "Ada"]);
    assert!(reset().contains("evil.example"), "one of this user is");
    if fs::metadata(&socket).unwrap().uid() != 0 {
        eprintln!("only root can give a socket to somebody else");
        return;
    }
    let folder = run_folder(&home);
    let give = |path: &Path, user| chown(path, Some(user), None).unwrap();
    for (of_folder, of_socket) in [(STRANGER, STRANGER), (STRANGER, 0), (0, STRANGER)] {
        give(&folder, of_folder);
        give(&socket, of_socket);
        let said = reset();
        assert!(said.contains("Start Chapp first") && !said.contains("evil"), "{said}");
    }
    // The owner of the data file may answer for it.
    give(&folder, STRANGER);
    give(&socket, STRANGER);
    give(&home.data(), STRANGER);
    assert!(reset().contains("evil.example"));
    give(&folder, STRANGER - 1);
    assert!(!reset().contains("evil.example"));
}

#[test]
fn control_characters_in_an_answer_do_not_reach_the_terminal() {
    for (command, line) in [
        (
            "reset",
            "{\"type\":\"reset\",\"name\":\"A\\u001b[2Jda\\u009b\",\"urls\":[\"http://x\\u001b]0;\\u0007\\r\\n\"]}\n",
        ),
        ("owner", "{\"type\":\"owner\",\"name\":\"A\\u001b[2Jda\"}\n"),
        (
            "owner",
            "{\"type\":\"error\",\"code\":\"x\",\"title\":\"No\\u001b[2J.\"}\n",
        ),
    ] {
        let home = with_ada();
        impostor(&home, line);
        let ended = super::command(&home, &[command, "Ada"]);
        let said = ended.stdout + &ended.stderr;
        assert!(said.contains("\\u{1b}"), "{said:?}");
        assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
    }
}

#[test]
fn a_second_server_of_a_path_does_not_take_the_socket_of_the_first() {
    let home = Home::new();
    let first = home.serve(&["--rate-limits", "off"]);
    sign_up(first.address, "Ada");
    let socket = sockets(&run_folder(&home)).pop().unwrap();
    let before = fs::symlink_metadata(&socket).unwrap().ino();
    fs::remove_file(home.data()).unwrap();
    let mut second = home.serve(&["--rate-limits", "off"]);
    assert_eq!(sockets(&run_folder(&home)), [&*socket]);
    assert_eq!(fs::symlink_metadata(&socket).unwrap().ino(), before);
    assert!(succeeds(&home, &["reset", "Ada"]).contains(&format!(":{}/", first.address.port())));
    // It has one where commands look next.
    drop(first);
    sign_up(second.address, "Ada");
    assert!(succeeds(&home, &["reset", "Ada"]).contains(&format!(":{}/", second.address.port())));
    second.signal("TERM");
    let log = second.wait().stderr;
    assert_eq!(
        log.matches("another server of this data file's path").count(),
        1,
        "{log}"
    );
}

#[test]
fn a_server_that_lost_its_socket_does_not_bind_over_a_live_one() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    runtime.unwrap().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let folders = [folder.path().join("run")];
        let lost = Listener::bind(&folders, "x").unwrap();
        fs::remove_file(folders[0].join("x.sock")).unwrap();
        let live = Listener::bind(&folders, "x").unwrap();
        assert!(live.is_there() && !lost.is_there());
        for _ in 0..3 {
            let error = Listener::bind(&folders, "x").err().unwrap();
            assert!(error.to_string().contains("another server"), "{error}");
        }
        drop(lost);
        assert!(live.is_there());
    });
}
