//! Access rules: one function per action, decided by data that the caller has looked up.
//!
//! `tests/it/rules.rs` holds the whole table: every action for every role in every kind of room.

mod server;

use super::{LOBBY, MemberRole, Message, Role, RoomId, RoomKind, UserId};
use crate::clock::Time;
use crate::error::{Error, Kind, Result};
use crate::limits::UNDO_MS;
pub use server::*;

/// A user's relation to a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The room.
    pub room: RoomId,
    /// The kind of the room.
    pub kind: RoomKind,
    /// Whether the room is read-only.
    pub archived: bool,
    /// The user's role on the server.
    pub server: Role,
    /// The user's role in the room. `None` if the user is not a member.
    pub member: Option<MemberRole>,
}

impl Access {
    /// Whether the user manages the room: its owner, or a member who is the server's owner or an admin.
    fn manages(&self) -> bool {
        self.member
            .is_some_and(|role| role == MemberRole::Owner || self.server != Role::Member)
    }
}

/// Whether a user may see a room, its members and its history. A room that does not exist and a room that the user may
/// not see give the same answer.
///
/// # Errors
/// `not_found`.
pub fn may_read(who: Option<&Access>) -> Result<Access> {
    who.filter(|who| who.member.is_some()).copied().ok_or_else(no_such_room)
}

/// Whether a user may post, edit, react or pin.
///
/// # Errors
/// `not_found`, or `forbidden` in an archived room.
pub fn may_write(who: Option<&Access>) -> Result<Access> {
    let who = may_read(who)?;
    match who.archived {
        true => Err(forbidden("This room is archived. It can be read, not written to.")),
        false => Ok(who),
    }
}

/// Whether `by` may edit this message.
///
/// # Errors
/// Those of [`may_write`]; `forbidden` for a message of another user and for a forwarded one, `conflict` for a deleted
/// one.
pub fn may_edit(who: Option<&Access>, by: UserId, message: &Message) -> Result<()> {
    may_write(who)?;
    is_post(message)?;
    match (message.author == by, message.forwarded) {
        (false, _) => Err(forbidden("Only its author can edit a message.")),
        // An edit would put words into the original author's mouth.
        (true, Some(_)) => Err(forbidden("A forwarded message cannot be edited.")),
        (true, None) => is_there(message),
    }
}

/// Whether `by` may delete this message.
///
/// # Errors
/// Those of [`may_write`]; `forbidden` for a message of another user, unless `by` manages the room.
pub fn may_delete(who: Option<&Access>, by: UserId, message: &Message) -> Result<()> {
    let who = may_write(who)?;
    is_post(message)?;
    match message.author == by || (who.manages() && who.kind != RoomKind::Direct) {
        true => Ok(()),
        false => Err(forbidden("Only its author or an owner can delete a message.")),
    }
}

/// Whether `by` may undo the deletion of this message at `deleted_at`.
///
/// # Errors
/// Those of [`may_write`]; `forbidden` if another user deleted it, `conflict` after [`UNDO_MS`] or if it was not
/// deleted.
pub fn may_undelete(
    who: Option<&Access>,
    by: UserId,
    message: &Message,
    deleted_at: Option<Time>,
    now: Time,
) -> Result<()> {
    may_write(who)?;
    match (message.deleted_by, deleted_at) {
        (Some(deleter), _) if deleter != by => Err(forbidden("Only who deleted a message can bring it back.")),
        (Some(_), Some(at)) if now.since(at) <= UNDO_MS => Ok(()),
        (Some(_), _) => Err(Error::new(Kind::Conflict, "It is too late to bring that message back.")),
        (None, _) => Err(Error::new(Kind::Conflict, "That message is not deleted.")),
    }
}

/// Whether a user may react to, pin, save or forward this message, or reply to it.
///
/// # Errors
/// `not_found` for a notice, `conflict` for a deleted message.
pub fn may_use(message: &Message) -> Result<()> {
    is_post(message)?;
    is_there(message)
}

/// Whether a user may rename a room, set its topic, archive or restore it. `archives` is true if the change archives
/// or restores the room.
///
/// # Errors
/// `not_found`, or `forbidden` for a user who does not manage the room.
pub fn may_manage(who: Option<&Access>, archives: bool) -> Result<()> {
    let who = may_read(who)?;
    match (who.kind, who.room) {
        (RoomKind::Direct, _) => Err(forbidden("A direct message has no name, topic or archive.")),
        (_, LOBBY) if archives => Err(forbidden("The first room cannot be archived.")),
        _ if who.manages() => Ok(()),
        _ => Err(forbidden("Only an owner can change this room.")),
    }
}

/// Whether a user may join a room on their own.
///
/// # Errors
/// `not_found` for a room that is not public, `forbidden` for an archived one. The server's owner and admins may join
/// it all the same: once every member has left, nobody else could restore it.
pub fn may_join(who: Option<&Access>) -> Result<()> {
    match who {
        Some(who) if who.member.is_some() => Ok(()),
        Some(who) if who.kind == RoomKind::Public && who.server != Role::Member => Ok(()),
        Some(who) if who.kind == RoomKind::Public && who.archived => Err(forbidden("This room is archived.")),
        Some(who) if who.kind == RoomKind::Public => Ok(()),
        _ => Err(no_such_room()),
    }
}

/// Whether a user may leave a room.
///
/// # Errors
/// `not_found`, or `forbidden` in the Lobby and in direct rooms.
pub fn may_leave(who: Option<&Access>) -> Result<()> {
    let who = may_read(who)?;
    match (who.kind, who.room) {
        (RoomKind::Direct, _) => Err(forbidden("A direct message cannot be left. Hide it instead.")),
        (_, LOBBY) => Err(forbidden("Everyone is in this room. It cannot be left.")),
        _ => Ok(()),
    }
}

/// Whether a user may add others to a room.
///
/// # Errors
/// `not_found`, or `forbidden` in direct and in archived rooms.
pub fn may_invite(who: Option<&Access>) -> Result<()> {
    let who = may_write(who)?;
    match who.kind {
        RoomKind::Direct => Err(forbidden("Nobody can be added to a direct message. Begin another one.")),
        _ => Ok(()),
    }
}

/// Whether a user may remove a member whose role in the room is `target`.
///
/// # Errors
/// `not_found`, or `forbidden` for a user who does not manage the room, in the Lobby, in direct rooms, and for
/// removing an owner unless the server's owner does it.
pub fn may_remove(who: Option<&Access>, target: MemberRole) -> Result<()> {
    let who = may_read(who)?;
    match (who.kind, who.room) {
        (RoomKind::Direct, _) => Err(forbidden("Nobody can be removed from a direct message.")),
        (_, LOBBY) => Err(forbidden("Everyone is in this room. Nobody can be removed from it.")),
        _ if !who.manages() => Err(forbidden("Only an owner can remove people.")),
        _ if target == MemberRole::Owner && who.server != Role::Owner => {
            Err(forbidden("The owner of a room cannot be removed from it."))
        }
        _ => Ok(()),
    }
}

/// Whether a user may make another member the owner of a room.
///
/// # Errors
/// `not_found`, or `forbidden` for a user who does not manage the room, in the Lobby and in direct rooms.
pub fn may_hand_over(who: Option<&Access>) -> Result<()> {
    let who = may_read(who)?;
    match (who.kind, who.room) {
        (RoomKind::Direct, _) | (_, LOBBY) => Err(forbidden("This room has no owner of its own.")),
        _ if who.manages() => Ok(()),
        _ => Err(forbidden("Only an owner can hand a room over.")),
    }
}

fn is_post(message: &Message) -> Result<()> {
    match message.notice {
        Some(_) => Err(Error::not_found("There is no such message.").at("id")),
        None => Ok(()),
    }
}

fn is_there(message: &Message) -> Result<()> {
    match message.deleted_by {
        Some(_) => Err(Error::new(Kind::Conflict, "That message is deleted.").at("id")),
        None => Ok(()),
    }
}

fn forbidden(title: &'static str) -> Error {
    Error::new(Kind::Forbidden, title)
}

/// The error for a room that does not exist or that the viewer may not see.
pub fn no_such_room() -> Error {
    Error::new(Kind::NotFound, "There is no such room.").at("room")
}
