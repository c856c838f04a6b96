//! RFC 6455 framing: each fault gets the close code of the RFC. The numbers are cases of the public Autobahn test
//! suite;
//! cases whose outcome it leaves open are not here.

use crate::harness::PATIENCE;
use crate::harness::http::Request;
use crate::harness::people::Person;
use crate::harness::server::Site;
use crate::harness::socket::{Socket, frame};
use serde_json::json;
use std::io::{Read, Write};
use std::net::Shutdown;
use tokio_tungstenite::tungstenite::Message;

const TEXT: u8 = 0x81;
const TEXT_BEGINS: u8 = 0x01;
const CONTINUES: u8 = 0x00;
const ENDS: u8 = 0x80;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;
const PING_BEGINS: u8 = 0x09;
const PONG_BEGINS: u8 = 0x0a;

const A_PING: &[u8] = br#"{"type":"ping"}"#;

/// Sends this on a new socket, and a post after it that must not count. Returns the close code.
#[track_caller]
fn closes_with(site: &Site, ada: &Person, bytes: &[u8]) -> u16 {
    let mut socket = site.socket(ada);
    socket.send_bytes(bytes);
    let post = json!({"type": "post", "room": 1, "client_id": "behind", "body": "behind"}).to_string();
    socket.send_frame(TEXT, post.as_bytes());
    socket.close_code()
}

#[track_caller]
fn each_closes_with(code: u16, cases: Vec<(String, Vec<u8>)>) {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    for (case, bytes) in cases {
        assert_eq!(closes_with(&site, &ada, &bytes), code, "{case}");
    }
    assert_eq!(site.head(&ada), 0);
}

fn a_close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(CLOSE, &[&code.to_be_bytes(), reason].concat())
}

#[test]
fn each_fault_of_the_framing_closes_with_1002() {
    let mut cases = vec![
        ("2.5: a ping of 126 bytes".to_owned(), frame(PING, &[b'x'; 126])),
        ("a pong of 126 bytes".to_owned(), frame(PONG, &[b'x'; 126])),
        ("5.1: a ping in fragments".to_owned(), frame(PING_BEGINS, b"ping")),
        ("5.2: a pong in fragments".to_owned(), frame(PONG_BEGINS, b"pong")),
        ("a close in fragments".to_owned(), frame(0x08, &1000u16.to_be_bytes())),
        ("5.9: the end of nothing".to_owned(), frame(ENDS, A_PING)),
        ("5.12: more of nothing".to_owned(), frame(CONTINUES, A_PING)),
        (
            "5.15: more of what has ended".to_owned(),
            [
                frame(TEXT_BEGINS, &A_PING[..4]),
                frame(ENDS, &A_PING[4..]),
                frame(CONTINUES, b"more"),
            ]
            .concat(),
        ),
        (
            "5.18: a beginning within a message".to_owned(),
            [frame(TEXT_BEGINS, b"{"), frame(TEXT, A_PING)].concat(),
        ),
        (
            "a frame that is not masked".to_owned(),
            [&[TEXT, A_PING.len() as u8], A_PING].concat(),
        ),
        ("a close that is not masked".to_owned(), vec![CLOSE, 2, 0x03, 0xe8]),
        ("7.3.2: a close of 1 byte".to_owned(), frame(CLOSE, b"a")),
        ("7.3.6: a close of 126 bytes".to_owned(), a_close(1000, &[b'*'; 124])),
    ];
    for bits in 1..=7 {
        for first in [TEXT, PING, CLOSE] {
            let bytes = frame(first | bits << 4, b"");
            cases.push((format!("3.{bits}: reserved bits {bits} of {first:x}"), bytes));
        }
    }
    for opcode in (3..=7).chain(11..=15) {
        cases.push((format!("4: opcode {opcode}"), frame(0x80 | opcode, b"")));
        cases.push((format!("4: opcode {opcode} with bytes"), frame(0x80 | opcode, A_PING)));
        cases.push((format!("4: opcode {opcode} in fragments"), frame(opcode, A_PING)));
    }
    each_closes_with(1002, cases);
}

#[test]
fn a_close_code_that_no_endpoint_may_send_is_answered_with_1002() {
    // 7.9.1 to 7.9.9, 7.13.1, and others of the kind.
    let codes = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535];
    let cases = codes.into_iter().flat_map(|code| {
        let alone = (format!("{code}"), a_close(code, b""));
        [alone, (format!("{code} with a reason"), a_close(code, b"why"))]
    });
    each_closes_with(1002, cases.collect());
}

#[test]
fn a_close_code_that_a_client_may_send_is_answered_with_1000() {
    // 7.3.3 to 7.3.5, 7.7.1 to 7.7.13.
    let codes = [
        1000, 1001, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999,
    ];
    let mut cases: Vec<(String, Vec<u8>)> = codes.map(|code| (format!("{code}"), a_close(code, b""))).into();
    cases.push(("7.3.1: without a code".to_owned(), frame(CLOSE, b"")));
    cases.push(("7.3.4: with a reason".to_owned(), a_close(1000, b"Hello World!")));
    cases.push(("7.3.5: the longest reason".to_owned(), a_close(1000, &[b'*'; 123])));
    let within = [frame(TEXT_BEGINS, b"{"), a_close(1000, b""), frame(ENDS, b"}")];
    cases.push(("7.1.5: within a message".to_owned(), within.concat()));
    each_closes_with(1000, cases);
}

#[test]
fn a_client_that_reports_a_fault_of_ours_hears_its_own_code() {
    each_closes_with(1002, vec![("7.7.3".to_owned(), a_close(1002, b""))]);
}

#[test]
fn text_or_a_reason_that_is_not_utf_8_closes_with_1007() {
    // 6.3.1: a word of Greek, then half of a surrogate pair.
    let greek = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
    let broken = [greek.as_slice(), b"\xed\xa0\x80edited"].concat();
    let in_fragments = [frame(TEXT_BEGINS, greek), frame(ENDS, b"\xed\xa0\x80edited")];
    each_closes_with(
        1007,
        vec![
            ("6.3.1: text".to_owned(), frame(TEXT, &broken)),
            ("6.3.2: text in fragments".to_owned(), in_fragments.concat()),
            ("6.12: a byte that is in no text".to_owned(), frame(TEXT, b"\xfe")),
            ("7.5.1: a reason".to_owned(), a_close(1000, &broken)),
            ("a reason cut within a character".to_owned(), a_close(1000, &greek[..1])),
        ],
    );
}

#[test]
fn a_length_that_nobody_can_send_closes_with_1009() {
    let length = |eight: u64| [&[TEXT, 0x80 | 127], eight.to_be_bytes().as_slice(), &[0; 4]].concat();
    each_closes_with(
        1009,
        vec![
            ("more than there is".to_owned(), length(1 << 62)),
            ("with the highest bit".to_owned(), length(u64::MAX)),
        ],
    );
}

#[test]
fn what_was_sent_behind_a_fault_does_not_take_the_close_frame_back() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let mut stream = Socket::open(site.address, &ada).into_stream();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&frame(0xf1, b"{}")).unwrap();
    let behind = vec![b'x'; 1 << 20];
    for _ in 0..4 {
        stream.write_all(&behind).unwrap();
    }
    stream.shutdown(Shutdown::Write).unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    assert!(
        received.windows(2).any(|two| two == 1002u16.to_be_bytes()),
        "{received:?}"
    );
}

#[test]
fn who_was_closed_for_a_fault_need_not_end_the_connection_to_see_its_end() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let mut stream = Socket::open(site.address, &ada).into_stream();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&frame(0x83, b"")).unwrap();
    // Its own end stays open.
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    assert!(
        received.windows(2).any(|two| two == 1002u16.to_be_bytes()),
        "{received:?}"
    );
    drop(stream);
    assert_eq!(site.socket(&ada).say("c1", "the first"), 1);
}

#[test]
fn a_handshake_of_another_version_is_told_which_one_is_spoken() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let upgrade = || Request::upgrade(site.address).cookie(&ada.cookie);
    for request in [
        upgrade().with("Sec-WebSocket-Version", "8"),
        upgrade().with("Sec-WebSocket-Version", "14"),
        upgrade().without("Sec-WebSocket-Version"),
        upgrade().without("Sec-WebSocket-Key"),
        upgrade().without("Upgrade"),
    ] {
        let response = request.send();
        response.refused(400, "bad_request");
        assert_eq!(response.get("sec-websocket-version"), Some("13"));
    }
    assert_eq!(upgrade().send().status, 101);
}

#[test]
fn the_longest_control_frames_are_answered() {
    // 2.4 and 2.6: 125 bytes, also byte by byte.
    let site = Site::new();
    let mut socket = site.socket(&site.sign_up("Ada"));
    socket.send_frame(PING, &[0xfe; 125]);
    assert_eq!(a_pong(&mut socket), [0xfe; 125]);
    for byte in frame(PING, &[0xfe; 125]) {
        socket.send_bytes(&[byte]);
    }
    assert_eq!(a_pong(&mut socket), [0xfe; 125]);
}

fn a_pong(socket: &mut Socket) -> Vec<u8> {
    loop {
        match socket.read().unwrap() {
            Message::Pong(payload) => return payload.to_vec(),
            Message::Text(_) => {}
            other => panic!("{other:?}"),
        }
    }
}
