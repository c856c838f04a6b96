//! A socket's place in the hub, which is given back however its task ends: by a panic, nobody stays registered and
//! shown as online.

use crate::chat::Chat;
use crate::hub::Client;
use crate::metrics::Count;
use crate::model::UserId;
use crate::wire::CloseCode;
use std::sync::Arc;
use std::time::Instant;

/// Dropped at the end of a socket's life.
pub(super) struct Registered {
    chat: Arc<Chat>,
    client: Arc<Client>,
    user: UserId,
    started: Instant,
    /// Frames that have come.
    pub received: u64,
    /// What the socket ends with.
    pub code: CloseCode,
}

impl Registered {
    /// For a client that has joined the hub.
    pub fn new(chat: Arc<Chat>, client: Arc<Client>, user: UserId, started: Instant) -> Registered {
        Registered {
            chat,
            client,
            user,
            started,
            received: 0,
            code: CloseCode::Internal,
        }
    }
}

impl Drop for Registered {
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
        self.chat.store().metrics().one(ended);
        tracing::info!(
            user = self.user.0,
            seconds = self.started.elapsed().as_secs(),
            received = self.received,
            code = self.code as u16,
            "socket"
        );
    }
}
