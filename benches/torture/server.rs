//! The server under test: the real executable, its data file and its disk.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// The longest start on a busy machine.
const START_MAX: Duration = Duration::from_secs(20);
/// The longest stop; the server promises less.
const STOP_MAX: Duration = Duration::from_secs(20);
const POLL_INTERVAL: Duration = Duration::from_millis(5);
/// The size of the small disk.
const DISK_BYTES: u64 = 192 << 20;
const FILLER_BLOCK: usize = 1 << 20;
const FILLER_BLOCK_MIN: usize = 4 << 10;

pub struct Server {
    exe: PathBuf,
    folder: PathBuf,
    /// The host name through which clients reach it, with the proxy's port.
    host: String,
    child: Option<Child>,
    /// Dropped after the server has stopped.
    disk: Option<Disk>,
    /// The value of `--rate-limits` for the next start.
    pub rate_limits: &'static str,
}

impl Server {
    /// Does not start it yet; clients reach it through `proxy_port`.
    pub fn new(exe: PathBuf, folder: &Path, proxy_port: u16) -> Server {
        Server {
            exe,
            folder: folder.to_owned(),
            host: format!("chapp.localhost:{proxy_port}"),
            child: None,
            disk: None,
            rate_limits: "off",
        }
    }

    /// Keeps the disk until the server is dropped.
    pub fn keep(&mut self, disk: Option<Disk>) {
        self.disk = disk;
    }

    /// Starts it and returns its address.
    pub fn start(&mut self) -> Result<SocketAddr, String> {
        let data = self.folder.join("data").join("chapp.redb");
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("server.log"))
            .map_err(|error| format!("no log: {error}"))?;
        let mut command = Command::new(&self.exe);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CHAPP_")) {
            command.env_remove(name);
        }
        command
            .args([
                "--no-open",
                "--rate-limits",
                self.rate_limits,
                "--listen",
                "127.0.0.1:0",
                "--host",
                &self.host,
                "--data",
            ])
            .arg(data)
            .env("HOME", &self.folder)
            .env_remove("XDG_DATA_HOME")
            .env_remove("XDG_STATE_HOME")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        let mut child = command
            .spawn()
            .map_err(|error| format!("{}: {error}", self.exe.display()))?;
        let stdout = child.stdout.take().ok_or("no output")?;
        self.child = Some(child);
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let line = lines
            .recv_timeout(START_MAX)
            .map_err(|_| format!("it did not start: {}", self.log()))?;
        let port = line
            .split("://")
            .nth(1)
            .and_then(|rest| rest.split([' ', '/']).next()?.rsplit(':').next()?.parse().ok());
        let port: u16 = port.ok_or_else(|| format!("it did not say where it is: {line}"))?;
        Ok(SocketAddr::from(([127, 0, 0, 1], port)))
    }

    /// The last lines of its log.
    pub fn log(&self) -> String {
        let log = fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(5).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Sends SIGTERM and waits until it has exited.
    pub fn terminate(&mut self) -> Result<(), String> {
        self.signal("TERM");
        let end = Instant::now() + STOP_MAX;
        while let Some(child) = &mut self.child {
            match child.try_wait() {
                Ok(Some(status)) if status.success() => self.child = None,
                Ok(Some(status)) => {
                    self.child = None;
                    return Err(format!("it ended with {status}: {}", self.log()));
                }
                _ if Instant::now() > end => {
                    self.kill();
                    return Err("it did not stop".to_owned());
                }
                _ => thread::sleep(POLL_INTERVAL),
            }
        }
        Ok(())
    }

    /// Sends a signal to this process alone.
    pub fn signal(&self, name: &str) {
        if let Some(child) = &self.child {
            let _ = Command::new("kill")
                .args([format!("-{name}"), child.id().to_string()])
                .stderr(Stdio::null())
                .status();
        }
    }

    /// CPU time in seconds; `None` where the system does not report it (only Linux does).
    #[allow(dead_code, reason = "benches/rooms asks")]
    pub fn cpu_seconds(&self) -> Option<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.as_ref()?.id())).ok()?;
        // proc_pid_stat(5): fields 14 and 15, in ticks of 10 ms. The count starts after the name.
        let times = stat.rsplit_once(") ")?.1.split(' ').skip(11).take(2);
        Some(times.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0)
    }

    /// Resident memory in bytes; `None` where the system does not report it (only Linux does).
    pub fn resident_bytes(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.as_ref()?.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib << 10)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A small disk that tests can fill.
pub struct Disk(PathBuf);

impl Disk {
    /// Mounts a tmpfs on `folder`. It disappears with this program's mount namespace.
    pub fn mount(folder: &Path) -> Result<Disk, String> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={DISK_BYTES}"), "tmpfs"])
            .arg(folder)
            .output()
            .map_err(|error| format!("mount: {error}"))?;
        match mounted.status.success() {
            true => Ok(Disk(folder.to_owned())),
            false => Err(String::from_utf8_lossy(&mounted.stderr).trim().to_owned()),
        }
    }

    /// Fills the disk to its last byte.
    pub fn fill(&self) -> io::Result<()> {
        let mut filler = File::create(self.filler())?;
        let mut block = FILLER_BLOCK;
        let zeros = vec![0; FILLER_BLOCK];
        while block >= FILLER_BLOCK_MIN {
            if filler.write_all(&zeros[..block]).is_err() {
                block /= 2;
            }
        }
        Ok(())
    }

    pub fn free(&self) {
        let _ = fs::remove_file(self.filler());
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("-l")
            .arg(&self.0)
            .stderr(Stdio::null())
            .status();
    }
}
