//! Tells everybody when the server stops saving what they write, and when it saves it again.

use super::parts::Part;
use super::state::Chat;
use crate::limits::TROUBLE_LOOK_EVERY;
use crate::model::{Event, Trouble};
use crate::store::{Difference, Unready};
use std::sync::PoisonError;

impl Chat {
    /// What everybody was told last. A client that connects is told this and not the present state, or a trouble that
    /// comes and goes between two looks would stay on their page.
    pub fn trouble(&self) -> Option<Trouble> {
        *self.announced_trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks again and again whether what people write is saved, and tells everybody when that changes, for as long as
    /// the server runs.
    pub async fn announce_trouble(&self) {
        loop {
            self.fault_points.reach(Part::Trouble);
            let store = self.store.clone();
            // Not on this thread: a disk that hangs must not keep anybody from talking.
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
            // Those who are connected hear of it in other ways.
            Err(Unready::Stopping) => return,
            // A moment's work, and posts that are refused for it say when to come again.
            Err(Unready::Overloaded) => None,
            Err(Unready::Foreign(Difference::Removed)) => Some(Trouble::FileRemoved),
            Err(Unready::Foreign(Difference::Replaced)) => Some(Trouble::FileReplaced),
            Err(Unready::Foreign(Difference::Overwritten)) => Some(Trouble::FileOverwritten),
            Err(Unready::Damaged) => Some(Trouble::FileDamaged),
            Err(Unready::NotWritable) => Some(Trouble::NotWritable),
            Err(Unready::DiskFull) => Some(Trouble::DiskFull),
        };
        if trouble != self.trouble() {
            // First this, then the signal: a client that connects in between is told twice rather than never.
            *self.announced_trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
            self.store.signal(vec![Event::Trouble(trouble)]).await;
        }
    }
}
