//! Nobody waits for a client that does not read, and it loses no messages, with and without io_uring.

use crate::harness::PATIENCE;
use crate::harness::exe::Home;
use crate::harness::http::Request;
use crate::harness::metrics::Metrics;
use crate::harness::people::{Person, sign_up};
use crate::harness::server::{Setup, Site};
use crate::harness::socket::{Socket, frame};
use chapp::limits::{PINGS_AT_ONCE_MAX, SENDS_AT_ONCE_MAX, SOCKET_DEAD_AFTER, Timers};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// 32,000 bytes.
fn long_body() -> String {
    "🌊".repeat(8_000)
}

/// Sockets of one person.
const SOCKETS: usize = 40;
/// Sockets beyond [`SENDS_AT_ONCE_MAX`], so that a second system call is needed.
const SOCKETS_SPARE: usize = 20;

/// A server that writes with io_uring where possible, and one that writes to each socket.
fn each_way(check: impl Fn(Site, bool)) {
    for io_uring in [true, false] {
        let setup = Setup {
            io_uring,
            ..Setup::default()
        };
        check(Site::with(setup), io_uring);
    }
}

/// Whether this system allows io_uring.
fn has_io_uring() -> bool {
    #[cfg(has_io_uring)]
    {
        let has = io_uring::IoUring::new(1).is_ok();
        if !has {
            eprintln!("no io_uring here: not checked whether it is used");
        }
        has
    }
    #[cfg(not(has_io_uring))]
    false
}

/// A connection with a small receive window, after its handshake, with nothing read.
fn unread(address: SocketAddr, person: &Person) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(32 << 10).unwrap();
    socket.connect(&address.into()).unwrap();
    let mut stream: TcpStream = socket.into();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    let host = format!("chapp.localhost:{}", address.port());
    let head = format!(
        "GET /ws HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        person.cookie
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut byte = [0];
    let mut end = [0; 4];
    while end != *b"\r\n\r\n" {
        stream.read_exact(&mut byte).unwrap();
        end.rotate_left(1);
        end[3] = byte[0];
    }
    stream
}

/// The first byte and the payload of the next frame.
fn next_frame(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut head = [0; 2];
    stream.read_exact(&mut head).expect("a frame before the end");
    let length = match head[1] {
        126 => {
            let mut length = [0; 2];
            stream.read_exact(&mut length).unwrap();
            usize::from(u16::from_be_bytes(length))
        }
        127 => {
            let mut length = [0; 8];
            stream.read_exact(&mut length).unwrap();
            u64::from_be_bytes(length) as usize
        }
        length => usize::from(length),
    };
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).unwrap();
    (head[0], payload)
}

/// All remaining frames, and the code of the close frame.
fn read_on(stream: &mut TcpStream) -> (Vec<Value>, u16) {
    let mut frames = Vec::new();
    loop {
        match next_frame(stream) {
            (0x81, payload) => frames.push(serde_json::from_slice(&payload).unwrap()),
            (0x88, payload) => return (frames, u16::from_be_bytes([payload[0], payload[1]])),
            (0x89, _) => {}
            (other, _) => panic!("a frame of {other:#x}"),
        }
    }
}

#[test]
fn of_many_who_are_quiet_each_is_asked_whether_it_is_there_before_it_is_given_up() {
    let site = Site::with(Setup {
        timers: Timers {
            ping_after: Duration::from_secs(2),
            sweep_every: Duration::from_millis(500),
            ..Timers::default()
        },
        ..Setup::default()
    });
    let people = [site.sign_up("Ada"), site.sign_up("Ben"), site.sign_up("Carol")];
    let of_each = people
        .iter()
        .flat_map(|person| std::iter::repeat_n(person, PINGS_AT_ONCE_MAX));
    // They do not answer pings either, yet they get a close frame.
    let mut quiet: Vec<TcpStream> = of_each.map(|person| unread(site.address, person)).collect();
    for stream in &mut quiet {
        stream.set_read_timeout(Some(SOCKET_DEAD_AFTER + PATIENCE)).unwrap();
        while next_frame(stream).0 != 0x89 {}
    }
}

#[test]
fn who_does_not_read_is_closed_with_4408_while_the_others_go_on_and_loses_nothing() {
    each_way(|site, _| does_not_read(&site));
}

fn does_not_read(site: &Site) {
    let (ada, ben, carol) = (site.sign_up("Ada"), site.sign_up("Ben"), site.sign_up("Carol"));
    let mut slow = unread(site.address, &carol);
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    let (body, count) = (long_body(), 80);
    for n in 1..=count {
        assert_eq!(adas.say(&format!("c{n}"), &body), n);
        assert_eq!(bens.expect("message")["seq"], n);
    }
    let (frames, code) = read_on(&mut slow);
    assert_eq!(code, 4408);
    assert_eq!(frames[0]["type"], "ready");
    let seqs: Vec<u64> = frames
        .iter()
        .filter_map(|frame| frame["message"]["id"].as_u64())
        .collect();
    let last = seqs.last().copied().unwrap_or(0);
    assert!(
        seqs.iter().copied().eq(1..=last),
        "what did come came whole and in order"
    );
    assert!(last < count, "something was left out");

    // After the reconnect the rest comes by a sync.
    let mut back = site.socket(&carol);
    let mut through = last;
    while through < count {
        back.send(&json!({"type": "sync", "room": 1, "since": through}));
        let frames = back.until(|frame| frame["type"] == "synced");
        for frame in frames.iter().filter(|frame| frame["type"] == "message") {
            assert_eq!(frame["seq"], through + 1);
            assert_eq!(frame["message"]["body"], body);
            through += 1;
        }
    }
    assert_eq!(adas.say("next", "and on it goes"), count + 1);
    back.expect_message("and on it goes");
}

#[test]
fn who_is_slow_but_reads_is_not_closed() {
    each_way(|site, _| is_slow_but_reads(&site));
}

fn is_slow_but_reads(site: &Site) {
    let (ada, carol) = (site.sign_up("Ada"), site.sign_up("Carol"));
    let mut slow = unread(site.address, &carol);
    let mut adas = site.socket(&ada);
    // Fits into the buffers of the kernel and the server.
    for n in 1..=25 {
        adas.say(&format!("c{n}"), &long_body());
    }
    // The answer comes before the delivery. Once Ada receives the message, it was sent to all.
    adas.until(|frame| frame["message"]["id"] == 25);
    slow.write_all(&frame(0x88, &1000u16.to_be_bytes())).unwrap();
    let (frames, code) = read_on(&mut slow);
    assert_eq!(code, 1000);
    assert_eq!(frames.iter().filter(|frame| frame["type"] == "message").count(), 25);
}

#[test]
fn many_hear_everything_while_one_hangs_up_and_one_does_not_read() {
    each_way(|site, io_uring| {
        let (ada, ben, carol) = (site.sign_up("Ada"), site.sign_up("Ben"), site.sign_up("Carol"));
        let open = |person| -> Vec<Socket> { (0..SOCKETS).map(|_| site.socket(person)).collect() };
        let (mut bens, mut gone) = (open(&ben), site.socket(&ben));
        let slow = unread(site.address, &carol);
        let mut carols = open(&carol);
        let mut adas = site.socket(&ada);
        for n in 1..=20 {
            match n {
                5 => drop(std::mem::replace(&mut gone, site.socket(&ben))),
                10 => gone.send_frame(0x88, &1000u16.to_be_bytes()),
                _ => {}
            }
            assert_eq!(adas.say(&format!("c{n}"), &long_body()), n);
        }
        for socket in bens.iter_mut().chain(&mut carols) {
            for n in 1..=20 {
                assert_eq!(socket.expect("message")["seq"], n);
            }
        }
        drop(slow);
        let together = |metrics: &Metrics| metrics.get("chapp_delivery_writes_together_total");
        if io_uring && has_io_uring() {
            // Counted once a message has gone to all. Sockets that do not read in time are written to alone.
            Metrics::until(site.address, |now| together(now) >= 2.0 * SOCKETS as f64);
        } else if !io_uring {
            assert_eq!(together(&Metrics::read(site.address)), 0.0);
        }
    });
}

#[test]
fn more_than_go_to_the_system_together_all_hear_it() {
    each_way(|site, io_uring| {
        let people: Vec<Person> = (0..9).map(|n| site.sign_up(&format!("Person {n}"))).collect();
        let count = SENDS_AT_ONCE_MAX + SOCKETS_SPARE;
        let mut sockets: Vec<Socket> = (0..count).map(|n| site.socket(&people[n % people.len()])).collect();
        for n in 1..=3 {
            assert_eq!(sockets[count - 1].say(&format!("c{n}"), "to everybody"), n);
        }
        for socket in sockets.iter_mut().take(count - 1) {
            for n in 1..=3 {
                assert_eq!(socket.expect("message")["seq"], n);
            }
        }
        if io_uring && has_io_uring() {
            let together = |now: &Metrics| now.get("chapp_delivery_writes_together_total") >= 3.0 * count as f64;
            Metrics::until(site.address, together);
        }
    });
}

#[test]
fn who_asks_without_end_and_reads_nothing_costs_little() {
    let home = Home::new();
    let exe = home.serve(&["--rate-limits", "off"]);
    let (ada, carol) = (sign_up(exe.address, "Ada"), sign_up(exe.address, "Carol"));
    let mut adas = Socket::open(exe.address, &ada);
    for n in 1..=5 {
        adas.say(&format!("c{n}"), &long_body());
    }
    #[cfg(target_os = "linux")]
    let before = exe.resident_bytes();
    // 160 KB for each 40 bytes: 320 MB without a limit.
    let ask = frame(0x81, br#"{"type":"sync","room":1,"since":0}"#);
    let mut greedy: Vec<TcpStream> = (0..4).map(|_| unread(exe.address, &carol)).collect();
    for stream in &mut greedy {
        // The server may close before it has read everything.
        let _ = stream.write_all(&ask.repeat(500));
    }
    for _ in 0..20 {
        adas.until_pong();
    }
    assert_eq!(adas.say("next", "the others go on"), 6);
    assert_eq!(Request::new(exe.address, "GET", "/healthz").send().status, 200);
    #[cfg(target_os = "linux")]
    {
        let grown = exe.resident_bytes().saturating_sub(before);
        assert!(grown < 64 << 20, "{} MiB for four who do not read", grown >> 20);
    }
    for mut stream in greedy {
        assert_eq!(read_on(&mut stream).1, 4408);
    }
}
