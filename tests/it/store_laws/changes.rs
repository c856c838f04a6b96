//! The laws for every kind of change: rooms that come and go, edits, deletions, reactions, pins. The events of the
//! feed add up to what a fresh reader sees, and every count matches a count by hand.

use super::world::*;
use chapp::clock::Time;
use chapp::error::{Kind, Result};
use chapp::model::*;
use chapp::store::Store;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) const PEOPLE: u64 = 4;
const ROOMS: u64 = 4;
const EMOJI: [&str; 3] = ["👍", "🎉", "❤️"];

/// The messages of one room in their present state, and its last seq.
#[derive(Clone, Default, PartialEq, Debug)]
pub(super) struct Replica {
    pub messages: BTreeMap<Seq, Message>,
    pub head: Seq0,
}

/// A seq, or 0 before the first.
pub(super) type Seq0 = u64;

impl Replica {
    pub(super) fn apply(&mut self, posted: &Posted) {
        assert_eq!(posted.seq.0, self.head + 1, "a hole in room {}", posted.room);
        let is_new = !self.messages.contains_key(&posted.message.id);
        assert_eq!(is_new, posted.seq == posted.message.id);
        self.head = posted.seq.0;
        self.messages.insert(posted.message.id, posted.message.clone());
    }
}

fn written_to(rng: &mut Rng, person: u64) -> FormattedText {
    let words = format!("{} of {person}", rng.below(1_000));
    let mut written = FormattedText::plain(Body::parse(&words).unwrap());
    match rng.below(4) {
        0 => written.mentions.users = vec![UserId(1 + rng.below(PEOPLE))],
        1 => written.mentions.room = true,
        _ => {}
    }
    written
}

/// A random change, allowed or not.
fn anything(rng: &mut Rng, person: u64, number: u64) -> Change {
    let by = UserId(person);
    let room = RoomId(1 + rng.below(ROOMS));
    let other = UserId(1 + rng.below(PEOPLE));
    let target = MessageRef {
        room,
        id: Seq(1 + rng.below(60)),
    };
    let at = Time(1_000 + number);
    let on = rng.below(3) > 0;
    let act = |act| Change::MessageAction { by, target, act, at };
    match rng.below(30) {
        0..6 => Change::Post(NewPost {
            author: by,
            room,
            client_id: ClientId::parse(&format!("{person}.{number}")).unwrap(),
            message: NewMessage::Text {
                text: written_to(rng, person),
                reply_to: (rng.below(4) == 0).then_some(target.id),
                files: Vec::new(),
            },
            here: Vec::new(),
            at,
        }),
        6 => act(MessageAction::Edit(written_to(rng, person))),
        7 => act(MessageAction::Delete),
        8 => act(MessageAction::Undelete),
        9 | 10 => act(MessageAction::React {
            emoji: Emoji::parse(EMOJI[rng.below(3) as usize]).unwrap(),
            on,
        }),
        11 => act(MessageAction::Pin { on }),
        12 => Change::MarkRead {
            user: by,
            room,
            seq: target.id,
            by: None,
        },
        13 => Change::MarkUnread {
            user: by,
            target,
            by: None,
        },
        14 => Change::AddMember {
            by,
            room,
            user: other,
            at,
        },
        15 => Change::AddMember { by, room, user: by, at },
        16 => Change::RemoveMember {
            by,
            room,
            user: if on { by } else { other },
            at,
        },
        17 => Change::EditRoom {
            by,
            room,
            patch: RoomPatch {
                topic: Some(Topic::parse(&format!("topic {}", rng.below(9))).unwrap()),
                ..RoomPatch::default()
            },
            at,
        },
        18 => Change::SetMemberRole {
            by,
            room,
            user: other,
            role: MemberRole::Owner,
            at,
        },
        19 => Change::Post(NewPost {
            author: by,
            room,
            client_id: ClientId::parse(&format!("{person}.{number}")).unwrap(),
            message: NewMessage::Forward {
                room: RoomId(1 + rng.below(ROOMS)),
                id: target.id,
            },
            here: Vec::new(),
            at,
        }),
        20..24 => of_themselves(rng, by, other, target, at),
        24 => Change::EditRoom {
            by,
            room,
            patch: RoomPatch {
                name: Some(RoomName::parse(&format!("room {}", rng.below(5))).unwrap()),
                archived: (room != LOBBY).then(|| rng.below(12) == 0),
                ..RoomPatch::default()
            },
            at,
        },
        25 => Change::CreateRoom(NewRoom {
            by,
            kind: [RoomKind::Public, RoomKind::Private, RoomKind::Direct][rng.below(3) as usize],
            name: RoomName::parse(&format!("new {}", rng.below(9))).unwrap(),
            topic: Topic::default(),
            members: vec![other, UserId(1 + rng.below(PEOPLE))],
            at,
        }),
        26 => Change::Seen { user: by, at },
        _ => Change::Erase {
            before: Time(at.0.saturating_sub(20)),
        },
    }
}

/// A random change of a person's own settings and saved messages.
fn of_themselves(rng: &mut Rng, user: UserId, other: UserId, target: MessageRef, at: Time) -> Change {
    let on = rng.below(3) > 0;
    match rng.below(6) {
        0 => Change::ArrangeRoom {
            user,
            room: target.room,
            prefs: RoomPrefs {
                favourite: Some(on),
                notify: Some(Notify::All),
                ..RoomPrefs::default()
            },
        },
        1 => Change::Block {
            user,
            other,
            on: rng.below(4) == 0,
        },
        2 => Change::EditProfile {
            user,
            patch: ProfilePatch {
                status: Some(Status::parse(&format!("status {}", rng.below(9))).unwrap()),
                ..ProfilePatch::default()
            },
        },
        3 => Change::EditSettings {
            user,
            patch: SettingsPatch {
                share_read: Some(on),
                ..SettingsPatch::default()
            },
        },
        _ => Change::Save {
            user,
            target,
            on,
            at,
            by: None,
        },
    }
}

/// People 1 to 4, the Lobby, a public and a private room, and a direct one between 1 and 2.
pub(super) fn create_rooms(world: &World) {
    world.sign_up_people(PEOPLE);
    let rooms = [
        (RoomKind::Public, "open", vec![2]),
        (RoomKind::Private, "closed", vec![2, 3]),
        (RoomKind::Direct, "", vec![2]),
    ];
    for (kind, name, members) in rooms {
        let change = Change::CreateRoom(NewRoom {
            by: UserId(1),
            kind,
            name: match kind {
                RoomKind::Direct => RoomName::nameless(),
                _ => RoomName::parse(name).unwrap(),
            },
            topic: Topic::default(),
            members: members.into_iter().map(UserId).collect(),
            at: Time(1_000),
        });
        wait(world.store.commit(change)).unwrap();
    }
}

/// Everybody submits random changes at once, in bursts. Returns the answers.
pub(super) fn work(world: &World, seed: u64, bursts: u64) -> Vec<Result<Event>> {
    let answers = world.together(1..=PEOPLE, async move |store, person| {
        let mut rng = Rng(seed ^ (person << 32));
        let mut answers = Vec::new();
        for burst in 0..bursts {
            let changes = (0..8).map(|n| anything(&mut rng, person, seed % 1_000 * 1_000 + burst * 8 + n));
            let mut pending = Vec::new();
            for change in changes.collect::<Vec<_>>() {
                pending.push(store.submit(change).await.unwrap());
            }
            for answer in pending {
                answers.push(answer.await);
            }
        }
        answers
    });
    answers.into_iter().flatten().collect()
}

/// A replica of a room from its history, read page by page.
pub(super) async fn fresh(store: &Store, viewer: UserId, room: RoomId) -> Option<Replica> {
    let mut replica = Replica::default();
    let mut anchor = Anchor::Latest;
    loop {
        let page = store
            .history(viewer, room, anchor, PageSize::parse(17).unwrap())
            .await
            .ok()?;
        replica.head = page.head.0;
        anchor = Anchor::Before(page.messages.first().map_or(Seq(1), |message| message.id));
        replica
            .messages
            .extend(page.messages.into_iter().map(|message| (message.id, message)));
        if !page.more_before {
            return Some(replica);
        }
    }
}

/// A replica of a room from a catch-up from the start.
async fn caught_up(store: &Store, viewer: UserId, room: RoomId) -> Replica {
    let mut replica = Replica::default();
    loop {
        let since = Seq(replica.head);
        let Catchup::Changed { messages, through } = store.catchup(viewer, room, since).await.unwrap() else {
            panic!("a reset");
        };
        if through == since {
            return replica;
        }
        for (seq, message) in messages {
            assert!(seq > since && seq <= through);
            replica.messages.insert(message.id, message);
        }
        replica.head = through.0;
    }
}

fn is_for(message: &Message, user: UserId, blocked: &[UserId]) -> bool {
    let is_meant = message.mentions.room || message.mentions.users.contains(&user);
    is_meant && !blocked.contains(&message.author)
}

/// Checks that every way to read a room gives the same result, and that the counts are right.
pub(super) async fn check_readers(store: &Store, from_feed: Option<&BTreeMap<RoomId, Replica>>) {
    let mut seen = 0;
    for user in (1..=PEOPLE).map(UserId) {
        let blocked = store.blocked(user).await.unwrap();
        let saved = store.saved_places(user).await.unwrap();
        let kept = store.saved(user, None, PageSize::parse(100).unwrap()).await.unwrap();
        assert!(
            kept.saved.iter().all(|kept| saved.contains(&MessageRef {
                room: kept.room,
                id: kept.message.id
            })),
            "{user}"
        );
        for view in store.rooms(user).await.unwrap() {
            let room = view.room.id;
            let replica = fresh(store, user, room).await.unwrap();
            assert_eq!(replica, caught_up(store, user, room).await, "room {room}");
            if let Some(from_feed) = from_feed.and_then(|from_feed| from_feed.get(&room)) {
                assert_eq!(&replica, from_feed, "room {room}");
            }
            let others = replica
                .messages
                .values()
                .filter(|message| message.id > view.read && message.author != user && message.notice.is_none());
            assert_eq!(
                view.unread,
                others.clone().count() as u64,
                "{user} in {room}, read {}",
                view.read
            );
            let mentions = others.filter(|message| is_for(message, user, &blocked)).count() as u64;
            assert_eq!(view.mentions, mentions, "{user} in {room}, read {}", view.read);
            let pins = store.pins(user, room, None).await.unwrap().messages.len();
            let pinned = replica
                .messages
                .values()
                .filter(|message| message.pinned.is_some())
                .count();
            assert_eq!(pins, pinned, "room {room}");
            let members = store
                .members(user, room, "", None, PageSize::default())
                .await
                .unwrap()
                .members;
            assert_eq!(view.room.member_count, members.len() as u64, "room {room}");
            let owners = members.iter().filter(|(_, role)| *role == MemberRole::Owner).count();
            let has_owner = view.room.kind != RoomKind::Direct && room != LOBBY;
            assert_eq!(owners, usize::from(has_owner), "room {room}");
            seen += 1;
        }
    }
    assert!(seen >= PEOPLE, "everybody is in the Lobby");
}

#[test]
fn what_the_feed_tells_put_together_is_what_a_fresh_reader_sees() {
    let world = World::new();
    create_rooms(&world);
    let answers = work(&world, 11, 150);
    let done = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!(
        done > 500 && done < answers.len(),
        "{done} of {} were allowed",
        answers.len()
    );
    let store = world.store.clone();
    // The feed is complete once the store is closed, so its events are compared with the reopened file.
    let (path, folder) = (world.path.clone(), world.keep_folder());
    let mut from_feed: BTreeMap<RoomId, Replica> = BTreeMap::new();
    for event in world.close() {
        if let Event::Posted(posted) | Event::Changed(posted) = event {
            from_feed.entry(posted.room).or_default().apply(&posted);
        }
    }
    drop(store);
    let changed = from_feed
        .values()
        .map(|replica| replica.head - replica.messages.len() as u64)
        .sum::<u64>();
    assert!(changed > 50, "edits, deletions, reactions and pins took {changed} seqs");
    let (again, feed) = Store::open(&path, chapp::store::Options::default()).unwrap();
    drop(feed);
    wait(check_readers(&again, Some(&from_feed)));
    wait(again.close());
    drop(folder);
}

#[test]
fn a_crash_at_any_write_leaves_every_change_whole_or_undone() {
    let mut rng = Rng(23);
    let mut lost = 0;
    for round in 0..12 {
        let disk = Arc::new(FaultyDisk::default());
        let world = World::with(disk.options());
        create_rooms(&world);
        disk.fail(Fault::Dead, rng.below(100));
        let answers = work(&world, 100 + round, 20);
        assert!(disk.has_failed(), "round {round}");
        let unknown = |answer: &&Result<Event>| matches!(answer, Err(error) if error.kind == Kind::Unavailable);
        lost += answers.iter().filter(unknown).count();
        let world = world.reopen();
        wait(async {
            check_readers(&world.store, None).await;
            for answer in answers.into_iter().flatten() {
                if let Event::Posted(posted) | Event::Changed(posted) = answer {
                    // The owner of the server may have left a room by now; look for any member.
                    for user in (1..=PEOPLE).map(UserId) {
                        if let Some(replica) = fresh(&world.store, user, posted.room).await {
                            assert!(replica.head >= posted.seq.0, "what was acknowledged is gone");
                            assert!(replica.messages.contains_key(&posted.message.id));
                        }
                    }
                }
            }
        });
        // The work continues from there.
        work(&world, 500 + round, 4);
        wait(check_readers(&world.store, None));
    }
    assert!(lost > 200, "the crashes came too late to show anything: {lost}");
}
