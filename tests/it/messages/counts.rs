//! Counts of unread messages and of mentions.

use super::*;
use crate::harness::Rng;
use crate::rooms::room_of;

fn counts(room: &Value) -> (u64, u64, u64) {
    let number = |key: &str| room[key].as_u64().unwrap_or_else(|| panic!("no {key}: {room}"));
    (number("read"), number("unread"), number("mentions"))
}

/// The same counts from all messages.
fn counted(messages: &[Value], viewer: u64, is_here: bool, read: u64) -> (u64, u64, u64) {
    let of_others = |message: &&Value| message["event"].is_null() && message["author"] != viewer;
    let after: Vec<&Value> = messages
        .iter()
        .filter(|message| message["id"].as_u64().unwrap() > read)
        .filter(of_others)
        .collect();
    let is_meant = |message: &&&Value| {
        let mentions = &message["mentions"];
        let users = mentions["users"].as_array();
        let by_name = users.is_some_and(|users| users.contains(&json!(viewer)));
        by_name || mentions["room"] == true || (is_here && mentions["here"] == true)
    };
    let mentions = after.iter().filter(is_meant).count();
    (read, after.len() as u64, mentions as u64)
}

fn whole(site: &Site, person: &Person, room: u64) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let path = format!("/api/rooms/{room}/messages?after={after}&limit=100");
        let page = site.get_as(person, &path).json();
        all.extend(page["messages"].as_array().unwrap().iter().cloned());
        if page["more_after"] == false {
            return all;
        }
        after = all[all.len() - 1]["id"].as_u64().unwrap();
    }
}

#[test]
fn names_and_everybody_and_who_is_here_are_mentioned() {
    let (site, ada, ben, cleo) = three();
    let dan = site.sign_up("Dan");
    let tea = make_with(&site, &ada, "private", "Tea", &[&ben, &dan]);
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    let mentions = |person: &Person| counts(&room_of(&site, person, tea)).2;
    for (n, (body, expected, (of_ben, of_dan))) in [
        ("hello @ben and @BEN", json!({"users": [ben.id]}), (1, 0)),
        ("@Dan, @Ben!", json!({"users": [ben.id, dan.id]}), (2, 1)),
        ("@room", json!({"room": true}), (3, 2)),
        ("@here", json!({"here": true}), (4, 2)),
        ("@Ben @room", json!({"users": [ben.id], "room": true}), (5, 3)),
        ("@Cleo is not in here", json!({"users": [cleo.id]}), (5, 3)),
        ("mail@ben `@Ben` @Benny", Value::Null, (5, 3)),
        ("@Ada to herself", json!({"users": [ada.id]}), (5, 3)),
    ]
    .into_iter()
    .enumerate()
    {
        let seq = say(&mut adas, tea, &format!("a{n}"), body);
        assert_eq!(at_seq(&mut bens, seq)["message"]["mentions"], expected, "{body}");
        assert_eq!(
            (mentions(&ben), mentions(&dan), mentions(&ada)),
            (of_ben, of_dan, 0),
            "{body}"
        );
    }
    // An edit changes the mentions; a deleted message has none.
    act(&mut adas, edit(tea, 2, "hello @Dan"));
    assert_eq!((mentions(&ben), mentions(&dan)), (4, 4));
    act(&mut adas, delete(tea, 4));
    assert_eq!((mentions(&ben), mentions(&dan)), (3, 3));
    act(&mut adas, undelete(tea, 4));
    assert_eq!((mentions(&ben), mentions(&dan)), (4, 4));
}

#[test]
fn whoever_reads_is_told_what_is_left() {
    let (site, ada, ben, _) = three();
    let laptop = site.log_in("Ben");
    let (mut adas, mut bens, mut tab) = (site.socket(&ada), site.socket(&ben), site.socket(&laptop));
    for n in 1..=5 {
        say(&mut adas, 1, &format!("a{n}"), "for @Ben");
    }
    bens.send(&json!({"type": "read", "ref": "r", "room": 1, "seq": 2}));
    let mut read = json!({"type": "read", "room": 1, "seq": 2, "unread": 3, "mentions": 3, "head": 5});
    assert_eq!(tab.expect("read"), read);
    read["ref"] = json!("r");
    assert_eq!(bens.expect("read"), read);
    assert_eq!(
        adas.expect("seen"),
        json!({"type": "seen", "room": 1, "user": ben.id, "seq": 2})
    );
    let seen = site.get_as(&ada, "/api/rooms/1/seen").json()["seen"].clone();
    assert!(
        seen.as_array().unwrap().contains(&json!({"user": ben.id, "seq": 2})),
        "{seen}"
    );
    assert!(
        !seen.as_array().unwrap().iter().any(|mark| mark["user"] == ada.id),
        "{seen}"
    );
    assert_eq!(
        refused(&mut bens, json!({"type": "read", "room": 1, "seq": 6}))["code"],
        "invalid"
    );
}

#[test]
fn a_room_is_unread_from_a_message_on_to_all_of_ones_sockets_and_nobody_elses() {
    let (site, ada, ben, _) = three();
    let laptop = site.log_in("Ben");
    let (mut adas, mut bens, mut tab) = (site.socket(&ada), site.socket(&ben), site.socket(&laptop));
    for n in 1..=3 {
        say(&mut adas, 1, &format!("a{n}"), "for @Ben");
        say(&mut bens, 1, &format!("b{n}"), "mine");
    }
    bens.send(&json!({"type": "unread", "room": 1, "id": 3}));
    for socket in [&mut bens, &mut tab] {
        let read = json!({"type": "read", "room": 1, "seq": 2, "unread": 2, "mentions": 2, "head": 6});
        assert_eq!(socket.expect("read"), read);
    }
    assert_eq!(counts(&room_of(&site, &ben, 1)), (2, 2, 2));
    assert!(of_type(&adas.until_pong(), "read").is_empty());
    assert_eq!(
        refused(&mut bens, json!({"type": "unread", "room": 1, "id": 7}))["code"],
        "not_found"
    );
    bens.send(&json!({"type": "read", "ref": "r", "room": 1, "seq": 6}));
    assert_eq!(bens.until(|frame| frame["ref"] == "r").pop().unwrap()["unread"], 0);
}

#[test]
fn an_unread_is_answered_once_and_with_its_ref() {
    let (site, ada, ben, _) = three();
    let laptop = site.log_in("Ben");
    let (mut adas, mut bens, mut tab) = (site.socket(&ada), site.socket(&ben), site.socket(&laptop));
    say(&mut adas, 1, "a1", "for @Ben");
    bens.send(&json!({"type": "unread", "ref": "u", "room": 1, "id": 1}));
    let mut read = json!({"type": "read", "room": 1, "seq": 0, "unread": 1, "mentions": 1, "head": 1});
    assert_eq!(tab.expect("read"), read);
    read["ref"] = json!("u");
    assert_eq!(bens.expect("read"), read);
    assert!(of_type(&bens.until_pong(), "read").is_empty());
}

#[test]
fn who_does_not_share_what_they_read_is_not_seen() {
    let (site, ada, ben, _) = three();
    let body = Some(json!({"share_read": false}));
    assert_eq!(
        crate::rooms::send(&site, &ben, "PUT", "/api/me/settings", body).status,
        200
    );
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    say(&mut adas, 1, "a1", "hello");
    bens.send(&json!({"type": "read", "ref": "r", "room": 1, "seq": 1}));
    bens.until(|frame| frame["ref"] == "r");
    say(&mut bens, 1, "b1", "mark");
    let frames = adas.until(|frame| frame["message"]["body"] == "mark");
    assert!(of_type(&frames, "seen").is_empty(), "{frames:?}");
    let seen = site.get_as(&ada, "/api/rooms/1/seen").json()["seen"].clone();
    assert!(
        !seen.as_array().unwrap().iter().any(|mark| mark["user"] == ben.id),
        "{seen}"
    );
}

#[test]
fn after_whatever_people_do_the_counts_are_what_counting_gives() {
    let (mut site, ada, ben, cleo) = three();
    let dan = site.sign_up("Dan");
    let people = [&ada, &ben, &cleo, &dan];
    let tea = make_with(&site, &ada, "private", "Tea", &people[1..]);
    // Dan is never here.
    let mut sockets = [&ada, &ben, &cleo].map(|person| site.socket(person));
    let mut rng = Rng::new(99);
    let mut own: [Vec<u64>; 3] = Default::default();
    let mut unread_ever = 0;
    for n in 0..250 {
        let who = rng.below(3) as usize;
        let socket = &mut sockets[who];
        let texts = [
            "words",
            "@Ben",
            "@Cleo and @Ada",
            "@room",
            "@Dan",
            "@Ada @Ben @Cleo @Dan",
        ];
        let text = texts[rng.below(6) as usize];
        let head = room_of(&site, people[who], tea)["head"].as_u64().unwrap();
        let of_own = (!own[who].is_empty()).then(|| own[who][rng.below(own[who].len().max(1) as u64) as usize]);
        match (rng.below(10), of_own) {
            (0..=3, _) => own[who].push(say(socket, tea, &format!("n{n}"), text)),
            (4, _) => own[who].push(say(socket, tea, &format!("n{n}"), "@here now")),
            (5, Some(id)) if !message_is_deleted(&site, &ada, tea, id) => {
                act(socket, edit(tea, id, &format!("{text} {n}")));
            }
            (6, Some(id)) => {
                act(socket, delete(tea, id));
                if rng.below(2) == 0 {
                    act(socket, undelete(tea, id));
                }
            }
            (7, _) => {
                let seq = rng.below(head + 1);
                socket.send(&json!({"type": "read", "ref": "r", "room": tea, "seq": seq}));
                let read = socket.until(|frame| frame["ref"] == "r").pop().unwrap();
                let messages = whole(&site, &ada, tea);
                let mark = read["seq"].as_u64().unwrap();
                assert!(mark >= seq);
                let expected = counted(&messages, people[who].id, true, mark);
                let actual = (
                    mark,
                    read["unread"].as_u64().unwrap(),
                    read["mentions"].as_u64().unwrap(),
                );
                assert_eq!(actual, expected, "{read}");
            }
            (8, _) => {
                // Unread starts at a message; the seq of a change is not one.
                let messages = whole(&site, &ada, tea);
                let message = &messages[rng.below(messages.len() as u64) as usize];
                let id = message["id"].as_u64().unwrap();
                socket.send(&json!({"type": "unread", "room": tea, "id": id}));
                socket.until(|frame| frame["type"] == "read" && frame["seq"] == id - 1);
            }
            _ => drop(change(&site, &ada, tea, json!({"topic": format!("topic {n}")}))),
        }
        if n % 10 == 0 {
            unread_ever += check(&site, &people, tea);
        }
    }
    unread_ever += check(&site, &people, tea);
    assert!(unread_ever > 100, "{unread_ever}");
    drop(sockets);
    site.restart();
    check(&site, &people, tea);
}

fn message_is_deleted(site: &Site, person: &Person, room: u64, id: u64) -> bool {
    let messages = whole(site, person, room);
    messages
        .iter()
        .any(|message| message["id"] == id && message["deleted"] == true)
}

/// Counts for everybody; returns how much is unread to them together.
#[track_caller]
fn check(site: &Site, people: &[&Person; 4], room: u64) -> u64 {
    let messages = whole(site, people[0], room);
    let mut sum = 0;
    for (index, person) in people.iter().enumerate() {
        let found = counts(&room_of(site, person, room));
        let expected = counted(&messages, person.id, index < 3, found.0);
        assert_eq!(found, expected, "of {}", person.name);
        sum += found.1;
    }
    sum
}
