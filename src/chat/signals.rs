//! What is neither durable nor numbered: who is here, who is typing.

use super::Chat;
use crate::error::Result;
use crate::hub::Departure;
use crate::limits::PRESENCE_GRACE;
use crate::model::{Event, Presence, RoomId, Viewer, rules};
use std::sync::Arc;

impl Chat {
    /// Somebody is typing.
    ///
    /// # Errors
    /// `not_found` for a room that the viewer is not in.
    pub fn typing(&self, viewer: &Viewer, room: RoomId) -> Result<()> {
        rules::may_read(room)?;
        self.store.relay(Event::Typing {
            user: viewer.user.id,
            room,
        });
        Ok(())
    }

    /// Somebody's first connection has come.
    pub fn arrived(&self, viewer: &Viewer) {
        self.store.relay(Event::Presence {
            user: viewer.user.clone(),
            state: Presence::Online,
        });
    }

    /// Somebody's last connection has gone. The others hear of it, unless a new one comes in the
    /// meantime.
    pub fn departed(self: &Arc<Chat>, departure: Departure) {
        let chat = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(PRESENCE_GRACE).await;
            if let Some(user) = chat.hub.gone(departure) {
                chat.store.relay(Event::Presence {
                    user,
                    state: Presence::Offline,
                });
            }
        });
    }
}
