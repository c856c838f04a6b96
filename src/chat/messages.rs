//! Posting, acting on messages, and reading them.

use super::markup;
use super::state::Chat;
use super::unexpected::unexpected;
use crate::error::Result;
use crate::limits::SYNC_MESSAGES_COUNTED;
use crate::metrics::Count;
use crate::model::{
    Anchor, Body, Catchup, Change, ClientId, ConnectionId, Event, FormattedText, MessageAction, MessageRef, NewMessage,
    NewPost, Page, PageSize, PinsPage, PostContent, RequestedAction, RoomId, SavedPage, Seq, UserId, Viewer,
};
use std::future::Future;

/// Where a post or a change was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The room.
    pub room: RoomId,
    /// The seq.
    pub seq: Seq,
    /// Whether it was stored by an earlier request.
    pub repeated: bool,
}

impl Chat {
    /// Posts a message. Returns once it is in the writer's queue, so that posts are stored in the order of their
    /// calls. The inner future completes once the post is durable.
    ///
    /// # Errors
    /// `too_many_requests`, or `unavailable` with a time to wait, at once. From the inner future: errors of the
    /// rules, `storage_full` or `unavailable`.
    pub async fn post(
        &self,
        viewer: &Viewer,
        room: RoomId,
        client_id: ClientId,
        content: PostContent,
    ) -> Result<impl Future<Output = Result<Answer>> + use<>> {
        let now = self.throttle_action(viewer)?;
        let message = match content {
            PostContent::Text { body, reply_to, files } => NewMessage::Text {
                text: self.parse_text(viewer, body).await?,
                reply_to,
                files,
            },
            PostContent::Forward(MessageRef { room, id }) => NewMessage::Forward { room, id },
        };
        let is_for_here = matches!(&message, NewMessage::Text { text, .. } if text.mentions.here);
        let change = Change::Post(NewPost {
            author: viewer.user.id,
            room,
            client_id,
            message,
            here: if is_for_here { self.online() } else { Vec::new() },
            at: now,
        });
        let pending = self.store.submit(change).await?;
        Ok(async move { answer(&pending.await?) })
    }

    /// Acts on a message. Like [`Chat::post`], the inner future completes once the change is durable.
    ///
    /// # Errors
    /// `too_many_requests`, or `unavailable` with a time to wait, at once. From the inner future: errors of the
    /// rules.
    pub async fn act(
        &self,
        viewer: &Viewer,
        target: MessageRef,
        action: RequestedAction,
    ) -> Result<impl Future<Output = Result<Answer>> + use<>> {
        let at = self.throttle_action(viewer)?;
        let act = match action {
            RequestedAction::Edit(body) => MessageAction::Edit(self.parse_text(viewer, body).await?),
            RequestedAction::Delete => MessageAction::Delete,
            RequestedAction::Undelete => MessageAction::Undelete,
            RequestedAction::React(emoji, on) => MessageAction::React { emoji, on },
            RequestedAction::Pin(on) => MessageAction::Pin { on },
        };
        let by = viewer.user.id;
        let pending = self.store.submit(Change::MessageAction { by, target, act, at }).await?;
        Ok(async move { answer(&pending.await?) })
    }

    /// Parses a text with the people and rooms that its author can name.
    async fn parse_text(&self, viewer: &Viewer, body: Body) -> Result<FormattedText> {
        let candidates = markup::candidates(body.as_str());
        let mut names = markup::Names::default();
        if !candidates.people.is_empty() {
            names.people = self.store.people_named(&candidates.people).await?;
        }
        if !candidates.rooms.is_empty() {
            names.rooms = self.store.rooms_named(viewer.user.id, &candidates.rooms).await?;
        }
        Ok(markup::parse(body, &names))
    }

    fn online(&self) -> Vec<UserId> {
        self.hub.online().iter().map(|(user, _)| user.id).collect()
    }

    /// Saves a message for later, or removes it from the saved ones.
    ///
    /// # Errors
    /// `too_many_requests`, or `unavailable` with a time to wait, at once. From the inner future: errors of the
    /// rules.
    pub async fn save(
        &self,
        viewer: &Viewer,
        by: ConnectionId,
        target: MessageRef,
        on: bool,
    ) -> Result<impl Future<Output = Result<()>> + use<>> {
        let at = self.throttle_action(viewer)?;
        let change = Change::Save {
            user: viewer.user.id,
            target,
            on,
            at,
            by: Some(by),
        };
        let pending = self.store.submit(change).await?;
        Ok(async move { pending.await.map(drop) })
    }

    /// A page of the viewer's saved messages.
    ///
    /// # Errors
    /// When the data file cannot be read.
    pub async fn saved(&self, viewer: &Viewer, before: Option<u64>, size: PageSize) -> Result<SavedPage> {
        self.store.saved(viewer.user.id, before, size).await
    }

    /// A page of a room's history.
    ///
    /// # Errors
    /// `not_found` for a room that the viewer is not in.
    pub async fn history(&self, viewer: &Viewer, room: RoomId, anchor: Anchor, size: PageSize) -> Result<Page> {
        self.store.history(viewer.user.id, room, anchor, size).await
    }

    /// The messages of a room that changed after `since`.
    ///
    /// # Errors
    /// `not_found` for a room that the viewer is not in; `too_many_requests`.
    pub async fn catch_up(&self, viewer: &Viewer, room: RoomId, since: Seq) -> Result<Catchup> {
        let user = viewer.user.id;
        self.limit(&self.syncs, Count::SyncsTooMany, user)?;
        let caught_up = self.store.catchup(user, room, since).await?;
        if let Catchup::Changed { messages, .. } = &caught_up {
            let more = messages.len() / SYNC_MESSAGES_COUNTED;
            self.syncs.spend(self.rate_limits, self.clock.instant(), user, more);
        }
        Ok(caught_up)
    }

    /// A page of the pinned messages of a room, below `before`.
    ///
    /// # Errors
    /// `not_found` for a room that the viewer is not in.
    pub async fn pins(&self, viewer: &Viewer, room: RoomId, before: Option<u64>) -> Result<PinsPage> {
        self.store.pins(viewer.user.id, room, before).await
    }

    /// How far the others in a room have read.
    ///
    /// # Errors
    /// `not_found` for a room that the viewer is not in.
    pub async fn read_positions(&self, viewer: &Viewer, room: RoomId) -> Result<Vec<(UserId, Seq)>> {
        self.store.seen(viewer.user.id, room).await
    }

    /// Erases deleted messages that can no longer be restored.
    pub async fn erase_deleted(&self) {
        let now = self.clock.now();
        let before = crate::clock::Time(now.0.saturating_sub(crate::limits::UNDO_MS));
        if !matches!(self.store.has_deleted(before).await, Ok(true)) {
            return;
        }
        if let Err(error) = self.store.commit(Change::Erase { before }).await {
            error.log();
        }
    }
}

fn answer(event: &Event) -> Result<Answer> {
    let (room, seq, repeated) = match event {
        Event::Posted(posted) | Event::Changed(posted) => (posted.room, posted.seq, false),
        Event::PostedBefore { room, seq, .. } | Event::Unchanged { room, seq } => (*room, *seq, true),
        other => return Err(unexpected(other)),
    };
    Ok(Answer { room, seq, repeated })
}
