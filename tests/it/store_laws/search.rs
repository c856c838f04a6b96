//! L12: the same query over the same messages gives the same hits, regardless of when they were indexed and of
//! restarts in between. The oracle reads every message and compares words by a list.

use super::world::*;
use chapp::clock::Time;
use chapp::limits::{SEGMENT_ENTRIES, UNDO_MS};
use chapp::model::*;
use chapp::store::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const ROOMS: u64 = 3;

/// Words with their equivalent spellings; the first one is the normal form.
const WORDS: [&[&str]; 14] = [
    &["poster", "Poster", "POSTER"],
    &["posters", "Posters"],
    &["post", "Post"],
    &["cafe", "café", "Cafe\u{301}", "CAFÉ"],
    &["strasse", "Straße", "STRASSE"],
    &["mill", "Mill"],
    &["millrace", "MillRace"],
    &["мир", "Мир", "МИР"],
    &["שלום", "שָׁלוֹם"],
    &["سلام", "سَلَام"],
    &["naive", "naïve"],
    &["x1", "X1"],
    &["2024"],
    &["a"],
];
const GAPS: [&str; 5] = [" ", ", ", " - ", "\n", " 👍🏽 "];

fn spelling(rng: &mut Rng, word: usize) -> &'static str {
    let spellings = WORDS[word];
    spellings[rng.below(spellings.len() as u64) as usize]
}

fn text(rng: &mut Rng) -> String {
    let mut text = String::new();
    for _ in 0..1 + rng.below(6) {
        let word = rng.below(WORDS.len() as u64) as usize;
        text += spelling(rng, word);
        text += GAPS[rng.below(GAPS.len() as u64) as usize];
    }
    text
}

/// The words of a text made by [`text`], in normal form.
fn words_of(text: &str) -> Vec<&'static str> {
    let pieces = text.split(|c: char| c.is_whitespace() || ",-👍🏽".contains(c));
    let words = pieces.filter(|piece| !piece.is_empty());
    words
        .map(|piece| WORDS.iter().find(|spellings| spellings.contains(&piece)).unwrap()[0])
        .collect()
}

/// A search for some words; the last may be a prefix.
struct Query {
    words: Vec<&'static str>,
    beginning: String,
    asked: SearchQuery,
}

impl Query {
    fn new(rng: &mut Rng) -> Query {
        let mut typed = String::new();
        let mut words = Vec::new();
        for _ in 0..rng.below(3) {
            let word = rng.below(WORDS.len() as u64) as usize;
            typed += spelling(rng, word);
            typed += " ";
            words.push(WORDS[word][0]);
        }
        let last = WORDS[rng.below(WORDS.len() as u64) as usize][0];
        let cut = 1 + rng.below(last.chars().count() as u64) as usize;
        let beginning: String = last.chars().take(cut).collect();
        typed += &beginning;
        let asked = SearchQuery {
            with_files: false,
            sought: SearchTerms::parse(&typed).unwrap(),
            room: (rng.below(4) == 0).then(|| RoomId(1 + rng.below(ROOMS))),
            author: (rng.below(4) == 0).then(|| UserId(1 + rng.below(2))),
            since: (rng.below(6) == 0).then(|| Time(1_000 + rng.below(3_000))),
            until: (rng.below(6) == 0).then(|| Time(4_000 + rng.below(3_000))),
            size: HitCount::parse(1 + rng.below(50)).unwrap(),
            before: None,
        };
        Query {
            words,
            beginning,
            asked,
        }
    }

    fn is_met(&self, room: RoomId, message: &Message) -> bool {
        let said = words_of(message.body.as_str());
        message.deleted_by.is_none()
            && message.notice.is_none()
            && self.words.iter().all(|word| said.contains(word))
            && said.iter().any(|word| word.starts_with(&self.beginning))
            && self.asked.room.is_none_or(|asked| asked == room)
            && self.asked.author.is_none_or(|asked| asked == message.author)
            && self.asked.since.is_none_or(|since| message.sent_at >= since)
            && self.asked.until.is_none_or(|until| message.sent_at < until)
    }
}

/// All hits of a search, page by page, newest first.
fn search(store: &Store, viewer: UserId, query: &SearchQuery) -> Vec<(RoomId, Message)> {
    let (mut all, mut query) = (Vec::new(), query.clone());
    loop {
        let page = store.search(viewer, &query).unwrap();
        assert!(page.hits.len() <= query.size.get());
        assert!(
            page.next
                .is_none_or(|next| query.before.is_none_or(|before| next < before))
        );
        all.extend(page.hits.into_iter().map(|hit| (hit.room, hit.message)));
        match page.next {
            Some(next) => query.before = Some(next),
            None => return all,
        }
    }
}

/// Every message of the rooms.
fn everything(store: &Store) -> BTreeMap<(RoomId, Seq), Message> {
    let mut all = BTreeMap::new();
    for room in (1..=ROOMS).map(RoomId) {
        let mut anchor = Anchor::After(Seq(0));
        loop {
            let size = PageSize::parse(100).unwrap();
            let page = wait(store.history(UserId(1), room, anchor, size)).unwrap();
            let Some(last) = page.messages.last() else { break };
            anchor = Anchor::After(last.id);
            all.extend(page.messages.into_iter().map(|message| ((room, message.id), message)));
        }
    }
    all
}

/// Compares many searches with the oracle. Returns all hits in order.
fn check(store: &Store, seed: u64) -> Vec<Vec<(RoomId, Seq)>> {
    let mut rng = Rng(seed);
    let all = everything(store);
    let mut found = Vec::new();
    for _ in 0..40 {
        let query = Query::new(&mut rng);
        let expected: BTreeSet<(RoomId, Seq)> = all
            .iter()
            .filter(|(target, message)| query.is_met(target.0, message))
            .map(|(target, _)| *target)
            .collect();
        let hits = search(store, UserId(1), &query.asked);
        for (room, message) in &hits {
            assert_eq!(all.get(&(*room, message.id)), Some(message), "as it is now");
        }
        let places: Vec<(RoomId, Seq)> = hits.iter().map(|(room, message)| (*room, message.id)).collect();
        for room in (1..=ROOMS).map(RoomId) {
            let ids: Vec<Seq> = places
                .iter()
                .filter(|target| target.0 == room)
                .map(|target| target.1)
                .collect();
            assert!(
                ids.is_sorted_by(|newer, older| newer > older),
                "newest first, none twice"
            );
        }
        let set: BTreeSet<_> = places.iter().copied().collect();
        assert_eq!(
            set, expected,
            "{:?} {:?}*, {:?}",
            query.words, query.beginning, query.asked
        );
        found.push(places);
    }
    found
}

/// A reproducible workload in a few rooms.
struct Workload {
    rng: Rng,
    number: u64,
}

impl Workload {
    fn new(seed: u64) -> Workload {
        let rng = Rng(seed);
        Workload { rng, number: 0 }
    }

    fn next(&mut self) -> Change {
        self.number += 1;
        let rng = &mut self.rng;
        let by = UserId(1 + rng.below(2));
        let at = Time(1_000 + self.number);
        let room = RoomId(1 + rng.below(ROOMS));
        let near = self.number / ROOMS;
        let id = Seq(1 + rng.below(near.max(1)));
        let target = MessageRef { room, id };
        let says = FormattedText::plain(Body::parse(&text(rng)).unwrap());
        let act = |act| Change::MessageAction { by, target, act, at };
        match rng.below(20) {
            0 | 1 => act(MessageAction::Edit(says)),
            2 | 3 => act(MessageAction::Delete),
            4 | 5 => act(MessageAction::Undelete),
            6 => act(MessageAction::React {
                emoji: Emoji::parse("👍").unwrap(),
                on: true,
            }),
            7 => Change::Erase {
                before: Time(at.0.saturating_sub(UNDO_MS / 100)),
            },
            _ => Change::Post(NewPost {
                author: by,
                room,
                client_id: ClientId::parse(&self.number.to_string()).unwrap(),
                message: NewMessage::Text {
                    files: Vec::new(),
                    text: says,
                    reply_to: None,
                },
                here: Vec::new(),
                at,
            }),
        }
    }

    /// Submits this many changes in one burst.
    fn go_on(&mut self, world: &World, count: u64) {
        let changes = (0..count).map(|_| self.next()).collect();
        wait(pipeline(&world.store, changes));
    }
}

/// Creates two people and two rooms besides the Lobby that both are in.
fn create_rooms(world: &World) {
    world.sign_up_people(3);
    for name in ["one", "two"] {
        let new = NewRoom {
            by: UserId(1),
            kind: RoomKind::Public,
            name: RoomName::parse(name).unwrap(),
            topic: Topic::default(),
            members: vec![UserId(2)],
            at: Time(1_000),
        };
        wait(world.store.commit(Change::CreateRoom(new))).unwrap();
    }
}

#[test]
fn the_same_search_finds_the_same_whatever_was_indexed_when() {
    let changes = 3 * SEGMENT_ENTRIES + 300;
    let mut world = World::new();
    create_rooms(&world);
    let mut workload = Workload::new(5);
    // In bursts of random size, with restarts.
    let mut rng = Rng(9);
    while workload.number < changes {
        let burst = (1 + rng.below(400)).min(changes - workload.number);
        workload.go_on(&world, burst);
        if rng.below(4) == 0 {
            world = world.reopen();
            check(&world.store, rng.below(1_000));
        }
    }
    let found = check(&world.store, 77);
    assert!(found.iter().filter(|hits| !hits.is_empty()).count() > 20);
    let world = world.reopen();
    assert_eq!(check(&world.store, 77), found);
    world.close();

    // All at once, so that the index is built while the writer is idle.
    let world = World::new();
    create_rooms(&world);
    Workload::new(5).go_on(&world, changes);
    assert_eq!(check(&world.store, 77), found);
    let world = world.reopen();
    assert_eq!(check(&world.store, 77), found);
}

#[test]
fn a_crash_at_any_write_leaves_the_index_and_the_log_in_agreement() {
    let mut rng = Rng(31);
    for round in 0..5 {
        let disk = Arc::new(FaultyDisk::default());
        let world = World::with(disk.options());
        create_rooms(&world);
        let mut workload = Workload::new(200 + round);
        // Almost a segment, so that it is written shortly before or after the kill.
        workload.go_on(&world, SEGMENT_ENTRIES - 100);
        disk.fail(Fault::Dead, rng.below(120));
        for _ in 0..12 {
            workload.go_on(&world, 40);
        }
        assert!(disk.has_failed());
        let world = world.reopen();
        check(&world.store, round);
        workload.go_on(&world, SEGMENT_ENTRIES);
        check(&world.store, round);
        check(&world.reopen().store, round);
    }
}

#[test]
fn searching_goes_on_where_a_page_ended_while_others_write() {
    let world = World::new();
    create_rooms(&world);
    let mut workload = Workload::new(3);
    workload.go_on(&world, 2 * SEGMENT_ENTRIES);
    let mut query = SearchQuery {
        sought: SearchTerms::parse("post").unwrap(),
        size: HitCount::parse(7).unwrap(),
        ..SearchQuery::default()
    };
    let before = search(&world.store, UserId(1), &query);
    let mut found = Vec::new();
    loop {
        let page = world.store.search(UserId(1), &query).unwrap();
        found.extend(page.hits.into_iter().map(|hit| (hit.room, hit.message.id)));
        let posts = (0..40).map(|n| post(3, &format!("post {n} {:?}", page.next))).collect();
        wait(pipeline(&world.store, posts));
        match page.next {
            Some(next) => query.before = Some(next),
            None => break,
        }
    }
    let before: Vec<_> = before.into_iter().map(|(room, message)| (room, message.id)).collect();
    assert_eq!(
        found, before,
        "nothing is left out, nothing comes twice, nothing new comes in between"
    );
}

#[test]
fn a_search_that_would_take_long_comes_in_pieces_and_misses_nothing() {
    let world = World::of_people(1);
    wait(world.store.commit(post(1, "needle"))).unwrap();
    let long = "hay stack ".repeat(790);
    let posts = (0..250).map(|n| {
        let mut change = post(1, &format!("{n}"));
        if let Change::Post(new) = &mut change {
            new.message = written(&long);
        }
        change
    });
    wait(pipeline(&world.store, posts.collect()));
    let mut query = SearchQuery {
        sought: SearchTerms::parse("needle").unwrap(),
        ..SearchQuery::default()
    };
    let mut pages = Vec::new();
    loop {
        let page = world.store.search(UserId(1), &query).unwrap();
        pages.push(page.hits.len());
        match page.next {
            Some(next) => query.before = Some(next),
            None => break,
        }
    }
    let (last, before) = pages.split_last().unwrap();
    assert_eq!((*last, before.iter().sum::<usize>()), (1, 0));
    assert!((1..5).contains(&before.len()), "{} pages without a hit", before.len());
}
