//! Who can sign up: the sign-up policy, invite links, and lost passwords.

use crate::harness::http::Response;
use crate::harness::people::{PASSWORD, Person};
use crate::harness::server::{ClockControl, Setup, Site};
use chapp::chat::RateLimits;
use serde_json::{Value, json};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn with_manual_clock(rate_limits: RateLimits) -> (ClockControl, Site) {
    let (clock_control, clock) = ClockControl::new();
    let setup = Setup {
        rate_limits,
        clock,
        ..Setup::default()
    };
    (clock_control, Site::with(setup))
}

fn code(site: &Site, owner: &Person) -> String {
    site.facts(owner)["invite"]["code"].as_str().unwrap().to_owned()
}

#[track_caller]
fn not_let_in(response: &Response) -> String {
    let problem = response.refused(403, "forbidden");
    assert_eq!(problem["field"], "invite");
    problem["title"].as_str().unwrap().to_owned()
}

#[test]
fn the_first_account_needs_no_invite_and_then_anyone_can_come() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    assert_eq!(site.facts(&ada)["door"], "anyone");
    site.sign_up("Ben");
    assert_eq!(
        site.try_join("Cleo", "no such code").status,
        201,
        "an invite is not looked at"
    );
}

#[test]
fn the_owner_of_a_new_server_has_a_link_for_a_week() {
    let (_hands, site) = with_manual_clock(RateLimits::Off);
    let ada = site.sign_up("Ada");
    let facts = site.facts(&ada);
    let invite = &facts["invite"];
    let code = invite["code"].as_str().unwrap();
    assert_eq!(invite["path"], format!("/join#{code}"));
    assert_eq!(code.split('-').map(str::len).collect::<Vec<_>>(), [4, 4, 4, 4]);
    let week = facts["started_at"].as_u64().unwrap() + 7 * DAY.as_millis() as u64;
    assert_eq!(invite["ends_at"], week);
}

#[test]
fn with_the_link_only_who_has_it_comes_in_and_at_once() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let code = code(&site, &ada);
    site.set_door(&ada, "invite");
    assert!(not_let_in(&site.try_sign_up("Ben", PASSWORD)).contains("need an invite link"));
    assert!(not_let_in(&site.try_join("Ben", "")).contains("need an invite link"));
    for wrong in ["k7q2-wren-h5xd-m8tf", "0000-0000-0000-0000"] {
        assert!(not_let_in(&site.try_join("Ben", wrong)).contains("does not work any more"));
    }
    for unreadable in ["x", "ä".repeat(16).as_str(), "0".repeat(5_000).as_str()] {
        not_let_in(&site.try_join("Ben", unreadable));
    }
    assert_eq!(site.try_join("Ben", &code).status, 201);
    let typed = code.to_uppercase().replace('-', " ");
    assert_eq!(site.try_join("Cleo", &typed).status, 201, "as somebody types it");
    site.set_door(&ada, "nobody");
    assert!(not_let_in(&site.try_join("Dan", &code)).contains("Nobody can sign up"));
    site.set_door(&ada, "anyone");
    site.sign_up("Dan");
}

#[test]
fn who_is_not_let_in_leaves_no_name_behind() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let code = code(&site, &ada);
    site.set_door(&ada, "invite");
    not_let_in(&site.try_sign_up("Ben", PASSWORD));
    assert_eq!(site.facts(&ada)["people"], 1);
    assert_eq!(site.try_join("Ben", &code).status, 201);
}

#[test]
fn a_link_that_is_over_or_was_replaced_opens_nothing() {
    let (clock_control, site) = with_manual_clock(RateLimits::Off);
    let ada = site.sign_up("Ada");
    let old = code(&site, &ada);
    site.set_door(&ada, "invite");
    assert_eq!(code(&site, &ada), old, "one that works stays");
    let made = site.ask(&ada, "POST", "/api/server/invite", &Value::Null);
    assert_eq!(made.status, 201);
    let new = made.json()["invite"]["code"].as_str().unwrap().to_owned();
    assert_ne!(new, old);
    not_let_in(&site.try_join("Ben", &old));
    assert_eq!(site.try_join("Ben", &new).status, 201);
    clock_control.advance(7 * DAY - Duration::from_millis(1));
    assert_eq!(site.try_join("Cleo", &new).status, 201);
    clock_control.advance(Duration::from_millis(1));
    not_let_in(&site.try_join("Dan", &new));
    // Allowing invited people creates a link that works.
    site.set_door(&ada, "anyone");
    site.set_door(&ada, "invite");
    let fresh = code(&site, &ada);
    assert_ne!(fresh, new);
    assert_eq!(site.try_join("Dan", &fresh).status, 201);
}

#[test]
fn a_link_that_was_made_while_the_clock_was_wrong_does_not_work_until_2040() {
    let (clock_control, site) = with_manual_clock(RateLimits::Off);
    let ada = site.sign_up("Ada");
    let ben = site.sign_up("Ben");
    site.set_door(&ada, "invite");
    let years = 14 * 365 * DAY;
    clock_control.go_forward(years);
    let wrong = site.log_in("Ada");
    let invite = site.ask(&wrong, "POST", "/api/server/invite", &Value::Null).json();
    let invite = invite["invite"]["code"].as_str().unwrap();
    let for_ben = reset_link(&site, &wrong, &ben);
    assert_eq!(site.try_join("Cleo", invite).status, 201);
    clock_control.go_back(years);
    not_let_in(&site.try_join("Dan", invite));
    reset(&site, &for_ben, "a heron on the weir").refused(404, "not_found");

    // A link made while the clock was slightly ahead works.
    clock_control.go_forward(DAY);
    let ada = site.log_in("Ada");
    let for_ben = reset_link(&site, &ada, &ben);
    site.set_door(&ada, "invite");
    let invite = code(&site, &ada);
    clock_control.go_back(DAY);
    assert_eq!(site.try_join("Dan", &invite).status, 201);
    assert_eq!(reset(&site, &for_ben, "a heron on the weir").status, 200);
}

#[test]
fn the_end_of_a_link_can_be_moved_within_a_year() {
    let (clock_control, site) = with_manual_clock(RateLimits::Off);
    let ada = site.sign_up("Ada");
    let code = code(&site, &ada);
    site.set_door(&ada, "invite");
    let now = site.facts(&ada)["started_at"].as_u64().unwrap();
    let day = DAY.as_millis() as u64;
    let move_to = |ends_at: u64| site.ask(&ada, "PATCH", "/api/server/invite", &json!({"ends_at": ends_at}));
    for bad in [0, now, now + 367 * day, u64::MAX] {
        assert_eq!(move_to(bad).refused(422, "invalid")["field"], "ends_at");
    }
    site.ask(&ada, "PATCH", "/api/server/invite", &json!({}))
        .refused(400, "bad_request");
    let moved = move_to(now + 30 * day);
    assert_eq!(
        moved.json()["invite"],
        json!({"code": code, "path": format!("/join#{code}"), "ends_at": now + 30 * day})
    );
    clock_control.advance(29 * DAY);
    assert_eq!(site.try_join("Ben", &code).status, 201);
}

#[test]
fn who_guesses_codes_has_to_wait() {
    let (_hands, site) = with_manual_clock(RateLimits::On);
    let ada = site.sign_up("Ada");
    site.set_door(&ada, "invite");
    let answers = (0..40).map(|n| site.try_join("Ben", &format!("{n:016}")).status);
    let answers: Vec<u16> = answers.collect();
    assert_eq!(answers[..29], [403; 29]);
    assert_eq!(answers[29..], [429; 11]);
}

#[test]
fn a_link_of_earlier_days_leads_to_a_page_that_works_without_script() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let code = code(&site, &ada);
    site.set_door(&ada, "invite");
    let page = site.get(&format!("/join/{code}")).send();
    assert_eq!(page.status, 200);
    assert!(page.text().contains(&format!("name=\"invite\" value=\"{code}\"")));
    let form = |name: &str, invite: &str| {
        let fields = [("name", name), ("password", PASSWORD), ("invite", invite)];
        site.post("/signup").form(&fields).send()
    };
    let wrong = form("Ada", &code);
    assert_eq!(wrong.status, 409);
    assert!(
        wrong.text().contains(&format!("name=\"invite\" value=\"{code}\"")),
        "it is still there"
    );
    let joined = form("Ben", &code);
    assert_eq!((joined.status, joined.get("location")), (303, Some("/")));
    assert_eq!(form("Cleo", "").status, 403);
    // From a link in another program or on another site.
    let followed = site
        .get(&format!("/join/{code}"))
        .header("Sec-Fetch-Site", "cross-site")
        .header("Sec-Fetch-Mode", "navigate")
        .header("Sec-Fetch-Dest", "document");
    assert_eq!(followed.send().status, 200);
    // Somebody who is logged in goes straight in.
    let known = site.get_as(&ada, &format!("/join/{code}"));
    assert_eq!((known.status, known.get("location")), (303, Some("/")));
}

#[test]
fn the_code_of_a_link_never_reaches_the_server_by_its_address_and_the_page_works_without_script() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let code = code(&site, &ada);
    let field = "<div class=\"field\" data-ref=\"code\" ><label for=\"invite\">Invite code</label>";
    let hidden = "<div class=\"field\" data-ref=\"code\" hidden><label for=\"invite\">Invite code</label>";
    let page = || site.get("/join").send().text().to_owned();
    assert!(page().contains(hidden), "nobody asks for a code that nobody needs");
    site.set_door(&ada, "invite");
    assert!(page().contains(field));
    let form = |name: &str, invite: &str| {
        let fields = [("name", name), ("password", PASSWORD), ("invite", invite)];
        site.post("/signup").form(&fields).send()
    };
    let wrong = form("Ben", "k7q2-wren-h5xd-m8tf");
    assert_eq!(wrong.status, 403);
    assert!(wrong.text().contains(field), "to be typed again");
    assert_eq!(form("Ben", &code.to_uppercase()).status, 303);
    site.set_door(&ada, "nobody");
    assert!(page().contains("Nobody can sign up here for now."));
    // Somebody who is logged in goes straight in, without the code in the address.
    let known = site.get_as(&ada, "/join");
    assert_eq!((known.status, known.get("location")), (303, Some("/#")));
}

#[test]
fn a_page_learns_whether_its_link_works_before_anything_is_typed() {
    let site = Site::new();
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let check = |what: &str, field: &str, code: &str| {
        let body = json!({ field: code });
        site.post(&format!("/api/{what}/check")).json(&body).send()
    };
    let invite = code(&site, &ada);
    site.set_door(&ada, "invite");
    assert_eq!(check("signup", "invite", &invite).status, 204);
    for wrong in ["", "x", "k7q2-wren-h5xd-m8tf"] {
        not_let_in(&check("signup", "invite", wrong));
        check("reset", "code", wrong).refused(404, "not_found");
    }
    let link = reset_link(&site, &ada, &ben);
    let answer = check("reset", "code", &link);
    assert_eq!((answer.status, answer.json()), (200, json!({"name": "Ben"})));
    // The link still works: nothing was used up.
    assert_eq!(reset(&site, &link, "a heron on the weir").status, 200);
    check("reset", "code", &link).refused(404, "not_found");
}

#[test]
fn a_page_on_which_nobody_can_sign_up_says_what_is_needed_and_has_no_form_to_fill_in() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let form = "<form method=\"post\" action=\"/signup\" data-ref=\"form\" >";
    let hidden = "<form method=\"post\" action=\"/signup\" data-ref=\"form\" hidden>";
    let page = |path: &str| String::from_utf8(site.get(path).send().body).unwrap();
    assert!(page("/signup").contains(form));
    site.set_door(&ada, "invite");
    assert!(page("/signup").contains(hidden) && page("/signup").contains("You need an invite link to join."));
    assert!(page("/join/%3Cb%3Ebold").contains(hidden) && !page("/join/%3Cb%3Ebold").contains("bold"));
    assert!(page(&format!("/join/{}", code(&site, &ada))).contains(form));
    site.set_door(&ada, "nobody");
    assert!(page("/signup").contains(hidden) && page("/signup").contains("Nobody can sign up here for now."));
}

fn reset_link(site: &Site, by: &Person, whom: &Person) -> String {
    let made = site.ask(by, "POST", &format!("/api/people/{}/reset", whom.id), &Value::Null);
    assert_eq!(made.status, 201, "{}", made.text());
    let path = made.json()["path"].as_str().unwrap().to_owned();
    path.strip_prefix("/reset#").unwrap().to_owned()
}

fn reset(site: &Site, code: &str, password: &str) -> Response {
    site.post("/api/reset")
        .json(&json!({"code": code, "password": password}))
        .send()
}

#[test]
fn a_link_for_a_new_password_works_once_and_ends_every_session() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let ben = site.sign_up("Ben");
    let mut socket = site.socket(&ben);
    let code = reset_link(&site, &ada, &ben);
    assert_eq!(site.get_as(&ben, "/api/me").status, 200, "nothing has happened yet");
    assert!(
        site.get(&format!("/reset/{code}"))
            .send()
            .text()
            .contains("For <bdi>Ben</bdi>")
    );
    assert_eq!(
        reset(&site, &code, "short").refused(422, "invalid")["field"],
        "password"
    );
    let done = reset(&site, &code, "a heron on the weir");
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(site.get_as(&Person::of(&done), "/api/me").status, 200);
    assert_eq!(socket.close_code(), 4401);
    assert_eq!(site.get_as(&ben, "/api/me").status, 401);
    site.try_log_in("Ben", PASSWORD).refused(401, "unauthenticated");
    assert_eq!(site.try_log_in("Ben", "a heron on the weir").status, 200);
    reset(&site, &code, "another password").refused(404, "not_found");
    assert!(
        site.get(&format!("/reset/{code}"))
            .send()
            .text()
            .contains("does not work any more")
    );
}

#[test]
fn a_link_for_a_new_password_works_without_script() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let ben = site.sign_up("Ben");
    let code = reset_link(&site, &ada, &ben);
    let form = |password: &str| {
        site.post("/reset")
            .form(&[("code", &code), ("password", password), ("name", "Ben")])
            .send()
    };
    let page = site.get("/reset").send();
    let field = "<div class=\"field\" data-ref=\"code\" ><label for=\"code\">Code</label>";
    assert!(page.status == 200 && page.text().contains(field));
    let wrong = form("short");
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains(&format!("value=\"{code}\"")) && wrong.text().contains("at least 8 characters"));
    let done = form("a heron on the weir");
    assert_eq!((done.status, done.get("location")), (303, Some("/")));
    done.new_cookie();
    let over = form("a heron on the weir");
    assert!(over.status == 404 && over.text().contains(field));
}

#[test]
fn only_the_newest_link_for_a_new_password_works_and_only_for_a_day() {
    let (clock_control, site) = with_manual_clock(RateLimits::Off);
    let ada = site.sign_up("Ada");
    let ben = site.sign_up("Ben");
    let old = reset_link(&site, &ada, &ben);
    let new = reset_link(&site, &ada, &ben);
    reset(&site, &old, "a heron on the weir").refused(404, "not_found");
    clock_control.advance(DAY);
    reset(&site, &new, "a heron on the weir").refused(404, "not_found");
    assert_eq!(site.try_log_in("Ben", PASSWORD).status, 200);
    for wrong in ["", "k7q2-wren-h5xd-m8tf", "x"] {
        reset(&site, wrong, "a heron on the weir").refused(404, "not_found");
    }
}

#[test]
fn nobody_sets_a_password_of_somebody_above_them_or_their_own() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let [ben, cleo, dan] = ["Ben", "Cleo", "Dan"].map(|name| site.sign_up(name));
    for admin in [&ben, &cleo] {
        assert_eq!(site.set_role(&ada, admin, "admin").status, 200);
    }
    let status = |by: &Person, whom: &Person| {
        site.ask(by, "POST", &format!("/api/people/{}/reset", whom.id), &Value::Null)
            .status
    };
    assert_eq!(
        [
            status(&ben, &ada),
            status(&ben, &cleo),
            status(&ben, &ben),
            status(&ben, &dan)
        ],
        [403, 403, 403, 201]
    );
    assert_eq!(
        [
            status(&ada, &ben),
            status(&ada, &dan),
            status(&ada, &ada),
            status(&dan, &ben)
        ],
        [201, 201, 403, 403]
    );
    site.ask(&ada, "POST", "/api/people/99/reset", &Value::Null)
        .refused(404, "not_found");
}
