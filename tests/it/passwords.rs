//! Passwords that change while they are in use: nobody who knew the old one stays in, whatever they had begun.
//!
//! Comparing and hashing a password takes a while. Here the disk stalls, so that one request is held with its change
//! half done while another one begins and waits behind it.

use crate::harness::PATIENCE;
use crate::harness::disk::{Stall, StallingDisk};
use crate::harness::http::{Request, Response};
use crate::harness::metrics::Metrics;
use crate::harness::people::{PASSWORD, Person, credentials};
use crate::harness::server::{Setup, Site};
use chapp::clock::Time;
use chapp::model::{Change, Name, NewAccount, NewSession, PasswordHash, Token};
use chapp::store::{Options, ShedAt, Store};
use serde_json::{Value, json};
use std::sync::Arc;
use std::thread;

const NEW: &str = "a heron on the weir";
const OTHER: &str = "another horse battery";
/// `PASSWORD` hashed with 64 KiB of memory: each log-in hashes it again.
const WEAK_HASH: &str =
    "$argon2id$v=19$m=64,t=1,p=1$YSB3ZWFrIGhhc2ggc2FsdA$+ee7vNynNCuxZDNaVlhpbuNC8yeHi0IauczLNyCB6EI";

/// A site on a disk that may stall for as long as a test needs without counting as overload.
fn setup_on(disk: &Arc<StallingDisk>) -> Setup {
    let shed_at = ShedAt {
        age: [PATIENCE; 3],
        ..ShedAt::default()
    };
    Setup {
        options: Options {
            shed_at,
            ..disk.options()
        },
        ..Setup::default()
    }
}

fn site_on(disk: &Arc<StallingDisk>) -> Site {
    Site::with(setup_on(disk))
}

/// Sends the first request, then the second once the first one's change is at the disk; the disk resumes once the
/// second one's change waits behind it.
#[track_caller]
fn one_during_the_other(disk: &StallingDisk, site: &Site, first: Request, second: Request) -> (Response, Response) {
    let oldest = |now: &Metrics| now.get("chapp_oldest_change_seconds");
    Metrics::until(site.address, |now| oldest(now) == 0.0 && now.queue() == 0.0);
    let still = Stall::new(disk);
    thread::scope(|scope| {
        let first = scope.spawn(|| first.send());
        Metrics::until(site.address, |now| oldest(now) > 0.0 && disk.is_awaited());
        let queued = Metrics::read(site.address).queue();
        let second = scope.spawn(|| second.send());
        Metrics::until(site.address, |now| now.queue() > queued);
        drop(still);
        (first.join().unwrap(), second.join().unwrap())
    })
}

fn change(site: &Site, person: &Person, password: &str, new: &str) -> Request {
    let body = json!({"password": password, "new_password": new});
    site.request("PUT", "/api/me/password")
        .cookie(&person.cookie)
        .json(&body)
}

fn log_in(site: &Site, name: &str, password: &str) -> Request {
    site.post("/api/login").json(&credentials(name, password))
}

fn reset(site: &Site, code: &str, password: &str) -> Request {
    site.post("/api/reset")
        .json(&json!({"code": code, "password": password}))
}

/// A reset code for a person.
fn reset_code(site: &Site, by: &Person, whom: &Person) -> String {
    let made = site.ask(by, "POST", &format!("/api/people/{}/reset", whom.id), &Value::Null);
    assert_eq!(made.status, 201, "{}", made.text());
    let path = made.json()["path"].as_str().unwrap().to_owned();
    path.rsplit(['/', '#']).next().unwrap().to_owned()
}

/// The same person with the cookie of an answer that contains no user.
fn renewed(person: &Person, answer: &Response) -> Person {
    Person {
        cookie: answer.new_cookie(),
        ..person.clone()
    }
}

fn sessions(site: &Site, person: &Person) -> usize {
    let answer = site.get_as(person, "/api/me/sessions").json();
    answer["sessions"].as_array().unwrap().len()
}

#[track_caller]
fn is_the_password(site: &Site, name: &str, password: &str) {
    for other in [PASSWORD, NEW, OTHER] {
        let expected = if other == password { 200 } else { 401 };
        assert_eq!(site.try_log_in(name, other).status, expected, "{other}");
    }
}

#[test]
fn a_password_change_ends_a_log_in_that_began_before_it() {
    let disk = Arc::new(StallingDisk::default());
    let site = site_on(&disk);
    let ada = site.sign_up("Ada");
    let (changed, came) = one_during_the_other(
        &disk,
        &site,
        change(&site, &ada, PASSWORD, NEW),
        log_in(&site, "Ada", PASSWORD),
    );
    assert_eq!(changed.status, 204, "{}", changed.text());
    came.refused(401, "unauthenticated");
    assert_eq!(sessions(&site, &renewed(&ada, &changed)), 1);
    is_the_password(&site, "Ada", NEW);
}

#[test]
fn a_reset_ends_a_log_in_that_began_before_it() {
    let disk = Arc::new(StallingDisk::default());
    let site = site_on(&disk);
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let code = reset_code(&site, &ada, &ben);
    let (done, came) = one_during_the_other(&disk, &site, reset(&site, &code, NEW), log_in(&site, "Ben", PASSWORD));
    assert_eq!(done.status, 200, "{}", done.text());
    came.refused(401, "unauthenticated");
    assert_eq!(sessions(&site, &Person::of(&done)), 1);
    is_the_password(&site, "Ben", NEW);
}

#[test]
fn of_two_password_changes_at_once_the_second_knows_the_old_password_only() {
    let disk = Arc::new(StallingDisk::default());
    let site = site_on(&disk);
    let ada = site.sign_up("Ada");
    let (changed, refused) = one_during_the_other(
        &disk,
        &site,
        change(&site, &ada, PASSWORD, NEW),
        change(&site, &site.log_in("Ada"), PASSWORD, OTHER),
    );
    assert_eq!(changed.status, 204, "{}", changed.text());
    assert_eq!(refused.refused(422, "invalid")["field"], "password");
    is_the_password(&site, "Ada", NEW);
}

#[test]
fn a_password_change_that_began_before_a_reset_does_not_undo_it() {
    let disk = Arc::new(StallingDisk::default());
    let site = site_on(&disk);
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let code = reset_code(&site, &ada, &ben);
    let (done, refused) = one_during_the_other(
        &disk,
        &site,
        reset(&site, &code, NEW),
        change(&site, &ben, PASSWORD, OTHER),
    );
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(refused.refused(422, "invalid")["field"], "password");
    is_the_password(&site, "Ben", NEW);
}

#[test]
fn a_reset_that_began_before_a_password_change_does_not_undo_it() {
    let disk = Arc::new(StallingDisk::default());
    let site = site_on(&disk);
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let code = reset_code(&site, &ada, &ben);
    let (changed, refused) = one_during_the_other(
        &disk,
        &site,
        change(&site, &ben, PASSWORD, NEW),
        reset(&site, &code, OTHER),
    );
    assert_eq!(changed.status, 204, "{}", changed.text());
    refused.refused(404, "not_found");
    is_the_password(&site, "Ben", NEW);
}

#[test]
fn a_session_that_is_ended_during_its_password_change_gets_no_new_token() {
    let disk = Arc::new(StallingDisk::default());
    let site = site_on(&disk);
    let ada = site.sign_up("Ada");
    let thief = site.log_in("Ada");
    let end = site.request("DELETE", "/api/me/sessions").cookie(&ada.cookie);
    let (ended, refused) = one_during_the_other(&disk, &site, end, change(&site, &thief, PASSWORD, NEW));
    assert_eq!(ended.status, 204, "{}", ended.text());
    refused.refused(401, "unauthenticated");
    assert_eq!(sessions(&site, &ada), 1);
    is_the_password(&site, "Ada", PASSWORD);
}

/// A site where Ben is logged in and his password has a weak hash.
fn site_with_a_weak_hash(disk: &Arc<StallingDisk>) -> (Site, Person) {
    let mut site = Site::new();
    let ada = site.sign_up("Ada");
    site.stop();
    let token = Token::new([7; 32]);
    let account = NewAccount {
        name: Name::parse("Ben").unwrap(),
        password: PasswordHash(WEAK_HASH.to_owned()),
        invite: None,
        session: NewSession {
            id: token.id(),
            device: String::new(),
            address: "127.0.0.1".to_owned(),
        },
        at: Time(chapp::clock::Clock::System.now().0),
    };
    let (store, feed) = Store::open(&site.data(), Options::default()).unwrap();
    drop(feed);
    crate::store_laws::world::wait(async {
        store.commit(Change::SignUp(account)).await.unwrap();
        store.close().await;
    });
    let ben = Person {
        id: 2,
        name: "Ben".to_owned(),
        cookie: ada.cookie.replace(ada.token(), &token.to_hex()),
    };
    (Site::on(site, setup_on(disk)), ben)
}

#[test]
fn a_log_in_that_hashes_the_old_password_anew_does_not_bring_it_back() {
    let disk = Arc::new(StallingDisk::default());
    let (site, ben) = site_with_a_weak_hash(&disk);
    let (changed, came) = one_during_the_other(
        &disk,
        &site,
        change(&site, &ben, PASSWORD, NEW),
        log_in(&site, "Ben", PASSWORD),
    );
    assert_eq!(changed.status, 204, "{}", changed.text());
    came.refused(401, "unauthenticated");
    is_the_password(&site, "Ben", NEW);
}

#[test]
fn who_knows_the_password_is_not_refused_because_another_log_in_hashed_it_anew() {
    let disk = Arc::new(StallingDisk::default());
    let (site, _) = site_with_a_weak_hash(&disk);
    let (first, second) = one_during_the_other(
        &disk,
        &site,
        log_in(&site, "Ben", PASSWORD),
        log_in(&site, "Ben", PASSWORD),
    );
    assert_eq!((first.status, second.status), (200, 200), "{}", second.text());
    let (site, ben) = site_with_a_weak_hash(&disk);
    let (came, changed) = one_during_the_other(
        &disk,
        &site,
        log_in(&site, "Ben", PASSWORD),
        change(&site, &ben, PASSWORD, NEW),
    );
    assert_eq!((came.status, changed.status), (200, 204), "{}", changed.text());
    assert_eq!(site.get_as(&Person::of(&came), "/api/me").status, 401);
    is_the_password(&site, "Ben", NEW);
}

#[test]
fn a_stolen_token_is_dead_after_a_password_change_even_that_of_the_present_session() {
    let mut site = Site::new();
    let ada = site.sign_up("Ada");
    let (stolen, laptop) = (ada.clone(), site.log_in("Ada"));
    let (mut own, mut thiefs, mut other) = (site.socket(&ada), site.socket(&stolen), site.socket(&laptop));
    let changed = change(&site, &ada, PASSWORD, NEW).send();
    assert_eq!(changed.status, 204);
    let ada = renewed(&ada, &changed);
    assert_ne!(ada.token(), stolen.token());
    // The sockets of the same browser reconnect with the new cookie.
    assert_eq!(
        [own.close_code(), thiefs.close_code(), other.close_code()],
        [4410, 4410, 4401]
    );
    for restarted in [false, true] {
        if restarted {
            site.restart();
        }
        for dead in [&stolen, &laptop] {
            site.get_as(dead, "/api/me").refused(401, "unauthenticated");
            let upgrade = Request::upgrade(site.address).cookie(&dead.cookie);
            upgrade.send().refused(401, "unauthenticated");
        }
        site.socket(&ada).until_pong();
        assert_eq!(sessions(&site, &ada), 1);
    }
}

#[test]
fn a_wrong_password_changes_no_token() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let mut socket = site.socket(&ada);
    change(&site, &ada, "not the password", NEW)
        .send()
        .refused(422, "invalid");
    change(&site, &ada, PASSWORD, "short").send().refused(422, "invalid");
    socket.until_pong();
    assert_eq!(site.get_as(&ada, "/api/me").status, 200);
}

#[test]
fn a_link_for_a_new_password_ends_when_the_password_is_changed() {
    let site = Site::new();
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let code = reset_code(&site, &ada, &ben);
    assert_eq!(change(&site, &ben, PASSWORD, NEW).send().status, 204);
    reset(&site, &code, OTHER).send().refused(404, "not_found");
    is_the_password(&site, "Ben", NEW);
}

#[test]
fn an_admin_gets_no_owner_by_a_link_from_when_they_were_a_member() {
    let site = Site::new();
    let (ada, ben, cleo) = (site.sign_up("Ada"), site.sign_up("Ben"), site.sign_up("Cleo"));
    assert_eq!(site.set_role(&ada, &cleo, "admin").status, 200);
    for role in ["admin", "owner"] {
        let code = reset_code(&site, &cleo, &ben);
        assert_eq!(site.set_role(&ada, &ben, role).status, 200);
        reset(&site, &code, OTHER).send().refused(404, "not_found");
        if role == "admin" {
            assert_eq!(site.set_role(&ada, &ben, "member").status, 200);
        }
    }
    is_the_password(&site, "Ben", PASSWORD);
}
