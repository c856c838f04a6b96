//! Plain copies of a running server's file, made by common programs while people post and upload without a pause. Each
//! opens under a full check and has everything acknowledged before it began.

use crate::harness::exe::{Exe, Home};
use crate::harness::http::Request;
use crate::harness::people::{Person, sign_up};
use crate::harness::socket::Socket;
use crate::store_laws::power::number_of;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Copies by each program of a small file, and of a large one.
const COPIES: [(Copier, usize, usize); 6] = [
    (Copier::Cp, 8, 3),
    (Copier::Dd, 7, 2),
    (Copier::Tar, 7, 2),
    (Copier::Rsync, 7, 2),
    (Copier::Slow(Duration::from_secs(8)), 4, 2),
    (Copier::Slow(Duration::from_secs(20)), 4, 2),
];
/// What makes the file large; `CHAPP_TEST_LARGE_BYTES` makes it larger.
const LARGE_BYTES: u64 = 256 << 20;
/// The size and interval of uploads.
const UPLOAD_BYTES: usize = 4 << 20;
const UPLOAD_EVERY: Duration = Duration::from_secs(1);
/// Posts in flight.
const WINDOW: u64 = 4;
const SLOW_READ_BYTES: usize = 64 << 10;

#[derive(Clone, Copy, Debug)]
enum Copier {
    Cp,
    Dd,
    Tar,
    Rsync,
    /// Copies for this long.
    Slow(Duration),
}

impl Copier {
    fn copy(self, from: &Path, to: &Path) {
        let (folder, name) = (from.parent().unwrap(), from.file_name().unwrap());
        let script = match self {
            Copier::Cp => r#"cp "$0/$1" "$2""#,
            Copier::Dd => r#"dd if="$0/$1" of="$2" bs=64k status=none"#,
            // tar warns about a changing file, but copies it.
            Copier::Tar => r#"tar -C "$0" -cf - "$1" 2>/dev/null | tar -xOf - > "$2""#,
            Copier::Rsync => r#"rsync --quiet "$0/$1" "$2""#,
            Copier::Slow(time) => return read_slowly(from, to, time),
        };
        let mut shell = Command::new("sh");
        let done = shell
            .args(["-c", script])
            .args([folder.as_os_str(), name])
            .arg(to)
            .status();
        assert!(done.unwrap().success(), "{self:?}");
    }
}

/// Copies as slowly as onto a USB stick, from beginning to end.
fn read_slowly(from: &Path, to: &Path, time: Duration) {
    let (mut from, mut to) = (File::open(from).unwrap(), File::create(to).unwrap());
    let reads = from.metadata().unwrap().len().div_ceil(SLOW_READ_BYTES as u64) as u32;
    let (began, mut piece) = (Instant::now(), vec![0; SLOW_READ_BYTES]);
    for n in 1.. {
        let count = from.read(&mut piece).unwrap();
        if count == 0 {
            return;
        }
        to.write_all(&piece[..count]).unwrap();
        // New data is copied at once, since the file grows faster than this.
        let due = began + time / reads * n.min(reads);
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}

/// Everything acknowledged so far.
#[derive(Default)]
struct Acknowledged {
    seq: AtomicU64,
    files: Mutex<Vec<(String, u64)>>,
}

/// Posts without a pause until the end.
fn post(address: SocketAddr, person: &Person, acknowledged: &Acknowledged, goes_on: &AtomicBool) {
    let mut socket = Socket::connect(address, person);
    let (mut sent, mut answered) = (0, 0);
    while goes_on.load(Relaxed) || answered < sent {
        while goes_on.load(Relaxed) && sent < answered + WINDOW {
            socket.post(
                &format!("{}-{sent}", person.name),
                "What is said while somebody copies the file.",
            );
            sent += 1;
        }
        let frame = socket.next();
        if frame["type"] == "posted" {
            answered += 1;
            acknowledged.seq.fetch_max(frame["seq"].as_u64().unwrap(), Relaxed);
        }
        assert_ne!(frame["type"], "error", "{frame}");
    }
}

/// A server with people who post and upload; Ada owns the files.
struct Busy {
    home: Home,
    people: [Person; 3],
    acknowledged: Acknowledged,
}

fn upload(address: SocketAddr, site: &Busy, number: u64) {
    let bytes: Vec<u8> = number.to_be_bytes().into_iter().cycle().take(UPLOAD_BYTES).collect();
    let request = Request::new(address, "POST", "/api/files?name=a.bin").cookie(&site.people[0].cookie);
    let response = request.body(bytes).send();
    assert_eq!(response.status, 201, "{}", response.text());
    let id = response.json()["file"]["id"].as_str().unwrap().to_owned();
    site.acknowledged.files.lock().unwrap().push((id, number));
}

/// A copy, and what a server that runs on it must show to Ada.
fn copy_and_check(copier: Copier, from: &Path, folder: &TempDir, number: usize, site: &Busy) {
    let seq = site.acknowledged.seq.load(Relaxed);
    let files = site.acknowledged.files.lock().unwrap().clone();
    let copy: PathBuf = folder.path().join(format!("{number}")).join("chapp.redb");
    fs::create_dir(copy.parent().unwrap()).unwrap();
    let began = Instant::now();
    copier.copy(from, &copy);
    let copied = began.elapsed();
    // It is another file, so the start checks all of it.
    let data = copy.to_str().unwrap();
    let server = Exe::started(site.home.command(&[
        "--no-open",
        "--backups",
        "off",
        "--listen",
        "127.0.0.1:0",
        "--data",
        data,
    ]));
    let get = |path: &str| {
        let response = Request::new(server.address, "GET", path)
            .cookie(&site.people[0].cookie)
            .send();
        assert_eq!(response.status, 200, "{copier:?}: {}", response.text());
        response
    };
    let head = get("/api/rooms/1/messages?limit=1").json()["head"].as_u64().unwrap();
    assert!(head >= seq, "{copier:?}: {seq} was acknowledged, {head} is there");
    if let Some((id, number)) = files.last() {
        let bytes = get(&format!("/files/{id}/a.bin")).body;
        let expected = number.to_be_bytes();
        assert!(
            bytes.chunks(8).all(|chunk| chunk == expected),
            "{copier:?}: file {number}"
        );
    }
    println!("{copier:?}: {copied:?} to copy, {:?} with all checks", began.elapsed());
    drop(server);
    fs::remove_dir_all(copy.parent().unwrap()).unwrap();
}

/// All copies of a file of one size, the slow ones beside the others. Returns how many.
fn copy_all(site: &Busy, copies: impl Fn(&(Copier, usize, usize)) -> usize) -> usize {
    let from = site.home.data();
    let folder = TempDir::new_in(site.home.path()).unwrap();
    let made = AtomicUsize::new(0);
    let one = |copier| copy_and_check(copier, &from, &folder, made.fetch_add(1, Relaxed), site);
    let is_slow = |plan: &&(Copier, usize, usize)| matches!(plan.0, Copier::Slow(_));
    let (slow, quick): (Vec<_>, Vec<_>) = COPIES.iter().partition(is_slow);
    thread::scope(|scope| {
        for plan in slow {
            for _ in 0..copies(plan) {
                scope.spawn(|| one(plan.0));
            }
        }
        for plan in quick {
            (0..copies(plan)).for_each(|_| one(plan.0));
        }
    });
    made.into_inner()
}

#[test]
fn fifty_copies_of_a_busy_file_open_by_whatever_they_were_made() {
    assert!(
        Command::new("rsync").arg("--version").output().is_ok(),
        "rsync is needed: apt-get install rsync"
    );
    let home = Home::new();
    // A nightly backup would interfere.
    let server = home.serve(&["--rate-limits", "off", "--backups", "off"]);
    let address = server.address;
    let site = Busy {
        people: ["Ada", "Ben", "Carol"].map(|name| sign_up(address, name)),
        home,
        acknowledged: Acknowledged::default(),
    };
    let (goes_on, next_file) = (AtomicBool::new(true), AtomicU64::new(1));
    let upload_one = || upload(address, &site, next_file.fetch_add(1, Relaxed));
    let made = thread::scope(|scope| {
        for person in &site.people[1..] {
            let (acknowledged, goes_on) = (&site.acknowledged, &goes_on);
            scope.spawn(move || post(address, person, acknowledged, goes_on));
        }
        scope.spawn(|| {
            while goes_on.load(Relaxed) {
                let began = Instant::now();
                upload_one();
                thread::sleep(UPLOAD_EVERY.saturating_sub(began.elapsed()));
            }
        });
        let copying = catch_unwind(AssertUnwindSafe(|| {
            let small = copy_all(&site, |plan| plan.1);
            let large = number_of("CHAPP_TEST_LARGE_BYTES").unwrap_or(LARGE_BYTES);
            while fs::metadata(site.home.data()).unwrap().len() < large {
                upload_one();
            }
            small + copy_all(&site, |plan| plan.2)
        }));
        goes_on.store(false, Relaxed);
        copying
    });
    let made = made.unwrap_or_else(|panic| resume_unwind(panic));
    assert_eq!(made, 50);
    println!(
        "50 of 50; {} posts, {} files",
        site.acknowledged.seq.load(Relaxed),
        site.acknowledged.files.lock().unwrap().len()
    );
}
