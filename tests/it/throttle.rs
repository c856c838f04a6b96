//! Rate limits.

#[cfg(target_os = "linux")]
use crate::harness::exe::Home;
use crate::harness::http::{Request, Response};
use crate::harness::people::{PASSWORD, credentials, sign_up};
use crate::harness::server::{ClockControl, Site};
use crate::harness::socket::of_type;
use chapp::limits::{
    REQUESTS_BURST, REQUESTS_PER_SECOND, ROOMS_MADE_BURST, SOCKETS_OPENED_BURST, SYNCS_BURST, TYPING_BURST,
    TYPING_PER_SECOND,
};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

const WRONG: &str = "not the password";

fn limited() -> (ClockControl, Site) {
    let (clock_control, clock) = ClockControl::new();
    (clock_control, Site::limited(clock))
}

/// The seconds of its `Retry-After`.
#[track_caller]
fn wait_of(response: &Response) -> u64 {
    response.refused(429, "too_many_requests");
    response.get("retry-after").unwrap().parse().unwrap()
}

fn use_up_the_free_tries(site: &Site, name: &str) {
    for _ in 0..5 {
        site.try_log_in(name, WRONG).refused(401, "unauthenticated");
    }
}

#[test]
fn five_wrong_passwords_are_free_and_then_each_waits_twice_as_long() {
    let (clock_control, site) = limited();
    site.sign_up("Ada");
    use_up_the_free_tries(&site, "Ada");
    for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        assert_eq!(wait_of(&site.try_log_in("Ada", WRONG)), wait);
        clock_control.advance(Duration::from_secs(wait));
        site.try_log_in("Ada", WRONG).refused(401, "unauthenticated");
    }
}

#[test]
fn who_must_wait_is_not_let_in_early_and_then_is() {
    let (clock_control, site) = limited();
    site.sign_up("Ada");
    use_up_the_free_tries(&site, "Ada");
    assert_eq!(wait_of(&site.try_log_in("Ada", PASSWORD)), 1);
    clock_control.advance(Duration::from_millis(999));
    assert_eq!(wait_of(&site.try_log_in("Ada", PASSWORD)), 1);
    clock_control.advance(Duration::from_millis(1));
    site.log_in("Ada");
}

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

#[test]
fn a_clock_that_is_set_back_locks_nobody_out() {
    let (clock_control, site) = limited();
    let ada = site.sign_up("Ada");
    use_up_the_free_tries(&site, "Ada");
    assert_eq!(wait_of(&site.try_log_in("Ada", PASSWORD)), 1);
    for n in 0..20 {
        assert_eq!(site.say(&ada, &format!("c{n}"), "hello").status, 201);
    }
    clock_control.go_back(Duration::from_secs(3_600));
    clock_control.advance(Duration::from_secs(1));
    assert_eq!(site.say(&ada, "c20", "hello").status, 201);
    site.log_in("Ada");
}

#[test]
fn a_clock_that_is_set_forward_lets_nobody_through() {
    let (clock_control, site) = limited();
    site.sign_up("Ada");
    let ben = site.sign_up("Ben");
    use_up_the_free_tries(&site, "Ada");
    site.try_log_in("Nobody", WRONG).refused(401, "unauthenticated");
    for n in 0..20 {
        assert_eq!(site.say(&ben, &format!("c{n}"), "hello").status, 201);
    }
    // Long enough for every throttle, and short enough for Ben's session.
    clock_control.go_forward(Duration::from_secs(24 * 60 * 60));
    assert_eq!(wait_of(&site.try_log_in("Ada", PASSWORD)), 1);
    assert_eq!(wait_of(&site.say(&ben, "c20", "hello")), 1);
    clock_control.go_forward(14 * YEAR);
    for n in 0..30 {
        site.try_log_in(&format!("guess {n}"), WRONG);
    }
    wait_of(&site.try_log_in("Nobody", WRONG));
    clock_control.go_back(14 * YEAR);
    clock_control.advance(Duration::from_secs(2));
    site.log_in("Ada");
}

#[test]
fn a_right_password_gives_the_free_tries_back() {
    let (clock_control, site) = limited();
    site.sign_up("Ada");
    for _ in 0..3 {
        for _ in 0..4 {
            site.try_log_in("Ada", WRONG).refused(401, "unauthenticated");
        }
        site.log_in("Ada");
        clock_control.advance(Duration::from_secs(60));
    }
    use_up_the_free_tries(&site, "Ada");
    assert_eq!(wait_of(&site.try_log_in("Ada", WRONG)), 1);
}

#[test]
fn another_spelling_of_the_name_waits_with_it_and_another_name_does_not() {
    let (_hands, site) = limited();
    site.sign_up("Ada");
    site.sign_up("Ben");
    use_up_the_free_tries(&site, "Ada");
    for name in ["ADA", "ada", "Ａda", " Ada "] {
        wait_of(&site.try_log_in(name, PASSWORD));
    }
    site.log_in("Ben");
}

#[test]
fn a_name_that_nobody_has_is_throttled_like_one_that_somebody_has() {
    let (_hands, site) = limited();
    site.sign_up("Ada");
    use_up_the_free_tries(&site, "Nobody");
    assert_eq!(wait_of(&site.try_log_in("Nobody", WRONG)), 1);
    use_up_the_free_tries(&site, "A\u{200b}da");
    assert_eq!(wait_of(&site.try_log_in("A\u{200b}da", WRONG)), 1);
}

/// Linux routes all of 127.0.0.0/8.
#[cfg(target_os = "linux")]
#[test]
fn an_attacker_elsewhere_locks_nobody_out() {
    let (_hands, site) = limited();
    site.sign_up("Ada");
    let elsewhere: IpAddr = [127, 0, 0, 2].into();
    let try_from = |password: &str| {
        let request = Request::new(site.address, "POST", "/api/login");
        request.json(&credentials("Ada", password)).from(elsewhere).send()
    };
    for _ in 0..5 {
        try_from(WRONG).refused(401, "unauthenticated");
    }
    wait_of(&try_from(PASSWORD));
    site.log_in("Ada");
}

#[test]
fn a_network_tries_30_times_a_minute_whatever_the_names() {
    let (clock_control, site) = limited();
    site.sign_up("Ada");
    for n in 0..29 {
        site.try_log_in(&format!("guess {n}"), WRONG)
            .refused(401, "unauthenticated");
    }
    assert_eq!(wait_of(&site.try_log_in("guess 29", WRONG)), 2);
    assert_eq!(wait_of(&site.try_log_in("Ada", PASSWORD)), 2);
    assert_eq!(wait_of(&site.try_sign_up("Ben", PASSWORD)), 2);
    clock_control.advance(Duration::from_secs(2));
    site.log_in("Ada");
    wait_of(&site.try_log_in("Ada", PASSWORD));
    clock_control.advance(Duration::from_secs(60));
    for n in 0..30 {
        site.try_log_in(&format!("guess {n}"), WRONG);
    }
    wait_of(&site.try_log_in("Ada", PASSWORD));
}

#[test]
fn a_form_without_script_waits_as_well_and_says_so() {
    let (_hands, site) = limited();
    site.sign_up("Ada");
    use_up_the_free_tries(&site, "Ada");
    let response = site.post("/login").form(&[("name", "Ada"), ("password", WRONG)]).send();
    assert_eq!((response.status, response.get("retry-after")), (429, Some("1")));
    assert!(response.text().contains("Too many tries. Try again in 1 second."));
}

#[test]
fn more_log_ins_at_once_than_can_be_hashed_are_shed_and_the_rest_is_answered() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let many = 100;
    let start = Barrier::new(many);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let threads: Vec<_> = (0..many)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    let response = site.try_log_in("Ada", WRONG);
                    match response.status {
                        429 => assert!(wait_of(&response) >= 1),
                        _ => drop(response.refused(401, "unauthenticated")),
                    }
                    response.status
                })
            })
            .collect();
        // Logged-in people are not affected.
        assert_eq!(site.get_as(&ada, "/api/me").status, 200);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(statuses.contains(&429), "nothing was shed");
    assert!(statuses.contains(&401), "nothing was answered");
    site.log_in("Ada");
}

#[cfg(target_os = "linux")]
#[test]
fn passwords_are_hashed_at_a_lower_priority_than_messages_are_written() {
    let home = Home::new();
    let exe = home.serve(&[]);
    // The thread has run when this is answered.
    sign_up(exe.address, "Ada");
    let serving = exe.nice_of("chapp").unwrap();
    assert_eq!(exe.nice_of("passwords"), Some((serving + 10).min(19)));
}

#[test]
fn without_rate_limits_nobody_waits() {
    let site = Site::new();
    site.sign_up("Ada");
    for _ in 0..35 {
        site.try_log_in("Ada", WRONG).refused(401, "unauthenticated");
    }
    site.log_in("Ada");
}

#[test]
fn posts_past_the_rate_are_refused_with_the_time_to_wait_and_then_taken() {
    let (clock_control, site) = limited();
    let ada = site.sign_up("Ada");
    for n in 0..20 {
        assert_eq!(site.say(&ada, &format!("c{n}"), "hello").status, 201);
    }
    assert_eq!(wait_of(&site.say(&ada, "c20", "hello")), 1);
    assert_eq!(site.head(&ada), 20);
    clock_control.advance(Duration::from_millis(200));
    assert_eq!(site.say(&ada, "c20", "hello").status, 201);
    wait_of(&site.say(&ada, "c21", "hello"));

    // The socket shares the same allowance and stays open.
    let mut socket = site.socket(&ada);
    socket.post("c21", "hello");
    let error = socket.expect("error");
    assert_eq!(
        (&error["code"], &error["client_id"]),
        (&"too_many_requests".into(), &"c21".into())
    );
    let wait = error["retry_after_ms"].as_u64().unwrap();
    assert!((1..=200).contains(&wait), "{wait}");
    clock_control.advance(Duration::from_millis(wait));
    assert_eq!(socket.say("c21", "hello"), 22);
}

#[test]
fn requests_past_the_rate_are_refused_with_the_time_to_wait_but_pictures_and_the_way_out_are_not() {
    let (clock_control, site) = limited();
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    for _ in 0..REQUESTS_BURST {
        assert_eq!(site.get_as(&ada, "/api/rooms").status, 200);
    }
    assert_eq!(wait_of(&site.get_as(&ada, "/api/people?q=zz")), 1);
    assert_eq!(wait_of(&Request::upgrade(site.address).cookie(&ada.cookie).send()), 1);
    site.get_as(&ada, "/avatars/1/none").refused(404, "not_found");
    assert_eq!(site.get_as(&ada, "/").status, 200, "the page itself");
    assert_eq!(site.get_as(&ben, "/api/rooms").status, 200);
    clock_control.advance(Duration::from_secs(1));
    for _ in 0..REQUESTS_PER_SECOND {
        assert_eq!(site.get_as(&ada, "/api/rooms").status, 200);
    }
    wait_of(&site.get_as(&ada, "/api/rooms"));
    assert_eq!(site.log_out(&ada).status, 204);
}

#[test]
fn somebody_who_types_on_and_on_is_told_a_few_times() {
    let (clock_control, site) = limited();
    let (ada, ben, cleo) = (site.sign_up("Ada"), site.sign_up("Ben"), site.sign_up("Cleo"));
    let (mut adas, mut bens, mut cleos) = (site.socket(&ada), site.socket(&ben), site.socket(&cleo));
    // Typing is batched with other events, and only the last of a batch is sent.
    let mut typed = |mark: &str| {
        let mut told = 0;
        for n in 0..2 * TYPING_BURST {
            adas.send(&json!({"type": "typing", "room": 1}));
            adas.until_pong();
            let mark = format!("{mark}{n}");
            cleos.say(&mark, &mark);
            let frames = bens.until(|frame| frame["message"]["body"] == mark);
            told += of_type(&frames, "typing").len() as u32;
        }
        told
    };
    assert_eq!(typed("a"), TYPING_BURST);
    assert_eq!(typed("b"), 0);
    clock_control.advance(Duration::from_secs(1));
    assert_eq!(typed("c"), TYPING_PER_SECOND);
}

#[test]
fn somebody_who_comes_and_goes_on_and_on_is_told_a_few_times_and_as_they_are_in_the_end() {
    let (_hands, site) = limited();
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    for n in 0..25 {
        adas.send(&json!({"type": "away", "on": n % 2 == 0}));
        // Each is delivered before the next one.
        adas.until_pong();
    }
    let is_of_ada = |frame: &Value| frame["type"] == "presence" && frame["user"] == ada.id;
    bens.post("mark", "mark");
    let mut frames = bens.until(|frame| frame["message"]["body"] == "mark");
    frames.retain(is_of_ada);
    // One at once and then one every two seconds: far fewer than were sent.
    assert!(frames.len() < 10, "{frames:?}");
    if frames.last().is_none_or(|frame| frame["state"] != "away") {
        bens.until(|frame| is_of_ada(frame) && frame["state"] == "away");
    }
    assert!(bens.until_pong().iter().filter(|frame| is_of_ada(frame)).count() == 0);
}

#[test]
fn rooms_that_are_made_and_left_cannot_use_up_those_of_everybody() {
    let (clock_control, site) = limited();
    let ada = site.sign_up("Ada");
    let make = |name: &str| {
        clock_control.advance(Duration::from_millis(500));
        let body = json!({"kind": "private", "name": name});
        site.post("/api/rooms").cookie(&ada.cookie).json(&body).send()
    };
    for n in 0..ROOMS_MADE_BURST {
        let made = make(&format!("room {n}"));
        assert_eq!(made.status, 201, "{}", made.text());
        let room = made.json()["room"]["id"].as_u64().unwrap();
        let leave = site.post(&format!("/api/rooms/{room}/leave")).cookie(&ada.cookie);
        assert_eq!(leave.send().status, 204);
    }
    let wait = wait_of(&make("one more"));
    assert!(wait > 60, "{wait} s");
    // Starting a direct message does not count as creating a room.
    let ben = site.sign_up("Ben");
    let body = json!({"kind": "direct", "members": [ben.id]});
    assert_eq!(
        site.post("/api/rooms").cookie(&ada.cookie).json(&body).send().status,
        201
    );
    clock_control.advance(Duration::from_secs(wait));
    assert_eq!(make("one more").status, 201);
}

#[test]
fn catching_up_is_counted_over_all_connections_of_a_person() {
    let (clock_control, site) = limited();
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let (mut first, mut second) = (site.socket(&ada), site.socket(&ada));
    let sync = json!({"type": "sync", "room": 1, "since": 0, "ref": "s"});
    let refused = |frames: &[Value]| {
        frames
            .iter()
            .filter(|frame| frame["code"] == "too_many_requests")
            .count()
    };
    let mut asked = 0;
    while asked < SYNCS_BURST {
        for socket in [&mut first, &mut second] {
            for _ in 0..10 {
                socket.send(&sync);
                asked += 1;
            }
            assert_eq!(refused(&socket.until_pong()), 0, "after {asked}");
        }
        // New sockets, since frames are counted per connection.
        (first, second) = (site.socket(&ada), site.socket(&ada));
    }
    second.send(&sync);
    let error = second.expect("error");
    assert_eq!(
        (&error["code"], &error["ref"]),
        (&json!("too_many_requests"), &json!("s"))
    );
    let wait = error["retry_after_ms"].as_u64().unwrap();
    let mut bens = site.socket(&ben);
    bens.send(&sync);
    bens.expect("synced");
    clock_control.advance(Duration::from_millis(wait));
    first.send(&sync);
    first.expect("synced");
}

#[test]
fn who_connects_again_and_again_has_to_wait_and_the_others_do_not() {
    let (clock_control, site) = limited();
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    for _ in 0..SOCKETS_OPENED_BURST {
        site.socket(&ada).leave();
    }
    let again = Request::upgrade(site.address).cookie(&ada.cookie);
    let wait = wait_of(&again.clone().send());
    site.socket(&ben);
    clock_control.advance(Duration::from_secs(wait));
    assert_eq!(again.send().status, 101);
}
