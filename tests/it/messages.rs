//! Actions on messages over real sockets: the answers, the events for others, and catch-ups.

use crate::harness::people::Person;
use crate::harness::server::Site;
use crate::harness::socket::{Socket, of_type};
use crate::rooms::{change, history, make_with, post_frame, refused, say, three};
use serde_json::{Value, json};

mod counts;
mod deleted;
mod kept;
mod refusals;

pub fn edit(room: u64, id: u64, body: &str) -> Value {
    json!({"type": "edit", "room": room, "id": id, "body": body})
}

pub fn delete(room: u64, id: u64) -> Value {
    json!({"type": "delete", "room": room, "id": id})
}

pub fn undelete(room: u64, id: u64) -> Value {
    json!({"type": "undelete", "room": room, "id": id})
}

fn react(room: u64, id: u64, emoji: &str, on: bool) -> Value {
    json!({"type": "react", "room": room, "id": id, "emoji": emoji, "on": on})
}

fn pin(room: u64, id: u64, on: bool) -> Value {
    json!({"type": "pin", "room": room, "id": id, "on": on})
}

/// Acts on a message and waits until it is durable. Returns the seq of the answer.
#[track_caller]
pub fn act(socket: &mut Socket, mut frame: Value) -> u64 {
    frame["ref"] = json!("act");
    socket.send(&frame);
    let answer = socket.until(|frame| frame["ref"] == "act").pop().unwrap();
    let seq = answer["seq"].clone();
    let expected = json!({"type": "done", "ref": "act", "room": frame["room"], "seq": seq});
    assert_eq!(answer, expected);
    seq.as_u64().unwrap()
}

/// The `message` frame with this seq.
#[track_caller]
fn at_seq(socket: &mut Socket, seq: u64) -> Value {
    let is_it = |frame: &Value| frame["type"] == "message" && frame["seq"] == seq;
    socket.until(is_it).pop().unwrap()
}

/// A complete catch-up: its message frames, and its last seq.
#[track_caller]
fn sync(socket: &mut Socket, room: u64, since: u64) -> (Vec<Value>, u64) {
    socket.send(&json!({"type": "sync", "ref": "sync", "room": room, "since": since}));
    let mut frames = socket.until(|frame| frame["ref"] == "sync");
    let end = frames.pop().unwrap();
    assert_eq!(end["type"], "synced", "{end}");
    frames.retain(|frame| frame["type"] == "message");
    (frames, end["through"].as_u64().unwrap())
}

/// The message with this id as the history has it.
fn message(site: &Site, person: &Person, room: u64, id: u64) -> Value {
    let messages = history(site, person, room);
    messages.into_iter().find(|message| message["id"] == id).unwrap()
}

#[test]
fn an_edit_is_answered_and_everybody_gets_the_message_as_it_is_now() {
    let (site, ada, ben, _) = three();
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    let id = say(&mut adas, 1, "c1", "first");
    say(&mut bens, 1, "c2", "second");
    let seq = act(&mut adas, edit(1, id, "**other** words"));
    assert_eq!(seq, 3);
    let frame = at_seq(&mut bens, seq);
    let shown = &frame["message"];
    assert_eq!((&shown["id"], &shown["body"]), (&json!(id), &json!("**other** words")));
    assert_eq!(
        shown["content"],
        json!([{"t": "p", "c": [{"t": "b", "c": ["other"]}, " words"]}])
    );
    assert!(shown["edited_at"].as_u64() >= shown["sent_at"].as_u64());
    assert_eq!(*shown, message(&site, &ben, 1, id));
    // The same words again change nothing.
    assert_eq!(act(&mut adas, edit(1, id, "**other** words")), seq);
    assert_eq!(site.head(&ada), seq);
    // Plain words have no tree.
    act(&mut adas, edit(1, id, "plain"));
    assert_eq!(message(&site, &ben, 1, id).get("content"), None);
    assert_eq!(history(&site, &ben, 1).len(), 2, "an edit is no message of its own");
}

#[test]
fn reactions_stand_in_the_order_of_their_first_use() {
    let (site, ada, ben, cleo) = three();
    let mut sockets = [&ada, &ben, &cleo].map(|person| site.socket(person));
    let id = say(&mut sockets[0], 1, "c1", "well?");
    for (who, emoji) in [(1, "👍"), (2, "🎉"), (0, "👍"), (2, "👍")] {
        let seq = act(&mut sockets[who], react(1, id, emoji, true));
        assert_eq!(at_seq(&mut sockets[2 - who / 2], seq)["message"]["id"], id);
    }
    let of = |emoji: &str, users: &[u64]| json!({"emoji": emoji, "users": users});
    let both = json!([of("👍", &[ben.id, ada.id, cleo.id]), of("🎉", &[cleo.id])]);
    assert_eq!(message(&site, &ben, 1, id)["reactions"], both);
    // Repeating an action changes nothing.
    let head = site.head(&ada);
    assert_eq!(act(&mut sockets[1], react(1, id, "👍", true)), head);
    assert_eq!(act(&mut sockets[1], react(1, id, "🎉", false)), head);
    assert_eq!(site.head(&ada), head);
    for socket in &mut sockets {
        act(socket, react(1, id, "👍", false));
    }
    assert_eq!(message(&site, &ben, 1, id)["reactions"], json!([of("🎉", &[cleo.id])]));
    act(&mut sockets[2], react(1, id, "🎉", false));
    assert_eq!(message(&site, &ben, 1, id).get("reactions"), None);
}

#[test]
fn a_catch_up_brings_each_changed_message_once_as_it_is_now() {
    let (mut site, ada, ben, cleo) = three();
    let (mut adas, mut cleos) = (site.socket(&ada), site.socket(&cleo));
    let ids: Vec<u64> = (1..=6)
        .map(|n| say(&mut adas, 1, &format!("c{n}"), &format!("m{n}")))
        .collect();
    for frame in [
        edit(1, ids[0], "once"),
        react(1, ids[2], "👍", true),
        edit(1, ids[0], "twice"),
        delete(1, ids[1]),
        pin(1, ids[3], true),
        react(1, ids[3], "🎉", true),
        delete(1, ids[4]),
        undelete(1, ids[4]),
        react(1, ids[2], "👍", false),
    ] {
        act(&mut adas, frame);
    }
    // From now on, new clients learn of it from a catch-up alone.
    at_seq(&mut cleos, 15);
    drop((adas, cleos));
    for _ in 0..2 {
        let mut bens = site.socket(&ben);
        let now = history(&site, &ben, 1);
        for since in 0..=15 {
            let (frames, through) = sync(&mut bens, 1, since);
            assert_eq!(through, 15);
            // By seq, each once: 1 to 6 are posts, 9 the last edit, 10 the deletion, and so on.
            let last = [
                (ids[5], 6),
                (ids[0], 9),
                (ids[1], 10),
                (ids[3], 12),
                (ids[4], 14),
                (ids[2], 15),
            ];
            let expected: Vec<(u64, u64)> = last.into_iter().filter(|(_, seq)| *seq > since).collect();
            let position = |frame: &Value| (frame["message"]["id"].as_u64().unwrap(), frame["seq"].as_u64().unwrap());
            assert_eq!(
                frames.iter().map(position).collect::<Vec<_>>(),
                expected,
                "since {since}"
            );
            for frame in frames {
                assert!(now.contains(&frame["message"]), "{frame}");
            }
        }
        drop(bens);
        site.restart();
    }
}

#[test]
fn everybody_hears_every_seq_once_and_in_order() {
    let (site, ada, ben, cleo) = three();
    let (mut adas, mut bens, mut cleos) = (site.socket(&ada), site.socket(&ben), site.socket(&cleo));
    for n in 0..10 {
        let id = say(&mut adas, 1, &format!("a{n}"), "words");
        act(&mut bens, react(1, id, "👍", true));
        act(&mut adas, edit(1, id, &format!("words {n}")));
        act(&mut bens, pin(1, id, n % 2 == 0));
        act(&mut adas, delete(1, id));
    }
    let head = site.head(&cleo);
    let frames = cleos.until(|frame| frame["seq"] == head);
    let seqs: Vec<u64> = of_type(&frames, "message")
        .iter()
        .map(|frame| frame["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, (1..=head).collect::<Vec<_>>());
    assert_eq!(head, 45, "a pin that is not there is not taken off");
}

#[test]
fn a_page_brings_what_its_replies_answer_and_all_whom_it_names() {
    let (site, ada, ben, cleo) = three();
    let (mut adas, mut bens, mut cleos) = (site.socket(&ada), site.socket(&ben), site.socket(&cleo));
    let asked = say(&mut adas, 1, "a1", "who comes?");
    say(&mut bens, 1, "b1", "between");
    let mut reply = post_frame(1, "c1", "me");
    reply["reply_to"] = json!(asked);
    cleos.send(&reply);
    let seq = cleos.expect("posted")["seq"].as_u64().unwrap();
    assert_eq!(at_seq(&mut bens, seq)["message"]["reply_to"], asked);
    let page = site.get_as(&ben, "/api/rooms/1/messages?limit=1").json();
    assert_eq!(page["messages"][0]["reply_to"], asked);
    assert_eq!(page["quoted"], json!([message(&site, &ben, 1, asked)]));
    let names = |page: &Value| -> Vec<u64> {
        let people = page["people"].as_array().unwrap();
        people.iter().map(|user| user["id"].as_u64().unwrap()).collect()
    };
    assert_eq!(names(&page), [ada.id, cleo.id]);
    // A visible message is not quoted.
    let page = site.get_as(&ben, "/api/rooms/1/messages").json();
    assert_eq!((&page["quoted"], names(&page).len()), (&json!([]), 3));
}

#[test]
fn a_forwarded_message_says_what_the_other_says_and_where_it_is_from() {
    let (site, ada, ben, cleo) = three();
    let tea = make_with(&site, &ben, "private", "Tea", &[&ada]);
    let (mut bens, mut cleos) = (site.socket(&ben), site.socket(&cleo));
    let mut adas = site.socket(&ada);
    let id = say(&mut adas, tea, "a1", "*news* for @Ben and @room");
    let original = message(&site, &ben, tea, id);
    bens.send(&json!({"type": "post", "room": 1, "client_id": "b1", "forward": {"room": tea, "id": id}}));
    let seq = bens.expect("posted")["seq"].as_u64().unwrap();
    let frame = at_seq(&mut cleos, seq);
    let shown = &frame["message"];
    assert_eq!((&shown["author"], &shown["body"]), (&json!(ben.id), &original["body"]));
    assert_eq!(shown["content"], original["content"]);
    let from = json!({"room": tea, "id": id, "author": ada.id, "sent_at": original["sent_at"]});
    assert_eq!(shown["forwarded"], from);
    assert_eq!(shown.get("mentions"), None, "it was meant for others");
    let page = site.get_as(&cleo, "/api/rooms/1/messages").json();
    let people = page["people"].as_array().unwrap();
    assert!(people.iter().any(|user| user["id"] == ada.id), "whom it is from");
    // A later edit of the original does not change the forward.
    act(&mut adas, edit(tea, id, "old news"));
    act(&mut adas, delete(tea, id));
    assert_eq!(message(&site, &cleo, 1, seq)["body"], original["body"]);
}
