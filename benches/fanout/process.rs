//! The servers as processes: start, kill, and their CPU time and memory from /proc.

use crate::target::Kind;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const START_MAX: Duration = Duration::from_secs(20);
const POLL_INTERVAL: Duration = Duration::from_millis(5);
/// The limit of open files for a server with 10,000 connections; a connection to Chapp takes two.
const OPEN_FILES: u32 = 65_536;

pub struct Server {
    kind: Kind,
    child: Child,
    pub address: SocketAddr,
    data: PathBuf,
}

impl Server {
    /// Starts one with the data file in `folder`.
    pub fn start(kind: Kind, folder: &std::path::Path) -> Result<Server, String> {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.map_err(|error| format!("no port: {error}"))?;
        Server::start_at(kind, folder.join("chapp.redb"), address)
    }

    fn start_at(kind: Kind, data: PathBuf, address: SocketAddr) -> Result<Server, String> {
        let chapp = std::env::var_os("CHAPP_EXE").unwrap_or_else(|| env!("CARGO_BIN_EXE_chapp").into());
        let own = std::env::current_exe().map_err(|error| error.to_string())?;
        // Raises the limit of open files if the system allows it.
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!("ulimit -n {OPEN_FILES} 2>/dev/null; exec \"$0\" \"$@\""));
        match kind {
            Kind::Limit => command.arg(own).arg("--limit").arg(address.port().to_string()),
            Kind::Bun => command
                .arg(std::env::var_os("BUN").unwrap_or_else(|| "bun".into()))
                .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/fanout/bun.js"))
                .arg(address.port().to_string())
                .arg(&data),
            Kind::Chapp => command
                .arg(chapp)
                .args([
                    "--no-open",
                    "--rate-limits",
                    "off",
                    "--listen",
                    &address.to_string(),
                    "--data",
                ])
                .arg(&data),
        };
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = child.spawn().map_err(|error| format!("no server: {error}"))?;
        let server = Server {
            kind,
            child,
            address,
            data,
        };
        let end = Instant::now() + START_MAX;
        while TcpStream::connect(address).is_err() {
            if Instant::now() > end {
                return Err("the server did not start".to_owned());
            }
            std::thread::sleep(POLL_INTERVAL);
        }
        Ok(server)
    }

    /// Kills it and starts it again on the same file and port.
    pub fn kill_and_restart(mut self) -> Result<Server, String> {
        let _ = self.child.kill();
        let _ = self.child.wait();
        Server::start_at(self.kind, self.data.clone(), self.address)
    }

    /// CPU time of all its threads, in microseconds.
    pub fn cpu_us(&self) -> f64 {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id()));
        let tasks = tasks.into_iter().flatten().flatten();
        let times = tasks.filter_map(|task| {
            let stat = fs::read_to_string(task.path().join("schedstat")).ok()?;
            stat.split(' ').next()?.parse::<f64>().ok()
        });
        times.sum::<f64>() / 1_000.0
    }

    /// Proportional set size (PSS) in KiB.
    pub fn memory_kib(&self) -> f64 {
        let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id())).unwrap_or_default();
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
            .unwrap_or(f64::NAN)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
