//! Who may look after the server and its people.

use super::forbidden;
use crate::error::{Error, Result};
use crate::model::Role;

/// Whether it is the asker themselves whom something is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// Their own account.
    Self_,
    /// Somebody else, who is this on the server.
    Other(Role),
}

/// Whether somebody may see how the server is doing and who can come in.
///
/// # Errors
/// `forbidden` for members.
pub fn may_see_server(who: Role) -> Result<()> {
    match who {
        Role::Owner | Role::Admin => Ok(()),
        Role::Member => Err(forbidden("Only the owner and admins can see this.")),
    }
}

/// Whether somebody may rename the server.
///
/// # Errors
/// `forbidden` for members.
pub fn may_rename_server(who: Role) -> Result<()> {
    may_see_server(who).map_err(|_| forbidden("Only the owner and admins can rename this server."))
}

/// Whether somebody may decide who can come in, and make the link for it.
///
/// # Errors
/// `forbidden` for members.
pub fn may_open_door(who: Role) -> Result<()> {
    may_see_server(who).map_err(|_| forbidden("Only the owner and admins can decide who comes in."))
}

/// Whether somebody may make another one an owner, an admin or a member.
///
/// # Errors
/// `forbidden` for all but the owner, and for the owner's own role: the server always has one.
pub fn may_set_role(who: Role, whom: Whom) -> Result<()> {
    match (who, whom) {
        (Role::Owner, Whom::Other(_)) => Ok(()),
        (Role::Owner, Whom::Self_) => Err(forbidden("The server needs an owner. Hand it over to somebody else.")),
        _ => Err(forbidden("Only the owner can change what people may do.")),
    }
}

/// Whether somebody may shut another's account, or open it again.
///
/// # Errors
/// `forbidden` for members, for one's own account, and for an admin where it is no member's.
pub fn may_deactivate(who: Role, whom: Whom) -> Result<()> {
    match (who, whom) {
        (Role::Member, _) => Err(forbidden("Only the owner and admins can do that.")),
        (_, Whom::Self_) => Err(forbidden("Nobody can deactivate their own account.")),
        (Role::Owner, _) | (Role::Admin, Whom::Other(Role::Member)) => Ok(()),
        (Role::Admin, _) => Err(forbidden("Only the owner can do that to an admin.")),
    }
}

/// Whether somebody may give another one a link with which to set another password. Whoever has such a
/// link is that person, so it goes no higher than the one who makes it.
///
/// # Errors
/// `forbidden` for members, for oneself, and for an admin where the other is no member.
pub fn may_offer_reset(who: Role, whom: Whom) -> Result<()> {
    match (who, whom) {
        (Role::Member, _) => Err(forbidden("Only the owner and admins can do that.")),
        (_, Whom::Self_) => Err(forbidden("Change your own password in the settings.")),
        (Role::Owner, _) | (Role::Admin, Whom::Other(Role::Member)) => Ok(()),
        (Role::Admin, _) => Err(forbidden("Only the owner can do that for an admin.")),
    }
}

/// Whether somebody may take a copy of everything.
///
/// # Errors
/// `forbidden` for all but the owner: it holds what everybody wrote, direct messages included.
pub fn may_back_up(who: Role) -> Result<()> {
    match who {
        Role::Owner => Ok(()),
        _ => Err(forbidden("Only the owner can take a backup.")),
    }
}

/// Nobody of that number.
pub fn no_such_person() -> Error {
    Error::not_found("There is no such person.").at("user")
}
