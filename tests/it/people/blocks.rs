//! A blocked person cannot reach the blocker in a direct room or notify them by a mention.

use super::*;
use crate::rooms::{history, post_frame};

fn direct(site: &Site, by: &Person, others: &[u64]) -> u64 {
    let body = json!({"kind": "direct", "members": others});
    let answer = send(site, by, "POST", "/api/rooms", Some(body));
    answer.json()["room"]["id"].as_u64().unwrap()
}

fn block(site: &Site, by: &Person, whom: &Person, on: bool) {
    let method = if on { "PUT" } else { "DELETE" };
    assert_eq!(
        ask(site, by, method, &format!("/api/me/blocks/{}", whom.id)).status,
        204
    );
}

#[test]
fn nothing_that_the_blocked_do_in_a_direct_room_arrives() {
    let (site, _, ben, cleo) = three();
    let room = direct(&site, &ben, &[cleo.id]);
    let (mut bens, mut cleos) = (site.socket(&ben), site.socket(&cleo));
    let own = say(&mut cleos, room, "c1", "hello");
    let other = say(&mut bens, room, "b1", "hello yourself");
    bens.until_pong();
    block(&site, &ben, &cleo, true);
    let before = history(&site, &ben, room);
    bens.until_pong();
    for frame in [
        post_frame(room, "c2", "more"),
        json!({"type": "edit", "room": room, "id": own, "body": "other words @Ben"}),
        json!({"type": "react", "room": room, "id": other, "emoji": "👍", "on": true}),
        json!({"type": "pin", "room": room, "id": own, "on": true}),
        json!({"type": "typing", "room": room}),
    ] {
        assert_eq!(refused(&mut cleos, frame.clone())["code"], "forbidden", "{frame}");
        // And the other way round.
        if frame["type"] != "edit" {
            assert_eq!(refused(&mut bens, frame.clone())["code"], "forbidden", "{frame}");
        }
    }
    assert_eq!(bens.until_pong(), Vec::<Value>::new());
    assert_eq!(history(&site, &ben, room), before);
    // People can always delete their own messages.
    cleos.send(&json!({"type": "delete", "ref": "d", "room": room, "id": own}));
    assert_eq!(cleos.until(|frame| frame["ref"] == "d").pop().unwrap()["type"], "done");
}

#[test]
fn the_blocked_bring_nobody_into_a_room_who_does_not_want_to_hear_them() {
    let (site, ada, ben, cleo) = three();
    block(&site, &ben, &cleo, true);
    let group = json!({"kind": "direct", "members": [ben.id, ada.id]});
    send(&site, &cleo, "POST", "/api/rooms", Some(group)).refused(403, "forbidden");
    for kind in ["public", "private"] {
        let room = json!({"kind": kind, "name": "Trap", "members": [ben.id]});
        send(&site, &cleo, "POST", "/api/rooms", Some(room)).refused(403, "forbidden");
    }
    let tea = make_with(&site, &cleo, "private", "Tea", &[&ada]);
    let path = format!("/api/rooms/{tea}/members/{}", ben.id);
    ask(&site, &cleo, "PUT", &path).refused(403, "forbidden");
    // Somebody else may.
    assert_eq!(ask(&site, &ada, "PUT", &path).status, 204);
}

#[test]
fn the_blocked_call_nobody_who_blocks_them() {
    let (site, _, ben, cleo) = three();
    let laptop = site.log_in("Ben");
    let (mut bens, mut cleos) = (site.socket(&laptop), site.socket(&cleo));
    let mentions = || room_of(&site, &ben, 1)["mentions"].clone();
    say(&mut cleos, 1, "c1", "@Ben");
    assert_eq!(mentions(), 1);
    bens.until_pong();
    block(&site, &ben, &cleo, true);
    // From then on all of his devices have the same counts.
    let read = json!({"type": "read", "room": 1, "seq": 0, "unread": 1, "mentions": 0, "head": 1});
    assert_eq!(bens.expect("read"), read);
    say(&mut cleos, 1, "c2", "@Ben @room");
    assert_eq!((mentions(), &room_of(&site, &ben, 1)["unread"]), (json!(0), &json!(2)));
    block(&site, &ben, &cleo, false);
    assert_eq!(bens.expect("read")["mentions"], 2);
    assert_eq!(mentions(), 2);
}
