//! What remains of a deleted message, and how long it can be undeleted.

use super::*;
use crate::harness::server::{ClockControl, Setup};
use chapp::limits::UNDO_MS;
use std::time::Duration;

const SECRET: &str = "a secret";

/// Everything that a person can read of a room.
fn everything(site: &Site, person: &Person, room: u64) -> String {
    let mut all = String::new();
    for path in ["messages", "messages?around=1", "pins"] {
        all += site.get_as(person, &format!("/api/rooms/{room}/{path}")).text();
    }
    all += site.get_as(person, "/api/me/saved").text();
    let mut socket = site.socket(person);
    all += &json!(sync(&mut socket, room, 0).0).to_string();
    all + &socket.ready.to_string()
}

#[test]
fn a_deleted_message_says_nothing_anywhere_any_more() {
    let (mut site, ada, ben, _) = three();
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    let first = say(&mut bens, 1, "b1", "a question");
    let mut post = post_frame(1, "a1", &format!("**{SECRET}** for @Ben"));
    post["reply_to"] = json!(first);
    adas.send(&post);
    let id = adas.expect("posted")["seq"].as_u64().unwrap();
    let mut reply = post_frame(1, "b2", "an answer");
    reply["reply_to"] = json!(id);
    bens.send(&reply);
    bens.expect("posted");
    act(&mut bens, react(1, id, "👍", true));
    act(&mut bens, pin(1, id, true));
    bens.send(&json!({"type": "save", "room": 1, "id": id, "on": true}));
    bens.expect("saved");
    assert!(everything(&site, &ben, 1).contains(SECRET));
    let sent_at = message(&site, &ben, 1, id)["sent_at"].clone();
    let seq = act(&mut adas, delete(1, id));
    let left = json!({"id": id, "author": ada.id, "sent_at": sent_at, "body": "", "deleted": true});
    assert_eq!(at_seq(&mut bens, seq)["message"], left);
    assert_eq!(message(&site, &ben, 1, id), left);
    assert_eq!(site.get_as(&ben, "/api/rooms/1/pins").json()["messages"], json!([]));
    assert!(!everything(&site, &ben, 1).contains(SECRET));
    assert!(!everything(&site, &ada, 1).contains(SECRET), "nor for its author");
    // Deleting it again changes nothing.
    assert_eq!(act(&mut adas, delete(1, id)), seq);
    drop((adas, bens));
    site.restart();
    assert!(!everything(&site, &ben, 1).contains(SECRET));
    assert_eq!(message(&site, &ben, 1, id), left);
}

#[test]
fn whoever_deleted_a_message_brings_all_of_it_back_for_a_while() {
    let (clock_control, clock) = ClockControl::new();
    let site = Site::with(Setup {
        clock,
        ..Setup::default()
    });
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    let id = say(&mut bens, 1, "b1", "*words* for @Ada");
    act(&mut adas, react(1, id, "👍", true));
    act(&mut bens, edit(1, id, "*other* words for @Ada"));
    act(&mut adas, pin(1, id, true));
    let before = message(&site, &ben, 1, id);
    assert!(before["edited_at"].is_u64() && before["mentions"].is_object());
    assert_eq!(refused(&mut bens, undelete(1, id))["code"], "conflict", "it is there");

    // Its author can, until the last millisecond.
    act(&mut bens, delete(1, id));
    clock_control.advance(Duration::from_millis(UNDO_MS));
    assert_eq!(refused(&mut adas, undelete(1, id))["code"], "forbidden");
    let seq = act(&mut bens, undelete(1, id));
    assert_eq!(at_seq(&mut adas, seq)["message"]["body"], before["body"]);
    assert_eq!(message(&site, &ben, 1, id), before);
    assert_eq!(site.get_as(&ben, "/api/rooms/1/pins").json()["messages"][0]["id"], id);

    // The owner of the server can, and is named then.
    act(&mut adas, delete(1, id));
    assert_eq!(message(&site, &ben, 1, id)["deleted_by"], ada.id);
    assert_eq!(refused(&mut bens, undelete(1, id))["code"], "forbidden");
    act(&mut adas, undelete(1, id));
    assert_eq!(message(&site, &ben, 1, id), before);

    // Too late.
    act(&mut bens, delete(1, id));
    clock_control.advance(Duration::from_millis(UNDO_MS + 1));
    assert_eq!(refused(&mut bens, undelete(1, id))["code"], "conflict");
    assert_eq!(message(&site, &ben, 1, id)["body"], "");
}

#[test]
fn a_quoted_message_that_is_deleted_is_quoted_without_its_text() {
    let (site, ada, ben, _) = three();
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    let id = say(&mut adas, 1, "a1", SECRET);
    let mut reply = post_frame(1, "b1", "what?");
    reply["reply_to"] = json!(id);
    bens.send(&reply);
    bens.expect("posted");
    act(&mut adas, delete(1, id));
    let page = site.get_as(&ben, "/api/rooms/1/messages?limit=1").json();
    assert_eq!(
        (&page["quoted"][0]["id"], &page["quoted"][0]["body"]),
        (&json!(id), &json!(""))
    );
    assert_eq!(page["quoted"][0]["deleted"], true);
}
