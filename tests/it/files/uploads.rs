//! Uploads: too large, empty, aborted, slow, many at once, killed, and on a full disk.

use super::*;
use crate::harness::PATIENCE;
use crate::harness::exe::Home;
use crate::harness::people::sign_up;
use chapp::chat::RateLimits;
use chapp::limits::{FILE_BYTES_MAX, FILE_CHUNK_BYTES, UPLOADS_PER_PERSON_MAX};
use chapp::store::Options;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

/// A hand-written upload that sends as many bytes as the test wants.
pub struct PartialUpload(TcpStream);

impl PartialUpload {
    pub fn begin(address: SocketAddr, person: &Person, length: &str) -> PartialUpload {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let host = format!("chapp.localhost:{}", address.port());
        let head = format!(
            "POST /api/files?name=slow.bin HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {}\r\n{length}\r\n\r\n",
            person.cookie
        );
        stream.write_all(head.as_bytes()).unwrap();
        PartialUpload(stream)
    }

    pub fn of(address: SocketAddr, person: &Person, bytes: usize) -> PartialUpload {
        PartialUpload::begin(address, person, &format!("Content-Length: {bytes}"))
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    /// The same, for a server that may have closed.
    pub fn try_send(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes);
    }

    /// The status of the answer, and its text.
    pub fn answer(mut self) -> (u16, String) {
        let mut text = String::new();
        let mut bytes = [0; 4096];
        while !text.contains("}") {
            match self.0.read(&mut bytes) {
                Ok(0) | Err(_) => break,
                Ok(count) => text += &String::from_utf8_lossy(&bytes[..count]),
            }
        }
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.unwrap_or_else(|| panic!("no answer: {text:?}")), text)
    }
}

#[test]
fn a_file_that_is_too_large_or_empty_is_refused_and_leaves_nothing() {
    let (site, ada, _, _) = three();
    // By its `Content-Length`, before the first byte.
    let (status, text) = PartialUpload::of(site.address, &ada, FILE_BYTES_MAX as usize + 1).answer();
    assert_eq!(status, 413, "{text}");
    assert!(text.contains("\"too_large\"") && text.contains("64 MiB"), "{text}");
    let refusal = try_upload(&site, &ada, "empty.txt", b"").refused(422, "invalid");
    assert_eq!(refusal["field"], "file");
    let mut chunked = PartialUpload::begin(site.address, &ada, "Transfer-Encoding: chunked");
    chunked.send(b"0\r\n\r\n");
    assert_eq!(chunked.answer().0, 422);
    // Chunked, one byte over the limit.
    let mut endless = PartialUpload::begin(site.address, &ada, "Transfer-Encoding: chunked");
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..FILE_BYTES_MAX >> 20 {
        endless.send(b"100000\r\n");
        endless.send(&piece);
        endless.send(b"\r\n");
    }
    endless.send(b"1\r\nx\r\n0\r\n\r\n");
    let (status, text) = endless.answer();
    assert_eq!(status, 413, "{text}");
    // Chunked, within the limit.
    let mut chunked = PartialUpload::begin(site.address, &ada, "Transfer-Encoding: chunked");
    chunked.send(b"5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n");
    let (status, text) = chunked.answer();
    assert_eq!(status, 201, "{text}");
    assert!(text.contains("\"size\":12"), "{text}");
}

#[test]
fn an_upload_that_breaks_off_is_forgotten_and_disturbs_nobody() {
    let (mut site, ada, _, _) = three();
    for length in [0, 1, FILE_CHUNK_BYTES, 3 * FILE_CHUNK_BYTES + 5] {
        let mut half = PartialUpload::of(site.address, &ada, 4 * FILE_CHUNK_BYTES);
        half.send(&vec![7; length]);
        half.0.shutdown(Shutdown::Both).unwrap();
    }
    let file = upload(&site, &ada, "whole.txt", b"whole");
    assert_eq!(get(&site, &ada, &file).body, b"whole");
    site.restart();
    assert_eq!(
        get(&site, &ada, &file).body,
        b"whole",
        "what has arrived waits over a restart"
    );
    show(&mut site.socket(&ada), 1, "a1", &[&file]);
}

#[test]
fn a_file_may_take_its_time_and_others_do_not_wait_for_it() {
    let (site, ada, ben, _) = three();
    let mut slow = PartialUpload::of(site.address, &ada, 10);
    slow.send(b"01234");
    let file = upload(&site, &ben, "quick.txt", b"quick");
    assert_eq!(get(&site, &ben, &file).status, 200);
    site.socket(&ben).say("b1", "not held up");
    slow.send(b"56789");
    let (status, text) = slow.answer();
    assert_eq!(status, 201, "{text}");
}

#[test]
fn one_person_sends_a_few_files_at_once_and_more_have_to_wait() {
    let (clock_control, clock) = ClockControl::new();
    let site = Site::with(Setup {
        rate_limits: RateLimits::On,
        clock,
        ..Setup::default()
    });
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let mut begun: Vec<PartialUpload> = Vec::new();
    for _ in 0..UPLOADS_PER_PERSON_MAX {
        let mut sending = PartialUpload::of(site.address, &ada, 2);
        sending.send(b"x");
        begun.push(sending);
    }
    eventually("the next one is refused", || {
        clock_control.advance(Duration::from_secs(10));
        let response = try_upload(&site, &ada, "more.txt", b"more");
        response.status == 429 && response.get("retry-after").is_some()
    });
    clock_control.advance(Duration::from_secs(10));
    upload(&site, &ben, "another.txt", b"another");
    for mut sending in begun {
        sending.send(b"y");
        assert_eq!(sending.answer().0, 201);
    }
    clock_control.advance(Duration::from_secs(10));
    upload(&site, &ada, "more.txt", b"more");
}

#[test]
fn a_full_disk_takes_no_file_and_gives_those_that_it_has() {
    let (mut site, ada, _, _) = three();
    let file = upload(&site, &ada, "one.txt", b"one");
    show(&mut site.socket(&ada), 1, "a1", &[&file]);
    site.stop();
    let full = Setup {
        options: Options {
            disk_free_bytes_min: u64::MAX,
            ..Options::default()
        },
        ..Setup::default()
    };
    let site = Site::on(site, full);
    try_upload(&site, &ada, "two.txt", b"two").refused(507, "storage_full");
    let large = vec![1; 3 * FILE_CHUNK_BYTES];
    try_upload(&site, &ada, "large.bin", &large).refused(507, "storage_full");
    assert_eq!(get(&site, &ada, &file).body, b"one");
}

#[test]
fn a_kill_in_the_middle_of_uploads_leaves_whole_files_and_nothing_else() {
    let home = Home::new();
    let mut exe = home.serve(&["--rate-limits", "off"]);
    let ada = sign_up(exe.address, "Ada");
    let bytes = vec![9; 2 * FILE_CHUNK_BYTES + 3];
    let request = |address, path: &str| crate::harness::http::Request::new(address, "POST", path).cookie(&ada.cookie);
    let mut whole = Vec::new();
    for round in 0..4 {
        let kept = request(exe.address, "/api/files?name=kept.bin")
            .body(bytes.clone())
            .send();
        assert_eq!(kept.status, 201, "{}", kept.text());
        whole.push(kept.json()["file"].clone());
        let mut halves: Vec<PartialUpload> = (0..3)
            .map(|_| PartialUpload::of(exe.address, &ada, 10 * FILE_CHUNK_BYTES))
            .collect();
        for half in &mut halves {
            half.send(&vec![round; (1 + round as usize) * FILE_CHUNK_BYTES + 1]);
        }
        // In the middle of the uploads: another one has finished since they began.
        let other = request(exe.address, "/api/files?name=other.bin")
            .body(bytes.clone())
            .send();
        whole.push(other.json()["file"].clone());
        exe.kill();
        exe = home.serve(&["--rate-limits", "off"]);
        for file in &whole {
            let got = crate::harness::http::Request::new(exe.address, "GET", &path(file))
                .cookie(&ada.cookie)
                .send();
            assert!(got.status == 200 && got.body == bytes, "round {round}");
        }
    }
    let ids: Vec<&Value> = whole.iter().map(|file| &file["id"]).collect();
    let draft = json!({"client_id": "a1", "files": ids});
    let posted = request(exe.address, "/api/rooms/1/messages").json(&draft).send();
    assert_eq!(posted.status, 201, "{}", posted.text());
}
