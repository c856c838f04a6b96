//! The laws for files: under concurrent changes and after a disk failure at any write, exactly the people who see a
//! message with a file can read it, and all of it; a file that no message shows is gone after the erasing.

use super::world::*;
use crate::harness::PATIENCE;
use chapp::clock::Time;
use chapp::limits::FILE_CHUNK_BYTES;
use chapp::model::*;
use chapp::store::{DiskOp, FaultInjector, Options, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};
use tokio::time::timeout;

const PEOPLE: u64 = 3;
/// The Lobby, and a private room of 1 and 2.
const ROOMS: u64 = 2;

const PREVIEW_BYTES: u64 = 16;

/// The id of a file, derived from the person and the number.
fn id(person: u64, number: u64) -> FileId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&person.to_be_bytes());
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    FileId(bytes)
}

fn owner(id: FileId) -> u64 {
    u64::from_be_bytes(id.0[..8].try_into().unwrap())
}

/// The bytes of a file: the last ones of two chunks.
fn bytes(id: FileId) -> Vec<u8> {
    let number = u64::from_be_bytes(id.0[8..].try_into().unwrap());
    let length = FILE_CHUNK_BYTES / 2 * (1 + number as usize % 3) + 7;
    id.0.iter().copied().cycle().take(length).collect()
}

/// The changes that upload a file, in order.
fn upload(id: FileId, at: Time) -> Vec<Change> {
    let all = bytes(id);
    let mut changes: Vec<Change> = (0..)
        .zip(all.chunks(FILE_CHUNK_BYTES))
        .map(|(index, chunk)| {
            Change::File(FileChange::Keep {
                id,
                index,
                bytes: chunk.to_vec().into(),
                at,
            })
        })
        .collect();
    changes.push(Change::File(FileChange::Add(NewFile {
        file: Attachment {
            id,
            name: FileName::clean("a.bin"),
            media_type: "application/octet-stream".to_owned(),
            size: all.len() as u64,
            pixels: None,
            has_preview: true,
        },
        preview: Some(("image/png".to_owned(), id.0.to_vec().into())),
        owner: UserId(owner(id)),
        at,
    })));
    changes
}

fn create_rooms(world: &World) {
    world.sign_up_people(PEOPLE);
    let room = Change::CreateRoom(NewRoom {
        by: UserId(1),
        kind: RoomKind::Private,
        name: RoomName::parse("closed").unwrap(),
        topic: Topic::default(),
        members: vec![UserId(2)],
        at: Time(1_000),
    });
    wait(world.store.commit(room)).unwrap();
}

/// A random change that involves files.
fn anything(rng: &mut Rng, person: u64, number: u64) -> Vec<Change> {
    let by = UserId(person);
    let at = Time(1_000 + number);
    let room = RoomId(1 + rng.below(ROOMS));
    let target = MessageRef {
        room,
        id: Seq(1 + rng.below(20)),
    };
    let act = |act| vec![Change::MessageAction { by, target, act, at }];
    let any_file = |rng: &mut Rng| id(1 + rng.below(PEOPLE), rng.below(number + 1));
    let post = |draft| {
        vec![Change::Post(NewPost {
            author: by,
            room,
            client_id: ClientId::parse(&format!("{person}.{number}")).unwrap(),
            message: draft,
            here: Vec::new(),
            at,
        })]
    };
    match rng.below(12) {
        0..3 => upload(id(person, number), at),
        3 => {
            let mut changes = upload(id(person, number), at);
            changes.truncate(1);
            changes.push(Change::File(FileChange::GiveUp {
                id: id(person, number),
                at,
            }));
            changes
        }
        4..7 => post(NewMessage::Text {
            text: FormattedText::plain(Body::parse("look").unwrap()),
            reply_to: None,
            files: BTreeSet::from([any_file(rng), id(person, rng.below(number + 1))])
                .into_iter()
                .take(1 + rng.below(2) as usize)
                .collect(),
        }),
        7 => post(NewMessage::Forward {
            room: target.room,
            id: target.id,
        }),
        8 => act(MessageAction::Delete),
        9 => act(MessageAction::Undelete),
        10 => vec![Change::Erase {
            before: Time(at.0.saturating_sub(5)),
        }],
        _ => vec![Change::File(FileChange::Erase { before: Time(1) })],
    }
}

fn work(world: &World, seed: u64, from: u64, steps: u64) -> u64 {
    let lives = world.together(1..=PEOPLE, async move |store, person| {
        let mut rng = Rng(seed ^ (person << 32));
        let mut failed = 0;
        for number in from..from + steps {
            let changes = anything(&mut rng, person, number);
            let answers = pipeline(&store, changes).await;
            failed += answers.iter().filter(|answer| answer.is_err()).count() as u64;
        }
        failed
    });
    lives.into_iter().sum()
}

/// The files that each room shows now.
async fn shown(store: &Store) -> BTreeMap<u64, BTreeSet<FileId>> {
    let mut rooms = BTreeMap::new();
    for room in 1..=ROOMS {
        let mut files = BTreeSet::new();
        let mut anchor = Anchor::Latest;
        loop {
            let page = store
                .history(UserId(1), RoomId(room), anchor, PageSize::parse(50).unwrap())
                .await
                .unwrap();
            anchor = Anchor::Before(page.messages.first().map_or(Seq(1), |message| message.id));
            for message in page.messages {
                assert!(
                    message.deleted_by.is_none() || message.files.is_empty(),
                    "deleted, and shown"
                );
                files.extend(message.files.into_iter().map(|file| file.id));
            }
            if !page.more_before {
                break;
            }
        }
        rooms.insert(room, files);
    }
    rooms
}

/// Checks that everybody can read exactly their files, and completely. `posted` are all files that were ever shown.
async fn check(store: &Store, steps: u64, posted: &mut BTreeSet<FileId>) {
    let rooms = shown(store).await;
    posted.extend(rooms.values().flatten());
    let mut readable = 0;
    for id in (1..=PEOPLE).flat_map(|person| (0..steps).map(move |number| id(person, number))) {
        for user in 1..=PEOPLE {
            let seen = rooms[&1].contains(&id) || (user < 3 && rooms[&2].contains(&id));
            let found = store.file(UserId(user), id).await;
            if seen {
                let file = found.unwrap_or_else(|error| panic!("{id}: {error}"));
                assert!(
                    store.whole_file(id, file.size).unwrap() == bytes(id),
                    "{id} is not whole"
                );
                assert_eq!(store.preview(UserId(user), id).await.unwrap().1, id.0.to_vec());
                readable += 1;
            } else if found.is_ok() {
                assert_eq!(user, owner(id), "{id}: not posted, and read by another");
                assert!(
                    !posted.contains(&id),
                    "{id}: posted and deleted, and read by its uploader"
                );
                assert!(store.whole_file(id, found.unwrap().size).unwrap() == bytes(id));
            }
        }
    }
    assert!(readable > 0);
}

/// After erasing, only files that a message shows have bytes.
async fn check_erased(store: &Store, steps: u64) -> u64 {
    let all = Time(u64::MAX);
    while matches!(
        store.commit(Change::Erase { before: all }).await.unwrap(),
        Event::Erased { count: 1.. }
    ) {}
    let erase = || Change::File(FileChange::Erase { before: all });
    let mut rounds = 0;
    while store.has_unattached(all).await.unwrap() {
        let answer = store.commit(erase()).await.unwrap();
        assert!(
            matches!(answer, Event::File(FileEvent::Erased { count: 1.. })),
            "{answer:?}"
        );
        rounds += 1;
    }
    assert_eq!(
        store.commit(erase()).await.unwrap(),
        Event::File(FileEvent::Erased { count: 0 })
    );
    let rooms = shown(store).await;
    for id in (1..=PEOPLE).flat_map(|person| (0..steps).map(move |number| id(person, number))) {
        let is_shown = rooms.values().any(|files| files.contains(&id));
        for index in 0..2 {
            let has = store.chunk(id, index).is_ok();
            let is_there = is_shown && bytes(id).len() > index as usize * FILE_CHUNK_BYTES;
            assert_eq!(has, is_there, "{id} chunk {index}");
        }
        let readers = [store.file(UserId(1), id).await, store.file(UserId(owner(id)), id).await];
        assert!(readers.iter().any(Result::is_ok) == is_shown, "{id}");
    }
    check_usage(store, rooms.values().flatten().copied().collect()).await;
    rounds
}

/// Checks the space in use, in total and by person, given all existing files.
async fn check_usage(store: &Store, files: BTreeSet<FileId>) {
    let size = |id: &FileId| bytes(*id).len() as u64;
    let all = files.iter().map(|id| size(id) + PREVIEW_BYTES).sum();
    for person in 1..=PEOPLE {
        let own = files.iter().filter(|id| owner(**id) == person).map(size).sum();
        let usage = store.file_usage(UserId(person)).await.unwrap();
        assert_eq!(usage, FileUsage { own, all }, "of {person}");
    }
}

#[test]
fn a_file_is_read_by_exactly_those_who_see_what_shows_it() {
    let world = World::new();
    create_rooms(&world);
    let mut posted = BTreeSet::new();
    work(&world, 41, 0, 120);
    wait(check(&world.store, 120, &mut posted));
    let world = world.reopen();
    wait(check(&world.store, 120, &mut posted));
    let rounds = wait(check_erased(&world.store, 120));
    assert!(rounds > 1, "one change removes a bounded number of rows");
    wait(check(&world.store, 120, &mut posted));
    let events = world.close();
    assert!(
        !events.iter().any(|event| matches!(event, Event::File(_))),
        "nobody is told of bytes"
    );
}

#[test]
fn a_crash_at_any_write_loses_no_track_of_a_file() {
    let mut rng = Rng(29);
    let mut failed = 0;
    for round in 0..10 {
        let disk = Arc::new(FaultyDisk::default());
        let world = World::with(disk.options());
        create_rooms(&world);
        work(&world, 900 + round, 0, 12);
        disk.fail(Fault::Dead, rng.below(600));
        failed += work(&world, 300 + round, 12, 18);
        let world = world.reopen();
        let mut posted = BTreeSet::new();
        wait(check(&world.store, 30, &mut posted));
        // The work continues from there.
        work(&world, 700 + round, 30, 10);
        wait(check(&world.store, 40, &mut posted));
        wait(check_erased(&world.store, 40));
        wait(check(&world.store, 40, &mut posted));
    }
    assert!(failed > 200, "the crashes came too late to show anything: {failed}");
}

#[test]
fn what_was_coming_at_a_kill_is_erased_after_the_next_start() {
    let world = World::of_people(1);
    let (half, whole) = (id(1, 2), id(1, 5));
    let mut changes = upload(half, Time(5_000));
    changes.pop();
    changes.extend(upload(whole, Time(5_000)));
    for answer in wait(pipeline(&world.store, changes)) {
        answer.unwrap();
    }
    // Before a day has passed nothing is erased.
    let none = Event::File(FileEvent::Erased { count: 0 });
    let erase = |before| Change::File(FileChange::Erase { before: Time(before) });
    assert_eq!(wait(world.store.commit(erase(5_000))).unwrap(), none);
    assert!(world.store.chunk(half, 1).is_ok());
    let world = world.reopen();
    assert!(wait(world.store.has_unattached(Time(1))).unwrap());
    wait(world.store.commit(erase(1))).unwrap();
    assert!(world.store.chunk(half, 0).is_err() && world.store.chunk(half, 1).is_err());
    // The late pieces are refused.
    let mut late = upload(half, Time(5_000));
    late.remove(0);
    for answer in wait(pipeline(&world.store, late)) {
        assert_eq!(kind(answer), chapp::error::Kind::Conflict);
    }
    assert!(world.store.chunk(half, 1).is_err(), "and leaves nothing behind");
    assert!(wait(world.store.file(UserId(1), whole)).is_ok());
    wait(world.store.commit(erase(5_001))).unwrap();
    assert!(wait(world.store.file(UserId(1), whole)).is_err());
    assert!(!wait(world.store.has_unattached(Time(u64::MAX))).unwrap());
}

/// A disk that lets a limited number of file pieces through.
#[derive(Debug, Default)]
struct ThrottledDisk {
    state: Mutex<Throttle>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct Throttle {
    is_throttled: bool,
    takes: usize,
    /// Whether a piece is waiting.
    is_stuck: bool,
}

impl ThrottledDisk {
    fn takes(&self, takes: usize) {
        let mut state = self.state.lock().unwrap();
        (state.is_throttled, state.takes) = (true, takes);
        self.moved.notify_all();
    }

    fn takes_all(&self) {
        self.state.lock().unwrap().is_throttled = false;
        self.moved.notify_all();
    }

    /// Waits until a piece is waiting.
    fn is_stuck(&self) {
        let state = self.state.lock().unwrap();
        let waits = self.moved.wait_timeout_while(state, PATIENCE, |state| !state.is_stuck);
        assert!(waits.unwrap().0.is_stuck, "no piece comes");
    }
}

impl FaultInjector for ThrottledDisk {
    fn before(&self, op: DiskOp<'_>) -> io::Result<()> {
        let DiskOp::Write { bytes, .. } = op else {
            return Ok(());
        };
        if bytes.len() >= FILE_CHUNK_BYTES {
            let mut state = self.state.lock().unwrap();
            while state.is_throttled && state.takes == 0 {
                state.is_stuck = true;
                self.moved.notify_all();
                state = self.moved.wait(state).unwrap();
            }
            state.is_stuck = false;
            state.takes = state.takes.saturating_sub(1);
        }
        Ok(())
    }
}

/// The first piece of a file. If `number` is a multiple of three, it is the whole file.
fn piece(number: u64) -> Change {
    upload(id(1, number), Time(5_000)).swap_remove(0)
}

fn on_a_throttled_disk() -> (World, Arc<ThrottledDisk>) {
    let disk = Arc::new(ThrottledDisk::default());
    let world = World::with(Options {
        faults: Some(disk.clone()),
        ..Options::default()
    });
    world.sign_up_people(1);
    disk.takes(0);
    (world, disk)
}

#[test]
fn who_talks_while_files_come_waits_for_one_piece_at_most() {
    let (world, disk) = on_a_throttled_disk();
    wait(async {
        let first = world.store.submit(piece(2)).await.unwrap();
        disk.is_stuck();
        let mut pieces = Vec::new();
        for number in [5, 8, 11] {
            pieces.push(world.store.submit(piece(number)).await.unwrap());
        }
        let released = Instant::now();
        disk.takes(1);
        first.await.unwrap();
        disk.is_stuck();
        // A queue behind it is no reason to shed load; only a long wait is.
        let oldest = world.store.load().oldest;
        assert!(oldest > Duration::ZERO && oldest <= released.elapsed(), "{oldest:?}");
        let said = world.store.submit(post(1, "now")).await.unwrap();
        disk.takes(1);
        timeout(PATIENCE, said).await.expect("it waits for more").unwrap();
        disk.takes_all();
        for piece in pieces {
            piece.await.unwrap();
        }
    });
}

#[test]
fn a_file_that_is_given_up_while_its_first_piece_waits_is_given_up() {
    let (world, disk) = on_a_throttled_disk();
    let at = Time(5_000);
    wait(async {
        let mut answers = vec![world.store.submit(piece(2)).await.unwrap()];
        disk.is_stuck();
        let give_up = Change::File(FileChange::GiveUp { id: id(1, 3), at });
        for change in [piece(3), give_up] {
            answers.push(world.store.submit(change).await.unwrap());
        }
        disk.takes_all();
        for answer in answers {
            answer.await.unwrap();
        }
        let add = upload(id(1, 3), at).swap_remove(1);
        assert_eq!(kind(world.store.commit(add).await), chapp::error::Kind::Conflict);
    });
}
