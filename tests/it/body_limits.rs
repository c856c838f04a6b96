//! The memory that all request bodies may take together, and refusals that reach a client that is still sending.

use crate::harness::PATIENCE;
#[cfg(target_os = "linux")]
use crate::harness::exe::Home;
use crate::harness::http::Request;
use crate::harness::metrics::Metrics;
use crate::harness::people::{PASSWORD, Person, credentials, sign_up};
use crate::harness::server::{ClockControl, Site};
use chapp::limits::{
    BODIES_BYTES_MAX, BODIES_BYTES_PER_PERSON_MAX, BODY_BYTES_UNCOUNTED, FILE_BYTES_MAX, GUEST_BODIES_BYTES_MAX,
    GUEST_BODIES_MAX, GUEST_BODIES_PER_ADDRESS_MAX, LINGER_BYTES_MAX, LINGER_TIMEOUT, PICTURE_BYTES_MAX,
    REQUEST_BODY_BYTES_MAX,
};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Instant;

const BODIES: &str = "chapp_request_bodies";
const BODY_BYTES: &str = "chapp_request_body_bytes";
const ENDED: &str = "chapp_refused_total{what=\"body\",reason=\"busy\"}";

/// A request whose body is incomplete.
struct PartialRequest(TcpStream);

impl PartialRequest {
    fn of(to: SocketAddr, from: &str, request: &str, headers: &str, length: usize) -> PartialRequest {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        let from: IpAddr = from.parse().unwrap();
        socket.bind(&SocketAddr::new(from, 0).into()).unwrap();
        socket.connect(&to.into()).unwrap();
        let mut stream: TcpStream = socket.into();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let host = format!("chapp.localhost:{}", to.port());
        let head = format!(
            "{request} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n{headers}Content-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        PartialRequest(stream)
    }

    /// A log-in without its last byte.
    fn log_in(to: SocketAddr, from: &str) -> PartialRequest {
        let (json, length) = ("Content-Type: application/json\r\n", BODY_BYTES_UNCOUNTED);
        let mut log_in = PartialRequest::of(to, from, "POST /api/login", json, length);
        log_in.send(&vec![b' '; length - 1]);
        log_in
    }

    /// A picture without its last byte.
    fn picture(to: SocketAddr, person: &Person) -> PartialRequest {
        let headers = format!("Cookie: {}\r\nContent-Type: image/png\r\n", person.cookie);
        let mut picture = PartialRequest::of(to, "127.0.0.1", "PUT /api/me/avatar", &headers, PICTURE_BYTES_MAX);
        picture.send(&vec![7; PICTURE_BYTES_MAX - 1]);
        picture
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    /// The status, the head and the problem of the answer, after which the connection closes.
    #[track_caller]
    fn refusal(mut self) -> (u16, String, Value) {
        let mut answer = String::new();
        self.0
            .read_to_string(&mut answer)
            .expect("an answer, and an orderly end");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head.to_lowercase(), serde_json::from_str(body).unwrap())
    }
}

#[test]
fn a_refusal_can_be_read_by_a_client_that_still_sends() {
    let (_hands, clock) = ClockControl::new();
    let site = Site::limited(clock);
    let ada = sign_up(site.address, "Ada");
    let cookie = format!("Cookie: {}\r\n", ada.cookie);
    let json = format!("{cookie}Content-Type: application/json\r\n");
    let png = format!("{cookie}Content-Type: image/png\r\n");
    let upload = "POST /api/files?name=large.bin";
    let too_large = FILE_BYTES_MAX as usize + 1;
    let over = |length: usize| length + 1;
    for (request, headers, length, expected) in [
        (upload, &*cookie, too_large, (413, "too_large")),
        (upload, "", too_large, (401, "unauthenticated")),
        (upload, "Cookie: none\r\n", 1 << 20, (401, "unauthenticated")),
        (
            "POST /api/rooms/1/messages",
            &json,
            over(REQUEST_BODY_BYTES_MAX),
            (413, "too_large"),
        ),
        ("PUT /api/me/avatar", &png, over(PICTURE_BYTES_MAX), (413, "too_large")),
        (
            "PUT /api/me/avatar",
            &json,
            PICTURE_BYTES_MAX,
            (415, "unsupported_media_type"),
        ),
        ("POST /nothing", &cookie, 20 << 20, (404, "not_found")),
        ("POST /healthz", &cookie, 20 << 20, (405, "method_not_allowed")),
        (
            "POST /api/login",
            "Content-Type: application/json\r\n",
            over(REQUEST_BODY_BYTES_MAX),
            (413, "too_large"),
        ),
        ("POST /login", "", 20 << 20, (413, "too_large")),
    ] {
        let mut sending = PartialRequest::of(site.address, "127.0.0.1", request, headers, length);
        // More than all buffers on the way hold, without the last byte.
        sending.send(&vec![7; length.min(40 << 20) - 1]);
        let (status, head, problem) = sending.refusal();
        assert_eq!((status, problem["code"].as_str().unwrap()), expected, "{request}");
        assert!(head.contains("connection: close"), "{head}");
    }
    // And from a client over its rate.
    while site.get_as(&ada, "/api/me").status != 429 {}
    let mut sending = PartialRequest::of(site.address, "127.0.0.1", upload, &cookie, 20 << 20);
    sending.send(&vec![7; (20 << 20) - 1]);
    let (status, head, _) = sending.refusal();
    assert!(status == 429 && head.contains("retry-after: "), "{head}");
}

#[test]
fn who_sends_on_for_ever_after_a_refusal_is_hung_up_on() {
    let site = Site::new();
    let mut sending = PartialRequest::of(site.address, "127.0.0.1", "POST /nothing", "", usize::MAX >> 1);
    let piece = vec![7; 1 << 20];
    let mut sent = 0;
    while sending.0.write_all(&piece).is_ok() {
        sent += piece.len() as u64;
        let in_between = 32 << 20;
        assert!(sent < LINGER_BYTES_MAX + in_between, "{sent} bytes, and no end");
    }
    assert!(sent > LINGER_BYTES_MAX / 2, "{sent} bytes only");
    Metrics::until(site.address, |now| now.get("chapp_connections{kind=\"http\"}") == 1.0);
}

#[test]
fn who_sends_no_more_after_a_refusal_does_not_keep_a_place() {
    let site = Site::new();
    let mut quiet = PartialRequest::of(site.address, "127.0.0.1", "POST /nothing", "", 1 << 20);
    quiet.send(b"x");
    let mut answer = Vec::new();
    quiet.0.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 404 "));
    let answered = Instant::now();
    Metrics::until(site.address, |now| now.get("chapp_connections{kind=\"http\"}") == 1.0);
    assert!(answered.elapsed() < LINGER_TIMEOUT);
}

#[test]
fn a_short_body_that_is_refused_leaves_the_connection_as_it_is() {
    let site = Site::new();
    let mut stream = TcpStream::connect(site.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let host = format!("chapp.localhost:{}", site.port());
    let refused = format!("POST /nothing HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\n\r\nhello");
    let health = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(refused.as_bytes()).unwrap();
    let mut answer = vec![0; 64 << 10];
    let read = stream.read(&mut answer).unwrap();
    let first = String::from_utf8_lossy(&answer[..read]).to_lowercase();
    assert!(
        first.starts_with("http/1.1 404 ") && !first.contains("connection: close"),
        "{first}"
    );
    stream.write_all(health.as_bytes()).unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("HTTP/1.1 200 "), "{rest}");
}

/// The number of incomplete bodies.
fn until_bodies(address: SocketAddr, count: usize) {
    Metrics::until(address, |now| now.get(BODIES) == count as f64);
}

#[test]
#[cfg(target_os = "linux")]
fn a_thousand_unfinished_bodies_before_any_log_in_take_little_memory_and_keep_nobody_out() {
    const MANY: usize = 1_000;
    /// Memory of a connection after a refusal, in a debug build, in bytes; a body is more than twice as large.
    const BYTES_PER_CONNECTION: u64 = 56 << 10;
    let home = Home::new();
    let exe = home.serve(&[]);
    sign_up(exe.address, "Ada");
    let before = exe.resident_bytes();
    let grown = || exe.resident_bytes().saturating_sub(before);
    let connections = MANY as u64 * BYTES_PER_CONNECTION;
    // The largest body of any other request.
    let json = "Content-Type: application/json\r\n";
    let mut large: Vec<PartialRequest> = Vec::new();
    for _ in 0..MANY {
        let sending = PartialRequest::of(
            exe.address,
            "127.0.0.1",
            "POST /api/signup",
            json,
            REQUEST_BODY_BYTES_MAX,
        );
        large.push(sending);
        large.last_mut().unwrap().send(&vec![b' '; REQUEST_BODY_BYTES_MAX - 1]);
    }
    let fit = GUEST_BODIES_BYTES_MAX / REQUEST_BODY_BYTES_MAX;
    let metrics = Metrics::until(exe.address, |now| now.get(ENDED) >= (MANY - fit) as f64);
    assert_eq!(metrics.get(BODY_BYTES), GUEST_BODIES_BYTES_MAX as f64);
    let bodies = GUEST_BODIES_BYTES_MAX as u64;
    assert!(grown() < connections + bodies, "{} MiB", grown() >> 20);
    // Too short to be counted.
    let mut unfinished: Vec<PartialRequest> = Vec::new();
    for _ in 0..MANY {
        unfinished.push(PartialRequest::log_in(exe.address, "127.0.0.1"));
    }
    Metrics::until(exe.address, |now| {
        now.get(ENDED) >= (2 * MANY - GUEST_BODIES_MAX) as f64 && now.get(BODIES) <= GUEST_BODIES_MAX as f64
    });
    let bodies = bodies + (GUEST_BODIES_MAX * BODY_BYTES_UNCOUNTED) as u64;
    assert!(grown() < 2 * connections + bodies, "{} MiB", grown() >> 20);
    let log_in = Request::new(exe.address, "POST", "/api/login").json(&credentials("Ada", PASSWORD));
    assert_eq!(log_in.send().status, 200);
    // The oldest incomplete body was dropped to make room.
    let (status, head, problem) = unfinished.remove(0).refusal();
    assert_eq!((status, problem["code"].as_str()), (503, Some("unavailable")));
    assert!(head.contains("retry-after: "), "{head}");
    drop((unfinished, large));
    until_bodies(exe.address, 0);
}

#[test]
fn one_address_keeps_nobody_else_out_by_unfinished_bodies() {
    let (clock_control, clock) = ClockControl::new();
    let site = Site::limited(clock);
    let ada = sign_up(site.address, "Ada");
    let mut unfinished: Vec<PartialRequest> = (0..GUEST_BODIES_PER_ADDRESS_MAX)
        .map(|_| PartialRequest::log_in(site.address, "127.0.0.2"))
        .collect();
    until_bodies(site.address, GUEST_BODIES_PER_ADDRESS_MAX);
    let others = PartialRequest::log_in(site.address, "127.0.0.3");
    until_bodies(site.address, GUEST_BODIES_PER_ADDRESS_MAX + 1);
    let log_in = site.post("/api/login").json(&credentials("Ada", PASSWORD));
    assert_eq!(log_in.from("127.0.0.2".parse().unwrap()).send().status, 200);
    let (status, head, problem) = unfinished.remove(0).refusal();
    assert_eq!((status, problem["code"].as_str()), (429, Some("too_many_requests")));
    assert!(head.contains("retry-after: "), "{head}");
    until_bodies(site.address, GUEST_BODIES_PER_ADDRESS_MAX);
    drop((unfinished, others, clock_control, ada));
    until_bodies(site.address, 0);
}

#[test]
fn the_bodies_of_members_have_a_bound_together_and_for_each() {
    let (clock_control, clock) = ClockControl::new();
    let site = Site::limited(clock);
    let each = BODIES_BYTES_PER_PERSON_MAX / PICTURE_BYTES_MAX;
    let people: Vec<Person> = (0..=BODIES_BYTES_MAX / BODIES_BYTES_PER_PERSON_MAX)
        .map(|number| {
            clock_control.advance(std::time::Duration::from_secs(10));
            sign_up(site.address, &format!("person {number}"))
        })
        .collect();
    let (last, others) = people.split_last().unwrap();
    let mut pictures: Vec<PartialRequest> = Vec::new();
    for person in others {
        for _ in 0..each {
            pictures.push(PartialRequest::picture(site.address, person));
        }
        let bytes = (pictures.len() * PICTURE_BYTES_MAX) as f64;
        Metrics::until(site.address, |now| now.get(BODY_BYTES) == bytes);
        let expected = (429, Some("too_many_requests"));
        let (status, _, problem) = PartialRequest::picture(site.address, person).refusal();
        assert_eq!((status, problem["code"].as_str()), expected);
    }
    assert_eq!(pictures.len() * PICTURE_BYTES_MAX, BODIES_BYTES_MAX);
    let (status, head, _) = PartialRequest::picture(site.address, last).refusal();
    assert!(status == 503 && head.contains("retry-after: "), "{head}");
    // Messages still go through.
    for person in &people {
        assert_eq!(site.say(person, "c1", "hello").status, 201);
    }
    drop(pictures);
    Metrics::until(site.address, |now| now.get(BODY_BYTES) == 0.0);
}
