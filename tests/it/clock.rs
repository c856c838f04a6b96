//! A system clock that is wrong for a while, and the effects after it is corrected.

use crate::harness::PATIENCE;
use crate::harness::exe::Home;
use crate::harness::http::Request;
use crate::harness::people::{Person, credentials};
use crate::harness::server::{ClockControl, Log, Setup, Site};
use std::time::{Duration, Instant};

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How far ahead the wrong clock is.
const YEARS: Duration = Duration::from_secs(14 * 365 * 24 * 60 * 60);

fn with_manual_clock() -> (ClockControl, Log, Site) {
    let (clock_control, clock) = ClockControl::new();
    let log = Log::default();
    let site = Site::with(Setup {
        clock,
        log: log.clone(),
        ..Setup::default()
    });
    (clock_control, log, site)
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
    let (clock_control, _, site) = with_manual_clock();
    let ada = site.sign_up("Ada");
    let now = clock_control.now();
    say(&site, &ada, "before");
    clock_control.go_forward(YEARS);
    let wrong = site.sign_up("Ben");
    say(&site, &wrong, "by a wrong clock");
    clock_control.go_back(YEARS);
    clock_control.advance(HOUR);
    say(&site, &ada, "after");
    clock_control.advance(HOUR);
    say(&site, &ada, "later");
    let right = |hours: u64| now + hours * ms(HOUR);
    assert_eq!(sent_at(&site, &ada), [now, now + ms(YEARS), right(1), right(2)]);
}

#[test]
fn within_a_day_the_times_of_a_room_never_go_down() {
    let (clock_control, _, site) = with_manual_clock();
    let ada = site.sign_up("Ada");
    let now = clock_control.now();
    say(&site, &ada, "before");
    clock_control.go_back(DAY);
    say(&site, &ada, "held at most a day");
    clock_control.advance(DAY + HOUR);
    say(&site, &ada, "caught up");
    assert_eq!(sent_at(&site, &ada), [now, now, now + ms(HOUR)]);
    clock_control.go_back(DAY + HOUR);
    clock_control.go_back(Duration::from_millis(1));
    let ada = site.log_in("Ada");
    say(&site, &ada, "further than that");
    assert_eq!(sent_at(&site, &ada)[3], now - ms(DAY) - 1);
}

#[test]
fn a_clock_that_is_set_is_told_once() {
    let (clock_control, log, _site) = with_manual_clock();
    clock_control.go_forward(YEARS);
    log.until("was set forward by 14 years");
    clock_control.go_back(YEARS);
    log.until("was set back by 14 years");
    clock_control.go_back(2 * HOUR);
    log.until("was set back by 2 hours");
    let text = log.text();
    assert_eq!(text.matches("The clock of this computer").count(), 3, "{text}");
}

#[test]
fn a_start_says_that_the_clock_does_not_fit_the_data_file() {
    let (clock_control, clock) = ClockControl::new();
    clock_control.go_forward(YEARS + HOUR);
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
    let (clock_control, log, site) = with_manual_clock();
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let mut socket = site.socket(&ada);
    clock_control.go_forward(YEARS);
    // No requests arrive, so the sweep of sessions has to report it.
    log.until("was set forward by 14 years");
    socket.say("c1", "not signed out by the sweep");
    let carol = site.sign_up("Carol");
    clock_control.go_back(YEARS);
    assert!(is_somebody(&site, &ada) && is_somebody(&site, &ben));
    assert!(!is_somebody(&site, &carol), "it would last until 2040");
}

#[test]
fn a_start_while_the_clock_shows_2040_costs_nobody_their_session() {
    let (clock_control, _, mut site) = with_manual_clock();
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    say(&site, &ada, "before");
    clock_control.go_forward(YEARS);
    // A start deletes expired sessions. The sign-up is answered after that.
    site.restart();
    site.sign_up("Carol");
    clock_control.go_back(YEARS);
    assert!(is_somebody(&site, &ada) && is_somebody(&site, &ben));
}

#[test]
fn an_hour_later_the_clock_is_believed() {
    let (clock_control, log, site) = with_manual_clock();
    let ada = site.sign_up("Ada");
    let mut socket = site.socket(&ada);
    clock_control.go_forward(YEARS);
    log.until("was set forward by 14 years");
    socket.say("c1", "still here");
    clock_control.advance(HOUR);
    assert_eq!(socket.close_code(), 4401);
    clock_control.go_back(YEARS);
    let began = Instant::now();
    while is_somebody(&site, &ada) {
        assert!(began.elapsed() < PATIENCE, "still somebody");
    }
}
