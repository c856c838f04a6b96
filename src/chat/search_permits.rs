//! Permits for searches: how many run at once, and how many more may wait.

use crate::limits::{SEARCHES_MAX, SEARCHES_WAITING_MAX};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// A search takes one permit of each.
pub(super) struct SearchPermits {
    /// For searches that run or wait.
    pub all: Semaphore,
    pub running: Arc<Semaphore>,
}

impl Default for SearchPermits {
    fn default() -> SearchPermits {
        SearchPermits {
            all: Semaphore::new(SEARCHES_WAITING_MAX),
            running: Arc::new(Semaphore::new(SEARCHES_MAX)),
        }
    }
}
