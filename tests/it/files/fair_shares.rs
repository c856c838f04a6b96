//! Fair uploads: nobody can block the uploads of others with many or slow uploads.

use super::uploads::PartialUpload;
use super::*;
use crate::harness::metrics::Metrics;
use chapp::clock::Clock;
use chapp::limits::{
    UPLOAD_RETRY_MS, UPLOAD_SLOW_BYTES_PER_SECOND, UPLOAD_TURN_MIN, UPLOAD_TURN_TIMEOUT, UPLOAD_WINDOW,
    UPLOAD_WINDOW_BYTES_MIN, UPLOAD_YIELD_AFTER, UPLOADS_MAX, UPLOADS_PER_PERSON_MAX,
};
use std::thread;

const RECEIVING: &str = "chapp_uploads{state=\"receiving\"}";
const WAITING: &str = "chapp_uploads{state=\"waiting\"}";

/// People on a server with limits, and the control of its clock.
fn people(names: &[&str]) -> (Site, ClockControl, Vec<Person>) {
    let (clock_control, clock): (ClockControl, Clock) = ClockControl::new();
    let site = Site::limited(clock);
    let people = names
        .iter()
        .map(|name| {
            clock_control.advance(Duration::from_secs(10));
            site.sign_up(name)
        })
        .collect();
    (site, clock_control, people)
}

fn metric(site: &Site, name: &str) -> f64 {
    Metrics::read(site.address).get(name)
}

/// Starts uploads of a person with one byte each, and waits until the server has them.
fn begin(site: &Site, person: &Person, count: usize, size: usize) -> Vec<PartialUpload> {
    let before = metric(site, RECEIVING);
    let begun = (0..count).map(|_| {
        let mut sending = PartialUpload::of(site.address, person, size);
        sending.send(b"x");
        sending
    });
    let begun = begun.collect();
    Metrics::until(site.address, |now| now.get(RECEIVING) == before + count as f64);
    begun
}

/// Sends bytes, and waits until they have arrived.
fn send(site: &Site, sendings: &mut [PartialUpload], bytes: &[u8]) {
    let name = "chapp_uploaded_bytes_total";
    let wanted = metric(site, name) + (bytes.len() * sendings.len()) as f64;
    for sending in sendings {
        sending.send(bytes);
    }
    Metrics::until(site.address, |now| now.get(name) >= wanted);
}

/// An upload that is refused with `Retry-After`.
#[track_caller]
fn is_told_to_retry(sending: PartialUpload, field: Option<&str>) {
    let (status, text) = sending.answer();
    assert_eq!(status, 503, "{text}");
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let seconds = UPLOAD_RETRY_MS / 1000;
    assert!(
        head.to_lowercase().contains(&format!("retry-after: {seconds}\r\n")),
        "{head}"
    );
    let problem: Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        (&problem["code"], problem["field"].as_str()),
        (&json!("unavailable"), field)
    );
    crate::harness::http::assert_is_a_sentence(problem["title"].as_str().unwrap());
}

#[test]
fn two_people_who_send_a_byte_every_ten_seconds_do_not_stop_everybody_elses_uploads() {
    let (site, clock_control, people) = people(&["Ada", "Ben", "Cleo"]);
    let mut slow: Vec<PartialUpload> = people[..2]
        .iter()
        .flat_map(|person| begin(&site, person, UPLOADS_PER_PERSON_MAX, 1000))
        .collect();
    for number in 0..3 {
        clock_control.advance(Duration::from_secs(10));
        send(&site, &mut slow, b"x");
        let file = upload(&site, &people[2], "quick.txt", BYTES);
        assert_eq!(get(&site, &people[2], &file).body, BYTES, "round {number}");
    }
    // And they do not last for ever.
    for _ in 3..6 {
        clock_control.advance(Duration::from_secs(10));
        for sending in &mut slow {
            sending.try_send(b"x");
        }
    }
    for sending in slow {
        is_told_to_retry(sending, Some("file"));
    }
    Metrics::until(site.address, |now| now.get(RECEIVING) == 0.0);
    let ended = metric(&site, "chapp_refused_total{what=\"upload\",reason=\"slow\"}");
    assert_eq!(ended, 2.0 * UPLOADS_PER_PERSON_MAX as f64);
}

#[test]
fn a_phone_on_a_slow_network_may_take_its_time() {
    let (site, clock_control, people) = people(&["Ada"]);
    let piece = vec![7; UPLOAD_WINDOW_BYTES_MIN as usize / 5];
    let mut sending = begin(&site, &people[0], 1, 1 + 24 * piece.len());
    for _ in 0..24 {
        clock_control.advance(UPLOAD_WINDOW / 6);
        send(&site, &mut sending, &piece);
    }
    let (status, text) = sending.pop().unwrap().answer();
    assert_eq!(status, 201, "{text}");
}

#[test]
fn slow_uploads_that_fill_all_turns_make_room_for_somebody_who_waits() {
    let (site, clock_control, people) = people(&["Ada", "Ben", "Cleo", "Dan", "Eve"]);
    let mut slow: Vec<PartialUpload> = Vec::new();
    for person in &people[..UPLOADS_MAX / UPLOADS_PER_PERSON_MAX] {
        slow.extend(begin(&site, person, UPLOADS_PER_PERSON_MAX, 3));
    }
    assert_eq!(slow.len(), UPLOADS_MAX);
    // All others are a little faster than this one.
    send(&site, &mut slow[1..], b"x");
    thread::scope(|scope| {
        let quick = scope.spawn(|| upload(&site, &people[4], "quick.txt", BYTES));
        Metrics::until(site.address, |now| now.get(WAITING) == 1.0);
        clock_control.advance(UPLOAD_YIELD_AFTER.max(UPLOAD_TURN_MIN));
        let file = quick.join().unwrap();
        assert_eq!(get(&site, &people[4], &file).body, BYTES);
    });
    is_told_to_retry(slow.remove(0), None);
    let yielded = "chapp_refused_total{what=\"upload\",reason=\"yielded\"}";
    assert_eq!(metric(&site, yielded), 1.0, "and no more than one");
    for mut sending in slow {
        sending.send(b"x");
        assert_eq!(sending.answer().0, 201, "the others go on");
    }
}

#[test]
fn an_upload_that_is_quick_enough_keeps_its_turn_whoever_waits() {
    let names: Vec<String> = (0..=UPLOADS_MAX).map(|number| format!("person {number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (site, clock_control, people) = people(&names);
    let quick = vec![7; (UPLOAD_SLOW_BYTES_PER_SECOND * UPLOAD_TURN_TIMEOUT.as_secs() + 1) as usize];
    let mut sendings: Vec<PartialUpload> = people[..UPLOADS_MAX]
        .iter()
        .flat_map(|person| begin(&site, person, 1, 2 + quick.len()))
        .collect();
    thread::scope(|scope| {
        let waits = scope.spawn(|| try_upload(&site, &people[UPLOADS_MAX], "later.txt", BYTES));
        Metrics::until(site.address, |now| now.get(WAITING) == 1.0);
        send(&site, &mut sendings, &quick);
        clock_control.advance(UPLOAD_TURN_TIMEOUT);
        let refused = waits.join().unwrap();
        refused.refused(503, "unavailable");
        assert_eq!(refused.get("retry-after"), Some("15"));
    });
    for mut sending in sendings {
        sending.send(b"x");
        assert_eq!(sending.answer().0, 201);
    }
}

#[test]
fn the_next_turn_is_for_the_person_with_the_fewest_and_not_for_whoever_waits_longest() {
    let (site, _hands, people) = people(&["Ada", "Ben", "Cleo", "Dan", "Eve", "Fay"]);
    let mut busy: Vec<PartialUpload> = people[..3]
        .iter()
        .flat_map(|person| begin(&site, person, UPLOADS_PER_PERSON_MAX, 2))
        .collect();
    let dans = begin(&site, &people[3], UPLOADS_PER_PERSON_MAX - 1, 2);
    let _eves = begin(&site, &people[4], UPLOADS_MAX - busy.len() - dans.len(), 2);
    let mut late = PartialUpload::of(site.address, &people[3], 2);
    late.send(b"x");
    Metrics::until(site.address, |now| now.get(WAITING) == 1.0);
    let mut fays = PartialUpload::of(site.address, &people[5], 2);
    fays.send(b"x");
    Metrics::until(site.address, |now| now.get(WAITING) == 2.0);

    let mut done = busy.remove(0);
    done.send(b"x");
    assert_eq!(done.answer().0, 201);
    Metrics::until(site.address, |now| now.get(WAITING) == 1.0);
    fays.send(b"x");
    assert_eq!(fays.answer().0, 201, "it is Fay's turn");
    late.send(b"x");
    assert_eq!(late.answer().0, 201, "and Dan's afterwards");
}
