//! Sessions: the cookie, how long it is valid, and what remains afterwards.

use crate::harness::PATIENCE;
use crate::harness::http::Request;
use crate::harness::people::{PASSWORD, Person, credentials};
use crate::harness::server::{ClockControl, Setup, Site};
use crate::harness::socket::Socket;
use chapp::limits::{SESSION_TOUCH_MS, SESSIONS_PER_PERSON_MAX};
use chapp::model::Token;
use chapp::store::Options;
use serde_json::json;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn with_manual_clock() -> (ClockControl, Site) {
    let (clock_control, clock) = ClockControl::new();
    let site = Site::with(Setup {
        clock,
        ..Setup::default()
    });
    (clock_control, site)
}

#[track_caller]
fn is_nobody(site: &Site, person: &Person) {
    for path in ["/api/me", "/api/rooms", "/api/rooms/1/messages"] {
        site.get_as(person, path).refused(401, "unauthenticated");
    }
    site.say(person, "stolen", "stolen").refused(401, "unauthenticated");
    let upgrade = Request::upgrade(site.address).cookie(&person.cookie);
    upgrade.send().refused(401, "unauthenticated");
    let page = site.get_as(person, "/");
    assert_eq!((page.status, page.get("location")), (303, Some("/login")));
}

#[track_caller]
fn is_somebody(site: &Site, person: &Person) {
    let me = site.get_as(person, "/api/me");
    assert_eq!(me.status, 200, "{}", me.text());
    assert_eq!(me.json()["user"]["id"], person.id);
}

/// Returns once the writer has finished all earlier changes.
fn settle(socket: &mut Socket, mark: &str) {
    for n in 0..2 {
        socket.say(&format!("{mark} {n}"), "settled");
    }
}

#[test]
fn the_cookie_is_for_this_site_and_for_no_script() {
    let site = Site::new();
    let response = site.try_sign_up("Ada", PASSWORD);
    let header = response.get("set-cookie").unwrap().to_owned();
    let attributes: Vec<&str> = header.split("; ").skip(1).collect();
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=15552000"] {
        assert!(attributes.contains(&attribute), "{attribute}");
    }
    // Over plain http these two would keep the cookie away.
    assert!(!attributes.contains(&"Secure") && !header.contains("Domain"));
    let person = Person::of(&response);
    assert_eq!(person.token().len(), 64);
    assert!(person.token().bytes().all(|b| b.is_ascii_hexdigit()));
    assert_eq!(
        site.try_log_in("Ada", PASSWORD)
            .headers
            .iter()
            .filter(|(name, _)| name == "set-cookie")
            .count(),
        1
    );
}

#[test]
fn the_cookie_is_named_after_the_data_file() {
    let name_at = |site: &Site, person: &str| {
        let cookie = site.sign_up(person).cookie;
        cookie.split_once('=').unwrap().0.to_owned()
    };
    let (mut one, other) = (Site::new(), Site::new());
    let name = name_at(&one, "Ada");
    assert!(name.starts_with("chapp_") && name.len() == "chapp_".len() + 6, "{name}");
    assert_ne!(name, name_at(&other, "Ada"));
    one.restart();
    assert_eq!(name, name_at(&one, "Ben"));
}

#[test]
fn a_stolen_data_file_holds_no_token_and_no_password() {
    let mut site = Site::new();
    let ada = site.sign_up("Ada");
    let again = site.log_in("Ada");
    site.stop();
    let bytes = std::fs::read(site.data()).unwrap();
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    for person in [&ada, &again] {
        let raw: Vec<u8> = (0..32)
            .map(|i| u8::from_str_radix(&person.token()[2 * i..2 * i + 2], 16).unwrap())
            .collect();
        assert!(!holds(person.token().as_bytes()) && !holds(&raw));
        assert!(holds(&Token::from_hex(person.token()).unwrap().id().0), "its hash");
    }
    assert!(!holds(PASSWORD.as_bytes()));
    assert!(holds(b"$argon2id$"));
}

#[test]
fn a_hash_from_a_stolen_data_file_opens_nothing() {
    let site = Site::new();
    let mut ada = site.sign_up("Ada");
    let hash = Token::from_hex(ada.token()).unwrap().id().0;
    let hex: String = hash.iter().map(|b| format!("{b:02x}")).collect();
    ada.cookie = ada.cookie.replace(ada.token(), &hex);
    is_nobody(&site, &ada);
}

#[test]
fn a_cookie_stolen_before_a_log_out_opens_nothing_after_it() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    is_somebody(&site, &ada);
    let response = site.log_out(&ada);
    assert_eq!((response.status, response.body.len()), (204, 0));
    let cleared = response.get("set-cookie").unwrap();
    assert!(
        cleared.contains("=;") && cleared.contains("Max-Age=0") && cleared.contains("Path=/"),
        "{cleared}"
    );
    is_nobody(&site, &ada);
    site.log_out(&ada).refused(401, "unauthenticated");
    let back = site.log_in("Ada");
    assert_eq!(site.head(&back), 0);
    is_nobody(&site, &ada);
}

#[test]
fn a_stolen_cookie_opens_nothing_after_a_restart_either() {
    let mut site = Site::new();
    let (ada, other) = (site.sign_up("Ada"), site.log_in("Ada"));
    site.log_out(&ada);
    site.restart();
    is_nobody(&site, &ada);
    is_somebody(&site, &other);
}

#[test]
fn a_log_out_closes_the_sockets_of_that_session_and_of_no_other() {
    let site = Site::new();
    let (ada, laptop, ben) = (site.sign_up("Ada"), site.log_in("Ada"), site.sign_up("Ben"));
    let (mut one, mut two) = (site.socket(&ada), site.socket(&ada));
    let (mut other, mut bens) = (site.socket(&laptop), site.socket(&ben));
    assert_eq!(site.log_out(&ada).status, 204);
    assert_eq!(one.close_code(), 4401);
    assert_eq!(two.close_code(), 4401);
    bens.say("c1", "still here");
    other.expect_message("still here");
    is_somebody(&site, &laptop);
}

#[test]
fn whoever_answers_a_close_is_gone_before_those_who_do_not() {
    let site = Site::new();
    let (ada, ben, cleo, dan) = (
        site.sign_up("Ada"),
        site.sign_up("Ben"),
        site.sign_up("Cleo"),
        site.sign_up("Dan"),
    );
    let mut adas = site.socket(&ada);
    let (bens, mut cleos, mut dans) = (site.socket(&ben), site.socket(&cleo), site.socket(&dan));
    // Ben's browser was first and never answers.
    assert_eq!(site.log_out(&ben).status, 204);
    assert_eq!(site.log_out(&cleo).status, 204);
    assert_eq!(cleos.close_code(), 4401);
    dans.send_frame(0x88, &1000u16.to_be_bytes());
    assert_eq!(dans.close_code(), 1000);
    // None of them closes the connection: the server has to.
    let mut gone = Vec::new();
    while gone.len() < 3 {
        let frame = adas.until(|frame| frame["type"] == "presence" && frame["state"] == "offline");
        gone.push(frame.last().unwrap()["user"].as_u64().unwrap());
    }
    assert_eq!(gone, [cleo.id, dan.id, ben.id]);
    drop((bens, cleos, dans));
}

#[test]
fn what_a_socket_sends_after_its_log_out_changes_nothing() {
    let site = Site::new();
    let (ada, laptop) = (site.sign_up("Ada"), site.log_in("Ada"));
    let mut socket = site.socket(&ada);
    site.log_out(&ada);
    socket.post("late", "late");
    assert_eq!(socket.close_code(), 4401);
    let mut others = site.socket(&laptop);
    assert_eq!(others.say("c1", "next"), 1);
}

#[test]
fn each_log_in_gives_a_new_token_and_takes_back_the_one_it_was_shown() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let request = site.post("/api/login").cookie(&ada.cookie);
    let response = request.json(&credentials("Ada", PASSWORD)).send();
    let again = Person::of(&response);
    assert_ne!(ada.token(), again.token());
    is_nobody(&site, &ada);
    is_somebody(&site, &again);
}

#[test]
fn a_wrong_password_takes_no_session_away() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let request = site.post("/api/login").cookie(&ada.cookie);
    let response = request.json(&credentials("Ada", "not the password")).send();
    response.refused(401, "unauthenticated");
    is_somebody(&site, &ada);
}

#[test]
fn nobody_can_fix_a_token_before_a_log_in() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let name = ada.cookie.split_once('=').unwrap().0;
    let fixed = "ab".repeat(32);
    let request = site.post("/api/login").cookie(&format!("{name}={fixed}"));
    let response = request.json(&credentials("Ada", PASSWORD)).send();
    assert_ne!(Person::of(&response).token(), fixed);
    let planted = Person {
        cookie: format!("{name}={fixed}"),
        ..ada
    };
    is_nobody(&site, &planted);
}

#[test]
fn a_cookie_that_is_no_token_is_nobody() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let name = ada.cookie.split_once('=').unwrap().0;
    let token = ada.token();
    let long = "a".repeat(4_000);
    let wrong = [
        "",
        "x",
        &token[..63],
        &format!("{token}0"),
        &"0".repeat(64),
        &"é".repeat(32),
        &long,
        "../../etc",
    ];
    for value in wrong {
        let cookie = format!("{name}={value}");
        is_nobody(&site, &Person { cookie, ..ada.clone() });
    }
    let other = Person {
        cookie: format!("chapp_000000={token}"),
        ..ada.clone()
    };
    is_nobody(&site, &other);
    let among = Person {
        cookie: format!("theme=dark; {}; lang=en", ada.cookie),
        ..ada
    };
    is_somebody(&site, &among);
}

#[test]
fn a_session_survives_a_restart() {
    let mut site = Site::new();
    let ada = site.sign_up("Ada");
    site.restart();
    is_somebody(&site, &ada);
    site.socket(&ada).say("c1", "hello again");
}

#[test]
fn a_session_that_nobody_used_for_30_days_is_over() {
    let (clock_control, site) = with_manual_clock();
    let (ada, other) = (site.sign_up("Ada"), site.log_in("Ada"));
    clock_control.advance(30 * DAY - Duration::from_millis(1));
    is_somebody(&site, &ada);
    clock_control.advance(Duration::from_millis(1));
    is_nobody(&site, &other);
}

#[test]
fn a_session_in_use_stays_but_not_for_longer_than_180_days() {
    let (clock_control, site) = with_manual_clock();
    let ada = site.sign_up("Ada");
    for day in (20..180).step_by(20) {
        clock_control.advance(20 * DAY);
        is_somebody(&site, &ada);
        for n in 0..2 {
            // Answered after the use of the session was recorded.
            assert_eq!(site.say(&ada, &format!("{day} {n}"), "settled").status, 201);
        }
    }
    clock_control.advance(20 * DAY - Duration::from_millis(1));
    is_somebody(&site, &ada);
    clock_control.advance(Duration::from_millis(1));
    is_nobody(&site, &ada);
}

#[test]
fn who_knows_a_password_cannot_fill_the_file_with_sessions() {
    let (clock_control, mut site) = with_manual_clock();
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let of = |site: &Site, person: &Person| {
        let answer = site.get_as(person, "/api/me/sessions").json();
        answer["sessions"].as_array().unwrap().len()
    };
    let again = || {
        clock_control.advance(Duration::from_secs(1));
        site.log_in("Ada")
    };
    let forgotten = again();
    let mut socket = Socket::open(site.address, &forgotten);
    let mut last = again();
    for _ in 3..SESSIONS_PER_PERSON_MAX {
        last = again();
    }
    assert_eq!(of(&site, &ada), SESSIONS_PER_PERSON_MAX);
    // Ada's first session is older, but in use.
    clock_control.advance(Duration::from_millis(SESSION_TOUCH_MS));
    is_somebody(&site, &ada);
    settle(&mut site.socket(&ben), "touched");
    let one_more = site.log_in("Ada");
    assert_eq!(socket.close_code(), 4401);
    is_nobody(&site, &forgotten);
    assert_eq!(of(&site, &ada), SESSIONS_PER_PERSON_MAX);
    for person in [&ada, &last, &one_more, &ben] {
        is_somebody(&site, person);
    }
    site.restart();
    assert_eq!((of(&site, &one_more), of(&site, &ben)), (SESSIONS_PER_PERSON_MAX, 1));
    // A logged-out session makes room.
    assert_eq!(site.log_out(&last).status, 204);
    site.log_in("Ada");
    is_somebody(&site, &ada);
    assert_eq!(of(&site, &one_more), SESSIONS_PER_PERSON_MAX);
}

#[test]
fn an_expired_session_closes_its_sockets() {
    let (clock_control, site) = with_manual_clock();
    let ada = site.sign_up("Ada");
    let mut socket = site.socket(&ada);
    clock_control.advance(180 * DAY);
    let ben = site.sign_up("Ben");
    let mut bens = site.socket(&ben);
    assert_eq!(socket.close_code(), 4401);
    is_nobody(&site, &ada);
    bens.say("c1", "still here");
}

#[test]
fn a_connected_session_is_a_session_in_use() {
    let (clock_control, site) = with_manual_clock();
    let ben = site.sign_up("Ben");
    let mut bens = site.socket(&ben);
    clock_control.advance(DAY);
    let ada = site.sign_up("Ada");
    let mut socket = site.socket(&ada);
    clock_control.advance(29 * DAY);
    // Ben's close shows that the sweep has run.
    assert_eq!(bens.close_code(), 4401);
    settle(&mut socket, "swept");
    clock_control.advance(29 * DAY);
    is_somebody(&site, &ada);
}

#[test]
fn a_clock_that_goes_back_ends_nothing() {
    let (clock_control, site) = with_manual_clock();
    let ada = site.sign_up("Ada");
    let mut socket = site.socket(&ada);
    let first = socket.say("c1", "before");
    clock_control.go_back(DAY);
    is_somebody(&site, &ada);
    assert_eq!(socket.say("c2", "after"), first + 1);
    let times: Vec<u64> = site
        .history(&ada)
        .iter()
        .map(|m| m["sent_at"].as_u64().unwrap())
        .collect();
    assert!(times.is_sorted(), "{times:?}");
    socket.send(&json!({"type": "ping"}));
    socket.expect("pong");
}

#[test]
fn on_a_full_disk_people_can_still_log_out() {
    let mut site = Site::new();
    let ada = site.sign_up("Ada");
    site.stop();
    let full = Options {
        disk_free_bytes_min: u64::MAX,
        ..Options::default()
    };
    let site = Site::on(
        site,
        Setup {
            options: full,
            ..Setup::default()
        },
    );
    let mut socket = site.socket(&ada);
    assert_eq!(site.say(&ada, "c1", "no room").status, 507);
    assert_eq!(site.log_out(&ada).status, 204);
    assert_eq!(socket.close_code(), 4401);
    assert_eq!(site.get_as(&ada, "/api/me").status, 401);
}

#[test]
fn expired_sessions_leave_the_data_file() {
    let (clock_control, mut site) = with_manual_clock();
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    clock_control.advance(31 * DAY);
    let carol = site.sign_up("Carol");
    site.restart();
    is_somebody(&site, &carol);
    // A restart deletes them; not even setting the clock back revives them.
    clock_control.go_back(2 * DAY);
    for gone in [ada, ben] {
        let me = || site.get_as(&gone, "/api/me").status;
        let began = std::time::Instant::now();
        while me() != 401 {
            assert!(began.elapsed() < PATIENCE, "still there");
        }
    }
}
