//! The bodies of HTTP answers.

use super::message::{MessageJson, Reader};
use super::nouns::{FileJson, ListingJson, RoomJson, SettingsJson, UserJson, encode, role};
use crate::model::{
    Attachment, MembersPage, Page, PeoplePage, PinsPage, RoomId, RoomView, RoomsPage, SavedPage, SearchPage, Seq,
    Session, SessionId, Settings, User, UserId,
};
use serde::Serialize;

/// `{"user":User}`
pub fn user(user: &User) -> Vec<u8> {
    #[derive(Serialize)]
    struct Shape<'a> {
        user: UserJson<'a>,
    }
    encode(&Shape { user: user.into() })
}

/// `{"user":User,"settings":Settings}`
pub fn me(user: &User, settings: &Settings) -> Vec<u8> {
    #[derive(Serialize)]
    struct Shape<'a> {
        user: UserJson<'a>,
        settings: SettingsJson,
    }
    encode(&Shape {
        user: user.into(),
        settings: settings.into(),
    })
}

/// `{"settings":Settings}`
pub fn own_settings(settings: &Settings) -> Vec<u8> {
    #[derive(Serialize)]
    struct Shape {
        settings: SettingsJson,
    }
    encode(&Shape {
        settings: settings.into(),
    })
}

/// `{"rooms":[Room…]}`
pub fn rooms(rooms: &[RoomView]) -> Vec<u8> {
    #[derive(Serialize)]
    struct Shape<'a> {
        rooms: Vec<RoomJson<'a>>,
    }
    encode(&Shape {
        rooms: rooms.iter().map(RoomJson::from).collect(),
    })
}

/// `{"room":Room}`
pub fn one_room(room: &RoomView) -> Vec<u8> {
    #[derive(Serialize)]
    struct Shape<'a> {
        room: RoomJson<'a>,
    }
    encode(&Shape { room: room.into() })
}

/// `{"rooms":[{…,"joined"}…],"next"?}`
pub fn listings(page: &RoomsPage) -> Vec<u8> {
    #[derive(Serialize)]
    struct Shape<'a> {
        rooms: Vec<ListingJson<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        next: Option<u64>,
    }
    encode(&Shape {
        rooms: page.rooms.iter().map(ListingJson::from).collect(),
        next: page.next.map(|room| room.0),
    })
}

/// `{"people":[User…],"more","files"?}`; `files` has the bytes of each person's files, and is absent if the viewer
/// may not know them.
pub fn people(page: &PeoplePage, files: Option<&[(UserId, u64)]>) -> Vec<u8> {
    #[derive(Serialize)]
    struct Files {
        user: u64,
        bytes: u64,
    }
    #[derive(Serialize)]
    struct Shape<'a> {
        people: Vec<UserJson<'a>>,
        more: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        files: Option<Vec<Files>>,
    }
    let files_of = |(user, bytes): &(UserId, u64)| Files {
        user: user.0,
        bytes: *bytes,
    };
    encode(&Shape {
        people: page.people.iter().map(UserJson::from).collect(),
        more: page.more,
        files: files.map(|files| files.iter().map(files_of).collect()),
    })
}

/// `{"members":[{"user":User,"role"}…],"more"}`
pub fn members(page: &MembersPage) -> Vec<u8> {
    #[derive(Serialize)]
    struct Member<'a> {
        user: UserJson<'a>,
        role: &'static str,
    }
    #[derive(Serialize)]
    struct Shape<'a> {
        members: Vec<Member<'a>>,
        more: bool,
    }
    let member = |(user, member_role)| Member {
        user: UserJson::from(user),
        role: role(member_role),
    };
    encode(&Shape {
        members: page.members.iter().map(|(user, role)| member((user, *role))).collect(),
        more: page.more,
    })
}

/// `{"room","seq"}`, the answer to a post over HTTP.
pub fn post_receipt(room: RoomId, seq: Seq) -> Vec<u8> {
    #[derive(Serialize)]
    struct Shape {
        room: u64,
        seq: u64,
    }
    encode(&Shape {
        room: room.0,
        seq: seq.0,
    })
}

/// `{"messages":[Message…],"quoted":[Message…],"people":[User…],"head","more_before","more_after"}`
/// for `viewer`.
pub fn page(page: &Page, viewer: &User) -> Vec<u8> {
    #[derive(Serialize)]
    struct Shape<'a> {
        messages: Vec<MessageJson<'a>>,
        quoted: Vec<MessageJson<'a>>,
        people: Vec<UserJson<'a>>,
        head: u64,
        more_before: bool,
        more_after: bool,
    }
    let json = |message| MessageJson::new(message, Reader::of(message, viewer.id));
    encode(&Shape {
        messages: page.messages.iter().map(json).collect(),
        quoted: page.quoted.iter().map(json).collect(),
        people: page.people.iter().map(UserJson::from).collect(),
        head: page.head.0,
        more_before: page.more_before,
        more_after: page.more_after,
    })
}

/// `{"messages":[Message…],"people":[User…],"next"?}`
pub fn pins(page: &PinsPage, viewer: &User) -> Vec<u8> {
    #[derive(Serialize)]
    struct Shape<'a> {
        messages: Vec<MessageJson<'a>>,
        people: Vec<UserJson<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        next: Option<u64>,
    }
    let json = |message| MessageJson::new(message, Reader::of(message, viewer.id));
    encode(&Shape {
        messages: page.messages.iter().map(json).collect(),
        people: page.people.iter().map(UserJson::from).collect(),
        next: page.next,
    })
}

/// `{"file":File}`
pub fn file(file: &Attachment) -> Vec<u8> {
    #[derive(Serialize)]
    struct Shape<'a> {
        file: FileJson<'a>,
    }
    encode(&Shape { file: file.into() })
}

/// `{"seen":[{"user","seq"}…]}`
pub fn seen_by(seen: &[(UserId, Seq)]) -> Vec<u8> {
    #[derive(Serialize)]
    struct Mark {
        user: u64,
        seq: u64,
    }
    #[derive(Serialize)]
    struct Shape {
        seen: Vec<Mark>,
    }
    let mark = |(user, seq): &(UserId, Seq)| Mark {
        user: user.0,
        seq: seq.0,
    };
    encode(&Shape {
        seen: seen.iter().map(mark).collect(),
    })
}

/// `{"saved":[{"room","message":Message,"saved_at"}…],"people":[User…],"next"?}`
pub fn saved_page(page: &SavedPage, viewer: &User) -> Vec<u8> {
    #[derive(Serialize)]
    struct Saved<'a> {
        room: u64,
        message: MessageJson<'a>,
        saved_at: u64,
    }
    #[derive(Serialize)]
    struct Shape<'a> {
        saved: Vec<Saved<'a>>,
        people: Vec<UserJson<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        next: Option<u64>,
    }
    let saved = page.saved.iter().map(|saved| Saved {
        room: saved.room.0,
        message: MessageJson::new(&saved.message, Reader::of(&saved.message, viewer.id)),
        saved_at: saved.saved_at.0,
    });
    encode(&Shape {
        saved: saved.collect(),
        people: page.people.iter().map(UserJson::from).collect(),
        next: page.next,
    })
}

/// `{"hits":[{"room","message":Message,"marks":[[start,end]…]}…],"people":[User…],"next"?}`
pub fn search_page(page: &SearchPage, viewer: &User) -> Vec<u8> {
    #[derive(Serialize)]
    struct Found<'a> {
        room: u64,
        message: MessageJson<'a>,
        marks: &'a [(u32, u32)],
    }
    #[derive(Serialize)]
    struct Shape<'a> {
        hits: Vec<Found<'a>>,
        people: Vec<UserJson<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        next: Option<u64>,
    }
    let hits = page.hits.iter().map(|hit| Found {
        room: hit.room.0,
        message: MessageJson::new(&hit.message, Reader::of(&hit.message, viewer.id)),
        marks: &hit.marks,
    });
    encode(&Shape {
        hits: hits.collect(),
        people: page.people.iter().map(UserJson::from).collect(),
        next: page.next,
    })
}

/// `{"sessions":[{"id","device","address","created_at","seen_at","current"}…]}`
pub fn sessions(sessions: &[Session], current: SessionId) -> Vec<u8> {
    #[derive(Serialize)]
    struct Device<'a> {
        id: String,
        device: &'a str,
        address: &'a str,
        created_at: u64,
        seen_at: u64,
        current: bool,
    }
    #[derive(Serialize)]
    struct Shape<'a> {
        sessions: Vec<Device<'a>>,
    }
    encode(&Shape {
        sessions: sessions
            .iter()
            .map(|session| Device {
                id: session.id.to_hex(),
                device: &session.device,
                address: &session.address,
                created_at: session.created_at.0,
                seen_at: session.seen_at.0,
                current: session.id == current,
            })
            .collect(),
    })
}
