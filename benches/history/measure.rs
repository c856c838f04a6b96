//! Measures one file: every row of the table, over real connections to the real executable.

use crate::client::{Http, Socket, error_text};
use crate::must_hold::{AFTER_SIGKILL, LONGEST_WAIT, POST_ALONE, POST_ALONE_P99, POSTS_PER_SECOND};
use crate::report::{Row, Times};
use crate::seed::{Plan, cookie};
use crate::server::Server;
use crate::words::{Words, word};
use chapp::model::{LOBBY, RoomId, UserId};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Repetitions; a row is their median.
const STARTS: usize = 9;
const READY_FRAMES: usize = 15;
const PAGES: usize = 60;
const SYNCS: usize = 20;
const SEARCHES: usize = 15;
const POSTS_ALONE: usize = 400;
/// Enough for about ten checkpoints, and fewer messages than the step to the next size.
const POSTS_AT_ONCE: usize = 24_000;
/// The most that one connection may have.
const IN_FLIGHT: usize = 64;
/// Pause after a start, so that its background work is done.
const SETTLE: Duration = Duration::from_secs(1);

/// The people whose requests are measured. Their ids follow those of the authors.
pub struct ProbeUsers {
    pub one_room: UserId,
    pub hundred_rooms: UserId,
    pub all_rooms: UserId,
}

pub struct Probe<'a> {
    pub server: &'a mut Server,
    pub file_id: &'a str,
    pub users: &'a ProbeUsers,
    pub plan: Plan,
    pub words: &'a mut Words,
    pub rows: Vec<Row>,
}

impl Probe<'_> {
    /// Measures every row of one file.
    pub fn run(&mut self) -> Result<(), String> {
        self.starts()?;
        let address = self.server.start()?;
        std::thread::sleep(SETTLE);
        self.ready_frames(address)?;
        self.pages(address)?;
        self.syncs(address)?;
        self.searches(address)?;
        self.posts(address)?;
        let resident = self.server.resident_bytes().unwrap_or_default();
        self.rows
            .push(Row::mebibytes("resident memory after all that", resident));
        self.server.terminate()
    }

    fn cookie(&self, person: UserId) -> String {
        cookie(self.file_id, person)
    }

    fn starts(&mut self) -> Result<(), String> {
        let (mut clean, mut killed) = (Times::default(), Times::default());
        for _ in 0..STARTS {
            clean.add(self.start()?.1);
            self.server.terminate()?;
        }
        for _ in 0..STARTS {
            let (address, _) = self.start()?;
            self.post_some(address)?;
            self.server.kill();
            killed.add(self.start()?.1);
            self.server.terminate()?;
        }
        self.rows
            .push(Row::median("start to first answer, after a stop", clean));
        self.rows.push(Row::median(AFTER_SIGKILL, killed));
        Ok(())
    }

    /// The time runs from just before the process is spawned to the last byte of its first answer.
    fn start(&mut self) -> Result<(SocketAddr, Duration), String> {
        let before = Instant::now();
        let address = self.server.start()?;
        Http::open(address, "none=yet")?.get("/healthz")?;
        Ok((address, before.elapsed()))
    }

    /// Posts a few messages, so that the kill interrupts writing.
    fn post_some(&mut self, address: SocketAddr) -> Result<(), String> {
        let mut socket = Socket::open(address, &self.cookie(self.users.one_room))?;
        socket.expect("ready")?;
        for _ in 0..IN_FLIGHT {
            socket.send(&self.post())?;
        }
        socket.expect("posted").map(drop)
    }

    fn post(&mut self) -> Value {
        let (client_id, body) = (self.words.uuid(), self.words.text());
        json!({"type": "post", "room": LOBBY.0, "client_id": client_id, "body": body})
    }

    fn ready_frames(&mut self, address: SocketAddr) -> Result<(), String> {
        let people = [
            ("ready, for a person in 1 room", self.users.one_room),
            ("ready, in 100 rooms", self.users.hundred_rooms),
            ("ready, in 1,000 rooms", self.users.all_rooms),
        ];
        for (name, person) in people {
            let (mut times, cookie) = (Times::default(), self.cookie(person));
            for _ in 0..READY_FRAMES {
                let before = Instant::now();
                Socket::open(address, &cookie)?.expect("ready")?;
                times.add(before.elapsed());
            }
            self.rows.push(Row::median(name, times));
        }
        Ok(())
    }

    fn pages(&mut self, address: SocketAddr) -> Result<(), String> {
        let mut http = Http::open(address, &self.cookie(self.users.one_room))?;
        let path = format!("/api/rooms/{LOBBY}/messages?limit=50");
        let newest: Value = serde_json::from_slice(&http.get(&path)?).map_err(error_text)?;
        let head = newest["head"].as_u64().ok_or("no head")?;
        let (mut at_end, mut within) = (Times::default(), Times::default());
        for _ in 0..PAGES {
            at_end.add(timed(|| http.get(&path))?);
            let around = 1 + self.words.below(head);
            within.add(timed(|| http.get(&format!("{path}&around={around}")))?);
        }
        self.rows.push(Row::median("page of 50, the newest", at_end));
        self.rows.push(Row::median("page of 50, anywhere in the Lobby", within));
        Ok(())
    }

    fn syncs(&mut self, address: SocketAddr) -> Result<(), String> {
        let mut socket = Socket::open(address, &self.cookie(self.users.one_room))?;
        let ready: Value = serde_json::from_str(&socket.expect("ready")?).map_err(error_text)?;
        let head = ready["rooms"][0]["head"].as_u64().ok_or("no head")?;
        for (name, missed) in [("sync of 50 missed messages", 50), ("sync of 500", 500)] {
            let mut times = Times::default();
            for _ in 0..SYNCS {
                let before = Instant::now();
                // One sync brings a bounded number of messages, so it takes several in a row.
                let mut since = head - missed;
                while since < head {
                    socket.send(&json!({"type": "sync", "room": LOBBY.0, "since": since}))?;
                    let synced: Value = serde_json::from_str(&socket.expect("synced")?).map_err(error_text)?;
                    since = synced["through"].as_u64().ok_or("no end")?;
                }
                times.add(before.elapsed());
            }
            self.rows.push(Row::median(name, times));
        }
        Ok(())
    }

    fn searches(&mut self, address: SocketAddr) -> Result<(), String> {
        let mut http = Http::open(address, &self.cookie(self.users.all_rooms))?;
        let queries = [
            ("search, a common word", word(20)),
            ("search, a rare word", word(15_000)),
            ("search, two words", format!("{}+{}", word(600), word(900))),
        ];
        for (name, query) in queries {
            let (mut times, path) = (Times::default(), format!("/api/search?q={query}"));
            for _ in 0..SEARCHES {
                times.add(timed(|| http.get(&path))?);
            }
            self.rows.push(Row::median(name, times));
        }
        Ok(())
    }

    fn posts(&mut self, address: SocketAddr) -> Result<(), String> {
        let mut socket = Socket::open(address, &self.cookie(self.plan.member(RoomId(2), 0)))?;
        socket.expect("ready")?;
        let mut alone = Times::default();
        for _ in 0..POSTS_ALONE {
            let post = self.post();
            let before = Instant::now();
            socket.send(&post)?;
            socket.expect("posted")?;
            alone.add(before.elapsed());
        }
        let (mut together, begun) = (Times::default(), Instant::now());
        let mut in_flight = HashMap::new();
        let mut sent = 0;
        while together.len() < POSTS_AT_ONCE {
            while sent < POSTS_AT_ONCE && in_flight.len() < IN_FLIGHT {
                let post = self.post();
                in_flight.insert(
                    post["client_id"].as_str().unwrap_or_default().to_owned(),
                    Instant::now(),
                );
                socket.send(&post)?;
                sent += 1;
            }
            let posted: Value = serde_json::from_str(&socket.expect("posted")?).map_err(error_text)?;
            let id = posted["client_id"].as_str().unwrap_or_default();
            let before = in_flight.remove(id).ok_or("an answer to nothing")?;
            together.add(before.elapsed());
        }
        let rate = POSTS_AT_ONCE as f64 / begun.elapsed().as_secs_f64();
        self.rows.push(Row::at(POST_ALONE, &mut alone, 0.50));
        self.rows.push(Row::at(POST_ALONE_P99, &mut alone, 0.99));
        self.rows.push(Row::at("64 in flight: p50", &mut together, 0.50));
        self.rows.push(Row::at("  p99", &mut together, 0.99));
        self.rows.push(Row::at(LONGEST_WAIT, &mut together, 1.0));
        self.rows.push(Row::rate(POSTS_PER_SECOND, rate));
        Ok(())
    }
}

fn timed<T>(work: impl FnOnce() -> Result<T, String>) -> Result<Duration, String> {
    let before = Instant::now();
    work()?;
    Ok(before.elapsed())
}
