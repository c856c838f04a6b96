//! A scripted client: acts at random, survives restarts of the server, and ends with a replica that must equal a
//! fresh one.

use super::api::{self, Answer};
use super::replica::{Replica, Request, number};
use super::rng::Rng;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

type Socket = WebSocketStream<TcpStream>;

pub const PASSWORD: &str = "rain on the mill wheel";
/// The longest pause between two actions of a client.
const ACTION_EVERY_MS: usize = 4_000;
const COME_BACK_MS: usize = 1_500;
/// A connection is given up after this long without an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);
const ENTER_TRIES_MAX: usize = 30;
const ENTER_AGAIN_AFTER: Duration = Duration::from_secs(1);
const EMOJI: [&str; 5] = ["👍", "🎉", "❤️", "👀", "🌊"];
const ROOMS_MAX: usize = 40;
const MESSAGES_LOOKED_AT: usize = 30;

/// Signs up or logs in. Retries if the server is busy hashing other passwords.
async fn enter(server: SocketAddr, path: &str, body: &Value) -> Result<Answer, String> {
    let mut answer = api::ask(server, "POST", path, None, body).await?;
    for _ in 0..ENTER_TRIES_MAX {
        if answer.status != 429 {
            break;
        }
        sleep(ENTER_AGAIN_AFTER).await;
        answer = api::ask(server, "POST", path, None, body).await?;
    }
    Ok(answer)
}

pub struct Client {
    pub name: String,
    pub replica: Replica,
    server: SocketAddr,
    cookie: String,
    rng: Rng,
    sent: u64,
    /// Unanswered posts: `client_id` → frame. They are resent until they are answered.
    pub unanswered: BTreeMap<String, Value>,
    /// Answered posts: `client_id` → room and seq.
    pub answered: BTreeMap<String, (u64, u64)>,
    epoch: Option<String>,
}

impl Client {
    pub async fn sign_up(server: SocketAddr, name: String, seed: u64) -> Result<Client, String> {
        let body = json!({"name": name, "password": PASSWORD});
        let mut answer = enter(server, "/api/signup", &body).await?;
        // A killed server may have completed the sign-up without an answer.
        if answer.status == 409 {
            answer = enter(server, "/api/login", &body).await?;
        }
        let cookie = answer
            .cookie
            .ok_or_else(|| format!("sign-up of {name}: {}", answer.status))?;
        Ok(Client {
            name,
            replica: Replica::default(),
            server,
            cookie,
            rng: Rng::new(seed),
            sent: 0,
            unanswered: BTreeMap::new(),
            answered: BTreeMap::new(),
            epoch: None,
        })
    }

    /// A client of the same person with an empty replica.
    pub async fn fresh(&self) -> Result<Client, String> {
        let body = json!({"name": self.name, "password": PASSWORD});
        let answer = enter(self.server, "/api/login", &body).await?;
        let cookie = answer
            .cookie
            .ok_or_else(|| format!("log-in of {}: {}", self.name, answer.status))?;
        Ok(Client {
            name: self.name.clone(),
            replica: Replica::default(),
            server: self.server,
            cookie,
            rng: Rng::new(0),
            sent: 0,
            unanswered: BTreeMap::new(),
            answered: BTreeMap::new(),
            epoch: None,
        })
    }

    /// Runs until `end`: acts at random and reconnects after every loss.
    pub async fn run(&mut self, end: Instant) {
        while Instant::now() < end {
            if let Ok(socket) = self.connect().await {
                let _ = self.use_socket(socket, end).await;
            }
            sleep(Duration::from_millis(self.rng.below(COME_BACK_MS) as u64)).await;
        }
    }

    /// Reconnects, resends unanswered posts, and stays until it has caught up.
    pub async fn settle(&mut self, limit: Duration) -> Result<(), String> {
        let end = Instant::now() + limit;
        let mut last = "the server is not there".to_owned();
        while Instant::now() < end {
            match self.connect().await {
                Ok(mut socket) => match self.receive_all(&mut socket, end).await {
                    Ok(()) => return Ok(()),
                    Err(error) => last = error,
                },
                Err(error) => last = error,
            }
            sleep(Duration::from_millis(200)).await;
        }
        Err(format!("{}: {last}", self.name))
    }

    async fn connect(&mut self) -> Result<Socket, String> {
        let stream = TcpStream::connect(self.server).await.map_err(error_text)?;
        stream.set_nodelay(true).map_err(error_text)?;
        let host = format!("chapp.localhost:{}", self.server.port());
        let mut request = format!("ws://{host}/ws").into_client_request().map_err(error_text)?;
        let headers = request.headers_mut();
        headers.insert("origin", format!("http://{host}").parse().map_err(error_text)?);
        headers.insert("cookie", self.cookie.parse().map_err(error_text)?);
        let shaking = tokio_tungstenite::client_async(request, stream);
        let (mut socket, _) = timeout(ANSWER_LIMIT, shaking)
            .await
            .map_err(error_text)?
            .map_err(error_text)?;
        let ready = next(&mut socket).await?;
        let epoch = ready["epoch"].as_str().map(str::to_owned);
        if self.epoch.is_some() && self.epoch != epoch {
            self.replica.complaints.push("another epoch after a crash".to_owned());
        }
        self.epoch = epoch;
        let requests = self.replica.receive(&ready);
        self.send_requests(&mut socket, requests).await?;
        for frame in self.unanswered.values() {
            send(&mut socket, frame).await?;
        }
        Ok(socket)
    }

    async fn use_socket(&mut self, mut socket: Socket, end: Instant) -> Result<(), String> {
        let mut next_act = self.next_act();
        while Instant::now() < end {
            match timeout_at(next_act.min(end), next(&mut socket)).await {
                Ok(frame) => self.receive(&mut socket, &frame?).await?,
                Err(_) => {
                    next_act = self.next_act();
                    // Drop the connection without a close.
                    if self.rng.one_in(60) {
                        return Ok(());
                    }
                    self.act(&mut socket).await?;
                }
            }
        }
        Ok(())
    }

    fn next_act(&mut self) -> Instant {
        Instant::now() + Duration::from_millis(self.rng.below(ACTION_EVERY_MS) as u64)
    }

    /// Stays until every post is answered and every frame sent before a last ping has arrived.
    async fn receive_all(&mut self, socket: &mut Socket, end: Instant) -> Result<(), String> {
        let mut rounds = 0;
        while rounds < 3 {
            rounds += 1;
            let mark = format!("settled {rounds}");
            send(socket, &json!({"type": "ping", "ref": mark})).await?;
            loop {
                let frame = timeout_at(end, next(socket)).await.map_err(error_text)??;
                if frame["type"] == "pong" && frame["ref"] == *mark {
                    break;
                }
                self.receive(socket, &frame).await?;
            }
            if !self.unanswered.is_empty() {
                rounds = 0;
            }
        }
        Ok(())
    }

    async fn receive(&mut self, socket: &mut Socket, frame: &Value) -> Result<(), String> {
        match frame["type"].as_str().unwrap_or_default() {
            "posted" => {
                let client_id = frame["client_id"].as_str().unwrap_or_default().to_owned();
                let position = (number(&frame["room"]), number(&frame["seq"]));
                self.unanswered.remove(&client_id);
                if let Some(before) = self.answered.insert(client_id.clone(), position)
                    && before != position
                {
                    let two = format!("{client_id} was answered with {before:?}, then {position:?}");
                    self.replica.complaints.push(two);
                }
            }
            "error" => {
                let passing = ["unavailable", "storage_full", "internal"];
                let code = frame["code"].as_str().unwrap_or_default();
                if let Some(client_id) = frame["client_id"].as_str()
                    && !passing.contains(&code)
                {
                    self.unanswered.remove(client_id);
                }
                let known = ["forbidden", "not_found", "conflict", "invalid"];
                if !known.contains(&code) {
                    self.replica.complaints.push(format!("refused: {frame}"));
                }
            }
            _ => {
                let requests = self.replica.receive(frame);
                self.send_requests(socket, requests).await?;
            }
        }
        Ok(())
    }

    async fn send_requests(&mut self, socket: &mut Socket, requests: Vec<Request>) -> Result<(), String> {
        let mut requests: std::collections::VecDeque<Request> = requests.into();
        while let Some(request) = requests.pop_front() {
            match request {
                Request::Sync(room, since) => {
                    send(socket, &json!({"type": "sync", "room": room, "since": since})).await?;
                }
                Request::Read(room) => {
                    if let Some((head, messages)) = self.whole_history(room).await? {
                        requests.extend(self.replica.read(room, head, messages));
                    }
                }
            }
        }
        Ok(())
    }

    /// `None` if the client was removed from the room meanwhile.
    async fn whole_history(&self, room: u64) -> Result<Option<(u64, Vec<Value>)>, String> {
        let (mut messages, mut head): (Vec<Value>, Option<u64>) = (Vec::new(), None);
        loop {
            let after = messages.last().map_or(0, |message| number(&message["id"]));
            let path = format!("/api/rooms/{room}/messages?after={after}&limit=100");
            let page = self.ask("GET", &path, &Value::Null).await?;
            match page.status {
                200 => {}
                404 => return Ok(None),
                status => return Err(format!("{path}: {status}")),
            }
            head.get_or_insert(number(&page.json["head"]));
            messages.extend(page.json["messages"].as_array().into_iter().flatten().cloned());
            if page.json["more_after"] != true {
                return Ok(head.map(|head| (head, messages)));
            }
        }
    }

    pub async fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Answer, String> {
        api::ask(self.server, method, path, Some(&self.cookie), body).await
    }

    /// One random action.
    async fn act(&mut self, socket: &mut Socket) -> Result<(), String> {
        let rooms: Vec<u64> = self.replica.rooms.keys().copied().collect();
        let Some(&room) = self.rng.pick(&rooms) else {
            return Ok(());
        };
        let ids: Vec<u64> = self.replica.rooms[&room]
            .messages
            .keys()
            .rev()
            .take(MESSAGES_LOOKED_AT)
            .copied()
            .collect();
        let id = self.rng.pick(&ids).copied().unwrap_or(1);
        let people: Vec<u64> = self.replica.people.keys().copied().collect();
        let other = self.rng.pick(&people).copied().unwrap_or(1);
        let emoji = *self.rng.pick(&EMOJI).unwrap_or(&"👍");
        let on = !self.rng.one_in(3);
        let acting = format!("{}: act {}", self.name, self.sent);
        match self.rng.below(100) {
            0..50 => return self.post(socket, room, id).await,
            50..60 => self.socket_act(
                socket,
                json!({"type": "react", "room": room, "id": id, "emoji": emoji, "on": on}),
            ),
            60..67 => self.socket_act(
                socket,
                json!({"type": "edit", "room": room, "id": id, "body": format!("edited by {acting}, *again*")}),
            ),
            67..71 => self.socket_act(socket, json!({"type": "delete", "room": room, "id": id})),
            71..73 => self.socket_act(socket, json!({"type": "undelete", "room": room, "id": id})),
            73..76 => self.socket_act(socket, json!({"type": "pin", "room": room, "id": id, "on": on})),
            76..84 => {
                let seq = self.replica.rooms[&room].through;
                self.socket_act(socket, json!({"type": "read", "room": room, "seq": seq, "ref": "read"}))
            }
            84..86 => self.socket_act(socket, json!({"type": "unread", "room": room, "id": id})),
            86..88 => self.socket_act(socket, json!({"type": "typing", "room": room})),
            88 => self.socket_act(socket, json!({"type": "away", "on": on})),
            _ => return self.arrange(room, other).await,
        }
        .await
    }

    async fn socket_act(&mut self, socket: &mut Socket, frame: Value) -> Result<(), String> {
        send(socket, &frame).await
    }

    async fn post(&mut self, socket: &mut Socket, room: u64, id: u64) -> Result<(), String> {
        self.sent += 1;
        let client_id = format!("{}-{}", self.name, self.sent);
        let people: Vec<&Value> = self.replica.people.values().collect();
        let whom = self.rng.pick(&people).and_then(|user| user["name"].as_str());
        let body = match self.rng.below(4) {
            0 => format!(
                "{client_id}, @{} **look** at https://example.org/{id}",
                whom.unwrap_or("nobody")
            ),
            1 => format!("{client_id}\n\n- one\n- two `code`\n\n> quoted :tada:"),
            _ => client_id.clone(),
        };
        let mut frame = json!({"type": "post", "room": room, "client_id": client_id, "body": body});
        if self.rng.one_in(5) {
            frame["reply_to"] = id.into();
        }
        self.unanswered.insert(client_id, frame.clone());
        send(socket, &frame).await
    }

    /// What goes over HTTP. Refusals are expected; only the replica counts.
    async fn arrange(&mut self, room: u64, other: u64) -> Result<(), String> {
        self.sent += 1;
        let name = format!("{} {}", self.name, self.sent);
        let few = self.replica.rooms.len() < ROOMS_MAX;
        let (method, path, body) = match self.rng.below(11) {
            0 if few => (
                "POST",
                "/api/rooms".to_owned(),
                json!({"kind": "public", "name": name, "members": [other]}),
            ),
            1 if few => (
                "POST",
                "/api/rooms".to_owned(),
                json!({"kind": "private", "name": name, "members": [other]}),
            ),
            2 if few => (
                "POST",
                "/api/rooms".to_owned(),
                json!({"kind": "direct", "members": [other]}),
            ),
            3 | 4 => return self.join_any().await,
            5 => ("POST", format!("/api/rooms/{room}/leave"), Value::Null),
            6 => ("PUT", format!("/api/rooms/{room}/members/{other}"), Value::Null),
            7 => ("DELETE", format!("/api/rooms/{room}/members/{other}"), Value::Null),
            8 => (
                "PATCH",
                format!("/api/rooms/{room}"),
                json!({"name": name, "topic": format!("of {name}")}),
            ),
            9 => (
                "PATCH",
                format!("/api/rooms/{room}"),
                json!({"archived": self.rng.one_in(2)}),
            ),
            _ => ("PATCH", "/api/me".to_owned(), json!({"status": name})),
        };
        let answer = self.ask(method, &path, &body).await?;
        if answer.status >= 500 {
            let complaint = format!("{method} {path}: {} {}", answer.status, answer.json);
            self.replica.complaints.push(complaint);
        }
        Ok(())
    }

    async fn join_any(&mut self) -> Result<(), String> {
        let found = self.ask("GET", "/api/rooms?browse=1", &Value::Null).await?;
        let rooms: Vec<&Value> = found.json["rooms"].as_array().into_iter().flatten().collect();
        if let Some(room) = self.rng.pick(&rooms) {
            let path = format!("/api/rooms/{}/join", number(&room["id"]));
            self.ask("POST", &path, &Value::Null).await?;
        }
        Ok(())
    }
}

async fn next(socket: &mut Socket) -> Result<Value, String> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).map_err(error_text),
            Some(Ok(Message::Close(close))) => return Err(format!("closed: {close:?}")),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error.to_string()),
            None => return Err("the connection ended".to_owned()),
        }
    }
}

async fn send(socket: &mut Socket, frame: &Value) -> Result<(), String> {
    socket.send(Message::text(frame.to_string())).await.map_err(error_text)
}

fn error_text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
