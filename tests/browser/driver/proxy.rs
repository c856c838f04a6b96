//! A TCP proxy in front of the server: network loss that is the same in every engine.
//!
//! The browsers' own offline emulation does not suffice: it leaves open WebSockets alive.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

pub struct Proxy {
    pub port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    closing: AtomicBool,
    cut: AtomicBool,
    /// Bytes that went to browsers.
    delivered: AtomicU64,
    /// How many more requests for the lazy script are forwarded under another name.
    outdated: AtomicUsize,
    links: Mutex<Vec<Arc<Link>>>,
}

/// One browser connection and the server connection that belongs to it.
struct Link {
    browser: TcpStream,
    server: TcpStream,
    web_socket: AtomicBool,
    /// Drops what the browser sends.
    deaf: AtomicBool,
    /// Drops what the server sends.
    mute: AtomicBool,
}

impl Proxy {
    pub fn start(server_port: u16) -> std::io::Result<Proxy> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || accept(&listener, server_port, &shared));
        Ok(Proxy { port, state })
    }

    /// Resets every connection and closes new ones at once.
    pub fn cut(&self) {
        self.state.cut.store(true, SeqCst);
        self.close_links();
    }

    /// Bytes sent to browsers so far: heads, bodies and frames.
    // For benches/page.rs, which shares this file.
    #[allow(dead_code)]
    pub fn delivered(&self) -> u64 {
        self.state.delivered.load(SeqCst)
    }

    /// Makes the next `requests` requests for the lazy script fail with 404, as the old address does after an upgrade.
    // Not for benches/page.rs, which shares this file.
    #[allow(dead_code)]
    pub fn outdate(&self, requests: usize) {
        self.state.outdated.store(requests, SeqCst);
    }

    pub fn restore(&self) {
        self.state.cut.store(false, SeqCst);
    }

    /// Keeps the existing WebSockets open but drops their bytes, as after a laptop's sleep or a change of network. New
    /// ones
    /// work.
    pub fn strand(&self) {
        for link in self.links().iter().filter(|link| link.web_socket.load(SeqCst)) {
            link.deaf.store(true, SeqCst);
            link.mute.store(true, SeqCst);
        }
    }

    /// Drops what the server sends on the existing WebSockets; it still receives.
    pub fn lose_answers(&self) {
        for link in self.links().iter().filter(|link| link.web_socket.load(SeqCst)) {
            link.mute.store(true, SeqCst);
        }
    }

    fn links(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Link>>> {
        self.state.links.lock().expect("nobody panics with the links")
    }

    fn close_links(&self) {
        for link in self.links().drain(..) {
            let _ = link.browser.shutdown(Shutdown::Both);
            let _ = link.server.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.closing.store(true, SeqCst);
        // Wakes the accepting thread, which then ends.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        self.close_links();
    }
}

fn accept(listener: &TcpListener, server_port: u16, state: &Arc<State>) {
    for browser in listener.incoming().flatten() {
        if state.closing.load(SeqCst) {
            return;
        }
        if state.cut.load(SeqCst) {
            continue;
        }
        let Ok(server) = TcpStream::connect(("127.0.0.1", server_port)) else {
            continue;
        };
        let _ = browser.set_nodelay(true);
        let _ = server.set_nodelay(true);
        let link = Arc::new(Link {
            browser,
            server,
            web_socket: AtomicBool::new(false),
            deaf: AtomicBool::new(false),
            mute: AtomicBool::new(false),
        });
        state
            .links
            .lock()
            .expect("nobody panics with the links")
            .push(Arc::clone(&link));
        let back = Arc::clone(&link);
        let shared = Arc::clone(state);
        thread::spawn(move || {
            carry(&link.browser, &link.server, &link.deaf, |bytes| {
                if asks_for_web_socket(bytes) {
                    link.web_socket.store(true, SeqCst);
                }
                rename_lazy_script(bytes, &shared.outdated);
            });
        });
        let counting = Arc::clone(state);
        thread::spawn(move || {
            carry(&back.server, &back.browser, &back.mute, |bytes| {
                counting.delivered.fetch_add(bytes.len() as u64, SeqCst);
            });
        });
    }
}

fn rename_lazy_script(bytes: &mut [u8], outdated: &AtomicUsize) {
    const NAME: &[u8] = b"/js/lazy.js";
    let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let Some(at) = line.windows(NAME.len()).position(|part| part == NAME) else {
        return;
    };
    if outdated
        .fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1))
        .is_ok()
    {
        bytes[at..at + NAME.len()].copy_from_slice(b"/js/gone.js");
    }
}

/// Browsers send the head of a request in one piece.
fn asks_for_web_socket(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    head.starts_with("get ") && head.contains("\r\nupgrade: websocket\r\n")
}

fn carry(mut from: &TcpStream, mut to: &TcpStream, lost: &AtomicBool, look: impl Fn(&mut [u8])) {
    let mut buffer = [0; 65536];
    while let Ok(length) = from.read(&mut buffer) {
        look(&mut buffer[..length]);
        // A close is dropped too: the other side does not learn of it.
        if lost.load(SeqCst) {
            if length == 0 {
                return;
            }
            continue;
        }
        if length == 0 || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Read);
    let _ = to.shutdown(Shutdown::Write);
}
