//! What is neither durable nor numbered: who is here, who is typing.

use super::parts::Part;
use super::state::Chat;
use super::throttle::RateLimits;
use crate::error::Result;
use crate::hub::{Departure, PresenceChange};
use crate::limits::{PRESENCE_EVERY, PRESENCE_GRACE, SHED_HOLD, SIGNALS_EVERY};
use crate::metrics::Count;
use crate::model::{Change, Event, RoomId, UserId, Viewer};
use crate::store::ShedLevel;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};

impl Chat {
    /// Somebody is typing. Told a bounded number of times a second: each goes to everybody in the room.
    ///
    /// # Errors
    /// `not_found` for a room that the viewer is not in; `forbidden` where they could not post.
    pub async fn typing(&self, viewer: &Viewer, room: RoomId) -> Result<()> {
        let user = viewer.user.id;
        if self.shed(ShedLevel::Signals, Count::TypingOverload).is_err()
            || self.limit(&self.typing, Count::TypingTooMany, user).is_err()
        {
            return Ok(());
        }
        self.store.may_post(user, room).await?;
        self.hub.signal(Event::Typing { user, room });
        Ok(())
    }

    /// Somebody's last connection has gone. The others hear of it, unless a new one comes in the
    /// meantime.
    pub fn departed(self: &Arc<Chat>, departure: Departure) {
        let chat = self.clone();
        let at = self.clock.now();
        // Without a runtime the server has ended.
        let Ok(runtime) = Handle::try_current() else { return };
        runtime.spawn(async move {
            tokio::time::sleep(PRESENCE_GRACE).await;
            if chat.hub.is_gone(departure) {
                let (store, user) = (chat.store.clone(), departure.user);
                // Where it fails, in whatever way, they were last seen earlier.
                let _ = tokio::spawn(async move { store.commit(Change::Seen { user, at }).await }).await;
                chat.hub.gone(departure, at);
            }
        });
    }

    /// Takes note that all who are here were here until now. The server stops: nobody else will.
    pub async fn note_last_seen(&self) {
        let at = self.clock.now();
        let here = self.hub.here().into_iter();
        let changes = here.map(|(user, _)| Change::Seen { user: user.id, at });
        for note in self.store.submit_all(changes.collect()).await.into_iter().flatten() {
            // Where it fails they were last seen earlier.
            let _ = note.await;
        }
    }

    /// Tells who types and how far people have read, for as long as the server runs: at once where nothing was told a
    /// moment ago. What happens meanwhile brings it along.
    pub async fn deliver_signals(&self) {
        loop {
            self.hub.has_signals().await;
            self.fault_points.reach(Part::Signals);
            self.hub.deliver_signals();
            tokio::time::sleep(SIGNALS_EVERY).await;
        }
    }

    /// Tells everybody who comes and goes, for as long as the server runs. Unlike typing, this is never
    /// dropped: it waits while the feed is full, while the server is overloaded, and while the same person's
    /// state was told a moment ago, and then tells the state of that moment.
    pub async fn announce_presence(&self) {
        let every = match self.rate_limits {
            RateLimits::On => PRESENCE_EVERY,
            RateLimits::Off => Duration::ZERO,
        };
        // When somebody's state was told, where that was a moment ago; and what waits for the next time.
        let mut told: HashMap<UserId, Instant> = HashMap::new();
        let mut waiting: HashMap<UserId, PresenceChange> = HashMap::new();
        loop {
            let next = waiting.keys().filter_map(|user| told.get(user)).min();
            let changes = match next {
                Some(at) => timeout_at(*at + every, self.hub.presence_changes()).await,
                None => Ok(self.hub.presence_changes().await),
            };
            self.fault_points.reach(Part::Presence);
            let changes = changes.unwrap_or_default().into_iter();
            waiting.extend(changes.map(|change| (change.user.id, change)));
            let now = Instant::now();
            told.retain(|_, at| *at + every > now);
            let due = waiting.extract_if(|user, _| !told.contains_key(user));
            let mut due: Vec<PresenceChange> = due.map(|(_, change)| change).collect();
            // In the order in which it happened.
            due.sort_unstable_by_key(|change| change.number);
            told.extend(due.iter().map(|change| (change.user.id, now)));
            if due.is_empty() {
                continue;
            }
            let events = due.into_iter().map(|change| Event::Presence {
                user: change.user,
                state: change.state,
                at: change.at,
            });
            while self.shed(ShedLevel::Signals, Count::PresenceHeld).is_err() {
                tokio::time::sleep(SHED_HOLD).await;
            }
            self.store.signal(events.collect()).await;
        }
    }
}
