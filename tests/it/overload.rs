//! Overload: what is shed, in which order, and that nothing acknowledged is lost.

use crate::harness::disk::{Stall, StallingDisk};
use crate::harness::http::Request;
use crate::harness::metrics::Metrics;
use crate::harness::people::{PASSWORD, history};
use crate::harness::server::{Setup, Site};
use crate::harness::socket::{Socket, of_type};
use chapp::limits::{ANSWERS_PENDING_MAX, SHED_RETRY_MS};
use chapp::store::{Options, ShedAt};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Posts that wait at each further shedding level: one more connection with the most unanswered posts.
const STEP: usize = ANSWERS_PENDING_MAX;

fn site_on(disk: &Arc<StallingDisk>, shed_at: ShedAt) -> Site {
    Site::with(Setup {
        options: Options {
            shed_at,
            ..disk.options()
        },
        ..Setup::default()
    })
}

/// Sends as many posts as a connection may have in flight, and reads no answer.
fn fill(site: &Site, socket: &mut Socket, name: &str, queued: usize) {
    for n in 0..STEP {
        socket.post(&format!("{name}-{n}"), "from the flood");
    }
    Metrics::until(site.address, |now| now.queue() >= queued as f64);
}

#[track_caller]
fn is_shed(request: Request) {
    let response = request.send();
    response.refused(503, "unavailable");
    let seconds: u64 = response.get("retry-after").unwrap().parse().unwrap();
    assert_eq!(seconds * 1000, SHED_RETRY_MS);
}

#[test]
fn newcomers_go_first_then_signals_then_posts_and_never_what_was_acknowledged() {
    let disk = Arc::new(StallingDisk::default());
    let site = site_on(
        &disk,
        ShedAt {
            waiting: [STEP, 2 * STEP, 3 * STEP],
            age: [Duration::from_secs(3_600); 3],
            burst: Duration::ZERO,
        },
    );
    let (ada, ben, carol) = (site.sign_up("Ada"), site.sign_up("Ben"), site.sign_up("Carol"));
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    let mut flood: Vec<Socket> = (0..3).map(|_| site.socket(&carol)).collect();
    let typing = json!({"type": "typing", "room": 1});

    let stall = Stall::new(&disk);
    bens.post("first", "in the writer's hands");
    // Until then the writer may commit the next posts together with this one, and none would wait.
    Metrics::until(site.address, |_| disk.is_awaited());
    let mut newcomer = site.socket(&ben);
    adas.send(&typing);
    bens.expect("typing");

    fill(&site, &mut flood[0], "one", STEP);
    assert_eq!(Metrics::read(site.address).shed_level(), 1.0);
    is_shed(Request::upgrade(site.address).cookie(&ben.cookie));
    is_shed(
        site.post("/api/login")
            .json(&json!({"name": "Ben", "password": PASSWORD})),
    );
    is_shed(
        site.post("/api/signup")
            .json(&json!({"name": "Dan", "password": PASSWORD})),
    );
    let page = site
        .post("/login")
        .form(&[("name", "Ben"), ("password", PASSWORD)])
        .send();
    assert_eq!(page.status, 503);
    assert!(
        page.text()
            .contains("The server has a lot to do. Try again in a moment.")
    );
    assert_eq!(site.get("/").cookie(&ben.cookie).send().status, 200, "pages are served");
    adas.send(&typing);
    bens.expect("typing");

    fill(&site, &mut flood[1], "two", 2 * STEP);
    assert_eq!(Metrics::read(site.address).shed_level(), 2.0);
    adas.send(&typing);
    adas.until_pong();
    assert!(of_type(&bens.until_pong(), "typing").is_empty());
    let dropped = "chapp_signals_dropped_total{signal=\"typing\",reason=\"overload\"}";
    assert_eq!(Metrics::read(site.address).get(dropped), 1.0);
    adas.post("accepted", "still taken");
    assert!(of_type(&adas.until_pong(), "error").is_empty());

    fill(&site, &mut flood[2], "three", 3 * STEP);
    assert_eq!(Metrics::read(site.address).shed_level(), 3.0);
    adas.post("refused", "too late");
    let error = adas.expect("error");
    assert_eq!(
        (&error["code"], &error["client_id"], &error["retry_after_ms"]),
        (&json!("unavailable"), &json!("refused"), &json!(SHED_RETRY_MS))
    );
    assert_eq!(
        site.get("/api/rooms").cookie(&ada.cookie).send().status,
        200,
        "reading goes on"
    );

    drop(stall);
    assert_eq!(adas.expect("posted")["client_id"], "accepted");
    assert_eq!(bens.expect("posted")["client_id"], "first");
    let mut acknowledged = BTreeSet::new();
    for socket in &mut flood {
        for _ in 0..STEP {
            // The last ones may arrive when posts are already being shed.
            let answers = socket.until(|frame| frame["type"] == "posted" || frame["type"] == "error");
            let answer = &answers[answers.len() - 1];
            if answer["type"] == "posted" {
                acknowledged.insert((answer["seq"].as_u64(), answer["client_id"].clone().to_string()));
            }
        }
    }
    assert!(acknowledged.len() >= 3 * STEP - 2, "{}", acknowledged.len());
    let kept = history(site.address, &carol).into_iter();
    let of_carol = kept.filter(|message| message["author"] == carol.id);
    let of_carol: BTreeSet<_> = of_carol
        .map(|message| (message["id"].as_u64(), message["client_id"].to_string()))
        .collect();
    assert_eq!(
        of_carol, acknowledged,
        "all that was acknowledged, and nothing that was refused"
    );
    let of_ada = history(site.address, &ada).into_iter();
    let of_ada: Vec<_> = of_ada.filter(|message| message["author"] == ada.id).collect();
    assert_eq!(of_ada.len(), 1);
    assert_eq!(of_ada[0]["client_id"], "accepted");

    Metrics::until(site.address, |now| now.shed_level() == 0.0);
    adas.say("refused", "not too late any more");
    site.socket(&ben);
    site.log_in("Ben");
    adas.send(&typing);
    newcomer.expect("typing");
}

#[test]
fn one_change_that_waits_for_long_is_an_overload_too_and_passes() {
    let disk = Arc::new(StallingDisk::default());
    let site = site_on(&disk, ShedAt::default());
    let ada = site.sign_up("Ada");
    let mut adas = site.socket(&ada);
    let stall = Stall::new(&disk);
    adas.post("slow", "the disk stands still");
    let began = Metrics::until(site.address, |now| now.shed_level() >= 1.0);
    assert!(began.queue() < 100.0, "not for the length of the queue");
    is_shed(Request::upgrade(site.address).cookie(&ada.cookie));
    drop(stall);
    assert_eq!(adas.expect("posted")["client_id"], "slow");
    Metrics::until(site.address, |now| now.shed_level() == 0.0);
    site.socket(&ada);
}
