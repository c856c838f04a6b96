//! Conversations between two to ten people, and blocks between them.

use super::*;

fn direct(site: &Site, by: &Person, others: &[u64]) -> Response {
    let body = json!({"kind": "direct", "members": others});
    send(site, by, "POST", "/api/rooms", Some(body))
}

#[test]
fn a_direct_room_is_made_once_whoever_asks_and_however() {
    let (mut site, ada, ben, cleo) = three();
    let mut bens = site.socket(&ben);
    let first = direct(&site, &ada, &[ben.id]);
    assert_eq!(first.status, 201);
    let room = first.json()["room"].clone();
    assert_eq!(
        (&room["kind"], &room["name"], &room["notify"]),
        (&json!("direct"), &json!(""), &json!("all"))
    );
    assert_eq!(
        (&room["members"], &room["member_count"]),
        (&json!([ada.id, ben.id]), &json!(2))
    );
    let frame = bens.until(|frame| frame["room"]["id"] == room["id"]).pop().unwrap();
    assert_eq!(
        (&frame["room"]["id"], &frame["room"]["members"]),
        (&room["id"], &room["members"])
    );
    site.restart();
    for (by, others) in [
        (&ada, vec![ben.id]),
        (&ben, vec![ada.id]),
        (&ben, vec![ada.id, ben.id, ada.id]),
    ] {
        let again = direct(&site, by, &others);
        assert_eq!((again.status, &again.json()["room"]["id"]), (200, &room["id"]));
    }
    let three = direct(&site, &cleo, &[ben.id, ada.id]);
    assert_eq!(three.status, 201);
    assert_ne!(three.json()["room"]["id"], room["id"]);
    assert_eq!(
        direct(&site, &ada, &[cleo.id, ben.id]).json()["room"]["id"],
        three.json()["room"]["id"]
    );
}

#[test]
fn a_direct_room_is_between_two_and_ten_people_who_have_accounts() {
    let site = Site::new();
    let people: Vec<Person> = (0..11).map(|n| site.sign_up(&format!("Person {n}"))).collect();
    let ids = |count: usize| -> Vec<u64> { people[1..count].iter().map(|person| person.id).collect() };
    let ten = direct(&site, &people[0], &ids(10));
    assert_eq!((ten.status, &ten.json()["room"]["member_count"]), (201, &json!(10)));
    for others in [vec![], vec![people[0].id], ids(11)] {
        assert_eq!(
            direct(&site, &people[0], &others).refused(422, "invalid")["field"],
            "members"
        );
    }
    direct(&site, &people[0], &[99]).refused(404, "not_found");
}

#[test]
fn a_direct_room_stays_as_it_is() {
    let (site, ada, ben, cleo) = three();
    let id = direct(&site, &ada, &[ben.id]).json()["room"]["id"].as_u64().unwrap();
    let path = format!("/api/rooms/{id}");
    for body in [json!({"name": "Us"}), json!({"topic": "Us"}), json!({"archived": true})] {
        send(&site, &ada, "PATCH", &path, Some(body)).refused(403, "forbidden");
    }
    ask(&site, &ben, "POST", &format!("{path}/leave")).refused(403, "forbidden");
    ask(&site, &ada, "PUT", &format!("{path}/members/{}", cleo.id)).refused(403, "forbidden");
    ask(&site, &ada, "DELETE", &format!("{path}/members/{}", ben.id)).refused(403, "forbidden");
    let body = Some(json!({"role": "owner"}));
    send(&site, &ada, "PUT", &format!("{path}/members/{}", ben.id), body).refused(403, "forbidden");
    for path in [path.clone(), format!("{path}/messages"), format!("{path}/pins")] {
        site.get_as(&cleo, &path).refused(404, "not_found");
    }
    ask(&site, &cleo, "POST", &format!("{path}/join")).refused(404, "not_found");
    assert_eq!(members(&site, &ben, id).len(), 2);
}

#[test]
fn nobody_but_the_two_hears_what_they_say() {
    let (site, ada, ben, cleo) = three();
    let id = direct(&site, &ben, &[cleo.id]).json()["room"]["id"].as_u64().unwrap();
    let (mut adas, mut bens, mut cleos) = (site.socket(&ada), site.socket(&ben), site.socket(&cleo));
    bens.send(&json!({"type": "typing", "room": id}));
    assert_eq!(
        cleos.expect("typing"),
        json!({"type": "typing", "room": id, "user": ben.id})
    );
    let seq = say(&mut bens, id, "c1", "between us");
    assert_eq!(cleos.expect_message("between us")["seq"], seq);
    cleos.send(&json!({"type": "read", "room": id, "seq": seq}));
    assert_eq!(
        bens.expect("seen"),
        json!({"type": "seen", "room": id, "user": cleo.id, "seq": seq})
    );
    assert_eq!(events_of_room(&site, &ben, &mut adas, id, "mark"), Vec::<Value>::new());
}

#[test]
fn who_blocks_and_who_is_blocked_say_nothing_to_each_other_alone() {
    let (site, ada, ben, cleo) = three();
    let id = direct(&site, &ben, &[cleo.id]).json()["room"]["id"].as_u64().unwrap();
    let all = direct(&site, &ben, &[cleo.id, ada.id]).json()["room"]["id"]
        .as_u64()
        .unwrap();
    let (mut bens, mut cleos) = (site.socket(&ben), site.socket(&cleo));
    let block = format!("/api/me/blocks/{}", cleo.id);
    assert_eq!(ask(&site, &ben, "PUT", &block).status, 204);
    assert_eq!(bens.expect("blocked"), json!({"type": "blocked", "users": [cleo.id]}));
    let error = refused(&mut bens, post_frame(id, "b1", "hello"));
    assert_eq!(
        (&error["code"], &error["title"]),
        (&json!("forbidden"), &json!("You have blocked Cleo."))
    );
    let error = refused(&mut cleos, post_frame(id, "c1", "hello"));
    let title = "Ben does not take messages from you.";
    assert_eq!((&error["code"], &error["title"]), (&json!("forbidden"), &json!(title)));
    assert_eq!(history(&site, &ben, id), Vec::<Value>::new());
    // In a group they still get each other's messages.
    say(&mut cleos, 1, "c2", "to everybody");
    bens.expect_message("to everybody");
    say(&mut cleos, all, "c3", "to both");
    // A refused post does not use up its client_id.
    assert_eq!(ask(&site, &ben, "DELETE", &block).status, 204);
    assert_eq!(bens.expect("blocked"), json!({"type": "blocked", "users": []}));
    say(&mut cleos, id, "c1", "hello again");
    bens.expect_message("hello again");
}

#[test]
fn nobody_begins_a_direct_room_with_whom_they_block_or_who_blocks_them() {
    let (site, _, ben, cleo) = three();
    assert_eq!(
        ask(&site, &ben, "PUT", &format!("/api/me/blocks/{}", cleo.id)).status,
        204
    );
    direct(&site, &ben, &[cleo.id]).refused(403, "forbidden");
    direct(&site, &cleo, &[ben.id]).refused(403, "forbidden");
    ask(&site, &ben, "PUT", &format!("/api/me/blocks/{}", ben.id)).refused(422, "invalid");
    assert_eq!(site.socket(&ben).ready["blocked"], json!([cleo.id]));
    assert_eq!(site.socket(&cleo).ready["blocked"], json!([]));
}
