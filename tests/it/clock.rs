//! A clock of the computer that is wrong for a while, and what is left of it when it is right again.

use crate::harness::PATIENCE;
use crate::harness::exe::Home;
use crate::harness::http::Request;
use crate::harness::people::{Person, credentials};
use crate::harness::server::{Hands, Log, Setup, Site};
use std::time::{Duration, Instant};

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How far ahead the wrong clock is.
const YEARS: Duration = Duration::from_secs(14 * 365 * 24 * 60 * 60);

fn by_hand() -> (Hands, Log, Site) {
    let (hands, clock) = Hands::new();
    let log = Log::default();
    let site = Site::with(Setup {
        clock,
        log: log.clone(),
        ..Setup::default()
    });
    (hands, log, site)
}

fn ms(time: Duration) -> u64 {
    time.as_millis() as u64
}

#[track_caller]
fn sent_at(site: &Site, person: &Person) -> Vec<u64> {
    let messages = site.history(person);
    messages
        .iter()
        .map(|message| message["sent_at"].as_u64().unwrap())
        .collect()
}

#[track_caller]
fn say(site: &Site, person: &Person, client_id: &str) {
    assert_eq!(site.say(person, client_id, client_id).status, 201);
}

fn is_somebody(site: &Site, person: &Person) -> bool {
    site.get_as(person, "/api/me").status == 200
}

#[test]
fn a_clock_that_was_wrong_once_does_not_stamp_everything_that_comes_after() {
    let (hands, _, site) = by_hand();
    let ada = site.sign_up("Ada");
    let now = hands.now();
    say(&site, &ada, "before");
    hands.go_forward(YEARS);
    let wrong = site.sign_up("Ben");
    say(&site, &wrong, "by a wrong clock");
    hands.go_back(YEARS);
    hands.advance(HOUR);
    say(&site, &ada, "after");
    hands.advance(HOUR);
    say(&site, &ada, "later");
    let right = |hours: u64| now + hours * ms(HOUR);
    assert_eq!(sent_at(&site, &ada), [now, now + ms(YEARS), right(1), right(2)]);
}

#[test]
fn within_a_day_the_times_of_a_room_never_go_down() {
    let (hands, _, site) = by_hand();
    let ada = site.sign_up("Ada");
    let now = hands.now();
    say(&site, &ada, "before");
    hands.go_back(DAY);
    say(&site, &ada, "held at most a day");
    hands.advance(DAY + HOUR);
    say(&site, &ada, "caught up");
    assert_eq!(sent_at(&site, &ada), [now, now, now + ms(HOUR)]);
    hands.go_back(DAY + HOUR);
    hands.go_back(Duration::from_millis(1));
    let ada = site.log_in("Ada");
    say(&site, &ada, "further than that");
    assert_eq!(sent_at(&site, &ada)[3], now - ms(DAY) - 1);
}

#[test]
fn a_clock_that_is_set_is_told_once() {
    let (hands, log, _site) = by_hand();
    hands.go_forward(YEARS);
    log.until("was set forward by 14 years");
    hands.go_back(YEARS);
    log.until("was set back by 14 years");
    hands.go_back(2 * HOUR);
    log.until("was set back by 2 hours");
    let text = log.text();
    assert_eq!(text.matches("The clock of this computer").count(), 3, "{text}");
}

#[test]
fn a_start_says_that_the_clock_does_not_fit_the_data_file() {
    let (hands, clock) = Hands::new();
    hands.go_forward(YEARS + HOUR);
    let mut site = Site::with(Setup {
        clock,
        ..Setup::default()
    });
    let ada = site.sign_up("Ada");
    say(&site, &ada, "by a wrong clock");
    site.stop();
    let home = Home::new();
    std::fs::copy(site.data(), home.data()).unwrap();
    let mut exe = home.serve(&[]);
    let login =
        Request::new(exe.address, "POST", "/api/login").json(&credentials("Ada", crate::harness::people::PASSWORD));
    assert_eq!(login.send().status, 200);
    exe.signal("TERM");
    let ended = exe.wait();
    let lines: Vec<&str> = ended.stderr.lines().collect();
    assert_eq!(lines.len(), 1, "{}", ended.stderr);
    assert!(
        lines[0].contains("The newest entry in the data file is 14 years ahead of this computer's clock."),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_clock_that_jumps_to_2040_and_back_costs_nobody_their_session() {
    let (hands, log, site) = by_hand();
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let mut socket = site.socket(&ada);
    hands.go_forward(YEARS);
    // Nobody asks for anything, so it is the sweep of sessions that says so.
    log.until("was set forward by 14 years");
    socket.say("c1", "not signed out by the sweep");
    let carol = site.sign_up("Carol");
    hands.go_back(YEARS);
    assert!(is_somebody(&site, &ada) && is_somebody(&site, &ben));
    assert!(!is_somebody(&site, &carol), "it would last until 2040");
}

#[test]
fn a_start_while_the_clock_shows_2040_costs_nobody_their_session() {
    let (hands, _, mut site) = by_hand();
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    say(&site, &ada, "before");
    hands.go_forward(YEARS);
    // A start forgets what is expired. The sign-up is answered after that.
    site.restart();
    site.sign_up("Carol");
    hands.go_back(YEARS);
    assert!(is_somebody(&site, &ada) && is_somebody(&site, &ben));
}

#[test]
fn an_hour_later_the_clock_is_believed() {
    let (hands, log, site) = by_hand();
    let ada = site.sign_up("Ada");
    let mut socket = site.socket(&ada);
    hands.go_forward(YEARS);
    log.until("was set forward by 14 years");
    socket.say("c1", "still here");
    hands.advance(HOUR);
    assert_eq!(socket.close_code(), 4401);
    hands.go_back(YEARS);
    let began = Instant::now();
    while is_somebody(&site, &ada) {
        assert!(began.elapsed() < PATIENCE, "still somebody");
    }
}
