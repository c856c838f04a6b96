//! The laws of the store (`tests/README.md`). They hold for any engine, so nothing here depends on one.

mod changes;
mod clock;
mod copies;
mod disk;
mod faults;
mod files;
mod limits;
pub mod power;
mod reading;
mod record_keeper;
mod search;
mod work;
pub mod world;

use chapp::clock::Time;
use chapp::error::Kind;
use chapp::model::*;
use chapp::store::Store;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use world::*;

#[test]
fn every_change_has_one_answer_and_the_feed_tells_the_same_story() {
    let world = World::of_people(4);
    let answers = world.together(1..=4, async |store, person| {
        let changes = (0..200).map(|n| match n % 4 {
            0 => post(person, &format!("{n}")),
            1 => Change::TouchSession {
                id: session_id(person),
                address: "198.51.100.7".to_owned(),
                at: Time(2_000),
            },
            2 => Change::CloseSession {
                id: session_id(900 + person),
            },
            _ => sign_up("person 1", 1_000 + n),
        });
        pipeline(&store, changes.collect()).await
    });
    let mut acknowledged = Vec::new();
    for answers in answers {
        assert_eq!(answers.len(), 200);
        for (n, answer) in answers.into_iter().enumerate() {
            match n % 4 {
                0 => acknowledged.push(answer.unwrap()),
                1 => assert_eq!(answer.unwrap(), Event::SessionUsed),
                2 => assert!(matches!(answer.unwrap(), Event::SessionsClosed { .. })),
                _ => assert_eq!(kind(answer), Kind::NameTaken),
            }
        }
    }
    acknowledged.sort_by_key(seq);
    let events = world.close();
    let (people, posts): (Vec<_>, Vec<_>) = events.into_iter().partition(|event| !matches!(event, Event::Posted(_)));
    let pairs = people
        .chunks(2)
        .map(|acknowledged| matches!(acknowledged, [Event::SignedUp(_), Event::RoomChanged(_)]));
    assert_eq!(
        pairs.collect::<Vec<_>>(),
        [true; 4],
        "four people, and how many they are then"
    );
    assert_eq!(posts, acknowledged, "only posts were news, and each once, in order");
}

#[test]
fn the_seqs_of_a_room_have_no_gap_and_none_is_given_twice() {
    let world = World::of_people(8);
    let answers = world.together(1..=8, async |store, person| {
        let posts = (0..150).map(|n| post(person, &format!("{n}"))).collect();
        pipeline(&store, posts).await
    });
    let seqs: HashSet<u64> = answers
        .into_iter()
        .flatten()
        .map(|answer| seq(&answer.unwrap()).0)
        .collect();
    assert_eq!(seqs, (1..=1200).collect());
    check_whole(&world.lobby());
    assert_eq!(posted(&world.close()), (1..=1200).collect::<Vec<_>>());
}

#[test]
fn the_same_client_id_is_one_message_even_racing_even_after_a_restart() {
    let mut world = World::of_people(2);
    for round in 0..2 {
        let answers = world.together(1..=8, async |store, racer| {
            let person = 1 + racer % 2;
            let posts = (0..60).map(|n| post(person, &format!("{n}"))).collect();
            let answers = pipeline(&store, posts).await;
            answers
                .into_iter()
                .map(|answer| (person, answer.unwrap()))
                .collect::<Vec<_>>()
        });
        let new = answers
            .iter()
            .flatten()
            .filter(|(_, answer)| matches!(answer, Event::Posted(_)));
        assert_eq!(new.count(), if round == 0 { 120 } else { 0 });
        let messages = world.lobby();
        assert_eq!(messages.len(), 120);
        check_whole(&messages);
        for (n, (person, answer)) in answers.iter().flat_map(|answers| answers.iter().enumerate()) {
            let message = &messages[seq(answer).0 as usize - 1];
            assert_eq!((message.author, client_id(message)), (UserId(*person), &*n.to_string()));
        }
        world = world.reopen();
    }
}

#[test]
fn what_was_refused_leaves_nothing_behind() {
    let world = World::of_people(1);
    wait(async {
        let store = &world.store;
        let mut nowhere = post(1, "a");
        if let Change::Post(post) = &mut nowhere {
            post.room = RoomId(2);
        }
        let far = |seq| Change::MarkRead {
            user: UserId(1),
            room: LOBBY,
            seq: Seq(seq),
            by: None,
        };
        let touch = Change::TouchSession {
            id: session_id(99),
            address: String::new(),
            at: Time(9),
        };
        let answers = pipeline(
            store,
            vec![
                nowhere,
                post(77, "a"),
                far(1),
                sign_up("PERSON 1", 50),
                touch,
                post(1, "a"),
                far(2),
                far(u64::MAX),
            ],
        );
        let kinds: Vec<_> = answers
            .await
            .into_iter()
            .map(|answer| answer.map_err(|error| error.kind))
            .collect();
        let unknown = Err(Kind::Unauthenticated);
        assert_eq!(kinds[..2], [Err(Kind::NotFound), unknown.clone()]);
        assert_eq!(kinds[2..5], [Err(Kind::Invalid), Err(Kind::NameTaken), unknown]);
        assert_eq!(
            seq(kinds[5].as_ref().unwrap()),
            Seq(1),
            "a refused post takes no seq and no client_id"
        );
        assert_eq!(kinds[6..], [Err(Kind::Invalid), Err(Kind::Invalid)]);
        assert!(store.session(session_id(50)).await.unwrap().is_none());
        assert!(store.session(session_id(99)).await.unwrap().is_none());
        let lobby = &store.rooms(UserId(1)).await.unwrap()[0];
        assert_eq!((lobby.read, lobby.unread), (Seq(1), 0), "what one posts, one has read");

        let Event::SignedUp(next) = store.commit(sign_up("person 2", 2)).await.unwrap() else {
            panic!()
        };
        assert_eq!(
            (next.id, next.role),
            (UserId(2), Role::Member),
            "a refused sign-up takes no id"
        );
    });
}

#[test]
fn one_sender_in_one_room_is_heard_in_the_order_of_sending() {
    let world = World::of_people(5);
    world.together(1..=5, async |store, person| {
        let posts = (0..300).map(|n| post(person, &format!("{n}"))).collect();
        let seqs: Vec<_> = pipeline(&store, posts)
            .await
            .into_iter()
            .map(|answer| seq(&answer.unwrap()))
            .collect();
        assert!(seqs.is_sorted());
    });
}

#[test]
fn time_never_falls_within_a_room() {
    let world = World::of_people(3);
    world.together(1..=3, async |store, person| {
        let mut rng = Rng(person);
        let posts = (0..200)
            .map(|n| post_at(person, &format!("{n}"), 1_000 + rng.below(1_000)))
            .collect();
        for answer in pipeline(&store, posts).await {
            answer.unwrap();
        }
    });
    let world = world.reopen();
    wait(world.store.commit(post_at(1, "after a restart, by a wrong clock", 1))).unwrap();
    assert!(world.lobby().is_sorted_by_key(|message| message.sent_at));
}

#[test]
fn of_many_who_want_one_name_exactly_one_gets_it() {
    let world = World::new();
    let spellings = ["Zoë", "ZOË", "zoë", "Zoe\u{308}", "  Zoë ", "zOë"];
    let answers = world.together(1..=24, async move |store, racer| {
        let name = spellings[racer as usize % spellings.len()];
        store.commit(sign_up(name, racer)).await
    });
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.is_ok());
    assert_eq!(won.len(), 1);
    for error in lost.into_iter().map(|answer| answer.unwrap_err()) {
        assert_eq!(
            (error.kind, error.field, &*error.title),
            (Kind::NameTaken, Some("name"), "That name is taken.")
        );
    }
    let account = wait(world.store.account(&Name::parse("zoë").unwrap()))
        .unwrap()
        .unwrap();
    assert_eq!((account.user.id, account.user.role), (UserId(1), Role::Owner));
    let sessions = (1..=24).filter(|racer| wait(world.store.session(session_id(*racer))).unwrap().is_some());
    assert_eq!(sessions.count(), 1);
}

#[test]
fn sessions_and_read_marks_last_as_long_as_they_should() {
    let world = World::of_people(2);
    let user = UserId(1);
    let mark = |seq| Change::MarkRead {
        user,
        room: LOBBY,
        seq: Seq(seq),
        by: None,
    };
    wait(async {
        let store = &world.store;
        let rehashed = Some(PasswordHash("$argon2id$stronger".to_owned()));
        let open = Change::OpenSession(LogIn {
            user,
            verified: password(),
            rehashed,
            session: session(2),
            at: Time(5),
        });
        assert_eq!(store.commit(open).await.unwrap(), Event::SessionOpened { user });
        store
            .commit(Change::TouchSession {
                id: session_id(2),
                address: "::1".into(),
                at: Time(9),
            })
            .await
            .unwrap();
        for _ in 0..2 {
            let closed = store.commit(Change::CloseSession { id: session_id(1) }).await.unwrap();
            assert_eq!(
                closed,
                Event::SessionsClosed {
                    ids: vec![session_id(1)]
                }
            );
        }
        for n in 0..3 {
            store.commit(post(2, &format!("{n}"))).await.unwrap();
        }
        for (asked, kept) in [(2, 2), (1, 2), (2, 2), (3, 3)] {
            let answer = store.commit(mark(asked)).await.unwrap();
            assert_eq!(
                answer,
                Event::Read {
                    mark: ReadMark {
                        user,
                        room: LOBBY,
                        seq: Seq(kept),
                        unread: 3 - kept,
                        mentions: 0,
                        head: Seq(3),
                    },
                    by: None,
                }
            );
        }
    });
    let world = world.reopen();
    wait(async {
        let store = &world.store;
        assert!(store.session(session_id(1)).await.unwrap().is_none());
        let (session, owner) = store.session(session_id(2)).await.unwrap().unwrap();
        assert_eq!(
            (session.created_at, session.seen_at, &*session.address),
            (Time(5), Time(9), "::1")
        );
        assert_eq!(store.user(user).await.unwrap(), Some(owner));
        let account = store.account(&Name::parse("Person 1").unwrap()).await.unwrap().unwrap();
        assert_eq!(account.password.0, "$argon2id$stronger");
        let [lobby] = &store.rooms(user).await.unwrap()[..] else {
            panic!()
        };
        assert_eq!(
            (lobby.room.name.as_str(), lobby.head, lobby.read),
            ("Lobby", Seq(3), Seq(3))
        );
    });
    assert_eq!(world.close(), [], "nothing is told twice");
}

#[test]
fn closing_answers_all_that_was_accepted_and_ends_the_feed() {
    let world = World::of_people(1);
    let answers = Arc::new(Mutex::new(Vec::new()));
    let (store, accepted) = (world.store.clone(), answers.clone());
    let busy = std::thread::spawn(move || {
        wait(async {
            for n in 0.. {
                match store.submit(post(1, &format!("{n}"))).await {
                    Ok(pending) => accepted.lock().unwrap().push(pending),
                    Err(error) => return assert_eq!(error.kind, Kind::Unavailable),
                }
            }
        });
    });
    while answers.lock().unwrap().len() < 500 {
        std::thread::yield_now();
    }
    let (store, path) = (world.store.clone(), world.path.clone());
    let folder = world.keep_folder();
    let events = world.close();
    busy.join().unwrap();
    let mut seqs: Vec<u64> = Vec::new();
    for pending in answers.lock().unwrap().drain(..) {
        seqs.push(seq(&wait(pending).unwrap()).0);
    }
    assert_eq!(posted(&events), seqs);
    assert_eq!(kind(wait(store.commit(post(1, "late")))), Kind::Unavailable);
    assert_eq!(kind(wait(store.has_accounts())), Kind::Unavailable);
    let (again, _feed) = Store::open(&path, chapp::store::Options::default()).unwrap();
    let latest = wait(again.history(UserId(1), LOBBY, Anchor::Latest, PageSize::default())).unwrap();
    assert_eq!(latest.head.0, seqs.len() as u64);
    drop(folder);
}

#[test]
fn changes_go_on_where_nobody_reads_the_feed() {
    let folder = tempfile::tempdir().unwrap();
    let (store, feed) = Store::open(&folder.path().join("data.redb"), Default::default()).unwrap();
    drop(feed);
    wait(async {
        store.commit(sign_up("Ada", 1)).await.unwrap();
        assert!(store.has_accounts().await.unwrap());
        store.close().await;
    });
}
