//! A backup while everybody writes: complete, consistent, and without sessions or tokens that give access.

use super::super::store_laws::world::{Fault, FaultyDisk, World, post, read_forward, wait};
use crate::harness::PATIENCE;
use crate::harness::http::Response;
use crate::harness::people::Person;
use crate::harness::server::{Setup, Site};
use chapp::chat::RateLimits;
use chapp::error::Kind;
use chapp::metrics::Count;
use chapp::store::{Options, Progress, ReadBack};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        // The run file.
        .filter(|name| !name.ends_with(".last-commit"))
        .collect();
    names.sort();
    names
}

fn back_up(site: &Site, owner: &Person) -> Response {
    let response = site.get_as(owner, "/api/backup");
    assert_eq!(response.status, 200);
    assert_eq!(response.get("content-type"), Some("application/octet-stream"));
    response
}

/// Acknowledged posts: `client_id` → seq.
type Acknowledged = BTreeMap<String, u64>;

#[test]
fn a_backup_under_load_holds_everything_that_was_acknowledged_before_it() {
    let mut site = Site::new();
    let ada = site.sign_up("Ada");
    let writers: Vec<Person> = (0..4).map(|n| site.sign_up(&format!("Writer {n}"))).collect();
    let stop = AtomicBool::new(false);
    let (before, copy) = thread::scope(|scope| {
        let running: Vec<_> = writers
            .iter()
            .enumerate()
            .map(|(n, writer)| {
                let (site, stop) = (&site, &stop);
                let (say, said) = std::sync::mpsc::channel();
                scope.spawn(move || {
                    let mut socket = site.socket(writer);
                    let mut count = 0;
                    while !stop.load(Relaxed) {
                        let id = format!("{n}-{count}");
                        let seq = socket.say(&id, &format!("message {id} {}", "x".repeat(500)));
                        // Posts after the backup do not count.
                        let _ = say.send((id, seq));
                        count += 1;
                    }
                });
                said
            })
            .collect();
        // Each has posted by now and continues.
        let mut before = Acknowledged::new();
        for said in &running {
            before.extend((0..50).map(|_| said.recv().unwrap()));
        }
        let copy = back_up(&site, &ada);
        stop.store(true, Relaxed);
        (before, copy)
    });
    let disposition = copy.get("content-disposition").unwrap();
    let date = disposition.strip_prefix("attachment; filename=\"chapp-").unwrap();
    assert!(
        date.len() == "2026-10-14.redb\"".len() && date.ends_with(".redb\""),
        "{disposition}"
    );
    assert_eq!(copy.get("content-length").unwrap(), copy.body.len().to_string());
    let epoch = site.socket(&ada).ready["epoch"].clone();

    site.stop();
    fs::write(site.data(), &copy.body).unwrap();
    site.start();
    let restored = site.history(&ada);
    let by_id: BTreeMap<u64, &Value> = restored.iter().map(|m| (m["id"].as_u64().unwrap(), m)).collect();
    for (id, seq) in &before {
        let body = by_id[seq]["body"].as_str().unwrap();
        assert!(body.starts_with(&format!("message {id} ")), "{id}");
    }
    let posts: Vec<u64> = by_id.keys().copied().collect();
    assert_eq!(
        posts,
        (posts[0]..posts[0] + posts.len() as u64).collect::<Vec<_>>(),
        "no hole"
    );
    // Ids continue after the last one, and earlier posts are not duplicated.
    let mut socket = site.socket(&ada);
    assert_ne!(
        socket.ready["epoch"], epoch,
        "browsers must know that this is another history"
    );
    assert_eq!(socket.say("new", "after the restore"), posts.last().unwrap() + 1);
    let (id, seq) = before.iter().next().unwrap();
    let writer = &writers[id.split('-').next().unwrap().parse::<usize>().unwrap()];
    let mut again = site.socket(writer);
    assert_eq!(again.say(id, "again"), *seq);
    assert_eq!(names(site.data().parent().unwrap()), ["chapp.redb"]);
}

#[test]
fn a_backup_holds_no_password_no_session_and_no_link_that_opens_a_door() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let ben = site.sign_up("Ben");
    let invite = site.facts(&ada)["invite"]["code"].as_str().unwrap().replace('-', "");
    let made = site.ask(&ada, "POST", &format!("/api/people/{}/reset", ben.id), &Value::Null);
    let reset = made.json()["path"]
        .as_str()
        .unwrap()
        .trim_start_matches("/reset#")
        .replace('-', "");
    let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    let copy = back_up(&site, &ada).body;
    for secret in [
        ada.token(),
        ben.token(),
        &invite,
        &reset,
        crate::harness::people::PASSWORD,
    ] {
        assert!(!holds(&copy, secret));
    }
    assert!(
        holds(&fs::read(site.data()).unwrap(), &invite),
        "or the test looks for the wrong thing"
    );
}

#[test]
fn the_last_backup_is_told_with_its_date_and_size() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let head = site.request("HEAD", "/api/backup").cookie(&ada.cookie).send();
    assert_eq!(head.status, 200);
    assert_eq!(
        site.facts(&ada)["backup"],
        json!({"running": false}),
        "asking is taking none"
    );
    let bytes = back_up(&site, &ada).body.len();
    // It is recorded when the last byte has gone out, and only then can the next one begin.
    let status = loop {
        let status = site.facts(&ada)["backup"].clone();
        if status["running"] == false {
            break status;
        }
    };
    assert_eq!(status["bytes"], bytes);
    let age = site.facts(&ada)["started_at"].as_u64().unwrap()..=status["at"].as_u64().unwrap();
    assert!(!age.is_empty());
}

#[test]
fn a_second_backup_waits_for_the_end_of_the_first_one() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    // More than all buffers on the way hold, for a reader who reads nothing.
    let mut socket = site.socket(&ada);
    for n in 0..500 {
        socket.post(&n.to_string(), &"x".repeat(8_000));
    }
    socket.until_pong();
    let slow = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    slow.set_recv_buffer_size(4096).unwrap();
    slow.connect(&site.address.into()).unwrap();
    let mut slow = std::net::TcpStream::from(slow);
    let host = format!("chapp.localhost:{}", site.port());
    let request = format!(
        "GET /api/backup HTTP/1.1\r\nHost: {host}\r\nCookie: {}\r\n\r\n",
        ada.cookie
    );
    std::io::Write::write_all(&mut slow, request.as_bytes()).unwrap();
    std::io::Read::read_exact(&mut slow, &mut [0; 1]).unwrap();
    assert_eq!(site.facts(&ada)["backup"]["running"], true);
    site.get_as(&ada, "/api/backup").refused(409, "conflict");
    let head = site.request("HEAD", "/api/backup").cookie(&ada.cookie).send();
    assert_eq!(head.status, 409);
    // An aborted download lets the next one begin.
    drop(slow);
    while site.facts(&ada)["backup"]["running"] == true {
        thread::yield_now();
    }
    back_up(&site, &ada);
}

#[test]
fn without_room_for_a_copy_none_is_begun() {
    let mut site = Site::new();
    let ada = site.sign_up("Ada");
    site.stop();
    let full = Site::on(
        site,
        Setup {
            options: Options {
                disk_free_bytes_min: u64::MAX,
                ..Options::default()
            },
            rate_limits: RateLimits::Off,
            ..Setup::default()
        },
    );
    full.get_as(&ada, "/api/backup").refused(507, "storage_full");
    let head = full.request("HEAD", "/api/backup").cookie(&ada.cookie).send();
    assert_eq!(head.status, 507);
    assert_eq!(names(full.data().parent().unwrap()), ["chapp.redb"]);
    assert_eq!(full.facts(&ada)["backup"]["running"], false);
}

/// Posts until a checkpoint follows in a pause; then only the copy uses the disk. Returns the number of posts.
fn until_all_is_in_the_pages(world: &World) -> usize {
    let checkpoints = || world.store.metrics().get(Count::Checkpoints);
    let mut posts = 0;
    loop {
        let before = checkpoints();
        wait(world.store.commit(post(1, &format!("last {posts}")))).unwrap();
        posts += 1;
        if checkpoints() > before {
            // The checkpoint came without another post.
            continue;
        }
        let patience = Instant::now() + PATIENCE;
        while checkpoints() == before {
            assert!(Instant::now() < patience, "no checkpoint comes");
            thread::sleep(Duration::from_millis(20));
        }
        return posts;
    }
}

#[test]
fn a_disk_that_fills_up_under_a_copy_leaves_nothing_of_it_and_the_server_goes_on() {
    let disk = std::sync::Arc::new(FaultyDisk::default());
    let world = World::with(disk.options());
    world.sign_up_people(1);
    for n in 0..50 {
        wait(world.store.commit(post(1, &n.to_string()))).unwrap();
    }
    let more = until_all_is_in_the_pages(&world);
    let go_on = Progress::default();
    let mut failures = 0;
    for ops in 0.. {
        disk.fail(Fault::Full, ops);
        let copied = world.store.back_up(ReadBack::No, &go_on);
        let failed = disk.has_failed();
        disk.repair();
        assert_eq!(names(world.path.parent().unwrap()), ["data.redb"], "after {ops} writes");
        match copied {
            Ok(_) if !failed => break,
            Ok(_) => {}
            Err(error) => {
                assert_eq!(error.kind, Kind::StorageFull, "{error}");
                failures += 1;
            }
        }
    }
    assert!(failures > 5, "{failures}");
    wait(world.store.commit(post(1, "afterwards"))).unwrap();
    assert_eq!(wait(read_forward(&world.store)).unwrap().len(), 51 + more);
}

#[test]
fn a_copy_that_nobody_waits_for_is_called_off() {
    let world = World::of_people(1);
    wait(world.store.commit(post(1, "one"))).unwrap();
    let stopped = Progress::default();
    stopped.stop();
    assert!(world.store.back_up(ReadBack::No, &stopped).is_err());
    assert_eq!(names(world.path.parent().unwrap()), ["data.redb"]);
}
