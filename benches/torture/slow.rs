//! Clients that never read are closed with 4408 and cost the server little memory.

use crate::client::Client;
use crate::link::{ANSWER_MAX, Link, error_text};
use crate::record::Law;
use crate::server::Server;
use chapp::limits::{CLIENT_QUEUE_BYTES_MAX, SLOW_SOCKET_CLOSE_TIMEOUT};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpSocket;
use tokio::time::{Instant, timeout};

/// Clients that never read.
pub const SLOW_READERS: usize = 8;
/// Long posts, together more than the kernel and the server buffer for one reader.
const POSTS: usize = 100;
const POST_CHARS: usize = 7_900;
const RECEIVE_BYTES: u32 = 32 << 10;
const ROUND_MAX: Duration = Duration::from_secs(60);
/// The memory that a client that never reads may cost the server, in bytes: twice its queue.
pub const SLOW_BYTES_MAX: u64 = 2 * CLIENT_QUEUE_BYTES_MAX as u64;

/// Returns the memory that each of them cost, in bytes, where the system reports it.
pub async fn try_slow(
    poster: &mut Client,
    non_reader: &Client,
    room: u64,
    address: SocketAddr,
    server: &Server,
) -> Result<Option<u64>, String> {
    let text = "🌊".repeat(POST_CHARS);
    // A first round without slow clients fills the store's cache.
    poster
        .post_and_wait(room, &text, POSTS, Instant::now() + ROUND_MAX)
        .await?;
    let before = server.resident_bytes();
    let mut slow = Vec::new();
    for _ in 0..SLOW_READERS {
        let socket = TcpSocket::new_v4().map_err(error_text)?;
        socket.set_recv_buffer_size(RECEIVE_BYTES).map_err(error_text)?;
        let stream = socket.connect(address).await.map_err(error_text)?;
        slow.push(Link::handshake(stream, address, &non_reader.cookie).await?);
    }
    let began = Instant::now();
    poster.post_and_wait(room, &text, POSTS, began + ROUND_MAX).await?;
    let after = server.resident_bytes();
    // A closed client has this long to read what was written. On a busy machine we may read too late, and the
    // close frame is then cut off.
    let in_time = began.elapsed() < SLOW_SOCKET_CLOSE_TIMEOUT;
    for link in &mut slow {
        let end = loop {
            match timeout(ANSWER_MAX, link.read()).await {
                Ok(Ok(_)) => {}
                Ok(Err(end)) => break end,
                Err(_) => break "nothing".to_owned(),
            }
        };
        let holds = end == "4408" || !in_time && end != "nothing";
        let mut record = poster.record();
        record.count("closed with 4408", u64::from(end == "4408"));
        record.check(Law::Slow, holds, || format!("who never read was closed with {end}"));
    }
    let each = before
        .zip(after)
        .map(|(before, after)| after.saturating_sub(before) / SLOW_READERS as u64);
    if let Some(each) = each {
        poster.record().check(Law::Slow, each <= SLOW_BYTES_MAX, || {
            format!("each who never read cost {each} bytes")
        });
    }
    Ok(each)
}
