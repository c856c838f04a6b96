//! L3, L4 and L6: what readers see while others write.

use super::world::*;
use chapp::limits::{SYNC_BEHIND_MAX, SYNC_MESSAGES_MAX};
use chapp::model::*;
use chapp::store::{Options, Store};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

#[test]
fn what_was_acknowledged_can_be_read_at_once_by_everybody() {
    {
        let world = World::with(Options::default());
        world.sign_up_people(4);
        let acknowledged = Arc::new(AtomicU64::new(0));
        world.together(1..=4, async move |store, person| {
            for n in 0..100 {
                let known = acknowledged.load(Relaxed);
                let page = store
                    .history(UserId(1), LOBBY, Anchor::Latest, PageSize::default())
                    .await
                    .unwrap();
                assert!(
                    page.head.0 >= known,
                    "acknowledged up to {known}, read up to {}",
                    page.head
                );
                assert_eq!(page.messages.last().map_or(Seq(0), |message| message.id), page.head);

                let mine = seq(&store.commit(post(person, &format!("{n}"))).await.unwrap());
                acknowledged.fetch_max(mine.0, Relaxed);
                let page = store
                    .history(UserId(1), LOBBY, Anchor::Around(mine), PageSize::parse(1).unwrap())
                    .await
                    .unwrap();
                assert_eq!(page.messages[0].body.as_str(), body(person, &n.to_string()));
            }
        });
    }
}

/// Posts in the store when it closes.
const POSTS: usize = 26;

#[test]
fn who_asks_while_the_store_closes_is_told_all_or_nothing() {
    for _ in 0..20 {
        let world = World::of_people(1);
        for n in 0..POSTS {
            wait(world.store.commit(post(1, &n.to_string()))).unwrap();
        }
        let store = world.store.clone();
        let asking = std::thread::spawn(move || {
            let mut last = 0;
            loop {
                let page = wait(store.history(UserId(1), LOBBY, Anchor::Latest, PageSize::default()));
                match page {
                    Ok(page) => last = page.head.0,
                    Err(_) => return last,
                }
                assert_eq!(last, POSTS as u64);
            }
        });
        world.close();
        asking.join().unwrap();
    }
}

#[test]
fn no_reader_sees_a_hole_while_others_write() {
    let world = World::of_people(4);
    let writing = Arc::new(AtomicBool::new(true));
    let readers = (0..2).map(|_| {
        let (store, writing) = (world.store.clone(), writing.clone());
        std::thread::spawn(move || {
            wait(async {
                let mut longest = 0;
                while writing.load(Relaxed) {
                    // Checks every seq.
                    let read = read_forward(&store).await.unwrap();
                    check_whole(&read);
                    assert!(read.len() >= longest, "what was there has gone");
                    longest = read.len();
                }
            });
        })
    });
    let readers: Vec<_> = readers.collect();
    world.together(1..=4, async |store, person| {
        for chunk in 0..20 {
            let posts = (0..20).map(|n| post(person, &format!("{chunk}.{n}"))).collect();
            pipeline(&store, posts).await;
        }
    });
    writing.store(false, Relaxed);
    readers.into_iter().for_each(|reader| reader.join().unwrap());
    assert_eq!(world.lobby().len(), 1600);
}

#[test]
fn paging_back_is_reading_forward_reversed_even_while_others_write() {
    let world = World::of_people(3);
    world.together(1..=3, async |store, person| {
        let mut rng = Rng(person);
        for n in 0..120 {
            store.commit(post(person, &format!("{n}"))).await.unwrap();
            if n % 20 == 19 {
                page_back(&store, PageSize::parse(1 + rng.below(100)).unwrap()).await;
            }
        }
    });
    let whole = world.lobby();
    assert_eq!(wait(page_back(&world.store, PageSize::default())), whole);

    let mut rng = Rng(1);
    for _ in 0..200 {
        let (size, seq) = (1 + rng.below(100), Seq(rng.below(370)));
        let read = |anchor| {
            wait(
                world
                    .store
                    .history(UserId(1), LOBBY, anchor, PageSize::parse(size).unwrap()),
            )
            .unwrap()
        };
        for anchor in [
            Anchor::Before(seq),
            Anchor::After(seq),
            Anchor::Around(seq),
            Anchor::Latest,
        ] {
            check_page(&read(anchor), anchor, size as usize, &whole);
        }
    }
}

async fn page_back(store: &Store, size: PageSize) -> Vec<Message> {
    let mut back: Vec<Message> = Vec::new();
    let mut page = store.history(UserId(1), LOBBY, Anchor::Latest, size).await.unwrap();
    let head = page.head;
    loop {
        back.extend(page.messages.into_iter().rev());
        if !page.more_before {
            break;
        }
        let oldest = back.last().unwrap().id;
        page = store
            .history(UserId(1), LOBBY, Anchor::Before(oldest), size)
            .await
            .unwrap();
        assert!(page.more_after);
    }
    back.reverse();
    let mut forward = read_forward(store).await.unwrap();
    forward.truncate(head.0 as usize);
    assert_eq!(back, forward);
    back
}

/// An independent statement of what a page must hold.
fn check_page(page: &Page, anchor: Anchor, size: usize, whole: &[Message]) {
    let ids: Vec<u64> = page.messages.iter().map(|message| message.id.0).collect();
    let head = whole.len() as u64;
    let size = size as u64;
    let (first, last) = match anchor {
        Anchor::Latest => ((head + 1).saturating_sub(size).max(1), head),
        Anchor::Before(seq) => {
            let last = seq.0.saturating_sub(1).min(head);
            ((last + 1).saturating_sub(size).max(1), last)
        }
        Anchor::After(seq) => (seq.0 + 1, (seq.0 + size).min(head)),
        Anchor::Around(seq) => {
            let first = seq
                .0
                .saturating_sub(size / 2)
                .max(1)
                .min((head + 1).saturating_sub(size).max(1));
            (first, (first + size - 1).min(head))
        }
    };
    assert_eq!(ids, (first..=last).collect::<Vec<_>>(), "{anchor:?}, {size} of {head}");
    assert!(
        page.messages
            .iter()
            .all(|message| *message == whole[message.id.0 as usize - 1])
    );
    assert_eq!(
        (page.head.0, page.more_before, page.more_after),
        (head, first > 1 && head > 0, last < head),
        "{anchor:?}"
    );
    let written: HashSet<_> = page.messages.iter().map(|message| message.author).collect();
    let named: HashSet<_> = page.people.iter().map(|user| user.id).collect();
    assert_eq!((named.len(), &written), (page.people.len(), &named));
}

#[test]
fn a_catch_up_comes_in_pieces_and_gives_up_where_a_new_reading_is_cheaper() {
    let world = World::of_people(1);
    let far = SYNC_BEHIND_MAX + 1;
    let posts = (0..far).map(|n| post(1, &format!("{n}"))).collect();
    wait(pipeline(&world.store, posts));
    let catchup = |since| wait(world.store.catchup(UserId(1), LOBBY, Seq(since))).unwrap();
    let Catchup::Changed { messages, through } = catchup(1) else {
        panic!()
    };
    assert_eq!(
        (messages.len(), through),
        (SYNC_MESSAGES_MAX, Seq(1 + SYNC_MESSAGES_MAX as u64))
    );
    assert_eq!(
        catchup(far),
        Catchup::Changed {
            messages: vec![],
            through: Seq(far)
        }
    );
    for lost in [0, far + 1, u64::MAX] {
        assert_eq!(catchup(lost), Catchup::Reset { head: Seq(far) });
    }

    // Long messages make a catch-up end early.
    let long = "x".repeat(8_000);
    let posts = (0..40).map(|n| {
        let mut change = post(1, &format!("long {n}"));
        if let Change::Post(post) = &mut change {
            post.message = written(&long);
        }
        change
    });
    wait(pipeline(&world.store, posts.collect()));
    let Catchup::Changed { messages, through } = catchup(far) else {
        panic!()
    };
    assert_eq!((messages.len(), through), (17, Seq(far + 17)));
}
