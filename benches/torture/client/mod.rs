//! One client: does what the plan says, loses its links, dies, and comes back as the protocol says,
//! with `sync` and `reset` for what it missed, and the same client_ids for what was never answered.

mod acts;

use crate::api::{self, Answer};
use crate::chance::Chance;
use crate::ears::Ears;
use crate::ledger::{Law, Ledger};
use crate::link::{ANSWER_MAX, Link, words};
use crate::picture::{Picture, Want, number};
use crate::plan::Act;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

pub const PASSWORD: &str = "rain on the mill wheel";
/// Posts that wait for their answers; a client with so many writes no more.
const OUTBOX_MAX: usize = 64;
/// What was refused for a full disk is sent again after this long.
const RESEND_EVERY: Duration = Duration::from_millis(300);
/// Before a client comes back: so long, and up to as long again.
const COME_BACK_MS: usize = 60;

pub struct Client {
    pub name: String,
    pub number: usize,
    pub picture: Picture,
    pub rooms: Vec<u64>,
    pub cookie: String,
    server: SocketAddr,
    chance: Chance,
    acts: VecDeque<(Duration, Act)>,
    /// In the order in which they were first sent.
    outbox: Vec<Outgoing>,
    /// What was answered, oldest first.
    own: Vec<String>,
    written: u64,
    ears: Ears,
    epoch: Option<String>,
    ledger: Arc<Mutex<Ledger>>,
    disk_turns: u64,
}

struct Outgoing {
    client_id: String,
    frame: Value,
    on_its_way: bool,
}

/// How a link ended that the client ended itself.
enum Left {
    Away(Duration),
    Dead(Duration),
    Done,
}

impl Client {
    /// Signs up, or logs in where an earlier try had got through.
    pub async fn enter(
        server: SocketAddr,
        number: usize,
        name: String,
        seed: u64,
        ledger: Arc<Mutex<Ledger>>,
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
            picture: Picture::default(),
            rooms: vec![1],
            cookie,
            server,
            chance: Chance::new(seed ^ (number as u64) << 8),
            acts: VecDeque::new(),
            outbox: Vec::new(),
            own: Vec::new(),
            written: 0,
            ears: Ears::default(),
            epoch: None,
            ledger,
            disk_turns: 0,
        })
    }

    /// The same person, who knows nothing yet, at this address.
    pub fn fresh(&self, server: SocketAddr) -> Client {
        Client {
            name: self.name.clone(),
            number: self.number,
            picture: Picture::default(),
            rooms: self.rooms.clone(),
            cookie: self.cookie.clone(),
            server,
            chance: Chance::new(0),
            acts: VecDeque::new(),
            outbox: Vec::new(),
            own: Vec::new(),
            written: 0,
            ears: Ears::default(),
            epoch: None,
            ledger: self.ledger.clone(),
            disk_turns: 0,
        }
    }

    pub fn plan(&mut self, acts: Vec<(Duration, Act)>) {
        self.acts = acts.into();
    }

    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub async fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Answer, String> {
        ask(self.server, Some(&self.cookie), method, path, body).await
    }

    /// Comes into a room, however often it takes.
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
            (COME_BACK_MS + self.chance.below(COME_BACK_MS)) as u64,
        ))
        .await;
    }

    /// Lives from `start` to `end`, and comes back after every loss.
    pub async fn live(&mut self, start: Instant, end: Instant) {
        while Instant::now() < end {
            let left = match self.connect().await {
                Ok(mut link) => self.talk(&mut link, start, end).await,
                Err(error) => Err(error),
            };
            match left {
                Ok(Left::Away(how_long)) => {
                    self.ledger().count("left", 1);
                    sleep(how_long).await;
                }
                Ok(Left::Dead(how_long)) => {
                    self.ledger().count("died", 1);
                    self.picture = Picture::default();
                    sleep(how_long).await;
                }
                Ok(Left::Done) => return,
                Err(error) => {
                    if error == "4408" {
                        self.ledger().count("too slow", 1);
                    }
                    self.ledger().count("losses", 1);
                    self.pause().await;
                }
            }
        }
    }

    /// Comes back once more, sends what was never answered, and stays until all is known.
    pub async fn settle(&mut self, limit: Duration) -> Result<(), String> {
        let end = Instant::now() + limit;
        let mut last = "the server is not there".to_owned();
        while Instant::now() < end {
            match self.connect().await {
                Ok(mut link) => match self.hear_all(&mut link, end).await {
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
        self.ears = Ears::default();
        let ready = link.next(Instant::now() + ANSWER_MAX).await?.ok_or("no ready")?;
        let epoch = ready["epoch"].as_str().map(str::to_owned);
        let is_known = self.epoch.is_none() || self.epoch == epoch;
        self.ledger().check(Law::Alike, is_known, || {
            format!("another epoch than before, or none: {ready}")
        });
        self.epoch = epoch;
        self.hear(&mut link, &ready).await?;
        self.doubt();
        self.resend(&mut link).await?;
        Ok(link)
    }

    /// What was on its way when a link was lost may have been refused by a full disk, and nobody has heard.
    fn doubt(&mut self) {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let turns = std::mem::replace(&mut self.disk_turns, ledger.disk_turns);
        let was_full = turns % 2 == 1 || turns != ledger.disk_turns;
        for outgoing in self.outbox.iter_mut().filter(|outgoing| outgoing.on_its_way) {
            outgoing.on_its_way = false;
            if let Some(post) = ledger.posts.get_mut(&outgoing.client_id) {
                post.refused |= was_full;
            }
        }
    }

    async fn resend(&mut self, link: &mut Link) -> Result<(), String> {
        for outgoing in self.outbox.iter_mut().filter(|outgoing| !outgoing.on_its_way) {
            outgoing.on_its_way = true;
            link.send(&outgoing.frame).await?;
        }
        Ok(())
    }

    async fn talk(&mut self, link: &mut Link, start: Instant, end: Instant) -> Result<Left, String> {
        let mut resend = Instant::now() + RESEND_EVERY;
        while Instant::now() < end {
            let next = self.acts.front().map_or(end, |(at, _)| start + *at);
            if let Some(frame) = link.next(next.min(resend).min(end)).await? {
                self.hear(link, &frame).await?;
            }
            if Instant::now() >= resend {
                resend = Instant::now() + RESEND_EVERY;
                self.resend(link).await?;
            }
            if self.acts.front().is_some_and(|(at, _)| start + *at <= Instant::now())
                && let Some((_, act)) = self.acts.pop_front()
                && let Some(left) = self.act(link, act).await?
            {
                return Ok(left);
            }
        }
        Ok(Left::Done)
    }

    /// Stays until nothing is unanswered, and everything that was sent before a last ping is heard.
    async fn hear_all(&mut self, link: &mut Link, end: Instant) -> Result<(), String> {
        let mut rounds = 0;
        while rounds < 3 {
            rounds += 1;
            let mark = format!("settled {rounds}");
            self.resend(link).await?;
            link.send(&json!({"type": "ping", "ref": mark})).await?;
            loop {
                let frame = link.next(end).await?.ok_or("not settled in time")?;
                if frame["type"] == "pong" && frame["ref"] == *mark {
                    break;
                }
                self.hear(link, &frame).await?;
            }
            if !self.outbox.is_empty() || !self.ears.are_content() {
                rounds = 0;
                sleep(Duration::from_millis(10)).await;
            }
        }
        Ok(())
    }

    async fn hear(&mut self, link: &mut Link, frame: &Value) -> Result<(), String> {
        match frame["type"].as_str().unwrap_or_default() {
            "posted" => {
                let client_id = frame["client_id"].as_str().unwrap_or_default();
                self.ledger()
                    .answered(client_id, (number(&frame["room"]), number(&frame["seq"])));
                let known = self.outbox.len();
                self.outbox.retain(|outgoing| outgoing.client_id != client_id);
                if self.outbox.len() < known {
                    self.own.push(client_id.to_owned());
                }
            }
            "done" => self.done(frame),
            "error" => self.refused(frame),
            _ => {
                let wants = {
                    let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
                    self.ears.hear(frame, &mut self.picture, &mut ledger)
                };
                self.fulfil(link, wants).await?;
            }
        }
        Ok(())
    }

    fn done(&mut self, frame: &Value) {
        let mark = frame["ref"].as_str().unwrap_or_default();
        let mut parts = mark.split(' ');
        let (Some(kind), Some(client_id), Some(number)) = (parts.next(), parts.next(), parts.next()) else {
            return;
        };
        let mut ledger = self.ledger();
        let Some(post) = ledger.posts.get_mut(client_id) else {
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
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        ledger.count(
            if code == "storage_full" {
                "refused: disk full"
            } else {
                "refused: other"
            },
            1,
        );
        // Of a message that is gone there is nothing to edit, and a full disk passes.
        let is_known = passes || !is_post && matches!(code, "not_found" | "conflict" | "invalid" | "forbidden");
        ledger.check(Law::Answers, is_known, || format!("refused: {frame}"));
        let client_id = frame["client_id"].as_str().unwrap_or_default();
        for outgoing in self
            .outbox
            .iter_mut()
            .filter(|outgoing| outgoing.client_id == client_id)
        {
            outgoing.on_its_way = false;
        }
        if let Some(post) = ledger.posts.get_mut(client_id) {
            post.refused = true;
        }
    }

    async fn fulfil(&mut self, link: &mut Link, wants: Vec<Want>) -> Result<(), String> {
        let mut wants: VecDeque<Want> = wants.into();
        while let Some(want) = wants.pop_front() {
            match want {
                Want::Sync(room, since) => {
                    link.send(&json!({"type": "sync", "room": room, "since": since}))
                        .await?;
                }
                Want::Read(room) => {
                    let (head, messages) = self.whole_history(room).await?;
                    self.ledger().count("histories", 1);
                    let more = self.picture.read(room, head, messages);
                    self.ears.asked(&more);
                    wants.extend(more);
                }
            }
        }
        Ok(())
    }

    /// A room's messages, oldest first, and its head when the first page was read.
    pub async fn whole_history(&self, room: u64) -> Result<(u64, Vec<Value>), String> {
        let (mut messages, mut head): (Vec<Value>, Option<u64>) = (Vec::new(), None);
        loop {
            let after = messages.last().map_or(0, |message| number(&message["id"]));
            let path = format!("/api/rooms/{room}/messages?after={after}&limit=100");
            let page = self.ask("GET", &path, &Value::Null).await?;
            // A body that a link has cut off is no page.
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
    timeout(ANSWER_MAX, asking).await.map_err(words)?
}
