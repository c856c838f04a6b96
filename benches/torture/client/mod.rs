//! One client. It follows the plan, loses links, dies and reconnects as the protocol says: it catches up with
//! `sync` and `reset`, and resends unanswered posts with the same `client_id`.

mod actions;

use crate::api::{self, Answer};
use crate::link::{ANSWER_MAX, Link, error_text};
use crate::listener::Listener;
use crate::plan::Action;
use crate::record::{Law, Record};
use crate::replica::{Replica, Request, number};
use crate::rng::Rng;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

pub const PASSWORD: &str = "rain on the mill wheel";
/// Unanswered posts; a client with this many posts no more.
const OUTBOX_MAX: usize = 64;
/// Time until a post refused by a full disk is sent again.
const RESEND_EVERY: Duration = Duration::from_millis(300);
/// The pause before a reconnect is this long, plus a random part of up to as much.
const COME_BACK_MS: usize = 60;

pub struct Client {
    pub name: String,
    pub number: usize,
    pub replica: Replica,
    pub rooms: Vec<u64>,
    pub cookie: String,
    server: SocketAddr,
    rng: Rng,
    actions: VecDeque<(Duration, Action)>,
    /// In the order of their first sending.
    outbox: Vec<Outgoing>,
    /// The `client_id`s of acknowledged posts, oldest first.
    acknowledged: Vec<String>,
    written: u64,
    listener: Listener,
    epoch: Option<String>,
    record: Arc<Mutex<Record>>,
    disk_toggles: u64,
}

struct Outgoing {
    client_id: String,
    frame: Value,
    in_flight: bool,
}

/// Why the client ended its link.
enum Left {
    Away(Duration),
    Dead(Duration),
    Done,
}

impl Client {
    /// Signs up, or logs in if an earlier attempt succeeded without an answer.
    pub async fn enter(
        server: SocketAddr,
        number: usize,
        name: String,
        seed: u64,
        record: Arc<Mutex<Record>>,
    ) -> Result<Client, String> {
        let body = json!({"name": name, "password": PASSWORD});
        let mut answer = ask(server, None, "POST", "/api/signup", &body).await?;
        if answer.status == 409 {
            answer = ask(server, None, "POST", "/api/login", &body).await?;
        }
        let cookie = answer
            .cookie
            .ok_or_else(|| format!("{name} cannot come in: {}", answer.status))?;
        Ok(Client {
            name,
            number,
            replica: Replica::default(),
            rooms: vec![1],
            cookie,
            server,
            rng: Rng::new(seed ^ (number as u64) << 8),
            actions: VecDeque::new(),
            outbox: Vec::new(),
            acknowledged: Vec::new(),
            written: 0,
            listener: Listener::default(),
            epoch: None,
            record,
            disk_toggles: 0,
        })
    }

    /// A client of the same person with empty state, connected to this address.
    pub fn fresh(&self, server: SocketAddr) -> Client {
        Client {
            name: self.name.clone(),
            number: self.number,
            replica: Replica::default(),
            rooms: self.rooms.clone(),
            cookie: self.cookie.clone(),
            server,
            rng: Rng::new(0),
            actions: VecDeque::new(),
            outbox: Vec::new(),
            acknowledged: Vec::new(),
            written: 0,
            listener: Listener::default(),
            epoch: None,
            record: self.record.clone(),
            disk_toggles: 0,
        }
    }

    pub fn plan(&mut self, actions: Vec<(Duration, Action)>) {
        self.actions = actions.into();
    }

    pub fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub async fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Answer, String> {
        ask(self.server, Some(&self.cookie), method, path, body).await
    }

    /// Joins a room, and retries until `end`.
    pub async fn join(&mut self, room: u64, end: Instant) -> Result<(), String> {
        while Instant::now() < end {
            let path = format!("/api/rooms/{room}/join");
            if self
                .ask("POST", &path, &json!({}))
                .await
                .is_ok_and(|answer| answer.status == 200)
            {
                self.rooms.push(room);
                return Ok(());
            }
            self.pause().await;
        }
        Err(format!("{} did not get into room {room}", self.name))
    }

    async fn pause(&mut self) {
        sleep(Duration::from_millis(
            (COME_BACK_MS + self.rng.below(COME_BACK_MS)) as u64,
        ))
        .await;
    }

    /// Runs from `start` to `end`, and reconnects after every loss.
    pub async fn run(&mut self, start: Instant, end: Instant) {
        while Instant::now() < end {
            let left = match self.connect().await {
                Ok(mut link) => self.use_link(&mut link, start, end).await,
                Err(error) => Err(error),
            };
            match left {
                Ok(Left::Away(how_long)) => {
                    self.record().count("left", 1);
                    sleep(how_long).await;
                }
                Ok(Left::Dead(how_long)) => {
                    self.record().count("died", 1);
                    self.replica = Replica::default();
                    sleep(how_long).await;
                }
                Ok(Left::Done) => return,
                Err(error) => {
                    if error == "4408" {
                        self.record().count("too slow", 1);
                    }
                    self.record().count("losses", 1);
                    self.pause().await;
                }
            }
        }
    }

    /// Reconnects, resends unanswered posts, and stays until it has caught up.
    pub async fn settle(&mut self, limit: Duration) -> Result<(), String> {
        let end = Instant::now() + limit;
        let mut last = "the server is not there".to_owned();
        while Instant::now() < end {
            match self.connect().await {
                Ok(mut link) => match self.receive_all(&mut link, end).await {
                    Ok(()) => return Ok(()),
                    Err(error) => last = error,
                },
                Err(error) => last = error,
            }
            self.pause().await;
        }
        Err(format!("{}: {last}", self.name))
    }

    async fn connect(&mut self) -> Result<Link, String> {
        let mut link = Link::open(self.server, &self.cookie).await?;
        self.listener = Listener::default();
        let ready = link.next(Instant::now() + ANSWER_MAX).await?.ok_or("no ready")?;
        let epoch = ready["epoch"].as_str().map(str::to_owned);
        let is_known = self.epoch.is_none() || self.epoch == epoch;
        self.record().check(Law::Alike, is_known, || {
            format!("another epoch than before, or none: {ready}")
        });
        self.epoch = epoch;
        self.receive(&mut link, &ready).await?;
        self.mark_uncertain();
        self.resend(&mut link).await?;
        Ok(link)
    }

    /// Posts in flight on a lost link may have been refused by a full disk without the client knowing.
    fn mark_uncertain(&mut self) {
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        let toggles = std::mem::replace(&mut self.disk_toggles, record.disk_toggles);
        let was_full = toggles % 2 == 1 || toggles != record.disk_toggles;
        for outgoing in self.outbox.iter_mut().filter(|outgoing| outgoing.in_flight) {
            outgoing.in_flight = false;
            if let Some(post) = record.posts.get_mut(&outgoing.client_id) {
                post.refused |= was_full;
            }
        }
    }

    async fn resend(&mut self, link: &mut Link) -> Result<(), String> {
        for outgoing in self.outbox.iter_mut().filter(|outgoing| !outgoing.in_flight) {
            outgoing.in_flight = true;
            link.send(&outgoing.frame).await?;
        }
        Ok(())
    }

    async fn use_link(&mut self, link: &mut Link, start: Instant, end: Instant) -> Result<Left, String> {
        let mut resend = Instant::now() + RESEND_EVERY;
        while Instant::now() < end {
            let next = self.actions.front().map_or(end, |(at, _)| start + *at);
            if let Some(frame) = link.next(next.min(resend).min(end)).await? {
                self.receive(link, &frame).await?;
            }
            if Instant::now() >= resend {
                resend = Instant::now() + RESEND_EVERY;
                self.resend(link).await?;
            }
            if self
                .actions
                .front()
                .is_some_and(|(at, _)| start + *at <= Instant::now())
                && let Some((_, action)) = self.actions.pop_front()
                && let Some(left) = self.perform(link, action).await?
            {
                return Ok(left);
            }
        }
        Ok(Left::Done)
    }

    /// Stays until every post is answered and every frame sent before a last ping has arrived.
    async fn receive_all(&mut self, link: &mut Link, end: Instant) -> Result<(), String> {
        let mut rounds = 0;
        while rounds < 3 {
            rounds += 1;
            let reference = format!("settled {rounds}");
            self.resend(link).await?;
            link.send(&json!({"type": "ping", "ref": reference})).await?;
            loop {
                let frame = link.next(end).await?.ok_or("not settled in time")?;
                if frame["type"] == "pong" && frame["ref"] == *reference {
                    break;
                }
                self.receive(link, &frame).await?;
            }
            if !self.outbox.is_empty() || !self.listener.is_caught_up() {
                rounds = 0;
                sleep(Duration::from_millis(10)).await;
            }
        }
        Ok(())
    }

    async fn receive(&mut self, link: &mut Link, frame: &Value) -> Result<(), String> {
        match frame["type"].as_str().unwrap_or_default() {
            "posted" => {
                let client_id = frame["client_id"].as_str().unwrap_or_default();
                self.record()
                    .answered(client_id, (number(&frame["room"]), number(&frame["seq"])));
                let known = self.outbox.len();
                self.outbox.retain(|outgoing| outgoing.client_id != client_id);
                if self.outbox.len() < known {
                    self.acknowledged.push(client_id.to_owned());
                }
            }
            "done" => self.done(frame),
            "error" => self.refused(frame),
            _ => {
                let requests = {
                    let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
                    self.listener.receive(frame, &mut self.replica, &mut record)
                };
                self.send_requests(link, requests).await?;
            }
        }
        Ok(())
    }

    fn done(&mut self, frame: &Value) {
        let reference = frame["ref"].as_str().unwrap_or_default();
        let mut parts = reference.split(' ');
        let (Some(kind), Some(client_id), Some(number)) = (parts.next(), parts.next(), parts.next()) else {
            return;
        };
        let mut record = self.record();
        let Some(post) = record.posts.get_mut(client_id) else {
            return;
        };
        match kind {
            "d" => post.deleted = true,
            _ => post.edits.1 = post.edits.1.max(number.parse().unwrap_or_default()),
        }
    }

    fn refused(&mut self, frame: &Value) {
        let code = frame["code"].as_str().unwrap_or_default();
        let passes = matches!(code, "storage_full" | "unavailable" | "internal");
        let is_post = frame.get("client_id").is_some();
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        record.count(
            if code == "storage_full" {
                "refused: disk full"
            } else {
                "refused: other"
            },
            1,
        );
        // Edits of deleted messages are refused, and a full disk is temporary.
        let is_known = passes || !is_post && matches!(code, "not_found" | "conflict" | "invalid" | "forbidden");
        record.check(Law::Answers, is_known, || format!("refused: {frame}"));
        let client_id = frame["client_id"].as_str().unwrap_or_default();
        for outgoing in self
            .outbox
            .iter_mut()
            .filter(|outgoing| outgoing.client_id == client_id)
        {
            outgoing.in_flight = false;
        }
        if let Some(post) = record.posts.get_mut(client_id) {
            post.refused = true;
        }
    }

    async fn send_requests(&mut self, link: &mut Link, requests: Vec<Request>) -> Result<(), String> {
        let mut requests: VecDeque<Request> = requests.into();
        while let Some(request) = requests.pop_front() {
            match request {
                Request::Sync(room, since) => {
                    link.send(&json!({"type": "sync", "room": room, "since": since}))
                        .await?;
                }
                Request::Read(room) => {
                    let (head, messages) = self.whole_history(room).await?;
                    self.record().count("histories", 1);
                    let more = self.replica.read(room, head, messages);
                    self.listener.requested(&more);
                    requests.extend(more);
                }
            }
        }
        Ok(())
    }

    /// A room's messages, oldest first, and its head at the first page.
    pub async fn whole_history(&self, room: u64) -> Result<(u64, Vec<Value>), String> {
        let (mut messages, mut head): (Vec<Value>, Option<u64>) = (Vec::new(), None);
        loop {
            let after = messages.last().map_or(0, |message| number(&message["id"]));
            let path = format!("/api/rooms/{room}/messages?after={after}&limit=100");
            let page = self.ask("GET", &path, &Value::Null).await?;
            // A body that was cut off does not parse.
            if page.status != 200 || page.json.is_null() {
                return Err(format!("{path}: {}", page.status));
            }
            let head = *head.get_or_insert(number(&page.json["head"]));
            messages.extend(page.json["messages"].as_array().into_iter().flatten().cloned());
            if page.json["more_after"] != true {
                return Ok((head, messages));
            }
        }
    }
}

async fn ask(
    server: SocketAddr,
    cookie: Option<&str>,
    method: &str,
    path: &str,
    body: &Value,
) -> Result<Answer, String> {
    let asking = api::ask(server, method, path, cookie, body);
    timeout(ANSWER_MAX, asking).await.map_err(error_text)?
}
