//! Searches, off the reactor and only a few at once.

use super::state::Chat;
use crate::error::{Error, Result};
use crate::limits::SEARCH_AGAIN_MS;
use crate::metrics::Count;
use crate::model::{SearchPage, SearchQuery, Viewer};

impl Chat {
    /// A page of hits in the viewer's current rooms.
    ///
    /// # Errors
    /// `not_found` for a room that the viewer is not in; `too_many_requests` if too many searches wait.
    pub async fn search(&self, viewer: &Viewer, query: SearchQuery) -> Result<SearchPage> {
        let busy = |_| {
            self.store.metrics().increment(Count::SearchesBusy);
            Error::too_many("Many people are searching. Try again in a moment.", SEARCH_AGAIN_MS)
        };
        let _permit = self.searches.all.try_acquire().map_err(busy)?;
        let running = self.searches.running.clone().acquire_owned().await;
        let running = running.map_err(Error::internal)?;
        let (store, viewer) = (self.store.clone(), viewer.user.id);
        let searching = tokio::task::spawn_blocking(move || {
            // Held until the work ends, even if the caller has been dropped.
            let _running = running;
            store.search(viewer, &query)
        });
        searching.await.map_err(Error::internal)?
    }
}
