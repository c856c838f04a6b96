//! The socket: who gets which frames, in which order, and how a client catches up.

use crate::harness::people::Person;
use crate::harness::server::Site;
use crate::harness::socket::{Socket, of_type};
use chapp::clock::Clock;
use chapp::limits;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

pub fn two() -> (Site, Person, Person) {
    let site = Site::new();
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    (site, ada, ben)
}

/// Posts these messages, many at a time; returns once they were sent to every connected client.
pub fn fill(socket: &mut Socket, seqs: RangeInclusive<u64>) {
    fill_with(socket, seqs, |n| format!("message {n}"));
}

fn fill_with(socket: &mut Socket, seqs: RangeInclusive<u64>, body: impl Fn(u64) -> String) {
    let (first, last) = (*seqs.start(), *seqs.end());
    let (mut sent, mut answered, mut received) = (first - 1, first - 1, 0);
    while answered < last || received < last {
        while sent < last && sent < answered + 50 {
            sent += 1;
            socket.post(&format!("c{sent}"), &body(sent));
        }
        let frame = socket.next();
        match frame["type"].as_str().unwrap() {
            "posted" => answered += 1,
            "message" => received = frame["seq"].as_u64().unwrap(),
            _ => {}
        }
    }
}

/// One `sync`: the seqs of its messages, and its last frame.
fn sync(socket: &mut Socket, since: u64) -> (Vec<u64>, Value) {
    socket.send(&json!({"type": "sync", "ref": "s1", "room": 1, "since": since}));
    let mut frames = socket.until(|frame| frame["ref"] == "s1");
    let end = frames.pop().unwrap();
    let messages = of_type(&frames, "message");
    (
        messages.iter().map(|frame| frame["seq"].as_u64().unwrap()).collect(),
        end,
    )
}

#[test]
fn the_first_frame_tells_all_that_a_client_needs() {
    let (mut site, ada, ben) = two();
    let mut bens = site.socket(&ben);
    bens.say("c1", "hello");
    let ready = site.socket(&ada).ready;
    assert_eq!(ready["protocol"], 1);
    assert_eq!(ready["user"], site.get_as(&ada, "/api/me").json()["user"]);
    assert_eq!(ready["rooms"], site.get_as(&ada, "/api/rooms").json()["rooms"]);
    let lobby = &ready["rooms"][0];
    assert_eq!(
        (&lobby["head"], &lobby["read"], &lobby["unread"]),
        (&json!(1), &json!(0), &json!(1))
    );
    let names: HashSet<&str> = ready["people"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, HashSet::from(["Ada", "Ben"]));
    let here: HashSet<(u64, &str)> = ready["presence"]
        .as_array()
        .unwrap()
        .iter()
        .map(|here| (here["user"].as_u64().unwrap(), here["state"].as_str().unwrap()))
        .collect();
    assert_eq!(here, HashSet::from([(ada.id, "online"), (ben.id, "online")]));
    assert_eq!(
        ready["server"],
        json!({
            "name": "Chapp",
            "version": env!("CARGO_PKG_VERSION"),
            "id": ready["server"]["id"],
            "addresses": [], "door": "anyone",
        })
    );
    // The cookie's name and this come from the same data file.
    let id = ready["server"]["id"].as_str().unwrap();
    assert!(ada.cookie.starts_with(&format!("chapp_{}=", &id[..6])), "{id}");
    assert_eq!(
        ready["limits"],
        json!({
            "body_chars_max": limits::BODY_CHARS_MAX,
            "client_id_chars_max": limits::CLIENT_ID_CHARS_MAX,
            "frame_bytes_max": limits::FRAME_BYTES_MAX,
            "name_chars_max": limits::NAME_CHARS_MAX,
            "page_max": limits::PAGE_MESSAGES_MAX,
            "people_max": limits::PEOPLE_MAX,
            "display_name_chars_max": limits::DISPLAY_NAME_CHARS_MAX,
            "status_chars_max": limits::STATUS_CHARS_MAX,
            "room_name_chars_max": limits::ROOM_NAME_CHARS_MAX,
            "topic_chars_max": limits::TOPIC_CHARS_MAX,
            "undo_ms": limits::UNDO_MS,
            "seen_members_max": limits::SEEN_MEMBERS_MAX,
            "picture_bytes_max": limits::PICTURE_BYTES_MAX,
            "file_bytes_max": limits::FILE_BYTES_MAX,
            "files_max": limits::FILES_MAX,
        })
    );
    let epoch = ready["epoch"].as_str().unwrap().to_owned();
    assert!(epoch.len() >= 16);
    drop(bens);
    site.restart();
    assert_eq!(site.socket(&ada).ready["epoch"], epoch, "a restart is the same history");
    let other = Site::new();
    let eve = other.sign_up("Eve");
    assert_ne!(other.socket(&eve).ready["epoch"], epoch);
}

#[test]
fn a_message_reaches_everyone_and_its_client_id_its_author_only() {
    let (site, ada, ben) = two();
    let laptop = site.log_in("Ada");
    let (mut adas, mut tab, mut bens) = (site.socket(&ada), site.socket(&laptop), site.socket(&ben));
    adas.post("c1", "hello");
    let frames = adas.until_each(&["posted", "message"]);
    let message = of_type(&frames, "message")[0].clone();
    let posted = of_type(&frames, "posted")[0];
    assert_eq!(
        *posted,
        json!({"type": "posted", "client_id": "c1", "room": 1, "seq": 1})
    );
    assert_eq!((&message["room"], &message["seq"]), (&json!(1), &json!(1)));
    let shown = &message["message"];
    assert_eq!(
        (&shown["id"], &shown["author"], &shown["body"]),
        (&json!(1), &json!(ada.id), &json!("hello"))
    );
    assert_eq!(shown["client_id"], "c1");
    assert_eq!(tab.expect_message("hello"), message, "her other device");
    let seen = bens.expect_message("hello");
    let mut expected = message.clone();
    expected["message"].as_object_mut().unwrap().remove("client_id");
    assert_eq!(seen, expected);
    // Posting it over HTTP is the same message.
    assert_eq!(site.say(&ben, "c1", "hello back").status, 201);
    assert_eq!(adas.expect_message("hello back")["message"]["client_id"], Value::Null);
    assert_eq!(bens.expect_message("hello back")["message"]["client_id"], "c1");
}

#[test]
fn what_was_posted_can_be_read_as_soon_as_it_is_answered() {
    let (site, ada, ben) = two();
    let mut socket = site.socket(&ada);
    for n in 1..=20 {
        let seq = socket.say(&format!("c{n}"), &format!("message {n}"));
        let page = site.get_as(&ben, "/api/rooms/1/messages?limit=1").json();
        assert_eq!((&page["head"], &page["messages"][0]["id"]), (&json!(seq), &json!(seq)));
        assert_eq!(page["messages"][0]["body"], format!("message {n}"));
    }
}

#[test]
fn everybody_sees_the_same_order_and_each_sender_their_own() {
    let (site, ada, ben) = two();
    let count = 200;
    // Both are connected before the first message.
    let sockets = [&ada, &ben].map(|person| (person, site.socket(person)));
    let per_person: Vec<Vec<(u64, String)>> = thread::scope(|scope| {
        let threads = sockets.map(|(person, mut socket)| {
            scope.spawn(move || {
                for n in 0..count {
                    socket.post(&format!("c{n}"), &format!("{} {n}", person.name));
                }
                let mut seen = Vec::new();
                while seen.len() < 2 * count {
                    let frame = socket.expect("message");
                    seen.push((
                        frame["seq"].as_u64().unwrap(),
                        frame["message"]["body"].as_str().unwrap().to_owned(),
                    ));
                }
                seen
            })
        });
        threads.map(|thread| thread.join().unwrap()).to_vec()
    });
    for (person, seen) in [&ada, &ben].iter().zip(&per_person) {
        let own: Vec<&String> = seen
            .iter()
            .map(|(_, body)| body)
            .filter(|body| body.starts_with(&person.name))
            .collect();
        let sent: Vec<String> = (0..count).map(|n| format!("{} {n}", person.name)).collect();
        assert_eq!(own, sent.iter().collect::<Vec<_>>(), "send order is seq order");
    }
    for seen in &per_person {
        let seqs: Vec<u64> = seen.iter().map(|(seq, _)| *seq).collect();
        assert!(
            seqs.windows(2).all(|pair| pair[1] == pair[0] + 1),
            "no gap, no step back"
        );
    }
    let history: Vec<(u64, String)> = site
        .history(&ada)
        .iter()
        .map(|message| {
            (
                message["id"].as_u64().unwrap(),
                message["body"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    for seen in per_person {
        assert_eq!(seen, history);
    }
}

#[test]
fn the_same_client_id_again_is_answered_and_nobody_hears_it_twice() {
    let (site, ada, ben) = two();
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    assert_eq!(adas.say("c1", "once"), 1);
    assert_eq!(adas.say("c1", "once"), 1);
    assert_eq!(adas.say("c1", "something else"), 1);
    assert_eq!(adas.say("c2", "twice"), 2);
    let frames = bens.until(|frame| frame["message"]["body"] == "twice");
    let bodies: Vec<&Value> = of_type(&frames, "message")
        .iter()
        .map(|frame| &frame["message"]["body"])
        .collect();
    assert_eq!(bodies, ["once", "twice"]);
}

#[test]
fn typing_reaches_the_others_and_no_socket_of_whoever_types() {
    let (site, ada, ben) = two();
    let laptop = site.log_in("Ada");
    let (mut adas, mut tab, mut bens) = (site.socket(&ada), site.socket(&laptop), site.socket(&ben));
    adas.send(&json!({"type": "typing", "room": 1}));
    assert_eq!(
        bens.expect("typing"),
        json!({"type": "typing", "room": 1, "user": ada.id})
    );
    adas.say("c1", "typed");
    for socket in [&mut adas, &mut tab] {
        socket.post("mark", "mark");
        let frames = socket.until(|frame| frame["message"]["body"] == "mark");
        assert!(of_type(&frames, "typing").is_empty(), "{frames:?}");
    }
    assert_eq!(site.head(&ada), 2, "typing takes no seq");
}

#[test]
fn what_somebody_has_read_is_told_to_their_other_sockets_and_to_nobody_else() {
    let (site, ada, ben) = two();
    let laptop = site.log_in("Ada");
    let mut bens = site.socket(&ben);
    fill(&mut bens, 1..=3);
    let (mut adas, mut tab) = (site.socket(&ada), site.socket(&laptop));
    adas.send(&json!({"type": "read", "room": 1, "seq": 2}));
    assert_eq!(
        tab.expect("read"),
        json!({"type": "read", "room": 1, "seq": 2, "unread": 1, "mentions": 0, "head": 3})
    );
    let lobby = &site.get_as(&laptop, "/api/rooms").json()["rooms"][0];
    assert_eq!((&lobby["read"], &lobby["unread"]), (&json!(2), &json!(1)));
    // A lower seq is ignored.
    adas.send(&json!({"type": "read", "room": 1, "seq": 1}));
    adas.until_pong();
    bens.post("mark", "mark");
    let (at_bens, at_tab) = (
        bens.until(|frame| frame["message"]["body"] == "mark"),
        tab.until(|frame| frame["message"]["body"] == "mark"),
    );
    assert!(of_type(&at_bens, "read").is_empty() && of_type(&at_tab, "read").is_empty());
    let bens_lobby = &site.get_as(&ben, "/api/rooms").json()["rooms"][0];
    assert_eq!(
        (&bens_lobby["read"], &bens_lobby["unread"]),
        (&json!(4), &json!(0)),
        "what one posts, one has read"
    );
    assert_eq!(site.get_as(&ada, "/api/rooms").json()["rooms"][0]["read"], 2);
}

#[test]
fn whoever_says_what_they_have_read_is_not_told_so() {
    let (site, ada, ben) = two();
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    fill(&mut bens, 1..=2);
    adas.send(&json!({"type": "read", "room": 1, "seq": 2}));
    adas.until_pong();
    bens.post("mark", "mark");
    let frames = adas.until(|frame| frame["message"]["body"] == "mark");
    assert!(of_type(&frames, "read").is_empty(), "{frames:?}");
}

#[test]
fn a_catch_up_brings_each_message_once_in_order() {
    let (site, ada, ben) = two();
    fill(&mut site.socket(&ben), 1..=30);
    let mut socket = site.socket(&ada);
    let end = json!({"type": "synced", "ref": "s1", "room": 1, "through": 30});
    assert_eq!(sync(&mut socket, 0), ((1..=30).collect(), end.clone()));
    assert_eq!(sync(&mut socket, 25), ((26..=30).collect(), end.clone()));
    assert_eq!(sync(&mut socket, 30), (vec![], end));
    socket.send(&json!({"type": "sync", "room": 1, "since": 29}));
    assert_eq!(socket.expect("message")["message"]["body"], "message 30");
    assert_eq!(
        socket.expect("synced"),
        json!({"type": "synced", "room": 1, "through": 30})
    );
}

#[test]
fn a_catch_up_shows_a_client_id_to_its_author_only() {
    let (site, ada, ben) = two();
    fill(&mut site.socket(&ben), 1..=1);
    for (person, client_id) in [(&ada, Value::Null), (&ben, json!("c1"))] {
        let mut socket = site.socket(person);
        socket.send(&json!({"type": "sync", "room": 1, "since": 0}));
        assert_eq!(socket.expect("message")["message"]["client_id"], client_id);
    }
}

#[test]
fn a_long_catch_up_comes_in_pieces_that_are_asked_for() {
    let (site, ada, ben) = two();
    let total = limits::SYNC_MESSAGES_MAX as u64 + 7;
    fill(&mut site.socket(&ben), 1..=total);
    let mut socket = site.socket(&ada);
    let (seqs, end) = sync(&mut socket, 0);
    let piece = limits::SYNC_MESSAGES_MAX as u64;
    assert_eq!((seqs, &end["through"]), ((1..=piece).collect(), &json!(piece)));
    let (seqs, end) = sync(&mut socket, piece);
    assert_eq!((seqs, &end["through"]), ((piece + 1..=total).collect(), &json!(total)));
}

#[test]
fn a_catch_up_over_long_messages_comes_in_smaller_pieces() {
    let (site, ada, ben) = two();
    let body = "x".repeat(8_000);
    fill_with(&mut site.socket(&ben), 1..=40, |_| body.clone());
    let mut socket = site.socket(&ada);
    let (mut all, mut pieces) = (Vec::new(), 0);
    while all.len() < 40 {
        let (seqs, end) = sync(&mut socket, all.len() as u64);
        assert!(seqs.len() * body.len() <= limits::SYNC_BYTES_MAX + body.len());
        assert_eq!(end["through"].as_u64(), seqs.last().copied());
        all.extend(seqs);
        pieces += 1;
    }
    assert_eq!((all, pieces), ((1..=40).collect(), 3));
}

#[test]
fn whoever_is_too_far_behind_or_ahead_is_told_to_start_again() {
    let (site, ada, _) = two();
    let head = limits::SYNC_BEHIND_MAX + 1;
    let mut socket = site.socket(&ada);
    let reset = |head: u64| json!({"type": "reset", "ref": "s1", "room": 1, "head": head});
    // Ahead of the head: from a history that a restored backup does not have.
    assert_eq!(sync(&mut socket, 1), (vec![], reset(0)));
    assert_eq!(sync(&mut socket, 9_007_199_254_740_991), (vec![], reset(0)));
    fill(&mut socket, 1..=head);
    let mut socket = site.socket(&ada);
    assert_eq!(sync(&mut socket, 0), (vec![], reset(head)));
    assert_eq!(sync(&mut socket, head + 1), (vec![], reset(head)));
    let (seqs, end) = sync(&mut socket, 1);
    assert_eq!((seqs[0], &end["type"]), (2, &json!("synced")));
}

#[test]
fn whoever_connects_while_others_write_misses_nothing() {
    let (site, ada, ben) = two();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut socket = site.socket(&ben);
            let mut count = 0;
            while !done.load(Relaxed) {
                fill(&mut socket, count + 1..=count + 20);
                count += 20;
            }
        });
        let check = || {
            for _ in 0..40 {
                let mut socket = site.socket(&ada);
                let head = socket.ready["rooms"][0]["head"].as_u64().unwrap();
                let mut through = head;
                while through < head + 30 {
                    let seq = socket.expect("message")["seq"].as_u64().unwrap();
                    assert!(
                        seq <= through + 1,
                        "a gap between {through} and {seq} after a ready of {head}"
                    );
                    through = through.max(seq);
                }
            }
        };
        let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(check));
        done.store(true, Relaxed);
        writer.join().unwrap();
        checked.unwrap();
    });
}

#[test]
fn somebody_new_is_introduced_before_they_appear() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let mut socket = site.socket(&ada);
    let ben = site.sign_up("Ben");
    let person = socket
        .until(|frame| frame["type"] == "person" && frame["user"]["id"] == ben.id)
        .pop();
    assert_eq!(person.unwrap()["user"], site.get_as(&ben, "/api/me").json()["user"]);
    let _bens = site.socket(&ben);
    let frames = socket.until(|frame| *frame == json!({"type": "presence", "user": ben.id, "state": "online"}));
    assert_eq!(
        of_type(&frames, "person").len(),
        1,
        "and again with the presence, for those who do not know them"
    );
}

#[test]
fn whoever_leaves_is_offline_after_a_moment_and_whoever_reloads_is_not() {
    let (site, ada, ben) = two();
    let mut bens = site.socket(&ben);
    let adas = site.socket(&ada);
    bens.until(|frame| frame["type"] == "presence" && frame["user"] == ada.id);
    adas.leave();
    let mut adas = site.socket(&ada);
    adas.say("c1", "back");
    let frames = bens.until(|frame| frame["message"]["body"] == "back");
    let about_ada = |frames: &[Value]| {
        of_type(frames, "presence")
            .iter()
            .filter(|frame| frame["user"] == ada.id)
            .count()
    };
    assert_eq!(about_ada(&frames), 0, "a reload is no departure: {frames:?}");
    adas.leave();
    let frames = bens.until(|frame| frame["type"] == "presence" && frame["user"] == ada.id);
    assert_eq!(frames.last().unwrap()["state"], "offline");
    assert!(
        !site.socket(&ben).ready["presence"]
            .to_string()
            .contains(&format!("\"user\":{}", ada.id))
    );
}

#[test]
fn a_crowd_that_comes_and_goes_at_once_is_seen_as_it_is() {
    const CROWD: usize = limits::FEED_BATCHES_MAX + 36;
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let crowd: Vec<Person> = (0..CROWD).map(|n| site.sign_up(&format!("Person {n}"))).collect();
    let mut adas = site.socket(&ada);
    let here = RefCell::new(HashSet::new());
    let follow = |frame: &Value| {
        match (frame["type"].as_str(), frame["state"].as_str()) {
            (Some("presence"), Some("online")) => here.borrow_mut().insert(frame["user"].as_u64()),
            (Some("presence"), _) => here.borrow_mut().remove(&frame["user"].as_u64()),
            _ => false,
        };
        here.borrow().len()
    };
    let sockets: Vec<Socket> = thread::scope(|scope| {
        let opening: Vec<_> = crowd.iter().map(|person| scope.spawn(|| site.socket(person))).collect();
        opening.into_iter().map(|socket| socket.join().unwrap()).collect()
    });
    adas.until(|frame| follow(frame) == CROWD + 1);
    thread::scope(|scope| {
        sockets
            .into_iter()
            .for_each(|socket| drop(scope.spawn(|| socket.leave())));
    });
    adas.until(|frame| follow(frame) == 1);
}

#[test]
fn nobody_can_take_all_places() {
    let site = Site::limited(Clock::System);
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let mut sockets: Vec<Socket> = (0..limits::SOCKETS_PER_PERSON_MAX).map(|_| site.socket(&ada)).collect();
    let refused = Socket::try_connect(site.address, &ada).err().unwrap();
    assert!(refused.contains("429"), "{refused}");
    site.socket(&ben).send(&json!({"type": "ping"}));
    sockets.pop().unwrap().leave();
    let mut again = Socket::try_connect(site.address, &ada);
    while again.is_err() {
        again = Socket::try_connect(site.address, &ada);
    }
}

#[test]
fn whoever_closes_one_of_two_tabs_is_still_here() {
    let (site, ada, ben) = two();
    let carol = site.sign_up("Carol");
    let mut bens = site.socket(&ben);
    let (mut one, two) = (site.socket(&ada), site.socket(&ada));
    let carols = site.socket(&carol);
    two.leave();
    carols.leave();
    // Carol's close shows that Ada's would have come as well.
    let is_gone = |frame: &Value, user: u64| frame["user"] == user && frame["state"] == "offline";
    let frames = bens.until(|frame| is_gone(frame, carol.id));
    assert!(!frames.iter().any(|frame| is_gone(frame, ada.id)));
    one.say("c1", "still here");
}

#[test]
fn somebody_is_away_when_all_of_their_tabs_are() {
    let (site, ada, ben) = two();
    let mut bens = site.socket(&ben);
    let (mut one, mut two) = (site.socket(&ada), site.socket(&ada));
    let away = |socket: &mut Socket, on: bool| {
        socket.send(&json!({"type": "away", "on": on}));
        socket.until_pong();
    };
    let is_now =
        |frame: &Value, state: &str| frame["type"] == "presence" && frame["user"] == ada.id && frame["state"] == state;
    away(&mut one, true);
    bens.post("mark", "one tab is left alone");
    let frames = bens.until(|frame| frame["message"]["body"] == "one tab is left alone");
    assert!(!frames.iter().any(|frame| is_now(frame, "away")), "{frames:?}");
    away(&mut two, true);
    bens.until(|frame| is_now(frame, "away"));
    let ready = site.socket(&ben).ready;
    let states = ready["presence"].as_array().unwrap();
    assert!(states.contains(&json!({"user": ada.id, "state": "away"})), "{states:?}");
    away(&mut one, false);
    bens.until(|frame| is_now(frame, "online"));
    // The active socket closes; the remaining one is away.
    one.leave();
    bens.until(|frame| is_now(frame, "away"));
}

#[test]
fn two_tabs_of_one_session_both_hear_everything() {
    let (site, ada, ben) = two();
    let (mut one, mut two, mut bens) = (site.socket(&ada), site.socket(&ada), site.socket(&ben));
    bens.post("c1", "from Ben");
    bens.expect_message("from Ben");
    one.post("c1", "from one");
    bens.expect_message("from one");
    two.post("c2", "from two");
    for socket in [&mut one, &mut two] {
        let frames = socket.until(|frame| frame["message"]["body"] == "from two");
        let messages = of_type(&frames, "message");
        let bodies: Vec<&Value> = messages.iter().map(|frame| &frame["message"]["body"]).collect();
        assert_eq!(bodies, ["from Ben", "from one", "from two"]);
        assert_eq!(messages[1]["message"]["client_id"], "c1");
    }
}

#[test]
fn a_ref_comes_back_in_each_answer() {
    let (site, ada, _) = two();
    let mut socket = site.socket(&ada);
    socket.send(&json!({"type": "post", "ref": "r1", "room": 1, "client_id": "c1", "body": "hello"}));
    assert_eq!(
        socket.expect("posted"),
        json!({"type": "posted", "ref": "r1", "client_id": "c1", "room": 1, "seq": 1})
    );
    socket.send(&json!({"type": "ping", "ref": ""}));
    assert_eq!(socket.expect("pong"), json!({"type": "pong", "ref": ""}));
    socket.send(&json!({"type": "ping"}));
    assert_eq!(socket.expect("pong"), json!({"type": "pong"}));
    socket.send(&json!({"type": "read", "ref": "r2", "room": 1, "seq": 99}));
    assert_eq!(socket.expect("error")["ref"], "r2");
    socket.send(&json!({"type": "sync", "ref": "r3", "room": 2, "since": 0}));
    let error = socket.expect("error");
    assert_eq!((&error["ref"], &error["code"]), (&json!("r3"), &json!("not_found")));
}

#[test]
fn a_stop_closes_each_socket_with_1001_and_a_start_welcomes_them_back() {
    let (mut site, ada, ben) = two();
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    adas.say("c1", "before");
    let reader = thread::spawn(move || (adas.close_code(), bens.close_code()));
    site.stop();
    assert_eq!(reader.join().unwrap(), (1001, 1001));
    site.start();
    let mut adas = site.socket(&ada);
    assert_eq!(sync(&mut adas, 0).0, [1]);
    assert_eq!(adas.say("c2", "after"), 2);
}
