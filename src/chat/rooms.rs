//! Rooms: finding, creating, editing, joining, leaving and arranging them.

use super::state::Chat;
use super::unexpected::unexpected;
use crate::error::Result;
use crate::metrics::Count;
use crate::model::{
    Change, Event, MemberRole, MembersPage, NewRoom, PageSize, RoomId, RoomKind, RoomName, RoomPatch, RoomPrefs,
    RoomView, RoomsPage, Topic, UserId, Viewer, search_key,
};

/// A room to be created.
#[derive(Clone, Debug)]
pub struct RoomPlan {
    /// The kind, which decides who can find it.
    pub kind: RoomKind,
    /// The name. `None` for a direct room.
    pub name: Option<RoomName>,
    /// The topic.
    pub topic: Topic,
    /// The other people who are members from the start.
    pub members: Vec<UserId>,
}

impl Chat {
    /// The viewer's rooms, with each one's head and the viewer's read mark.
    ///
    /// # Errors
    /// When the data file cannot be read.
    pub async fn rooms(&self, viewer: &Viewer) -> Result<Vec<RoomView>> {
        self.write_read_marks_of(viewer.user.id).await;
        self.store.rooms(viewer.user.id).await
    }

    /// One of the viewer's rooms.
    ///
    /// # Errors
    /// `not_found` for a room that the viewer is not in.
    pub async fn room(&self, viewer: &Viewer, room: RoomId) -> Result<RoomView> {
        self.write_read_marks_of(viewer.user.id).await;
        self.store.room(viewer.user.id, room).await
    }

    /// A page of the public rooms by name: at most `count` rooms after `after`, whose names or topics contain
    /// `query`.
    ///
    /// # Errors
    /// `invalid` with the field `after` if it is not a public room.
    pub async fn browse(&self, viewer: &Viewer, query: &str, after: Option<RoomId>, count: usize) -> Result<RoomsPage> {
        let query = search_key(query);
        self.store.browse(viewer.user.id, &query, after, count).await
    }

    /// A page of the people in a room.
    ///
    /// # Errors
    /// `not_found` for a room that the viewer is not in.
    pub async fn members(
        &self,
        viewer: &Viewer,
        room: RoomId,
        query: &str,
        before: Option<UserId>,
        size: PageSize,
    ) -> Result<MembersPage> {
        let query = search_key(query);
        self.store.members(viewer.user.id, room, &query, before, size).await
    }

    /// Creates a room. If a direct room of these people exists, it returns that one. The flag tells whether the room
    /// is new.
    ///
    /// # Errors
    /// `invalid`, `name_taken`, `conflict` or `too_many_requests` at a limit, `forbidden` if one of two people has
    /// blocked the other.
    pub async fn create_room(&self, viewer: &Viewer, plan: RoomPlan) -> Result<(RoomView, bool)> {
        let at = self.throttle_action(viewer)?;
        self.write_read_marks_of(viewer.user.id).await;
        if plan.kind != RoomKind::Direct {
            self.limit(&self.rooms_made, Count::ActsTooMany, viewer.user.id)?;
        }
        let name = match (plan.kind, plan.name) {
            (RoomKind::Direct, _) => RoomName::nameless(),
            (_, Some(name)) => name,
            (_, None) => RoomName::parse("")?,
        };
        let new = NewRoom {
            by: viewer.user.id,
            kind: plan.kind,
            name,
            topic: plan.topic,
            members: plan.members,
            at,
        };
        match self.store.commit(Change::CreateRoom(new)).await? {
            Event::JoinedRoom { view, .. } => Ok((view, true)),
            Event::AlreadyMember { view } => Ok((view, false)),
            other => Err(unexpected(&other)),
        }
    }

    /// Renames a room, sets its topic, archives or restores it.
    ///
    /// # Errors
    /// Errors of the rules, and `name_taken`.
    pub async fn edit_room(&self, viewer: &Viewer, room: RoomId, patch: RoomPatch) -> Result<RoomView> {
        let at = self.throttle_action(viewer)?;
        let by = viewer.user.id;
        self.store.commit(Change::EditRoom { by, room, patch, at }).await?;
        self.room(viewer, room).await
    }

    /// Sets the viewer's own preferences for a room.
    ///
    /// # Errors
    /// `not_found` for a room that the viewer is not in.
    pub async fn arrange_room(&self, viewer: &Viewer, room: RoomId, prefs: RoomPrefs) -> Result<RoomView> {
        self.throttle_action(viewer)?;
        let user = viewer.user.id;
        self.write_read_marks_of(user).await;
        match self.store.commit(Change::ArrangeRoom { user, room, prefs }).await? {
            Event::RoomArranged { view, .. } => Ok(view),
            other => Err(unexpected(&other)),
        }
    }

    /// Joins a public room.
    ///
    /// # Errors
    /// `not_found` for a room that is not public, `forbidden` for an archived one.
    pub async fn join_room(&self, viewer: &Viewer, room: RoomId) -> Result<RoomView> {
        self.add_member(viewer, room, viewer.user.id).await
    }

    /// Adds somebody to a room.
    ///
    /// # Errors
    /// Errors of the rules.
    pub async fn add_member(&self, viewer: &Viewer, room: RoomId, user: UserId) -> Result<RoomView> {
        let at = self.throttle_action(viewer)?;
        let by = viewer.user.id;
        match self.store.commit(Change::AddMember { by, room, user, at }).await? {
            Event::JoinedRoom { view, .. } | Event::AlreadyMember { view } => Ok(view),
            other => Err(unexpected(&other)),
        }
    }

    /// Leaves a room, or removes somebody from it.
    ///
    /// # Errors
    /// Errors of the rules.
    pub async fn remove_member(&self, viewer: &Viewer, room: RoomId, user: UserId) -> Result<()> {
        let at = self.throttle_action(viewer)?;
        let by = viewer.user.id;
        self.store
            .commit(Change::RemoveMember { by, room, user, at })
            .await
            .map(drop)
    }

    /// Makes a member the owner of a room.
    ///
    /// # Errors
    /// Errors of the rules, and `conflict` if the room would have no owner.
    pub async fn set_member_role(&self, viewer: &Viewer, room: RoomId, user: UserId, role: MemberRole) -> Result<()> {
        let at = self.throttle_action(viewer)?;
        let change = Change::SetMemberRole {
            by: viewer.user.id,
            room,
            user,
            role,
            at,
        };
        self.store.commit(change).await.map(drop)
    }
}
