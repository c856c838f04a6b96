//! How far people have read. Where many look on, each of them says so after every message, and the others are told. So
//! marks wait for a second and are committed together, of each person in each room only the last; and a mark without
//! an answer is acknowledged to nobody, so a crash may lose it. An orderly stop does not.

use super::parts::Part;
use super::read_mark_queue::{answer_all, marked};
use super::state::Chat;
use crate::error::{Error, Kind, Result};
use crate::limits::READ_MARKS_TIMEOUT;
use crate::model::{Change, ConnectionId, MessageRef, ReadMark, RoomId, Seq, UserId, Viewer};
use std::future::Future;
use std::time::Duration;
use tokio::time::timeout;

impl Chat {
    /// The viewer has read a room up to `seq`, and said so over the connection `by`. The inner future is ready once it
    /// is durable, together with others within [`READ_MARKS_EVERY`](crate::limits::READ_MARKS_EVERY).
    ///
    /// # Errors
    /// `not_found`, or `invalid` past the room's head; `storage_full` or `unavailable` from the inner future.
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

    /// To the viewer, a room is unread from this message on; the connection `by` said so. Like
    /// [`Chat::post`], the inner future is ready once it is durable.
    ///
    /// # Errors
    /// `not_found`, or `invalid` for what is too far back.
    pub async fn mark_unread(
        &self,
        viewer: &Viewer,
        by: ConnectionId,
        target: MessageRef,
    ) -> Result<impl Future<Output = Result<ReadMark>> + use<>> {
        self.count_act(viewer)?;
        let (user, by) = (viewer.user.id, Some(by));
        // What they had read before they said this must not undo it.
        let submitted = self.read_marks.submit().await;
        let pending = self.store.submit(Change::MarkUnread { user, target, by }).await;
        tokio::spawn(answer_all(submitted));
        let pending = pending?;
        Ok(async move { marked(pending.await?) })
    }

    /// Writes the marks that come, for as long as the server runs: the first one at once, what comes within
    /// `every` after it together.
    pub async fn keep_read_marks(&self, every: Duration) {
        loop {
            self.read_marks.arrived.notified().await;
            self.fault_points.reach(Part::ReadMarks);
            self.write_read_marks().await;
            tokio::time::sleep(every).await;
        }
    }

    /// Writes all marks that wait.
    pub async fn write_read_marks(&self) {
        // In a task of its own: the caller may be dropped, and the marks must not be lost with it.
        let _ = tokio::spawn(self.read_marks.clone().write()).await;
    }

    /// Writes the marks that wait if one is of this person, so that they see it in their rooms. Where the disk takes
    /// long they see their rooms without.
    pub async fn write_read_marks_of(&self, user: UserId) {
        if self.read_marks.may_have_some_of(user) {
            let _ = timeout(READ_MARKS_TIMEOUT, self.write_read_marks()).await;
        }
    }
}
