//! The cost of a delivery with many rooms of few people each.
//!
//! `cargo bench --bench rooms -- [OPTIONS]` connects everybody to the real executable and posts into one room
//! after the other at a steady rate. It prints the number of deliveries, the server's CPU time for each, and
//! the delay from the post to the reader. A missing or an extra delivery is an error.
//!
//! `CHAPP_EXE` names the executable to measure; the default is the one that cargo has just built.

#[allow(dead_code)]
#[path = "history/report.rs"]
mod report;
#[allow(dead_code)]
#[path = "history/seed.rs"]
mod seed;
#[allow(dead_code)]
#[path = "torture/server.rs"]
mod server;
#[allow(dead_code)]
#[path = "history/words.rs"]
mod words;

use chapp::model::{RoomId, UserId};
use clap::Parser;
use futures_util::future::try_join_all;
use report::Times;
use seed::{Plan, cookie};
use server::Server;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::task::LocalSet;
use tokio::time::{sleep, sleep_until, timeout};

/// Handshakes in flight.
const AT_ONCE: u64 = 200;
const READ_BYTES: usize = 16 << 10;
/// After this silence, all presence events have arrived.
const QUIET: Duration = Duration::from_millis(500);
const QUIET_MAX: Duration = Duration::from_secs(30);
/// Precedes the body of a message, which is the time of its post in nanoseconds.
const BODY: &[u8] = b"\"body\":\"";

#[derive(Parser)]
#[command(name = "rooms", about = "Shows what a delivery costs among many rooms")]
struct Arguments {
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(2..=50_000))]
    people: u64,
    /// The same number for each person
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(2..=50_000))]
    connections: u64,
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    rooms: u64,
    /// People in each room
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=100))]
    members: u64,
    /// Posts a second
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    rate: u64,
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=45))]
    seconds: u64,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Default)]
struct Received {
    bytes: u64,
    delays: Times,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime {
        Ok(runtime) => match LocalSet::new().block_on(&runtime, run(&arguments)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failed(&error),
        },
        Err(error) => failed(&error.to_string()),
    }
}

fn failed(error: &str) -> ExitCode {
    eprintln!("{error}");
    ExitCode::FAILURE
}

async fn run(arguments: &Arguments) -> Result<(), String> {
    // Each connection takes one descriptor of this process.
    let _ = rlimit::increase_nofile_limit(arguments.connections + 100);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).map_err(error_text)?;
    std::fs::create_dir(folder.path().join("data")).map_err(error_text)?;
    let plan = Plan {
        people: arguments.people,
        rooms: arguments.rooms,
        members: arguments.members,
    };
    let data = folder.path().join("data").join("chapp.redb");
    let file_id = std::thread::spawn(move || {
        seed::with_store(&data, async |store| {
            seed::create_rooms(store, plan).await?;
            Ok(store.file_id().to_owned())
        })
    });
    let file_id = file_id.join().map_err(|_| "no data file")??;
    let exe = std::env::var_os("CHAPP_EXE").map(PathBuf::from);
    let mut server = Server::new(
        exe.unwrap_or_else(|| env!("CARGO_BIN_EXE_chapp").into()),
        folder.path(),
        0,
    );
    let address = server.start()?;

    let (begun, received) = (Instant::now(), Rc::new(RefCell::new(Received::default())));
    let each = arguments.connections.div_ceil(arguments.people);
    let (mut posters, mut waiting) = (Vec::new(), Vec::new());
    for person in (1..=plan.people).map(UserId) {
        let cookie = cookie(&file_id, person);
        waiting.extend((0..each).map(|_| handshake(address, cookie.clone())));
        if waiting.len() as u64 >= AT_ONCE || person.0 == plan.people {
            // Batches, since people who connect together share presence events.
            for stream in try_join_all(waiting.drain(..)).await.map_err(error_text)? {
                let (reader, poster) = stream.into_split();
                tokio::task::spawn_local(receive(reader, received.clone(), begun));
                posters.push(poster);
            }
        }
    }
    wait_until_quiet(&received).await?;
    eprintln!(
        "{} connections after {:.1} s",
        posters.len(),
        begun.elapsed().as_secs_f64()
    );

    let before = server.cpu_seconds();
    let posts = post_all(arguments, plan, &mut posters, begun).await?;
    let expected = posts * plan.members * each;
    wait_until_quiet(&received).await?;
    let took = server.cpu_seconds().zip(before).map(|(after, before)| after - before);
    let mut received = received.borrow_mut();
    let came = received.delays.len() as u64;
    if came != expected {
        return Err(format!("{came} deliveries, not {expected}: {}", server.log()));
    }
    let delay = |received: &mut Received, part| received.delays.at(part).as_secs_f64() * 1_000.0;
    println!(
        "{} rooms of {}, {} connections, {} posts a second: {came} deliveries of {posts} posts",
        arguments.rooms,
        arguments.members,
        posters.len(),
        arguments.rate
    );
    println!(
        "server {} µs a delivery; from post to reader p50 {:.2} ms, p99 {:.2} ms; {:.1} MiB resident",
        took.map_or("?".to_owned(), |seconds| format!("{:.1}", seconds * 1e6 / came as f64)),
        delay(&mut received, 0.50),
        delay(&mut received, 0.99),
        server.resident_bytes().unwrap_or_default() as f64 / f64::from(1 << 20)
    );
    server.terminate()
}

/// Posts into one room after the other, on the first connection of one of its members.
async fn post_all(
    arguments: &Arguments,
    plan: Plan,
    posters: &mut [OwnedWriteHalf],
    begun: Instant,
) -> Result<u64, String> {
    let (posts, each) = (arguments.rate * arguments.seconds, posters.len() as u64 / plan.people);
    let start = Instant::now();
    for post in 0..posts {
        let due = start + Duration::from_secs_f64(post as f64 / arguments.rate as f64);
        sleep_until(due.into()).await;
        let room = RoomId(2 + post % plan.rooms);
        let author = plan.member(room, post / plan.rooms);
        let at = begun.elapsed().as_nanos();
        let text = format!(r#"{{"type":"post","room":{room},"client_id":"{post}","body":"{at}"}}"#);
        let poster = &mut posters[((author.0 - 1) * each) as usize];
        poster.write_all(&masked(text.as_bytes())).await.map_err(error_text)?;
    }
    Ok(posts)
}

/// A text frame (RFC 6455 §5.2) of up to 125 bytes, or up to 65,535, under a mask of zeros.
fn masked(text: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81];
    match text.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(text);
    frame
}

async fn handshake(server: SocketAddr, cookie: String) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let host = format!("chapp.localhost:{}", server.port());
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {cookie}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    match head.starts_with(b"HTTP/1.1 101") {
        true => Ok(stream),
        false => Err(std::io::Error::other(String::from_utf8_lossy(&head).into_owned())),
    }
}

/// Times each message that arrives.
async fn receive(mut reader: OwnedReadHalf, received: Rc<RefCell<Received>>, begun: Instant) {
    let (mut held, mut buffer) = (Vec::new(), vec![0; READ_BYTES]);
    while let Ok(read @ 1..) = reader.read(&mut buffer).await {
        let now = begun.elapsed();
        let mut received = received.borrow_mut();
        received.bytes += read as u64;
        held.extend_from_slice(&buffer[..read]);
        let mut at = 0;
        while let Some(end) = frame_end(&held[at..]) {
            let frame = &held[at..at + end];
            if let Some(position) = frame.windows(BODY.len()).position(|window| window == BODY) {
                let digits = frame[position + BODY.len()..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_digit());
                let posted = digits.fold(0, |nanos, digit| nanos * 10 + u64::from(digit - b'0'));
                received.delays.add(now.saturating_sub(Duration::from_nanos(posted)));
            }
            at += end;
        }
        held.drain(..at);
    }
}

/// The end of the first frame, once it is complete.
fn frame_end(bytes: &[u8]) -> Option<usize> {
    let end = match bytes.get(1)? & 0x7f {
        126 => 4 + usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)),
        127 => 10 + u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize,
        length => 2 + usize::from(length),
    };
    (bytes.len() >= end).then_some(end)
}

/// Waits until no socket receives anything.
async fn wait_until_quiet(received: &Rc<RefCell<Received>>) -> Result<(), String> {
    let waiting = async {
        loop {
            let before = received.borrow().bytes;
            sleep(QUIET).await;
            if received.borrow().bytes == before {
                return;
            }
        }
    };
    timeout(QUIET_MAX, waiting)
        .await
        .map_err(|_| "it does not get quiet".to_owned())
}

fn error_text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
