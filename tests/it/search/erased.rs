//! Deleted, replaced and erased text leaves nothing in the index. The only test that reads the store's tables directly.

use crate::harness::pages::open_pages;
use crate::store_laws::world::{World, pipeline, post, wait, written};
use chapp::clock::Time;
use chapp::limits::SEGMENT_ENTRIES;
use chapp::model::*;
use redb::{ReadableDatabase, ReadableTable, TableDefinition};

const TOKENS: TableDefinition<(u64, &str), &[u8]> = TableDefinition::new("tokens");
const LOG: TableDefinition<u64, &[u8]> = TableDefinition::new("log");

/// The number of index tokens and of log entries that contain these letters.
fn holding(path: &std::path::Path, letters: &str) -> (usize, usize) {
    let database = open_pages(path);
    let txn = database.begin_read().unwrap();
    let tokens = txn.open_table(TOKENS).unwrap();
    let tokens = tokens
        .iter()
        .unwrap()
        .filter(|row| row.as_ref().unwrap().0.value().1.contains(letters));
    let log = txn.open_table(LOG).unwrap();
    let holds = |bytes: &[u8]| bytes.windows(letters.len()).any(|part| part == letters.as_bytes());
    let log = log.iter().unwrap().filter(|row| holds(row.as_ref().unwrap().1.value()));
    (tokens.count(), log.count())
}

#[test]
fn once_a_text_is_erased_neither_it_nor_its_words_are_in_the_file() {
    let world = World::of_people(1);
    let mut secret = post(1, "s");
    let Change::Post(new) = &mut secret else { panic!() };
    new.message = written("zyzzyva one");
    let posts = (0..SEGMENT_ENTRIES + 50).map(|n| post(1, &format!("{n}"))).collect();
    wait(world.store.commit(secret)).unwrap();
    wait(pipeline(&world.store, posts));
    let (path, folder) = (world.path.clone(), world.keep_folder());
    let target = MessageRef {
        room: LOBBY,
        id: Seq(1),
    };
    let by = UserId(1);
    let live = |changes: Vec<Change>| {
        let (store, feed) = chapp::store::Store::open(&path, chapp::store::Options::default()).unwrap();
        drop(feed);
        for answer in wait(pipeline(&store, changes)) {
            answer.unwrap();
        }
        wait(store.close());
    };
    let act = |act, at| Change::MessageAction {
        by,
        target,
        act,
        at: Time(at),
    };
    let says = |text: &str| MessageAction::Edit(FormattedText::plain(Body::parse(text).unwrap()));
    world.close();
    assert_eq!(holding(&path, "zyzzyva"), (1, 1), "it was indexed");
    live(vec![act(says("quixotry two"), 2_000)]);
    assert_eq!(holding(&path, "zyzzyva"), (0, 0), "what was edited away");
    assert_eq!(holding(&path, "quixotry"), (1, 1));
    live(vec![act(MessageAction::Delete, 3_000)]);
    assert_eq!(holding(&path, "quixotry"), (0, 1), "kept for the undo alone");
    live(vec![act(MessageAction::Undelete, 4_000)]);
    assert_eq!(holding(&path, "quixotry"), (1, 1));
    live(vec![
        act(MessageAction::Delete, 5_000),
        Change::Erase { before: Time(6_000) },
    ]);
    assert_eq!(holding(&path, "quixotry"), (0, 0));
    drop(folder);
}
