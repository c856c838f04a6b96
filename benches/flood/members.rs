//! The members of the room: some write, and each delivery is timed.

use crate::link::{Link, error_text};
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc};
use tokio::time::{Instant, sleep_until, timeout};

/// Time between two messages of a writer; the limit is five a second.
const WRITE_EVERY: Duration = Duration::from_millis(250);
/// The longest wait for a delivery on a flooded server.
const DELIVERY_MAX: Duration = Duration::from_secs(10);

/// Delivery times in milliseconds.
pub struct Times {
    pub p50: f64,
    pub p99: f64,
}

/// The number of a message, and when it arrived.
type Delivery = (usize, Instant);

pub struct Members {
    /// Frames for each member's socket.
    senders: Vec<mpsc::Sender<Value>>,
    received: Mutex<mpsc::UnboundedReceiver<Delivery>>,
    /// Messages sent so far.
    count: std::sync::atomic::AtomicUsize,
}

impl Members {
    pub async fn connect(server: SocketAddr, cookies: &[String]) -> Result<Members, String> {
        let (deliveries, received) = mpsc::unbounded_channel();
        let mut senders = Vec::new();
        for link in try_join_all(cookies.iter().map(|cookie| Link::open(server, cookie))).await? {
            let (sender, frames) = mpsc::channel(16);
            tokio::spawn(run_member(link, frames, deliveries.clone()));
            senders.push(sender);
        }
        Ok(Members {
            senders,
            received: Mutex::new(received),
            count: 0.into(),
        })
    }

    /// Lets `writers` members write for `phase`, and times every delivery.
    pub async fn time(&self, writers: usize, phase: Duration) -> Result<Times, String> {
        let mut received = self.received.lock().await;
        let first = self.count.load(std::sync::atomic::Ordering::Relaxed);
        let mut sent: Vec<Instant> = Vec::new();
        let mut times: Vec<f64> = Vec::new();
        let began = Instant::now();
        let step = WRITE_EVERY / writers as u32;
        while began.elapsed() < phase {
            let number = sent.len();
            let at = began + step * number as u32;
            loop {
                tokio::select! {
                    biased;
                    () = sleep_until(at) => break,
                    Some(one) = received.recv() => add_delivery(one, first, &sent, &mut times),
                }
            }
            let name = format!("flood-{}", first + number);
            let post = json!({"type": "post", "room": 1, "client_id": name, "body": name});
            sent.push(Instant::now());
            self.senders[number % writers].send(post).await.map_err(error_text)?;
        }
        let expected = sent.len() * self.senders.len();
        while times.len() < expected {
            let one = timeout(DELIVERY_MAX, received.recv()).await;
            let one = one.map_err(|_| format!("{} of {expected} deliveries came", times.len()))?;
            add_delivery(one.ok_or("everybody is gone")?, first, &sent, &mut times);
        }
        self.count
            .store(first + sent.len(), std::sync::atomic::Ordering::Relaxed);
        times.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        Ok(Times {
            p50: at(0.5),
            p99: at(0.99),
        })
    }
}

fn add_delivery((number, at): Delivery, first: usize, sent: &[Instant], times: &mut Vec<f64>) {
    if let Some(sent) = number.checked_sub(first).and_then(|number| sent.get(number)) {
        times.push((at - *sent).as_secs_f64() * 1000.0);
    }
}

/// Serves one member's socket until the link ends, and prints why it ended.
async fn run_member(mut link: Link, mut frames: mpsc::Receiver<Value>, deliveries: mpsc::UnboundedSender<Delivery>) {
    loop {
        tokio::select! {
            Some(frame) = frames.recv() => {
                if let Err(error) = link.send(&frame).await {
                    return println!("a member could not write: {error}");
                }
            }
            frame = link.read() => match frame {
                Ok(frame) => {
                    let body = frame["message"]["body"].as_str().unwrap_or_default();
                    if let Some(number) = body.strip_prefix("flood-").and_then(|number| number.parse().ok()) {
                        let _ = deliveries.send((number, Instant::now()));
                    }
                    if frame["type"] == "error" {
                        println!("a member was refused: {frame}");
                    }
                }
                Err(error) => return println!("a member was closed: {error}"),
            }
        }
    }
}
