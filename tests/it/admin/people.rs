//! Roles, and deactivated people.

use crate::harness::people::{PASSWORD, Person};
use crate::harness::server::Site;
use crate::harness::socket::{Socket, of_type};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;

fn role(site: &Site, person: &Person) -> String {
    site.get_as(person, "/api/me").json()["user"]["role"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn the_owner_makes_and_unmakes_admins_and_everybody_hears_of_it() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let ben = site.sign_up("Ben");
    let mut socket = site.socket(&ben);
    let made = site.set_role(&ada, &ben, "admin");
    assert_eq!(made.json()["user"]["role"], "admin");
    let becomes = |socket: &mut Socket, role: &str| {
        socket
            .until(|frame| frame["type"] == "person" && frame["user"]["id"] == ben.id && frame["user"]["role"] == role);
    };
    becomes(&mut socket, "admin");
    assert_eq!(role(&site, &ben), "admin");
    assert_eq!(site.get_as(&ben, "/api/server").status, 200);
    site.get_as(&ben, "/api/backup").refused(403, "forbidden");
    assert_eq!(site.set_role(&ada, &ben, "member").status, 200);
    becomes(&mut socket, "member");
    site.get_as(&ben, "/api/server").refused(403, "forbidden");
}

#[test]
fn an_admin_makes_nobody_an_admin_and_takes_nothing_from_the_owner() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let [ben, cleo] = ["Ben", "Cleo"].map(|name| site.sign_up(name));
    site.set_role(&ada, &ben, "admin");
    for (whom, to) in [
        (&cleo, "admin"),
        (&cleo, "owner"),
        (&ada, "member"),
        (&ben, "owner"),
        (&ben, "member"),
    ] {
        site.set_role(&ben, whom, to).refused(403, "forbidden");
    }
    for whom in [&ada, &ben] {
        site.set_deactivated(&ben, whom, true).refused(403, "forbidden");
    }
    assert_eq!(
        [&ada, &ben, &cleo].map(|person| role(&site, person)),
        ["owner", "admin", "member"]
    );
}

#[test]
fn the_server_always_has_one_owner() {
    let mut site = Site::new();
    let ada = site.sign_up("Ada");
    let ben = site.sign_up("Ben");
    for to in ["member", "admin", "owner"] {
        site.set_role(&ada, &ada, to).refused(403, "forbidden");
    }
    site.set_deactivated(&ada, &ada, true).refused(403, "forbidden");
    let mut socket = site.socket(&ada);
    assert_eq!(site.set_role(&ada, &ben, "owner").status, 200);
    socket
        .until(|frame| frame["type"] == "person" && frame["user"]["id"] == ada.id && frame["user"]["role"] == "admin");
    site.restart();
    assert_eq!([&ada, &ben].map(|person| role(&site, person)), ["admin", "owner"]);
    site.set_role(&ada, &ben, "member").refused(403, "forbidden");
    assert_eq!(site.set_role(&ben, &ada, "member").status, 200);
}

#[test]
fn a_change_of_a_person_that_makes_no_sense_is_refused() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let ben = site.sign_up("Ben");
    let path = format!("/api/people/{}", ben.id);
    for body in [
        json!({}),
        json!({"role": "admin", "deactivated": true}),
        json!({"role": "god"}),
        json!({"deactivated": 1}),
    ] {
        site.ask(&ada, "PATCH", &path, &body).refused(400, "bad_request");
    }
    for nobody in ["99", "9007199254740991"] {
        site.ask(
            &ada,
            "PATCH",
            &format!("/api/people/{nobody}"),
            &json!({"role": "admin"}),
        )
        .refused(404, "not_found");
    }
    assert_eq!(
        site.ask(&ada, "PATCH", "/api/people/0", &json!({"role": "admin"}))
            .status,
        404
    );
    assert_eq!(role(&site, &ben), "member");
}

#[test]
fn a_deactivated_person_hears_nothing_more_and_cannot_come_back() {
    let mut site = Site::new();
    let ada = site.sign_up("Ada");
    let ben = site.sign_up("Ben");
    let phone = site.log_in("Ben");
    let (mut one, mut two) = (site.socket(&ben), site.socket(&phone));
    let mut witness = site.socket(&ada);
    site.say(&ben, "b1", "from Ben");
    let shut = site.set_deactivated(&ada, &ben, true);
    assert_eq!(shut.json()["user"]["deactivated"], true);
    site.say(&ada, "a1", "after Ben");
    for socket in [&mut one, &mut two] {
        let (code, frames) = socket.close_code_after();
        assert_eq!(code, 4401);
        assert!(
            frames.iter().all(|frame| frame["message"]["body"] != "after Ben"),
            "{frames:?}"
        );
    }
    for _ in 0..2 {
        for device in [&ben, &phone] {
            for path in ["/api/me", "/api/rooms", "/api/rooms/1/messages", "/api/people"] {
                assert_eq!(site.get_as(device, path).status, 401, "{path}");
            }
            assert_eq!(site.say(device, "b2", "still here").status, 401);
        }
        // Somebody who tries names learns no reason.
        let refused = site.try_log_in("Ben", PASSWORD).refused(401, "unauthenticated");
        assert_eq!(
            refused,
            site.try_log_in("Ben", "not the password")
                .refused(401, "unauthenticated")
        );
        assert_eq!(
            site.try_sign_up("BEN", PASSWORD).status,
            409,
            "the name is still theirs"
        );
        site.restart();
    }
    // The others still see the same person.
    let history = site.history(&ada);
    assert_eq!(history.iter().filter(|message| message["author"] == ben.id).count(), 1);
    let people = site.get_as(&ada, &format!("/api/people?ids={}", ben.id)).json();
    assert_eq!(
        (&people["people"][0]["name"], &people["people"][0]["deactivated"]),
        (&json!("Ben"), &json!(true))
    );
    let frames = of_type(&witness.until(|frame| frame["user"]["deactivated"] == true), "person").len();
    assert!(frames > 0);
}

#[test]
fn who_is_let_in_again_is_as_before_and_logs_in_anew() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let ben = site.sign_up("Ben");
    site.set_role(&ada, &ben, "admin");
    site.set_deactivated(&ada, &ben, true);
    assert_eq!(site.facts(&ada)["deactivated"], 1);
    let again = site.set_deactivated(&ada, &ben, true);
    assert_eq!(again.status, 200, "it is so already");
    let back = site.set_deactivated(&ada, &ben, false);
    assert_eq!(back.json()["user"].get("deactivated"), None);
    assert_eq!(site.get_as(&ben, "/api/me").status, 401, "the old session stays over");
    assert_eq!(role(&site, &site.log_in("Ben")), "admin");
}

#[test]
fn nobody_who_is_shut_out_gets_a_role_a_password_or_the_server() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let ben = site.sign_up("Ben");
    let made = site.ask(&ada, "POST", &format!("/api/people/{}/reset", ben.id), &Value::Null);
    let path = made.json()["path"].as_str().unwrap().to_owned();
    site.set_deactivated(&ada, &ben, true);
    let body = json!({"code": path.strip_prefix("/reset#").unwrap(), "password": "a heron on the weir"});
    site.post("/api/reset").json(&body).send().refused(404, "not_found");
    for role in ["owner", "admin"] {
        site.set_role(&ada, &ben, role).refused(409, "conflict");
    }
    site.ask(&ada, "POST", &format!("/api/people/{}/reset", ben.id), &Value::Null)
        .refused(409, "conflict");
    site.set_deactivated(&ada, &ben, false);
    site.post("/api/reset").json(&body).send().refused(404, "not_found");
}

/// A request without the last byte of its body.
struct PartialRequest {
    stream: TcpStream,
    last: u8,
}

impl PartialRequest {
    fn new(site: &Site, by: &Person, method: &str, path: &str, body: &Value) -> PartialRequest {
        let host = format!("chapp.localhost:{}", site.port());
        let body = body.to_string();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            by.cookie,
            body.len()
        );
        let mut stream = TcpStream::connect(site.address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        // The server sends this when it wants the body, after it has identified the sender.
        let mut answer = [0; 25];
        stream.read_exact(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 100 Continue"), "{answer:?}");
        let (last, rest) = body.as_bytes().split_last().unwrap();
        stream.write_all(rest).unwrap();
        PartialRequest { stream, last: *last }
    }

    /// The status of the answer, and its text.
    fn arrives(mut self) -> (u16, String) {
        self.stream.write_all(&[self.last]).unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).unwrap();
        (answer[9..12].parse().unwrap(), answer)
    }
}

#[test]
fn a_role_that_is_taken_away_is_gone_at_once_on_open_sockets_and_for_requests_on_their_way() {
    let site = Site::new();
    let [ada, ben, cleo] = ["Ada", "Ben", "Cleo"].map(|name| site.sign_up(name));
    site.set_role(&ada, &ben, "admin");
    let room = json!({"kind": "public", "name": "Mill"});
    let room = site.ask(&cleo, "POST", "/api/rooms", &room).json()["room"]["id"].clone();
    site.ask(&ben, "POST", &format!("/api/rooms/{room}/join"), &Value::Null);
    let mut cleos = site.socket(&cleo);
    let mut bens = site.socket(&ben);
    let mut theirs = |n: u64| {
        cleos.send(&json!({"type": "post", "room": room, "client_id": n.to_string(), "body": "mine"}));
        cleos.expect("posted")["seq"].clone()
    };
    let (first, second) = (theirs(1), theirs(2));
    let delete = |id: &Value| json!({"type": "delete", "room": room, "id": id, "ref": "delete"});
    bens.send(&delete(&first));
    bens.expect("done");
    // Every admin request, sent by an admin.
    let asked = [
        ("PATCH", "/api/server", json!({})),
        ("PATCH", "/api/server", json!({"name": "Ben's"})),
        ("POST", "/api/server/invite", json!({})),
        (
            "PATCH",
            &format!("/api/people/{}", cleo.id),
            json!({"deactivated": true}),
        ),
    ]
    .map(|(method, path, body)| PartialRequest::new(&site, &ben, method, path, &body));

    assert_eq!(site.set_role(&ada, &ben, "member").status, 200);

    for request in asked {
        let (status, answer) = request.arrives();
        assert_eq!(status, 403, "{answer}");
        assert!(!answer.contains("invite\""), "{answer}");
    }
    bens.send(&delete(&second));
    assert_eq!(bens.expect("error")["code"], "forbidden");
    site.get_as(&ben, "/api/server").refused(403, "forbidden");
    assert_eq!(site.facts(&ada)["name"], "Chapp");
    assert_eq!(role(&site, &cleo), "member");
}

#[test]
fn whoever_is_shut_out_gets_nothing_for_requests_on_their_way() {
    let site = Site::new();
    let [ada, ben] = ["Ada", "Ben"].map(|name| site.sign_up(name));
    site.set_role(&ada, &ben, "admin");
    let asked = [json!({}), json!({"name": "Ben's"})]
        .map(|body| PartialRequest::new(&site, &ben, "PATCH", "/api/server", &body));
    assert_eq!(site.set_deactivated(&ada, &ben, true).status, 200);
    for request in asked {
        let (status, answer) = request.arrives();
        assert_eq!(status, 401, "{answer}");
    }
    assert_eq!(site.facts(&ada)["name"], "Chapp");
}

#[test]
fn a_role_that_is_given_makes_no_cookie_good_that_was_stolen_and_is_over() {
    let site = Site::new();
    let [ada, ben] = ["Ada", "Ben"].map(|name| site.sign_up(name));
    let stolen = ben.clone();
    let other_device = site.log_in("Ben");
    assert_eq!(site.log_out(&ben).status, 204);
    assert_eq!(site.set_role(&ada, &other_device, "admin").status, 200);
    for path in ["/api/me", "/api/server"] {
        site.get_as(&stolen, path).refused(401, "unauthenticated");
    }
    assert!(Socket::try_connect(site.address, &stolen).is_err());
    assert_eq!(site.get_as(&other_device, "/api/server").status, 200);
    // A made-up token does not become an admin's.
    let made_up = Person {
        cookie: format!("{}={}", other_device.cookie.split_once('=').unwrap().0, "ab".repeat(32)),
        ..other_device.clone()
    };
    site.get_as(&made_up, "/api/server").refused(401, "unauthenticated");
}
