//! Seeds a data file with people, rooms and messages, through the store as a server does.

use crate::words::Words;
use chapp::clock::{Clock, Time};
use chapp::error::Result;
use chapp::model::{
    Body, Change, ClientId, Event, FormattedText, LOBBY, Name, NewAccount, NewMessage, NewPost, NewRoom, NewSession,
    PasswordHash, RoomId, RoomKind, RoomName, Token, Topic, UserId,
};
use chapp::store::{Feed, Options, Pending, Store};
use std::collections::VecDeque;
use std::path::Path;
use std::thread;

/// Changes in flight; the writer commits all waiting changes together.
const IN_FLIGHT: usize = 2_048;
/// Cache while the file is filled, in bytes. With a server's smaller cache, commits this large would write
/// most pages several times.
const CACHE_BYTES: usize = 1 << 30;

/// The size of the seed.
#[derive(Clone, Copy)]
pub struct Plan {
    pub people: u64,
    /// Without the Lobby.
    pub rooms: u64,
    /// Members of each room, except the Lobby, which has everybody.
    pub members: u64,
}

impl Plan {
    /// The `index`-th member of a room, from 0; the first one created it.
    pub fn member(&self, room: RoomId, index: u64) -> UserId {
        UserId((room.0 - 2 + index % self.members) % self.people + 1)
    }

    /// The rooms, without the Lobby.
    pub fn rooms(&self) -> impl Iterator<Item = RoomId> + use<> {
        (0..self.rooms).map(|index| RoomId(index + 2))
    }
}

/// Opens the data file at `path` for `work`, and closes it cleanly.
pub fn with_store<T>(path: &Path, work: impl AsyncFnOnce(&Store) -> Result<T>) -> std::result::Result<T, String> {
    let options = Options {
        cache_bytes: CACHE_BYTES,
        ..Options::default()
    };
    let (store, feed) = Store::open(path, options).map_err(|error| error.to_string())?;
    let listener = thread::spawn(|| wait(drain(feed)));
    let done = wait(work(&store));
    wait(store.close());
    let _ = listener.join();
    done.map_err(|error| format!("{error:?}"))
}

async fn drain(mut feed: Feed) {
    while feed.next().await.is_some() {}
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(work)
}

/// Keeps many changes in flight, so that they share commits.
#[derive(Default)]
struct Pipeline(VecDeque<Pending>);

impl Pipeline {
    async fn put(&mut self, store: &Store, change: Change) -> Result<()> {
        if self.0.len() == IN_FLIGHT {
            self.oldest().await?;
        }
        self.0.push_back(store.submit(change).await?);
        Ok(())
    }

    async fn oldest(&mut self) -> Result<Option<Event>> {
        match self.0.pop_front() {
            Some(pending) => pending.await.map(Some),
            None => Ok(None),
        }
    }

    async fn end(mut self) -> Result<()> {
        while self.oldest().await?.is_some() {}
        Ok(())
    }
}

/// Creates the people and rooms of a plan in an empty file.
pub async fn create_rooms(store: &Store, plan: Plan) -> Result<()> {
    let mut pipeline = Pipeline::default();
    for person in 1..=plan.people {
        pipeline.put(store, sign_up(person)?).await?;
    }
    for room in plan.rooms() {
        let change = Change::CreateRoom(NewRoom {
            by: plan.member(room, 0),
            kind: RoomKind::Public,
            name: RoomName::parse(&format!("Room {room}"))?,
            topic: Topic::parse("")?,
            members: (1..plan.members).map(|index| plan.member(room, index)).collect(),
            at: Clock::System.now(),
        });
        pipeline.put(store, change).await?;
    }
    pipeline.end().await
}

/// Adds one person, who joins the first `rooms` rooms after the Lobby.
pub async fn add_person(store: &Store, person: UserId, rooms: u64) -> Result<()> {
    let mut pipeline = Pipeline::default();
    pipeline.put(store, sign_up(person.0)?).await?;
    for room in (0..rooms).map(|index| RoomId(index + 2)) {
        let (by, user, at) = (person, person, Clock::System.now());
        pipeline.put(store, Change::AddMember { by, room, user, at }).await?;
    }
    pipeline.end().await
}

/// Posts `count` messages: 40 % into the Lobby, 50 % into the first 100 rooms, the rest anywhere.
pub async fn post_messages(store: &Store, plan: Plan, words: &mut Words, count: u64) -> Result<()> {
    let mut pipeline = Pipeline::default();
    for _ in 0..count {
        let room = match words.below(10) {
            0..4 => LOBBY,
            4..9 => RoomId(2 + words.below(plan.rooms.min(100))),
            _ => RoomId(2 + words.below(plan.rooms)),
        };
        let author = match room {
            LOBBY => UserId(1 + words.below(plan.people)),
            room => plan.member(room, words.below(plan.members)),
        };
        let change = Change::Post(NewPost {
            author,
            room,
            client_id: ClientId::parse(&words.uuid())?,
            message: NewMessage::Text {
                text: FormattedText::plain(Body::parse(&words.text())?),
                reply_to: None,
                files: Vec::new(),
            },
            here: Vec::new(),
            at: Clock::System.now(),
        });
        pipeline.put(store, change).await?;
    }
    pipeline.end().await
}

fn sign_up(person: u64) -> Result<Change> {
    Ok(Change::SignUp(NewAccount {
        name: Name::parse(&format!("Person {person}"))?,
        // Nobody logs in: the sign-up made a session.
        password: PasswordHash(String::new()),
        invite: None,
        session: NewSession {
            id: token(UserId(person)).id(),
            device: "a bench".to_owned(),
            address: "127.0.0.1".to_owned(),
        },
        at: Time(Clock::System.now().0),
    }))
}

fn token(person: UserId) -> Token {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&person.0.to_le_bytes());
    Token::new(bytes)
}

/// The session cookie of a person; `file_id` is the store's.
pub fn cookie(file_id: &str, person: UserId) -> String {
    let name: String = file_id.chars().take(6).collect();
    format!("chapp_{name}={}", token(person).to_hex())
}
