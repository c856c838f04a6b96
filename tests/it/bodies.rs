//! JSON bodies with unknown fields: the field is named, and nothing is done.

use crate::harness::people::{PASSWORD, Person};
use crate::harness::server::Site;
use serde_json::{Value, json};

struct Fixture {
    site: Site,
    ada: Person,
    ben: Person,
}

impl Fixture {
    fn new() -> Fixture {
        let site = Site::new();
        let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
        Fixture { site, ada, ben }
    }

    /// Sends this as the owner; returns the field that was wrong.
    #[track_caller]
    fn unknown(&self, method: &str, path: &str, body: &Value) -> String {
        let request = self.site.request(method, path).cookie(&self.ada.cookie).json(body);
        let problem = request.send().refused(422, "invalid");
        problem["field"].as_str().expect("the field is named").to_owned()
    }
}

#[test]
fn a_field_that_nobody_knows_is_named_and_none_of_the_others_is_changed() {
    let scene = Fixture::new();
    let room = "/api/rooms/1";
    let ben = scene.ben.id;
    for (method, path, mut body) in [
        ("POST", "/api/signup", json!({"name": "Eve", "password": PASSWORD})),
        ("POST", "/api/login", json!({"name": "Ada", "password": PASSWORD})),
        ("POST", "/api/reset", json!({"code": "c", "password": PASSWORD})),
        ("PATCH", "/api/me", json!({"display_name": "Another"})),
        ("PUT", "/api/me/settings", json!({"share_read": false})),
        (
            "PUT",
            "/api/me/password",
            json!({"password": PASSWORD, "new_password": "another password"}),
        ),
        ("POST", "/api/rooms", json!({"kind": "public", "name": "tea"})),
        ("PATCH", room, json!({"topic": "another"})),
        ("PUT", "/api/rooms/1/me", json!({"favourite": true})),
        ("PUT", &format!("/api/rooms/1/members/{ben}"), json!({"role": "owner"})),
        ("POST", "/api/rooms/1/messages", json!({"client_id": "c1", "body": "b"})),
        ("PATCH", "/api/server", json!({"name": "Another"})),
        ("POST", "/api/server/invite", json!({})),
        ("PATCH", "/api/server/invite", json!({"ends_at": 1})),
        ("PATCH", &format!("/api/people/{ben}"), json!({"deactivated": true})),
    ] {
        body["of_next_year"] = json!({"a": [1]});
        assert_eq!(scene.unknown(method, path, &body), "of_next_year", "{method} {path}");
    }
    let Fixture { site, ada, ben } = &scene;
    let get = |path: &str| site.get_as(ada, path).json();
    let me = get("/api/me");
    assert_eq!(
        (&me["user"]["display_name"], &me["settings"]["share_read"]),
        (&json!("Ada"), &json!(true))
    );
    let lobby = get(room)["room"].clone();
    assert_ne!(lobby["topic"], "another");
    assert_eq!(lobby["favourite"], false);
    assert_eq!(get("/api/rooms")["rooms"].as_array().unwrap().len(), 1);
    assert_ne!(get("/api/server")["server"]["name"], "Another");
    assert_eq!(site.head(ada), 0);
    assert_eq!(
        site.try_log_in("Ada", PASSWORD).status,
        200,
        "the password is as it was"
    );
    assert_eq!(site.get_as(ben, "/api/me").status, 200, "nobody was shut out");
    assert_eq!(site.sign_up("Cleo").id, ben.id + 1, "nobody was made in between");
}

#[test]
fn a_slip_in_the_name_of_a_field_is_no_silent_success() {
    let scene = Fixture::new();
    for (body, field) in [
        (json!({"displayname": "Ada L."}), "displayname"),
        (json!({"status": "here", "colour": 3}), "colour"),
        (json!({"role": "owner"}), "role"),
        (json!({"": 1}), ""),
        (json!({"b": 1, "a": 2}), "a"),
        (json!({"é".repeat(65): 1}), &"é".repeat(64)),
    ] {
        assert_eq!(scene.unknown("PATCH", "/api/me", &body), field);
    }
    let forward = json!({"client_id": "c1", "forward": {"room": 1, "id": 1, "as": "me"}});
    assert_eq!(scene.unknown("POST", "/api/rooms/1/messages", &forward), "forward.as");
    let hours = json!({"dnd": {"from": 1, "to": 2, "days": [1]}});
    assert_eq!(scene.unknown("PUT", "/api/me/settings", &hours), "dnd.days");
}

#[test]
fn a_field_of_the_wrong_type_is_said_before_one_that_nobody_knows() {
    let scene = Fixture::new();
    let request = scene.site.request("PATCH", "/api/me").cookie(&scene.ada.cookie);
    let response = request.json(&json!({"of_next_year": 1, "color": "red"})).send();
    response.refused(400, "bad_request");
}
