//! Every limit and one more: the limit holds, the refusal is a sentence, and nothing changes.

use super::world::*;
use crate::harness::disk::{Stall, StallingDisk};
use chapp::clock::Time;
use chapp::error::{Error, Kind};
use chapp::limits::*;
use chapp::model::*;
use chapp::store::Store;
use std::sync::Arc;

fn all(store: &Store, changes: Vec<Change>) {
    for answer in wait(pipeline(store, changes)) {
        answer.unwrap();
    }
}

/// Goes one over the limit; the change is refused with this kind.
#[track_caller]
fn too_many(store: &Store, change: Change, expected: Kind) -> Error {
    let error = wait(store.commit(change)).unwrap_err();
    assert_eq!(error.kind, expected, "{error}");
    error
}

fn lobby(id: u64) -> MessageRef {
    MessageRef {
        room: LOBBY,
        id: Seq(id),
    }
}

fn room(by: u64, kind: RoomKind, name: &str, members: &[u64]) -> Change {
    let name = match kind {
        RoomKind::Direct => RoomName::nameless(),
        _ => RoomName::parse(name).unwrap(),
    };
    Change::CreateRoom(NewRoom {
        by: UserId(by),
        kind,
        name,
        topic: Topic::parse("").unwrap(),
        members: members.iter().copied().map(UserId).collect(),
        at: Time(1_000),
    })
}

fn for_here(person: u64, client_id: &str, here: u64) -> Change {
    let mut change = post(person, client_id);
    if let Change::Post(post) = &mut change {
        post.message = NewMessage::Text {
            files: Vec::new(),
            text: here_text("@here"),
            reply_to: None,
        };
        post.here = (1..=here).map(UserId).collect();
    }
    change
}

fn here_text(body: &str) -> FormattedText {
    let mut text = FormattedText::plain(Body::parse(body).unwrap());
    text.mentions.here = true;
    text
}

#[test]
fn where_more_are_here_than_are_named_everybody_is_meant_also_after_an_edit() {
    let world = World::of_people(2);
    let mentions = || wait(world.store.room(UserId(2), LOBBY)).unwrap().mentions;
    let edit = |id, body| Change::MessageAction {
        by: UserId(1),
        target: lobby(id),
        act: MessageAction::Edit(here_text(body)),
        at: Time(2_000),
    };
    // Only one person is here, and it is not person 2.
    all(&world.store, vec![for_here(1, "few", 1)]);
    assert_eq!(mentions(), 0);
    all(&world.store, vec![for_here(1, "many", HERE_MAX as u64 + 1)]);
    assert_eq!(mentions(), 1);
    all(&world.store, vec![edit(1, "@here again"), edit(2, "@here again")]);
    assert_eq!(mentions(), 1, "an edit calls nobody else, and forgets nobody");
}

#[test]
fn nobody_is_in_more_rooms_than_there_may_be_and_direct_messages_are_counted_apart() {
    let world = World::of_people(3);
    let store = &world.store;
    let max = ROOMS_PER_PERSON_MAX;
    let rooms = (1..max).map(|n| room(1, RoomKind::Private, &format!("room {n}"), &[]));
    all(store, rooms.collect());
    let error = too_many(store, room(1, RoomKind::Private, "one more", &[]), Kind::Conflict);
    assert!(error.title.contains("person 1"), "{error}");
    too_many(store, room(2, RoomKind::Private, "of another", &[1]), Kind::Conflict);
    all(
        store,
        vec![room(2, RoomKind::Direct, "", &[1]), room(1, RoomKind::Direct, "", &[3])],
    );
    assert_eq!(wait(store.rooms(UserId(1))).unwrap().len(), max + 2);
    // Leaving a room makes space for another.
    let leave = Change::RemoveMember {
        by: UserId(1),
        room: RoomId(2),
        user: UserId(1),
        at: Time(1_000),
    };
    all(store, vec![leave, room(1, RoomKind::Private, "one more", &[])]);
}

#[test]
fn one_person_cannot_fill_the_places_of_another() {
    let world = World::of_people(4);
    let store = &world.store;
    let max = ADDED_BY_ONE_MAX as u64;
    let rooms = (1..=max).map(|n| room(2, RoomKind::Private, &format!("room {n}"), &[1]));
    all(store, rooms.collect());
    let error = too_many(store, room(2, RoomKind::Private, "one more", &[1]), Kind::Conflict);
    assert!(error.title.contains("person 1"), "{error}");
    too_many(store, room(2, RoomKind::Direct, "", &[1]), Kind::Conflict);
    all(store, vec![room(2, RoomKind::Private, "own", &[])]);
    let own = RoomId(2 + max);
    let add = |by, room, user| Change::AddMember {
        by: UserId(by),
        room,
        user: UserId(user),
        at: Time(1_000),
    };
    too_many(store, add(2, own, 1), Kind::Conflict);
    // Others can still add them and write to them, and they can still join and leave.
    all(
        store,
        vec![add(2, own, 3), add(3, own, 1), room(4, RoomKind::Direct, "", &[1])],
    );
    let leave = Change::RemoveMember {
        by: UserId(1),
        room: RoomId(2),
        user: UserId(1),
        at: Time(1_000),
    };
    all(store, vec![leave, add(2, RoomId(2), 1)]);
    too_many(store, room(2, RoomKind::Direct, "", &[1]), Kind::Conflict);
}

#[test]
fn browsing_comes_in_pages_that_lead_to_every_room() {
    let world = World::of_people(2);
    let store = &world.store;
    let rooms = (0..BROWSE_ROOMS_DEFAULT).map(|n| room(1, RoomKind::Public, &format!("! {n:05}"), &[]));
    let mut changes: Vec<Change> = rooms.take(ROOMS_PER_PERSON_MAX - 1).collect();
    changes.push(room(2, RoomKind::Public, "! 99999", &[]));
    changes.push(room(2, RoomKind::Public, "Zéta", &[]));
    all(store, changes);
    let browse = |query, after, count| {
        let page = wait(store.browse(UserId(2), query, after, count)).unwrap();
        let names: Vec<String> = page
            .rooms
            .iter()
            .map(|found| found.room.name.as_str().to_owned())
            .collect();
        (names, page.next)
    };
    let (first, next) = browse("", None, BROWSE_ROOMS_DEFAULT);
    assert_eq!((first.len(), next.is_some()), (BROWSE_ROOMS_DEFAULT, true));
    assert_eq!(
        browse("", next, BROWSE_ROOMS_DEFAULT),
        (vec!["Lobby".to_owned(), "Zéta".to_owned()], None)
    );
    assert_eq!(browse("zeta", None, 10), (vec!["Zéta".to_owned()], None));
    assert_eq!(browse("lobby", None, 10).0, ["Lobby"]);
    // The topic of a room is searched as well.
    assert_eq!(browse("everyone", None, 10).0, ["Lobby"]);
    let (few, next) = browse("! 0001", None, 3);
    assert_eq!(few, ["! 00010", "! 00011", "! 00012"]);
    assert_eq!(browse("! 0001", next, 3).0, ["! 00013", "! 00014", "! 00015"]);
    let secret = room(1, RoomKind::Direct, "", &[2]);
    let Ok(Event::JoinedRoom { view, .. }) = wait(store.commit(secret)) else {
        panic!()
    };
    for after in [view.room.id, RoomId(999_999)] {
        let refused = wait(store.browse(UserId(2), "", Some(after), 10)).unwrap_err();
        assert_eq!((refused.kind, refused.field), (Kind::Invalid, Some("after")));
    }
}

#[test]
fn a_message_has_no_more_reactions_than_there_may_be() {
    let people = (REACTIONS_MAX / REACTIONS_EMOJI_MAX) as u64;
    let world = World::of_people(people + 1);
    let emoji: Vec<Emoji> = [
        "👍", "👎", "😀", "🎉", "😕", "❤️", "🚀", "👀", "🔥", "💯", "🙏", "👏", "😂", "😮", "😢", "😡", "🤔", "🥳",
        "🍕", "☕", "🌱",
    ]
    .iter()
    .map(|emoji| Emoji::parse(emoji).unwrap())
    .collect();
    let react = |by, emoji: &Emoji, on| Change::MessageAction {
        by: UserId(by),
        target: lobby(1),
        act: MessageAction::React {
            emoji: emoji.clone(),
            on,
        },
        at: Time(1_000),
    };
    let store = &world.store;
    all(store, vec![post(1, "a")]);
    all(
        store,
        (1..=people)
            .flat_map(|by| {
                emoji[..REACTIONS_EMOJI_MAX]
                    .iter()
                    .map(move |emoji| react(by, emoji, true))
            })
            .collect(),
    );
    too_many(store, react(people + 1, &emoji[0], true), Kind::Conflict);
    too_many(store, react(1, &emoji[REACTIONS_EMOJI_MAX], true), Kind::Conflict);
    all(
        store,
        vec![react(1, &emoji[0], false), react(people + 1, &emoji[0], true)],
    );
}

#[test]
fn nobody_blocks_or_keeps_more_than_they_may() {
    let world = World::of_people(BLOCKED_MAX as u64 + 2);
    let store = &world.store;
    let block = |other, on| Change::Block {
        user: UserId(1),
        other: UserId(other),
        on,
    };
    let last = BLOCKED_MAX as u64 + 2;
    all(store, (2..last).map(|other| block(other, true)).collect());
    too_many(store, block(last, true), Kind::Conflict);
    all(store, vec![block(2, true), block(2, false), block(last, true)]);
    assert_eq!(wait(store.blocked(UserId(1))).unwrap().len(), BLOCKED_MAX);

    let save = |id, on| Change::Save {
        user: UserId(1),
        target: lobby(id),
        on,
        at: Time(1_000),
        by: None,
    };
    all(store, (0..=SAVED_MAX).map(|n| post(1, &format!("{n}"))).collect());
    all(store, (1..=SAVED_MAX).map(|id| save(id, true)).collect());
    too_many(store, save(SAVED_MAX + 1, true), Kind::Conflict);
    all(store, vec![save(1, true), save(1, false), save(SAVED_MAX + 1, true)]);
    assert_eq!(wait(store.saved_places(UserId(1))).unwrap().len() as u64, SAVED_MAX);
}

#[test]
fn a_room_is_unread_and_mentions_are_counted_up_to_a_bound() {
    let world = World::of_people(2);
    let store = &world.store;
    let count = UNREAD_SEQS_MAX as u64 + 1;
    all(store, (0..count).map(|n| post(1, &format!("{n}"))).collect());
    let unread = |id| Change::MarkUnread {
        user: UserId(2),
        target: lobby(id),
        by: None,
    };
    assert_eq!(too_many(store, unread(1), Kind::Invalid).field, Some("id"));
    all(store, vec![unread(2)]);
    let mut mentions: Vec<Change> = Vec::new();
    for n in 0..=MENTIONS_COUNTED_MAX {
        let mut change = post(1, &format!("for 2, {n}"));
        if let Change::Post(NewPost {
            message: NewMessage::Text { text, .. },
            ..
        }) = &mut change
        {
            text.mentions.users = vec![UserId(2)];
        }
        mentions.push(change);
    }
    let said = mentions.len() as u64;
    all(store, mentions);
    let lobby = wait(store.room(UserId(2), LOBBY)).unwrap();
    assert_eq!(
        (lobby.unread, lobby.mentions),
        (count - 1 + said, MENTIONS_COUNTED_MAX as u64)
    );
}

#[test]
fn a_search_looks_at_a_bounded_number_of_people_and_says_that_there_are_more() {
    let world = World::new();
    let store = &world.store;
    let count = PEOPLE_SCAN_MAX as u64 + 2;
    all(store, (1..=count).map(|n| sign_up(&format!("person {n}"), n)).collect());
    let search = |query: &str| {
        let page = wait(store.people(query, None, PageSize::default())).unwrap();
        (page.people.len(), page.more)
    };
    assert_eq!(search("nobody"), (0, true));
    assert_eq!(search(&format!("person {count}")), (1, true));
    assert_eq!(search("person"), (50, true));
    let page = wait(store.people("nobody", Some(UserId(PEOPLE_SCAN_MAX as u64)), PageSize::default())).unwrap();
    assert_eq!((page.people.len(), page.more), (0, false));
}

#[test]
fn whoever_finds_the_queue_full_waits_for_a_while_and_is_refused_with_a_time_to_come_again() {
    let disk = Arc::new(StallingDisk::default());
    let world = World::with(disk.options());
    world.sign_up_people(1);
    let still = Stall::new(&disk);
    wait(async {
        let mut pending = Vec::new();
        let refused = loop {
            // The writer may hold one batch; the others fill its queue.
            assert!(pending.len() <= WRITER_QUEUE_MAX + BATCH_MAX);
            match world.store.submit(post(1, &format!("waits {}", pending.len()))).await {
                Ok(taken) => pending.push(taken),
                Err(refused) => break refused,
            }
        };
        assert!(pending.len() >= WRITER_QUEUE_MAX);
        assert_eq!(refused.kind, Kind::Unavailable);
        assert_eq!(refused.retry_after_ms, Some(SHED_RETRY_MS));
        drop(still);
        let taken = pending.len() as u64;
        for (pending, number) in pending.into_iter().zip(1..) {
            assert_eq!(seq(&pending.await.unwrap()), Seq(number));
        }
        let again = world.store.commit(post(1, "too much")).await.unwrap();
        assert_eq!(seq(&again), Seq(taken + 1), "what was refused has not happened");
    });
    world.close();
}
