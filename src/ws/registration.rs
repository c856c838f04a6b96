//! A socket's registration in the hub. It is removed however the task ends, so even after a panic nobody stays
//! online.

use crate::chat::Chat;
use crate::hub::Client;
use crate::metrics::Count;
use crate::model::UserId;
use crate::wire::CloseCode;
use std::sync::Arc;
use std::time::Instant;

/// Unregisters the client when it is dropped.
pub(super) struct Registration {
    chat: Arc<Chat>,
    client: Arc<Client>,
    user: UserId,
    started: Instant,
    /// Number of received frames.
    pub received: u64,
    /// The code the socket is closed with.
    pub code: CloseCode,
}

impl Registration {
    /// The registration of a client that has joined the hub.
    pub fn new(chat: Arc<Chat>, client: Arc<Client>, user: UserId, started: Instant) -> Registration {
        Registration {
            chat,
            client,
            user,
            started,
            received: 0,
            code: CloseCode::Internal,
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.chat.hub().close(self.client.id, self.code);
        if let Some(departure) = self.chat.hub().leave(self.client.id) {
            self.chat.departed(departure);
        }
        let ended = match self.code {
            CloseCode::TooSlow => Count::TooSlow,
            CloseCode::Flooding => Count::Flooding,
            _ => Count::Closed,
        };
        self.chat.store().metrics().increment(ended);
        tracing::info!(
            user = self.user.0,
            seconds = self.started.elapsed().as_secs(),
            received = self.received,
            code = self.code as u16,
            "socket"
        );
    }
}
