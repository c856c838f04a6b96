//! Who may sign up and log in, and under which name.

use crate::harness::people::{PASSWORD, Person, credentials};
use crate::harness::server::Site;
use serde_json::json;
use std::sync::Barrier;
use std::thread;

fn no_account_was_made(site: &Site) {
    let login = site.get("/login").send();
    assert_eq!((login.status, login.get("location")), (303, Some("/signup")));
}

#[test]
fn the_first_account_owns_the_server_and_the_second_does_not() {
    let site = Site::new();
    let response = site.try_sign_up("Ada", PASSWORD);
    assert_eq!(response.status, 201);
    let user = &response.json()["user"];
    assert_eq!(user["id"], 1);
    assert_eq!(user["name"], "Ada");
    assert_eq!(user["display_name"], "Ada");
    assert_eq!(user["role"], "owner");
    assert!(user["created_at"].as_u64().unwrap() > 1_700_000_000_000);
    assert_eq!(site.get_as(&Person::of(&response), "/api/me").json()["user"], *user);
    let response = site.try_sign_up("Ben", PASSWORD);
    assert_eq!(response.json()["user"]["role"], "member");
}

#[test]
fn a_name_has_1_to_32_characters_of_however_many_bytes() {
    let site = Site::new();
    for good in [
        "x".repeat(32),
        "é".repeat(32),
        "🌊".repeat(32),
        "e\u{301}".repeat(31),
        "字".to_owned(),
    ] {
        let response = site.try_sign_up(&good, PASSWORD);
        assert_eq!(response.status, 201, "{good}: {}", response.text());
    }
    for bad in [
        "x".repeat(33),
        "é".repeat(33),
        "🌊".repeat(33),
        "x".repeat(100_000),
        String::new(),
        "   ".into(),
    ] {
        let problem = site.try_sign_up(&bad, PASSWORD).refused(422, "invalid");
        assert_eq!(problem["field"], "name");
    }
}

#[test]
fn a_password_has_8_to_128_characters_of_however_many_bytes() {
    let site = Site::new();
    let mut bounds = Vec::new();
    for one in ["x", "é", "🌊", " ", "\0"] {
        bounds.extend([
            (one.repeat(7), false),
            (one.repeat(8), true),
            (one.repeat(128), true),
            (one.repeat(129), false),
        ]);
    }
    bounds.extend([(String::new(), false), ("x".repeat(100_000), false)]);
    for (n, (password, is_good)) in bounds.iter().enumerate() {
        let name = format!("person {n}");
        let response = site.try_sign_up(&name, password);
        if *is_good {
            assert_eq!(response.status, 201, "{password:?}");
            assert_eq!(site.try_log_in(&name, password).status, 200, "{password:?}");
        } else {
            assert_eq!(response.refused(422, "invalid")["field"], "password");
            site.try_log_in(&name, password).refused(401, "unauthenticated");
        }
    }
}

#[test]
fn a_refused_sign_up_makes_no_account() {
    let site = Site::new();
    for (name, password) in [("", PASSWORD), ("A\u{200b}da", PASSWORD), ("Ada", "short")] {
        site.try_sign_up(name, password).refused(422, "invalid");
        no_account_was_made(&site);
    }
}

const LOOK_ALIKES: [&str; 8] = [
    "ana maría",
    "ANA MARÍA",
    "Ana Mari\u{301}a",
    "ＡＮＡ ＭＡＲÍＡ",
    " Ana María ",
    "Ana   María",
    "Ana\u{a0}María",
    "𝔸na María",
];

#[test]
fn a_name_that_looks_like_a_taken_one_is_taken() {
    let site = Site::new();
    site.sign_up("Ana María");
    for name in LOOK_ALIKES {
        let problem = site.try_sign_up(name, PASSWORD).refused(409, "name_taken");
        assert_eq!(problem["field"], "name", "{name}");
    }
    site.sign_up("Ana Maria");
}

#[test]
fn people_log_in_however_they_type_their_name() {
    let site = Site::new();
    let ana = site.sign_up("Ana María");
    for name in LOOK_ALIKES {
        let response = site.try_log_in(name, PASSWORD);
        assert_eq!(response.status, 200, "{name}");
        assert_eq!(Person::of(&response).id, ana.id);
        assert_eq!(Person::of(&response).name, "Ana María");
    }
}

#[test]
fn a_password_is_the_same_from_every_keyboard_but_not_in_another_case() {
    let site = Site::new();
    assert_eq!(site.try_sign_up("Ada", "pass\u{e9} compos\u{e9}").status, 201);
    assert_eq!(site.try_log_in("Ada", "passe\u{301} compose\u{301}").status, 200);
    for other in ["PASS\u{c9} COMPOS\u{c9}", "passe compose", "pass\u{e9} compos\u{e9} "] {
        site.try_log_in("Ada", other).refused(401, "unauthenticated");
    }
}

#[test]
fn a_name_that_hides_something_is_refused() {
    let site = Site::new();
    let hidden = [
        ("zero width space", "A\u{200b}da"),
        ("zero width joiner", "A\u{200d}da"),
        ("zero width non-joiner", "A\u{200c}da"),
        ("word joiner", "A\u{2060}da"),
        ("byte order mark", "\u{feff}Ada"),
        ("soft hyphen", "A\u{ad}da"),
        ("right-to-left override", "\u{202e}adA"),
        ("right-to-left mark", "Ada\u{200f}"),
        ("isolate", "\u{2066}Ada\u{2069}"),
        ("tag", "Ada\u{e0041}"),
        ("Hangul filler", "\u{3164}"),
        ("new line", "Ada\nBen"),
        ("tab", "Ada\tBen"),
        ("null", "Ada\0"),
        ("escape", "\u{1b}[31mAda"),
        ("delete", "Ada\u{7f}"),
        ("line separator", "Ada\u{2028}Ben"),
        ("private use", "Ada\u{e000}"),
        ("not a character", "Ada\u{fffe}"),
        ("blank Braille", "\u{2800}"),
    ];
    for (what, name) in hidden {
        let response = site.try_sign_up(name, PASSWORD);
        assert_eq!(response.status, 422, "{what}: {}", response.text());
        assert_eq!(response.refused(422, "invalid")["field"], "name");
    }
    no_account_was_made(&site);
}

#[test]
fn names_of_every_script_are_welcome() {
    let site = Site::new();
    for name in [
        "Zoë",
        "Łukasz",
        "Ольга",
        "محمد",
        "שרה",
        "佐藤 さくら",
        "김민준",
        "अनिता",
        "ธนา",
        "O'Neill-Smith",
        "x_86 (2)",
        "Zoë 🌊",
    ] {
        let response = site.try_sign_up(name, PASSWORD);
        assert_eq!(response.status, 201, "{name}: {}", response.text());
        assert_eq!(response.json()["user"]["name"], name);
    }
}

#[test]
fn a_name_may_have_a_sign_that_is_newer_than_2013() {
    let site = Site::new();
    for name in ["Ferris 🦀", "🤖", "🥳 Nia", "Ada 🫶", "❤️", "👩🏽‍🚀 Mae"] {
        let response = site.try_sign_up(name, PASSWORD);
        assert_eq!(response.status, 201, "{name}: {}", response.text());
    }
}

#[test]
fn a_wrong_name_and_a_wrong_password_are_told_in_the_same_words() {
    let site = Site::new();
    site.sign_up("Ada");
    let long = "x".repeat(500);
    let answers: Vec<String> = [
        ("Ada", "not the password"),
        ("Nobody", PASSWORD),
        ("A\u{200b}da", PASSWORD),
        ("", PASSWORD),
        ("Ada", ""),
        ("Ada", "short"),
        ("Ada", &long),
        (&long, PASSWORD),
    ]
    .iter()
    .map(|(name, password)| {
        let response = site.try_log_in(name, password);
        response.refused(401, "unauthenticated");
        response.text().to_owned()
    })
    .collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[test]
fn of_many_who_want_one_name_at_once_exactly_one_gets_it() {
    let site = Site::new();
    let names = ["Ada", "ADA", "ada", "Ａda", "aDa", "adA"];
    let start = Barrier::new(names.len());
    let mut statuses: Vec<u16> = thread::scope(|scope| {
        let threads = names.map(|name| {
            let (site, start) = (&site, &start);
            scope.spawn(move || {
                start.wait();
                let response = site.try_sign_up(name, PASSWORD);
                if response.status != 201 {
                    response.refused(409, "name_taken");
                }
                response.status
            })
        });
        threads.map(|thread| thread.join().unwrap()).to_vec()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
}

#[test]
fn of_many_who_come_first_exactly_one_owns_the_server() {
    let site = Site::new();
    let start = Barrier::new(6);
    let mut users: Vec<(u64, String)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..6)
            .map(|n| {
                let (site, start) = (&site, &start);
                scope.spawn(move || {
                    start.wait();
                    let user = site.try_sign_up(&format!("person {n}"), PASSWORD).json()["user"].clone();
                    (user["id"].as_u64().unwrap(), user["role"].as_str().unwrap().to_owned())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    users.sort();
    let ids: Vec<u64> = users.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6]);
    let owners: Vec<u64> = users
        .iter()
        .filter(|(_, role)| role == "owner")
        .map(|(id, _)| *id)
        .collect();
    assert_eq!(owners, [1]);
}

#[test]
fn a_sign_up_that_names_its_own_id_or_role_makes_nobody() {
    let site = Site::new();
    for (field, value) in [("role", json!("owner")), ("id", json!(77))] {
        let mut body = credentials("Ada", PASSWORD);
        body[field] = value;
        let response = site.post("/api/signup").json(&body).send();
        assert_eq!(response.refused(422, "invalid")["field"], field);
    }
    assert_eq!(site.sign_up("Ada").id, 1);
    let ben = site.try_sign_up("Ben", PASSWORD).json();
    assert_eq!(
        (&ben["user"]["id"], &ben["user"]["role"]),
        (&json!(2), &json!("member"))
    );
}
