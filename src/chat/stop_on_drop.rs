//! Stops work on another thread when the future that waits for it is dropped.

use crate::store::Progress;
use std::sync::Arc;

/// Stops a copy or a check when its caller is dropped.
pub(super) struct StopOnDrop(pub Arc<Progress>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}
