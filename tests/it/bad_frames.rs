//! Invalid frames from a client: each gets an answer and changes nothing.

use crate::harness::http::assert_is_a_sentence;
use crate::harness::people::Person;
use crate::harness::server::Site;
use crate::harness::socket::{Socket, frame, of_type};
use chapp::clock::Clock;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

struct Fixture {
    site: Site,
    ada: Person,
}

impl Fixture {
    fn new() -> Fixture {
        let site = Site::new();
        let ada = site.sign_up("Ada");
        Fixture { site, ada }
    }

    fn socket(&self) -> Socket {
        self.site.socket(&self.ada)
    }

    /// Sends this on a new socket, which must be closed with `code`. A post after it must not count.
    #[track_caller]
    fn closes_with(&self, code: u16, bytes: &[u8]) {
        let mut socket = self.socket();
        socket.send_bytes(bytes);
        let post = json!({"type": "post", "room": 1, "client_id": "behind", "body": "behind"}).to_string();
        socket.send_frame(TEXT, post.as_bytes());
        assert_eq!(socket.close_code(), code);
    }

    #[track_caller]
    fn nothing_has_changed(&self) {
        assert_eq!(self.site.head(&self.ada), 0);
        assert_eq!(self.socket().say("c1", "the first"), 1);
    }
}

/// Sends this; the answer must be an error with this code, and the socket must stay open.
#[track_caller]
fn refused(socket: &mut Socket, text: &str, code: &str) -> Value {
    socket.send_text(text);
    // The writer answers a post, possibly after a pong.
    let error = socket.expect("error");
    assert_eq!(error["code"], code, "{text}");
    assert_is_a_sentence(error["title"].as_str().unwrap());
    let more = socket.until_pong();
    assert!(of_type(&more, "error").is_empty(), "{text}: {more:?}");
    error
}

#[test]
fn a_frame_of_1_mib_closes_with_1009() {
    let scene = Fixture::new();
    let body = "x".repeat(1 << 20);
    let post = json!({"type": "post", "room": 1, "client_id": "c", "body": body}).to_string();
    scene.closes_with(1009, &frame(TEXT, post.as_bytes()));
    // The length alone closes the socket.
    scene.closes_with(1009, &[TEXT, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, 1, 2, 3, 4]);
    scene.closes_with(
        1009,
        &[TEXT, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4],
    );
    scene.nothing_has_changed();
}

#[test]
fn fragments_that_add_up_to_too_much_close_with_1009() {
    let scene = Fixture::new();
    let mut bytes = frame(0x01, &[b' '; 60_000]);
    for _ in 0..3 {
        bytes.extend(frame(0x00, &[b' '; 60_000]));
    }
    scene.closes_with(1009, &bytes);
    scene.nothing_has_changed();
}

#[test]
fn the_longest_body_fits_however_it_is_escaped() {
    let scene = Fixture::new();
    let mut socket = scene.socket();
    let escaped = r"\ud83c\udf0a".repeat(8_000);
    socket.send_text(&format!(
        r#"{{"type":"post","room":1,"client_id":"c1","body":"{escaped}"}}"#
    ));
    assert_eq!(socket.expect("posted")["seq"], 1);
    assert_eq!(scene.site.history(&scene.ada)[0]["body"], "🌊".repeat(8_000));
}

#[test]
fn a_binary_frame_closes_with_4400() {
    let scene = Fixture::new();
    scene.closes_with(4400, &frame(BINARY, br#"{"type":"ping"}"#));
    scene.closes_with(4400, &frame(BINARY, b""));
    scene.nothing_has_changed();
}

#[test]
fn text_that_is_no_json_object_with_a_type_closes_with_4400() {
    let scene = Fixture::new();
    let deep = "[".repeat(10_000);
    for text in [
        "",
        " ",
        "hello",
        "{",
        r#"{"type":"ping""#,
        r#"{"type":"ping"}}"#,
        r#"{"type":"ping"} {"type":"ping"}"#,
        "[]",
        r#"[{"type":"ping"}]"#,
        "null",
        "7",
        r#""ping""#,
        "{}",
        r#"{"type":null}"#,
        r#"{"type":1}"#,
        r#"{"type":["ping"]}"#,
        r#"{"room":1}"#,
        r#"{"Type":"ping"}"#,
        r#"{'type':'ping'}"#,
        r#"{"type":"ping","ref":"\ud800"}"#,
        &deep,
    ] {
        scene.closes_with(4400, &frame(TEXT, text.as_bytes()));
    }
    scene.nothing_has_changed();
}

#[test]
fn text_that_is_not_utf_8_closes_with_1007() {
    let scene = Fixture::new();
    let mut broken = br#"{"type":"post","room":1,"client_id":"c1","body":""#.to_vec();
    broken.extend_from_slice(&[0xff, 0xfe]);
    broken.extend_from_slice(br#""}"#);
    scene.closes_with(1007, &frame(TEXT, &broken));
    // An overlong form, a lone surrogate, a character cut in two.
    scene.closes_with(1007, &frame(TEXT, &[0xc0, 0x80]));
    scene.closes_with(1007, &frame(TEXT, &[0xed, 0xa0, 0x80]));
    scene.closes_with(1007, &frame(TEXT, &[b'"', 0xf0, 0x9f]));
    scene.nothing_has_changed();
}

#[test]
fn a_type_that_nobody_knows_is_an_error_and_the_socket_lives() {
    let scene = Fixture::new();
    let mut socket = scene.socket();
    for kind in [
        "of_next_year",
        "",
        "POST",
        "ready",
        "message",
        "posted",
        "Edit",
        "__proto__",
    ] {
        let text = json!({"type": kind, "ref": "r1", "room": 1}).to_string();
        let error = refused(&mut socket, &text, "bad_request");
        assert_eq!(error["ref"], "r1", "{kind}");
        assert_eq!(error["field"], "type");
    }
    assert_eq!(socket.say("c1", "the first"), 1);
}

#[test]
fn a_field_that_is_missing_or_of_another_type_is_an_error_and_the_socket_lives() {
    let scene = Fixture::new();
    let mut socket = scene.socket();
    for text in [
        r#"{"type":"post"}"#,
        r#"{"type":"post","room":1,"body":"x"}"#,
        r#"{"type":"post","room":1,"client_id":"c1"}"#,
        r#"{"type":"post","client_id":"c1","body":"x"}"#,
        r#"{"type":"post","room":"1","client_id":"c1","body":"x"}"#,
        r#"{"type":"post","room":-1,"client_id":"c1","body":"x"}"#,
        r#"{"type":"post","room":1.5,"client_id":"c1","body":"x"}"#,
        r#"{"type":"post","room":1e99,"client_id":"c1","body":"x"}"#,
        r#"{"type":"post","room":18446744073709551616,"client_id":"c1","body":"x"}"#,
        r#"{"type":"post","room":null,"client_id":"c1","body":"x"}"#,
        r#"{"type":"post","room":1,"client_id":7,"body":"x"}"#,
        r#"{"type":"post","room":1,"client_id":"c1","body":{"text":"x"}}"#,
        r#"{"type":"post","room":1,"client_id":"c1","body":["x"]}"#,
        r#"{"type":"ping","ref":7}"#,
        r#"{"type":"typing"}"#,
        r#"{"type":"read","room":1}"#,
        r#"{"type":"read","room":1,"seq":"1"}"#,
        r#"{"type":"sync","room":1}"#,
        r#"{"type":"sync","room":1,"since":-1}"#,
    ] {
        refused(&mut socket, text, "bad_request");
    }
    let twice = r#"{"type":"post","room":1,"client_id":"c1","body":"x","body":"y"}"#;
    refused(&mut socket, twice, "bad_request");
    assert_eq!(socket.say("c1", "the first"), 1);
}

#[test]
fn the_error_about_a_post_says_which_post() {
    let scene = Fixture::new();
    let mut socket = scene.socket();
    let text = r#"{"type":"post","ref":"r9","room":"1","client_id":"c9","body":"x"}"#;
    let error = refused(&mut socket, text, "bad_request");
    assert_eq!((&error["ref"], &error["client_id"]), (&json!("r9"), &json!("c9")));
    let text = r#"{"type":"post","ref":"r9","room":1,"client_id":"c9","body":" "}"#;
    let error = refused(&mut socket, text, "invalid");
    assert_eq!((&error["ref"], &error["client_id"]), (&json!("r9"), &json!("c9")));
    let text = r#"{"type":"post","ref":"r9","room":2,"client_id":"c9","body":"x"}"#;
    let error = refused(&mut socket, text, "not_found");
    assert_eq!((&error["ref"], &error["client_id"]), (&json!("r9"), &json!("c9")));
}

#[test]
fn a_body_out_of_bounds_is_invalid_and_takes_no_seq() {
    let scene = Fixture::new();
    let mut socket = scene.socket();
    let long = "x".repeat(8_001);
    let wide = "🌊".repeat(8_001);
    let bodies = [
        "",
        " ",
        "    ",
        "\n\n",
        "\t",
        " \r\n \u{3000}\u{a0}\u{2003} ",
        &long,
        &wide,
        "a\0b",
        "\u{1b}[31mred",
        "a\u{7f}",
        "a\u{85}b",
    ];
    for body in bodies {
        let text = json!({"type": "post", "room": 1, "client_id": "c1", "body": body}).to_string();
        let error = refused(&mut socket, &text, "invalid");
        assert_eq!(error["field"], "body", "{body:?}");
        let response = scene.site.say(&scene.ada, "c1", body);
        assert_eq!(response.refused(422, "invalid")["field"], "body");
    }
    assert_eq!(socket.say("c1", "the first"), 1);
    assert_eq!(socket.say("c2", &"🌊".repeat(8_000)), 2);
}

#[test]
fn a_client_id_or_ref_out_of_bounds_is_invalid() {
    let scene = Fixture::new();
    let mut socket = scene.socket();
    let long = "é".repeat(65);
    for client_id in ["", &long, "a\nb", "\0"] {
        let text = json!({"type": "post", "room": 1, "client_id": client_id, "body": "x"}).to_string();
        assert_eq!(refused(&mut socket, &text, "invalid")["field"], "client_id");
        let response = scene.site.say(&scene.ada, client_id, "x");
        assert_eq!(response.refused(422, "invalid")["field"], "client_id");
    }
    let text = json!({"type": "ping", "ref": long}).to_string();
    let error = refused(&mut socket, &text, "invalid");
    assert_eq!((&error["field"], &error["ref"]), (&json!("ref"), &Value::Null));
    assert_eq!(socket.say(&"é".repeat(64), "x"), 1);
    socket.send(&json!({"type": "ping", "ref": "é".repeat(64)}));
    assert_eq!(socket.expect("pong")["ref"], "é".repeat(64));
}

#[test]
fn numbers_out_of_bounds_are_refused() {
    let scene = Fixture::new();
    let mut socket = scene.socket();
    let past = 1u64 << 53;
    for (frame, code) in [
        (json!({"type": "typing", "room": 0}), "invalid"),
        (json!({"type": "typing", "room": past}), "invalid"),
        (json!({"type": "typing", "room": past - 1}), "not_found"),
        (json!({"type": "typing", "room": 2}), "not_found"),
        (
            json!({"type": "post", "room": 4_294_967_297_u64, "client_id": "c1", "body": "x"}),
            "not_found",
        ),
        (
            json!({"type": "sync", "room": 4_294_967_297_u64, "since": 0}),
            "not_found",
        ),
        (json!({"type": "sync", "room": 1, "since": past}), "invalid"),
        (json!({"type": "read", "room": 1, "seq": past}), "invalid"),
        (json!({"type": "read", "room": 1, "seq": 1}), "invalid"),
        (json!({"type": "read", "room": 1, "seq": 4_294_967_296_u64}), "invalid"),
        (json!({"type": "read", "room": 9, "seq": 0}), "not_found"),
    ] {
        refused(&mut socket, &frame.to_string(), code);
    }
    assert_eq!(
        scene.site.get_as(&scene.ada, "/api/rooms").json()["rooms"][0]["read"],
        0
    );
    assert_eq!(socket.say("c1", "the first"), 1);
}

#[test]
fn fields_that_nobody_knows_are_ignored() {
    let scene = Fixture::new();
    let mut socket = scene.socket();
    socket.send(
        &json!({"type": "post", "room": 1, "client_id": "c1", "body": "hello", "author": 77, "seq": 99,
        "id": 5, "sent_at": 1, "next_year": {"a": [1]}}),
    );
    assert_eq!(socket.expect("posted")["seq"], 1);
    let message = &scene.site.history(&scene.ada)[0];
    assert_eq!((&message["author"], &message["id"]), (&scene.ada.id.into(), &json!(1)));
}

#[test]
fn a_message_in_fragments_is_one_message() {
    let scene = Fixture::new();
    let mut socket = scene.socket();
    let post = json!({"type": "post", "room": 1, "client_id": "c1", "body": "in 🌊 pieces"}).to_string();
    let bytes = post.as_bytes();
    // Also through the middle of a character, with a ping between.
    let wave = post.find('🌊').unwrap() + 2;
    socket.send_frame(0x01, &bytes[..10]);
    socket.send_frame(0x00, &bytes[10..wave]);
    socket.send_frame(PING, b"between");
    socket.send_frame(0x80, &bytes[wave..]);
    assert_eq!(socket.expect("posted")["seq"], 1);
    assert_eq!(scene.site.history(&scene.ada)[0]["body"], "in 🌊 pieces");
}

#[test]
fn frames_that_arrive_byte_by_byte_or_all_at_once_are_the_same_frames() {
    let scene = Fixture::new();
    let mut socket = scene.socket();
    let ping = frame(TEXT, br#"{"type":"ping","ref":"slow"}"#);
    for byte in &ping {
        socket.send_bytes(&[*byte]);
    }
    assert_eq!(socket.expect("pong")["ref"], "slow");
    let posts: Vec<u8> = (1..=50)
        .flat_map(|n| {
            let post = json!({"type": "post", "room": 1, "client_id": format!("c{n}"), "body": format!("{n}")});
            frame(TEXT, post.to_string().as_bytes())
        })
        .collect();
    socket.send_bytes(&posts);
    for n in 1..=50 {
        let posted = socket.expect("posted");
        assert_eq!(
            (&posted["client_id"], &posted["seq"]),
            (&json!(format!("c{n}")), &json!(n))
        );
    }
}

#[test]
fn a_ping_of_the_protocol_below_is_answered_with_its_payload() {
    let scene = Fixture::new();
    let mut socket = scene.socket();
    socket.send_frame(PONG, b"unasked");
    socket.send_frame(PING, b"are you there");
    loop {
        match socket.read().unwrap() {
            Message::Pong(payload) => break assert_eq!(&payload[..], b"are you there"),
            Message::Text(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(socket.say("c1", "the first"), 1);
}

#[test]
fn a_goodbye_is_answered() {
    let scene = Fixture::new();
    let mut socket = scene.socket();
    socket.send_frame(0x88, &1000u16.to_be_bytes());
    assert_eq!(socket.close_code(), 1000);
    // Without a code, and by closing the connection.
    let mut socket = scene.socket();
    socket.send_frame(0x88, b"");
    while socket.read().is_ok() {}
    drop(scene.socket());
    scene.nothing_has_changed();
}

#[test]
fn a_hundred_frames_at_once_close_with_4429_and_others_go_on() {
    let site = Site::limited(Clock::System);
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let mut others = site.socket(&ben);
    let ping = json!({"type": "ping"}).to_string();
    let typing = json!({"type": "typing", "room": 1}).to_string();
    for flood in [
        frame(TEXT, ping.as_bytes()),
        frame(TEXT, typing.as_bytes()),
        frame(PING, b""),
    ] {
        let mut socket = site.socket(&ada);
        socket.send_bytes(&flood.repeat(1_000));
        assert_eq!(socket.close_code(), 4429);
    }
    assert_eq!(others.say("c1", "the first"), 1);
    // The next connection is accepted.
    assert_eq!(site.socket(&ada).say("c2", "the second"), 2);
}

#[test]
fn who_floods_on_after_4429_is_read_no_faster_than_before() {
    // What the kernels hold of it, and 30 frames a second until the end.
    const TAKEN_MAX: usize = 12 << 20;
    let site = Site::limited(Clock::System);
    let mut socket = site.socket(&site.sign_up("Ada"));
    let filling = " ".repeat(4_000);
    let flood = frame(TEXT, format!(r#"{{"type":"ping"{filling}}}"#).as_bytes()).repeat(100);
    let mut taken = 0;
    while socket.try_send_bytes(&flood).is_ok() {
        taken += flood.len();
        assert!(taken < TAKEN_MAX, "the server still reads");
    }
}

#[test]
fn sixty_frames_at_once_are_no_flood() {
    let site = Site::limited(Clock::System);
    let ada = site.sign_up("Ada");
    let mut socket = site.socket(&ada);
    let ping = json!({"type": "ping"}).to_string();
    socket.send_bytes(&frame(TEXT, ping.as_bytes()).repeat(60));
    for _ in 0..60 {
        socket.expect("pong");
    }
}

#[test]
fn without_rate_limits_a_flood_is_answered() {
    let scene = Fixture::new();
    let mut socket = scene.socket();
    let ping = json!({"type": "ping"}).to_string();
    socket.send_bytes(&frame(TEXT, ping.as_bytes()).repeat(1_000));
    for _ in 0..1_000 {
        socket.expect("pong");
    }
}
