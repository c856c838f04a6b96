//! The `trouble` frame while nothing can be saved: every client gets it at once, also clients that connect meanwhile,
//! and
//! again when it is over.

use crate::harness::PATIENCE;
use crate::harness::disk::BrokenDisk;
use crate::harness::server::{Setup, Site};
use crate::harness::socket::Socket;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;
use std::{fs, io, thread, time::Duration};

/// The `what` of the next `trouble` frame.
#[track_caller]
fn next_trouble(socket: &mut Socket) -> Value {
    socket.expect("trouble")["what"].clone()
}

/// The `trouble` in the first frame of a new socket.
fn trouble_at_connect(site: &Site, person: &crate::harness::people::Person) -> Value {
    site.socket(person).ready["server"]["trouble"].clone()
}

#[track_caller]
fn until_alive(site: &Site, status: u16) {
    let began = Instant::now();
    while site.get("/healthz").send().status != status {
        assert!(began.elapsed() < PATIENCE, "not {status}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn everybody_hears_that_the_file_was_taken_away_and_that_it_is_back() {
    let site = Site::new();
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let (mut adas, mut bens) = (site.socket(&ada), site.socket(&ben));
    assert_eq!(adas.ready["server"].get("trouble"), None);
    let elsewhere = site.data().with_file_name("elsewhere.redb");
    fs::rename(site.data(), &elsewhere).unwrap();
    for socket in [&mut adas, &mut bens] {
        assert_eq!(next_trouble(socket), "file_removed");
    }
    assert_eq!(trouble_at_connect(&site, &ben), "file_removed");
    adas.post("c1", "into nothing");
    let refused = adas.expect("error");
    assert_eq!(
        (&refused["code"], &refused["client_id"]),
        (&json!("unavailable"), &json!("c1"))
    );
    let title = site.get("/healthz").send().refused(503, "unavailable")["title"].clone();
    assert!(title.as_str().unwrap().contains("removed or renamed"), "{title}");
    fs::rename(&elsewhere, site.data()).unwrap();
    for socket in [&mut adas, &mut bens] {
        assert_eq!(next_trouble(socket), Value::Null);
    }
    assert_eq!(trouble_at_connect(&site, &ben), Value::Null);
    until_alive(&site, 200);
    adas.say("c1", "into nothing");
    bens.expect_message("into nothing");
}

#[test]
fn everybody_hears_that_somebody_has_put_another_file_there_or_written_to_it() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let mut adas = site.socket(&ada);
    let other = site.data().with_file_name("other.redb");
    fs::copy(site.data(), &other).unwrap();
    fs::rename(&other, site.data()).unwrap();
    assert_eq!(next_trouble(&mut adas), "file_replaced");
    until_alive(&site, 503);

    let site = Site::new();
    let ada = site.sign_up("Ada");
    let mut adas = site.socket(&ada);
    let mut file = fs::OpenOptions::new().write(true).open(site.data()).unwrap();
    io::Write::write_all(&mut file, &[0; 4096]).unwrap();
    assert_eq!(next_trouble(&mut adas), "file_overwritten");
    until_alive(&site, 503);
}

#[test]
fn a_disk_that_takes_no_writes_is_told_of_and_no_reason_to_restart_the_server() {
    let disk = Arc::new(BrokenDisk::default());
    let site = Site::with(Setup {
        options: disk.options(),
        ..Setup::default()
    });
    let ada = site.sign_up("Ada");
    let mut adas = site.socket(&ada);
    disk.set_broken(true);
    adas.post("c1", "kept by the browser");
    assert_eq!(next_trouble(&mut adas), "not_writable");
    assert_eq!(trouble_at_connect(&site, &ada), "not_writable");
    assert_eq!(site.get("/healthz").send().status, 200);
    disk.set_broken(false);
    assert_eq!(next_trouble(&mut adas), Value::Null);
    adas.say("c1", "kept by the browser");
}

#[test]
fn a_full_disk_is_told_of_to_whoever_comes() {
    let (full, ada) = Site::on_full_disk();
    let mut adas = full.socket(&ada);
    // The first check may come before or after.
    if adas.ready["server"].get("trouble").is_none() {
        assert_eq!(next_trouble(&mut adas), "disk_full");
    }
    assert_eq!(trouble_at_connect(&full, &ada), "disk_full");
    assert_eq!(full.get("/healthz").send().status, 200);
}
