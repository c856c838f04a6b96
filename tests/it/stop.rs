//! A clean stop: no new work, accepted requests are answered, every socket is closed, the exit code is 0.

use crate::harness::exe::{Exe, Home};
use crate::harness::http::Request;
use crate::harness::people::{Person, history, sign_up};
use crate::harness::socket::Socket;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::Message;

/// The promised five seconds, doubled for a busy machine.
const IN_TIME: Duration = Duration::from_secs(10);

const PEOPLE: [&str; 4] = ["Ada", "Ben", "Carol", "Dan"];

/// What a client saw that posted until the server stopped.
struct Seen {
    answers: BTreeMap<String, u64>,
    /// The close code of the socket.
    code: Option<u16>,
}

/// Posts with several posts always in flight. Signals once the first hundred are answered.
fn post_until_the_end(address: SocketAddr, person: &Person, busy: &Sender<()>) -> Seen {
    let mut socket = Socket::open(address, person);
    let mut seen = Seen {
        answers: BTreeMap::new(),
        code: None,
    };
    let mut sent = 0;
    let mut is_open = true;
    loop {
        while is_open && sent < seen.answers.len() + 10 {
            let client_id = format!("c{sent}");
            let post = serde_json::json!({"type": "post", "room": 1, "client_id": client_id, "body": client_id});
            is_open = socket.try_send_text(&post.to_string()).is_ok();
            sent += 1;
        }
        match socket.read() {
            Ok(Message::Text(text)) => {
                let frame: Value = serde_json::from_str(&text).unwrap();
                if frame["type"] == "posted" {
                    let client_id = frame["client_id"].as_str().unwrap().to_owned();
                    seen.answers.insert(client_id, frame["seq"].as_u64().unwrap());
                    if seen.answers.len() == 100 {
                        busy.send(()).unwrap();
                    }
                }
            }
            Ok(Message::Close(close)) => {
                seen.code = close.map(|close| close.code.into());
                is_open = false;
            }
            Ok(_) => {}
            Err(_) => return seen,
        }
    }
}

/// Stops the server by `signal` while everybody posts, starts it again and compares.
fn stops_in_order(signal: &str) {
    let home = Home::new();
    let mut exe = home.serve_at_terminal(&["--rate-limits", "off"]);
    let people = PEOPLE.map(|name| sign_up(exe.address, name));
    let address = exe.address;
    let (busy, is_busy) = mpsc::channel();
    let (seen, took) = thread::scope(|scope| {
        let threads: Vec<_> = people
            .iter()
            .map(|person| {
                let busy = busy.clone();
                scope.spawn(move || post_until_the_end(address, person, &busy))
            })
            .collect();
        for _ in PEOPLE {
            is_busy.recv_timeout(crate::harness::PATIENCE).unwrap();
        }
        exe.signal(signal);
        let stopping = Instant::now();
        let ended = exe.wait();
        assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
        let took = stopping.elapsed();
        let seen: Vec<Seen> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        (seen, took)
    });
    assert!(took < IN_TIME, "{took:?}");

    let exe = home.serve(&[]);
    let kept = history(exe.address, &people[0]);
    assert!(
        kept.iter()
            .map(|message| message["id"].as_u64().unwrap())
            .eq(1..=kept.len() as u64)
    );
    for (person, seen) in people.iter().zip(seen) {
        assert_eq!(seen.code, Some(1001), "{}", person.name);
        let kept: BTreeMap<String, u64> = kept
            .iter()
            .filter(|message| message["author"] == person.id)
            .map(|message| {
                (
                    message["body"].as_str().unwrap().to_owned(),
                    message["id"].as_u64().unwrap(),
                )
            })
            .collect();
        assert_eq!(kept, seen.answers, "what {} posted is answered or absent", person.name);
    }
}

#[test]
fn sigterm_under_load_answers_what_it_took_and_closes_with_1001() {
    stops_in_order("TERM");
}

#[test]
fn ctrl_c_under_load_answers_what_it_took_and_closes_with_1001() {
    stops_in_order("INT");
}

#[test]
fn a_terminal_that_is_closed_answers_what_was_taken_and_closes_with_1001() {
    stops_in_order("HUP");
}

#[test]
fn nobody_who_says_nothing_can_hold_up_a_stop() {
    let home = Home::new();
    let mut exe = home.serve(&[]);
    let ada = sign_up(exe.address, "Ada");
    let connect = || {
        let stream = TcpStream::connect(exe.address).unwrap();
        stream.set_read_timeout(Some(crate::harness::PATIENCE)).unwrap();
        stream
    };
    // Nothing sent, half a head, half a body, a connection kept for later, a socket that reads nothing.
    let silent = connect();
    let mut half_a_head = connect();
    half_a_head.write_all(b"GET /healthz HTTP/1.1\r\nHost: loc").unwrap();
    let mut half_a_body = connect();
    let host = format!("localhost:{}", exe.address.port());
    let head = format!(
        "POST /api/login HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{{"
    );
    half_a_body.write_all(head.as_bytes()).unwrap();
    let mut kept = connect();
    kept.write_all(format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())
        .unwrap();
    kept.read_exact(&mut [0; 12]).unwrap();
    let unread = Socket::connect(exe.address, &ada);
    assert_eq!(Request::new(exe.address, "GET", "/healthz").send().status, 200);

    exe.signal("TERM");
    let stopping = Instant::now();
    let ended = exe.wait();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(stopping.elapsed() < IN_TIME, "{:?}", stopping.elapsed());
    drop((silent, half_a_head, half_a_body, kept, unread));
    assert!(TcpStream::connect(exe.address).is_err(), "it listens no more");
}

#[test]
fn a_stop_with_nobody_there_leaves_a_file_that_opens() {
    let home = Home::new();
    for _ in 0..3 {
        let mut exe: Exe = home.serve(&[]);
        exe.signal("TERM");
        let ended = exe.wait();
        assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
    }
}
