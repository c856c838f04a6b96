//! What is neither durable nor numbered: who is here, who is typing.

use super::Chat;
use crate::error::Result;
use crate::hub::Departure;
use crate::limits::PRESENCE_GRACE;
use crate::model::{Change, Event, RoomId, Viewer};
use std::sync::Arc;

impl Chat {
    /// Somebody is typing.
    ///
    /// # Errors
    /// `not_found` for a room that the viewer is not in; `forbidden` where they could not post.
    pub async fn typing(&self, viewer: &Viewer, room: RoomId) -> Result<()> {
        let user = viewer.user.id;
        self.store.may_post(user, room).await?;
        self.store.relay(Event::Typing { user, room });
        Ok(())
    }

    /// Somebody's last connection has gone. The others hear of it, unless a new one comes in the
    /// meantime.
    pub fn departed(self: &Arc<Chat>, departure: Departure) {
        let chat = self.clone();
        let at = self.clock.now();
        tokio::spawn(async move {
            tokio::time::sleep(PRESENCE_GRACE).await;
            if chat.hub.is_gone(departure) {
                let user = departure.user;
                // Where it fails they were last seen earlier; nobody waits for it.
                let _ = chat.store.commit(Change::Seen { user, at }).await;
                chat.hub.gone(departure, at);
            }
        });
    }

    /// Takes note that all who are here were here until now. The server stops: nobody else will.
    pub async fn note_last_seen(&self) {
        let at = self.clock.now();
        let mut noting = Vec::new();
        for (user, _) in self.hub.here() {
            let user = user.id;
            noting.push(self.store.submit(Change::Seen { user, at }).await);
        }
        for note in noting.into_iter().flatten() {
            // Where it fails they were last seen earlier.
            let _ = note.await;
        }
    }

    /// Tells everybody who comes and goes, for as long as the server runs. Unlike typing, this is never
    /// dropped: it waits while the feed is full, and then tells the state of that moment.
    pub async fn tell_presence(&self) {
        loop {
            let changes = self.hub.presence_changes().await.into_iter();
            let events = changes.map(|change| Event::Presence {
                user: change.user,
                state: change.state,
                at: change.at,
            });
            self.store.signal(events.collect()).await;
        }
    }
}
