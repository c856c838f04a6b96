//! What the log tells, and what it never does.

use crate::harness::exe::{Ended, Exe, Home};
use crate::harness::http::Request;
use crate::harness::people::{Person, credentials, sign_up};
use crate::harness::socket::Socket;
use serde_json::json;

const WRONG_PASSWORD: &str = "wrong-secret-one";
const TYPED: &str = "typed-secret-two";
const BODY: &str = "body-secret-three";
const QUERY: &str = "query-secret-four";

/// A visit that does what people do, and what they do wrong; everything secret in it has a name.
fn visit(exe: &mut Exe) -> (Person, Ended) {
    let ada = sign_up(exe.address, "Ada");
    let post = |path: &str| Request::new(exe.address, "POST", path);
    let login = post("/api/login").json(&credentials("Ada", WRONG_PASSWORD)).send();
    assert_eq!(login.status, 401);
    let form = post("/signup").form(&[("name", ""), ("password", TYPED)]).send();
    assert_eq!(form.status, 422);
    let broken = post("/api/login").header("Content-Type", "application/json");
    assert_eq!(broken.body(format!("{{\"password\":\"{TYPED}\",")).send().status, 400);
    let path = format!("/api/me?q={QUERY}");
    let me = Request::new(exe.address, "GET", &path).cookie(&ada.cookie).send();
    assert_eq!(me.status, 200);
    let say = post("/api/rooms/1/messages").cookie(&ada.cookie);
    assert_eq!(say.json(&json!({"client_id": "c1", "body": BODY})).send().status, 201);
    let mut socket = Socket::open(exe.address, &ada);
    socket.say("c2", BODY);
    socket.send_text(&format!(r#"{{"type":"post","room":"{BODY}","body":7}}"#));
    socket.expect("error");
    socket.send_text(BODY);
    assert_eq!(socket.close_code(), 4400);
    drop(socket);
    assert_eq!(post("/api/logout").cookie(&ada.cookie).send().status, 204);
    exe.signal("TERM");
    let ended = exe.wait();
    assert!(ended.status.success(), "{}", ended.stderr);
    (ada, ended)
}

#[track_caller]
fn keeps_secrets(ada: &Person, ended: &Ended) {
    let said = format!("{}{}", ended.stdout, ended.stderr);
    let (name, token) = ada.cookie.split_once('=').unwrap();
    for secret in [
        WRONG_PASSWORD,
        TYPED,
        BODY,
        QUERY,
        crate::harness::people::PASSWORD,
        name,
        token,
        "$argon2",
    ] {
        assert!(!said.contains(secret), "{secret} in:\n{said}");
    }
}

#[test]
fn a_request_is_one_line_and_so_is_the_life_of_a_socket() {
    let mut exe = Home::new().serve(&["--log", "info"]);
    let (ada, ended) = visit(&mut exe);
    keeps_secrets(&ada, &ended);
    let lines: Vec<&str> = ended.stderr.lines().collect();
    let requests: Vec<&&str> = lines.iter().filter(|line| line.contains("method=")).collect();
    let about = |path: &str, status: u16| {
        let (path, status) = (format!("path=\"{path}\""), format!("status={status}"));
        let found = requests
            .iter()
            .filter(|line| line.contains(&path) && line.contains(&status))
            .count();
        assert_eq!(found, 1, "{path} {status} in:\n{}", ended.stderr);
    };
    about("/api/signup", 201);
    about("/api/login", 401);
    about("/signup", 422);
    about("/api/login", 400);
    about("/api/me", 200);
    about("/api/rooms/1/messages", 201);
    about("/ws", 101);
    about("/api/logout", 204);
    assert_eq!(requests.len(), 8, "{}", ended.stderr);
    let sockets: Vec<&&str> = lines.iter().filter(|line| line.contains("code=")).collect();
    assert_eq!(sockets.len(), 1, "{}", ended.stderr);
    assert!(
        sockets[0].contains("code=4400") && sockets[0].contains("user=1"),
        "{}",
        sockets[0]
    );
    for line in requests {
        assert!(line.contains("ms=") && line.contains("peer=127.0.0.1"), "{line}");
    }
}

#[test]
fn even_the_longest_log_keeps_what_is_secret() {
    let home = Home::new();
    let mut exe = home.serve(&["--log", "trace"]);
    let (ada, ended) = visit(&mut exe);
    keeps_secrets(&ada, &ended);
    assert!(ended.stderr.lines().count() >= 9);
}

#[test]
fn without_being_asked_it_says_nothing_about_people() {
    let home = Home::new();
    let mut exe = home.serve(&[]);
    let (_, ended) = visit(&mut exe);
    assert_eq!(ended.stderr, "");
    assert_eq!(ended.stdout, "");
}

#[test]
fn what_people_send_cannot_forge_a_line_or_colour_the_terminal() {
    let home = Home::new();
    let mut exe = home.serve(&["--log", "info"]);
    let request = Request::new(exe.address, "GET", "/%0a2026-01-01T00:00:00Z%20INFO%20forged%1b[31m");
    request
        .header("User-Agent", "forged")
        .header("X-Forwarded-For", "forged")
        .send()
        .refused(404, "not_found");
    exe.signal("TERM");
    let ended = exe.wait();
    assert!(!ended.stderr.contains('\u{1b}'));
    assert_eq!(ended.stderr.lines().filter(|line| line.contains("forged")).count(), 1);
}
