//! JSON in an undocumented shape that serde would accept: it is refused, and nothing changes.

use crate::harness::http::assert_is_a_sentence;
use crate::harness::people::{PASSWORD, Person};
use crate::harness::server::Site;
use crate::harness::socket::of_type;
use serde_json::{Value, json};

const OTHER: &str = "another horse battery";

/// The state that could have changed.
fn state(site: &Site, ada: &Person) -> Value {
    let mut server = site.facts(ada);
    server["storage"] = Value::Null;
    let of = |path: &str| site.get_as(ada, path).json();
    json!([
        server,
        of("/api/me"),
        of("/api/rooms"),
        of("/api/people"),
        of("/api/rooms/1/messages"),
        of("/api/rooms/2/members"),
        of("/api/me/sessions")["sessions"].as_array().unwrap().len(),
        site.try_log_in("Ada", OTHER).status,
    ])
}

#[track_caller]
fn all_are_refused(attempts: &[(&str, &str, Value)]) {
    let site = Site::new();
    let (ada, _ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    assert_eq!(site.say(&ada, "c0", "to be forwarded").status, 201);
    let room = json!({"kind": "private", "name": "Tea", "members": [2]});
    assert_eq!(site.ask(&ada, "POST", "/api/rooms", &room).json()["room"]["id"], 2);
    let before = state(&site, &ada);
    for (method, path, body) in attempts {
        let answer = site.ask(&ada, method, path, body);
        assert_eq!(answer.status, 400, "{method} {path} {body}: {}", answer.text());
        answer.refused(400, "bad_request");
    }
    assert_eq!(state(&site, &ada), before);
}

#[test]
fn an_array_of_the_right_values_is_no_object() {
    let soon = u64::MAX >> 22;
    all_are_refused(&[
        ("POST", "/api/signup", json!(["Eve", PASSWORD, ""])),
        ("POST", "/api/login", json!(["Ada", PASSWORD, ""])),
        ("POST", "/api/reset", json!(["k7q2-wren-h5xd-m8tf", OTHER])),
        ("PATCH", "/api/me", json!(["Eve", "away", 3])),
        ("PATCH", "/api/me", json!([])),
        ("PUT", "/api/me/settings", json!([false, null, 1, true, true, false])),
        ("PUT", "/api/me/password", json!([PASSWORD, OTHER])),
        ("POST", "/api/rooms", json!(["public", "Coffee", "", []])),
        ("PATCH", "/api/rooms/2", json!(["Coffee", "topic", false])),
        ("PUT", "/api/rooms/2/me", json!(["none", true, true])),
        ("PUT", "/api/rooms/2/members/2", json!(["owner"])),
        ("POST", "/api/rooms/1/messages", json!(["c1", "body", null, [], null])),
        ("PATCH", "/api/server", json!(["Mill", "nobody"])),
        ("POST", "/api/server/invite", json!([soon])),
        ("PATCH", "/api/server/invite", json!([soon])),
        ("PATCH", "/api/people/2", json!(["admin", null])),
    ]);
}

#[test]
fn nor_is_it_one_within_an_object() {
    all_are_refused(&[
        ("PUT", "/api/me/settings", json!({"dnd": [60, 120]})),
        (
            "POST",
            "/api/rooms/1/messages",
            json!({"client_id": "c1", "forward": [1, 1]}),
        ),
    ]);
}

#[test]
fn an_object_with_a_word_as_its_key_is_no_word() {
    all_are_refused(&[
        (
            "POST",
            "/api/rooms",
            json!({"kind": {"public": null}, "name": "Coffee"}),
        ),
        ("PUT", "/api/rooms/2/me", json!({"notify": {"none": null}})),
        ("PUT", "/api/rooms/2/members/2", json!({"role": {"owner": null}})),
        ("PATCH", "/api/server", json!({"door": {"nobody": null}})),
        ("PATCH", "/api/people/2", json!({"role": {"admin": null}})),
    ]);
}

#[test]
fn a_frame_that_is_an_array_of_the_right_values_is_not_the_protocol() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let post = json!([
        "post",
        null,
        1,
        "c1",
        "hello",
        null,
        [],
        null,
        null,
        null,
        null,
        null,
        null
    ]);
    for frame in [post, json!(["ping"])] {
        let mut socket = site.socket(&ada);
        socket.send(&frame);
        assert_eq!(socket.close_code(), 4400, "{frame}");
    }
    assert_eq!(site.head(&ada), 0);
}

#[test]
fn an_array_in_a_frame_is_no_object_and_the_socket_lives() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let mut socket = site.socket(&ada);
    let first = socket.say("c0", "to be forwarded");
    socket.send(&json!({"type": "post", "ref": "r", "room": 1, "client_id": "c1", "forward": [1, first]}));
    let error = socket.expect("error");
    assert_eq!((&error["code"], &error["ref"]), (&json!("bad_request"), &json!("r")));
    assert_is_a_sentence(error["title"].as_str().unwrap());
    assert!(of_type(&socket.until_pong(), "error").is_empty());
    assert_eq!(site.head(&ada), first);
}
