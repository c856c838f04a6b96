//! Rooms over real sockets: creating, finding, changing, joining and leaving, and who gets which events.

use crate::harness::http::Response;
use crate::harness::people::Person;
use crate::harness::server::Site;
use crate::harness::socket::{Socket, of_type};
use serde_json::{Value, json};

mod direct;
mod fan_out;
mod membership;

/// A server whose owner is Ada, with Ben and Cleo.
pub fn three() -> (Site, Person, Person, Person) {
    let site = Site::new();
    let (ada, ben, cleo) = (site.sign_up("Ada"), site.sign_up("Ben"), site.sign_up("Cleo"));
    (site, ada, ben, cleo)
}

pub fn send(site: &Site, person: &Person, method: &str, path: &str, body: Option<Value>) -> Response {
    let request = site.request(method, path).cookie(&person.cookie);
    match body {
        Some(body) => request.json(&body).send(),
        None => request.send(),
    }
}

pub fn ask(site: &Site, person: &Person, method: &str, path: &str) -> Response {
    send(site, person, method, path, None)
}

/// Creates a room; returns it as its creator sees it.
#[track_caller]
pub fn make(site: &Site, person: &Person, body: Value) -> Value {
    let response = send(site, person, "POST", "/api/rooms", Some(body));
    assert_eq!(response.status, 201, "{}", response.text());
    response.json()["room"].clone()
}

/// Creates a room of this kind with these members; returns its id.
#[track_caller]
pub fn make_with(site: &Site, by: &Person, kind: &str, name: &str, others: &[&Person]) -> u64 {
    let members: Vec<u64> = others.iter().map(|person| person.id).collect();
    let room = make(site, by, json!({"kind": kind, "name": name, "members": members}));
    room["id"].as_u64().unwrap()
}

#[track_caller]
pub fn change(site: &Site, person: &Person, room: u64, body: Value) -> Value {
    let response = send(site, person, "PATCH", &format!("/api/rooms/{room}"), Some(body));
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()["room"].clone()
}

pub fn room_of(site: &Site, person: &Person, room: u64) -> Value {
    site.get_as(person, &format!("/api/rooms/{room}")).json()["room"].clone()
}

pub fn history(site: &Site, person: &Person, room: u64) -> Vec<Value> {
    let page = site
        .get_as(person, &format!("/api/rooms/{room}/messages?limit=100"))
        .json();
    page["messages"].as_array().unwrap().clone()
}

/// The author and the event of each notice in a room's history.
fn notices(site: &Site, person: &Person, room: u64) -> Vec<(u64, Value)> {
    let messages = history(site, person, room);
    let notices = messages.iter().filter(|message| message["event"].is_object());
    let notices = notices.inspect(|notice| assert_eq!((&notice["body"], notice.get("client_id")), (&json!(""), None)));
    notices
        .map(|notice| (notice["author"].as_u64().unwrap(), notice["event"].clone()))
        .collect()
}

fn members(site: &Site, person: &Person, room: u64) -> Vec<(u64, String)> {
    let page = site.get_as(person, &format!("/api/rooms/{room}/members")).json();
    let member = |member: &Value| {
        let role = member["role"].as_str().unwrap().to_owned();
        (member["user"]["id"].as_u64().unwrap(), role)
    };
    page["members"].as_array().unwrap().iter().map(member).collect()
}

pub fn post_frame(room: u64, client_id: &str, body: &str) -> Value {
    json!({"type": "post", "room": room, "client_id": client_id, "body": body})
}

/// Posts, and waits until it is durable.
#[track_caller]
pub fn say(socket: &mut Socket, room: u64, client_id: &str, body: &str) -> u64 {
    socket.send(&post_frame(room, client_id, body));
    let answer = socket.until(|frame| frame["client_id"] == client_id).pop().unwrap();
    assert_eq!(answer["type"], "posted", "{answer}");
    answer["seq"].as_u64().unwrap()
}

/// The error that answers this frame.
#[track_caller]
pub fn refused(socket: &mut Socket, mut frame: Value) -> Value {
    frame["ref"] = json!("refused");
    socket.send(&frame);
    let answer = socket.until(|frame| frame["ref"] == "refused").pop().unwrap();
    assert_eq!(answer["type"], "error", "{answer}");
    answer
}

/// The frames about this room that a socket has received so far. `mark` is a text that is new to the Lobby: its post
/// arrives after everything sent earlier.
#[track_caller]
pub fn events_of_room(site: &Site, by: &Person, socket: &mut Socket, room: u64, mark: &str) -> Vec<Value> {
    assert_eq!(site.say(by, mark, mark).status, 201);
    let frames = socket.until(|frame| frame["message"]["body"] == mark);
    let is_of_room = |frame: &Value| frame["room"] == room || frame["room"]["id"] == room;
    frames.into_iter().filter(is_of_room).collect()
}

#[test]
fn a_new_room_belongs_to_its_maker_and_begins_with_a_notice() {
    let (site, ada, ben, cleo) = three();
    for (kind, notify) in [("public", "mentions"), ("private", "all")] {
        let body =
            json!({"kind": kind, "name": format!(" #The {kind} "), "topic": "About", "members": [cleo.id, cleo.id]});
        let room = make(&site, &ben, body);
        let id = room["id"].as_u64().unwrap();
        let created_at = room["created_at"].as_u64().unwrap();
        let seen = json!({
            "id": id, "kind": kind, "name": format!("The {kind}"), "topic": "About", "archived": false,
            "created_at": created_at, "member_count": 2, "role": "owner", "head": 1, "read": 1, "unread": 0,
            "mentions": 0, "notify": notify, "favourite": false, "hidden": false,
        });
        assert_eq!(room, seen);
        assert_eq!(room_of(&site, &ben, id), seen);
        assert_eq!(room_of(&site, &cleo, id)["role"], "member");
        assert_eq!(notices(&site, &cleo, id), [(ben.id, json!({"kind": "created"}))]);
        assert_eq!(
            members(&site, &ben, id),
            [(cleo.id, "member".to_owned()), (ben.id, "owner".to_owned())]
        );
        site.get_as(&ada, &format!("/api/rooms/{id}")).refused(404, "not_found");
    }
}

#[test]
fn who_is_in_a_new_room_gets_it_at_once_and_nobody_else_hears_of_it() {
    let (site, ada, ben, cleo) = three();
    let (mut adas, mut bens, mut cleos) = (site.socket(&ada), site.socket(&ben), site.socket(&cleo));
    let id = make_with(&site, &ben, "private", "Tea", &[&cleo]);
    for (socket, person) in [(&mut bens, &ben), (&mut cleos, &cleo)] {
        let frame = socket.until(|frame| frame["room"]["id"] == id).pop().unwrap();
        assert_eq!(frame, json!({"type": "room", "room": room_of(&site, person, id)}));
    }
    say(&mut bens, id, "c1", "tea is ready");
    assert_eq!(cleos.expect_message("tea is ready")["room"], id);
    assert_eq!(events_of_room(&site, &ben, &mut adas, id, "mark"), Vec::<Value>::new());
    let ready = site.socket(&cleo).ready;
    let ids: Vec<&Value> = ready["rooms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|room| &room["id"])
        .collect();
    assert_eq!(ids, [&json!(1), &json!(id)]);
}

#[test]
fn browsing_shows_public_rooms_by_name_and_no_others() {
    let (site, ada, ben, cleo) = three();
    let zoo = make_with(&site, &ben, "public", "zoo", &[]);
    let tea = make_with(&site, &ben, "public", "Tea", &[&ada]);
    make_with(&site, &ben, "private", "Secret", &[&ada]);
    make(&site, &ben, json!({"kind": "direct", "members": [ada.id]}));
    change(&site, &ben, zoo, json!({"archived": true}));
    let browse = |person: &Person| -> Vec<Value> {
        let rooms = site.get_as(person, "/api/rooms?browse=1").json()["rooms"].clone();
        rooms.as_array().unwrap().clone()
    };
    let shown = |rooms: &[Value]| -> Vec<(u64, String, bool, bool, u64)> {
        let room = |room: &Value| {
            assert_eq!(room["kind"], "public");
            (
                room["id"].as_u64().unwrap(),
                room["name"].as_str().unwrap().to_owned(),
                room["archived"].as_bool().unwrap(),
                room["joined"].as_bool().unwrap(),
                room["member_count"].as_u64().unwrap(),
            )
        };
        rooms.iter().map(room).collect()
    };
    let of = |adas: bool, bens: bool| {
        vec![
            (1, "Lobby".to_owned(), false, true, 3),
            (tea, "Tea".to_owned(), false, adas || bens, 2),
            (zoo, "zoo".to_owned(), true, bens, 1),
        ]
    };
    assert_eq!(shown(&browse(&ada)), of(true, false));
    assert_eq!(shown(&browse(&ben)), of(false, true));
    assert_eq!(shown(&browse(&cleo)), of(false, false));
}

#[test]
fn browsing_finds_rooms_by_name_and_topic_and_goes_on_where_it_ended() {
    let (site, ada, ben, _) = three();
    for (name, topic) in [
        ("Tea", "Green and black"),
        ("Café", "Beans"),
        ("! first", ""),
        ("zoo", ""),
    ] {
        make(&site, &ben, json!({"kind": "public", "name": name, "topic": topic}));
    }
    let browse = |query: &str| {
        let page = site.get_as(&ada, &format!("/api/rooms?browse=1&{query}")).json();
        let rooms = page["rooms"].as_array().unwrap().iter();
        let names: Vec<String> = rooms.map(|room| room["name"].as_str().unwrap().to_owned()).collect();
        (names, page["next"].as_u64())
    };
    let all = ["! first", "Café", "Lobby", "Tea", "zoo"];
    assert_eq!(browse(""), (all.map(str::to_owned).to_vec(), None));
    assert_eq!(browse("q=CAFE").0, ["Café"]);
    assert_eq!(browse("q=green").0, ["Tea"]);
    assert_eq!(browse("q=lob").0, ["Lobby"]);
    assert_eq!(browse("q=nothing"), (vec![], None));
    let (mut held, mut next) = browse("limit=2");
    assert_eq!(held.len(), 2);
    while let Some(after) = next {
        let (more, then) = browse(&format!("limit=2&after={after}"));
        held.extend(more);
        next = then;
    }
    assert_eq!(held, all);
    let refused = |query: &str| {
        site.get_as(&ada, &format!("/api/rooms?browse=1&{query}"))
            .refused(422, "invalid")
    };
    assert_eq!(refused("after=99")["field"], "after");
    assert_eq!(refused("after=x")["field"], "after");
    assert_eq!(refused("limit=0")["field"], "limit");
    assert_eq!(refused(&format!("q={}", "x".repeat(65)))["field"], "q");
}

#[test]
fn a_public_name_is_taken_whatever_its_case_and_private_ones_are_free() {
    let (site, ada, ben, _) = three();
    let tea = make_with(&site, &ada, "public", "Tea Room", &[]);
    let other = make_with(&site, &ben, "public", "Other", &[]);
    for name in ["tea room", "TEA  ROOM", "#Tea Room", "LOBBY"] {
        let body = json!({"kind": "public", "name": name});
        let problem = send(&site, &ben, "POST", "/api/rooms", Some(body)).refused(409, "name_taken");
        assert_eq!(problem["field"], "name");
        let body = Some(json!({"name": name}));
        let problem = send(&site, &ben, "PATCH", &format!("/api/rooms/{other}"), body).refused(409, "name_taken");
        assert_eq!(problem["field"], "name");
    }
    make_with(&site, &ben, "private", "tea room", &[]);
    make_with(&site, &ada, "private", "tea room", &[]);
    // Changing the case of the same name is fine; a released name is free.
    assert_eq!(
        change(&site, &ada, tea, json!({"name": "TEA ROOM"}))["name"],
        "TEA ROOM"
    );
    change(&site, &ada, tea, json!({"name": "Coffee"}));
    assert_eq!(
        change(&site, &ben, other, json!({"name": "tea room"}))["name"],
        "tea room"
    );
}

#[test]
fn names_and_topics_out_of_bounds_are_refused() {
    let (site, ada, ..) = three();
    let tea = make_with(&site, &ada, "public", "Tea", &[]);
    let (name, topic) = ("n".repeat(48), "t".repeat(250));
    let changed = change(&site, &ada, tea, json!({"name": name, "topic": topic}));
    assert_eq!((&changed["name"], &changed["topic"]), (&json!(name), &json!(topic)));
    for (body, field) in [
        (json!({"name": "n".repeat(49)}), "name"),
        (json!({"name": ""}), "name"),
        (json!({"name": " # "}), "name"),
        (json!({"name": "a\u{202e}b"}), "name"),
        (json!({"name": "a\u{200b}"}), "name"),
        (json!({"topic": "t".repeat(251)}), "topic"),
        (json!({"topic": "a\u{0007}"}), "topic"),
    ] {
        let problem = send(&site, &ada, "PATCH", &format!("/api/rooms/{tea}"), Some(body.clone()));
        assert_eq!(problem.refused(422, "invalid")["field"], field, "{body}");
    }
    let nameless = send(&site, &ada, "POST", "/api/rooms", Some(json!({"kind": "public"})));
    assert_eq!(nameless.refused(422, "invalid")["field"], "name");
    let stranger = json!({"kind": "public", "name": "x", "members": [99]});
    send(&site, &ada, "POST", "/api/rooms", Some(stranger)).refused(404, "not_found");
    assert_eq!(notices(&site, &ada, tea).len(), 3);
}

#[test]
fn a_change_of_a_room_is_a_notice_to_everybody_in_it_and_survives_a_restart() {
    let (mut site, ada, ben, cleo) = three();
    let tea = make_with(&site, &ben, "public", "Tea", &[&cleo]);
    let (mut adas, mut cleos) = (site.socket(&ada), site.socket(&cleo));
    let steps = [
        (json!({"name": "Coffee"}), json!({"kind": "renamed", "text": "Coffee"})),
        (json!({"topic": "Beans"}), json!({"kind": "topic", "text": "Beans"})),
        (json!({"topic": ""}), json!({"kind": "topic", "text": ""})),
        (json!({"archived": true}), json!({"kind": "archived"})),
        (json!({"archived": false}), json!({"kind": "restored"})),
    ];
    let mut expected = vec![(ben.id, json!({"kind": "created"}))];
    for (patch, notice) in steps {
        let changed = change(&site, &ben, tea, patch.clone());
        let message = cleos.until(|frame| frame["message"]["event"] == notice).pop().unwrap();
        assert_eq!(
            (&message["room"], &message["seq"]),
            (&json!(tea), &message["message"]["id"])
        );
        let facts = cleos.expect("room")["room"].clone();
        for key in ["id", "name", "topic", "archived"] {
            assert_eq!(facts[key], changed[key], "{key} of {facts}");
        }
        expected.push((ben.id, notice));
        // Repeating it is no change.
        change(&site, &ben, tea, patch);
    }
    assert_eq!(notices(&site, &cleo, tea), expected);
    let room = room_of(&site, &cleo, tea);
    assert_eq!(
        (&room["head"], &room["unread"]),
        (&json!(6), &json!(0)),
        "a notice is not unread"
    );
    assert_eq!(events_of_room(&site, &ben, &mut adas, tea, "mark"), Vec::<Value>::new());
    drop((adas, cleos));
    site.restart();
    assert_eq!(notices(&site, &cleo, tea), expected);
    assert_eq!(room_of(&site, &cleo, tea), room);
}

#[test]
fn only_its_owner_and_the_servers_owner_who_is_in_it_change_a_room() {
    let (site, ada, ben, cleo) = three();
    let tea = make_with(&site, &ben, "private", "Tea", &[&cleo]);
    let path = format!("/api/rooms/{tea}");
    let body = || Some(json!({"topic": "x"}));
    send(&site, &cleo, "PATCH", &path, body()).refused(403, "forbidden");
    send(&site, &ada, "PATCH", &path, body()).refused(404, "not_found");
    assert_eq!(
        ask(&site, &cleo, "PUT", &format!("{path}/members/{}", ada.id)).status,
        204
    );
    assert_eq!(change(&site, &ada, tea, json!({"topic": "by Ada"}))["topic"], "by Ada");
}

#[test]
fn the_lobby_is_renamed_by_the_servers_owner_and_never_archived_or_left() {
    let (site, ada, ben, _) = three();
    assert_eq!(
        change(&site, &ada, 1, json!({"name": "Hall", "topic": "All"}))["name"],
        "Hall"
    );
    assert_eq!(room_of(&site, &ben, 1)["name"], "Hall");
    let path = "/api/rooms/1";
    send(&site, &ben, "PATCH", path, Some(json!({"name": "Mine"}))).refused(403, "forbidden");
    for person in [&ada, &ben] {
        send(&site, person, "PATCH", path, Some(json!({"archived": true}))).refused(403, "forbidden");
        ask(&site, person, "POST", "/api/rooms/1/leave").refused(403, "forbidden");
    }
    ask(&site, &ada, "DELETE", &format!("/api/rooms/1/members/{}", ben.id)).refused(403, "forbidden");
    let body = Some(json!({"role": "owner"}));
    send(&site, &ada, "PUT", &format!("/api/rooms/1/members/{}", ben.id), body).refused(403, "forbidden");
    assert_eq!(room_of(&site, &ben, 1)["archived"], false);
    assert_eq!(site.say(&ben, "c1", "still here").status, 201);
}

#[test]
fn how_somebody_arranges_a_room_is_told_to_their_own_sockets_only() {
    let (site, _, ben, cleo) = three();
    let (mut bens, mut cleos) = (site.socket(&ben), site.socket(&cleo));
    let tea = make_with(&site, &ben, "public", "Tea", &[&cleo]);
    for socket in [&mut bens, &mut cleos] {
        socket.until(|frame| frame["room"]["id"] == tea);
    }
    for patch in [
        json!({"notify": "none", "favourite": true}),
        json!({"hidden": true}),
        json!({"notify": "all"}),
    ] {
        let answer = send(
            &site,
            &cleo,
            "PUT",
            &format!("/api/rooms/{tea}/me"),
            Some(patch.clone()),
        );
        let room = answer.json()["room"].clone();
        for (key, value) in patch.as_object().unwrap() {
            assert_eq!(room[key], *value);
        }
        assert_eq!(cleos.expect("room"), json!({"type": "room", "room": room}));
    }
    let room = room_of(&site, &cleo, tea);
    assert_eq!(
        (&room["notify"], &room["favourite"], &room["hidden"]),
        (&json!("all"), &json!(true), &json!(true))
    );
    assert_eq!(events_of_room(&site, &ben, &mut bens, tea, "mark"), Vec::<Value>::new());
    assert_eq!(room_of(&site, &ben, tea)["favourite"], false);
}
