//! Plain copies of the file of a running server, made by the programs that people copy files with, while others post and
//! upload without a pause: each opens under a full check, and has everything that was acknowledged before it began.

use crate::harness::exe::Home;
use crate::harness::http::Request;
use crate::harness::people::{Person, sign_up};
use crate::harness::socket::Socket;
use crate::store_laws::world::wait;
use chapp::model::{Anchor, FileId, LOBBY, PageSize, UserId};
use chapp::store::{Options, Store};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How many copies each makes of a small file, and of a large one.
const COPIES: [(Copier, usize, usize); 6] = [
    (Copier::Cp, 8, 3),
    (Copier::Dd, 7, 2),
    (Copier::Tar, 7, 2),
    (Copier::Rsync, 7, 2),
    (Copier::Slow(Duration::from_secs(8)), 4, 2),
    (Copier::Slow(Duration::from_secs(20)), 4, 2),
];
/// What makes the file large.
const LARGE_BYTES: u64 = 1 << 30;
/// What a person sends at a time, and how often.
const UPLOAD_BYTES: usize = 4 << 20;
const UPLOAD_EVERY: Duration = Duration::from_secs(1);
/// Posts that are on their way at once.
const WINDOW: u64 = 4;
const SLOW_READ_BYTES: usize = 64 << 10;

#[derive(Clone, Copy, Debug)]
enum Copier {
    Cp,
    Dd,
    Tar,
    Rsync,
    /// Takes this long for the file.
    Slow(Duration),
}

impl Copier {
    fn copy(self, from: &Path, to: &Path) {
        let (folder, name) = (from.parent().unwrap(), from.file_name().unwrap());
        let sentence = match self {
            Copier::Cp => r#"cp "$0/$1" "$2""#,
            Copier::Dd => r#"dd if="$0/$1" of="$2" bs=64k status=none"#,
            // tar complains about a file that changes, and copies it all the same.
            Copier::Tar => r#"tar -C "$0" -cf - "$1" 2>/dev/null | tar -xOf - > "$2""#,
            Copier::Rsync => r#"rsync --quiet "$0/$1" "$2""#,
            Copier::Slow(time) => return read_slowly(from, to, time),
        };
        let mut shell = Command::new("sh");
        let done = shell
            .args(["-c", sentence])
            .args([folder.as_os_str(), name])
            .arg(to)
            .status();
        assert!(done.unwrap().success(), "{self:?}");
    }
}

/// As onto a slow stick, from the beginning to the end.
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
        thread::sleep((began + time / reads * n).saturating_duration_since(Instant::now()));
    }
}

/// What was acknowledged by now.
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

fn upload(address: SocketAddr, person: &Person, number: u64, acknowledged: &Acknowledged) {
    let bytes: Vec<u8> = number.to_be_bytes().into_iter().cycle().take(UPLOAD_BYTES).collect();
    let request = Request::new(address, "POST", "/api/files?name=a.bin").cookie(&person.cookie);
    let response = request.body(bytes).send();
    assert_eq!(response.status, 201, "{}", response.text());
    let id = response.json()["file"]["id"].as_str().unwrap().to_owned();
    acknowledged.files.lock().unwrap().push((id, number));
}

fn file_id(hex: &str) -> FileId {
    let bytes: Vec<u8> = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect();
    FileId(bytes.try_into().unwrap())
}

/// One copy, and what it must have.
fn copy_and_check(copier: Copier, from: &Path, folder: &TempDir, number: usize, acknowledged: &Acknowledged) {
    let seq = acknowledged.seq.load(Relaxed);
    let files = acknowledged.files.lock().unwrap().clone();
    let copy: PathBuf = folder.path().join(format!("{number}")).join("chapp.redb");
    fs::create_dir(copy.parent().unwrap()).unwrap();
    copier.copy(from, &copy);
    // It is another file, so all of it is checked.
    let opened = Store::open(&copy, Options::default());
    let (store, _feed) = opened.unwrap_or_else(|error| panic!("{copier:?}: {error}"));
    wait(async {
        let page = PageSize::default();
        let latest = store.history(UserId(1), LOBBY, Anchor::Latest, page).await.unwrap();
        assert!(
            latest.head.0 >= seq,
            "{copier:?}: {seq} was acknowledged, {} is there",
            latest.head
        );
        for (id, number) in files.iter().rev().take(2) {
            let bytes = store.whole_file(file_id(id), UPLOAD_BYTES as u64).unwrap();
            let expected = number.to_be_bytes();
            assert!(
                bytes.chunks(8).all(|chunk| chunk == expected),
                "{copier:?}: file {number}"
            );
        }
        store.close().await;
    });
    fs::remove_dir_all(copy.parent().unwrap()).unwrap();
}

/// All copies of a file of one size, the slow ones beside the others.
fn copy_all(
    copies: impl Fn(&(Copier, usize, usize)) -> usize + Sync,
    from: &Path,
    acknowledged: &Acknowledged,
) -> usize {
    let folder = TempDir::new_in(from.parent().unwrap()).unwrap();
    let made = AtomicU64::new(0);
    thread::scope(|scope| {
        let one = |copier| {
            let number = made.fetch_add(1, Relaxed) as usize;
            copy_and_check(copier, from, &folder, number, acknowledged);
        };
        let (slow, quick): (Vec<_>, Vec<_>) = COPIES
            .iter()
            .partition(|(copier, ..)| matches!(copier, Copier::Slow(_)));
        for plan in slow {
            for _ in 0..copies(plan) {
                scope.spawn(move || one(plan.0));
            }
        }
        for plan in quick {
            (0..copies(plan)).for_each(|_| one(plan.0));
        }
    });
    made.into_inner() as usize
}

#[test]
fn fifty_copies_of_a_busy_file_open_by_whatever_they_were_made() {
    if Command::new("rsync").arg("--version").output().is_err() {
        panic!("rsync is needed: apt-get install rsync");
    }
    let home = Home::new();
    let server = home.serve(&["--rate-limits", "off"]);
    let people: Vec<Person> = ["Ada", "Ben", "Carol"].map(|name| sign_up(server.address, name)).into();
    let (acknowledged, goes_on) = (Acknowledged::default(), AtomicBool::new(true));
    let next_file = AtomicU64::new(1);
    let address = server.address;
    let upload_one = || upload(address, &people[2], next_file.fetch_add(1, Relaxed), &acknowledged);
    let made = thread::scope(|scope| {
        for person in &people[..2] {
            let (acknowledged, goes_on) = (&acknowledged, &goes_on);
            scope.spawn(move || post(address, person, acknowledged, goes_on));
        }
        scope.spawn(|| {
            while goes_on.load(Relaxed) {
                let began = Instant::now();
                upload_one();
                thread::sleep(UPLOAD_EVERY.saturating_sub(began.elapsed()));
            }
        });
        let copying = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let small = copy_all(|plan| plan.1, &home.data(), &acknowledged);
            while fs::metadata(home.data()).unwrap().len() < LARGE_BYTES {
                upload_one();
            }
            small + copy_all(|plan| plan.2, &home.data(), &acknowledged)
        }));
        goes_on.store(false, Relaxed);
        copying
    });
    let made = made.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    assert_eq!(made, 50);
    let answered: Value = json!(acknowledged.seq.load(Relaxed));
    println!(
        "50 of 50; {answered} posts, {} files",
        acknowledged.files.lock().unwrap().len()
    );
}
