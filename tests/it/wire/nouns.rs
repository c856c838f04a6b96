//! The nouns of golden frames, as the server knows them.

use chapp::clock::Time;
use chapp::model::*;
use chapp::wire;
use serde_json::Value;
use std::sync::Arc;

pub fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub fn users(value: &Value) -> Vec<UserId> {
    list(value).iter().map(|user| UserId(number(user))).collect()
}

pub fn target(value: &Value) -> MessageRef {
    MessageRef {
        room: RoomId(number(&value["room"])),
        id: Seq(number(&value["id"])),
    }
}

fn time(value: &Value) -> Option<Time> {
    value.as_u64().map(Time)
}

pub fn user(user: &Value) -> User {
    User {
        id: UserId(number(&user["id"])),
        name: Name::parse(text(&user["name"])).unwrap(),
        role: match text(&user["role"]) {
            "owner" => Role::Owner,
            "admin" => Role::Admin,
            _ => Role::Member,
        },
        created_at: Time(number(&user["created_at"])),
        profile: Profile {
            display_name: DisplayName::parse(text(&user["display_name"])).unwrap(),
            status: Status::parse(user["status"].as_str().unwrap_or_default()).unwrap(),
            color: Color::parse(number(&user["color"])).unwrap(),
            avatar: user["avatar"].as_str().map(str::to_owned),
        },
        last_seen: time(&user["last_seen"]),
        deactivated: user["deactivated"] == true,
    }
}

pub fn facts(room: &Value) -> Room {
    let kind = match text(&room["kind"]) {
        "private" => RoomKind::Private,
        "direct" => RoomKind::Direct,
        _ => RoomKind::Public,
    };
    Room {
        id: RoomId(number(&room["id"])),
        kind,
        name: match kind {
            RoomKind::Direct => RoomName::nameless(),
            _ => RoomName::parse(text(&room["name"])).unwrap(),
        },
        topic: Topic::parse(text(&room["topic"])).unwrap(),
        archived: room["archived"].as_bool().unwrap(),
        created_at: Time(number(&room["created_at"])),
        member_count: number(&room["member_count"]),
    }
}

pub fn view(room: &Value) -> RoomView {
    let last = room.get("last").map(|last| LastPost {
        id: Seq(number(&last["id"])),
        author: UserId(number(&last["author"])),
        sent_at: Time(number(&last["sent_at"])),
        text: last["text"].as_str().unwrap().to_owned(),
        files: last["files"].as_u64().unwrap_or(0) as usize,
    });
    RoomView {
        last,
        room: facts(room),
        role: match text(&room["role"]) {
            "owner" => MemberRole::Owner,
            _ => MemberRole::Member,
        },
        head: Seq(number(&room["head"])),
        read: Seq(number(&room["read"])),
        unread: number(&room["unread"]),
        mentions: number(&room["mentions"]),
        notify: match text(&room["notify"]) {
            "all" => Notify::All,
            "none" => Notify::Nothing,
            _ => Notify::Mentions,
        },
        favourite: room["favourite"].as_bool().unwrap(),
        hidden: room["hidden"].as_bool().unwrap(),
        members: users(&room["members"]),
    }
}

pub fn settings(settings: &Value) -> Settings {
    let is_on = |field: &str| settings[field].as_bool().unwrap();
    let hours = settings["dnd"].as_object();
    Settings {
        share_read: is_on("share_read"),
        quiet_hours: hours.map(|hours| QuietHours::parse(number(&hours["from"]), number(&hours["to"])).unwrap()),
        quiet_until: Time(number(&settings["dnd_until"])),
        sound: is_on("sound"),
        announce: is_on("announce"),
        single_keys: is_on("single_keys"),
    }
}

fn blocks(value: &Value) -> Vec<Block> {
    let block = |block: &Value| match text(&block["t"]) {
        "p" => Block::Paragraph(inlines(&block["c"])),
        "h" => Block::Heading(inlines(&block["c"])),
        "quote" => Block::Quote(blocks(&block["c"])),
        "code" => Block::Code {
            language: block["lang"].as_str().map(str::to_owned),
            text: text(&block["text"]).to_owned(),
        },
        "list" => Block::List {
            start: block["start"].as_u64().map(|start| start as u32),
            items: list(&block["c"]).iter().map(blocks).collect(),
        },
        "rule" => Block::Rule,
        other => panic!("what is {other}?"),
    };
    list(value).iter().map(block).collect()
}

fn inlines(value: &Value) -> Vec<Inline> {
    list(value).iter().map(inline).collect()
}

fn inline(inline: &Value) -> Inline {
    if let Some(text) = inline.as_str() {
        return Inline::Text(text.to_owned());
    }
    let within = || inlines(&inline["c"]);
    let words = || text(&inline["text"]).to_owned();
    match text(&inline["t"]) {
        "b" => Inline::Bold(within()),
        "i" => Inline::Italic(within()),
        "s" => Inline::Strike(within()),
        "code" => Inline::Code(words()),
        "a" => Inline::Link {
            href: text(&inline["href"]).to_owned(),
            inlines: within(),
        },
        "br" => Inline::Break,
        "user" => Inline::User {
            id: number(&inline["id"]),
            text: words(),
        },
        "room" => Inline::Room {
            id: number(&inline["id"]),
            text: words(),
        },
        "all" if inline["text"] == "here" => Inline::Here,
        "all" => Inline::Everyone,
        "emoji" => Inline::Emoji {
            text: words(),
            name: text(&inline["name"]).to_owned(),
        },
        other => panic!("what is {other}?"),
    }
}

fn notice(event: &Value) -> Notice {
    let user = || UserId(number(&event["user"]));
    match text(&event["kind"]) {
        "created" => Notice::Created,
        "joined" => Notice::Joined,
        "left" => Notice::Left,
        "added" => Notice::Added(user()),
        "removed" => Notice::Removed(user()),
        "renamed" => Notice::Renamed(RoomName::parse(text(&event["text"])).unwrap()),
        "topic" => Notice::Topic(Topic::parse(text(&event["text"])).unwrap()),
        "archived" => Notice::Archived,
        "restored" => Notice::Restored,
        "owner" => Notice::Owner(user()),
        other => panic!("what is {other}?"),
    }
}

fn file(file: &Value) -> Attachment {
    let pixels = |side: &str| file[side].as_u64().map(|pixels| pixels as u32);
    Attachment {
        id: FileId::parse(text(&file["id"])).unwrap(),
        name: FileName::clean(text(&file["name"])),
        media_type: text(&file["type"]).to_owned(),
        size: number(&file["size"]),
        pixels: pixels("width").zip(pixels("height")),
        has_preview: file["preview"] == true,
    }
}

/// The files that a post names.
pub fn ids(value: &Value) -> Vec<FileId> {
    let ids = list(value).iter().map(|id| FileId::parse(text(id)).unwrap());
    ids.collect()
}

pub fn message(frame: &Value) -> bytes::Bytes {
    let message = &frame["message"];
    let is_own = message.get("client_id").is_some();
    let author = UserId(number(&message["author"]));
    let deleted_by = message["deleted_by"].as_u64().map_or(author, UserId);
    let posted = Posted {
        room: RoomId(number(&frame["room"])),
        seq: Seq(number(&frame["seq"])),
        message: Message {
            id: Seq(number(&message["id"])),
            author,
            sent_at: Time(number(&message["sent_at"])),
            body: match text(&message["body"]) {
                "" => Body::empty(),
                body => Body::parse(body).unwrap(),
            },
            content: message.get("content").map(|content| Content(blocks(content))),
            client_id: Some(ClientId::parse(message["client_id"].as_str().unwrap_or("not shown")).unwrap()),
            edited_at: time(&message["edited_at"]),
            deleted_by: message.get("deleted").map(|_| deleted_by),
            reply_to: message["reply_to"].as_u64().map(Seq),
            files: list(&message["files"]).iter().map(file).collect(),
            reactions: list(&message["reactions"])
                .iter()
                .map(|reaction| Reaction {
                    emoji: Emoji::parse(text(&reaction["emoji"])).unwrap(),
                    users: users(&reaction["users"]),
                })
                .collect(),
            pinned: message.get("pinned").map(|pinned| Pinned {
                by: UserId(number(&pinned["by"])),
                at: Time(number(&pinned["at"])),
            }),
            forwarded: message.get("forwarded").map(|from| Forwarded {
                room: RoomId(number(&from["room"])),
                id: Seq(number(&from["id"])),
                author: UserId(number(&from["author"])),
                sent_at: Time(number(&from["sent_at"])),
            }),
            mentions: Mentions {
                users: users(&message["mentions"]["users"]),
                room: message["mentions"]["room"] == true,
                here: message["mentions"]["here"] == true,
            },
            notice: message.get("event").map(notice),
        },
    };
    let viewer = if is_own { author } else { UserId(77) };
    posted.frame_for(viewer)
}

fn texts(value: &Value) -> Vec<String> {
    list(value).iter().map(|item| text(item).to_owned()).collect()
}

pub fn server_card(server: &Value) -> ServerInfo {
    ServerInfo {
        name: ServerName::parse(text(&server["name"])).unwrap(),
        door: match text(&server["door"]) {
            "anyone" => SignUpPolicy::Anyone,
            "invite" => SignUpPolicy::Invited,
            _ => SignUpPolicy::Nobody,
        },
        invite: None,
        backup: None,
    }
}

pub fn trouble(what: &Value) -> Option<Trouble> {
    Some(match what.as_str()? {
        "file_removed" => Trouble::FileRemoved,
        "file_replaced" => Trouble::FileReplaced,
        "file_overwritten" => Trouble::FileOverwritten,
        "file_damaged" => Trouble::FileDamaged,
        "not_writable" => Trouble::NotWritable,
        "disk_full" => Trouble::DiskFull,
        other => panic!("what is {other}?"),
    })
}

pub fn ready(frame: &Value) -> bytes::Bytes {
    let rooms: Vec<RoomView> = list(&frame["rooms"]).iter().map(view).collect();
    let state_of = |user: &User| {
        let mut states = list(&frame["presence"]).iter();
        let here = states.find(|state| state["user"] == user.id.0).unwrap();
        match here["state"] == "away" {
            true => Presence::Away,
            false => Presence::Online,
        }
    };
    let people = list(&frame["people"]).iter().map(user);
    let online: Vec<_> = people.map(|user| (Arc::new(user.clone()), state_of(&user))).collect();
    let saved = list(&frame["saved"]).iter().map(|item| MessageRef {
        room: RoomId(number(&item[0])),
        id: Seq(number(&item[1])),
    });
    wire::ready(&wire::Ready {
        epoch: text(&frame["epoch"]),
        viewer: &user(&frame["user"]),
        rooms: &rooms,
        online: &online,
        direct: &[],
        people_version: number(&frame["people_version"]),
        settings: &settings(&frame["settings"]),
        blocked: &users(&frame["blocked"]),
        saved: &saved.collect::<Vec<_>>(),
        server: &server_card(&frame["server"]),
        server_id: text(&frame["server"]["id"]),
        addresses: &texts(&frame["server"]["addresses"]),
        backup_trouble: frame["server"]["backup_trouble"] == true,
        trouble: trouble(&frame["server"]["trouble"]),
    })
}
