//! Who may do what: one function per verb, decided by data that the caller looked up.
//!
//! `tests/it/rules.rs` holds the whole table: every verb for every role in every kind of room.

mod server;

use super::{LOBBY, MemberRole, Message, Role, RoomId, RoomKind, UserId};
use crate::clock::Time;
use crate::error::{Error, Kind, Result};
use crate::limits::UNDO_MS;
pub use server::*;

/// What somebody is to a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Which room.
    pub room: RoomId,
    /// Of which kind.
    pub kind: RoomKind,
    /// Whether it is kept for reading only.
    pub archived: bool,
    /// What they are on the server.
    pub server: Role,
    /// What they are in the room, if they are in it.
    pub member: Option<MemberRole>,
}

impl Access {
    /// Looks after the room: its owner, or the owner or an admin of the server where they are in it.
    fn manages(&self) -> bool {
        self.member
            .is_some_and(|role| role == MemberRole::Owner || self.server != Role::Member)
    }
}

/// Whether somebody may see a room, its people and its history. A room that is not there and one
/// that is not theirs answer alike.
///
/// # Errors
/// `not_found`.
pub fn may_read(who: Option<&Access>) -> Result<Access> {
    who.filter(|who| who.member.is_some()).copied().ok_or_else(no_such_room)
}

/// Whether somebody may post, edit, react or pin.
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
/// Those of [`may_write`]; `forbidden` for somebody else's and for a forwarded one, `conflict` for what was
/// deleted.
pub fn may_edit(who: Option<&Access>, by: UserId, message: &Message) -> Result<()> {
    may_write(who)?;
    is_post(message)?;
    match (message.author == by, message.forwarded) {
        (false, _) => Err(forbidden("Only its author can edit a message.")),
        // It would put words into the mouth of who wrote it first.
        (true, Some(_)) => Err(forbidden("A forwarded message cannot be edited.")),
        (true, None) => is_there(message),
    }
}

/// Whether `by` may delete this message.
///
/// # Errors
/// Those of [`may_write`]; `forbidden` for somebody else's, unless they look after the room.
pub fn may_delete(who: Option<&Access>, by: UserId, message: &Message) -> Result<()> {
    let who = may_write(who)?;
    is_post(message)?;
    match message.author == by || (who.manages() && who.kind != RoomKind::Direct) {
        true => Ok(()),
        false => Err(forbidden("Only its author or an owner can delete a message.")),
    }
}

/// Whether `by` may take back that this message was deleted at `deleted_at`.
///
/// # Errors
/// Those of [`may_write`]; `forbidden` where somebody else deleted it, `conflict` after
/// [`UNDO_MS`] or where it was not deleted.
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

/// Whether somebody may react to, pin, save or forward this message, or reply to it.
///
/// # Errors
/// `not_found` for what is no post, `conflict` for what was deleted.
pub fn may_use(message: &Message) -> Result<()> {
    is_post(message)?;
    is_there(message)
}

/// Whether somebody may rename a room, set its topic, archive or restore it. `archives` where the
/// room would go into the archive or out of it.
///
/// # Errors
/// `not_found`, or `forbidden` for whoever does not look after it.
pub fn may_manage(who: Option<&Access>, archives: bool) -> Result<()> {
    let who = may_read(who)?;
    match (who.kind, who.room) {
        (RoomKind::Direct, _) => Err(forbidden("A direct message has no name, topic or archive.")),
        (_, LOBBY) if archives => Err(forbidden("The first room cannot be archived.")),
        _ if who.manages() => Ok(()),
        _ => Err(forbidden("Only an owner can change this room.")),
    }
}

/// Whether somebody may come in by themselves.
///
/// # Errors
/// `not_found` for a room that is not public, `forbidden` for an archived one. Who looks after the server
/// comes in all the same: where everybody has left, nobody else could bring the room back.
pub fn may_join(who: Option<&Access>) -> Result<()> {
    match who {
        Some(who) if who.member.is_some() => Ok(()),
        Some(who) if who.kind == RoomKind::Public && who.server != Role::Member => Ok(()),
        Some(who) if who.kind == RoomKind::Public && who.archived => Err(forbidden("This room is archived.")),
        Some(who) if who.kind == RoomKind::Public => Ok(()),
        _ => Err(no_such_room()),
    }
}

/// Whether somebody may go.
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

/// Whether somebody may bring others in.
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

/// Whether somebody may send a member away who is `target` in the room.
///
/// # Errors
/// `not_found`, or `forbidden` for whoever does not look after it, in the Lobby, in direct rooms,
/// and for an owner unless the owner of the server does it.
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

/// Whether somebody may make another member the owner.
///
/// # Errors
/// `not_found`, or `forbidden` for whoever does not look after it, in the Lobby and in direct rooms.
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

/// What a room answers that is not there, or not there for the viewer.
pub fn no_such_room() -> Error {
    Error::new(Kind::NotFound, "There is no such room.").at("room")
}
