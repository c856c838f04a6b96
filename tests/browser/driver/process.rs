//! Child processes that cannot outlive the test run.

use super::{Outcome, POLL};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Runs the program in the background and kills the whole process group when our end of the shell's
/// stdin closes, which also happens when the test run itself is killed. The shell lets go of its
/// own stdout and stderr, so that their end means that the program has ended.
const KEEPER: &str = r#""$@" </dev/null & echo "pid $!"; exec >/dev/null 2>&1; cat; kill -KILL 0"#;

/// Output that arrives after a program's end arrives within this time.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A program, everything it started, and the lines they wrote to stdout and stderr.
pub struct Process {
    keeper: Child,
    pid: u32,
    lines: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Process {
    /// An empty value removes a variable from the environment.
    pub fn start(program: &str, args: &[&str], environment: &[(&str, &str)]) -> Outcome<Process> {
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "sh", program]).args(args);
        command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, value) in environment {
            if value.is_empty() {
                command.env_remove(name);
            } else {
                command.env(name, value);
            }
        }
        let mut keeper = command.spawn().map_err(|error| format!("{program}: {error}"))?;
        let lines = Arc::new(Mutex::new(Vec::new()));
        let mut readers = Vec::new();
        if let Some(stdout) = keeper.stdout.take() {
            readers.push(collect(stdout, &lines));
        }
        if let Some(stderr) = keeper.stderr.take() {
            readers.push(collect(stderr, &lines));
        }
        let mut process = Process {
            keeper,
            pid: 0,
            lines,
            readers,
        };
        process.pid = process
            .wait_for(Duration::from_secs(5), |line| line.strip_prefix("pid ")?.parse().ok())
            .map_err(|error| format!("{program}: {error}"))?;
        Ok(process)
    }

    /// The lines so far, without the first line of the shell.
    pub fn lines(&self) -> Vec<String> {
        let lines = self.lines.lock().expect("no reader panics");
        lines.iter().filter(|line| !line.starts_with("pid ")).cloned().collect()
    }

    /// The lines since the last call.
    pub fn take_lines(&self) -> Vec<String> {
        std::mem::take(&mut *self.lines.lock().expect("no reader panics"))
    }

    /// The first line for which `wanted` returns a value.
    pub fn wait_for<T>(&self, limit: Duration, wanted: impl Fn(&str) -> Option<T>) -> Outcome<T> {
        let started = Instant::now();
        loop {
            let ended = self.has_ended();
            let lines = self.lines.lock().expect("no reader panics").clone();
            if let Some(found) = lines.iter().find_map(|line| wanted(line)) {
                return Ok(found);
            }
            if ended || started.elapsed() > limit {
                let why = if ended { "it ended" } else { "too late" };
                return Err(format!("{why}; it said only {lines:#?}"));
            }
            thread::sleep(POLL);
        }
    }

    /// Sends a signal, such as "TERM", to the program alone.
    pub fn signal(&self, name: &str) {
        let _ = Command::new("kill")
            .args(["-s", name, &self.pid.to_string()])
            .stderr(Stdio::null())
            .status();
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    pub fn has_ended(&self) -> bool {
        !self.readers.is_empty() && self.readers.iter().all(JoinHandle::is_finished)
    }

    pub fn wait_for_end(&self, limit: Duration) -> Outcome {
        let started = Instant::now();
        while !self.has_ended() {
            if started.elapsed() > limit {
                return Err(format!("process {} still runs after {limit:?}", self.pid));
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// Kills the program and everything that it started.
    pub fn kill(&mut self) {
        let Some(stdin) = self.keeper.stdin.take() else {
            return;
        };
        self.signal("CONT");
        drop(stdin);
        let _ = self.keeper.wait();
        let _ = self.wait_for_end(LAST_WORDS);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn collect(from: impl Read + Send + 'static, into: &Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    let into = Arc::clone(into);
    thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            into.lock().expect("no reader panics").push(text);
            line.clear();
        }
    })
}
