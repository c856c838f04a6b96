//! Monitoring: `/readyz`, the metrics of the process and its writing, and the token that allows `/metrics` from
//! anywhere.

use crate::harness::PATIENCE;
use crate::harness::disk::{BrokenDisk, Stall, StallingDisk};
use crate::harness::exe::{Home, run};
use crate::harness::http::Request;
use crate::harness::metrics::Metrics;
use crate::harness::people::PASSWORD;
use crate::harness::server::{Setup, Site};
use chapp::config::MetricsToken;
use chapp::store::{Options, ShedAt};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const TOKEN: &str = "s3cr3t-of-16-chars";
const NEIGHBOUR: &str = "127.0.0.2";

/// Polls until the server reports that it is ready, or that it is not.
#[track_caller]
fn until_ready(site: &Site, is_ready: bool) -> String {
    let began = Instant::now();
    loop {
        let response = site.get("/readyz").send();
        match response.status {
            200 if is_ready => return response.text().to_owned(),
            503 if !is_ready => return response.refused(503, "unavailable")["title"].to_string(),
            200 | 503 => assert!(began.elapsed() < PATIENCE, "still {}", response.status),
            other => panic!("{other}"),
        }
    }
}

#[track_caller]
fn is_writable(site: &Site) -> bool {
    Metrics::read(site.address).get("chapp_writable") == 1.0
}

#[test]
fn a_server_that_takes_writes_is_ready_for_whoever_asks_and_says_nothing_else() {
    let site = Site::new();
    for request in [
        site.get("/readyz"),
        site.get("/readyz").from(NEIGHBOUR.parse().unwrap()),
    ] {
        let response = request.send();
        assert_eq!((response.status, response.text()), (200, "ready\n"));
        assert_eq!(response.get("cache-control"), Some("no-store"));
    }
    assert_eq!(site.request("HEAD", "/readyz").send().status, 200);
    assert!(is_writable(&site));
    site.post("/readyz").send().refused(405, "method_not_allowed");
    let other_name = site.get("/readyz").with("Host", "evil.example");
    other_name.send().refused(421, "wrong_host");
}

#[test]
fn a_server_whose_disk_is_full_is_alive_and_not_ready() {
    let (full, _) = Site::on_full_disk();
    let response = full.get("/readyz").send();
    let problem = response.refused(503, "unavailable");
    assert!(problem["title"].as_str().unwrap().contains("full"), "{problem}");
    assert!(response.get("retry-after").is_some());
    assert!(!is_writable(&full));
    assert_eq!(full.get("/healthz").send().status, 200);
}

#[test]
fn a_server_whose_disk_takes_no_writes_is_not_ready_until_it_does_again() {
    let disk = Arc::new(BrokenDisk::default());
    let site = Site::with(Setup {
        options: disk.options(),
        ..Setup::default()
    });
    let ada = site.sign_up("Ada");
    let mut adas = site.socket(&ada);
    assert_eq!(Metrics::read(site.address).get("chapp_write_failures_total"), 0.0);
    disk.set_broken(true);
    assert_eq!(site.say(&ada, "c1", "lost").status, 503);
    let sentence = until_ready(&site, false);
    assert!(sentence.contains("cannot be written"), "{sentence}");
    adas.post("c2", "lost");
    adas.expect("error");
    let form = site
        .post("/signup")
        .form(&[("name", "Ben"), ("password", PASSWORD)])
        .send();
    assert!(form.status >= 500, "{}", form.status);
    // Only changes fail, not queries.
    site.get_as(&ada, "/api/rooms/1/messages");
    let broken = Metrics::read(site.address);
    assert_eq!(broken.get("chapp_writable"), 0.0);
    assert_eq!(broken.get("chapp_write_failures_total"), 3.0);
    disk.set_broken(false);
    until_ready(&site, true);
    assert!(is_writable(&site));
    assert_eq!(site.say(&ada, "c3", "kept").status, 201);
}

#[test]
fn a_server_that_refuses_what_people_do_is_not_ready_until_it_has_caught_up() {
    let disk = Arc::new(StallingDisk::default());
    let shed_at = ShedAt {
        waiting: [1_000, 1_000, 4],
        age: [Duration::from_secs(3_600); 3],
        burst: Duration::ZERO,
    };
    let options = Options {
        shed_at,
        ..disk.options()
    };
    let site = Site::with(Setup {
        options,
        ..Setup::default()
    });
    let ada = site.sign_up("Ada");
    let mut adas = site.socket(&ada);
    let still = Stall::new(&disk);
    for n in 0..8 {
        adas.post(&format!("c{n}"), "waits");
    }
    let sentence = until_ready(&site, false);
    assert!(sentence.contains("too much to do"), "{sentence}");
    // Shed requests are not failures, since the client sends them again.
    assert_eq!(Metrics::read(site.address).get("chapp_write_failures_total"), 0.0);
    drop(still);
    until_ready(&site, true);
}

#[test]
fn the_metrics_tell_what_runs_and_when_it_was_last_copied() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let before = Metrics::read(site.address);
    let build = format!("chapp_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(before.get(&build), 1.0);
    assert_eq!(before.get("chapp_last_backup_timestamp_seconds"), 0.0, "none yet");
    assert_eq!(site.get_as(&ada, "/api/backup").status, 200);
    let started = before.get("process_start_time_seconds");
    Metrics::until(site.address, |now| {
        now.get("chapp_last_backup_timestamp_seconds") >= started
    });
}

#[cfg(target_os = "linux")]
#[test]
fn the_metrics_tell_the_memory_and_the_open_files_of_the_process() {
    let exe = Home::new().serve(&[]);
    let before = Metrics::read(exe.address);
    let resident = before.get("process_resident_memory_bytes");
    assert!((resident / exe.resident_bytes() as f64 - 1.0).abs() < 0.5, "{resident}");
    let limit = before.get("process_max_fds");
    assert!(limit >= before.get("process_open_fds") && limit < 1e9, "{limit}");
    let more: Vec<_> = (0..20)
        .map(|_| std::net::TcpStream::connect(exe.address).unwrap())
        .collect();
    let after = Metrics::until(exe.address, |now| now.get("chapp_connections{kind=\"http\"}") == 21.0);
    let grown = after.get("process_open_fds") - before.get("process_open_fds");
    assert!((20.0..=24.0).contains(&grown), "{grown}");
    drop(more);
}

fn token_file(folder: &Path, text: &str) -> std::path::PathBuf {
    let path = folder.join("token");
    fs::write(&path, text).unwrap();
    set_mode(&path, 0o600);
    path
}

fn set_mode(path: &Path, mode: u32) {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    #[cfg(not(unix))]
    let _ = (path, mode);
}

#[test]
fn whoever_shows_the_token_reads_the_metrics_from_anywhere_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let token = MetricsToken::read(&token_file(folder.path(), &format!("  {TOKEN}\n"))).unwrap();
    let site = Site::with(Setup {
        metrics_token: Some(token),
        ..Setup::default()
    });
    site.sign_up("Ada");
    let from_afar = |path: &str| site.get(path).from(NEIGHBOUR.parse().unwrap());
    let shows = |value: &str| from_afar("/metrics").header("Authorization", value);
    for right in [format!("Bearer {TOKEN}"), format!("bearer  {TOKEN}")] {
        let response = shows(&right).send();
        assert_eq!(response.status, 200);
        assert!(response.text().contains("chapp_writable 1"));
        let through_a_proxy = shows(&right).header("X-Forwarded-For", "192.0.2.7").send();
        assert_eq!(through_a_proxy.status, 200);
    }
    for wrong in [
        "Bearer",
        "Bearer ",
        "Bearer x",
        &format!("Bearer {TOKEN}x"),
        &format!("Bearer {}", &TOKEN[1..]),
    ] {
        let response = shows(wrong).send();
        if wrong.trim() == "Bearer" {
            response.refused(404, "not_found");
            continue;
        }
        response.refused(401, "unauthenticated");
        let challenge = response.get("www-authenticate").unwrap();
        assert!(challenge.starts_with("Bearer "), "{challenge}");
    }
    // Without a token or with another scheme: as for everybody.
    from_afar("/metrics").send().refused(404, "not_found");
    shows(&format!("Basic {TOKEN}")).send().refused(404, "not_found");
    let twice = shows(&format!("Bearer {TOKEN}")).header("Authorization", "Bearer x");
    twice.send().refused(404, "not_found");
    for path in ["/api/me", "/api/server", "/api/backup", "/ws"] {
        let request = from_afar(path).header("Authorization", &format!("Bearer {TOKEN}"));
        request.send().refused(401, "unauthenticated");
    }
    let other_name = shows(&format!("Bearer {TOKEN}")).with("Host", "evil.example");
    other_name.send().refused(421, "wrong_host");
}

#[test]
fn without_a_token_file_no_token_opens_the_metrics() {
    let site = Site::new();
    site.sign_up("Ada");
    for token in ["Bearer ", "Bearer x", "Bearer undefined"] {
        let request = site.get("/metrics").from(NEIGHBOUR.parse().unwrap());
        request.header("Authorization", token).send().refused(404, "not_found");
    }
}

#[test]
fn a_token_file_that_keeps_no_secret_is_no_start() {
    let home = Home::new();
    let start = |file: &Path| {
        let data = home.data();
        let path = file.to_str().unwrap();
        let arguments = ["--no-open", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()];
        let mut command = home.command(&[&arguments[..], &["--metrics-token-file", path]].concat());
        // Only if it starts anyway.
        command.env("CHAPP_LOG", "off");
        let ended = run(command);
        assert!(!ended.status.success() && ended.stdout.is_empty(), "it went on");
        assert!(ended.stderr.contains(path), "{}", ended.stderr);
        assert!(!ended.stderr.contains(TOKEN), "{}", ended.stderr);
        ended.stderr
    };
    let fails = |file: &Path, words: &str| {
        let sentence = start(file);
        assert!(sentence.contains(words), "{sentence}");
    };
    fails(&home.path().join("nothing"), "cannot be read");
    fails(home.path(), "cannot be read");
    for (text, words) in [
        ("", "no token"),
        (" \n\n", "no token"),
        ("short", "16 to 512"),
        (&"x".repeat(513), "16 to 512"),
        ("two words that are long enough", "cannot be one"),
        ("two-lines-of-it-that\nare-long-enough", "cannot be one"),
        ("zwölf-und-noch-ein-paar", "cannot be one"),
    ] {
        fails(&token_file(home.path(), text), words);
    }
    #[cfg(unix)]
    for mode in [0o604, 0o644, 0o666, 0o620, 0o602] {
        let file = token_file(home.path(), TOKEN);
        set_mode(&file, mode);
        fails(&file, "chmod 600");
    }
    assert!(!home.data().exists(), "nothing was made");
}

#[cfg(unix)]
#[test]
fn a_token_file_that_is_a_pipe_is_not_waited_for() {
    let home = Home::new();
    let pipe = home.path().join("pipe");
    crate::harness::make_pipe(&pipe);
    let command = home.command(&["--no-open", "--metrics-token-file", pipe.to_str().unwrap()]);
    assert!(run(command).stderr.contains("it is no file"));
}

#[test]
fn the_token_file_is_read_at_the_start_and_by_its_variable() {
    let home = Home::new();
    let file = token_file(home.path(), &format!("{TOKEN}\n"));
    set_mode(&file, 0o640);
    let data = home.data();
    let mut command = home.command(&["--no-open", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()]);
    command.env("CHAPP_METRICS_TOKEN_FILE", &file);
    let exe = crate::harness::exe::Exe::started(command);
    fs::remove_file(&file).unwrap();
    let request = Request::new(exe.address, "GET", "/metrics").header("X-Forwarded-For", "192.0.2.7");
    request.clone().send().refused(404, "not_found");
    let response = request.header("Authorization", &format!("Bearer {TOKEN}")).send();
    assert_eq!(response.status, 200);
}
