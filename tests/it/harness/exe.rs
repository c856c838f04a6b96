//! The executable in a home of its own, so that it touches nothing of the person who runs the tests.

use super::PATIENCE;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use tempfile::TempDir;

/// The executable under test: that of `CHAPP_EXE`, or the one that cargo has just built.
pub fn executable() -> PathBuf {
    let named = std::env::var_os("CHAPP_EXE").map(PathBuf::from);
    named.unwrap_or_else(|| env!("CARGO_BIN_EXE_chapp").into())
}

/// A home folder; the data folders of the platform lie within.
pub struct Home(TempDir);

/// The arguments of every test server.
fn serving(data: &str) -> [&str; 5] {
    ["--no-open", "--listen", "127.0.0.1:0", "--data", data]
}

impl Home {
    pub fn new() -> Home {
        Home(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn data(&self) -> PathBuf {
        self.path().join("chapp.redb")
    }

    /// The executable with these arguments and no `CHAPP_…` variables.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(&executable(), arguments)
    }

    pub fn command_of(&self, executable: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(executable);
        command.args(arguments).current_dir(self.path());
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("CHAPP_") || name.starts_with("XDG_") || name == "RUST_LOG" {
                command.env_remove(name);
            }
        }
        for name in ["HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"] {
            command.env(name, self.path());
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts a server on a free port, with its data file in this home.
    pub fn serve(&self, arguments: &[&str]) -> Exe {
        let data = self.data();
        let all = [&serving(data.to_str().unwrap()), arguments].concat();
        Exe::started(self.command(&all))
    }

    /// The same with the default action for SIGHUP, which `nohup` would disable.
    pub fn serve_at_terminal(&self, arguments: &[&str]) -> Exe {
        let (data, chapp) = (self.data(), executable());
        let first = ["--default-signal=HUP", chapp.to_str().unwrap()];
        let all = [&first, &serving(data.to_str().unwrap())[..], arguments].concat();
        Exe::started(self.command_of(Path::new("env"), &all))
    }
}

/// The result of a process that has ended.
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// A running executable. Killed when dropped.
pub struct Exe {
    child: Child,
    lines: Receiver<String>,
    stderr: Option<JoinHandle<String>>,
    /// The line with its address.
    pub line: String,
    pub address: SocketAddr,
}

/// Runs to the end.
pub fn run(command: Command) -> Ended {
    let mut exe = Exe::spawn(command);
    exe.wait()
}

impl Exe {
    /// Returns once it has printed its address.
    pub fn started(command: Command) -> Exe {
        Exe::spawn(command).once_it_says_where()
    }

    /// The same, without reading its standard error until a test asks for it.
    pub fn started_unread(command: Command) -> (Exe, ChildStderr) {
        let (exe, stderr) = Exe::spawn_unread(command);
        (exe.once_it_says_where(), stderr)
    }

    fn once_it_says_where(self) -> Exe {
        let mut exe = self;
        // A wrapper around the executable may have printed something first.
        let line = loop {
            match exe.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains("://") => break line,
                Ok(_) => {}
                Err(_) => panic!("it did not start: {}", exe.wait().stderr),
            }
        };
        let port = line
            .split("://")
            .nth(1)
            .and_then(|rest| rest.split([' ', '/']).next()?.rsplit(':').next()?.parse().ok());
        exe.address = SocketAddr::from(([127, 0, 0, 1], port.unwrap_or_else(|| panic!("no address: {line}"))));
        exe.line = line;
        exe
    }

    fn spawn(command: Command) -> Exe {
        let (mut exe, mut stderr) = Exe::spawn_unread(command);
        exe.stderr = Some(thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = stderr.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        }));
        exe
    }

    fn spawn_unread(mut command: Command) -> (Exe, ChildStderr) {
        let mut child = command.spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let stderr = child.stderr.take().unwrap();
        let (say, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = say.send(line);
            }
        });
        let exe = Exe {
            child,
            lines,
            stderr: None,
            line: String::new(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        (exe, stderr)
    }

    /// Sends a signal such as `TERM` to this process alone.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Kills it with SIGKILL.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Resident memory, in bytes.
    #[cfg(target_os = "linux")]
    pub fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib << 10
    }

    /// The nice value of the thread with this name.
    #[cfg(target_os = "linux")]
    pub fn nice_of(&self, name: &str) -> Option<i32> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let mut stats = threads.map(|thread| std::fs::read_to_string(thread.unwrap().path().join("stat")).unwrap());
        let stat = stats.find(|stat| stat.contains(&format!("({name})")))?;
        // proc_pid_stat(5): field 19. The count starts after the name.
        stat.rsplit_once(") ")?.1.split(' ').nth(16)?.parse().ok()
    }

    /// Waits until it has ended.
    pub fn wait(&mut self) -> Ended {
        let mut stdout = String::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => stdout += &format!("{line}\n"),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    self.kill();
                    panic!("it did not end");
                }
            }
        }
        Ended {
            status: self.child.wait().unwrap(),
            stdout,
            stderr: self
                .stderr
                .take()
                .map_or_else(String::new, |stderr| stderr.join().unwrap()),
        }
    }
}

impl Drop for Exe {
    fn drop(&mut self) {
        self.kill();
    }
}
