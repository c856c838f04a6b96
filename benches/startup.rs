//! The time to the first answer, the size of the executable, and the memory of an idle server.
//!
//! `cargo bench --bench startup` prints a table and asserts nothing. Each start runs the real executable with a
//! data file on the disk of the temporary folder, and ends with SIGKILL or SIGTERM, as the row says. The time
//! runs from just before the process is spawned to the last byte of the first `200` from `/healthz`.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const STARTS: usize = 30;
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
const RETRY_PAUSE: Duration = Duration::from_micros(200);
/// Time for the server to release what the start has allocated.
const IDLE_AFTER: Duration = Duration::from_secs(2);

struct Started {
    process: Child,
    took: Duration,
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn start(data: &Path) -> Started {
    let address = free_address();
    let before = Instant::now();
    let process = Command::new(env!("CARGO_BIN_EXE_chapp"))
        .args(["--no-open", "--listen", &address.to_string(), "--data"])
        .arg(data)
        .stdout(Stdio::null())
        .spawn()
        .expect("the executable starts");
    while !answers(address) {
        assert!(before.elapsed() < ANSWER_TIMEOUT, "no answer");
        std::thread::sleep(RETRY_PAUSE);
    }
    Started {
        process,
        took: before.elapsed(),
    }
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address")
}

fn answers(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

fn terminate(mut started: Started) {
    let pid = started.process.id().to_string();
    Command::new("kill")
        .args(["-TERM", &pid])
        .status()
        .expect("kill is there");
    started.process.wait().expect("it ends");
}

fn row(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let (median, slowest) = (times[times.len() / 2], times[times.len() - 1]);
    println!(
        "{what:<46} {:>8.1} ms   (slowest of {}: {:.1})",
        ms(median),
        times.len(),
        ms(slowest)
    );
}

/// Resident memory of a process in KiB; `None` where the system does not report it (only Linux does).
fn resident_kib(process: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = |name: &str| folder.path().join(name);

    let new = (0..STARTS)
        .map(|i| start(&data(&format!("new-{i}.redb"))).took)
        .collect();
    row("start to first answer, new data file", new);
    let stopped = (0..STARTS).map(|_| {
        let started = start(&data("stopped.redb"));
        let took = started.took;
        terminate(started);
        took
    });
    row("start to first answer, after SIGTERM", stopped.skip(1).collect());
    let killed = (0..STARTS).map(|_| start(&data("killed.redb")).took);
    row("start to first answer, after SIGKILL", killed.skip(1).collect());

    let size = std::fs::metadata(env!("CARGO_BIN_EXE_chapp")).map_or(0, |file| file.len());
    println!("{:<46} {:>8.2} MiB", "executable", size as f64 / f64::from(1 << 20));
    let idle = start(&data("idle.redb"));
    std::thread::sleep(IDLE_AFTER);
    match resident_kib(&idle.process) {
        Some(kib) => println!("{:<46} {:>8.2} MiB", "resident memory, idle", kib as f64 / 1024.0),
        None => println!("resident memory: this system does not tell"),
    }
}
