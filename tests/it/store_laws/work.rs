//! How much of the file a query or a change reads, with nothing cached. What one person did often must not slow down
//! everybody's queries.

use super::world::*;
use chapp::limits::UNREAD_BYTES_MAX;
use chapp::model::*;
use chapp::store::{DiskOp, FaultInjector, Options};
use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

/// A writer that reads nothing for this long has nothing left to index.
const QUIET: Duration = Duration::from_millis(300);

/// Counts the disk operations, and the reads by thread.
#[derive(Debug, Default)]
struct Counter(Mutex<Reads>);

#[derive(Debug, Default)]
struct Reads {
    /// Reads of the writer, which also indexes for the search while idle.
    writing: u64,
    /// Reads of all other threads.
    queries: u64,
    threads: HashSet<ThreadId>,
    writes: u64,
    syncs: u64,
    resizes: u64,
}

impl FaultInjector for Counter {
    fn before(&self, op: DiskOp) -> io::Result<()> {
        let mut reads = self.0.lock().unwrap();
        match op {
            DiskOp::Write { .. } => reads.writes += 1,
            DiskOp::Sync | DiskOp::SyncPart { .. } => reads.syncs += 1,
            // redb syncs after each.
            DiskOp::Resize { .. } => reads.resizes += 1,
            _ => {}
        }
        if op == DiskOp::Read {
            match thread::current().name() {
                Some("writer") => reads.writing += 1,
                _ => {
                    reads.queries += 1;
                    reads.threads.insert(thread::current().id());
                }
            }
        }
        Ok(())
    }
}

impl Counter {
    /// Disk reads for queries while this ran, and the threads that made them.
    fn of<T>(&self, question: impl FnOnce() -> T) -> (T, u64, HashSet<ThreadId>) {
        self.take();
        let done = question();
        let reads = self.take();
        (done, reads.queries, reads.threads)
    }

    /// Disk reads for changes while this ran. Pending indexing is finished first.
    fn of_changes(&self, changes: impl FnOnce()) -> u64 {
        self.take();
        loop {
            thread::sleep(QUIET);
            if self.take().writing == 0 {
                break;
            }
        }
        changes();
        self.take().writing
    }

    fn take(&self) -> Reads {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// The same world without a cache, so that each read of the file is a disk read.
fn counted(world: World) -> (World, Arc<Counter>) {
    let counter = Arc::new(Counter::default());
    let options = Options {
        cache_bytes: 0,
        faults: Some(counter.clone()),
        ..Options::default()
    };
    (world.reopen_with(options), counter)
}

fn say(person: u64, client_id: &str, text: &str) -> Change {
    let mut change = post(person, client_id);
    if let Change::Post(post) = &mut change {
        post.message = written(text);
    }
    change
}

/// Adds and removes a reaction to this message repeatedly.
fn toggles(person: u64, id: u64, count: u64) -> Vec<Change> {
    let toggle = |n: u64| Change::MessageAction {
        by: UserId(person),
        target: MessageRef {
            room: LOBBY,
            id: Seq(id),
        },
        act: MessageAction::React {
            emoji: Emoji::parse("👍").unwrap(),
            on: n.is_multiple_of(2),
        },
        at: chapp::clock::Time(2_000),
    };
    (0..count).map(toggle).collect()
}

fn does(world: &World, changes: Vec<Change>) {
    for answer in wait(pipeline(&world.store, changes)) {
        answer.unwrap();
    }
}

#[test]
fn a_message_is_one_write_and_waits_for_the_disk_once() {
    let counter = Arc::new(Counter::default());
    let options = Options {
        faults: Some(counter.clone()),
        ..Options::default()
    };
    let world = World::of_people(2).reopen_with(options);
    let work = |n| {
        does(&world, vec![post(1, &format!("{n}"))]);
        let work = counter.take();
        (work.writes, work.syncs - work.resizes)
    };
    // Indexing after the opening is a commit of its own.
    counter.of_changes(|| {});
    let more: Vec<_> = (0..100).map(work).filter(|work| *work != (1, 1)).collect();
    assert_eq!(more, []);
}

#[test]
fn a_catch_up_reads_a_message_once_however_often_it_changed() {
    let world = World::of_people(2);
    does(&world, vec![say(1, "long", &"x".repeat(8_000)), say(1, "short", "x")]);
    does(&world, toggles(2, 1, 2_000));
    let (world, counter) = counted(world);
    let (catchup, reads, _) = counter.of(|| wait(world.store.catchup(UserId(1), LOBBY, Seq(1))).unwrap());
    let Catchup::Changed { messages, through } = catchup else {
        panic!()
    };
    let seqs: Vec<(u64, u64)> = messages.iter().map(|(seq, message)| (seq.0, message.id.0)).collect();
    assert_eq!((seqs, through), (vec![(2, 2), (2_002, 1)], Seq(2_002)));
    assert!(reads < 200, "{reads} reads for 2 messages and 2000 changes");
}

#[test]
fn a_catch_up_in_pieces_brings_what_changed_in_each_of_them_once() {
    let world = World::of_people(2);
    let long = "x".repeat(8_000);
    does(&world, (0..40).map(|n| say(1, &format!("{n}"), &long)).collect());
    does(&world, (0..200).flat_map(|n| toggles(2, 1 + n % 40, 1)).collect());
    does(&world, toggles(2, 7, 9));
    let (mut since, mut held, mut pieces) = (Seq(0), Vec::new(), 0);
    loop {
        let catchup = wait(world.store.catchup(UserId(1), LOBBY, since)).unwrap();
        let Catchup::Changed { messages, through } = catchup else {
            panic!()
        };
        if messages.is_empty() {
            break;
        }
        let seqs: Vec<u64> = messages.iter().map(|(seq, _)| seq.0).collect();
        assert!(seqs.is_sorted() && seqs[0] > since.0 && seqs[seqs.len() - 1] <= through.0);
        held.extend(messages);
        (since, pieces) = (through, pieces + 1);
    }
    assert!(pieces > 1);
    let ids: HashSet<Seq> = held.iter().map(|(_, message)| message.id).collect();
    assert_eq!((held.len(), ids.len()), (40, 40));
    for (_, message) in held {
        let target = Anchor::Around(message.id);
        let page = wait(
            world
                .store
                .history(UserId(1), LOBBY, target, PageSize::parse(1).unwrap()),
        )
        .unwrap();
        assert_eq!(page.messages, [message]);
    }
}

#[test]
fn a_page_passes_over_changes_however_many_they_are() {
    let reads_of = |changes: u64| {
        let world = World::of_people(2);
        does(&world, (0..30).map(|n| post(1, &format!("a{n}"))).collect());
        does(&world, toggles(2, 3, changes));
        does(&world, (0..10).map(|n| post(1, &format!("b{n}"))).collect());
        let (world, counter) = counted(world);
        let size = PageSize::parse(20).unwrap();
        [Anchor::Latest, Anchor::Before(Seq(31 + changes))].map(|anchor| {
            let (page, reads, _) = counter.of(|| wait(world.store.history(UserId(1), LOBBY, anchor, size)).unwrap());
            assert_eq!(page.messages.len(), 20);
            reads
        })
    };
    for (few, many) in reads_of(50).into_iter().zip(reads_of(12_000)) {
        assert!(few > 0 && many < few + 60, "{many} reads, not {few}");
    }
}

#[test]
fn pages_among_changes_hold_the_messages_that_stand_there() {
    let world = World::of_people(2);
    let mut rng = Rng(3);
    let mut messages = 0;
    for n in 0..120 {
        does(&world, vec![post(1, &format!("{n}"))]);
        messages += 1;
        let run = [0, 0, 1, 2, 3, 7, 40][rng.below(7) as usize];
        does(&world, toggles(2, 1, run + run % 2));
    }
    let ids: Vec<u64> = {
        let Catchup::Changed { messages, .. } = wait(world.store.catchup(UserId(1), LOBBY, Seq(0))).unwrap() else {
            panic!()
        };
        let mut ids: Vec<u64> = messages.iter().map(|(_, message)| message.id.0).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(ids.len(), messages);
    let head = ids[ids.len() - 1];
    for _ in 0..300 {
        let (size, at) = (1 + rng.below(30) as usize, 1 + rng.below(head + 60));
        let read = |anchor| {
            let page = wait(
                world
                    .store
                    .history(UserId(1), LOBBY, anchor, PageSize::parse(size as u64).unwrap()),
            );
            let page = page.unwrap();
            let found: Vec<u64> = page.messages.iter().map(|message| message.id.0).collect();
            (found, page.more_before, page.more_after)
        };
        let below = ids.partition_point(|id| *id < at);
        let first = below.saturating_sub(size);
        let expected = (ids[first..below].to_vec(), first > 0, below < ids.len());
        assert_eq!(read(Anchor::Before(Seq(at))), expected, "before {at}");
        let above = ids.partition_point(|id| *id <= at);
        let last = (above + size).min(ids.len());
        let expected = (ids[above..last].to_vec(), above > 0, last < ids.len());
        assert_eq!(read(Anchor::After(Seq(at))), expected, "after {at}");
    }
}

#[test]
fn who_never_reads_and_posts_much_posts_as_fast_as_at_first() {
    let reads_of = |own: u64| {
        let world = World::of_people(2);
        does(&world, vec![post(2, "unread")]);
        does(&world, (0..own).map(|n| post(1, &format!("{n}"))).collect());
        let (world, counter) = counted(world);
        counter.of_changes(|| does(&world, vec![post(1, "one more")]))
    };
    let (few, many) = (reads_of(100), reads_of(8_000));
    assert!(many < few + 20, "{many} reads, not {few}");
}

#[test]
fn a_room_is_unread_from_a_message_and_not_from_a_change_or_from_behind_very_much() {
    let world = World::of_people(2);
    does(&world, vec![post(1, "first")]);
    does(&world, toggles(2, 1, 2));
    let unread = |id| {
        let target = MessageRef {
            room: LOBBY,
            id: Seq(id),
        };
        let user = UserId(2);
        wait(world.store.commit(Change::MarkUnread { user, target, by: None }))
    };
    assert_eq!(kind(unread(2)), chapp::error::Kind::NotFound);
    assert_eq!(kind(unread(3)), chapp::error::Kind::NotFound);
    unread(1).unwrap();
    // Each takes 32 KB.
    let long = "𝕩".repeat(8_000);
    let count = UNREAD_BYTES_MAX as u64 / 32_000 + 1;
    does(&world, (0..count).map(|n| say(1, &format!("{n}"), &long)).collect());
    let before = wait(world.store.room(UserId(2), LOBBY)).unwrap();
    let refused = unread(4).unwrap_err();
    assert_eq!((refused.kind, refused.field), (chapp::error::Kind::Invalid, Some("id")));
    assert_eq!(wait(world.store.room(UserId(2), LOBBY)).unwrap(), before);
    unread(4 + count / 2).unwrap();
    assert_eq!(
        wait(world.store.room(UserId(2), LOBBY)).unwrap().unread,
        count - count / 2
    );
}

#[test]
fn a_search_keeps_nobody_else_waiting() {
    let world = World::of_people(300);
    let room = Change::CreateRoom(NewRoom {
        by: UserId(1),
        kind: RoomKind::Private,
        name: RoomName::parse("Tea").unwrap(),
        topic: Topic::parse("").unwrap(),
        members: (2..=90).map(UserId).collect(),
        at: chapp::clock::Time(1_000),
    });
    does(&world, vec![room]);
    let (world, counter) = counted(world);
    let (own, store, size) = (thread::current().id(), &world.store, PageSize::default());
    let (found, reads, by) = counter.of(|| wait(store.people("person 2", None, size)).unwrap().people);
    assert!(
        found.len() == 50 && reads > 0 && !by.contains(&own),
        "{reads} reads by {by:?}"
    );
    let (found, reads, by) = counter.of(|| wait(store.members(UserId(1), RoomId(2), "9", None, size)).unwrap());
    assert!(
        found.members.len() == 10 && reads > 0 && !by.contains(&own),
        "{reads} reads by {by:?}"
    );
    let (found, _, by) = counter.of(|| wait(store.browse(UserId(1), "lob", None, 10)).unwrap());
    assert!(found.rooms.len() == 1 && !by.contains(&own));
    let (_, _, by) = counter.of(|| wait(store.people("", None, size)).unwrap());
    assert!(by.contains(&own), "what looks at few rows is not worth another thread");
}
