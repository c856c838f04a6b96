//! `/metrics`: correct numbers, in the promised format, for authorized readers.

use crate::harness::http::Request;
use crate::harness::metrics::Metrics;
use crate::harness::server::{ClockControl, Setup, Site};
use chapp::config::Host;
use chapp::limits::{FRAMES_BURST, TYPING_BURST};
use serde_json::json;
use std::collections::HashSet;
use std::net::IpAddr;

const NEIGHBOUR: &str = "127.0.0.2";

#[test]
fn a_program_on_this_computer_reads_what_was_done() {
    let site = Site::new();
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    adas.until_pong();
    bens.until_pong();
    let before = Metrics::read(site.address);
    for n in 1..=3 {
        adas.say(&format!("c{n}"), "counted");
        adas.expect_message("counted");
        bens.expect_message("counted");
    }
    // A batch is counted when the next one is fetched, after its delivery.
    let after = Metrics::until(site.address, |now| {
        now.get("chapp_events_total") >= before.get("chapp_events_total") + 3.0
    });
    let grown = |name: &str| after.get(name) - before.get(name);
    assert_eq!(grown("chapp_changes_total"), 3.0);
    assert!(grown("chapp_deliveries_total") >= 6.0);
    assert!(grown("chapp_delivered_bytes_total") >= 6.0 * "counted".len() as f64);
    assert!(grown("chapp_delivery_writes_total") >= 6.0);
    assert!(grown("chapp_batch_changes_sum") == 3.0 && grown("chapp_batch_changes_count") >= 1.0);
    assert!(grown("chapp_fan_out_seconds_count") >= 1.0 && grown("chapp_commit_seconds_sum") > 0.0);
    assert_eq!(
        after.get("chapp_commit_seconds_count"),
        after.get("chapp_commits_total")
    );
    assert_eq!(after.get("chapp_connections{kind=\"socket\"}"), 2.0);
    assert!(
        after.get("chapp_connections{kind=\"http\"}") >= 1.0,
        "the one that asks"
    );
    assert!(after.get("chapp_connections_max") >= 16.0);
    assert!(after.get("chapp_data_file_bytes") > 4096.0 && after.get("chapp_disk_free_bytes") > 0.0);
    assert_eq!((after.shed_level(), after.queue()), (0.0, 0.0));
}

#[test]
fn it_is_the_format_that_it_says_it_is() {
    let site = Site::new();
    let response = site.get("/metrics").send();
    assert_eq!(
        response.get("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let text = response.text();
    assert!(text.ends_with('\n'));
    let mut typed = HashSet::new();
    for line in text.lines() {
        if let Some(family) = line.strip_prefix("# TYPE ") {
            let (name, kind) = family.split_once(' ').unwrap();
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            assert!(
                text.contains(&format!("# HELP {name} ")) && typed.insert(name),
                "{line}"
            );
        } else if !line.starts_with("# HELP ") {
            let name = line.split(['{', ' ']).next().unwrap();
            let parts = ["_bucket", "_sum", "_count"];
            let family = parts.iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
            assert!(typed.contains(name) || typed.contains(family), "{line}");
        }
    }
    let metrics = Metrics::parse(text);
    for histogram in ["chapp_batch_changes", "chapp_commit_seconds", "chapp_fan_out_seconds"] {
        let mut buckets: Vec<(f64, f64)> = metrics
            .names()
            .filter_map(|name| {
                let bound = name.strip_prefix(&format!("{histogram}_bucket{{le=\""))?;
                Some((bound.strip_suffix("\"}")?.parse().unwrap(), metrics.get(name)))
            })
            .collect();
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(
            buckets.len() > 5 && buckets.is_sorted_by(|a, b| a.1 <= b.1),
            "{buckets:?}"
        );
        let last = buckets.last().unwrap();
        assert_eq!(
            (last.0, last.1),
            (f64::INFINITY, metrics.get(&format!("{histogram}_count")))
        );
    }
}

#[test]
fn nobody_else_reads_it_but_who_looks_after_the_server() {
    let site = Site::with(Setup {
        hosts: vec![Host {
            name: "chat.example.org".to_owned(),
            port: None,
        }],
        ..Setup::default()
    });
    let (owner, member) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let neighbour: IpAddr = NEIGHBOUR.parse().unwrap();
    let ways: [(&str, Request); 5] = [
        ("from another address", site.get("/metrics").from(neighbour)),
        (
            "through a proxy",
            site.get("/metrics").header("X-Forwarded-For", "192.0.2.7"),
        ),
        (
            "through a proxy",
            site.get("/metrics").header("Forwarded", "for=192.0.2.7"),
        ),
        ("through a proxy", site.get("/metrics").header("Via", "1.1 proxy")),
        (
            "through a proxy that says nothing",
            site.get("/metrics")
                .with("Host", &format!("chat.example.org:{}", site.port())),
        ),
    ];
    for (way, request) in ways {
        request.clone().send().refused(404, "not_found");
        request.clone().cookie(&member.cookie).send().refused(403, "forbidden");
        let allowed = request.cookie(&owner.cookie).send();
        assert_eq!(allowed.status, 200, "{way}");
        assert!(allowed.text().contains("chapp_connections"), "{way}");
    }
    let other_site = site.get("/metrics").header("Sec-Fetch-Site", "cross-site");
    other_site.send().refused(403, "forbidden");
    let other_name = site.get("/metrics").with("Host", "evil.example");
    other_name.send().refused(421, "wrong_host");
}

#[test]
fn what_is_refused_is_counted_by_its_reason() {
    let (_hands, clock) = ClockControl::new();
    let site = Site::limited(clock);
    let ada = site.sign_up("Ada");
    let mut adas = site.socket(&ada);
    for _ in 0..5 {
        site.try_log_in("Ada", "not the password")
            .refused(401, "unauthenticated");
    }
    site.try_log_in("Ada", "not the password")
        .refused(429, "too_many_requests");
    for _ in 0..TYPING_BURST + 2 {
        adas.send(&json!({"type": "typing", "room": 1}));
    }
    adas.until_pong();
    let metrics = Metrics::read(site.address);
    assert_eq!(metrics.get("chapp_refused_total{what=\"login\",reason=\"rate\"}"), 1.0);
    let dropped = "chapp_signals_dropped_total{signal=\"typing\",reason=\"rate\"}";
    assert_eq!(metrics.get(dropped), 2.0);
    for _ in 0..FRAMES_BURST {
        adas.send(&json!({"type": "ping"}));
    }
    assert_eq!(adas.close_code(), 4429);
    adas.leave();
    Metrics::until(site.address, |now| {
        now.get("chapp_sockets_closed_total{code=\"4429\"}") == 1.0
    });
}
