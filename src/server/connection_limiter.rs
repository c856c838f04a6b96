//! Limits connections, in total and for each address, and answers those that are refused.

use crate::chat::{RateLimits, is_this_computer, network};
use crate::limits::{CONNECTIONS_PER_ADDRESS_MAX, SHED_RETRY_MS, TURNED_AWAY_MAX, TURNED_AWAY_TIMEOUT};
use crate::metrics::{Count, Metrics};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Counts the connections of the server.
pub struct ConnectionLimiter {
    all: Arc<Semaphore>,
    max: u32,
    /// Maximum connections of each address. `None` for no limit.
    per_address_max: Option<usize>,
    by_address: Mutex<HashMap<IpAddr, usize>>,
    turned_away: Arc<Semaphore>,
    metrics: Arc<Metrics>,
}

/// One counted connection, until it is dropped.
pub struct ConnectionSlot {
    limiter: Arc<ConnectionLimiter>,
    /// The address it counts for. `None` if it counts only in total.
    address: Option<IpAddr>,
    _permit: OwnedSemaphorePermit,
}

impl ConnectionLimiter {
    /// Allows `max` connections. One address gets at most half of them.
    pub fn new(max: u32, limits: RateLimits, metrics: Arc<Metrics>) -> Arc<ConnectionLimiter> {
        metrics.connections_max.set(max.into());
        let per_address_max = CONNECTIONS_PER_ADDRESS_MAX.min((max / 2).max(1) as usize);
        Arc::new(ConnectionLimiter {
            all: Arc::new(Semaphore::new(max as usize)),
            max,
            per_address_max: (limits == RateLimits::On).then_some(per_address_max),
            by_address: Mutex::default(),
            turned_away: Arc::new(Semaphore::new(TURNED_AWAY_MAX)),
            metrics,
        })
    }

    /// A slot for a connection from `peer`. This computer is limited only by the total, since a proxy on it may bring
    /// everybody.
    ///
    /// # Errors
    /// The reason for a refusal, as the counter to increment.
    pub fn take(self: &Arc<ConnectionLimiter>, peer: IpAddr) -> Result<ConnectionSlot, Count> {
        let permit = self.all.clone().try_acquire_owned();
        let permit = permit.map_err(|_| Count::TurnedAwayFull)?;
        let mut counted_as = None;
        if let Some(max) = self.per_address_max
            && !is_this_computer(peer)
        {
            let address = network(peer);
            let mut by_address = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
            let count = by_address.entry(address).or_default();
            if *count >= max {
                return Err(Count::TurnedAwayAddress);
            }
            *count += 1;
            counted_as = Some(address);
        }
        self.metrics.increment(Count::Accepted);
        self.metrics.connections.add(1);
        Ok(ConnectionSlot {
            limiter: self.clone(),
            address: counted_as,
            _permit: permit,
        })
    }

    /// Tells a refused client why, unless too many are being told already.
    pub fn turn_away(&self, stream: TcpStream, why: Count) {
        self.metrics.increment(why);
        let count = self.metrics.get(why);
        // A line for each one would flood the log.
        if count.is_power_of_two() {
            tracing::warn!(?why, count, "connections were refused");
        }
        if let Ok(turn) = self.turned_away.clone().try_acquire_owned() {
            tokio::spawn(async move {
                let _turn = turn;
                let _ = tokio::time::timeout(TURNED_AWAY_TIMEOUT, answer(stream, why)).await;
            });
        }
    }

    /// Waits until every slot is free.
    pub async fn wait_until_empty(&self) {
        let _ = self.all.acquire_many(self.max).await;
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.limiter.metrics.connections.sub(1);
        let Some(address) = self.address else { return };
        let mut by_address = self.limiter.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&address);
            }
        }
    }
}

/// Sends a complete answer before any request was read. Then it reads and drops what arrives, since closing with
/// unread bytes would discard the answer.
async fn answer(mut stream: TcpStream, why: Count) -> std::io::Result<()> {
    let (status, code, title) = match why {
        Count::TurnedAwayAddress => (
            "429 Too Many Requests",
            "too_many_requests",
            "Your network has very many connections to Chapp. Close some, or try again in a moment.",
        ),
        _ => (
            "503 Service Unavailable",
            "unavailable",
            "The server has no place left at the moment. Try again soon.",
        ),
    };
    let number = status.split(' ').next().unwrap_or_default();
    let body = format!(r#"{{"status":{number},"code":"{code}","title":"{title}"}}"#);
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/problem+json\r\nContent-Length: {}\r\nRetry-After: {}\r\n\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
        body.len(),
        SHED_RETRY_MS.div_ceil(1000)
    );
    stream.write_all((head + &body).as_bytes()).await?;
    stream.shutdown().await?;
    let mut sink = [0; 1024];
    while stream.read(&mut sink).await? > 0 {}
    Ok(())
}
