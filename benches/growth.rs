//! How far the data file outgrows its contents during uploads. Chapp keeps the pages of older states for a while,
//! so that a program that copies the file gets a consistent copy.
//!
//! `cargo bench --bench growth` uploads 4 MiB a second to the real executable for 128 s, twice as long as such pages
//! are kept. `CHAPP_EXE` names the executable to measure; the default is the one that cargo has just built.

mod disk;
mod goals;
#[allow(dead_code)]
#[path = "torture/server.rs"]
mod server;

use goals::Goals;
use server::Server;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const FILE_BYTES: usize = 4 << 20;
const FILES: u32 = 128;
const EVERY: Duration = Duration::from_secs(1);
/// The most that kept pages may add to the file, in seconds of uploads.
const HELD_SECONDS_MAX: f64 = 64.0;
const MIB: f64 = (1 << 20) as f64;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("growth: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).map_err(error_text)?;
    std::fs::create_dir(folder.path().join("data")).map_err(error_text)?;
    let data = folder.path().join("data").join("chapp.redb");
    let exe = std::env::var_os("CHAPP_EXE").map(PathBuf::from);
    let mut server = Server::new(
        exe.unwrap_or_else(|| env!("CARGO_BIN_EXE_chapp").into()),
        folder.path(),
        0,
    );
    let address = server.start()?;
    let cookie = sign_up(address)?;
    let (before, begun) = (disk::bytes(&data).map_err(error_text)?, Instant::now());
    let (mut most, mut slowest) = (0.0_f64, Duration::ZERO);
    println!(
        "| seconds | uploaded, MiB | the file has grown by, MiB | more than was uploaded, MiB |\n|---|---|---|---|"
    );
    for number in 1..=FILES {
        let started = Instant::now();
        upload(address, &cookie, number)?;
        slowest = slowest.max(started.elapsed());
        let uploaded = f64::from(number) * FILE_BYTES as f64 / MIB;
        let grown = (disk::bytes(&data).map_err(error_text)? - before) as f64 / MIB;
        most = most.max(grown - uploaded);
        if number % 16 == 0 {
            println!("| {number} | {uploaded:.0} | {grown:.0} | {:.0} |", grown - uploaded);
        }
        std::thread::sleep((begun + EVERY * number).saturating_duration_since(Instant::now()));
    }
    println!("\nThe slowest upload took {:.0} ms.", slowest.as_secs_f64() * 1_000.0);
    server.terminate()?;
    let mut goals = Goals::default();
    let rate = FILE_BYTES as f64 / MIB / EVERY.as_secs_f64();
    goals.at_most(
        "growth by what is left alone, in seconds of uploads",
        HELD_SECONDS_MAX,
        most / rate,
    );
    goals.print();
    Ok(())
}

/// Signs up and returns the cookie.
fn sign_up(address: SocketAddr) -> Result<String, String> {
    let body = br#"{"name":"Growth","password":"a long enough password"}"#;
    let answer = post(address, "/api/signup", "Content-Type: application/json\r\n", body)?;
    let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: "));
    let cookie = cookie.and_then(|cookie| cookie.split(';').next());
    cookie
        .map(str::to_owned)
        .ok_or(format!("nobody could sign up: {answer}"))
}

fn upload(address: SocketAddr, cookie: &str, number: u32) -> Result<(), String> {
    // Every file is different, and none compresses.
    let mut state = u64::from(number);
    let bytes: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    })
    .take(FILE_BYTES)
    .collect();
    let path = format!("/api/files?name={number}.bin");
    let answer = post(address, &path, &format!("Cookie: {cookie}\r\n"), &bytes)?;
    match answer.starts_with("HTTP/1.1 201") {
        true => Ok(()),
        false => Err(format!("a file was refused: {answer}")),
    }
}

fn post(address: SocketAddr, path: &str, headers: &str, body: &[u8]) -> Result<String, String> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\n{headers}Content-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(address).map_err(error_text)?;
    stream.write_all(head.as_bytes()).map_err(error_text)?;
    stream.write_all(body).map_err(error_text)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(error_text)?;
    Ok(answer)
}

fn error_text(error: std::io::Error) -> String {
    error.to_string()
}
