//! The executable under test, on an address of its own that can lose the network.

use crate::driver::{Outcome, Process, Proxy, free_port, http};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A name that every engine resolves to this computer.
const NAME: &str = "chapp.localhost";

/// Long enough to be accepted as strong.
pub const PASSWORD: &str = "rain on the mill wheel";

const START_LIMIT: Duration = Duration::from_secs(20);
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// The number of bytes of the server's log that a failure shows.
const LOG_LINES: usize = 12;

const POLL: Duration = Duration::from_millis(20);
const REQUEST_LIMIT: Duration = Duration::from_secs(20);

/// A Chapp with a data file of its own, and the proxy through which browsers reach it.
pub struct Site {
    pub proxy: Proxy,
    /// `http://NAME:PORT`, without a slash at its end.
    pub origin: String,
    port: u16,
    name: Option<&'static str>,
    folder: TempDir,
    server: Mutex<Process>,
    posts: AtomicU64,
}

/// A person who uses the API without a browser.
pub struct Account {
    cookie: String,
}

impl Site {
    pub fn start() -> Outcome<Site> {
        Site::known_as(None)
    }

    /// Starts a server configured with a name for others on the network.
    pub fn on_a_network(name: &'static str) -> Outcome<Site> {
        Site::known_as(Some(name))
    }

    fn known_as(name: Option<&'static str>) -> Outcome<Site> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let port = free_port()?;
        let proxy = Proxy::start(port).map_err(|error| error.to_string())?;
        let server = Mutex::new(run(&folder, port, proxy.port, name)?);
        let origin = format!("http://{NAME}:{}", proxy.port);
        Ok(Site {
            proxy,
            origin,
            port,
            name,
            folder,
            server,
            posts: AtomicU64::new(1),
        })
    }

    /// Asks the server to stop, and starts it again on the same port with the same file.
    pub fn restart(&self) -> Outcome {
        self.end_with("TERM")?;
        self.start_again()
    }

    /// Kills the server. `start_again` starts it again.
    pub fn kill(&self) -> Outcome {
        self.end_with("KILL")
    }

    pub fn start_again(&self) -> Outcome {
        let server = run(&self.folder, self.port, self.proxy.port, self.name)?;
        *self.server.lock().expect("no step panics with the server") = server;
        Ok(())
    }

    /// The server itself, past the proxy.
    pub fn server(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    /// The end of the server's log.
    pub fn log(&self) -> Vec<String> {
        let lines = self.server.lock().expect("no step panics with the server").lines();
        lines[lines.len().saturating_sub(LOG_LINES)..].to_vec()
    }

    fn end_with(&self, signal: &str) -> Outcome {
        let server = self.server.lock().expect("no step panics with the server");
        server.signal(signal);
        server.wait_for_end(STOP_LIMIT)
    }

    pub fn sign_up(&self, name: &str) -> Outcome<Account> {
        let body = json!({"name": name, "password": PASSWORD});
        let answer = self.request("POST", "/api/signup", None, &body)?;
        let cookie = answer.header("set-cookie").and_then(|cookie| cookie.split(';').next());
        match cookie {
            Some(cookie) if answer.status == 201 => Ok(Account {
                cookie: cookie.to_owned(),
            }),
            _ => Err(format!("sign-up of {name}: {}", answer.status)),
        }
    }

    /// Logs a person in on another device.
    pub fn log_in(&self, name: &str) -> Outcome {
        let answer = self.request("POST", "/api/login", None, &json!({"name": name, "password": PASSWORD}))?;
        match answer.status {
            200 => Ok(()),
            status => Err(format!("log-in of {name}: {status}")),
        }
    }

    /// Posts messages into the Lobby, one after the other.
    pub fn post_all(&self, author: &Account, texts: impl Iterator<Item = String>) -> Outcome {
        for text in texts {
            let client_id = self.posts.fetch_add(1, Ordering::Relaxed).to_string();
            let body = json!({"client_id": client_id, "body": text});
            let answer = self.request("POST", "/api/rooms/1/messages", Some(author), &body)?;
            if answer.status != 201 {
                return Err(format!("{text:?} was answered with {}", answer.status));
            }
        }
        Ok(())
    }

    /// Waits until the Lobby holds a message with exactly this text.
    pub fn wait_for_message(&self, reader: &Account, text: &str) -> Outcome {
        let started = Instant::now();
        while started.elapsed() < REQUEST_LIMIT {
            let page = "/api/rooms/1/messages?limit=100";
            let answer = self.request("GET", page, Some(reader), &Value::Null)?;
            let page: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let mut messages = page["messages"].as_array().into_iter().flatten();
            if messages.any(|message| message["body"] == text) {
                return Ok(());
            }
            thread::sleep(POLL);
        }
        Err(format!("the server never got {text:?}"))
    }

    /// Renames the data file of the running server.
    pub fn take_file_away(&self) -> Outcome {
        self.rename_file("chapp.redb", "elsewhere.redb")
    }

    pub fn put_file_back(&self) -> Outcome {
        self.rename_file("elsewhere.redb", "chapp.redb")
    }

    fn rename_file(&self, from: &str, to: &str) -> Outcome {
        let [from, to] = [from, to].map(|name| self.folder.path().join(name));
        std::fs::rename(from, to).map_err(|error| error.to_string())
    }

    /// From now on the data file cannot grow.
    pub fn fill_disk(&self) -> Outcome {
        self.limit_files("1")
    }

    pub fn free_disk(&self) -> Outcome {
        self.limit_files("unlimited")
    }

    fn limit_files(&self, bytes: &str) -> Outcome {
        let process = self.server.lock().expect("no step panics with the server").pid();
        let limit = format!("--fsize={bytes}:unlimited");
        let set = Command::new("prlimit")
            .args(["--pid", &process.to_string(), &limit])
            .status();
        match set {
            Ok(status) if status.success() => Ok(()),
            other => Err(format!("prlimit {limit}: {other:?}")),
        }
    }

    /// Goes to the server itself, past the proxy, with the address that browsers use.
    fn request(&self, method: &str, path: &str, account: Option<&Account>, body: &Value) -> Outcome<http::Answer> {
        let host = self.origin.trim_start_matches("http://");
        let mut headers = vec![
            ("Host", host),
            ("Origin", &self.origin),
            ("Content-Type", "application/json"),
        ];
        if let Some(account) = account {
            headers.push(("Cookie", &account.cookie));
        }
        let body = body.to_string();
        http::request(self.port, method, path, &headers, body.as_bytes(), REQUEST_LIMIT)
    }
}

/// The path of the executable: `CHAPP_EXE`, or the one that cargo has built.
fn executable() -> String {
    std::env::var("CHAPP_EXE").unwrap_or_else(|_| env!("CARGO_BIN_EXE_chapp").to_owned())
}

fn run(folder: &TempDir, port: u16, proxy_port: u16, name: Option<&str>) -> Outcome<Process> {
    let file = folder.path().join("chapp.redb").display().to_string();
    let listen = format!("127.0.0.1:{port}");
    let names = [Some(NAME), name].into_iter().flatten();
    let hosts: Vec<String> = names.map(|name| format!("{name}:{proxy_port}")).collect();
    let hosts = hosts.join(",");
    let executable = executable();
    let arguments = [
        // A process that writes past its limit is killed unless it ignores SIGXFSZ: see `fill_disk`.
        "-c",
        "trap '' XFSZ; exec \"$@\"",
        "sh",
        &executable,
        "--no-open",
        "--data",
        &file,
        "--listen",
        &listen,
        "--host",
        &hosts,
        "--rate-limits",
        "off",
    ];
    let server = Process::start("sh", &arguments, &[("NO_COLOR", "1")])?;
    let printed = format!("http://{NAME}:");
    server.wait_for(START_LIMIT, |line| line.contains(&printed).then_some(()))?;
    let headers = [("Host", listen.as_str())];
    let answer = http::request(port, "GET", "/healthz", &headers, b"", REQUEST_LIMIT)?;
    if answer.status != 200 {
        return Err(format!("/healthz was answered with {}", answer.status));
    }
    Ok(server)
}
