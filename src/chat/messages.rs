//! Posting, and reading what was posted.

use super::{Chat, accounts::unexpected};
use crate::error::Result;
use crate::model::{
    Anchor, Body, Catchup, Change, ClientId, ConnectionId, Event, NewPost, Page, PageSize, RoomId, Seq, Viewer, rules,
};
use std::future::Future;

/// Where a post stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// In which room.
    pub room: RoomId,
    /// At which seq.
    pub seq: Seq,
    /// Whether it stood there before it was asked for now.
    pub repeated: bool,
}

impl Chat {
    /// Posts a message. Returns once it has its place in the writer's queue, so that posts that are
    /// begun in an order are stored in that order; the inner future is ready once it is durable.
    ///
    /// # Errors
    /// `too_many_requests` at once; `not_found`, `storage_full` or `unavailable` from the inner future.
    pub async fn post(
        &self,
        viewer: &Viewer,
        room: RoomId,
        client_id: ClientId,
        body: Body,
    ) -> Result<impl Future<Output = Result<Answer>> + use<>> {
        let now = self.clock.now();
        self.posts.take(self.rate_limits, now, viewer.user.id)?;
        let change = Change::Post(NewPost {
            author: viewer.user.id,
            room,
            client_id,
            body,
            at: now,
        });
        let pending = self.store.submit(change).await?;
        Ok(async move {
            match pending.await? {
                Event::Posted(posted) => Ok(Answer {
                    room: posted.room,
                    seq: posted.seq,
                    repeated: false,
                }),
                Event::PostedBefore { room, seq, .. } => Ok(Answer {
                    room,
                    seq,
                    repeated: true,
                }),
                other => Err(unexpected(&other)),
            }
        })
    }

    /// A page of a room's history.
    ///
    /// # Errors
    /// `not_found` for a room that the viewer is not in.
    pub async fn history(&self, _viewer: &Viewer, room: RoomId, anchor: Anchor, size: PageSize) -> Result<Page> {
        rules::may_read(room)?;
        self.store.history(room, anchor, size).await
    }

    /// What changed in a room after `since`.
    ///
    /// # Errors
    /// `not_found` for a room that the viewer is not in.
    pub async fn catch_up(&self, _viewer: &Viewer, room: RoomId, since: Seq) -> Result<Catchup> {
        rules::may_read(room)?;
        self.store.catchup(room, since).await
    }

    /// The viewer has read a room up to `seq`, and said so over the connection `by`. Like
    /// [`Chat::post`], the inner future is ready once it is durable.
    ///
    /// # Errors
    /// `not_found`, or `invalid` past the room's head.
    pub async fn mark_read(
        &self,
        viewer: &Viewer,
        by: ConnectionId,
        room: RoomId,
        seq: Seq,
    ) -> Result<impl Future<Output = Result<()>> + use<>> {
        rules::may_read(room)?;
        let change = Change::MarkRead {
            user: viewer.user.id,
            room,
            seq,
            by: Some(by),
        };
        let pending = self.store.submit(change).await?;
        Ok(async move { pending.await.map(drop) })
    }
}
