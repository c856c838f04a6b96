//! The fixture of the store laws: a store in its own folder, and people who use it.

use chapp::clock::Time;
use chapp::error::{Kind, Result};
use chapp::model::*;
use chapp::store::{DiskOp, FaultInjector, Feed, Finding, OpenError, Options, Pending, Progress, Store, check_file};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use tempfile::TempDir;

/// A store and the events of its feed.
pub struct World {
    pub store: Store,
    pub path: PathBuf,
    listener: JoinHandle<Vec<Event>>,
    folder: Arc<TempDir>,
}

impl World {
    pub fn new() -> World {
        World::with(Options::default())
    }

    pub fn with(options: Options) -> World {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        World::open(folder, options).unwrap()
    }

    /// Signs up people 1 to `count`, named by their numbers.
    pub fn of_people(count: u64) -> World {
        let world = World::new();
        world.sign_up_people(count);
        world
    }

    pub fn sign_up_people(&self, count: u64) {
        for person in 1..=count {
            wait(self.store.commit(sign_up(&format!("person {person}"), person))).unwrap();
        }
    }

    /// Opens the data file in this folder, or creates one.
    pub fn open(folder: Arc<TempDir>, options: Options) -> std::result::Result<World, OpenError> {
        let path = folder.path().join("data.redb");
        let (store, feed) = Store::open(&path, options)?;
        let listener = thread::spawn(|| wait(listen(feed)));
        Ok(World {
            store,
            path,
            listener,
            folder,
        })
    }

    /// Closes the store, checks the laws of the file, and returns the events of the feed.
    pub fn close(self) -> Vec<Event> {
        wait(self.store.close());
        let events = self.listener.join().unwrap();
        check_laws(&self.path);
        events
    }

    /// Keeps the data file until this is dropped.
    pub fn keep_folder(&self) -> Arc<TempDir> {
        self.folder.clone()
    }

    /// Closes the store and opens the file again, on a disk without faults.
    pub fn reopen(self) -> World {
        self.reopen_with(Options::default())
    }

    pub fn reopen_with(self, options: Options) -> World {
        let folder = self.folder.clone();
        self.close();
        World::open(folder, options).unwrap()
    }

    /// Reads the whole Lobby by a catch-up from the start, and checks that nothing is missing.
    pub fn lobby(&self) -> Vec<Message> {
        wait(read_forward(&self.store)).unwrap()
    }

    /// Runs `person(store, number)` for each number at once, each on a thread of its own.
    pub fn together<T: Send + 'static>(
        &self,
        people: std::ops::RangeInclusive<u64>,
        person: impl AsyncFn(Store, u64) -> T + Clone + Send + 'static,
    ) -> Vec<T> {
        let threads: Vec<_> = people
            .map(|number| {
                let (store, person) = (self.store.clone(), person.clone());
                thread::spawn(move || wait(person(store, number)))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    }
}

/// Checks the pages, the rows and the references between tables.
#[track_caller]
pub fn check_laws(path: &Path) {
    let report = check_file(path, &Options::default(), &Progress::default()).unwrap();
    let findings: Vec<String> = report.findings.iter().map(Finding::to_string).collect();
    assert_eq!(findings, [""; 0], "of {} in {}", report.count, path.display());
}

/// Runs a future to its end on this thread.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(future)
}

async fn listen(mut feed: Feed) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(next) = feed.next().await {
        events.extend(next);
    }
    events
}

/// Submits changes without waiting for their answers, then waits for all.
pub async fn pipeline(store: &Store, changes: Vec<Change>) -> Vec<Result<Event>> {
    let mut pending: Vec<Pending> = Vec::new();
    for change in changes {
        pending.push(store.submit(change).await.unwrap());
    }
    let mut answers = Vec::new();
    for answer in pending {
        answers.push(answer.await);
    }
    answers
}

pub async fn read_forward(store: &Store) -> Result<Vec<Message>> {
    let (mut all, mut since) = (Vec::new(), Seq(0));
    loop {
        let Catchup::Changed { messages, through } = store.catchup(UserId(1), LOBBY, since).await? else {
            panic!("a reset after {since}");
        };
        if messages.is_empty() {
            return Ok(all);
        }
        for (seq, message) in messages {
            since = since.next();
            assert_eq!((seq, message.id), (since, since), "a hole");
            all.push(message);
        }
        assert_eq!(through, since);
    }
}

/// The password hash of everybody.
pub fn password() -> PasswordHash {
    PasswordHash("$argon2id$…".to_owned())
}

pub fn sign_up(name: &str, token: u64) -> Change {
    Change::SignUp(NewAccount {
        name: Name::parse(name).unwrap(),
        password: password(),
        invite: None,
        session: session(token),
        at: Time(1_000),
    })
}

pub fn session(token: u64) -> NewSession {
    NewSession {
        id: session_id(token),
        device: "a browser".to_owned(),
        address: "192.0.2.1".to_owned(),
    }
}

pub fn session_id(token: u64) -> SessionId {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&token.to_le_bytes());
    SessionId(bytes)
}

/// A post whose text contains its author and its `client_id`.
pub fn post(person: u64, client_id: &str) -> Change {
    post_at(person, client_id, 1_000)
}

pub fn post_at(person: u64, client_id: &str, at: u64) -> Change {
    Change::Post(NewPost {
        author: UserId(person),
        room: LOBBY,
        client_id: ClientId::parse(client_id).unwrap(),
        message: written(&body(person, client_id)),
        here: Vec::new(),
        at: Time(at),
    })
}

/// A draft of plain text.
pub fn written(text: &str) -> NewMessage {
    NewMessage::Text {
        text: FormattedText::plain(Body::parse(text).unwrap()),
        reply_to: None,
        files: Vec::new(),
    }
}

/// The `client_id` of a message.
pub fn client_id(message: &Message) -> &str {
    message.client_id.as_ref().map_or("", ClientId::as_str)
}

pub fn body(person: u64, client_id: &str) -> String {
    format!("{client_id}, says {person}")
}

/// The seq in the answer to a post.
pub fn seq(answer: &Event) -> Seq {
    match answer {
        Event::Posted(posted) => posted.seq,
        Event::PostedBefore { seq, .. } => *seq,
        other => panic!("no answer to a post: {other:?}"),
    }
}

/// The seqs of the posts among these events.
pub fn posted(events: &[Event]) -> Vec<u64> {
    let posted = |event: &Event| match event {
        Event::Posted(posted) => Some(posted.seq.0),
        _ => None,
    };
    events.iter().filter_map(posted).collect()
}

/// Fails unless the messages are 1, 2, 3, …, each whole, each client_id once.
pub fn check_whole(messages: &[Message]) {
    let mut known = std::collections::HashSet::new();
    for (message, number) in messages.iter().zip(1..) {
        assert_eq!(message.id, Seq(number));
        assert_eq!(message.body.as_str(), body(message.author.0, client_id(message)));
        assert!(
            known.insert((message.author, message.client_id.clone())),
            "twice: {message:?}"
        );
    }
}

pub fn kind<T: std::fmt::Debug>(answer: Result<T>) -> Kind {
    answer.unwrap_err().kind
}

/// A reproducible generator of random numbers (splitmix64).
#[derive(Debug)]
pub struct Rng(pub u64);

impl Rng {
    /// A number from 0 to `sides` - 1.
    pub fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }
}

/// A disk that fails on demand.
#[derive(Debug, Default)]
pub struct FaultyDisk(Mutex<Plan>);

#[derive(Debug, Default)]
struct Plan {
    /// Operations until the fault.
    ops: u64,
    fault: Option<Fault>,
    failed: bool,
}

/// How a disk fails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// One write or sync fails with EIO.
    Hiccup,
    /// Every write fails with ENOSPC until the disk is repaired.
    Full,
    /// Everything fails until the disk is repaired. For the file this equals a kill.
    Dead,
}

/// Small enough to be full after a few commits, so that faults also hit commits to the pages of the file.
const JOURNAL_BYTES: usize = 32 << 10;

impl FaultyDisk {
    pub fn options(self: &Arc<FaultyDisk>) -> Options {
        Options {
            faults: Some(self.clone()),
            journal_bytes: JOURNAL_BYTES,
            ..Options::default()
        }
    }

    /// Fails after this many more writes and syncs.
    pub fn fail(&self, fault: Fault, ops: u64) {
        *self.0.lock().unwrap() = Plan {
            ops,
            fault: Some(fault),
            failed: false,
        };
    }

    pub fn repair(&self) {
        *self.0.lock().unwrap() = Plan::default();
    }

    pub fn has_failed(&self) -> bool {
        self.0.lock().unwrap().failed
    }
}

impl FaultInjector for FaultyDisk {
    fn before(&self, op: DiskOp<'_>) -> io::Result<()> {
        let mut plan = self.0.lock().unwrap();
        let Some(fault) = plan.fault else { return Ok(()) };
        let writes = op.is_sync() || matches!(op, DiskOp::Write { .. } | DiskOp::Resize { .. });
        if plan.ops > 0 {
            plan.ops -= u64::from(writes);
            return Ok(());
        }
        plan.failed = true;
        match fault {
            Fault::Hiccup if writes => {
                plan.fault = None;
                Err(io::Error::from_raw_os_error(5))
            }
            Fault::Full if matches!(op, DiskOp::Write { .. } | DiskOp::Resize { .. }) => {
                Err(ErrorKind::StorageFull.into())
            }
            Fault::Dead => Err(io::Error::from_raw_os_error(5)),
            _ => Ok(()),
        }
    }
}
