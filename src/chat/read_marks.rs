//! How far people have read. In a busy room, every reader sends a mark after each message, and the others see it. So
//! the first mark is committed at once, and those within a second after it wait and are committed together, only the
//! latest of each person in each room. A mark sent without a `ref` is not acknowledged, so a crash may lose it. An
//! orderly stop does not.

use super::background_task::BackgroundTask;
use super::read_mark_queue::{answer_all, marked};
use super::state::Chat;
use crate::error::{Error, Kind, Result};
use crate::limits::READ_MARKS_TIMEOUT;
use crate::model::{Change, ConnectionId, MessageRef, ReadMark, RoomId, Seq, UserId, Viewer};
use std::future::Future;
use std::time::Duration;
use tokio::time::timeout;

impl Chat {
    /// Marks a room as read up to `seq`, on behalf of the connection `by`. The inner future completes once the mark
    /// is durable, within [`READ_MARKS_EVERY`](crate::limits::READ_MARKS_EVERY) together with others.
    ///
    /// # Errors
    /// `not_found`, or `invalid` past the room's head. From the inner future: `storage_full` or `unavailable`.
    pub async fn mark_read(
        &self,
        viewer: &Viewer,
        by: ConnectionId,
        room: RoomId,
        seq: Seq,
    ) -> Result<impl Future<Output = Result<ReadMark>> + use<>> {
        let user = viewer.user.id;
        self.store.may_mark_read(user, room, seq).await?;
        if self.read_marks.is_full_for(user, room) {
            self.write_read_marks().await;
        }
        let answer = self.read_marks.add(user, room, seq, by);
        Ok(async move {
            let ended = || Err(Error::new(Kind::Unavailable, "The server is stopping. Try again soon."));
            answer.await.unwrap_or_else(|_| ended())
        })
    }

    /// Marks a room as unread from this message on, for the viewer, on behalf of the connection `by`. Like
    /// [`Chat::post`], the inner future completes once the change is durable.
    ///
    /// # Errors
    /// `not_found`, or `invalid` for a message too far back.
    pub async fn mark_unread(
        &self,
        viewer: &Viewer,
        by: ConnectionId,
        target: MessageRef,
    ) -> Result<impl Future<Output = Result<ReadMark>> + use<>> {
        self.throttle_action(viewer)?;
        let (user, by) = (viewer.user.id, Some(by));
        // Earlier read marks must not undo this change.
        let submitted = self.read_marks.submit().await;
        let pending = self.store.submit(Change::MarkUnread { user, target, by }).await;
        tokio::spawn(answer_all(submitted));
        let pending = pending?;
        Ok(async move { marked(pending.await?) })
    }

    /// Commits read marks, for as long as the server runs: the first one at once, and those that come within `every`
    /// after it together.
    pub async fn keep_read_marks(&self, every: Duration) {
        loop {
            self.read_marks.arrived.notified().await;
            self.fault_points.reach(BackgroundTask::ReadMarks);
            self.write_read_marks().await;
            tokio::time::sleep(every).await;
        }
    }

    /// Commits all waiting marks.
    pub async fn write_read_marks(&self) {
        // In a task of its own: the caller may be dropped, and the marks must not be lost with it.
        let _ = tokio::spawn(self.read_marks.clone().write()).await;
    }

    /// Commits the waiting marks if one is of this person, so that their list of rooms includes it. If the disk is
    /// slow, they see the list without it.
    pub async fn write_read_marks_of(&self, user: UserId) {
        if self.read_marks.may_have_some_of(user) {
            let _ = timeout(READ_MARKS_TIMEOUT, self.write_read_marks()).await;
        }
    }
}
