//! The golden frames of tests/wire, which the page's tests read too: the two ends cannot drift apart.

mod nouns;

use chapp::clock::Time;
use chapp::error::{Error, Kind};
use chapp::model::{
    Body, ClientId, Emoji, MemberRole, MessageRef, PostContent, Presence, ReadMark, RequestedAction, RoomId, Seq,
    UserId,
};
use chapp::wire::{self, Command, Incoming};
use nouns::*;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

struct Golden {
    kind: String,
    name: String,
    frame: Value,
}

fn golden(side: &str) -> Vec<Golden> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire").join(side);
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let frames = files.iter().flat_map(|file| {
        let examples: Vec<Value> = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        let kind = file.file_stem().unwrap().to_str().unwrap();
        examples.into_iter().map(|example| Golden {
            kind: kind.to_owned(),
            name: example["name"].as_str().unwrap().to_owned(),
            frame: example["frame"].clone(),
        })
    });
    frames.collect()
}

fn command(frame: &Value) -> Command {
    let room = || RoomId(number(&frame["room"]));
    let target = || target(frame);
    let on = || frame["on"].as_bool().unwrap();
    let body = || Body::parse(text(&frame["body"])).unwrap();
    let action = |action| Command::Do {
        target: target(),
        action,
    };
    match text(&frame["type"]) {
        "post" => Command::Post {
            room: room(),
            client_id: ClientId::parse(text(&frame["client_id"])).unwrap(),
            content: match frame.get("forward") {
                Some(from) => PostContent::Forward(MessageRef {
                    room: RoomId(number(&from["room"])),
                    id: Seq(number(&from["id"])),
                }),
                None => PostContent::Text {
                    body: match frame.get("files") {
                        Some(_) => Body::parse_or_empty(frame["body"].as_str().unwrap_or_default()).unwrap(),
                        None => body(),
                    },
                    reply_to: frame.get("reply_to").map(|id| Seq(number(id))),
                    files: ids(&frame["files"]),
                },
            },
        },
        "edit" => action(RequestedAction::Edit(body())),
        "delete" => action(RequestedAction::Delete),
        "undelete" => action(RequestedAction::Undelete),
        "react" => action(RequestedAction::React(
            Emoji::parse(text(&frame["emoji"])).unwrap(),
            on(),
        )),
        "pin" => action(RequestedAction::Pin(on())),
        "save" => Command::Save {
            target: target(),
            on: on(),
        },
        "unread" => Command::Unread { target: target() },
        "away" => Command::Away { on: on() },
        "typing" => Command::Typing { room: room() },
        "read" => Command::Read {
            room: room(),
            seq: Seq(number(&frame["seq"])),
        },
        "sync" => Command::Sync {
            room: room(),
            since: Seq(number(&frame["since"])),
        },
        "ping" => Command::Ping,
        other => panic!("what is {other}?"),
    }
}

#[test]
fn each_golden_frame_of_a_client_is_understood() {
    let frames = golden("client");
    let kinds = "away delete edit pin ping post react read save sync typing undelete unread";
    for kind in kinds.split(' ') {
        assert!(frames.iter().any(|golden| golden.kind == kind), "{kind}");
    }
    for Golden { kind, name, frame } in frames {
        assert_eq!(frame["type"], kind);
        let expected = Incoming {
            reference: frame["ref"].as_str().map(str::to_owned),
            command: command(&frame),
        };
        let mut with_more = frame.clone();
        with_more["of_next_year"] = serde_json::json!({"a": [1]});
        for frame in [frame, with_more] {
            let decoded = wire::decode(&frame.to_string()).unwrap_or_else(|refused| panic!("{name}: {refused:?}"));
            assert_eq!(decoded, expected, "{kind}: {name}");
        }
    }
}

const KINDS: [Kind; 16] = [
    Kind::BadRequest,
    Kind::Unauthenticated,
    Kind::Forbidden,
    Kind::NotFound,
    Kind::MethodNotAllowed,
    Kind::NameTaken,
    Kind::Conflict,
    Kind::TooLarge,
    Kind::UnsupportedMediaType,
    Kind::Invalid,
    Kind::TooManyRequests,
    Kind::NotImplemented,
    Kind::Internal,
    Kind::StorageFull,
    Kind::Unavailable,
    Kind::WrongHost,
];

fn error(frame: &Value) -> bytes::Bytes {
    let kind = KINDS.into_iter().find(|kind| frame["code"] == kind.code()).unwrap();
    let mut error = Error::new(kind, text(&frame["title"]).to_owned());
    error.field = match frame["field"].as_str() {
        None => None,
        Some("body") => Some("body"),
        Some(other) => panic!("what is {other}?"),
    };
    error.retry_after_ms = frame["retry_after_ms"].as_u64();
    wire::error(frame["ref"].as_str(), frame["client_id"].as_str(), &error)
}

/// The frame that the server encodes for this golden frame.
fn encoded(frame: &Value) -> Value {
    let reference = frame["ref"].as_str();
    let room = || RoomId(number(&frame["room"]));
    let bytes = match text(&frame["type"]) {
        "ready" => ready(frame),
        "message" => message(frame),
        "posted" => wire::posted(reference, text(&frame["client_id"]), room(), Seq(number(&frame["seq"]))),
        "person" => wire::person(&user(&frame["user"])),
        "presence" => {
            let state = match text(&frame["state"]) {
                "offline" => Presence::Offline,
                "away" => Presence::Away,
                _ => Presence::Online,
            };
            let last_seen = frame.get("last_seen").map(|at| Time(number(at)));
            wire::presence(UserId(number(&frame["user"])), state, last_seen)
        }
        "typing" => wire::typing(room(), UserId(number(&frame["user"]))),
        "read" => wire::read(
            reference,
            &ReadMark {
                user: UserId(1),
                room: room(),
                seq: Seq(number(&frame["seq"])),
                unread: number(&frame["unread"]),
                mentions: number(&frame["mentions"]),
                head: Seq(number(&frame["head"])),
            },
        ),
        "done" => wire::done(reference, room(), Seq(number(&frame["seq"]))),
        "room" if frame["room"].get("head").is_some() => wire::room(&view(&frame["room"])),
        "room" if frame["room"].get("name").is_some() => wire::room_facts(&facts(&frame["room"])),
        "room" => {
            assert_eq!(frame["room"]["role"], "owner");
            wire::room_role(RoomId(number(&frame["room"]["id"])), MemberRole::Owner)
        }
        "gone" => wire::gone(room()),
        "seen" => wire::seen(room(), UserId(number(&frame["user"])), Seq(number(&frame["seq"]))),
        "server" => wire::server(&server_card(&frame["server"])),
        "trouble" => wire::trouble(trouble(&frame["what"])),
        "settings" => wire::settings(&settings(&frame["settings"])),
        "blocked" => wire::blocked(&users(&frame["users"])),
        "saved" => wire::saved(reference, target(frame), frame["on"].as_bool().unwrap()),
        "synced" => wire::synced(reference, room(), Seq(number(&frame["through"]))),
        "reset" => wire::reset(reference, room(), Seq(number(&frame["head"]))),
        "pong" => wire::pong(reference),
        "error" => error(frame),
        other => panic!("what is {other}?"),
    };
    serde_json::from_slice(payload(&bytes)).unwrap()
}

/// The payload of an unmasked frame.
fn payload(bytes: &[u8]) -> &[u8] {
    assert_eq!(bytes[0], 0x81, "one text frame");
    match bytes[1] {
        126 => &bytes[4..],
        127 => &bytes[10..],
        length => {
            assert_eq!(bytes.len(), 2 + usize::from(length));
            &bytes[2..]
        }
    }
}

#[test]
fn each_golden_frame_of_the_server_is_what_the_server_sends() {
    let frames = golden("server");
    let kinds = "blocked done error gone message person pong posted presence read ready reset room saved seen server settings \
                 synced trouble typing";
    for kind in kinds.split(' ') {
        assert!(frames.iter().any(|golden| golden.kind == kind), "{kind}");
    }
    for Golden {
        kind,
        name,
        frame: mut golden,
    } in frames
    {
        let mut sent = encoded(&golden);
        if kind == "ready" {
            // The limits may change, but the page reads them, so all must be present.
            let (known, limits) = (golden["limits"].take(), sent["limits"].take());
            for field in known.as_object().unwrap().keys() {
                assert!(limits[field].is_u64(), "{field}");
            }
            sent["server"]["version"] = golden["server"]["version"].clone();
        }
        assert_eq!(sent, golden, "{kind}: {name}");
    }
}

#[test]
fn a_frame_says_its_length_in_each_of_the_three_ways() {
    for length in [0, 1, 125, 126, 127, 65_535, 65_536, 100_000] {
        let bytes = wire::frame(&vec![b'x'; length]);
        assert_eq!(payload(&bytes).len(), length);
        let said = match bytes[1] {
            126 => u64::from(u16::from_be_bytes([bytes[2], bytes[3]])),
            127 => u64::from_be_bytes(bytes[2..10].try_into().unwrap()),
            small => u64::from(small),
        };
        assert_eq!(said, length as u64);
    }
}

#[test]
fn each_code_stands_for_one_kind() {
    let mut codes: Vec<&str> = KINDS.iter().map(|kind| kind.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), KINDS.len());
}
