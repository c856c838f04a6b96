//! The request target and host, the framing of bodies, and clients that leave before the answer (RFC 9112).

use crate::harness::PATIENCE;
use crate::harness::http::{Request, Response};
use crate::harness::metrics::Metrics;
use crate::harness::people::{PASSWORD, Person, credentials};
use crate::harness::server::{Setup, Site};
use chapp::config::Host;
use serde_json::json;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

const OUTSIDE: &str = "chat.example.org";

fn known_outside() -> Site {
    Site::with(Setup {
        hosts: vec![Host {
            name: OUTSIDE.to_owned(),
            port: None,
        }],
        ..Setup::default()
    })
}

/// Sends these bytes and nothing else.
fn connect(site: &Site, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(site.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    stream
}

/// A post whose body comes in this transfer coding.
fn a_coded_post(site: &Site, person: &Person, coding: &str, body: &[u8]) -> Response {
    let head = format!(
        "POST /api/rooms/1/messages HTTP/1.1\r\nHost: chapp.localhost:{}\r\nOrigin: {}\r\nCookie: {}\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: {coding}\r\nConnection: close\r\n\r\n",
        site.port(),
        site.origin(),
        person.cookie
    );
    Response::read(connect(site, &[head.as_bytes(), body].concat()), "POST")
}

#[test]
fn a_request_without_exactly_one_valid_host_is_bad() {
    let site = Site::new();
    let port = site.port();
    let own = format!("chapp.localhost:{port}");
    for path in ["/", "/healthz", "/api/me", "/nothing"] {
        site.get(path).without("Host").send().refused(400, "bad_request");
        for second in ["evil.example", &own] {
            site.get(path).header("Host", second).send().refused(400, "bad_request");
        }
    }
    let invalid = [
        String::new(),
        format!(":{port}"),
        format!("localhost:+{port}"),
        format!("localhost:{port}/"),
        format!("localhost:{port}, evil.example"),
        format!("user@localhost:{port}"),
        format!("http://localhost:{port}"),
        format!("local host:{port}"),
        format!("[::1:{port}"),
        format!("[localhost]:{port}"),
        format!("[127.0.0.1]:{port}"),
        format!("::1:{port}"),
        "\"localhost\"".to_owned(),
        "<script>alert(1)</script>".to_owned(),
        "localhost\u{e9}".to_owned(),
    ];
    for host in invalid {
        let response = site.get("/healthz").with("Host", &host).send();
        response.refused(400, "bad_request");
    }
    // HTTP/1.0 has no Host, so the intended server is unknown.
    let old = connect(&site, b"GET /healthz HTTP/1.0\r\n\r\n");
    Response::read(old, "GET").refused(400, "bad_request");
}

#[test]
fn the_host_of_an_absolute_target_counts_and_the_field_does_not() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let port = site.port();
    let get = |target: &str| site.get(target).cookie(&ada.cookie);
    for host in ["evil.example", "chapp.localhost.evil.example", "localhost"] {
        let target = format!("http://{host}/api/me");
        // With our own Host as well, which is then ignored.
        get(&target).send().refused(421, "wrong_host");
    }
    let own = format!("http://chapp.localhost:{port}/api/me");
    assert_eq!(get(&own).with("Host", "evil.example").send().status, 200);
    // The field must be one and valid all the same.
    get(&own).without("Host").send().refused(400, "bad_request");
    get(&own)
        .header("Host", "evil.example")
        .send()
        .refused(400, "bad_request");
    let with_user = format!("http://user@chapp.localhost:{port}/api/me");
    get(&with_user).send().refused(400, "bad_request");
    // A request with the scheme https must arrive over TLS.
    let secret = format!("https://chapp.localhost:{port}/api/me");
    get(&secret).send().refused(421, "wrong_host");
    let tunnel = Request::new(site.address, "CONNECT", "evil.example:443");
    tunnel.send().refused(421, "wrong_host");
}

#[test]
fn an_absolute_target_from_outside_does_not_read_the_metrics_as_a_program_on_this_computer() {
    let site = known_outside();
    site.sign_up("Ada");
    let (port, from_here) = (site.port(), format!("chapp.localhost:{}", site.port()));
    let target = format!("http://{OUTSIDE}:{port}/metrics");
    site.get(&target)
        .with("Host", &from_here)
        .send()
        .refused(404, "not_found");
    let target = format!("http://{from_here}/metrics");
    let outside = format!("{OUTSIDE}:{port}");
    assert_eq!(site.get(&target).with("Host", &outside).send().status, 200);
}

#[test]
fn a_body_in_a_transfer_coding_that_nobody_decodes_is_not_taken_for_what_it_is_not() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let draft = json!({"client_id": "c1", "body": "hello"}).to_string();
    let chunked = format!("{:x}\r\n{draft}\r\n0\r\n\r\n", draft.len());
    for coding in [
        "gzip, chunked",
        "gzip,chunked",
        "x-own, chunked",
        "identity, chunked",
        "gzip\r\nTransfer-Encoding: chunked",
    ] {
        let response = a_coded_post(&site, &ada, coding, chunked.as_bytes());
        response.refused(501, "not_implemented");
    }
    let twice = a_coded_post(&site, &ada, "chunked, chunked", chunked.as_bytes());
    twice.refused(400, "bad_request");
    // If the end of the body is ambiguous, hyper answers.
    for coding in ["gzip", "chunked, gzip"] {
        assert_eq!(a_coded_post(&site, &ada, coding, chunked.as_bytes()).status, 400);
    }
    assert_eq!(site.head(&ada), 0);
    for (n, coding) in ["chunked", "Chunked", ", chunked"].into_iter().enumerate() {
        let status = if n == 0 { 201 } else { 200 };
        assert_eq!(
            a_coded_post(&site, &ada, coding, chunked.as_bytes()).status,
            status,
            "{coding}"
        );
    }
}

/// A request on a connection that could take more of them.
fn a_request(site: &Site, person: &Person, method: &str, path: &str, body: &str) -> Vec<u8> {
    let (port, origin, cookie) = (site.port(), site.origin(), &person.cookie);
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: chapp.localhost:{port}\r\nOrigin: {origin}\r\nCookie: {cookie}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    head.into_bytes()
}

/// A log-in, whose answer takes a while.
fn a_log_in(site: &Site, person: &Person) -> Vec<u8> {
    let body = credentials(&person.name, PASSWORD).to_string();
    a_request(site, person, "POST", "/api/login", &body)
}

#[test]
fn a_client_that_closes_its_end_after_its_request_gets_its_answer() {
    let site = Site::new();
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let draft = json!({"client_id": "c1", "body": "hello"}).to_string();
    for (request, status) in [
        (a_log_in(&site, &ben), 200),
        (a_request(&site, &ada, "POST", "/api/rooms/1/messages", &draft), 201),
        (a_request(&site, &ada, "GET", "/api/rooms/1/messages", ""), 200),
        (a_request(&site, &ada, "GET", "/nothing", ""), 404),
    ] {
        let stream = connect(&site, &request);
        stream.shutdown(Shutdown::Write).unwrap();
        let mut rest = stream.try_clone().unwrap();
        assert_eq!(Response::read(stream, "GET").status, status);
        let mut behind = Vec::new();
        rest.read_to_end(&mut behind).unwrap();
        assert_eq!(behind, b"", "and then the connection ends");
    }
}

#[test]
fn clients_that_have_gone_keep_no_place() {
    let site = Site::new();
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let draft = json!({"client_id": "c1", "body": "hello"}).to_string();
    let half_a_body = a_request(&site, &ada, "POST", "/api/rooms/1/messages", &draft);
    for request in [
        a_log_in(&site, &ben),
        a_request(&site, &ada, "GET", "/api/rooms/1/messages", ""),
        // An answer that fits in no buffer of the kernel's.
        a_request(&site, &ada, "GET", "/api/backup", ""),
        half_a_body[..half_a_body.len() - 5].to_vec(),
        half_a_body[..20].to_vec(),
        Vec::new(),
    ] {
        // Gone at once, and gone after a goodbye.
        drop(connect(&site, &request));
        let stream = connect(&site, &request);
        stream.shutdown(Shutdown::Write).unwrap();
        drop(stream);
    }
    Metrics::until(site.address, |now| now.get("chapp_connections{kind=\"http\"}") == 1.0);
    assert_eq!(site.say(&ada, "c2", "hello").status, 201);
}
