//! What the log contains, and what it never contains.

use crate::harness::exe::{Ended, Exe, Home};
use crate::harness::http::Request;
use crate::harness::people::{Person, credentials, sign_up};
use crate::harness::socket::Socket;
use serde_json::json;

const WRONG_PASSWORD: &str = "wrong-secret-one";
const TYPED: &str = "typed-secret-two";
const BODY: &str = "body-secret-three";
const QUERY: &str = "query-secret-four";
const FILE: &str = "file-secret-five";
const MISTYPED: &str = "path-secret-six";

const CODE: &str = "k7q2-wren-h5xd-m8tf";

/// Paths that contain a secret: links, files and typing mistakes.
fn follow_links(exe: &Exe, ada: &Person) {
    let request = |method: &str, path: &str| Request::new(exe.address, method, path);
    let status = |method: &str, path: &str| request(method, path).cookie(&ada.cookie).send().status;
    assert_eq!(status("GET", &format!("/reset/{CODE}")), 200);
    assert_eq!(request("GET", &format!("/join/{CODE}")).send().status, 200);
    assert_eq!(status("PUT", &format!("/join/{CODE}")), 405);
    assert_eq!(status("GET", &format!("/joni/{CODE}?{QUERY}")), 404);
    assert_eq!(status("GET", &format!("/{MISTYPED}")), 404);
    assert_eq!(status(&MISTYPED.to_uppercase(), "/api/me"), 405);
    let check = request("POST", "/api/reset/check").json(&json!({"code": CODE})).send();
    assert_eq!(check.status, 404);
    let qr = request("GET", &format!("/api/qr?text={CODE}"))
        .cookie(&ada.cookie)
        .send();
    assert_eq!(qr.status, 200);
    let upload = request("POST", &format!("/api/files?name={FILE}")).cookie(&ada.cookie);
    let file = upload.body("words").send();
    assert_eq!(file.status, 201, "{}", file.text());
    let id = file.json()["file"]["id"].as_str().unwrap().to_owned();
    assert_eq!(status("GET", &format!("/files/{id}/{FILE}")), 200);
    let wrong_host = request("GET", &format!("/join/{CODE}"))
        .with("Host", "example.org")
        .send();
    assert_eq!(wrong_host.status, 421);
}

/// A session with typical actions and mistakes; every secret in it is named.
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
    follow_links(exe, &ada);
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
        FILE,
        MISTYPED,
        &MISTYPED.to_uppercase(),
        CODE,
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
    let about = |route: &str, status: u16| {
        let (route, status) = (format!("route=\"{route}\""), format!("status={status}"));
        let found = requests
            .iter()
            .filter(|line| line.contains(&route) && line.contains(&status))
            .count();
        assert_eq!(found, 1, "{route} {status} in:\n{}", ended.stderr);
    };
    about("/api/signup", 201);
    about("/api/login", 401);
    about("/signup", 422);
    about("/api/login", 400);
    about("/api/me", 200);
    about("/api/rooms/{room}/messages", 201);
    about("/ws", 101);
    about("/reset/{code}", 200);
    about("/join/{code}", 200);
    about("/join/{code}", 405);
    about("/api/me", 405);
    about("/api/reset/check", 404);
    about("/api/qr", 200);
    about("/api/files", 201);
    about("/files/{id}/{name}", 200);
    about("/join/{code}", 421);
    about("/api/logout", 204);
    assert_eq!(
        requests
            .iter()
            .filter(|line| line.contains("route=\"unknown\" status=404"))
            .count(),
        2
    );
    assert_eq!(requests.len(), 19, "{}", ended.stderr);
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
    assert!(!ended.stderr.contains("forged"), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().filter(|line| line.contains("method=")).count(), 1);
}
