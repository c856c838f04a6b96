//! A data file with something in every table.

use crate::store_laws::world::password;
use crate::store_laws::world::{session, sign_up, wait};
use chapp::clock::Time;
use chapp::limits::{FILE_CHUNK_BYTES, SEGMENT_ENTRIES};
use chapp::model::*;
use chapp::store::{Options, Store};
use std::fs;
use std::path::Path;

/// Posts in the file.
pub const MESSAGES: u64 = PLAIN + 9;
/// Plain posts in the Lobby: more than a segment of the search index.
const PLAIN: u64 = SEGMENT_ENTRIES + 100;
const AT: Time = Time(1_000);

/// The text of the `n`-th plain post.
pub fn a_text(n: u64) -> String {
    format!("plain text number {n}, and nobody reacts")
}

/// The position of the `n`-th plain post in the log, after the notices of the named rooms.
pub fn entry_of(n: u64) -> u64 {
    n + 3
}

/// Makes the file and closes it.
pub fn fill(path: &Path) {
    let store = filled(path);
    wait(store.close());
}

/// Creates the file; returns its bytes as a kill would leave them.
pub fn fill_and_kill(path: &Path) -> Vec<u8> {
    let store = filled(path);
    let killed = fs::read(path).unwrap();
    wait(store.close());
    killed
}

fn filled(path: &Path) -> Store {
    let (store, feed) = Store::open(path, Options::default()).unwrap();
    drop(feed);
    let changes = [people(), rooms(), plain(), messages(), of_themselves(), host()];
    wait(async {
        for change in changes.into_iter().flatten() {
            let words = format!("{change:?}");
            store
                .commit(change)
                .await
                .unwrap_or_else(|error| panic!("{words}: {error}"));
        }
    });
    store
}

fn people() -> Vec<Change> {
    let mut changes: Vec<Change> = (1..=4).map(|n| sign_up(&format!("person {n}"), n)).collect();
    let server = |action| Change::Server {
        by: UserId(1),
        action,
        at: AT,
    };
    changes.push(server(AdminAction::Rename(ServerName::parse("Our server").unwrap())));
    changes.push(server(AdminAction::Invite(Invite {
        code: Code::new([3; 10]),
        ends_at: Time(9_000),
    })));
    changes.push(server(AdminAction::SetRole(UserId(2), Role::Admin)));
    changes.push(server(AdminAction::SetActive(UserId(4), false)));
    changes
}

/// An open and a closed room, and a direct one: 2, 3 and 4.
fn rooms() -> Vec<Change> {
    let room = |kind, name: &str, members: &[u64]| {
        Change::CreateRoom(NewRoom {
            by: UserId(1),
            kind,
            name: match name {
                "" => RoomName::nameless(),
                name => RoomName::parse(name).unwrap(),
            },
            topic: Topic::default(),
            members: members.iter().copied().map(UserId).collect(),
            at: AT,
        })
    };
    vec![
        room(RoomKind::Public, "open", &[2]),
        room(RoomKind::Private, "closed", &[2, 3]),
        room(RoomKind::Direct, "", &[2]),
    ]
}

fn written(
    room: u64,
    by: u64,
    client_id: &str,
    text: FormattedText,
    files: Vec<FileId>,
    reply_to: Option<u64>,
) -> Change {
    Change::Post(NewPost {
        author: UserId(by),
        room: RoomId(room),
        client_id: ClientId::parse(client_id).unwrap(),
        message: NewMessage::Text {
            text,
            reply_to: reply_to.map(Seq),
            files,
        },
        here: Vec::new(),
        at: AT,
    })
}

fn says(text: &str) -> FormattedText {
    FormattedText::plain(Body::parse(text).unwrap())
}

fn plain() -> Vec<Change> {
    (0..PLAIN)
        .map(|n| written(1, 1, &format!("plain {n}"), says(&a_text(n)), Vec::new(), None))
        .collect()
}

fn act(by: u64, room: u64, id: u64, act: MessageAction) -> Change {
    Change::MessageAction {
        by: UserId(by),
        target: MessageRef {
            room: RoomId(room),
            id: Seq(id),
        },
        act,
        at: Time(2_000),
    }
}

/// In the closed room, whose notice is its first message.
fn messages() -> Vec<Change> {
    let mut for_ben = says("for person 2");
    for_ben.mentions.users = vec![UserId(2)];
    let mut for_all = says("for everybody");
    for_all.mentions.room = true;
    let [posted, unposted, coming] = [7, 8, 9].map(|n| FileId([n; 16]));
    let mut changes = file(posted, 2);
    changes.extend(file(unposted, 1));
    changes.extend(file(coming, 1));
    // The last upload is incomplete.
    changes.pop();
    changes.extend([
        written(3, 1, "mentions", for_ben, Vec::new(), None),
        written(3, 1, "for all", for_all, Vec::new(), None),
        written(3, 1, "answers", says("an answer"), vec![posted], Some(2)),
        written(3, 1, "edited", says("first"), Vec::new(), None),
        written(3, 1, "deleted", says("to be deleted"), Vec::new(), None),
        written(3, 1, "erased", says("to be erased"), Vec::new(), None),
        written(2, 1, "elsewhere", says("in the open room"), Vec::new(), None),
        // Posts of others come before these, unread by their authors.
        written(3, 3, "own", says("mine"), Vec::new(), None),
        written(4, 2, "direct", says("to you alone"), Vec::new(), None),
        act(1, 3, 5, MessageAction::Edit(says("second"))),
        act(
            2,
            3,
            5,
            MessageAction::React {
                emoji: Emoji::parse("👍").unwrap(),
                on: true,
            },
        ),
        act(1, 3, 5, MessageAction::Pin { on: true }),
        Change::MessageAction {
            by: UserId(1),
            target: MessageRef {
                room: RoomId(3),
                id: Seq(7),
            },
            act: MessageAction::Delete,
            at: AT,
        },
        Change::Erase { before: Time(1_500) },
        act(1, 3, 6, MessageAction::Delete),
        // In a segment of the index by now.
        act(1, 1, 9, MessageAction::Edit(says("a changed text"))),
    ]);
    changes
}

/// The changes that upload a file of person 1 with a preview.
fn file(id: FileId, chunks: u32) -> Vec<Change> {
    let at = Time(3_000);
    let mut changes: Vec<Change> = (0..chunks)
        .map(|index| {
            let bytes = vec![id.0[0]; FILE_CHUNK_BYTES - usize::from(index + 1 == chunks)];
            Change::File(FileChange::Keep {
                id,
                index,
                bytes: bytes.into(),
                at,
            })
        })
        .collect();
    changes.push(Change::File(FileChange::Add(NewFile {
        file: Attachment {
            id,
            name: FileName::clean("a.bin"),
            media_type: "application/octet-stream".to_owned(),
            size: (chunks as usize * FILE_CHUNK_BYTES) as u64 - 1,
            pixels: None,
            has_preview: true,
        },
        preview: Some(("image/png".to_owned(), vec![1, 2, 3].into())),
        owner: UserId(1),
        at,
    })));
    changes
}

fn of_themselves() -> Vec<Change> {
    let (user, at) = (UserId(1), AT);
    let target = MessageRef {
        room: RoomId(1),
        id: Seq(5),
    };
    vec![
        Change::SetPicture {
            user,
            picture: Some(Picture {
                version: "v1".to_owned(),
                jpeg: vec![1, 2, 3].into(),
            }),
        },
        Change::EditSettings {
            user,
            patch: SettingsPatch {
                sound: Some(false),
                ..SettingsPatch::default()
            },
        },
        Change::Seen { user, at },
        Change::Block {
            user: UserId(3),
            other: UserId(2),
            on: true,
        },
        Change::Save {
            user,
            target,
            on: true,
            at,
            by: None,
        },
        Change::OpenSession(LogIn {
            user,
            verified: password(),
            session: session(99),
            rehashed: None,
            at,
        }),
    ]
}

fn host() -> Vec<Change> {
    let backup = Backup { at: AT, bytes: 5 };
    let nightly = Nightly {
        last: Some(NightlyBackup {
            at: AT,
            bytes: 5,
            findings: 0,
        }),
        failure: None,
    };
    let reset = HostAct::OfferReset {
        user: UserId(1),
        code: CodeDigest([5; 32]),
        ends_at: Time(9_000),
        at: AT,
    };
    [reset, HostAct::BackedUp(backup), HostAct::NightlyTried(nightly)]
        .into_iter()
        .map(Change::Host)
        .collect()
}
