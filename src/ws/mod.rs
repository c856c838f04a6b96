//! The socket edge: the handshake, one socket's life, its close codes.
//!
//! permessage-deflate (RFC 7692) is not negotiated. Deflated once for all takers, without context, a message of
//! 316 bytes becomes 160 for 12 µs; what one person reads in a chat is too little for that to be felt, on a LAN
//! or on the internet, and each browser would have to inflate it. With context it would be 47 bytes, but deflated
//! anew, and with a window to keep, for each connection: dearer than all else in a delivery.

mod closing;
mod connection;
mod hub_socket;
mod registered;

use crate::chat::{Chat, RateLimits};
use crate::error::{Error, Result};
use crate::limits::SOCKETS_PER_PERSON_MAX;
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

/// When somebody with too many connections should try again.
const TOO_MANY_RETRY_MS: u64 = 10_000;

/// Answers a handshake (RFC 6455 §4.2) and lets the socket live on in a task of its own. `permit` is
/// held until it ends; `into_stream` takes off what the connection was wrapped in.
///
/// # Errors
/// `unavailable` while the server is overloaded, `too_many_requests` for somebody with too many sockets or
/// who opens them too often,
/// `bad_request` for what is no WebSocket handshake.
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
        chat.store().metrics().one(Count::TurnedAwayPerson);
        return Err(Error::too_many(
            "You have Chapp open in too many places. Close some of them.",
            TOO_MANY_RETRY_MS,
        ));
    }
    chat.count_socket(&viewer)?;
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
