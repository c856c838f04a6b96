//! If a part of the server panics, the whole server stops cleanly instead of running on without it. A panic in one
//! socket ends only that socket.

use crate::harness::metrics::Metrics;
use crate::harness::people::{PASSWORD, history};
use crate::harness::server::{Log, Setup, Site};
use crate::harness::socket::Socket;
use chapp::chat::{BackgroundTask, BackupPlan, TaskFault};
use chapp::store::{DiskOp, FaultInjector, Options};
use serde_json::json;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Makes one task panic once, on demand.
#[derive(Default)]
struct Breaker(Mutex<Option<BackgroundTask>>);

impl Breaker {
    fn new() -> (Arc<Breaker>, Arc<TaskFault>) {
        let breaker = Arc::new(Breaker::default());
        let fault = {
            let breaker = breaker.clone();
            move |task| {
                let mut armed = breaker.0.lock().unwrap();
                if armed.take_if(|armed| *armed == task).is_some() {
                    drop(armed);
                    panic!("broken by a test");
                }
            }
        };
        (breaker, Arc::new(fault))
    }

    fn arm(&self, task: BackgroundTask) {
        *self.0.lock().unwrap() = Some(task);
    }
}

fn site_with(fault: Arc<TaskFault>) -> Site {
    Site::with(Setup {
        fault: Some(fault),
        ..Setup::default()
    })
}

/// The same with default settings.
fn stops_in_order(task: BackgroundTask, cause: impl FnOnce(&Site, &mut Socket)) {
    stops_in_order_as(Setup::default(), task, cause);
}

/// `cause` makes `task` of a server panic: every socket is closed, everything acknowledged is in the file, and the
/// server names the failed task.
fn stops_in_order_as(setup: Setup, task: BackgroundTask, cause: impl FnOnce(&Site, &mut Socket)) {
    let (breaker, fault) = Breaker::new();
    let mut site = Site::with(Setup {
        fault: Some(fault),
        ..setup
    });
    let ada = site.sign_up("Ada");
    let mut socket = site.socket(&ada);
    let seq = socket.say("c1", "acknowledged");
    breaker.arm(task);
    cause(&site, &mut socket);
    assert_eq!(socket.close_code(), 1001);
    assert_eq!(site.failure().0, task);
    site.start();
    let kept = history(site.address, &ada);
    assert!(kept.iter().any(|message| message["id"] == seq), "{kept:?}");
    site.socket(&ada).say("c2", "as if nothing had been");
}

#[test]
fn a_panic_in_the_fan_out_stops_the_server_in_order() {
    stops_in_order(BackgroundTask::FanOut, |_, socket| socket.post("cause", "cause"));
}

#[test]
fn a_panic_in_presence_stops_the_server_in_order() {
    stops_in_order(BackgroundTask::Presence, |_, socket| {
        socket.send(&json!({"type": "away", "on": true}))
    });
}

#[test]
fn a_panic_while_signals_are_told_stops_the_server_in_order() {
    stops_in_order(BackgroundTask::Coalesced, |_, socket| {
        socket.send(&json!({"type": "typing", "room": 1}))
    });
}

#[test]
fn a_panic_while_read_marks_are_written_stops_the_server_in_order() {
    stops_in_order(BackgroundTask::ReadMarks, |_, socket| {
        socket.send(&json!({"type": "read", "room": 1, "seq": 0}));
    });
}

#[test]
fn a_panic_while_connections_are_accepted_stops_the_server_in_order() {
    stops_in_order(BackgroundTask::Accept, |site, _| {
        drop(std::net::TcpStream::connect(site.address).unwrap());
    });
}

#[test]
fn a_panic_in_the_sweep_of_sessions_stops_the_server_in_order() {
    stops_in_order(BackgroundTask::Sweep, |_, _| {});
}

#[test]
fn a_panic_while_people_are_told_of_trouble_stops_the_server_in_order() {
    stops_in_order(BackgroundTask::Trouble, |_, _| {});
}

#[test]
fn a_panic_while_something_is_erased_stops_the_server_in_order() {
    stops_in_order(BackgroundTask::Erase, |_, _| {});
}

#[test]
fn a_panic_of_the_nightly_backups_stops_the_server_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let plan = BackupPlan {
        look_every: Duration::from_millis(20),
        ..BackupPlan::new(Path::new("chapp.redb"), Some(folder.path().to_owned()), 0)
    };
    let setup = Setup {
        backups: Some(plan),
        ..Setup::default()
    };
    stops_in_order_as(setup, BackgroundTask::Nightly, |_, _| {});
}

#[cfg(unix)]
#[test]
fn a_panic_while_a_command_is_accepted_stops_the_server_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let setup = Setup {
        control_folders: vec![run.clone()],
        ..Setup::default()
    };
    stops_in_order_as(setup, BackgroundTask::Commands, |_, _| {
        let socket = std::fs::read_dir(&run).unwrap().next().unwrap().unwrap();
        drop(std::os::unix::net::UnixStream::connect(socket.path()).unwrap());
    });
}

/// A panic payload that panics again when it is dropped.
struct PanicsOnDrop;

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic!("dropped by whoever caught it");
    }
}

/// Kills the thread that writes to it, although that thread catches panics.
#[derive(Debug, Default)]
struct PanickingDisk(AtomicBool);

impl FaultInjector for PanickingDisk {
    fn before(&self, op: DiskOp<'_>) -> io::Result<()> {
        if op.is_sync() && self.0.swap(false, Relaxed) {
            std::panic::panic_any(PanicsOnDrop);
        }
        Ok(())
    }
}

#[test]
fn a_panic_of_the_writer_stops_the_server_and_what_was_acknowledged_is_in_the_file() {
    let disk = Arc::new(PanickingDisk::default());
    let log = Log::default();
    let mut site = Site::with(Setup {
        options: Options {
            faults: Some(disk.clone()),
            ..Options::default()
        },
        log: log.clone(),
        ..Setup::default()
    });
    let ada = site.sign_up("Ada");
    let mut socket = site.socket(&ada);
    let seq = socket.say("c1", "acknowledged");
    disk.0.store(true, Relaxed);
    socket.post("c2", "on its way as the writer panics");
    assert_eq!(socket.close_code(), 1001);
    assert_eq!(site.failure().0, BackgroundTask::Writer);
    assert!(
        log.text().contains("the writer of the data file has failed"),
        "{}",
        log.text()
    );
    site.start();
    let kept = history(site.address, &ada);
    assert!(kept.iter().any(|message| message["id"] == seq), "{kept:?}");
    site.socket(&ada).say("c3", "as if nothing had been");
}

#[test]
fn a_socket_that_panics_leaves_neither_its_place_nor_its_person_online() {
    let (breaker, fault) = Breaker::new();
    let site = site_with(fault);
    let (ada, ben) = (site.sign_up("Ada"), site.sign_up("Ben"));
    let mut adas = site.socket(&ada);
    let mut bens = site.socket(&ben);
    bens.until_pong();
    let places = Metrics::read(site.address).get("chapp_connections{kind=\"socket\"}");
    assert_eq!(places, 2.0);
    breaker.arm(BackgroundTask::Socket(chapp::model::UserId(ada.id)));
    adas.send(&json!({"type": "ping"}));
    assert_eq!(adas.close_code(), 1011);
    bens.until(|frame| frame["type"] == "presence" && frame["user"] == ada.id && frame["state"] == "offline");
    Metrics::until(site.address, |now| {
        now.get("chapp_connections{kind=\"socket\"}") == 1.0 && now.get("chapp_connections{kind=\"http\"}") == 1.0
    });
    site.socket(&ada).say("c1", "back again");
    bens.expect_message("back again");
}

#[test]
fn a_panic_over_one_password_keeps_nobody_else_from_logging_in() {
    let (breaker, fault) = Breaker::new();
    let site = site_with(fault);
    site.sign_up("Ada");
    breaker.arm(BackgroundTask::Passwords);
    site.try_log_in("Ada", PASSWORD).refused(500, "internal");
    site.log_in("Ada");
}
