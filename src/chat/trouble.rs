//! Announces when the server can no longer save messages, and when it can again.

use super::background_task::BackgroundTask;
use super::state::Chat;
use crate::limits::TROUBLE_LOOK_EVERY;
use crate::model::{Event, Trouble};
use crate::store::{Difference, Unready};
use std::sync::PoisonError;

impl Chat {
    /// The trouble that was announced last. A connecting client gets this and not the current state: a trouble that
    /// came and went between two checks would otherwise stay on its page.
    pub fn trouble(&self) -> Option<Trouble> {
        *self.announced_trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks repeatedly whether messages can be saved, and announces every change, for as long as the server runs.
    pub async fn announce_trouble(&self) {
        loop {
            self.fault_points.reach(BackgroundTask::Trouble);
            let store = self.store.clone();
            // On another thread, so that a disk that hangs does not block this one.
            let looking = tokio::task::spawn_blocking(move || store.readiness());
            if let Ok(readiness) = looking.await {
                self.announce(readiness).await;
            }
            tokio::time::sleep(TROUBLE_LOOK_EVERY).await;
        }
    }

    async fn announce(&self, readiness: Result<(), Unready>) {
        let trouble = match readiness {
            Ok(()) => None,
            // The close code tells connected clients.
            Err(Unready::Stopping) => return,
            // Overload passes quickly, and refused posts say when to retry.
            Err(Unready::Overloaded) => None,
            Err(Unready::Foreign(Difference::Removed)) => Some(Trouble::FileRemoved),
            Err(Unready::Foreign(Difference::Replaced)) => Some(Trouble::FileReplaced),
            Err(Unready::Foreign(Difference::Overwritten)) => Some(Trouble::FileOverwritten),
            Err(Unready::Damaged) => Some(Trouble::FileDamaged),
            Err(Unready::NotWritable) => Some(Trouble::NotWritable),
            Err(Unready::DiskFull) => Some(Trouble::DiskFull),
        };
        if trouble != self.trouble() {
            // Set before the signal: a client that connects in between is told twice rather than never.
            *self.announced_trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
            self.store.signal(vec![Event::Trouble(trouble)]).await;
        }
    }
}
