//! The socket edge: the handshake, the life of a socket, its close codes.
//!
//! permessage-deflate (RFC 7692) is not negotiated. Deflated once for all recipients, without context, a message of
//! 316 bytes shrinks to 160 bytes and costs 12 µs. A person reads too little in a chat to notice that, on a LAN or on
//! the internet, and each browser would have to inflate it. With context it would shrink to 47 bytes, but then each
//! connection needs a window and its own compression, which costs more than the rest of a delivery.

mod closing;
mod connection;
mod hub_socket;
mod registration;

use crate::chat::{Chat, RateLimits};
use crate::error::{Error, Result};
use crate::limits::{SOCKETS_PER_PERSON_MAX, SOCKETS_RETRY_MS};
use crate::metrics::Count;
use crate::model::Viewer;
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use hyper::{Request, Response};
use std::any::Any;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response;

/// Answers a handshake (RFC 6455 §4.2) and serves the socket in a task of its own. `permit` is held until it ends.
/// `into_stream` unwraps the connection.
///
/// # Errors
/// `unavailable` while the server is overloaded, `too_many_requests` for a person who has too many sockets or opens
/// them too often, `bad_request` if it is not a WebSocket handshake.
pub fn upgrade(
    chat: Arc<Chat>,
    viewer: Viewer,
    permit: Arc<dyn Any + Send + Sync>,
    into_stream: fn(Upgraded) -> Option<TcpStream>,
    mut request: Request<Incoming>,
) -> Result<Response<Bytes>> {
    chat.admit(Count::TurnedAwayOverload)?;
    let is_limited = chat.rate_limits() == RateLimits::On;
    if is_limited && chat.hub().connections_of(viewer.user.id) >= SOCKETS_PER_PERSON_MAX {
        chat.store().metrics().increment(Count::TurnedAwayPerson);
        return Err(Error::too_many(
            "You have Chapp open in too many places. Close some of them.",
            SOCKETS_RETRY_MS,
        ));
    }
    chat.throttle_socket(&viewer)?;
    let upgraded = hyper::upgrade::on(&mut request);
    let response = create_response(&request.map(|_| ()))
        .map_err(|cause| Error::bad_request("This address takes WebSocket connections.").because(cause))?;
    tokio::spawn(async move {
        let _permit = permit;
        let stream = upgraded.await.ok().and_then(into_stream);
        if let Some(task) = stream.and_then(|stream| connection::serve(chat, viewer, stream)) {
            task.await;
        }
    });
    Ok(response.map(|()| Bytes::new()))
}
