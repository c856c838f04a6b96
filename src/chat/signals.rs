//! Signals, which are neither durable nor numbered: typing and presence.

use super::background_task::BackgroundTask;
use super::state::Chat;
use super::throttle::RateLimits;
use crate::error::Result;
use crate::hub::{Departure, PresenceChange};
use crate::limits::{COALESCED_EVERY, PRESENCE_EVERY, PRESENCE_GRACE, SHED_HOLD};
use crate::metrics::Count;
use crate::model::{Change, Event, RoomId, UserId, Viewer};
use crate::store::ShedLevel;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};

impl Chat {
    /// Announces that the viewer is typing. The rate is bounded, since each signal goes to everybody in the room.
    ///
    /// # Errors
    /// `not_found` for a room that the viewer is not in; `forbidden` if they could not post.
    pub async fn typing(&self, viewer: &Viewer, room: RoomId) -> Result<()> {
        let user = viewer.user.id;
        if self.shed(ShedLevel::Signals, Count::TypingOverload).is_err()
            || self.limit(&self.typing, Count::TypingTooMany, user).is_err()
        {
            return Ok(());
        }
        self.store.may_post(user, room).await?;
        self.hub.coalesce(Event::Typing { user, room });
        Ok(())
    }

    /// Handles the closing of somebody's last connection. The others see them go offline, unless a new connection
    /// joins in time.
    pub fn departed(self: &Arc<Chat>, departure: Departure) {
        let chat = self.clone();
        let at = self.clock.now();
        // Without a runtime the server has stopped.
        let Ok(runtime) = Handle::try_current() else { return };
        runtime.spawn(async move {
            tokio::time::sleep(PRESENCE_GRACE).await;
            if chat.hub.is_gone(departure) {
                let (store, user) = (chat.store.clone(), departure.user);
                // If this fails, even by a panic, the person's `last_seen` stays at an earlier time.
                let _ = tokio::spawn(async move { store.commit(Change::Seen { user, at }).await }).await;
                chat.hub.gone(departure, at);
            }
        });
    }

    /// Records that everybody online was last seen now. The server stops, so nothing else will.
    pub async fn note_last_seen(&self) {
        let at = self.clock.now();
        let online = self.hub.online().into_iter();
        let changes = online.map(|(user, _)| Change::Seen { user: user.id, at });
        for note in self.store.submit_all(changes.collect()).await.into_iter().flatten() {
            // If this fails, their `last_seen` stays at an earlier time.
            let _ = note.await;
        }
    }

    /// Delivers typing and read marks, for as long as the server runs: at once if none were delivered a moment ago.
    /// Those that come in between go with the next delivery.
    pub async fn deliver_coalesced(&self) {
        loop {
            self.hub.has_coalesced().await;
            self.fault_points.reach(BackgroundTask::Coalesced);
            self.hub.deliver_coalesced();
            tokio::time::sleep(COALESCED_EVERY).await;
        }
    }

    /// Announces presence, for as long as the server runs. Unlike typing it is never dropped. It waits while the feed
    /// is full, while the server is overloaded, and if the same person was announced a moment ago. Then it announces
    /// their latest state.
    pub async fn announce_presence(&self) {
        let every = match self.rate_limits {
            RateLimits::On => PRESENCE_EVERY,
            RateLimits::Off => Duration::ZERO,
        };
        // When each person was last announced, if that was a moment ago, and the changes that wait.
        let mut announced_at: HashMap<UserId, Instant> = HashMap::new();
        let mut waiting: HashMap<UserId, PresenceChange> = HashMap::new();
        loop {
            let next = waiting.keys().filter_map(|user| announced_at.get(user)).min();
            let changes = match next {
                Some(at) => timeout_at(*at + every, self.hub.presence_changes()).await,
                None => Ok(self.hub.presence_changes().await),
            };
            self.fault_points.reach(BackgroundTask::Presence);
            let changes = changes.unwrap_or_default().into_iter();
            waiting.extend(changes.map(|change| (change.user.id, change)));
            let now = Instant::now();
            announced_at.retain(|_, at| *at + every > now);
            let due = waiting.extract_if(|user, _| !announced_at.contains_key(user));
            let mut due: Vec<PresenceChange> = due.map(|(_, change)| change).collect();
            // In the order of the changes.
            due.sort_unstable_by_key(|change| change.number);
            announced_at.extend(due.iter().map(|change| (change.user.id, now)));
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
