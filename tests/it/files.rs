//! Files over the real server: who may read which file, and for how long.

use crate::harness::http::Response;
use crate::harness::people::Person;
use crate::harness::server::{ClockControl, Setup, Site};
use crate::harness::socket::Socket;
use crate::rooms::{ask, history, make_with, refused, three};
use chapp::limits::{ERASE_EVERY, Timers, UNDO_MS, UPLOAD_KEPT_MS};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

mod fair_shares;
mod hostile;
mod pictures;
mod serving;
mod uploads;
mod usage;

/// Sends a file.
fn try_upload(site: &Site, person: &Person, name: &str, bytes: &[u8]) -> Response {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("name", name)
        .finish();
    let request = site.post(&format!("/api/files?{query}")).cookie(&person.cookie);
    request.body(bytes).send()
}

/// Uploads a file that is accepted; returns its description.
#[track_caller]
pub fn upload(site: &Site, person: &Person, name: &str, bytes: &[u8]) -> Value {
    let response = try_upload(site, person, name, bytes);
    assert_eq!(response.status, 201, "{}", response.text());
    response.json()["file"].clone()
}

fn path(file: &Value) -> String {
    format!("/files/{}/name", file["id"].as_str().unwrap())
}

fn get(site: &Site, person: &Person, file: &Value) -> Response {
    site.get_as(person, &path(file))
}

/// A post of files and nothing else.
fn show_frame(room: u64, client_id: &str, files: &[&Value]) -> Value {
    let ids: Vec<&Value> = files.iter().map(|file| &file["id"]).collect();
    json!({"type": "post", "room": room, "client_id": client_id, "body": "", "files": ids})
}

/// Posts files, and waits until that is durable. Returns the seq.
#[track_caller]
pub fn show(socket: &mut Socket, room: u64, client_id: &str, files: &[&Value]) -> u64 {
    answered(socket, show_frame(room, client_id, files), "posted")
}

#[track_caller]
fn act(socket: &mut Socket, kind: &str, room: u64, id: u64) -> u64 {
    answered(socket, json!({"type": kind, "room": room, "id": id}), "done")
}

#[track_caller]
fn answered(socket: &mut Socket, mut frame: Value, kind: &str) -> u64 {
    frame["ref"] = json!("answered");
    socket.send(&frame);
    let answer = socket.until(|frame| frame["ref"] == "answered").pop().unwrap();
    assert_eq!(answer["type"], kind, "{answer}");
    answer["seq"].as_u64().unwrap()
}

/// Waits for a condition, since the server erases on its own schedule.
#[track_caller]
fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let patience = Instant::now() + ERASE_EVERY * 12;
    while !is_so() {
        assert!(Instant::now() < patience, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

const BYTES: &[u8] = b"what only some may read, 0123456789";

/// Who can read a file now: (Ada, Ben, Cleo, Dan).
#[track_caller]
fn readers(site: &Site, people: &[&Person], file: &Value, expected: &[bool]) {
    for (person, may) in people.iter().zip(expected) {
        let response = get(site, person, file);
        match may {
            true => assert_eq!((response.status, &*response.body), (200, BYTES), "{}", person.name),
            false => drop(response.refused(404, "not_found")),
        }
        let head = site.request("HEAD", &path(file)).cookie(&person.cookie).send();
        assert_eq!(head.status, if *may { 200 } else { 404 });
        let etag = format!("\"{}\"", file["id"].as_str().unwrap());
        let known = site.get(&path(file)).cookie(&person.cookie);
        let known = known.header("If-None-Match", &etag).send();
        assert_eq!(
            known.status,
            if *may { 304 } else { 404 },
            "what is known is asked for again"
        );
    }
    let nobody = site.get(&path(file)).send();
    nobody.refused(401, "unauthenticated");
}

#[test]
fn a_file_is_for_the_members_of_a_room_that_shows_it_and_for_nobody_else() {
    let (clock_control, clock) = ClockControl::new();
    let site = Site::with(Setup {
        clock,
        ..Setup::default()
    });
    let [ada, ben, cleo, dan] = ["Ada", "Ben", "Cleo", "Dan"].map(|name| site.sign_up(name));
    let all = [&ada, &ben, &cleo, &dan];
    let tea = make_with(&site, &ben, "private", "Tea", &[&cleo]);
    let mut bens = site.socket(&ben);

    // Not posted yet: only its uploader, even if somebody else owns the server.
    let file = upload(&site, &ben, "secret.txt", BYTES);
    readers(&site, &all, &file, &[false, true, false, false]);
    let mut cleos = site.socket(&cleo);
    let refusal = refused(&mut cleos, show_frame(tea, "c1", &[&file]));
    assert_eq!(
        (&refusal["code"], &refusal["field"]),
        (&json!("not_found"), &json!("files"))
    );

    // Posted in a room: its members.
    let id = show(&mut bens, tea, "b1", &[&file]);
    assert_eq!(history(&site, &cleo, tea).pop().unwrap()["files"], json!([file]));
    readers(&site, &all, &file, &[false, true, true, false]);
    let mut dans = site.socket(&dan);
    assert_eq!(refused(&mut dans, show_frame(1, "d1", &[&file]))["code"], "not_found");

    // Deleted: nobody, not even its uploader, and nobody can post it again.
    act(&mut bens, "delete", tea, id);
    readers(&site, &all, &file, &[false; 4]);
    assert_eq!(history(&site, &cleo, tea).pop().unwrap().get("files"), None);
    assert_eq!(refused(&mut bens, show_frame(tea, "b2", &[&file]))["code"], "not_found");

    // Undeleted: as before.
    act(&mut bens, "undelete", tea, id);
    readers(&site, &all, &file, &[false, true, true, false]);
    assert_eq!(history(&site, &cleo, tea).pop().unwrap()["files"], json!([file]));

    // A member is removed and added again.
    let member = format!("/api/rooms/{tea}/members/{}", cleo.id);
    assert_eq!(ask(&site, &ben, "DELETE", &member).status, 204);
    readers(&site, &all, &file, &[false, true, false, false]);
    let out = json!({"type": "post", "room": 1, "client_id": "c2", "forward": {"room": tea, "id": id}});
    assert_eq!(refused(&mut cleos, out)["code"], "not_found");
    assert_eq!(ask(&site, &ben, "PUT", &member).status, 204);
    readers(&site, &all, &file, &[false, true, true, false]);

    // Forwarded to everybody, then deleted at its origin, then everywhere.
    let out = json!({"type": "post", "room": 1, "client_id": "c3", "forward": {"room": tea, "id": id}});
    let copy = answered(&mut cleos, out, "posted");
    assert_eq!(history(&site, &dan, 1).pop().unwrap()["files"], json!([file]));
    readers(&site, &all, &file, &[true; 4]);
    act(&mut bens, "delete", tea, id);
    readers(&site, &all, &file, &[true; 4]);
    act(&mut cleos, "delete", 1, copy);
    readers(&site, &all, &file, &[false; 4]);
    act(&mut cleos, "undelete", 1, copy);
    readers(&site, &all, &file, &[true; 4]);
    act(&mut cleos, "delete", 1, copy);
    clock_control.advance(Duration::from_millis(UNDO_MS + 1));
    assert_eq!(
        refused(&mut cleos, json!({"type": "undelete", "room": 1, "id": copy}))["code"],
        "conflict"
    );
    readers(&site, &all, &file, &[false; 4]);
}

#[test]
fn one_who_leaves_a_room_leaves_its_files() {
    let (site, _ada, ben, cleo) = three();
    let tea = make_with(&site, &ben, "public", "Tea", &[&cleo]);
    let file = upload(&site, &cleo, "mine.txt", BYTES);
    show(&mut site.socket(&cleo), tea, "c1", &[&file]);
    readers(&site, &[&ben, &cleo], &file, &[true, true]);
    assert_eq!(
        ask(&site, &cleo, "POST", &format!("/api/rooms/{tea}/leave")).status,
        204
    );
    readers(&site, &[&ben, &cleo], &file, &[true, false]);
}

#[test]
fn a_message_has_files_and_text_or_one_of_them() {
    let (mut site, ada, ben, _) = three();
    let (one, two) = (
        upload(&site, &ada, "one.txt", b"one"),
        upload(&site, &ada, "two.txt", b"two"),
    );
    let mut adas = site.socket(&ada);
    let mut bens = site.socket(&ben);
    let mut both = show_frame(1, "a1", &[&two, &one]);
    both["body"] = json!("**Look**");
    let id = answered(&mut adas, both.clone(), "posted");
    let shown = bens.expect_message("**Look**");
    assert_eq!(
        shown["message"]["files"],
        json!([two, one]),
        "in the order of their author"
    );
    assert_eq!(
        answered(&mut adas, both, "posted"),
        id,
        "the same client_id, the same message"
    );

    // An edit changes the text alone, which may become empty if there are files.
    for body in ["", "Look again", "  \n "] {
        let edit = json!({"type": "edit", "room": 1, "id": id, "body": body});
        answered(&mut adas, edit, "done");
        let message = history(&site, &ben, 1).pop().unwrap();
        assert_eq!(
            (&message["body"], &message["files"]),
            (&json!(body.trim()), &json!([two, one]))
        );
    }
    let words = crate::rooms::say(&mut adas, 1, "a2", "words");
    let refusal = refused(&mut adas, json!({"type": "edit", "room": 1, "id": words, "body": " "}));
    assert_eq!(
        (&refusal["code"], &refusal["field"]),
        (&json!("invalid"), &json!("body"))
    );

    // Over HTTP, and after a restart.
    let draft = json!({"client_id": "a3", "files": [one["id"]], "reply_to": id});
    let posted = site
        .post("/api/rooms/1/messages")
        .cookie(&ada.cookie)
        .json(&draft)
        .send();
    assert_eq!(posted.status, 201, "{}", posted.text());
    site.restart();
    let message = history(&site, &ben, 1).pop().unwrap();
    assert_eq!((&message["body"], &message["files"]), (&json!(""), &json!([one])));
    assert_eq!(message["reply_to"], id);
    assert_eq!(get(&site, &ben, &one).body, b"one");
}

#[test]
fn a_post_with_files_that_cannot_be_shown_posts_nothing() {
    let (site, ada, _, _) = three();
    let file = upload(&site, &ada, "one.txt", b"one");
    let mut adas = site.socket(&ada);
    let post = |files: Value| json!({"type": "post", "room": 1, "client_id": "a1", "body": "words", "files": files});
    let id = &file["id"];
    let many: Vec<String> = (0..11).map(|n| format!("{n:032x}")).collect();
    for (files, code) in [
        (json!([id, id]), "invalid"),
        (json!(many), "invalid"),
        (json!(["0123456789abcdef0123456789abcdef"]), "not_found"),
        (json!([id.as_str().unwrap().to_uppercase()]), "not_found"),
        (json!(["../../etc/passwd"]), "not_found"),
        (json!([""]), "not_found"),
        (json!(["é".repeat(16)]), "not_found"),
        (json!(id), "bad_request"),
        (json!([7]), "bad_request"),
    ] {
        let refusal = refused(&mut adas, post(files.clone()));
        assert_eq!(refusal["code"], code, "{files}");
        let draft = json!({"client_id": "a1", "body": "words", "files": files});
        let posted = site
            .post("/api/rooms/1/messages")
            .cookie(&ada.cookie)
            .json(&draft)
            .send();
        assert_eq!(posted.json()["code"], code, "{files}");
    }
    let mut nothing = post(json!([]));
    nothing["body"] = json!(" ");
    assert_eq!(refused(&mut adas, nothing)["code"], "invalid");
    assert_eq!(site.head(&ada), 0);
    readers_of_unposted(&site, &ada, &file);
}

fn readers_of_unposted(site: &Site, ada: &Person, file: &Value) {
    assert_eq!(
        get(site, ada, file).status,
        200,
        "a refused post leaves the file as it was"
    );
    show(&mut site.socket(ada), 1, "later", &[file]);
}

#[test]
fn what_is_never_posted_is_erased_after_a_day() {
    let (clock_control, clock) = ClockControl::new();
    let site = Site::with(Setup {
        clock,
        timers: Timers {
            erase_every: Duration::from_millis(500),
            ..Timers::default()
        },
        ..Setup::default()
    });
    let ada = site.sign_up("Ada");
    let (posted, forgotten) = (
        upload(&site, &ada, "posted.txt", BYTES),
        upload(&site, &ada, "forgotten.txt", BYTES),
    );
    show(&mut site.socket(&ada), 1, "a1", &[&posted]);
    assert_eq!(get(&site, &ada, &forgotten).status, 200);
    clock_control.advance(Duration::from_millis(UPLOAD_KEPT_MS + 1));
    // Without its bytes, whose end would be missing where they are erased on the way.
    let head = || site.request("HEAD", &path(&forgotten)).cookie(&ada.cookie).send();
    eventually("it is erased", || head().status == 404);
    assert_eq!(get(&site, &ada, &posted).status, 200);
    let refusal = refused(&mut site.socket(&ada), show_frame(1, "a3", &[&forgotten]));
    assert_eq!(refusal["code"], "not_found");
}
