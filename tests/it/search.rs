//! Searching over HTTP: who finds what, what matches, and what must never be found.

use crate::harness::people::Person;
use crate::harness::server::Site;
use crate::messages::{act, delete, edit, undelete};
use crate::rooms::{ask, make_with, say, three};
use serde_json::{Value, json};

mod erased;
mod words;

/// The parameters of a search.
fn search_path(asked: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(asked)
        .finish();
    format!("/api/search?{query}")
}

#[track_caller]
fn page(site: &Site, person: &Person, asked: &[(&str, &str)]) -> Value {
    let response = site.get_as(person, &search_path(asked));
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

/// The bodies that a search finds, newest first.
#[track_caller]
fn found(site: &Site, person: &Person, asked: &[(&str, &str)]) -> Vec<String> {
    let page = page(site, person, asked);
    assert!(page["next"].is_null(), "there is more: {page}");
    let hits = page["hits"].as_array().unwrap();
    hits.iter()
        .map(|hit| hit["message"]["body"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn everybody_finds_what_is_in_their_rooms_and_nothing_else() {
    let (site, ada, ben, cleo) = three();
    let rooms = [
        ("lobby", 1, vec![&ada, &ben, &cleo]),
        (
            "public",
            make_with(&site, &ada, "public", "open", &[&ben]),
            vec![&ada, &ben],
        ),
        (
            "private",
            make_with(&site, &ada, "private", "closed", &[&ben]),
            vec![&ada, &ben],
        ),
        (
            "direct",
            make_with(&site, &ada, "direct", "", &[&ben]),
            vec![&ada, &ben],
        ),
        (
            "group",
            make_with(&site, &ada, "direct", "", &[&ben, &cleo]),
            vec![&ada, &ben, &cleo],
        ),
        ("alone", make_with(&site, &cleo, "private", "own", &[]), vec![&cleo]),
    ];
    for (name, room, members) in &rooms {
        say(
            &mut site.socket(members[0]),
            *room,
            &format!("c {name}"),
            &format!("needle {name}"),
        );
    }
    for person in [&ada, &ben, &cleo] {
        let theirs = |members: &[&Person]| members.iter().any(|member| member.id == person.id);
        let expected: Vec<String> = rooms
            .iter()
            .rev()
            .filter(|(_, _, members)| theirs(members))
            .map(|(name, ..)| format!("needle {name}"))
            .collect();
        assert_eq!(found(&site, person, &[("q", "needle")]), expected, "{}", person.name);
        for (name, room, members) in &rooms {
            let room = room.to_string();
            let asked = [("q", "needle"), ("room", room.as_str())];
            match theirs(members) {
                true => assert_eq!(found(&site, person, &asked), [format!("needle {name}")]),
                false => {
                    let refused = site.get_as(person, &search_path(&asked)).refused(404, "not_found");
                    assert_eq!(refused["field"], "room");
                }
            }
        }
    }
}

#[test]
fn whoever_was_removed_finds_nothing_more_of_a_room() {
    let (site, ada, ben, _) = three();
    for kind in ["public", "private"] {
        let room = make_with(&site, &ada, kind, kind, &[&ben]);
        let word = format!("needle-{kind}");
        say(&mut site.socket(&ben), room, &format!("b {kind}"), &word);
        assert_eq!(found(&site, &ben, &[("q", &word)]), [word.as_str()]);
        let path = format!("/api/rooms/{room}/members/{}", ben.id);
        assert_eq!(ask(&site, &ada, "DELETE", &path).status, 204);
        assert_eq!(
            found(&site, &ben, &[("q", &word)]),
            [""; 0],
            "{kind}: not even one's own"
        );
        let room = room.to_string();
        let asked = search_path(&[("q", &word), ("room", &room)]);
        site.get_as(&ben, &asked).refused(404, "not_found");
        assert_eq!(ask(&site, &ada, "PUT", &path).status, 204);
        assert_eq!(found(&site, &ben, &[("q", &word)]), [word.as_str()]);
    }
}

#[test]
fn nobody_searches_without_a_session() {
    let site = Site::new();
    site.get("/api/search?q=a").send().refused(401, "unauthenticated");
    let ada = site.sign_up("Ada");
    assert_eq!(ask(&site, &ada, "POST", "/api/search?q=a").status, 405);
}

#[test]
fn a_hit_is_the_message_as_the_history_shows_it_with_its_people() {
    let (site, ada, ben, _) = three();
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    let id = say(&mut adas, 1, "a1", "the **needle** for @Ben");
    bens.send(&json!({"type": "react", "room": 1, "id": id, "emoji": "👍", "on": true, "ref": "r"}));
    bens.until(|frame| frame["ref"] == "r");
    for person in [&ada, &ben] {
        let page = page(&site, person, &[("q", "needle")]);
        let hit = &page["hits"][0];
        assert_eq!((&hit["room"], &hit["marks"]), (&json!(1), &json!([[6, 12]])));
        let history = site.get_as(person, "/api/rooms/1/messages").json();
        assert_eq!(hit["message"], history["messages"][0], "{}", person.name);
        assert_eq!(page["people"], history["people"]);
    }
    // The client folds messages of blocked people, here as in the history.
    let block = format!("/api/me/blocks/{}", ada.id);
    assert_eq!(ask(&site, &ben, "PUT", &block).status, 204);
    assert_eq!(found(&site, &ben, &[("q", "needle")]).len(), 1);
}

#[test]
fn filters_narrow_a_search_and_are_enough_for_one() {
    let (site, ada, ben, _) = three();
    let room = make_with(&site, &ada, "public", "open", &[&ben]);
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    say(&mut adas, 1, "a1", "needle one");
    say(&mut bens, 1, "b1", "needle two");
    say(&mut adas, room, "a2", "needle three");
    say(&mut bens, room, "b2", "hay");
    let third = page(&site, &ada, &[("q", "three")])["hits"][0]["message"]["sent_at"]
        .as_u64()
        .unwrap();
    let (a, b, r) = (ada.id.to_string(), ben.id.to_string(), room.to_string());
    let (at, after) = (third.to_string(), (third + 60_000).to_string());
    let nothing: [&str; 0] = [];
    let all = |asked: &[(&str, &str)]| found(&site, &ada, asked);
    assert_eq!(all(&[("q", "needle"), ("author", &a)]), ["needle three", "needle one"]);
    assert_eq!(all(&[("q", "needle"), ("room", &r)]), ["needle three"]);
    assert_eq!(all(&[("q", "needle"), ("room", "1"), ("author", &b)]), ["needle two"]);
    assert_eq!(all(&[("q", ""), ("author", &b)]), ["hay", "needle two"]);
    assert_eq!(all(&[("room", &r)]), ["hay", "needle three"], "no line about the room");
    assert_eq!(all(&[("since", &after)]), nothing);
    assert_eq!(all(&[("until", &after)]).len(), 4);
    assert!(all(&[("since", &at)]).contains(&"needle three".to_owned()));
    assert!(!all(&[("until", &at)]).contains(&"needle three".to_owned()));
    assert_eq!(all(&[("q", "needle"), ("author", "999999")]), nothing);
}

#[test]
fn an_edit_a_deletion_and_an_undo_are_seen_at_once() {
    let (mut site, ada, ben, _) = three();
    let mut socket = site.socket(&ada);
    let id = say(&mut socket, 1, "c1", "the first needle");
    let finds = |site: &Site, word: &str| found(site, &ben, &[("q", word)]).len();
    assert_eq!((finds(&site, "first"), finds(&site, "second")), (1, 0));
    act(&mut socket, edit(1, id, "the second needle"));
    assert_eq!((finds(&site, "first"), finds(&site, "second")), (0, 1));
    act(&mut socket, delete(1, id));
    assert_eq!((finds(&site, "second"), finds(&site, "needle")), (0, 0));
    act(&mut socket, undelete(1, id));
    assert_eq!((finds(&site, "first"), finds(&site, "second")), (0, 1));
    act(&mut socket, delete(1, id));
    drop(socket);
    site.restart();
    assert_eq!(finds(&site, "needle"), 0);
}

#[test]
fn pages_of_hits_are_complete_and_have_none_twice_while_others_post() {
    let (site, ada, ben, _) = three();
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    for n in 0..45 {
        say(&mut adas, 1, &format!("a{n}"), &format!("needle {n}"));
        say(&mut bens, 1, &format!("b{n}"), "hay");
    }
    let (mut all, mut before) = (Vec::new(), String::new());
    loop {
        let mut asked = vec![("q", "needle"), ("limit", "7")];
        if !before.is_empty() {
            asked.push(("before", &before));
        }
        let page = page(&site, &ben, &asked);
        let hits = page["hits"].as_array().unwrap();
        assert!(hits.len() <= 7);
        all.extend(
            hits.iter()
                .map(|hit| hit["message"]["body"].as_str().unwrap().to_owned()),
        );
        say(&mut bens, 1, &format!("more {}", all.len()), "a needle that came later");
        match page["next"].as_u64() {
            Some(next) => before = next.to_string(),
            None => break,
        }
    }
    let expected: Vec<String> = (0..45).rev().map(|n| format!("needle {n}")).collect();
    assert_eq!(all, expected);
    // The default page has twenty hits.
    assert_eq!(
        page(&site, &ben, &[("q", "needle")])["hits"].as_array().unwrap().len(),
        20
    );
    assert_eq!(
        page(&site, &ben, &[("q", "needle"), ("limit", "50")])["hits"]
            .as_array()
            .unwrap()
            .len(),
        50
    );
}

#[test]
fn what_cannot_be_searched_for_is_refused_by_its_name() {
    let (site, ada, ..) = three();
    let long = "a".repeat(257);
    let longer = "a".repeat(10_000);
    let words = "a ".repeat(1_000);
    let ideographs = "字".repeat(33);
    let refused: &[(&[(&str, &str)], &str)] = &[
        (&[], "q"),
        (&[("q", "")], "q"),
        (&[("q", " \t\n ")], "q"),
        (&[("q", "!?… — ;")], "q"),
        (&[("q", "\"\"")], "q"),
        (&[("q", "\0")], "q"),
        (&[("q", "?!"), ("room", "1")], "q"),
        (&[("q", &long)], "q"),
        (&[("q", &longer)], "q"),
        (&[("q", &words)], "q"),
        (&[("q", &ideographs)], "q"),
        (&[("q", "a"), ("room", "0")], "room"),
        (&[("q", "a"), ("room", "x")], "room"),
        (&[("q", "a"), ("author", "0")], "author"),
        (&[("q", "a"), ("author", "-1")], "author"),
        (&[("q", "a"), ("since", "yesterday")], "since"),
        (&[("q", "a"), ("until", "1.5")], "until"),
        (&[("q", "a"), ("since", "5"), ("until", "5")], "until"),
        (&[("q", "a"), ("before", "")], "before"),
        (&[("q", "a"), ("limit", "0")], "limit"),
        (&[("q", "a"), ("limit", "51")], "limit"),
        (&[("q", "a"), ("limit", "99999999999999999999")], "limit"),
    ];
    for (asked, field) in refused {
        let problem = site.get_as(&ada, &search_path(asked)).refused(422, "invalid");
        assert_eq!(problem["field"], *field, "{asked:?}");
    }
}

#[test]
fn strange_searches_are_answered() {
    let (site, ada, ..) = three();
    say(&mut site.socket(&ada), 1, "c1", "a needle, \"in quotes\", in (hay)");
    let queries = [
        ("needle\"", true),
        ("\"needle", true),
        ("\"\"\" needle", true),
        ("\"in quotes\" hay", true),
        ("“in quotes”", true),
        ("\"quotes in hay\" \"", true),
        ("\"hay in\"", false),
        ("needle\0hay", false),
        ("needle\0 hay", true),
        ("%", false),
        ("needle OR hay*", false),
        ("\u{202e}needle", true),
        ("\u{200b}needle\u{feff}", true),
    ];
    for (query, finds) in queries {
        let response = site.get_as(&ada, &search_path(&[("q", query)]));
        let hits = response.json()["hits"].as_array().map_or(0, Vec::len);
        assert_eq!(hits, usize::from(finds), "{query:?}: {}", response.text());
    }
    for path in [
        "?q=%FF%FE",
        "?q=%ED%A0%80",
        "?q=a&q=needle",
        "?&&&==&q=needle",
        "?q=needle&before=1",
    ] {
        let response = site.get_as(&ada, &format!("/api/search{path}"));
        assert!(matches!(response.status, 200 | 422), "{path}: {}", response.text());
    }
}

#[test]
fn messages_with_files_are_found_as_such_and_by_what_they_say() {
    let (site, ada, ben, _) = three();
    let mut adas = site.socket(&ada);
    let (plan, list) = (
        crate::files::upload(&site, &ada, "plan.txt", b"north"),
        crate::files::upload(&site, &ada, "list.txt", b"south"),
    );
    say(&mut adas, 1, "a1", "the plan is coming");
    let shown = json!({"type": "post", "room": 1, "client_id": "a2", "body": "the plan", "files": [plan["id"]]});
    adas.send(&shown);
    let with = adas.expect("posted")["seq"].as_u64().unwrap();
    crate::files::show(&mut adas, 1, "a3", &[&list]);
    assert_eq!(found(&site, &ben, &[("files", "1")]), ["", "the plan"]);
    assert_eq!(found(&site, &ben, &[("q", "plan"), ("files", "1")]), ["the plan"]);
    assert_eq!(
        found(&site, &ben, &[("q", "plan"), ("files", "0")]),
        ["the plan", "the plan is coming"]
    );
    act(&mut adas, delete(1, with));
    assert_eq!(found(&site, &ben, &[("files", "1")]), [""]);
}
