//! The output of the executable at a start.

use crate::harness::exe::{Ended, Exe, Home, executable, run};
use crate::harness::http::Request;
use crate::harness::people::{PASSWORD, credentials, sign_up};
use std::fs;
use std::net::TcpListener;
use std::process::Command;

/// Runs to the end; it must fail with a readable message.
#[track_caller]
fn fails(command: Command) -> String {
    let Ended { status, stdout, stderr } = run(command);
    assert!(!status.success(), "it went on: {stdout}");
    assert_eq!(stdout, "");
    for word in ["panicked", "RUST_BACKTRACE", "Error {", "Err("] {
        assert!(!stderr.contains(word), "{stderr}");
    }
    stderr
}

fn answers(exe: &Exe) {
    assert_eq!(Request::new(exe.address, "GET", "/healthz").send().status, 200);
}

#[test]
fn one_line_says_where_it_is_and_how_to_stop_it() {
    let home = Home::new();
    let exe = home.serve(&[]);
    let url = format!("http://chapp.localhost:{}", exe.address.port());
    let data = home.data();
    assert_eq!(
        exe.line,
        format!("Chapp is at {url} (data file {}). Ctrl-C stops it.", data.display())
    );
    answers(&exe);
    assert!(data.exists());
}

#[test]
fn help_tells_every_argument_and_its_variable() {
    let help = run(Home::new().command(&["--help"]));
    assert!(help.status.success());
    for (argument, variable) in [
        ("--data <FILE>", "CHAPP_DATA"),
        ("--listen <ADDR>", "CHAPP_LISTEN"),
        ("--host <NAME>", "CHAPP_HOST"),
        ("--open", "CHAPP_OPEN"),
        ("--no-open", "CHAPP_OPEN"),
        ("--log <FILTER>", "CHAPP_LOG"),
        ("--metrics-token-file <FILE>", "CHAPP_METRICS_TOKEN_FILE"),
        ("--rate-limits <on|off>", "CHAPP_RATE_LIMITS"),
        ("--io-uring <on|off>", "CHAPP_IO_URING"),
        ("--version", ""),
        ("where", ""),
    ] {
        assert!(help.stdout.contains(argument), "{argument} in:\n{}", help.stdout);
        assert!(help.stdout.contains(variable), "{variable} in:\n{}", help.stdout);
    }
    assert!(!help.stdout.contains("open-by-variable"));
}

#[test]
fn version_tells_the_version() {
    let version = run(Home::new().command(&["--version"]));
    assert!(version.status.success());
    assert_eq!(version.stdout, format!("chapp {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn where_prints_the_path_of_the_data_file_and_makes_nothing() {
    let home = Home::new();
    let found = run(home.command(&["where"]));
    assert!(found.status.success() && found.stderr.is_empty());
    let path = std::path::Path::new(found.stdout.trim_end());
    assert!(
        path.is_absolute() && path.starts_with(home.path()) && path.ends_with("chapp.redb"),
        "{path:?}"
    );
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);

    let output = run(home.command(&["where", "--data", "mine.redb"]));
    let mine = home.path().canonicalize().unwrap().join("mine.redb");
    assert_eq!(output.stdout, format!("{}\n", mine.display()));
    let mut command = home.command(&["where"]);
    command.env("CHAPP_DATA", "mine.redb");
    assert_eq!(run(command).stdout, format!("{}\n", mine.display()));
}

#[test]
fn without_data_the_file_is_where_it_says_it_is() {
    let home = Home::new();
    let path = run(home.command(&["where"])).stdout;
    let exe = Exe::started(home.command(&["--no-open", "--listen", "127.0.0.1:0"]));
    sign_up(exe.address, "Ada");
    assert!(std::path::Path::new(path.trim_end()).exists());
    assert!(exe.line.contains(path.trim_end()));
}

#[test]
fn a_data_file_beside_the_executable_is_the_one() {
    let home = Home::new();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    let copy = folder.join(executable().file_name().unwrap());
    fs::copy(executable(), &copy).unwrap();
    let beside = folder.join("chapp.redb");
    let elsewhere = run(home.command_of(&copy, &["where"])).stdout;
    assert!(elsewhere.starts_with(home.path().to_str().unwrap()));

    let data = beside.to_str().unwrap();
    let mut first = Exe::started(home.command_of(&copy, &["--no-open", "--listen", "127.0.0.1:0", "--data", data]));
    let ada = sign_up(first.address, "Ada");
    first.signal("TERM");
    assert!(first.wait().status.success());
    assert_eq!(run(home.command_of(&copy, &["where"])).stdout, format!("{data}\n"));
    let exe = Exe::started(home.command_of(&copy, &["--no-open", "--listen", "127.0.0.1:0"]));
    let me = Request::new(exe.address, "GET", "/api/me").cookie(&ada.cookie).send();
    assert_eq!(me.json()["user"]["name"], "Ada");
}

#[test]
fn each_argument_is_a_variable_too() {
    let home = Home::new();
    let mut command = home.command(&[]);
    command
        .env("CHAPP_DATA", home.data())
        .env("CHAPP_LISTEN", "127.0.0.1:0")
        .env("CHAPP_HOST", "chat.example.org:80,other.example")
        .env("CHAPP_OPEN", "off")
        .env("CHAPP_LOG", "info")
        .env("CHAPP_RATE_LIMITS", "off");
    let mut exe = Exe::started(command);
    assert!(home.data().exists());
    let other = format!("other.example:{}", exe.address.port());
    for host in ["chat.example.org", &other] {
        let request = Request::new(exe.address, "GET", "/healthz").with("Host", host);
        assert_eq!(request.send().status, 200, "{host}");
    }
    sign_up(exe.address, "Ada");
    for _ in 0..8 {
        let request = Request::new(exe.address, "POST", "/api/login").json(&credentials("Ada", "wrong password"));
        assert_eq!(request.send().status, 401, "no limits");
    }
    exe.signal("TERM");
    assert!(exe.wait().stderr.contains("route=\"/api/login\""));
}

#[test]
fn an_argument_is_stronger_than_its_variable() {
    let home = Home::new();
    let mut command = home.command(&[
        "--no-open",
        "--listen",
        "127.0.0.1:0",
        "--rate-limits",
        "on",
        "--host",
        "mine.example",
    ]);
    command
        .env("CHAPP_DATA", home.data())
        .env("CHAPP_LISTEN", "203.0.113.1:1")
        .env("CHAPP_OPEN", "on")
        .env("CHAPP_RATE_LIMITS", "off");
    let exe = Exe::started(command);
    let host = format!("mine.example:{}", exe.address.port());
    assert_eq!(
        Request::new(exe.address, "GET", "/healthz")
            .with("Host", &host)
            .send()
            .status,
        200
    );
    sign_up(exe.address, "Ada");
    let statuses: Vec<u16> = (0..6)
        .map(|_| {
            Request::new(exe.address, "POST", "/api/login")
                .json(&credentials("Ada", "wrong password"))
                .send()
                .status
        })
        .collect();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
}

#[test]
fn host_can_be_given_more_than_once() {
    let exe = Home::new().serve(&["--host", "one.example", "--host", "two.example:80"]);
    for host in [format!("one.example:{}", exe.address.port()), "two.example".to_owned()] {
        let request = Request::new(exe.address, "GET", "/healthz").with("Host", &host);
        assert_eq!(request.send().status, 200, "{host}");
    }
}

#[test]
fn a_taken_port_is_told_with_the_next_step() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (home, listen) = (Home::new(), format!("127.0.0.1:{port}"));
    let said = fails(home.command(&["--no-open", "--data", "chapp.redb", "--listen", &listen]));
    assert!(said.contains(&listen), "{said}");
    assert!(
        said.contains(&format!(
            "chapp --listen 127.0.0.1:{}",
            port.checked_add(1).unwrap_or(4280)
        )),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn an_address_of_another_computer_is_told_with_the_next_step() {
    let home = Home::new();
    let said = fails(home.command(&["--no-open", "--data", "chapp.redb", "--listen", "203.0.113.1:4280"]));
    assert!(
        said.contains("203.0.113.1:4280") && said.contains("chapp --listen"),
        "{said}"
    );
}

#[test]
fn a_second_start_on_the_same_data_file_says_where_the_first_one_is() {
    let home = Home::new();
    let first = home.serve(&[]);
    sign_up(first.address, "Ada");
    let data = home.data();
    let second = run(home.command(&["--no-open", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()]));
    assert!(second.status.success(), "{}", second.stderr);
    let url = format!("http://chapp.localhost:{}", first.address.port());
    assert!(
        second.stdout.contains("already running") && second.stdout.contains(&url),
        "{}",
        second.stdout
    );
    assert_eq!(second.stderr, "");
    answers(&first);
    let response = Request::new(first.address, "POST", "/api/login")
        .json(&credentials("Ada", PASSWORD))
        .send();
    assert_eq!(response.status, 200);
}

#[test]
fn a_second_start_also_on_the_same_port_says_where_the_first_one_is() {
    let home = Home::new();
    let first = home.serve(&[]);
    let data = home.data();
    let listen = first.address.to_string();
    let second = run(home.command(&["--no-open", "--listen", &listen, "--data", data.to_str().unwrap()]));
    assert!(
        second.status.success() && second.stdout.contains("already running"),
        "{}",
        second.stderr
    );
    answers(&first);
}

#[test]
fn after_a_crash_nothing_is_said_to_be_running() {
    let home = Home::new();
    home.serve(&[]).kill();
    answers(&home.serve(&[]));
}

/// `open` asks the desktop for a browser by this name.
#[cfg(target_os = "linux")]
mod browser {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::os::unix::fs::PermissionsExt;
    use std::sync::mpsc;

    /// A fake desktop whose browser reports the address it was given.
    fn desktop(home: &Home) -> (String, mpsc::Receiver<String>) {
        let folder = home.path().join("bin");
        fs::create_dir(&folder).unwrap();
        let pipe = home.path().join("opened");
        crate::harness::make_pipe(&pipe);
        let script = folder.join("xdg-open");
        fs::write(&script, format!("#!/bin/sh\necho \"$1\" > '{}'\n", pipe.display())).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        let (say, opened) = mpsc::channel();
        std::thread::spawn(move || {
            // Opening the pipe blocks until a browser writes to it.
            while let Ok(pipe) = fs::File::open(&pipe) {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    if say.send(line).is_err() {
                        return;
                    }
                }
            }
        });
        (folder.to_str().unwrap().to_owned(), opened)
    }

    #[test]
    fn a_start_opens_the_page_and_so_does_a_second_one() {
        let home = Home::new();
        let (path, opened) = desktop(&home);
        let data = home.data();
        let arguments = ["--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()];
        let mut command = home.command(&arguments);
        command.env("PATH", &path);
        let exe = Exe::started(command);
        let url = format!("http://chapp.localhost:{}", exe.address.port());
        let given = opened.recv_timeout(crate::harness::PATIENCE).unwrap();
        assert_eq!(given.trim_end_matches('/'), url);

        let mut command = home.command(&arguments);
        command.env("PATH", &path);
        let second = run(command);
        assert!(second.status.success(), "{}", second.stderr);
        let given = opened.recv_timeout(crate::harness::PATIENCE).unwrap();
        assert_eq!(given.trim_end_matches('/'), url);
        answers(&exe);
    }

    #[test]
    fn a_computer_without_a_browser_serves_all_the_same() {
        let home = Home::new();
        let data = home.data();
        let mut command = home.command(&["--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()]);
        command.env("PATH", home.path());
        answers(&Exe::started(command));
    }
}

#[test]
fn a_value_that_makes_no_sense_is_told_and_nothing_is_made() {
    let home = Home::new();
    for (argument, value) in [
        ("--listen", "nonsense"),
        ("--listen", "127.0.0.1:99999"),
        ("--listen", "localhost:4280"),
        ("--listen", ""),
        ("--host", "http://chat.example.org"),
        ("--host", "chat.example.org/chat"),
        ("--host", "chat.example.org:http"),
        ("--host", "chat.example.org:99999"),
        ("--host", ""),
        ("--host", "two words"),
        ("--rate-limits", "sometimes"),
        ("--log", "chapp=shouting"),
        ("--log", "=="),
        ("--nonsense", "1"),
    ] {
        let data = home.data();
        let said = fails(home.command(&["--no-open", "--data", data.to_str().unwrap(), argument, value]));
        assert!(said.contains(argument), "{argument} {value}: {said}");
        assert!(!data.exists(), "{argument} {value}");
    }
}

#[test]
fn a_data_file_where_none_can_be_is_told_with_its_path() {
    let home = Home::new();
    let folder = home.path().join("folder");
    fs::create_dir(&folder).unwrap();
    fs::write(home.path().join("file"), "text").unwrap();
    for data in ["folder", "file", "file/chapp.redb", ""] {
        let said = fails(home.command(&["--no-open", "--listen", "127.0.0.1:0", "--data", data]));
        assert!(said.contains(data), "{data}: {said}");
    }
    assert_eq!(fs::read_to_string(home.path().join("file")).unwrap(), "text");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn a_listening_address_can_be_a_port_alone() {
    let home = Home::new();
    let exe = Exe::started(home.command(&["--no-open", "--data", "chapp.redb", "--listen", "0"]));
    answers(&exe);
}
