//! The process: it exits in time whatever hangs, its exit code says whether it stopped cleanly, and no unread output,
//! signal or system limit blocks it.

use crate::harness::PATIENCE;
use crate::harness::exe::{Exe, Home, executable};
use crate::harness::http::Request;
use crate::harness::people::{Person, history, sign_up};
use crate::harness::socket::Socket;
use chapp::chat::RateLimits;
use chapp::clock::Clock;
use chapp::config::Config;
use chapp::limits::{LOG_FLUSH_TIMEOUT, LOG_WAITING_BYTES_MAX, STOP_WITHIN};
use chapp::store::{DiskOp, FaultInjector, Options};
use serde_json::json;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Extra time for a busy machine.
const SLACK: Duration = Duration::from_secs(5);

/// A disk whose fault is named by a file beside the data file.
#[derive(Debug)]
struct ScriptedDisk(PathBuf);

/// A panic payload that panics again when it is dropped.
struct PanicsOnDrop;

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic!("dropped by whoever caught it");
    }
}

impl FaultInjector for ScriptedDisk {
    fn before(&self, op: DiskOp<'_>) -> io::Result<()> {
        if op.is_sync() {
            match std::fs::read_to_string(&self.0).unwrap_or_default().as_str() {
                "hang" => loop {
                    thread::park();
                },
                "panic" => std::panic::panic_any(PanicsOnDrop),
                _ => {}
            }
        }
        Ok(())
    }
}

const DATA: &str = "CHAPP_TEST_DATA";

/// Runs the server in its own process, on a disk that the test breaks.
#[test]
#[ignore = "is run by others, as a process"]
fn serves_on_a_disk_that_breaks() {
    let Some(data) = std::env::var_os(DATA).map(PathBuf::from) else {
        return;
    };
    let options = Options {
        faults: Some(Arc::new(ScriptedDisk(data.with_extension("told")))),
        ..Options::default()
    };
    let config = Config {
        data,
        listen: "127.0.0.1:0".parse().unwrap(),
        hosts: Vec::new(),
        open: false,
        log: "warn".to_owned(),
        rate_limits: RateLimits::Off,
        metrics_token: None,
        backups: None,
        control_folders: Vec::new(),
        io_uring: true,
        timers: Default::default(),
    };
    let code = chapp::process::serve(&config, options, Clock::System);
    std::process::exit(if code == ExitCode::SUCCESS { 0 } else { 1 });
}

struct Breakable {
    exe: Exe,
    home: Home,
}

impl Breakable {
    fn serve() -> Breakable {
        let home = Home::new();
        let this = std::env::current_exe().unwrap();
        let name = "process::serves_on_a_disk_that_breaks";
        let mut command = home.command_of(
            &this,
            &["--exact", name, "--ignored", "--nocapture", "--test-threads=1"],
        );
        command.env(DATA, home.data());
        Breakable {
            exe: Exe::started(command),
            home,
        }
    }

    /// Posts a message that is acknowledged, breaks the disk, and posts one that is not. Returns the socket and the
    /// seq.
    fn broken(&self, how: &str) -> (Person, Socket, u64) {
        let ada = sign_up(self.exe.address, "Ada");
        let mut socket = Socket::open(self.exe.address, &ada);
        let seq = socket.say("c1", "acknowledged");
        std::fs::write(self.home.data().with_extension("told"), how).unwrap();
        socket.post("c2", "on its way");
        (ada, socket, seq)
    }

    /// Checks that what was acknowledged is in the file.
    fn check(self, ada: &Person, seq: u64) {
        let Breakable { exe, home } = self;
        drop(exe);
        let exe = home.serve(&[]);
        assert!(history(exe.address, ada).iter().any(|message| message["id"] == seq));
    }
}

#[test]
fn a_stop_in_order_exits_with_0() {
    let mut breakable = Breakable::serve();
    let ada = sign_up(breakable.exe.address, "Ada");
    let seq = Socket::open(breakable.exe.address, &ada).say("c1", "acknowledged");
    breakable.exe.signal("TERM");
    let ended = breakable.exe.wait();
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
    breakable.check(&ada, seq);
}

#[test]
fn a_disk_that_hangs_cannot_hold_up_a_stop_for_ever_and_the_exit_says_so() {
    let mut breakable = Breakable::serve();
    let (ada, mut socket, seq) = breakable.broken("hang");
    breakable.exe.signal("TERM");
    let stopping = Instant::now();
    assert_eq!(socket.close_code(), 1001);
    let ended = breakable.exe.wait();
    let took = stopping.elapsed();
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("did not stop in time"), "{}", ended.stderr);
    assert!(took < STOP_WITHIN + LOG_FLUSH_TIMEOUT + SLACK, "{took:?}");
    breakable.check(&ada, seq);
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let mut breakable = Breakable::serve();
    let (ada, mut socket, seq) = breakable.broken("hang");
    breakable.exe.signal("TERM");
    // Right after it, it counts as the first signal, forwarded by a parent process.
    breakable.exe.signal("TERM");
    assert_eq!(socket.close_code(), 1001);
    breakable.exe.signal("HUP");
    breakable.exe.signal("INT");
    let ended = breakable.exe.wait();
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("told to stop twice"), "{}", ended.stderr);
    breakable.check(&ada, seq);
}

#[test]
fn a_panic_of_the_writer_stops_the_process_which_says_so_and_exits_with_1() {
    let mut breakable = Breakable::serve();
    let (ada, mut socket, seq) = breakable.broken("panic");
    assert_eq!(socket.close_code(), 1001);
    let ended = breakable.exe.wait();
    assert_eq!(ended.status.code(), Some(1));
    let said = ended.stderr;
    assert!(said.contains("panic thread=\"writer\""), "{said}");
    assert!(said.contains("dropped by whoever caught it"), "{said}");
    let last = said.lines().next_back().unwrap_or_default();
    assert!(
        last.starts_with("Chapp stopped because of a fault of its own (the writer of the data file)."),
        "{said}"
    );
    std::fs::remove_file(breakable.home.data().with_extension("told")).unwrap();
    breakable.check(&ada, seq);
}

#[test]
fn who_asked_to_be_left_alone_by_hangups_is() {
    let home = Home::new();
    let mut command = home.command_of("sh".as_ref(), &["-c", "trap '' HUP && exec \"$0\" \"$@\""]);
    command
        .arg(executable())
        .args(["--no-open", "--listen", "127.0.0.1:0", "--data"])
        .arg(home.data());
    let mut exe = Exe::started(command);
    exe.signal("HUP");
    exe.signal("HUP");
    let ada = sign_up(exe.address, "Ada");
    Socket::open(exe.address, &ada).say("c1", "still here");
    exe.signal("TERM");
    assert_eq!(exe.wait().status.code(), Some(0));
}

/// The shortest log line of a request, in bytes.
const LINE_BYTES_MIN: usize = 100;
/// More requests than there are lines in the pipe and in the queue.
const REQUESTS: usize = (LOG_WAITING_BYTES_MAX + (1 << 20)) / LINE_BYTES_MIN;

/// Makes the server log more lines than the pipe and the queue hold. All requests must be answered.
fn fill_the_log(exe: &Exe) {
    let began = Instant::now();
    let mut stream = TcpStream::connect(exe.address).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    let asking = thread::spawn({
        let request = format!("GET /nothing HTTP/1.1\r\nHost: {}\r\n\r\n", exe.address);
        move || (0..REQUESTS).for_each(|_| stream.write_all(request.as_bytes()).unwrap())
    });
    let (mut line, mut answered) = (String::new(), 0);
    while answered < REQUESTS {
        line.clear();
        assert!(answers.read_line(&mut line).unwrap() > 0);
        answered += usize::from(line.contains("HTTP/1.1 404 "));
    }
    asking.join().unwrap();
    assert!(began.elapsed() < PATIENCE);
}

#[test]
fn a_log_that_nobody_reads_holds_nobody_up_and_says_what_is_missing() {
    let home = Home::new();
    let data = home.data();
    let arguments = ["--no-open", "--listen", "127.0.0.1:0", "--log", "info", "--data"];
    let mut command = home.command(&arguments);
    command.arg(&data);
    let (mut exe, mut stderr) = Exe::started_unread(command);
    let ada = sign_up(exe.address, "Ada");
    fill_the_log(&exe);
    let mut socket = Socket::open(exe.address, &ada);
    socket.say("c1", "people talk on");
    drop(socket);

    // Once the pipe is read again, logging continues.
    let reading = thread::spawn(move || {
        let mut log = String::new();
        stderr.read_to_string(&mut log).unwrap();
        log
    });
    assert_eq!(Request::new(exe.address, "GET", "/healthz").send().status, 200);
    exe.signal("TERM");
    assert_eq!(exe.wait().status.code(), Some(0));
    let log = reading.join().unwrap();
    let missing = log.lines().find(|line| line.contains("lines are missing here"));
    let missing: usize = missing.unwrap().split(' ').next().unwrap().parse().unwrap();
    let requests = log.lines().filter(|line| line.contains("route=\"unknown\"")).count();
    assert!(
        missing > 0 && requests > 0 && requests + missing >= REQUESTS,
        "{requests} and {missing}"
    );
    assert!(log.len() < REQUESTS * LINE_BYTES_MIN, "{}", log.len());
}

#[test]
fn a_log_that_nobody_ever_reads_does_not_hold_up_a_stop() {
    let home = Home::new();
    let data = home.data();
    let mut command = home.command(&["--no-open", "--listen", "127.0.0.1:0", "--log", "info", "--data"]);
    command.arg(&data);
    let (mut exe, stderr) = Exe::started_unread(command);
    let ada = sign_up(exe.address, "Ada");
    fill_the_log(&exe);
    exe.signal("TERM");
    let stopping = Instant::now();
    assert_eq!(
        exe.wait().status.code(),
        Some(0),
        "the data file is closed, which is what counts"
    );
    assert!(stopping.elapsed() < STOP_WITHIN + SLACK);
    drop(stderr);
    assert!(history(home.serve(&[]).address, &ada).is_empty());
}

/// A server with a limit on file sizes, in bytes.
fn serve_with_file_size(home: &Home, bytes: u64) -> Exe {
    // In blocks of 512 bytes (POSIX); bash has 1,024.
    let limited = format!("ulimit -f {} && exec \"$0\" \"$@\"", bytes / 512);
    let mut command: Command = home.command_of("sh".as_ref(), &["-c", &limited]);
    command
        .arg(executable())
        .args(["--no-open", "--rate-limits", "off", "--listen", "127.0.0.1:0", "--data"])
        .arg(home.data());
    Exe::started(command)
}

#[test]
fn a_data_file_that_may_grow_no_further_is_a_full_disk_and_not_the_end() {
    let home = Home::new();
    let mut exe = home.serve(&[]);
    let ada = sign_up(exe.address, "Ada");
    exe.signal("TERM");
    assert!(exe.wait().status.success());
    let bytes = std::fs::metadata(home.data()).unwrap().len();

    let mut exe = serve_with_file_size(&home, bytes + (256 << 10));
    let upload = |n: usize| {
        let path = format!("/api/files?name={n}.bin");
        let request = Request::new(exe.address, "POST", &path).cookie(&ada.cookie);
        request.body(vec![n as u8; 300_000]).send()
    };
    let refused = (0..100).map(upload).find(|answer| answer.status != 201);
    refused.expect("the limit is reached").refused(507, "storage_full");
    // Nothing stored is lost, and everybody can read.
    assert_eq!(Request::new(exe.address, "GET", "/healthz").send().status, 200);
    history(exe.address, &ada);
    exe.signal("TERM");
    let ended = exe.wait();
    assert!(ended.status.code().is_some(), "killed by {:?}", ended.status);

    let exe = home.serve(&[]);
    let say = Request::new(exe.address, "POST", "/api/rooms/1/messages").cookie(&ada.cookie);
    let said = say
        .json(&json!({"client_id": "c1", "body": "there is room again"}))
        .send();
    assert_eq!(said.status, 201);
}

/// A pipe of Linux holds 64 KiB, unless told otherwise (pipe(7)).
#[cfg(target_os = "linux")]
#[test]
fn a_start_line_that_nobody_reads_holds_nobody_up() {
    use std::io::Write;
    use std::net::TcpListener;

    let home = Home::new();
    let data = home.data();
    let (reader, mut writer) = io::pipe().unwrap();
    writer.write_all(&[b'.'; 64 << 10]).unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = home.command(&["--no-open", "--listen", &address.to_string(), "--data"]);
    let mut child = command.arg(&data).stdout(writer).spawn().unwrap();
    let began = Instant::now();
    while std::net::TcpStream::connect(address).is_err() {
        assert!(began.elapsed() < PATIENCE, "it does not listen");
    }
    let answered = thread::spawn(move || Request::new(address, "GET", "/healthz").send().status).join();
    let stopped = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    let ended = loop {
        match child.try_wait().unwrap() {
            None if began.elapsed() < 2 * PATIENCE => thread::sleep(Duration::from_millis(10)),
            ended => break ended,
        }
    };
    let _ = child.kill();
    assert_eq!(answered.ok(), Some(200));
    assert!(stopped.unwrap().success());
    assert_eq!(ended.and_then(|ended| ended.code()), Some(0));
    drop(reader);
}
