//! A client's replica of the chat, built from frames and pages as the protocol says, and the protocol violations it
//! met.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The server looks for a room's last post among this many seqs at its end.
const LAST_POST_SCAN: u64 = 20;

/// A room as built from its frames.
#[derive(Default)]
pub struct Room {
    /// The room's own fields.
    pub facts: Value,
    /// All messages in their current state, by id.
    pub messages: BTreeMap<u64, Value>,
    /// All changes up to here are in `messages`.
    pub through: u64,
    /// The highest known seq.
    head: u64,
    /// Messages received since a sync was requested.
    staged: Option<Vec<(u64, Value)>>,
    unread: u64,
    mentions: u64,
}

/// A request that the client should send.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// Ask what changed in this room after this seq.
    Sync(u64, u64),
    /// Read the whole history of this room.
    Read(u64),
}

#[derive(Default)]
pub struct Replica {
    pub me: u64,
    pub rooms: BTreeMap<u64, Room>,
    pub people: BTreeMap<u64, Value>,
    pub complaints: Vec<String>,
}

impl Replica {
    /// Takes one frame and returns the requests that it calls for.
    pub fn receive(&mut self, frame: &Value) -> Vec<Request> {
        match frame["type"].as_str().unwrap_or_default() {
            "ready" => return self.ready(frame),
            "room" => return self.room(&frame["room"]),
            "gone" => {
                self.rooms.remove(&number(&frame["room"]));
            }
            "person" => self.person(&frame["user"]),
            "message" => return self.message(frame),
            "read" => {
                if let Some(room) = self.rooms.get_mut(&number(&frame["room"])) {
                    room.facts["read"] = frame["seq"].clone();
                    room.unread = number(&frame["unread"]);
                    room.mentions = number(&frame["mentions"]);
                }
            }
            "synced" => return self.synced(number(&frame["room"]), number(&frame["through"])),
            "reset" => return vec![Request::Read(number(&frame["room"]))],
            _ => {}
        }
        Vec::new()
    }

    fn ready(&mut self, frame: &Value) -> Vec<Request> {
        self.me = number(&frame["user"]["id"]);
        frame["people"]
            .as_array()
            .into_iter()
            .flatten()
            .for_each(|user| self.person(user));
        let listed: Vec<&Value> = frame["rooms"].as_array().into_iter().flatten().collect();
        self.rooms
            .retain(|id, _| listed.iter().any(|room| number(&room["id"]) == *id));
        for room in self.rooms.values_mut() {
            room.staged = None;
            // The complete room follows, so fields that it leaves out are gone.
            room.facts = json!({});
        }
        listed.into_iter().flat_map(|room| self.room(room)).collect()
    }

    fn person(&mut self, user: &Value) {
        let mut user = user.clone();
        // Updated only with the next frame about this person.
        user.as_object_mut().map(|fields| fields.remove("last_seen"));
        self.people.insert(number(&user["id"]), user);
    }

    /// A whole room, or some of its fields.
    fn room(&mut self, fields: &Value) -> Vec<Request> {
        let id = number(&fields["id"]);
        let is_new = !self.rooms.contains_key(&id);
        if is_new && fields.get("kind").is_none() {
            self.complaints
                .push(format!("part of a room that is not known: {fields}"));
            return Vec::new();
        }
        let room = self.rooms.entry(id).or_default();
        if is_new {
            room.facts = json!({});
        }
        for (name, value) in fields.as_object().into_iter().flatten() {
            room.facts[name] = value.clone();
        }
        let Some(head) = fields.get("head").map(number) else {
            return Vec::new();
        };
        room.head = room.head.max(head);
        room.unread = number(&fields["unread"]);
        room.mentions = number(&fields["mentions"]);
        match (is_new, head > room.through) {
            (true, _) => vec![Request::Read(id)],
            (false, true) => self.sync(id),
            (false, false) => Vec::new(),
        }
    }

    fn sync(&mut self, id: u64) -> Vec<Request> {
        match self.rooms.get_mut(&id) {
            Some(room) if room.staged.is_none() => {
                room.staged = Some(Vec::new());
                vec![Request::Sync(id, room.through)]
            }
            _ => Vec::new(),
        }
    }

    fn message(&mut self, frame: &Value) -> Vec<Request> {
        let (id, seq, me) = (number(&frame["room"]), number(&frame["seq"]), self.me);
        let Some(room) = self.rooms.get_mut(&id) else {
            self.complaints
                .push(format!("a message of a room that I am not in: {frame}"));
            return Vec::new();
        };
        let message = &frame["message"];
        if seq > room.head {
            room.head = seq;
            let is_others = number(&message["author"]) != me && message.get("event").is_none();
            if number(&message["id"]) == seq && is_others {
                room.unread += 1;
                room.mentions += u64::from(is_for(message, me));
            }
        }
        if let Some(staged) = &mut room.staged {
            staged.push((seq, message.clone()));
            return Vec::new();
        }
        match seq {
            seq if seq <= room.through => Vec::new(),
            seq if seq == room.through + 1 => {
                room.put(seq, message);
                Vec::new()
            }
            _ => {
                let gap = format!("room {id}: seq {seq} came after {}", room.through);
                self.complaints.push(gap);
                self.sync(id)
            }
        }
    }

    fn synced(&mut self, id: u64, through: u64) -> Vec<Request> {
        let Some(room) = self.rooms.get_mut(&id) else {
            return Vec::new();
        };
        let Some(staged) = room.staged.take() else {
            return Vec::new();
        };
        for (_, message) in staged.iter().filter(|(seq, _)| *seq <= through) {
            room.keep(message);
        }
        room.through = room.through.max(through);
        for (seq, message) in &staged {
            if *seq == room.through + 1 {
                room.put(*seq, message);
            }
        }
        match room.head > room.through {
            true => self.sync(id),
            false => Vec::new(),
        }
    }

    /// Takes the whole history of a room, read by pages; `head` is that of the first page.
    pub fn read(&mut self, id: u64, head: u64, messages: Vec<Value>) -> Vec<Request> {
        let Some(room) = self.rooms.get_mut(&id) else {
            return Vec::new();
        };
        room.messages.clear();
        messages.iter().for_each(|message| room.keep(message));
        room.through = head;
        room.staged = None;
        // What changed while the pages were read.
        self.sync(id)
    }

    /// A room whose last post by its frames differs from its history, if any.
    pub fn wrong_last(&self) -> Option<String> {
        self.rooms.iter().find_map(|(id, room)| {
            let is_post = |message: &&Value| message.get("event").is_none() && message["deleted"] != true;
            let newest = room
                .messages
                .values()
                .rfind(is_post)
                .map(|message| number(&message["id"]));
            let listed = room.facts.get("last").map(|last| number(&last["id"]));
            let may_be_left_out = newest.is_none_or(|newest| newest + LAST_POST_SCAN <= room.head);
            let is_right = listed == newest || (listed.is_none() && may_be_left_out);
            (!is_right).then(|| format!("room {id} at {}: last {listed:?}, newest {newest:?}", room.head))
        })
    }

    /// Everything that a fresh client must have as well.
    pub fn to_json(&self) -> Value {
        let rooms = self.rooms.iter().map(|(id, room)| {
            let mut facts = room.facts.clone();
            // The client's own posts move it without a frame.
            facts.as_object_mut().map(|facts| facts.remove("read"));
            facts["head"] = room.head.into();
            facts["through"] = room.through.into();
            facts["unread"] = room.unread.into();
            facts["mentions"] = room.mentions.into();
            let messages: Vec<&Value> = room.messages.values().collect();
            (id.to_string(), json!({"facts": facts, "messages": messages}))
        });
        Value::Object(rooms.collect())
    }
}

impl Room {
    fn put(&mut self, seq: u64, message: &Value) {
        self.keep(message);
        self.through = seq;
    }

    fn keep(&mut self, message: &Value) {
        self.messages.insert(number(&message["id"]), message.clone());
    }
}

/// Whether a message is meant for this person.
fn is_for(message: &Value, me: u64) -> bool {
    let mentions = &message["mentions"];
    let by_name = mentions["users"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|user| *user == me);
    by_name || mentions["room"] == true || mentions["here"] == true
}

pub fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}
