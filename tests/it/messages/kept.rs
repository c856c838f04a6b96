//! Pins and saved messages.

use super::*;
use crate::rooms::ask;
use chapp::limits::PAGE_BYTES_MAX;

fn saved(site: &Site, person: &Person, query: &str) -> Value {
    site.get_as(person, &format!("/api/me/saved?{query}")).json()
}

fn ids(saved: &Value) -> Vec<(u64, u64)> {
    let saved = saved["saved"].as_array().unwrap();
    let position = |kept: &Value| (kept["room"].as_u64().unwrap(), kept["message"]["id"].as_u64().unwrap());
    saved.iter().map(position).collect()
}

#[track_caller]
fn save(socket: &mut Socket, room: u64, id: u64, on: bool) {
    socket.send(&json!({"type": "save", "ref": "s", "room": room, "id": id, "on": on}));
    let answer = socket.until(|frame| frame["ref"] == "s").pop().unwrap();
    let expected = json!({"type": "saved", "ref": "s", "room": room, "id": id, "on": on});
    assert_eq!(answer, expected);
}

#[test]
fn what_somebody_keeps_is_theirs_alone_and_newest_first() {
    let (mut site, ada, ben, _) = three();
    let laptop = site.log_in("Ben");
    let (mut adas, mut bens, mut tab) = (site.socket(&ada), site.socket(&ben), site.socket(&laptop));
    let all: Vec<u64> = (0..5)
        .map(|n| say(&mut adas, 1, &format!("a{n}"), &format!("m{n}")))
        .collect();
    for n in [2, 0, 4, 1] {
        save(&mut bens, 1, all[n], true);
        let frame = json!({"type": "saved", "room": 1, "id": all[n], "on": true});
        assert_eq!(tab.expect("saved"), frame);
    }
    save(&mut bens, 1, all[2], true);
    save(&mut bens, 1, all[4], false);
    let expected = [(1, all[1]), (1, all[0]), (1, all[2])];
    assert_eq!(ids(&saved(&site, &ben, "")), expected);
    let first = saved(&site, &ben, "limit=2");
    assert_eq!(ids(&first), expected[..2]);
    let second = saved(&site, &ben, &format!("limit=2&before={}", first["next"]));
    assert_eq!((ids(&second), second.get("next")), (expected[2..].to_vec(), None));
    assert_eq!(first["saved"][0]["message"], message(&site, &ben, 1, all[1]));
    assert_eq!(first["people"].as_array().unwrap().len(), 1);
    assert_eq!(ids(&saved(&site, &ada, "")), []);
    let frames = adas.until_pong();
    assert!(of_type(&frames, "saved").is_empty(), "{frames:?}");
    drop((adas, bens, tab));
    site.restart();
    assert_eq!(ids(&saved(&site, &ben, "")), expected);
    let places = json!([[1, all[0]], [1, all[1]], [1, all[2]]]);
    assert_eq!(site.socket(&ben).ready["saved"], places);
}

#[test]
fn what_is_kept_of_a_room_is_seen_only_by_who_is_in_it() {
    let (site, _, ben, cleo) = three();
    let tea = make_with(&site, &ben, "private", "Tea", &[&cleo]);
    let mut cleos = site.socket(&cleo);
    let in_lobby = say(&mut cleos, 1, "c1", "in the Lobby");
    let id = say(&mut cleos, tea, "c2", "among us");
    save(&mut cleos, 1, in_lobby, true);
    save(&mut cleos, tea, id, true);
    let path = format!("/api/rooms/{tea}/members/{}", cleo.id);
    assert_eq!(ask(&site, &ben, "DELETE", &path).status, 204);
    assert_eq!(ids(&saved(&site, &cleo, "")), [(1, in_lobby)]);
    assert_eq!(saved(&site, &cleo, "limit=1").get("next"), None);
    assert_eq!(ask(&site, &ben, "PUT", &path).status, 204);
    assert_eq!(ids(&saved(&site, &cleo, "")), [(tea, id), (1, in_lobby)]);
    assert_eq!(ask(&site, &ben, "DELETE", &path).status, 204);
    save(&mut cleos, tea, id, false);
    assert_eq!(ask(&site, &ben, "PUT", &path).status, 204);
    assert_eq!(ids(&saved(&site, &cleo, "")), [(1, in_lobby)]);
}

#[test]
fn a_frame_does_not_tell_what_is_kept_of_a_room_that_one_is_not_in() {
    let (site, _, ben, cleo) = three();
    let tea = make_with(&site, &ben, "private", "Tea", &[&cleo]);
    let mut cleos = site.socket(&cleo);
    let id = say(&mut cleos, tea, "c1", "among us");
    save(&mut cleos, tea, id, true);
    let path = format!("/api/rooms/{tea}/members/{}", cleo.id);
    assert_eq!(ask(&site, &ben, "DELETE", &path).status, 204);
    assert_eq!(site.socket(&cleo).ready["saved"], json!([]));
}

#[test]
fn pins_are_for_everybody_and_the_newest_pin_comes_first() {
    let (mut site, ada, ben, _) = three();
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    let all: Vec<u64> = (0..4)
        .map(|n| say(&mut adas, 1, &format!("a{n}"), &format!("m{n}")))
        .collect();
    for n in [3, 0, 2] {
        let seq = act(&mut bens, pin(1, all[n], true));
        let frame = at_seq(&mut adas, seq);
        let pinned = &frame["message"]["pinned"];
        assert_eq!(
            (&frame["message"]["id"], &pinned["by"]),
            (&json!(all[n]), &json!(ben.id))
        );
        // Any two pins of one millisecond stand by id; the next one waits for another.
        let at = pinned["at"].as_u64().unwrap();
        while chapp::clock::Clock::System.now().0 <= at {
            bens.until_pong();
        }
    }
    let pins = |site: &Site| -> Vec<u64> {
        let page = site.get_as(&ada, "/api/rooms/1/pins").json();
        assert_eq!(page["people"].as_array().unwrap().len(), 2, "authors and who pinned");
        let messages = page["messages"].as_array().unwrap();
        messages.iter().map(|message| message["id"].as_u64().unwrap()).collect()
    };
    assert_eq!(pins(&site), [all[2], all[0], all[3]]);
    let head = site.head(&ada);
    assert!(
        act(&mut adas, pin(1, all[0], true)) < head,
        "the seq of its last change"
    );
    assert_eq!(site.head(&ada), head);
    act(&mut adas, pin(1, all[0], false));
    assert_eq!(pins(&site), [all[2], all[3]]);
    assert_eq!(message(&site, &ben, 1, all[0]).get("pinned"), None);
    drop((adas, bens));
    site.restart();
    assert_eq!(pins(&site), [all[2], all[3]]);
}

#[test]
fn long_pins_and_long_messages_that_are_kept_come_in_pages_that_lead_to_all_of_them() {
    let (site, ada, ..) = three();
    let mut adas = site.socket(&ada);
    let long = "𝕩".repeat(8_000);
    let all: Vec<u64> = (0..20).map(|n| say(&mut adas, 1, &format!("a{n}"), &long)).collect();
    for id in &all {
        act(&mut adas, pin(1, *id, true));
        save(&mut adas, 1, *id, true);
    }
    let newest_first: Vec<u64> = all.iter().rev().copied().collect();
    for (path, list) in [("/api/rooms/1/pins", "messages"), ("/api/me/saved?limit=100", "saved")] {
        let (mut held, mut query, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let response = site.get_as(&ada, &format!("{path}{query}"));
            assert!(
                response.body.len() < 3 * PAGE_BYTES_MAX,
                "{} bytes",
                response.body.len()
            );
            let page = response.json();
            let found = page[list].as_array().unwrap().iter();
            let id = |found: &Value| found["id"].as_u64().or(found["message"]["id"].as_u64()).unwrap();
            held.extend(found.map(id));
            pages += 1;
            let Some(next) = page["next"].as_u64() else { break };
            let mark = if path.contains('?') { '&' } else { '?' };
            query = format!("{mark}before={next}");
        }
        assert!(pages > 1, "{path}");
        assert_eq!(held, newest_first, "{path}");
    }
}
