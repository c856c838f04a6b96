//! The command socket: accessible to this user alone, bounded, and found again after a kill.

use super::*;
use chapp::limits::{CONTROL_CLIENTS_MAX, CONTROL_REQUEST_BYTES_MAX};
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;

/// The sockets in this folder.
pub fn sockets(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).into_iter().flatten();
    files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "sock"))
        .collect()
}

pub fn run_folder(home: &Home) -> PathBuf {
    home.path().join(".cache/chapp/run")
}

fn connect(home: &Home) -> UnixStream {
    let stream = UnixStream::connect(&sockets(&run_folder(home))[0]).unwrap();
    stream.set_read_timeout(Some(crate::harness::PATIENCE)).unwrap();
    stream
}

/// The last line of the answer to these bytes.
fn last_answer(mut stream: UnixStream, bytes: &[u8]) -> Value {
    // It may have been refused before it was read.
    let _ = stream.write_all(bytes);
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    serde_json::from_str(&lines.last().unwrap()).unwrap()
}

#[test]
fn only_the_user_who_runs_chapp_can_speak_to_it() {
    let home = Home::new();
    let mut exe = home.serve(&[]);
    let folder = run_folder(&home);
    let socket = sockets(&folder).pop().unwrap();
    let about = fs::symlink_metadata(&socket).unwrap();
    assert!(about.file_type().is_socket());
    assert_eq!(about.mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
    exe.signal("TERM");
    assert!(exe.wait().status.success());
    assert!(sockets(&folder).is_empty(), "it goes with the server");
}

#[test]
fn a_folder_that_others_can_look_into_is_not_used() {
    let home = Home::new();
    let folder = run_folder(&home);
    fs::create_dir_all(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    let exe = home.serve(&[]);
    assert!(sockets(&folder).is_empty());
    // The next location is beside the data file; commands find it there.
    assert_eq!(sockets(&home.path().join("chapp.redb.control")).len(), 1);
    assert!(succeeds(&home, &["check"]).contains("when Chapp is not running"));
    drop(exe);
}

#[test]
fn a_socket_that_a_kill_left_behind_is_in_nobodys_way() {
    let home = Home::new();
    let mut exe = home.serve(&[]);
    exe.kill();
    assert_eq!(sockets(&run_folder(&home)).len(), 1);
    assert!(
        succeeds(&home, &["check"]).contains("all pages"),
        "nobody listens there"
    );
    let exe = home.serve(&[]);
    assert_eq!(sockets(&run_folder(&home)).len(), 1);
    assert!(succeeds(&home, &["check"]).contains("when Chapp is not running"));
    drop(exe);
}

#[test]
fn the_folder_for_sockets_of_a_session_comes_first() {
    let home = Home::new();
    let runtime = home.path().join("runtime");
    fs::create_dir(&runtime).unwrap();
    let data = home.data();
    let mut start = home.command(&["--no-open", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()]);
    start.env("XDG_RUNTIME_DIR", &runtime);
    let exe = Exe::started(start);
    assert_eq!(sockets(&runtime.join("chapp")).len(), 1);
    let mut check = home.command(&["check", data.to_str().unwrap()]);
    check.env("XDG_RUNTIME_DIR", &runtime);
    assert!(run(check).stdout.contains("when Chapp is not running"));
    // A command that does not find it explains what to do, and the file stays unchanged.
    let said = fails(&home, &["check"], 2);
    assert!(
        said.contains("cannot be reached") && said.contains("as the user who started Chapp"),
        "{said}"
    );
    drop(exe);
}

#[test]
fn a_path_that_is_too_long_for_a_socket_gives_way_to_the_next_one() {
    let home = Home::new();
    let long = home.path().join("x".repeat(120));
    fs::create_dir(&long).unwrap();
    let data = home.data();
    let mut start = home.command(&["--no-open", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()]);
    start.env("XDG_RUNTIME_DIR", &long);
    let _exe = Exe::started(start);
    assert_eq!(sockets(&run_folder(&home)).len(), 1);
    assert!(succeeds(&home, &["check"]).contains("when Chapp is not running"));
}

#[test]
fn what_is_no_request_is_refused_and_the_server_goes_on() {
    let home = Home::new();
    let _exe = home.serve(&[]);
    let long = format!(
        "{{\"do\":\"reset\",\"name\":\"{}\"}}\n",
        "x".repeat(CONTROL_REQUEST_BYTES_MAX)
    );
    for bytes in [
        &b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..],
        b"\n",
        b"[\"check\"]\n",
        b"\"check\"\n",
        b"{\"do\":\"shutdown\"}\n",
        b"{\"do\":\"reset\"}\n",
        b"{\"do\":\"reset\",\"name\":[\"Ada\"]}\n",
        b"{}\xff\n",
        long.as_bytes(),
    ] {
        let answer = last_answer(connect(&home), bytes);
        assert_eq!(
            (&answer["type"], &answer["code"]),
            (&json!("error"), &json!("bad_request")),
            "{bytes:?}"
        );
    }
    // A client that disconnects.
    drop(connect(&home).write_all(b"{\"do\":\"che"));
    assert_eq!(
        last_answer(connect(&home), b"{\"do\":\"check\",\"more\":1}\n")["type"],
        "done"
    );
}

#[test]
fn commands_are_served_up_to_a_number_and_the_others_are_told_so() {
    let home = Home::new();
    let _exe = home.serve(&[]);
    // They have not sent a request yet.
    let waiting: Vec<UnixStream> = (0..CONTROL_CLIENTS_MAX).map(|_| connect(&home)).collect();
    let answer = last_answer(connect(&home), b"{\"do\":\"check\"}\n");
    assert_eq!(
        (&answer["type"], &answer["code"]),
        (&json!("error"), &json!("conflict"))
    );
    for stream in waiting {
        assert_eq!(last_answer(stream, b"{\"do\":\"check\"}\n")["type"], "done");
    }
}
