//! The rooms that somebody is in.

use super::Chat;
use crate::error::Result;
use crate::model::{RoomView, Viewer};

impl Chat {
    /// The viewer's rooms, with how far each has got and how far the viewer has read.
    ///
    /// # Errors
    /// When the data file cannot be read.
    pub async fn rooms(&self, viewer: &Viewer) -> Result<Vec<RoomView>> {
        self.store.rooms(viewer.user.id).await
    }
}
