//! One person who floods the server in a chosen way, until the process is killed.

use crate::link::{ANSWER_MAX, Link, error_text};
use crate::text;
use futures_util::future::join_all;
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep, timeout};

/// Connections of a flood of frames, pages, log-ins or unread answers.
const CONNECTIONS: usize = 16;
/// Sockets that catch up: slightly fewer than one person may have.
const SYNC_SOCKETS: usize = 48;
/// Just below the rate that closes a socket.
const SYNC_EVERY: Duration = Duration::from_millis(36);
const UPLOAD_BYTES: usize = 8 << 20;
const UPLOADS: usize = 4;
const RECEIVE_BYTES: u32 = 4 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    Frames,
    Posts,
    Syncs,
    Pages,
    Logins,
    Uploads,
    Deaf,
}

impl Kind {
    pub const ALL: [Kind; 7] = [
        Kind::Frames,
        Kind::Posts,
        Kind::Syncs,
        Kind::Pages,
        Kind::Logins,
        Kind::Uploads,
        Kind::Deaf,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Kind::Frames => "frames, and back after each 4429",
            Kind::Posts => "the longest posts there can be",
            Kind::Syncs => "48 sockets that catch up from 0",
            Kind::Pages => "16 connections that ask for pages",
            Kind::Logins => "16 connections that guess passwords",
            Kind::Uploads => "4 files of 8 MiB at a time",
            Kind::Deaf => "16 sockets that never read",
        }
    }
}

/// One flood: its kind, its target and its author.
pub struct Flood {
    pub kind: Kind,
    pub server: SocketAddr,
    pub cookie: String,
    /// The last byte of the flooder's address in 127.0.0.0/8, where the system has that network.
    pub from: u8,
}

impl Flood {
    pub async fn run(&self) {
        let each = (0..CONNECTIONS).map(|number| async move {
            match self.kind {
                Kind::Frames => self.frames().await,
                Kind::Pages => self.requests(|count| self.page(count + number)).await,
                Kind::Logins => self.requests(|count| self.login(count * CONNECTIONS + number)).await,
                Kind::Uploads if number < UPLOADS => self.requests(|_| self.upload()).await,
                Kind::Deaf => self.never_read().await,
                Kind::Posts if number == 0 => self.posts().await,
                Kind::Syncs => {
                    join_all((0..SYNC_SOCKETS / CONNECTIONS).map(|_| self.syncs())).await;
                }
                _ => {}
            }
        });
        join_all(each).await;
    }

    async fn connect(&self, receive_bytes: Option<u32>) -> Result<TcpStream, String> {
        let socket = TcpSocket::new_v4().map_err(error_text)?;
        // Only Linux routes all of 127.0.0.0/8; elsewhere every flooder has the same address.
        let _ = socket.bind(([127, 0, 0, self.from], 0).into());
        if let Some(bytes) = receive_bytes {
            socket.set_recv_buffer_size(bytes).map_err(error_text)?;
        }
        let stream = socket.connect(self.server).await.map_err(error_text)?;
        stream.set_nodelay(true).map_err(error_text)?;
        Ok(stream)
    }

    async fn open(&self, receive_bytes: Option<u32>) -> Result<Link, String> {
        let opening = async {
            let stream = self.connect(receive_bytes).await?;
            Link::handshake(stream, self.server, &self.cookie).await
        };
        timeout(ANSWER_MAX, opening).await.map_err(error_text)?
    }

    /// Pings without a pause, and reconnects at once.
    async fn frames(&self) {
        loop {
            let Ok(mut link) = self.open(None).await else {
                sleep(Duration::from_millis(1)).await;
                continue;
            };
            while link.send(&json!({"type": "ping"})).await.is_ok() {}
        }
    }

    async fn posts(&self) {
        let body = "🌊".repeat(8_000);
        let run = Instant::now().elapsed().as_nanos() + u128::from(std::process::id());
        loop {
            let Ok(mut link) = self.open(None).await else {
                sleep(Duration::from_millis(10)).await;
                continue;
            };
            for number in 0.. {
                let post = json!({"type": "post", "room": 1, "client_id": format!("{run}-{number}"), "body": body});
                if link.send(&post).await.is_err() {
                    break;
                }
                let end = Instant::now() + Duration::from_millis(50);
                while let Ok(Ok(_)) = timeout(end - Instant::now(), link.read()).await {
                    if Instant::now() >= end {
                        break;
                    }
                }
            }
        }
    }

    async fn syncs(&self) {
        loop {
            let Ok(mut link) = self.open(None).await else {
                sleep(Duration::from_millis(100)).await;
                continue;
            };
            let mut next = Instant::now();
            loop {
                if Instant::now() >= next {
                    next += SYNC_EVERY;
                    if link
                        .send(&json!({"type": "sync", "room": 1, "since": 0}))
                        .await
                        .is_err()
                    {
                        break;
                    }
                }
                if let Ok(Err(_)) = timeout(next.saturating_duration_since(Instant::now()), link.read()).await {
                    break;
                }
            }
        }
    }

    /// Sends requests and never reads an answer.
    async fn never_read(&self) {
        loop {
            let Ok(mut link) = self.open(Some(RECEIVE_BYTES)).await else {
                sleep(Duration::from_millis(10)).await;
                continue;
            };
            while link.send(&json!({"type": "sync", "room": 1, "since": 0})).await.is_ok() {
                sleep(SYNC_EVERY).await;
            }
        }
    }

    /// Sends requests on one connection, each as soon as the previous one is answered.
    async fn requests(&self, request: impl Fn(usize) -> Vec<u8>) {
        let mut count = 0;
        loop {
            let Ok(mut stream) = self.connect(None).await else {
                continue;
            };
            let mut bytes = vec![0; 64 << 10];
            'kept: loop {
                count += 1;
                if stream.write_all(&request(count)).await.is_err() {
                    break;
                }
                let mut known = 0;
                loop {
                    match stream.read(&mut bytes[known..]).await {
                        Ok(read) if read > 0 => known += read,
                        _ => break 'kept,
                    }
                    let head = String::from_utf8_lossy(&bytes[..known]);
                    let Some((head, _)) = head.split_once("\r\n\r\n") else {
                        continue;
                    };
                    let length = head.lines().find_map(|line| {
                        let (name, value) = line.split_once(": ")?;
                        name.eq_ignore_ascii_case("content-length")
                            .then(|| value.parse().ok())?
                    });
                    let whole = head.len() + 4 + length.unwrap_or(0);
                    if whole > bytes.len() {
                        bytes.resize(whole, 0);
                    } else if known >= whole {
                        break;
                    }
                }
            }
        }
    }

    fn head(&self, method: &str, path: &str, more: &str) -> String {
        let host = format!("chapp.localhost:{}", self.server.port());
        format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n{more}\r\n")
    }

    fn page(&self, count: usize) -> Vec<u8> {
        let paths = [
            "/api/rooms/1/messages?limit=100",
            "/api/search?q=history%20words",
            "/api/people?q=member&limit=100",
            "/api/rooms/1/members?q=member&limit=100",
        ];
        self.head(
            "GET",
            paths[count % paths.len()],
            &format!("Cookie: {}\r\n", self.cookie),
        )
        .into_bytes()
    }

    fn login(&self, count: usize) -> Vec<u8> {
        let body = text(&json!({"name": format!("member {}", count % 100), "password": format!("guess {count}")}));
        let more = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        (self.head("POST", "/api/login", &more) + &body).into_bytes()
    }

    fn upload(&self) -> Vec<u8> {
        let more = format!("Cookie: {}\r\nContent-Length: {UPLOAD_BYTES}\r\n", self.cookie);
        let mut bytes = self.head("POST", "/api/files?name=flood.bin", &more).into_bytes();
        bytes.resize(bytes.len() + UPLOAD_BYTES, 7);
        bytes
    }
}
