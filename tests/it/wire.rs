//! The golden frames of tests/wire, which the page's tests read too: the two ends cannot drift apart.

use chapp::clock::Time;
use chapp::error::{Error, Kind};
use chapp::model::{
    Body, ClientId, Message, Name, Posted, Presence, Role, Room, RoomId, RoomKind, RoomView, Seq, User, UserId,
};
use chapp::wire::{self, Command, Incoming};
use serde_json::{Map, Value};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn command(frame: &Value) -> Command {
    let room = || RoomId(number(&frame["room"]));
    match text(&frame["type"]) {
        "post" => Command::Post {
            room: room(),
            client_id: ClientId::parse(text(&frame["client_id"])).unwrap(),
            body: Body::parse(text(&frame["body"])).unwrap(),
        },
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
    for kind in ["ping", "post", "read", "sync", "typing"] {
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

fn user(user: &Value) -> User {
    User {
        id: UserId(number(&user["id"])),
        name: Name::parse(text(&user["name"])).unwrap(),
        role: if user["role"] == "owner" {
            Role::Owner
        } else {
            Role::Member
        },
        created_at: Time(number(&user["created_at"])),
    }
}

fn message(frame: &Value) -> bytes::Bytes {
    let message = &frame["message"];
    let is_own = message.get("client_id").is_some();
    let posted = Posted {
        room: RoomId(number(&frame["room"])),
        seq: Seq(number(&frame["seq"])),
        message: Message {
            id: Seq(number(&message["id"])),
            author: UserId(number(&message["author"])),
            sent_at: Time(number(&message["sent_at"])),
            body: Body::parse(text(&message["body"])).unwrap(),
            client_id: ClientId::parse(message["client_id"].as_str().unwrap_or("not shown")).unwrap(),
        },
    };
    let viewer = if is_own { posted.message.author } else { UserId(77) };
    posted.frame_for(viewer)
}

fn texts(value: &Value) -> Vec<String> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|item| text(item).to_owned())
        .collect()
}

fn ready(frame: &Value) -> bytes::Bytes {
    let rooms: Vec<RoomView> = frame["rooms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|room| RoomView {
            room: Room {
                id: RoomId(number(&room["id"])),
                kind: RoomKind::Public,
                name: text(&room["name"]).to_owned(),
                topic: text(&room["topic"]).to_owned(),
            },
            head: Seq(number(&room["head"])),
            read: Seq(number(&room["read"])),
        })
        .collect();
    let here: Vec<Arc<User>> = frame["people"]
        .as_array()
        .unwrap()
        .iter()
        .map(user)
        .map(Arc::new)
        .collect();
    wire::ready(&wire::Ready {
        epoch: text(&frame["epoch"]),
        viewer: &user(&frame["user"]),
        rooms: &rooms,
        here: &here,
        server_name: text(&frame["server"]["name"]),
        server_id: text(&frame["server"]["id"]),
        addresses: &texts(&frame["server"]["addresses"]),
    })
}

const KINDS: [Kind; 15] = [
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

/// What the server sends where it means this frame.
fn encoded(frame: &Value) -> Value {
    let reference = frame["ref"].as_str();
    let room = || RoomId(number(&frame["room"]));
    let bytes = match text(&frame["type"]) {
        "ready" => ready(frame),
        "message" => message(frame),
        "posted" => wire::posted(reference, text(&frame["client_id"]), room(), Seq(number(&frame["seq"]))),
        "person" => wire::person(&user(&frame["user"])),
        "presence" => {
            let state = if frame["state"] == "offline" {
                Presence::Offline
            } else {
                Presence::Online
            };
            wire::presence(UserId(number(&frame["user"])), state)
        }
        "typing" => wire::typing(room(), UserId(number(&frame["user"]))),
        "read" => wire::read(room(), Seq(number(&frame["seq"]))),
        "synced" => wire::synced(reference, room(), Seq(number(&frame["through"]))),
        "reset" => wire::reset(reference, room(), Seq(number(&frame["head"]))),
        "pong" => wire::pong(reference),
        "error" => error(frame),
        other => panic!("what is {other}?"),
    };
    serde_json::from_slice(payload(&bytes)).unwrap()
}

/// What is in a frame that is not masked.
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

/// What the protocol knows and this version does not say yet: it is taken out of the golden frame.
fn as_this_version_says_it(frame: &mut Value) {
    each_object(frame, &mut |object| {
        object.remove("edited_at");
        if object.contains_key("display_name") {
            object["display_name"] = object["name"].clone();
        }
        if object.get("state").is_some_and(|state| state == "away") {
            object["state"] = "online".into();
        }
    });
}

fn each_object(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            change(object);
            object.values_mut().for_each(|value| each_object(value, change));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| each_object(value, change)),
        _ => {}
    }
}

#[test]
fn each_golden_frame_of_the_server_is_what_the_server_sends() {
    let frames = golden("server");
    let kinds = "error message person pong posted presence read ready reset synced typing";
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
        as_this_version_says_it(&mut golden);
        if kind == "ready" {
            // Numbers that may change: the page reads them, so that each it knows of must be there.
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
