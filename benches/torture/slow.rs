//! Readers that never read: they are closed with 4408, and cost the server little.

use crate::client::Client;
use crate::link::{ANSWER_MAX, Link, error_text};
use crate::record::Law;
use crate::server::Server;
use chapp::limits::{CLIENT_QUEUE_BYTES_MAX, SLOW_SOCKET_CLOSE_TIMEOUT};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpSocket;
use tokio::time::{Instant, timeout};

/// Who never read.
pub const SLOW_READERS: usize = 8;
/// Posts of the longest kind, more than the system and the server hold together for one reader.
const POSTS: usize = 100;
const POST_CHARS: usize = 7_900;
const RECEIVE_BYTES: u32 = 32 << 10;
const ROUND_MAX: Duration = Duration::from_secs(60);
/// What a reader who does not read may cost the server, in bytes: its queue, and as much again.
pub const SLOW_BYTES_MAX: u64 = 2 * CLIENT_QUEUE_BYTES_MAX as u64;

/// What each of them cost, in bytes, where the system tells.
pub async fn try_slow(
    poster: &mut Client,
    non_reader: &Client,
    room: u64,
    address: SocketAddr,
    server: &Server,
) -> Result<Option<u64>, String> {
    let text = "🌊".repeat(POST_CHARS);
    // Once with nobody slow, so that what the store keeps in memory is there already.
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
    // Whoever is closed has so long to take what was written; a busy machine may not have let us read by
    // then, and what did not get through by then is cut off with the last frame.
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
