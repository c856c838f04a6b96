//! Limits on connections: how many one client may have, how others are refused, and that idle connections are closed.

use crate::harness::PATIENCE;
use crate::harness::http::Request;
use crate::harness::metrics::Metrics;
use crate::harness::server::Site;
use chapp::clock::Clock;
use chapp::limits::CONNECTIONS_PER_ADDRESS_MAX;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Instant;

fn connect(from: &str, to: SocketAddr) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let from: IpAddr = from.parse().unwrap();
    socket.bind(&SocketAddr::new(from, 0).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    let stream: TcpStream = socket.into();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Retries until a connection is accepted again.
fn until_served(request: &Request) {
    let began = Instant::now();
    while request.clone().send().status != 200 {
        assert!(began.elapsed() < PATIENCE, "no place comes free");
    }
}

#[test]
fn one_address_cannot_take_all_places_and_this_computer_can() {
    let site = Site::limited(Clock::System);
    let max = Metrics::read(site.address).get("chapp_connections_max") as usize;
    let max = CONNECTIONS_PER_ADDRESS_MAX.min(max / 2);
    let health = |from: &str| site.get("/healthz").from(from.parse().unwrap());
    let mut held: Vec<TcpStream> = (0..max).map(|_| connect("127.0.0.2", site.address)).collect();
    let refused = health("127.0.0.2").send();
    refused.refused(429, "too_many_requests");
    assert!(refused.get("retry-after").unwrap().parse::<u64>().unwrap() > 0);
    assert_eq!(health("127.0.0.3").send().status, 200, "others have their own");
    let own: Vec<TcpStream> = (0..max + 10).map(|_| connect("127.0.0.1", site.address)).collect();
    assert_eq!(health("127.0.0.1").send().status, 200, "a proxy may bring everybody");
    let metrics = Metrics::read(site.address);
    assert_eq!(metrics.get("chapp_connections_refused_total{reason=\"address\"}"), 1.0);
    held.pop();
    until_served(&health("127.0.0.2"));
    drop((held, own));
}

#[cfg(unix)]
mod few_files {
    use super::*;
    use crate::harness::exe::{Exe, Home, executable, run};
    use std::process::Command;

    /// The connection limit of a server that may open 128 files: half of the files that are not reserved.
    const PLACES: usize = 32;

    fn command(home: &Home, files: u32) -> Command {
        let limited = format!("ulimit -n {files} && exec \"$0\" \"$@\"");
        let mut command: Command = home.command_of("sh".as_ref(), &["-c", &limited]);
        command.arg(executable());
        command
            .args(["--no-open", "--listen", "127.0.0.1:0", "--data"])
            .arg(home.data());
        command
    }

    fn serve(home: &Home) -> Exe {
        Exe::started(command(home, 128))
    }

    #[test]
    fn a_start_with_few_places_says_how_many_and_what_to_do() {
        let home = Home::new();
        let mut exe = serve(&home);
        exe.signal("TERM");
        let said = exe.wait().stderr;
        assert!(said.contains("No more than 32 connections fit"), "{said}");
        assert!(said.contains("128 files") && said.contains("ulimit -n 4096"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        let mut enough = Exe::started(command(&home, 1_024));
        enough.signal("TERM");
        assert_eq!(enough.wait().stderr, "");
    }

    #[test]
    fn a_start_without_places_worth_the_name_is_refused_and_makes_no_file() {
        let home = Home::new();
        for files in [64, 95] {
            let ended = run(command(&home, files));
            assert_eq!(ended.status.code(), Some(1));
            assert_eq!(ended.stdout, "");
            let said = ended.stderr;
            assert!(
                said.contains(&format!("open {files} files")) && said.contains("needs 96"),
                "{said}"
            );
            assert!(said.contains("ulimit -n 4096"), "{said}");
            assert!(!home.data().exists());
        }
        drop(Exe::started(command(&home, 96)));
    }

    #[test]
    fn who_finds_no_place_is_told_when_to_come_again() {
        let home = Home::new();
        let exe = serve(&home);
        let metrics = Metrics::read(exe.address);
        assert_eq!(metrics.get("chapp_connections_max"), PLACES as f64);
        Metrics::until(exe.address, |now| now.get("chapp_connections{kind=\"http\"}") == 1.0);
        let health = Request::new(exe.address, "GET", "/healthz");
        let mut held: Vec<TcpStream> = Vec::new();
        // Earlier connections may not have closed yet.
        let refused = loop {
            held.push(connect("127.0.0.1", exe.address));
            let response = health.clone().send();
            if response.status != 200 {
                break response;
            }
        };
        assert!(held.len() <= PLACES);
        refused.refused(503, "unavailable");
        assert!(refused.get("retry-after").unwrap().parse::<u64>().unwrap() > 0);
        held.clear();
        until_served(&health);
        let metrics = Metrics::read(exe.address);
        assert!(metrics.get("chapp_connections_refused_total{reason=\"full\"}") >= 1.0);
    }

    #[test]
    fn nobody_keeps_a_place_by_saying_nothing_or_half_a_request() {
        let home = Home::new();
        let exe = serve(&home);
        let mut held: Vec<TcpStream> = (0..PLACES).map(|_| connect("127.0.0.1", exe.address)).collect();
        for (number, stream) in held.iter_mut().enumerate() {
            let host = exe.address;
            let said = match number % 4 {
                0 => String::new(),
                1 => "GET /healthz HTTP/1.1\r\nHo".to_owned(),
                2 => format!("GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nX-Half: "),
                // Answered, and then idle.
                _ => format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            };
            stream.write_all(said.as_bytes()).unwrap();
        }
        Request::new(exe.address, "GET", "/healthz")
            .send()
            .refused(503, "unavailable");
        for stream in &mut held {
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).expect("the server hangs up");
        }
        until_served(&Request::new(exe.address, "GET", "/healthz"));
    }
}
