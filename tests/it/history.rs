//! Posting over HTTP, and reading what was posted page by page.

use crate::harness::people::Person;
use crate::harness::server::Site;
use chapp::limits::PAGE_BYTES_MAX;
use serde_json::{Value, json};

/// A site whose Lobby holds messages 1 to `count`; the odd ones are Ada's, the even ones Ben's.
fn of_messages(count: u64) -> (Site, Person, Person) {
    let site = Site::new();
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    for n in 1..=count {
        let author = if n % 2 == 1 { &mut adas } else { &mut bens };
        assert_eq!(author.say(&format!("c{n}"), &format!("message {n}")), n);
    }
    (site, ada, ben)
}

fn page(site: &Site, person: &Person, query: &str) -> Value {
    let response = site.get_as(person, &format!("/api/rooms/1/messages?{query}"));
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

fn ids(page: &Value) -> Vec<u64> {
    let messages = page["messages"].as_array().unwrap();
    messages.iter().map(|message| message["id"].as_u64().unwrap()).collect()
}

/// The ids of this page, and whether there is more before and after it.
fn seen(site: &Site, person: &Person, query: &str) -> (Vec<u64>, bool, bool) {
    let page = page(site, person, query);
    let more = |field: &str| page[field].as_bool().unwrap();
    (ids(&page), more("more_before"), more("more_after"))
}

fn range(ids: std::ops::RangeInclusive<u64>) -> Vec<u64> {
    ids.collect()
}

#[test]
fn an_empty_room_has_an_empty_page() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    for query in ["", "before=5", "after=0", "around=3", "after=9007199254740991"] {
        assert_eq!(
            page(&site, &ada, query),
            json!({"messages": [], "quoted": [], "people": [], "head": 0, "more_before": false, "more_after": false}),
            "{query}"
        );
    }
}

#[test]
fn pages_lie_where_they_were_asked_for_and_tell_what_is_beyond() {
    let (site, ada, _) = of_messages(120);
    let seen = |query: &str| seen(&site, &ada, query);
    assert_eq!(seen(""), (range(71..=120), true, false));
    assert_eq!(seen("limit=100"), (range(21..=120), true, false));
    assert_eq!(seen("limit=1"), (range(120..=120), true, false));
    assert_eq!(seen("before=71"), (range(21..=70), true, true));
    assert_eq!(seen("before=21"), (range(1..=20), false, true));
    assert_eq!(seen("before=1"), (vec![], false, true));
    assert_eq!(seen("before=0"), (vec![], false, true));
    assert_eq!(seen("before=9007199254740991&limit=2"), (range(119..=120), true, false));
    assert_eq!(seen("after=0&limit=10"), (range(1..=10), false, true));
    assert_eq!(seen("after=100"), (range(101..=120), true, false));
    assert_eq!(seen("after=119"), (range(120..=120), true, false));
    assert_eq!(seen("after=120"), (vec![], true, false));
    assert_eq!(seen("after=9007199254740991"), (vec![], true, false));
    assert_eq!(seen("around=60&limit=11"), (range(55..=65), true, true));
    assert_eq!(seen("around=1&limit=5"), (range(1..=5), false, true));
    assert_eq!(seen("around=120&limit=5"), (range(116..=120), true, false));
    assert_eq!(seen("around=60&limit=1"), (range(60..=60), true, true));
    assert_eq!(seen("around=500&limit=3"), (range(118..=120), true, false));
}

#[test]
fn reading_back_is_reading_forward_reversed_whatever_the_size_of_a_page() {
    let (site, ada, _) = of_messages(60);
    for limit in [1, 7, 50, 100] {
        let (mut back, mut before) = (Vec::<u64>::new(), 9_007_199_254_740_991);
        loop {
            let page = page(&site, &ada, &format!("before={before}&limit={limit}"));
            let ids = ids(&page);
            assert!(ids.len() <= limit);
            back.extend(ids.iter().rev());
            if page["more_before"] == false {
                break;
            }
            before = ids[0];
        }
        back.reverse();
        assert_eq!(back, range(1..=60), "{limit}");
    }
}

#[test]
fn a_page_names_who_wrote_it_and_shows_a_client_id_to_its_author_only() {
    let (site, ada, ben) = of_messages(4);
    let all = page(&site, &ada, "");
    let mut people: Vec<_> = all["people"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| &user["name"])
        .collect();
    people.sort_by_key(|name| name.as_str());
    assert_eq!(people, ["Ada", "Ben"]);
    assert_eq!(page(&site, &ada, "before=2")["people"].as_array().unwrap().len(), 1);
    for (reader, own) in [(&ada, 1), (&ben, 0)] {
        for message in page(&site, reader, "")["messages"].as_array().unwrap() {
            let id = message["id"].as_u64().unwrap();
            let expected = if id % 2 == own {
                json!(format!("c{id}"))
            } else {
                Value::Null
            };
            assert_eq!(message["client_id"], expected);
            assert_eq!(message["body"], format!("message {id}"));
            assert!(message["sent_at"].as_u64().unwrap() > 1_700_000_000_000);
        }
    }
}

#[test]
fn the_same_client_id_again_posts_nothing_new_whatever_it_says_and_however_it_comes() {
    let mut site = Site::new();
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let first = site.say(&ada, "same", "the first");
    assert_eq!((first.status, first.json()), (201, json!({"room": 1, "seq": 1})));
    for _ in 0..2 {
        let again = site.say(&ada, "same", "something else");
        assert_eq!((again.status, again.json()), (200, json!({"room": 1, "seq": 1})));
        let other_device = site.log_in("Ada");
        let mut socket = site.socket(&other_device);
        assert_eq!(socket.say("same", "again"), 1);
        socket.leave();
        site.restart();
    }
    assert_eq!(site.say(&ben, "same", "Ben's own").json()["seq"], 2);
    let history = site.history(&ben);
    let bodies: Vec<_> = history.iter().map(|message| message["body"].clone()).collect();
    assert_eq!(bodies, ["the first", "Ben's own"]);
}

#[test]
fn many_who_send_the_same_client_id_at_once_all_get_the_first_answer() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let mut answers: Vec<(u16, u64)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|n| {
                let (site, ada) = (&site, &ada);
                scope.spawn(move || {
                    let response = site.say(ada, "same", &format!("from {n}"));
                    (response.status, response.json()["seq"].as_u64().unwrap())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    answers.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(answers[0], (201, 1));
    assert!(answers[1..].iter().all(|answer| *answer == (200, 1)), "{answers:?}");
    assert_eq!(site.head(&ada), 1);
}

#[test]
fn text_is_kept_as_it_was_written() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let texts = [
        ("<b>bold</b> & \"quoted\" 'single' {{name}}", None),
        ("e\u{301} is not é, ﬁ is not fi", None),
        ("שלום \u{202b}rtl\u{202c} مرحبا", None),
        ("👩‍👩‍👧‍👦 🏳️‍🌈 \u{200b}zero\u{feff}", None),
        ("one\n\n\ttwo", None),
        ("  leading stays", None),
        ("one\r\ntwo\rthree", Some("one\ntwo\nthree")),
        ("trailing goes \n\n ", Some("trailing goes")),
    ];
    for (n, (text, _)) in texts.iter().enumerate() {
        assert_eq!(site.say(&ada, &format!("c{n}"), text).status, 201, "{text}");
    }
    for (message, (text, kept)) in site.history(&ada).iter().zip(texts) {
        assert_eq!(message["body"], kept.unwrap_or(text));
    }
}

/// The longest that one message can be: 32 KB.
fn long(n: u64) -> String {
    format!("{n} {}", "𝕩".repeat(7_990))
}

#[test]
fn a_page_of_long_messages_ends_early_and_leads_to_all_of_them() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let mut socket = site.socket(&ada);
    for n in 1..=24 {
        assert_eq!(socket.say(&format!("c{n}"), &long(n)), n);
    }
    let read = |query: &str| {
        let response = site.get_as(&ada, &format!("/api/rooms/1/messages?limit=100&{query}"));
        assert!(
            response.body.len() < 3 * PAGE_BYTES_MAX,
            "{} bytes",
            response.body.len()
        );
        let page = response.json();
        (ids(&page), page["more_before"] == true, page["more_after"] == true)
    };
    let (mut held, mut more, _) = read("");
    assert!(held.len() < 24 && held.last() == Some(&24));
    while more {
        let (older, more_before, more_after) = read(&format!("before={}", held[0]));
        assert!(more_after && !older.is_empty());
        held.splice(0..0, older);
        more = more_before;
    }
    assert_eq!(held, range(1..=24));
    let (mut held, _, mut more) = read("after=0");
    while more {
        let (newer, more_before, more_after) = read(&format!("after={}", held[held.len() - 1]));
        assert!(more_before && !newer.is_empty());
        held.extend(newer);
        more = more_after;
    }
    assert_eq!(held, range(1..=24));
    for id in [1, 12, 24] {
        let (held, more_before, more_after) = read(&format!("around={id}"));
        assert!(held.contains(&id), "{id} of {held:?}");
        assert_eq!((more_before, more_after), (held[0] > 1, held[held.len() - 1] < 24));
    }
}

#[test]
fn short_answers_to_long_messages_make_a_short_page_as_well() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let mut socket = site.socket(&ada);
    for n in 1..=24 {
        socket.say(&format!("c{n}"), &long(n));
    }
    for n in 1..=24 {
        let id = format!("r{n}");
        socket.send(&json!({"type": "post", "room": 1, "client_id": id, "body": "yes", "reply_to": n}));
        socket.until(|frame| frame["client_id"] == id && frame["type"] == "posted");
    }
    let response = site.get_as(&ada, "/api/rooms/1/messages?limit=24");
    assert!(
        response.body.len() < 3 * PAGE_BYTES_MAX,
        "{} bytes",
        response.body.len()
    );
    let page = response.json();
    let shown = ids(&page);
    assert!(shown.len() < 24 && page["more_before"] == true);
    assert_eq!(page["quoted"].as_array().unwrap().len(), shown.len());
}
