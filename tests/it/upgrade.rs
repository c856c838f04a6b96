//! Upgrades of data files from older versions: everything is kept, and the new features work.
//!
//! `files/format-N.redb.gz` was written by a release of that format: Ada (the owner) and Ben signed up and
//! posted seven messages in turn, `a1`, `b2`, … `a7`, "line N **as it was**". Those of formats 2 to 4 were killed then.
//! The old file stays beside the new one.

use crate::store_laws::world::{Fault, FaultyDisk, client_id, kind, pipeline, post, read_forward, session, wait};
use chapp::clock::Time;
use chapp::error::Kind;
use chapp::limits::SESSIONS_PER_PERSON_MAX;
use chapp::model::*;
use chapp::store::{Options, Store};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FORMATS: [(u32, &[u8]); 4] = [
    (1, include_bytes!("files/format-1.redb.gz")),
    (2, include_bytes!("files/format-2.redb.gz")),
    (3, include_bytes!("files/format-3.redb.gz")),
    (4, include_bytes!("files/format-4.redb.gz")),
];

/// The path of the old file's copy beside the new one.
fn copy_of(format: u32) -> String {
    format!("chapp.redb.format-{format}")
}

/// Checks that the folder holds only the file, the old one and the run files.
fn check_folder(folder: &Path, format: u32, old: &[u8]) {
    let copy = copy_of(format);
    assert_eq!(names(folder), [".chapp.redb.last-commit", "chapp.redb", &copy]);
    assert_eq!(fs::read(folder.join(copy)).unwrap(), old);
}

fn old_file(folder: &Path, packed: &[u8]) -> (PathBuf, Vec<u8>) {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    let path = folder.join("chapp.redb");
    fs::write(&path, &bytes).unwrap();
    (path, bytes)
}

fn open(path: &Path) -> Store {
    let (store, feed) = Store::open(path, Options::default()).unwrap();
    // Nobody is to be told of anything.
    drop(feed);
    store
}

fn close(store: Store) {
    wait(store.close());
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn an_old_file_keeps_all_that_was_in_it_and_a_copy_stays_beside_it() {
    for (format, packed) in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let (path, bytes) = old_file(folder.path(), packed);
        let store = open(&path);
        let (ada, ben) = (UserId(1), UserId(2));
        wait(async {
            let page = store
                .history(ben, LOBBY, Anchor::Latest, PageSize::default())
                .await
                .unwrap();
            let said: Vec<(u64, &str, &str)> = page
                .messages
                .iter()
                .map(|message| (message.author.0, client_id(message), message.body.as_str()))
                .collect();
            assert_eq!(said.len(), 7);
            assert_eq!(said[0], (1, "a1", "line 1 **as it was**"));
            assert_eq!(said[5], (2, "b6", "line 6 **as it was**"));
            let account = store.account(&Name::parse("ADA").unwrap()).await.unwrap().unwrap();
            assert_eq!((account.user.id, account.user.role), (ada, Role::Owner));
            let lobby = store.room(ada, LOBBY).await.unwrap();
            assert_eq!(
                (lobby.head, lobby.room.member_count, lobby.room.kind),
                (Seq(7), 2, RoomKind::Public)
            );
            assert_eq!(store.browse(ben, "", None, 10).await.unwrap().rooms.len(), 1);
            // Data that did not exist in the old format stays absent.
            let card = store.server().await.unwrap();
            assert_eq!((card.name.as_str(), card.door), ("Chapp", SignUpPolicy::Anyone));
            // The first format had no invitations.
            assert_eq!((card.invite.is_some(), card.backup), (format > 1, None));
            assert!(!account.user.deactivated);
            assert!(store.may_sign_up(None, Time(1)).await.is_ok());
        });
        close(store);
        check_folder(folder.path(), format, &bytes);
    }
}

#[test]
fn what_was_posted_to_an_old_file_is_not_posted_again_and_can_be_changed() {
    for (format, packed) in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let (path, bytes) = old_file(folder.path(), packed);
        let store = open(&path);
        let edit = |body: &str| Change::MessageAction {
            by: UserId(1),
            target: MessageRef {
                room: LOBBY,
                id: Seq(3),
            },
            act: MessageAction::Edit(FormattedText::plain(Body::parse(body).unwrap())),
            at: Time(2_000_000_000_000),
        };
        wait(async {
            let again = store.commit(post(1, "a3")).await.unwrap();
            assert!(matches!(again, Event::PostedBefore { seq: Seq(3), .. }));
            assert!(
                matches!(store.commit(edit("other words")).await.unwrap(), Event::Changed(changed) if changed.seq == Seq(8))
            );
            let new = store.commit(post(2, "later")).await.unwrap();
            assert!(matches!(new, Event::Posted(posted) if posted.seq == Seq(9)));
        });
        close(store);
        let store = open(&path);
        wait(async {
            let Catchup::Changed { messages, .. } = store.catchup(UserId(2), LOBBY, Seq(7)).await.unwrap() else {
                panic!("a reset");
            };
            let seen: Vec<(u64, u64, &str)> = messages
                .iter()
                .map(|(seq, message)| (seq.0, message.id.0, message.body.as_str()))
                .collect();
            assert_eq!(seen, [(8, 3, "other words"), (9, 9, "later, says 2")]);
            assert_eq!(store.room(UserId(2), LOBBY).await.unwrap().room.member_count, 2);
        });
        close(store);
        check_folder(folder.path(), format, &bytes);
    }
}

#[test]
fn what_was_said_in_an_old_file_is_found() {
    for (_, packed) in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let (path, _) = old_file(folder.path(), packed);
        let store = open(&path);
        let found = |text: &str| {
            let query = SearchQuery {
                sought: SearchTerms::parse(text).unwrap(),
                ..SearchQuery::default()
            };
            let page = store.search(UserId(2), &query).unwrap();
            page.hits.iter().map(|hit| hit.message.id.0).collect::<Vec<_>>()
        };
        assert_eq!(found("line was"), [7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(found("line 6"), [6]);
        // Far more than a search without an index reads.
        let posts = (0..3_000).map(|n| post(1, &format!("new {n}"))).collect();
        wait(pipeline(&store, posts));
        assert_eq!(found("line was"), [7, 6, 5, 4, 3, 2, 1]);
        close(store);
    }
}

#[test]
fn a_name_that_the_first_room_had_is_still_taken() {
    for (_, packed) in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let (path, _) = old_file(folder.path(), packed);
        let store = open(&path);
        let room = |name: &str| {
            Change::CreateRoom(NewRoom {
                by: UserId(1),
                kind: RoomKind::Public,
                name: RoomName::parse(name).unwrap(),
                topic: Topic::default(),
                members: Vec::new(),
                at: Time(1),
            })
        };
        assert_eq!(kind(wait(store.commit(room("lobby")))), Kind::NameTaken);
        assert!(wait(store.commit(room("plans"))).is_ok());
        close(store);
    }
}

#[test]
fn another_file_of_the_copys_name_is_left_alone() {
    for (format, packed) in FORMATS {
        let copy = copy_of(format);
        let folder = tempfile::tempdir().unwrap();
        let (path, bytes) = old_file(folder.path(), packed);
        let beside = folder.path().join(&copy);
        fs::write(&beside, "mine").unwrap();
        close(open(&path));
        assert_eq!(fs::read(&beside).unwrap(), b"mine");
        assert_eq!(fs::read(folder.path().join(copy + ".2")).unwrap(), bytes);
    }
}

#[test]
fn an_upgrade_that_breaks_off_is_done_the_next_time() {
    for (format, packed) in FORMATS {
        let mut broke_off = 0;
        for ops in 0..60 {
            let folder = tempfile::tempdir().unwrap();
            let (path, bytes) = old_file(folder.path(), packed);
            let disk = Arc::new(FaultyDisk::default());
            disk.fail(Fault::Dead, ops);
            match Store::open(&path, disk.options()) {
                Ok((store, _)) => close(store),
                Err(_) => broke_off += 1,
            }
            let store = open(&path);
            assert_eq!(wait(read_forward(&store)).unwrap().len(), 7, "after {ops}");
            close(store);
            check_folder(folder.path(), format, &bytes);
        }
        assert!(broke_off > 10, "{broke_off} of format {format}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_an_old_file_stays_one_and_the_file_stays_as_open_to_others() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    for (format, packed) in FORMATS {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (real, bytes) = old_file(elsewhere.path(), packed);
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        let link = folder.path().join("chapp.redb");
        symlink(&real, &link).unwrap();
        let store = open(&link);
        assert_eq!(wait(read_forward(&store)).unwrap().len(), 7);
        close(store);
        assert_eq!(fs::read_link(&link).unwrap(), real);
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        check_folder(elsewhere.path(), format, &bytes);
    }
}

#[test]
fn the_sessions_of_an_old_file_count_among_those_that_a_person_may_have() {
    for (_, packed) in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let (path, _) = old_file(folder.path(), packed);
        let store = open(&path);
        let user = UserId(1);
        wait(async {
            let old = store.sessions_of(user).await.unwrap();
            assert!(!old.is_empty());
            let verified = store.account_of(user).await.unwrap().unwrap().password;
            // All of them are younger.
            for n in 0..SESSIONS_PER_PERSON_MAX as u64 {
                let log_in = LogIn {
                    user,
                    verified: verified.clone(),
                    rehashed: None,
                    session: session(n),
                    at: Time(1 << 50),
                };
                store.commit(Change::OpenSession(log_in)).await.unwrap();
            }
            let now: Vec<SessionId> = store.sessions_of(user).await.unwrap().iter().map(|s| s.id).collect();
            assert_eq!(now.len(), SESSIONS_PER_PERSON_MAX);
            assert!(!now.contains(&old[0].id));
        });
        close(store);
    }
}
