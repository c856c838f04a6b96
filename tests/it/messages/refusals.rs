//! Actions on messages that are refused for everybody.

use super::*;
use chapp::limits::{PINS_MAX, REACTIONS_EMOJI_MAX};

fn save(room: u64, id: u64) -> Value {
    json!({"type": "save", "room": room, "id": id, "on": true})
}

#[track_caller]
fn is_refused(socket: &mut Socket, frame: Value, code: &str) {
    let error = refused(socket, frame.clone());
    assert_eq!(error["code"], code, "{frame}: {error}");
    crate::harness::http::assert_is_a_sentence(error["title"].as_str().unwrap());
}

#[test]
fn nobody_edits_or_deletes_what_is_not_theirs_but_owners_delete() {
    let (site, ada, ben, cleo) = three();
    let tea = make_with(&site, &ben, "public", "Tea", &[&cleo]);
    let (mut adas, mut bens, mut cleos) = (site.socket(&ada), site.socket(&ben), site.socket(&cleo));
    let of_cleo = say(&mut cleos, tea, "c1", "Cleo's");
    let of_ben = say(&mut bens, tea, "b1", "Ben's");
    is_refused(&mut cleos, edit(tea, of_ben, "x"), "forbidden");
    is_refused(&mut cleos, delete(tea, of_ben), "forbidden");
    is_refused(&mut bens, edit(tea, of_cleo, "x"), "forbidden");
    is_refused(&mut adas, delete(tea, of_cleo), "not_found");
    act(&mut bens, delete(tea, of_cleo));
    let in_lobby = say(&mut cleos, 1, "c2", "in the Lobby");
    is_refused(&mut adas, edit(1, in_lobby, "x"), "forbidden");
    is_refused(&mut bens, delete(1, in_lobby), "forbidden");
    act(&mut adas, delete(1, in_lobby));
    assert_eq!(message(&site, &ben, tea, of_ben)["body"], "Ben's");
}

#[test]
fn an_archived_room_is_read_and_not_written_to() {
    let (site, _, ben, _) = three();
    let tea = make_with(&site, &ben, "public", "Tea", &[]);
    let mut bens = site.socket(&ben);
    let id = say(&mut bens, tea, "b1", "words");
    let gone = say(&mut bens, tea, "b2", "gone");
    act(&mut bens, delete(tea, gone));
    change(&site, &ben, tea, json!({"archived": true}));
    for frame in [
        post_frame(tea, "b3", "x"),
        json!({"type": "post", "room": tea, "client_id": "b4", "forward": {"room": tea, "id": id}}),
        edit(tea, id, "x"),
        delete(tea, id),
        undelete(tea, gone),
        react(tea, id, "👍", true),
        pin(tea, id, true),
    ] {
        is_refused(&mut bens, frame, "forbidden");
    }
    bens.send(&save(tea, id));
    assert_eq!(bens.expect("saved")["id"], id);
    assert_eq!(message(&site, &ben, tea, id)["body"], "words");
    let head = crate::rooms::room_of(&site, &ben, tea)["head"].clone();
    change(&site, &ben, tea, json!({"archived": false}));
    assert_eq!(
        json!(say(&mut bens, tea, "b3", "x") - 2),
        head,
        "the notice, and the post"
    );
}

#[test]
fn a_notice_and_a_change_and_what_is_not_there_are_no_messages_to_do_anything_to() {
    let (site, _, ben, _) = three();
    let tea = make_with(&site, &ben, "public", "Tea", &[]);
    let mut bens = site.socket(&ben);
    let id = say(&mut bens, tea, "b1", "words");
    let changed = act(&mut bens, edit(tea, id, "other words"));
    for id in [0, 1, changed, changed + 1, (1 << 32) + id, (1 << 53) - 1] {
        let mut reply = post_frame(tea, "r", "reply");
        reply["reply_to"] = json!(id);
        assert_eq!(refused(&mut bens, reply)["field"], "reply_to", "{id}");
        for frame in [
            edit(tea, id, "x"),
            delete(tea, id),
            undelete(tea, id),
            react(tea, id, "👍", true),
            pin(tea, id, true),
            save(tea, id),
            json!({"type": "post", "room": 1, "client_id": "f", "forward": {"room": tea, "id": id}}),
        ] {
            is_refused(&mut bens, frame, "not_found");
        }
    }
    assert_eq!(crate::rooms::room_of(&site, &ben, tea)["head"], changed);
}

#[test]
fn a_deleted_message_cannot_be_used() {
    let (site, ada, ..) = three();
    let mut adas = site.socket(&ada);
    let id = say(&mut adas, 1, "a1", "words");
    act(&mut adas, delete(1, id));
    let mut reply = post_frame(1, "r", "reply");
    reply["reply_to"] = json!(id);
    for frame in [
        reply,
        edit(1, id, "x"),
        react(1, id, "👍", true),
        pin(1, id, true),
        save(1, id),
        json!({"type": "post", "room": 1, "client_id": "f", "forward": {"room": 1, "id": id}}),
    ] {
        is_refused(&mut adas, frame, "conflict");
    }
}

#[test]
fn what_is_too_much_is_refused() {
    let (site, ada, ben, _) = three();
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    let id = say(&mut adas, 1, "a1", "words");
    let all = "😀😃😄😁😆😅🤣😂🙂🙃😉😊😇🥰😍🤩😘😗😚😙😋";
    let emoji: Vec<String> = all.chars().map(String::from).collect();
    for emoji in &emoji[..REACTIONS_EMOJI_MAX] {
        act(&mut adas, react(1, id, emoji, true));
    }
    is_refused(&mut adas, react(1, id, &emoji[REACTIONS_EMOJI_MAX], true), "conflict");
    act(&mut bens, react(1, id, &emoji[0], true));
    for text in ["", "x", "👍👍", ":tada:", "\u{202e}"] {
        is_refused(&mut bens, react(1, id, text, true), "invalid");
    }
    is_refused(&mut adas, edit(1, id, &"x".repeat(8_001)), "invalid");
    is_refused(&mut adas, edit(1, id, " \n "), "invalid");
    for n in 1..=PINS_MAX {
        let id = say(&mut adas, 1, &format!("p{n}"), "pinned");
        act(&mut adas, pin(1, id, true));
    }
    is_refused(&mut bens, pin(1, id, true), "conflict");
    assert_eq!(message(&site, &ada, 1, site.head(&ada) - 1)["pinned"]["by"], ada.id);
    let pins = site.get_as(&ben, "/api/rooms/1/pins").json()["messages"].clone();
    assert_eq!(pins.as_array().unwrap().len(), PINS_MAX);
    let last = pins[0]["id"].as_u64().unwrap();
    act(&mut bens, pin(1, last, false));
    act(&mut bens, pin(1, id, true));
}

#[test]
fn a_frame_without_what_it_needs_is_refused_and_names_it() {
    let (site, ada, ..) = three();
    let mut adas = site.socket(&ada);
    say(&mut adas, 1, "a1", "words");
    for (kind, fields) in [
        ("edit", &["room", "id", "body"][..]),
        ("delete", &["room", "id"]),
        ("undelete", &["room", "id"]),
        ("react", &["room", "id", "emoji", "on"]),
        ("pin", &["room", "id", "on"]),
        ("save", &["room", "id", "on"]),
        ("unread", &["room", "id"]),
        ("away", &["on"]),
    ] {
        for field in fields {
            let whole = json!({"room": 1, "id": 1, "body": "b", "emoji": "👍", "on": true});
            let mut frame = whole.as_object().unwrap().clone();
            frame.insert("type".to_owned(), json!(kind));
            frame.remove(*field);
            let error = refused(&mut adas, Value::Object(frame));
            assert_eq!(
                (&error["code"], &error["field"]),
                (&json!("bad_request"), &json!(field)),
                "{kind}"
            );
        }
    }
}
