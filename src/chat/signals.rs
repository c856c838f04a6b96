//! What is neither durable nor numbered: who is here, who is typing.

use super::Chat;
use crate::error::Result;
use crate::hub::Departure;
use crate::limits::PRESENCE_GRACE;
use crate::model::{Event, RoomId, Viewer, rules};
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

    /// Somebody's last connection has gone. The others hear of it, unless a new one comes in the
    /// meantime.
    pub fn departed(self: &Arc<Chat>, departure: Departure) {
        let chat = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(PRESENCE_GRACE).await;
            chat.hub.gone(departure);
        });
    }

    /// Tells everybody who comes and goes, for as long as the server runs. Unlike typing, this is never
    /// dropped: it waits while the feed is full, and then tells the state of that moment.
    pub async fn tell_presence(&self) {
        loop {
            let changes = self.hub.presence_changes().await;
            let events = changes
                .into_iter()
                .map(|(user, state)| Event::Presence { user, state })
                .collect();
            self.store.signal(events).await;
        }
    }
}
