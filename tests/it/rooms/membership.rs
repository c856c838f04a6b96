//! Joining, leaving, being added and removed; and the events that a person gets before and after.

use super::*;

fn member(room: u64, person: &Person) -> String {
    format!("/api/rooms/{room}/members/{}", person.id)
}

/// Checks that a person gets no more events of a room and can do nothing in it.
fn is_outside(site: &Site, room: u64, person: &Person, socket: &mut Socket, inside: &mut Socket, by: &Person) {
    inside.send(&json!({"type": "typing", "room": room}));
    let mark = format!("after {room}");
    let seq = say(inside, room, &mark, &mark);
    inside.send(&json!({"type": "read", "ref": "r", "room": room, "seq": seq}));
    inside.until(|frame| frame["ref"] == "r");
    for frame in [
        json!({"type": "react", "room": room, "id": seq, "emoji": "🎉", "on": true}),
        json!({"type": "pin", "room": room, "id": seq, "on": true}),
        json!({"type": "edit", "room": room, "id": seq, "body": "other words"}),
    ] {
        inside.send(&frame);
        inside.expect("done");
    }
    let mark = format!("mark {room} {}", person.id);
    assert_eq!(events_of_room(site, by, socket, room, &mark), Vec::<Value>::new());
    for frame in [
        post_frame(room, "outside", "let me in"),
        json!({"type": "sync", "room": room, "since": 0}),
        json!({"type": "typing", "room": room}),
        json!({"type": "read", "room": room, "seq": 1}),
        json!({"type": "unread", "room": room, "id": 1}),
        json!({"type": "edit", "room": room, "id": 2, "body": "x"}),
        json!({"type": "delete", "room": room, "id": 2}),
        json!({"type": "undelete", "room": room, "id": 2}),
        json!({"type": "react", "room": room, "id": seq, "emoji": "🎉", "on": true}),
        json!({"type": "pin", "room": room, "id": seq, "on": true}),
        json!({"type": "save", "room": room, "id": seq, "on": true}),
        json!({"type": "post", "room": 1, "client_id": "out", "forward": {"room": room, "id": seq}}),
    ] {
        assert_eq!(refused(socket, frame.clone())["code"], "not_found", "{frame}");
    }
    for path in ["", "/messages", "/members", "/pins", "/seen"] {
        site.get_as(person, &format!("/api/rooms/{room}{path}"))
            .refused(404, "not_found");
    }
    let prefs = Some(json!({"favourite": true}));
    send(site, person, "PUT", &format!("/api/rooms/{room}/me"), prefs).refused(404, "not_found");
    ask(site, person, "PUT", &member(room, by)).refused(404, "not_found");
    ask(site, person, "DELETE", &member(room, by)).refused(404, "not_found");
    ask(site, person, "POST", &format!("/api/rooms/{room}/leave")).refused(404, "not_found");
    let mine = site.get_as(person, "/api/rooms").json();
    assert!(
        mine["rooms"]
            .as_array()
            .unwrap()
            .iter()
            .all(|found| found["id"] != room)
    );
}

#[test]
fn a_removed_member_hears_nothing_more() {
    let (site, ada, ben, cleo) = three();
    let tea = make_with(&site, &ben, "private", "Tea", &[&cleo]);
    let (mut bens, mut cleos) = (site.socket(&ben), site.socket(&cleo));
    say(&mut cleos, tea, "c1", "hello");
    assert_eq!(ask(&site, &ben, "DELETE", &member(tea, &cleo)).status, 204);
    let frames = cleos.until(|frame| frame["type"] == "gone");
    assert_eq!(frames[frames.len() - 1], json!({"type": "gone", "room": tea}));
    is_outside(&site, tea, &cleo, &mut cleos, &mut bens, &ada);
    let expected = [
        (ben.id, json!({"kind": "created"})),
        (ben.id, json!({"kind": "removed", "user": cleo.id})),
    ];
    assert_eq!(notices(&site, &ben, tea), expected);
    assert_eq!(room_of(&site, &ben, tea)["member_count"], 1);
    let ready = site.socket(&cleo).ready;
    assert_eq!(ready["rooms"].as_array().unwrap().len(), 1);
    // Their messages stay.
    assert!(
        history(&site, &ben, tea)
            .iter()
            .any(|message| message["body"] == "hello")
    );
    ask(&site, &ben, "DELETE", &member(tea, &cleo)).refused(404, "not_found");
}

#[test]
fn whoever_leaves_hears_nothing_more_on_any_of_their_sockets() {
    let (site, ada, ben, cleo) = three();
    let tea = make_with(&site, &ben, "public", "Tea", &[&cleo]);
    let laptop = site.log_in("Cleo");
    let (mut bens, mut cleos, mut tab) = (site.socket(&ben), site.socket(&cleo), site.socket(&laptop));
    assert_eq!(
        ask(&site, &cleo, "POST", &format!("/api/rooms/{tea}/leave")).status,
        204
    );
    for socket in [&mut cleos, &mut tab] {
        assert_eq!(socket.expect("gone"), json!({"type": "gone", "room": tea}));
    }
    is_outside(&site, tea, &cleo, &mut cleos, &mut bens, &ada);
    assert_eq!(events_of_room(&site, &ben, &mut tab, tea, "again"), Vec::<Value>::new());
    assert_eq!(notices(&site, &ben, tea)[1], (cleo.id, json!({"kind": "left"})));
}

#[test]
fn whoever_joins_gets_the_room_and_what_is_said_from_then_on() {
    let (site, _, ben, cleo) = three();
    let tea = make_with(&site, &ben, "public", "Tea", &[]);
    let (mut bens, mut cleos) = (site.socket(&ben), site.socket(&cleo));
    say(&mut bens, tea, "b1", "before");
    let join = format!("/api/rooms/{tea}/join");
    let answer = ask(&site, &cleo, "POST", &join);
    assert_eq!(answer.status, 200);
    let room = answer.json()["room"].clone();
    let facts = (
        &room["role"],
        &room["member_count"],
        &room["head"],
        &room["read"],
        &room["unread"],
    );
    assert_eq!(facts, (&json!("member"), &json!(2), &json!(3), &json!(3), &json!(0)));
    // A socket may get events that its first frame already contains.
    cleos.until(|frame| frame["room"] == room);
    let frames = bens.until(|frame| frame["room"]["id"] == tea && frame["room"]["member_count"] == 2);
    assert!(
        frames
            .iter()
            .any(|frame| frame["message"]["event"] == json!({"kind": "joined"}))
    );
    // Repeating it changes nothing.
    assert_eq!(ask(&site, &cleo, "POST", &join).json()["room"], room);
    say(&mut bens, tea, "b2", "after");
    let received = cleos.until(|frame| frame["message"]["body"] == "after");
    assert_eq!(of_type(&received, "message").len(), 1, "{received:?}");
    let bodies: Vec<Value> = history(&site, &cleo, tea)
        .iter()
        .map(|message| message["body"].clone())
        .collect();
    assert_eq!(bodies, ["", "before", "", "after"]);
}

#[test]
fn any_member_brings_others_who_get_the_room() {
    let (site, ada, ben, cleo) = three();
    let tea = make_with(&site, &ben, "private", "Tea", &[&cleo]);
    let mut adas = site.socket(&ada);
    ask(&site, &ada, "POST", &format!("/api/rooms/{tea}/join")).refused(404, "not_found");
    ask(&site, &ada, "PUT", &member(tea, &ada)).refused(404, "not_found");
    for _ in 0..2 {
        assert_eq!(ask(&site, &cleo, "PUT", &member(tea, &ada)).status, 204);
    }
    let frame = adas.until(|frame| frame["room"]["id"] == tea).pop().unwrap();
    assert_eq!(frame["room"], room_of(&site, &ada, tea));
    let mut cleos = site.socket(&cleo);
    say(&mut cleos, tea, "c1", "welcome");
    adas.expect_message("welcome");
    let added = (cleo.id, json!({"kind": "added", "user": ada.id}));
    assert_eq!(notices(&site, &ben, tea)[1..], [added]);
    let page = site.get_as(&ben, &format!("/api/rooms/{tea}/messages")).json();
    let ids: Vec<u64> = page["people"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids, [ada.id, ben.id, cleo.id], "who is named in a notice");
    ask(&site, &cleo, "PUT", &format!("/api/rooms/{tea}/members/99")).refused(404, "not_found");
}

#[test]
fn an_archived_room_takes_nobody_in_and_lets_people_go() {
    let (site, _, ben, cleo) = three();
    let dan = site.sign_up("Dan");
    let tea = make_with(&site, &ben, "public", "Tea", &[&cleo]);
    change(&site, &ben, tea, json!({"archived": true}));
    ask(&site, &dan, "POST", &format!("/api/rooms/{tea}/join")).refused(403, "forbidden");
    ask(&site, &ben, "PUT", &member(tea, &dan)).refused(403, "forbidden");
    assert_eq!(
        ask(&site, &cleo, "POST", &format!("/api/rooms/{tea}/leave")).status,
        204
    );
    assert_eq!(members(&site, &ben, tea), [(ben.id, "owner".to_owned())]);
}

#[test]
fn an_archived_room_that_everybody_left_is_brought_back_by_the_owner_of_the_server() {
    let (site, ada, ben, _) = three();
    let tea = make_with(&site, &ben, "public", "Tea", &[]);
    change(&site, &ben, tea, json!({"archived": true}));
    for path in ["leave", "join"] {
        let answer = ask(&site, &ben, "POST", &format!("/api/rooms/{tea}/{path}"));
        assert_eq!(answer.status, if path == "leave" { 204 } else { 403 });
    }
    assert_eq!(ask(&site, &ada, "POST", &format!("/api/rooms/{tea}/join")).status, 200);
    assert_eq!(change(&site, &ada, tea, json!({"archived": false}))["archived"], false);
    assert_eq!(ask(&site, &ben, "POST", &format!("/api/rooms/{tea}/join")).status, 200);
}

#[test]
fn only_owners_send_people_away_and_nobody_sends_the_owner_but_the_servers() {
    let (site, ada, ben, cleo) = three();
    let dan = site.sign_up("Dan");
    let tea = make_with(&site, &ben, "private", "Tea", &[&cleo, &dan]);
    ask(&site, &ada, "DELETE", &member(tea, &cleo)).refused(404, "not_found");
    ask(&site, &cleo, "DELETE", &member(tea, &dan)).refused(403, "forbidden");
    ask(&site, &cleo, "DELETE", &member(tea, &ben)).refused(403, "forbidden");
    assert_eq!(ask(&site, &ben, "DELETE", &member(tea, &dan)).status, 204);
    assert_eq!(ask(&site, &ben, "PUT", &member(tea, &ada)).status, 204);
    assert_eq!(ask(&site, &ada, "DELETE", &member(tea, &ben)).status, 204);
    assert_eq!(
        members(&site, &ada, tea),
        [(cleo.id, "owner".to_owned()), (ada.id, "member".to_owned())]
    );
}

#[test]
fn the_room_goes_to_whom_it_is_handed_over() {
    let (site, _, ben, cleo) = three();
    let dan = site.sign_up("Dan");
    let tea = make_with(&site, &ben, "public", "Tea", &[&cleo]);
    let (mut bens, mut cleos) = (site.socket(&ben), site.socket(&cleo));
    let owner = || Some(json!({"role": "owner"}));
    send(&site, &cleo, "PUT", &member(tea, &cleo), owner()).refused(403, "forbidden");
    send(&site, &ben, "PUT", &member(tea, &dan), owner()).refused(404, "not_found");
    send(&site, &ben, "PUT", &member(tea, &ben), Some(json!({"role": "member"}))).refused(409, "conflict");
    assert_eq!(send(&site, &ben, "PUT", &member(tea, &cleo), owner()).status, 204);
    // A socket may get events that its first frame already contains.
    bens.until(|frame| frame["room"] == json!({"id": tea, "role": "member"}));
    cleos.until(|frame| frame["room"] == json!({"id": tea, "role": "owner"}));
    assert_eq!(
        members(&site, &ben, tea),
        [(cleo.id, "owner".to_owned()), (ben.id, "member".to_owned())]
    );
    assert_eq!(
        notices(&site, &ben, tea)[1],
        (ben.id, json!({"kind": "owner", "user": cleo.id}))
    );
    send(
        &site,
        &ben,
        "PATCH",
        &format!("/api/rooms/{tea}"),
        Some(json!({"topic": "x"})),
    )
    .refused(403, "forbidden");
    change(&site, &cleo, tea, json!({"topic": "x"}));
}

#[test]
fn when_the_owner_leaves_the_longest_member_owns_the_room() {
    let (mut site, ada, ben, cleo) = three();
    let tea = make_with(&site, &cleo, "public", "Tea", &[]);
    for person in [&ben, &ada] {
        assert_eq!(
            ask(&site, person, "POST", &format!("/api/rooms/{tea}/join")).status,
            200
        );
    }
    let mut bens = site.socket(&ben);
    let leave = format!("/api/rooms/{tea}/leave");
    assert_eq!(ask(&site, &cleo, "POST", &leave).status, 204);
    let frames = bens.until(|frame| frame["room"]["role"] == "owner");
    assert!(
        frames
            .iter()
            .any(|frame| frame["message"]["event"] == json!({"kind": "owner", "user": ben.id}))
    );
    let expected = [(ben.id, "owner".to_owned()), (ada.id, "member".to_owned())];
    assert_eq!(members(&site, &ada, tea), expected);
    // Somebody who rejoined is not the longest-standing member.
    assert_eq!(
        ask(&site, &cleo, "POST", &format!("/api/rooms/{tea}/join")).json()["room"]["role"],
        "member"
    );
    drop(bens);
    site.restart();
    assert_eq!(ask(&site, &ben, "POST", &leave).status, 204);
    let expected = [(cleo.id, "member".to_owned()), (ada.id, "owner".to_owned())];
    assert_eq!(members(&site, &ada, tea), expected);
}

#[test]
fn whoever_joins_an_empty_room_owns_it() {
    let (site, _, ben, cleo) = three();
    let tea = make_with(&site, &ben, "public", "Tea", &[]);
    assert_eq!(ask(&site, &ben, "POST", &format!("/api/rooms/{tea}/leave")).status, 204);
    let room = ask(&site, &cleo, "POST", &format!("/api/rooms/{tea}/join")).json()["room"].clone();
    assert_eq!((&room["role"], &room["member_count"]), (&json!("owner"), &json!(1)));
    assert_eq!(
        ask(&site, &ben, "POST", &format!("/api/rooms/{tea}/join")).json()["room"]["role"],
        "member"
    );
}

#[test]
fn members_are_listed_in_pages_and_found_without_regard_to_case_or_accents() {
    let (site, ada, ben, cleo) = three();
    let zoe = site.sign_up("Zoë");
    let tea = make_with(&site, &ada, "private", "Tea", &[&ben, &cleo, &zoe]);
    let page = |query: &str| site.get_as(&ben, &format!("/api/rooms/{tea}/members?{query}")).json();
    let ids = |page: &Value| -> Vec<u64> {
        let members = page["members"].as_array().unwrap();
        members
            .iter()
            .map(|member| member["user"]["id"].as_u64().unwrap())
            .collect()
    };
    let first = page("limit=3");
    assert_eq!(
        (ids(&first), &first["more"]),
        (vec![zoe.id, cleo.id, ben.id], &json!(true))
    );
    let second = page(&format!("limit=3&before={}", ben.id));
    assert_eq!((ids(&second), &second["more"]), (vec![ada.id], &json!(false)));
    assert_eq!(ids(&page("q=ZOE")), [zoe.id]);
    assert_eq!(ids(&page("q=nobody")), Vec::<u64>::new());
}
