//! Read marks and typing are batched; people must not notice.

use crate::harness::disk::{Stall, StallingDisk};
use crate::harness::metrics::Metrics;
use crate::harness::people::Person;
use crate::harness::server::{Setup, Site};
use crate::harness::socket::{Socket, of_type};
use crate::socket::{fill, two};
use chapp::limits::ANSWERS_AT_STOP_TIMEOUT;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;

fn read(seq: u64) -> Value {
    json!({"type": "read", "room": 1, "seq": seq})
}

fn read_until(site: &Site, person: &Person) -> Value {
    site.get_as(person, "/api/rooms").json()["rooms"][0]["read"].clone()
}

#[test]
fn whoever_looks_at_their_rooms_after_a_mark_sees_it() {
    let (site, ada, ben) = two();
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    fill(&mut bens, 1..=3);
    for seq in 1..=3 {
        adas.send(&read(seq));
        adas.until_pong();
        assert_eq!(read_until(&site, &ada), seq);
    }
    adas.send(&json!({"type": "unread", "room": 1, "id": 2, "ref": "u"}));
    adas.expect("read");
    adas.send(&read(3));
    adas.until_pong();
    let mut laptop = Socket::connect(site.address, &site.log_in("Ada"));
    assert_eq!(laptop.expect("ready")["rooms"][0]["read"], 3);
}

#[test]
fn a_stop_writes_the_marks_that_wait() {
    let (mut site, ada, ben) = two();
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    fill(&mut bens, 1..=9);
    for seq in 1..=9 {
        adas.send(&read(seq));
    }
    adas.until_pong();
    site.restart();
    assert_eq!(read_until(&site, &ada), 9);
}

#[test]
fn a_stop_answers_the_marks_that_wait() {
    let (mut site, ada, ben) = two();
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    fill(&mut bens, 1..=2);
    adas.send(&read(1));
    adas.until_pong();
    adas.send(&json!({"type": "read", "room": 1, "seq": 2, "ref": "r"}));
    adas.until_pong();
    let began = Instant::now();
    let reader = std::thread::spawn(move || (adas.close_code_after(), began.elapsed()));
    site.stop();
    let ((code, frames), took) = reader.join().unwrap();
    assert_eq!(code, 1001);
    assert_eq!(of_type(&frames, "read").len(), 1, "{frames:?}");
    assert!(took < ANSWERS_AT_STOP_TIMEOUT, "{took:?}");
}

#[test]
fn what_was_read_before_does_not_undo_that_it_is_unread() {
    let (site, ada, ben) = two();
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    fill(&mut bens, 1..=5);
    for seq in 1..=5 {
        adas.send(&read(seq));
    }
    adas.send(&json!({"type": "unread", "room": 1, "id": 3, "ref": "u"}));
    let answer = adas.expect("read");
    assert_eq!((&answer["seq"], &answer["unread"]), (&json!(2), &json!(3)));
    // Earlier marks that still waited would be committed with this one.
    adas.send(&json!({"type": "read", "room": 1, "seq": 1, "ref": "r"}));
    assert_eq!(adas.expect("read")["seq"], 2);
    assert_eq!(read_until(&site, &ada), 2);
}

#[test]
fn each_caller_of_marks_that_are_written_together_is_answered() {
    let (site, ada, ben) = two();
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    fill(&mut bens, 1..=4);
    adas.send(&read(1));
    for (seq, name) in [(4, "a"), (3, "b"), (2, "c")] {
        adas.send(&json!({"type": "read", "room": 1, "seq": seq, "ref": name}));
    }
    adas.send(&json!({"type": "read", "room": 1, "seq": 5, "ref": "too far"}));
    assert_eq!(adas.expect("error")["ref"], "too far");
    for name in ["a", "b", "c"] {
        let answer = adas.expect("read");
        assert_eq!((&answer["ref"], &answer["seq"]), (&json!(name), &json!(4)));
    }
}

#[test]
fn rooms_can_be_looked_at_while_the_disk_takes_no_marks() {
    let disk = Arc::new(StallingDisk::default());
    let site = Site::with(Setup {
        options: disk.options(),
        ..Setup::default()
    });
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    fill(&mut bens, 1..=2);
    let still = Stall::new(&disk);
    adas.send(&read(2));
    adas.until_pong();
    assert_eq!(read_until(&site, &ada), 0);
    drop(still);
    Metrics::until(site.address, |_| read_until(&site, &ada) == 2);
}

#[test]
fn marks_and_typing_of_a_crowd_go_out_together() {
    const CROWD: usize = 20;
    let site = Site::new();
    let people: Vec<Person> = (0..CROWD).map(|n| site.sign_up(&format!("Person {n}"))).collect();
    let mut sockets: Vec<Socket> = people.iter().map(|person| site.socket(person)).collect();
    let mut listeners = site.socket(&site.sign_up("Ears"));
    let writes = || Metrics::read(site.address).get("chapp_delivery_writes_total");
    fill(&mut listeners, 1..=1);
    let before = writes();
    for socket in &mut sockets {
        socket.send(&read(1));
        socket.send(&json!({"type": "typing", "room": 1}));
        socket.until_pong();
    }
    let mut frames: Vec<Value> = Vec::new();
    while of_type(&frames, "typing").len() < CROWD || of_type(&frames, "seen").len() < CROWD {
        frames.push(listeners.next());
    }
    // Unbatched, each of them would be a write to everybody.
    let alone = 2.0 * CROWD as f64 * CROWD as f64;
    assert!(writes() - before < alone / 4.0, "{} of {alone}", writes() - before);
}

#[test]
fn whoever_has_posted_is_not_told_to_be_typing_after_that() {
    let (site, ada, ben) = two();
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    for n in 1..=3 {
        adas.send(&json!({"type": "typing", "room": 1}));
        adas.post(&format!("c{n}"), &format!("message {n}"));
        let frames = bens.until(|frame| frame["message"]["body"] == format!("message {n}"));
        // The first one is sent at once.
        assert!(n == 1 || of_type(&frames, "typing").len() <= 1, "{frames:?}");
    }
    bens.post("mark", "mark");
    let frames = bens.until(|frame| frame["message"]["body"] == "mark");
    assert!(of_type(&frames, "typing").is_empty(), "{frames:?}");
}

#[test]
fn whoever_arranges_a_room_or_blocks_somebody_sees_what_they_have_read() {
    let (site, ada, ben) = two();
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    fill(&mut bens, 1..=3);
    for seq in 1..=2 {
        adas.send(&read(seq));
    }
    adas.until_pong();
    let arranged = site.request("PUT", "/api/rooms/1/me").cookie(&ada.cookie);
    let arranged = arranged.json(&json!({"favourite": true})).send();
    assert_eq!(arranged.status, 200, "{}", arranged.text());
    assert_eq!(arranged.json()["room"]["read"], 2, "{}", arranged.text());
    adas.send(&read(3));
    adas.until_pong();
    let blocked = site
        .request("PUT", &format!("/api/me/blocks/{}", ben.id))
        .cookie(&ada.cookie);
    assert!(blocked.send().status < 300);
    let read_after = adas.until_pong();
    assert!(
        of_type(&read_after, "read").iter().all(|frame| frame["seq"] == 3),
        "{read_after:?}"
    );
}
