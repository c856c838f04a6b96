//! Profiles, presence, and the people that somebody blocks.

use crate::harness::people::{PASSWORD, Person};
use crate::harness::server::Site;
use crate::harness::socket::of_type;
use crate::rooms::{ask, make_with, refused, room_of, say, send, three};
use serde_json::{Value, json};
use std::net::TcpStream;

mod blocks;

fn settings(site: &Site, person: &Person, body: Value) {
    let response = send(site, person, "PUT", "/api/me/settings", Some(body));
    assert_eq!(response.status, 200, "{}", response.text());
}

fn seen(site: &Site, viewer: &Person, room: u64) -> Vec<Value> {
    let answer = site.get_as(viewer, &format!("/api/rooms/{room}/seen")).json();
    answer["seen"].as_array().unwrap().clone()
}

fn last_seen(site: &Site, viewer: &Person, of: &Person) -> Option<u64> {
    let answer = site.get_as(viewer, &format!("/api/people?ids={}", of.id)).json();
    answer["people"][0]["last_seen"].as_u64()
}

#[test]
fn whoever_slept_through_another_name_can_see_that_there_was_one() {
    let (mut site, ada, ben, _) = three();
    let before = site.socket(&ada).ready["people_version"].clone();
    assert_eq!(site.socket(&ada).ready["people_version"], before, "nothing has changed");
    for body in [
        json!({"display_name": "Benjamin"}),
        json!({"status": "at lunch"}),
        json!({"color": 3}),
    ] {
        let known = site.socket(&ada).ready["people_version"].as_u64().unwrap();
        assert_eq!(send(&site, &ben, "PATCH", "/api/me", Some(body)).status, 200);
        site.restart();
        assert_eq!(site.socket(&ada).ready["people_version"], known + 1);
    }
}

#[test]
fn who_is_there_when_the_server_stops_was_last_seen_then() {
    let (mut site, ada, ben, cleo) = three();
    assert_eq!(last_seen(&site, &ada, &ben), None);
    let started = chapp::clock::Clock::System.now().0;
    let _here = (site.socket(&ben), site.socket(&ben));
    site.restart();
    assert!(last_seen(&site, &ada, &ben).unwrap() >= started);
    assert_eq!(last_seen(&site, &ada, &cleo), None, "Cleo was never there");
}

#[test]
fn whoever_never_looked_has_seen_nothing() {
    let (site, ada, ben, cleo) = three();
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    let first = say(&mut adas, 1, "a1", "before Dan came");
    let dan = site.sign_up("Dan");
    let tea = make_with(&site, &ada, "public", "Tea", &[]);
    say(&mut adas, tea, "a2", "before Cleo came");
    assert_eq!(ask(&site, &cleo, "POST", &format!("/api/rooms/{tea}/join")).status, 200);
    assert_eq!(seen(&site, &ben, 1), [json!({"user": ada.id, "seq": first})]);
    assert!(!seen(&site, &ada, tea).iter().any(|mark| mark["user"] == cleo.id));
    // Staying in the room does not count as reading; looking and answering do.
    bens.send(&json!({"type": "read", "room": 1, "seq": first}));
    assert_eq!(adas.expect("seen")["user"], ben.id);
    let answer = say(&mut site.socket(&dan), 1, "d1", "here I am");
    let marks = seen(&site, &ada, 1);
    assert!(marks.contains(&json!({"user": ben.id, "seq": first})), "{marks:?}");
    assert!(marks.contains(&json!({"user": dan.id, "seq": answer})), "{marks:?}");
    // After a reconnect, looking has to be reported again.
    let path = format!("/api/rooms/{tea}");
    let seq = say(&mut site.socket(&cleo), tea, "c1", "hello");
    assert!(seen(&site, &ada, tea).contains(&json!({"user": cleo.id, "seq": seq})));
    assert_eq!(ask(&site, &cleo, "POST", &format!("{path}/leave")).status, 204);
    assert_eq!(ask(&site, &cleo, "POST", &format!("{path}/join")).status, 200);
    assert!(!seen(&site, &ada, tea).iter().any(|mark| mark["user"] == cleo.id));
}

#[test]
fn whoever_stops_showing_what_they_read_is_not_seen_any_more_at_once() {
    let (site, ada, ben, _) = three();
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    let seq = say(&mut adas, 1, "a1", "hello");
    bens.send(&json!({"type": "read", "room": 1, "seq": seq}));
    assert_eq!(adas.expect("seen")["seq"], seq);
    settings(&site, &ben, json!({"share_read": false}));
    let expected = json!({"type": "seen", "room": 1, "user": ben.id, "seq": 0});
    assert_eq!(adas.expect("seen"), expected);
    assert!(!seen(&site, &ada, 1).iter().any(|mark| mark["user"] == ben.id));
    settings(&site, &ben, json!({"sound": false}));
    settings(&site, &ben, json!({"share_read": true}));
    let expected = json!({"type": "seen", "room": 1, "user": ben.id, "seq": seq});
    assert_eq!(adas.expect("seen"), expected);
    assert_eq!(of_type(&bens.until_pong(), "seen"), Vec::<&Value>::new());
}

#[test]
fn another_password_ends_all_other_sessions_and_a_wrong_one_ends_none() {
    let (site, ada, _, _) = three();
    let laptop = site.log_in("Ada");
    let (mut own, mut other) = (site.socket(&ada), site.socket(&laptop));
    let change = |password: &str| {
        let body = json!({"password": password, "new_password": "another horse battery"});
        send(&site, &ada, "PUT", "/api/me/password", Some(body))
    };
    assert_eq!(change("not this one").status, 422);
    assert_eq!(site.get_as(&laptop, "/api/me").status, 200);
    let changed = change(PASSWORD);
    assert_eq!(changed.status, 204);
    assert_eq!(other.close_code(), 4401);
    site.get_as(&laptop, "/api/me").refused(401, "unauthenticated");
    // The same browser reconnects with the new cookie.
    assert_eq!(own.close_code(), 4410);
    let cookie = changed.new_cookie();
    site.socket(&Person { cookie, ..ada }).until_pong();
    assert_eq!(site.try_log_in("Ada", PASSWORD).status, 401);
    assert_eq!(site.try_log_in("Ada", "another horse battery").status, 200);
}

#[test]
fn devices_are_listed_and_logged_out_one_by_one_or_all_but_this_one() {
    let (site, ada, ben, _) = three();
    let (laptop, phone) = (site.log_in("Ada"), site.log_in("Ada"));
    let list = |person: &Person| -> Vec<Value> {
        let answer = site.get_as(person, "/api/me/sessions").json();
        answer["sessions"].as_array().unwrap().clone()
    };
    let current = |person: &Person| -> String {
        let all = list(person);
        let own: Vec<&Value> = all.iter().filter(|session| session["current"] == true).collect();
        assert_eq!(own.len(), 1, "{all:?}");
        own[0]["id"].as_str().unwrap().to_owned()
    };
    assert_eq!((list(&ada).len(), list(&ben).len()), (3, 1));
    let mut socket = site.socket(&phone);
    let path = format!("/api/me/sessions/{}", current(&phone));
    assert_eq!(ask(&site, &ben, "DELETE", &path).status, 404, "somebody else's");
    assert_eq!(ask(&site, &laptop, "DELETE", &path).status, 204);
    assert_eq!(socket.close_code(), 4401);
    assert_eq!(list(&ada).len(), 2);
    let mut socket = site.socket(&ada);
    assert_eq!(ask(&site, &laptop, "DELETE", "/api/me/sessions").status, 204);
    assert_eq!(socket.close_code(), 4401);
    assert_eq!((list(&laptop).len(), list(&ben).len()), (1, 1));
}

#[test]
fn whoever_crashes_is_offline_within_15_seconds() {
    let (site, ada, ben, _) = three();
    let mut adas = site.socket(&ada);
    let bens = site.socket(&ben);
    adas.until(|frame| frame["type"] == "presence" && frame["user"] == ben.id);
    let crashed = std::time::Instant::now();
    // As the kernel does for a killed process: unread bytes cause a reset.
    drop(bens);
    let offline = adas.until(|frame| frame["type"] == "presence" && frame["user"] == ben.id);
    assert_eq!(offline.last().unwrap()["state"], "offline");
    assert!(crashed.elapsed().as_secs() < 15, "{:?}", crashed.elapsed());
}

#[test]
#[cfg(target_os = "linux")]
fn the_kernel_asks_for_whoever_may_have_vanished() {
    let site = Site::new();
    let _quiet = TcpStream::connect(site.address).unwrap();
    // One line for each connection: the state of its timer is in the sixth column, 02 for keepalive.
    let port = format!(":{:04X}", site.port());
    let mut timers = Vec::new();
    for _ in 0..200 {
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let rows = table
            .lines()
            .skip(1)
            .map(|line| line.split_whitespace().collect::<Vec<_>>());
        // Our end of an established connection.
        let own = rows.filter(|row| row[1].ends_with(&port) && row[3] == "01");
        timers = own.map(|row| row[5][..2].to_owned()).collect();
        if !timers.is_empty() {
            break;
        }
        std::thread::yield_now();
    }
    assert_eq!(timers, ["02"]);
}

#[test]
fn names_and_messages_of_marks_and_blanks_alone_are_refused() {
    let (site, ada, _, _) = three();
    for name in [
        "\u{301}\u{301}\u{301}",
        "a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
        "x \u{301}",
    ] {
        assert_eq!(site.try_sign_up(name, PASSWORD).status, 422, "{name:?}");
    }
    for name in ["Nguyễn Thị Ánh", "עִבְרִית", "हिन्दी", "ที่นี่"] {
        assert_eq!(site.try_sign_up(name, PASSWORD).status, 201, "{name:?}");
    }
    let mut adas = site.socket(&ada);
    for body in [
        "\u{200b}",
        "\u{3164}",
        "\u{2800} \u{2800}",
        "\u{e0041}\u{e0042}",
        "\u{301}",
        "\u{a0}\n\u{202e}",
    ] {
        let frame = json!({"type": "post", "room": 1, "client_id": body.len().to_string(), "body": body});
        let error = refused(&mut adas, frame);
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!("invalid"), &json!("body")),
            "{body:?}"
        );
    }
    // An emoji of next year, which Unicode does not know yet.
    say(&mut adas, 1, "next", "\u{1faff}");
    assert_eq!(room_of(&site, &ada, 1)["last"]["text"], "\u{1faff}");
}

#[test]
fn a_room_tells_how_its_last_message_begins_without_marks_and_not_what_is_deleted() {
    let (site, ada, ben, _) = three();
    let mut adas = site.socket(&ada);
    assert!(room_of(&site, &ben, 1).get("last").is_none());
    say(&mut adas, 1, "a1", "plain");
    let id = say(
        &mut adas,
        1,
        "a2",
        "**Bold** for @Ben\n\n- `one`\n- two\n\n```sh\nls\n```",
    );
    let last = room_of(&site, &ben, 1)["last"].clone();
    assert_eq!((&last["id"], &last["author"]), (&json!(id), &json!(ada.id)));
    assert_eq!(last["text"], "Bold for @Ben one two ls");
    assert_eq!(site.socket(&ben).ready["rooms"][0]["last"], last);
    adas.send(&json!({"type": "delete", "ref": "d", "room": 1, "id": id}));
    adas.until(|frame| frame["ref"] == "d");
    assert_eq!(room_of(&site, &ben, 1)["last"]["text"], "plain");
}
