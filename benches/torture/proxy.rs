//! A TCP proxy between the clients and the server that injects network faults.

use crate::plant::{self, Down, Plant, Planted, Up};
use crate::rng::Rng;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

const CHUNK_BYTES: usize = 16 << 10;
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// How long the delay of a link lasts.
const DELAY_LASTS: Duration = Duration::from_millis(1_500);

pub struct Proxy {
    pub address: SocketAddr,
    state: Arc<State>,
}

struct State {
    started: Instant,
    server: Mutex<Option<SocketAddr>>,
    links: Mutex<Vec<Arc<Link>>>,
    plant: Option<Plant>,
    planted: Planted,
}

/// The faults of one link. Times are milliseconds since the proxy's start.
#[derive(Default)]
struct Link {
    /// The link ends in the middle of the next bytes.
    cut: AtomicBool,
    ended: AtomicBool,
    end: [Notify; 2],
    stalled_until: AtomicU64,
    delay: AtomicU64,
    delayed_until: AtomicU64,
    /// Whether the bytes of each direction are dropped: `UP`, `DOWN`.
    lost: [AtomicBool; 2],
    /// Withheld posts that need a forged answer.
    forged: Mutex<Vec<serde_json::Value>>,
}

const UP: usize = 0;
const DOWN: usize = 1;

impl Proxy {
    pub async fn start(plant: Option<Plant>) -> std::io::Result<Proxy> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            started: Instant::now(),
            server: Mutex::new(None),
            links: Mutex::new(Vec::new()),
            plant,
            planted: Planted::default(),
        });
        tokio::spawn(accept(listener, state.clone()));
        Ok(Proxy { address, state })
    }

    /// A handle to the same proxy for another thread.
    pub fn share(&self) -> Proxy {
        Proxy {
            address: self.address,
            state: self.state.clone(),
        }
    }

    /// Sets the address of the server; with `None`, connections are closed at once.
    pub fn forward_to(&self, server: Option<SocketAddr>) {
        *lock(&self.state.server) = server;
    }

    /// The number of faults planted.
    pub fn planted(&self) -> u64 {
        self.state.planted.done.load(SeqCst)
    }

    /// About a third of the open links, at least one.
    fn some(&self, rng: &mut Rng) -> Vec<Arc<Link>> {
        let mut links = lock(&self.state.links);
        links.retain(|link| !link.ended.load(SeqCst));
        let mut some: Vec<_> = links.iter().filter(|_| rng.one_in(3)).cloned().collect();
        if let (true, Some(link)) = (some.is_empty(), rng.pick(&links)) {
            some.push(link.clone());
        }
        some
    }

    pub fn cut(&self, rng: &mut Rng) -> usize {
        let some = self.some(rng);
        for link in &some {
            link.cut.store(true, SeqCst);
            // Half of them at once, the others in the middle of their next bytes.
            if rng.one_in(2) {
                link.end.iter().for_each(Notify::notify_one);
            }
        }
        some.len()
    }

    pub fn stall(&self, rng: &mut Rng, how_long: Duration) -> usize {
        let until = self.state.now() + how_long.as_millis() as u64;
        let some = self.some(rng);
        some.iter().for_each(|link| link.stalled_until.store(until, SeqCst));
        some.len()
    }

    pub fn delay(&self, rng: &mut Rng, by: Duration) -> usize {
        let until = self.state.now() + DELAY_LASTS.as_millis() as u64;
        let some = self.some(rng);
        for link in &some {
            link.delay.store(by.as_millis() as u64, SeqCst);
            link.delayed_until.store(until, SeqCst);
        }
        some.len()
    }

    /// Drops the bytes of one direction or of both.
    pub fn half_open(&self, rng: &mut Rng) -> usize {
        let some = self.some(rng);
        for link in &some {
            let lost = [[false, true], [true, false], [true, true]][rng.below(3)];
            // Never undone: TCP does not resume after lost bytes.
            link.lost[UP].fetch_or(lost[UP], SeqCst);
            link.lost[DOWN].fetch_or(lost[DOWN], SeqCst);
        }
        some.len()
    }

    /// Ends every link.
    pub fn cut_all(&self) {
        for link in lock(&self.state.links).drain(..) {
            link.cut.store(true, SeqCst);
            link.end.iter().for_each(Notify::notify_one);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn now(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    async fn wait(&self, link: &Link) {
        let now = self.now();
        let stalled = link.stalled_until.load(SeqCst).saturating_sub(now);
        let delay = match link.delayed_until.load(SeqCst) > now {
            true => link.delay.load(SeqCst),
            false => 0,
        };
        if stalled.max(delay) > 0 {
            sleep(Duration::from_millis(stalled.max(delay))).await;
        }
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(join(client, state.clone()));
    }
}

async fn join(client: TcpStream, state: Arc<State>) {
    let Some(address) = *lock(&state.server) else { return };
    let Ok(Ok(server)) = timeout(CONNECT_MAX, TcpStream::connect(address)).await else {
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let link = Arc::new(Link::default());
    lock(&state.links).push(link.clone());
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut up = Carrier::new(state.clone(), link.clone(), UP);
    let mut down = Carrier::new(state, link.clone(), DOWN);
    tokio::join!(up.carry(from_client, to_server), down.carry(from_server, to_client));
    link.ended.store(true, SeqCst);
}

/// One direction of a link.
struct Carrier {
    state: Arc<State>,
    link: Arc<Link>,
    way: usize,
    up: Up,
    down: Down,
}

impl Carrier {
    fn new(state: Arc<State>, link: Arc<Link>, way: usize) -> Carrier {
        Carrier {
            state,
            link,
            way,
            up: Up::default(),
            down: Down::default(),
        }
    }

    async fn carry(&mut self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let read = tokio::select! {
                biased;
                () = self.link.end[self.way].notified() => {
                    if self.link.cut.load(SeqCst) {
                        break;
                    }
                    // There is an answer to forge.
                    Ok(usize::MAX)
                }
                read = from.read(&mut chunk) => read,
            };
            let bytes = match read {
                Ok(usize::MAX) => self.tamper(&[]),
                Ok(length @ 1..) => self.tamper(&chunk[..length]),
                // The other end has closed; a half-open link does not report that.
                _ if self.link.lost[self.way].load(SeqCst) => {
                    self.link.end[self.way].notified().await;
                    break;
                }
                _ => break,
            };
            self.state.wait(&self.link).await;
            let is_lost = self.link.lost[self.way].load(SeqCst);
            if self.link.cut.load(SeqCst) {
                // Forward half of it, unless earlier bytes were dropped.
                if !is_lost {
                    let _ = to.write_all(&bytes[..bytes.len() / 2]).await;
                }
                break;
            }
            if !is_lost && to.write_all(&bytes).await.is_err() {
                break;
            }
        }
        if self.link.cut.load(SeqCst) {
            // A reset, so that unread bytes are lost.
            let _ = from.as_ref().set_zero_linger();
            self.link.end.iter().for_each(Notify::notify_one);
        }
        // Closes this direction.
        let _ = to.shutdown().await;
    }

    /// Applies the planted fault, and returns the bytes to forward.
    fn tamper(&mut self, bytes: &[u8]) -> Vec<u8> {
        let Some(plant) = self.state.plant else {
            return bytes.to_vec();
        };
        if self.way == UP {
            if plant != Plant::Late {
                return bytes.to_vec();
            }
            let (out, kept) = self.up.pass(&self.state.planted, bytes);
            if !kept.is_empty() {
                lock(&self.link.forged).extend(kept);
                self.link.end[DOWN].notify_one();
            }
            return out;
        }
        let mut out = self.down.pass(plant, &self.state.planted, bytes);
        let seqs: &HashMap<u64, u64> = &self.down.seqs;
        for post in lock(&self.link.forged).drain(..) {
            out.extend(plant::acknowledge(&post, seqs));
        }
        out
    }
}
