//! The real server in this process, with a data file, a port and a thread of its own.

use super::PATIENCE;
use super::http::Request;
use super::people::Person;
use chapp::chat::{BackupPlan, RateLimits, TaskFault};
use chapp::clock::{Clock, ManualClock, Time};
use chapp::config::{Config, Host, MetricsToken};
use chapp::limits::Timers;
use chapp::server::{Failure, Server};
use chapp::store::{Options, ShedAt};
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// What a test may choose.
pub struct Setup {
    pub rate_limits: RateLimits,
    pub clock: Clock,
    pub options: Options,
    pub hosts: Vec<Host>,
    pub listen: &'static str,
    pub io_uring: bool,
    /// The server's own timers.
    pub timers: Timers,
    pub metrics_token: Option<MetricsToken>,
    pub backups: Option<BackupPlan>,
    /// Folders for the command socket; empty unless a test is about commands.
    pub control_folders: Vec<PathBuf>,
    /// The log of the server's own thread, from level `info`.
    pub log: Log,
    /// Injects panics into parts of the server.
    pub fault: Option<Arc<TaskFault>>,
}

/// Sheds nothing before a test's patience ends: a disk or a machine that stalls for a second must not turn away the
/// sockets of a test that is about something else.
fn unhurried() -> ShedAt {
    ShedAt {
        age: [PATIENCE; 3],
        burst: PATIENCE,
        ..ShedAt::default()
    }
}

impl Default for Setup {
    fn default() -> Setup {
        let options = Options {
            shed_at: unhurried(),
            ..Options::default()
        };
        Setup {
            rate_limits: RateLimits::Off,
            clock: Clock::System,
            options,
            hosts: Vec::new(),
            listen: "127.0.0.1:0",
            io_uring: true,
            timers: Timers::default(),
            metrics_token: None,
            backups: None,
            control_folders: Vec::new(),
            log: Log::default(),
            fault: None,
        }
    }
}

/// What a server has logged. Clones share it.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Waits until the log contains a text.
    #[track_caller]
    pub fn until(&self, words: &str) {
        let began = Instant::now();
        while !self.text().contains(words) {
            assert!(began.elapsed() < PATIENCE, "no {words:?} in:\n{}", self.text());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(line)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Drives a clock that only the test advances.
pub struct ClockControl(Arc<ManualClock>);

impl ClockControl {
    pub fn new() -> (ClockControl, Clock) {
        let clock = Arc::new(ManualClock::new(Clock::System.now()));
        (ClockControl(clock.clone()), Clock::Manual(clock))
    }

    /// Lets time pass.
    pub fn advance(&self, time: Duration) {
        self.0.advance(time);
    }

    pub fn now(&self) -> u64 {
        Clock::Manual(self.0.clone()).now().0
    }

    /// Sets the clock back without letting time pass.
    pub fn go_back(&self, time: Duration) {
        self.0.set(Time(self.now() - time.as_millis() as u64));
    }

    /// Sets the clock forward without letting time pass.
    pub fn go_forward(&self, time: Duration) {
        self.0.set(Time(self.now() + time.as_millis() as u64));
    }
}

/// A server and its data file. Stops cleanly when dropped.
pub struct Site {
    pub address: SocketAddr,
    setup: Setup,
    running: Option<Running>,
    folder: TempDir,
}

struct Running {
    stop: oneshot::Sender<()>,
    stopped: Mutex<mpsc::Receiver<Result<(), Failure>>>,
}

impl Site {
    /// A server without rate limits and with the system clock.
    pub fn new() -> Site {
        Site::with(Setup::default())
    }

    pub fn limited(clock: Clock) -> Site {
        Site::with(Setup {
            rate_limits: RateLimits::On,
            clock,
            ..Setup::default()
        })
    }

    pub fn with(setup: Setup) -> Site {
        let folder = tempfile::tempdir().unwrap();
        let mut site = Site {
            address: setup.listen.parse().unwrap(),
            setup,
            running: None,
            folder,
        };
        site.start();
        site
    }

    /// Starts on the data file of a stopped site.
    pub fn on(mut stopped: Site, setup: Setup) -> Site {
        stopped.setup = setup;
        stopped.start();
        stopped
    }

    /// A site whose disk is full, and a person who signed up before.
    pub fn on_full_disk() -> (Site, Person) {
        let mut site = Site::new();
        let ada = site.sign_up("Ada");
        site.stop();
        let options = Options {
            disk_free_bytes_min: u64::MAX,
            ..Options::default()
        };
        let full = Setup {
            options,
            ..Setup::default()
        };
        (Site::on(site, full), ada)
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("chapp.redb")
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn origin(&self) -> String {
        format!("http://chapp.localhost:{}", self.port())
    }

    pub fn get(&self, path: &str) -> Request {
        self.request("GET", path)
    }

    pub fn post(&self, path: &str) -> Request {
        self.request("POST", path)
    }

    pub fn request(&self, method: &str, path: &str) -> Request {
        Request::new(self.address, method, path)
    }

    /// On another port.
    pub fn start(&mut self) {
        assert!(self.running.is_none());
        let config = Config {
            data: self.data(),
            listen: self.setup.listen.parse().unwrap(),
            hosts: self.setup.hosts.clone(),
            open: false,
            log: "off".to_owned(),
            rate_limits: self.setup.rate_limits,
            io_uring: self.setup.io_uring,
            timers: self.setup.timers,
            metrics_token: self.setup.metrics_token.clone(),
            backups: self.setup.backups.clone(),
            control_folders: self.setup.control_folders.clone(),
        };
        let (options, clock) = (self.setup.options.clone(), self.setup.clock.clone());
        let (stop, stopping) = oneshot::channel::<()>();
        let (say_started, started) = mpsc::channel();
        let (say_stopped, stopped) = mpsc::channel();
        let (log, fault) = (self.setup.log.clone(), self.setup.fault.clone());
        thread::spawn(move || {
            let lines = tracing_subscriber::fmt()
                .with_ansi(false)
                .with_writer(move || log.clone());
            let _log = tracing::subscriber::set_default(lines.finish());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let ended = runtime.unwrap().block_on(async {
                let server = Server::open(&config, options, clock).unwrap();
                if let Some(fault) = fault {
                    server.fault_points().set(fault);
                }
                say_started.send(server.address()).unwrap();
                let stop = async {
                    let _ = stopping.await;
                };
                server.run(stop).await
            });
            let _ = say_stopped.send(ended);
        });
        self.address = started.recv_timeout(PATIENCE).expect("the server starts");
        self.running = Some(Running {
            stop,
            stopped: Mutex::new(stopped),
        });
    }

    /// Returns once the data file is closed.
    pub fn stop(&mut self) {
        if let Some(Running { stop, stopped }) = self.running.take() {
            let _ = stop.send(());
            let ended = stopped.lock().unwrap().recv_timeout(PATIENCE);
            assert!(ended.is_ok() || thread::panicking(), "the server did not stop in order");
        }
    }

    /// Waits until the server has stopped by itself, and returns the reason.
    pub fn failure(&mut self) -> Failure {
        let Running { stop: _stop, stopped } = self.running.take().unwrap();
        let ended = stopped.lock().unwrap().recv_timeout(PATIENCE);
        ended.expect("it did not stop").expect_err("it did not fail")
    }

    pub fn restart(&mut self) {
        self.stop();
        self.start();
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop();
    }
}
