//! Access rules for managing the server and its users.

use super::forbidden;
use crate::error::{Error, Result};
use crate::model::Role;

/// Whether an action is about the user's own account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// The user's own account.
    Self_,
    /// Another user, with this role on the server.
    Other(Role),
}

/// Whether a user may see the state of the server and the sign-up policy.
///
/// # Errors
/// `forbidden` for members.
pub fn may_see_server(who: Role) -> Result<()> {
    match who {
        Role::Owner | Role::Admin => Ok(()),
        Role::Member => Err(forbidden("Only the owner and admins can see this.")),
    }
}

/// Whether a user may rename the server.
///
/// # Errors
/// `forbidden` for members.
pub fn may_rename_server(who: Role) -> Result<()> {
    may_see_server(who).map_err(|_| forbidden("Only the owner and admins can rename this server."))
}

/// Whether a user may set the sign-up policy and make invite links.
///
/// # Errors
/// `forbidden` for members.
pub fn may_set_sign_up_policy(who: Role) -> Result<()> {
    may_see_server(who).map_err(|_| forbidden("Only the owner and admins can decide who comes in."))
}

/// Whether a user may change another user's role.
///
/// # Errors
/// `forbidden` for all but the owner, and for the owner's own role: the server always has an owner.
pub fn may_set_role(who: Role, whom: Whom) -> Result<()> {
    match (who, whom) {
        (Role::Owner, Whom::Other(_)) => Ok(()),
        (Role::Owner, Whom::Self_) => Err(forbidden("The server needs an owner. Hand it over to somebody else.")),
        _ => Err(forbidden("Only the owner can change what people may do.")),
    }
}

/// Whether a user may deactivate another account, or reactivate it.
///
/// # Errors
/// `forbidden` for members, for one's own account, and for an admin if the other user is not a member.
pub fn may_deactivate(who: Role, whom: Whom) -> Result<()> {
    match (who, whom) {
        (Role::Member, _) => Err(forbidden("Only the owner and admins can do that.")),
        (_, Whom::Self_) => Err(forbidden("Nobody can deactivate their own account.")),
        (Role::Owner, _) | (Role::Admin, Whom::Other(Role::Member)) => Ok(()),
        (Role::Admin, _) => Err(forbidden("Only the owner can do that to an admin.")),
    }
}

/// Whether a user may give another user a link that sets a new password. The link gives access to the account, so an
/// admin may not make one for an admin or the owner.
///
/// # Errors
/// `forbidden` for members, for oneself, and for an admin if the other user is not a member.
pub fn may_offer_reset(who: Role, whom: Whom) -> Result<()> {
    match (who, whom) {
        (Role::Member, _) => Err(forbidden("Only the owner and admins can do that.")),
        (_, Whom::Self_) => Err(forbidden("Change your own password in the settings.")),
        (Role::Owner, _) | (Role::Admin, Whom::Other(Role::Member)) => Ok(()),
        (Role::Admin, _) => Err(forbidden("Only the owner can do that for an admin.")),
    }
}

/// Whether a user may download a backup of all data.
///
/// # Errors
/// `forbidden` for all but the owner: a backup contains what everyone wrote, including direct messages.
pub fn may_back_up(who: Role) -> Result<()> {
    match who {
        Role::Owner => Ok(()),
        _ => Err(forbidden("Only the owner can take a backup.")),
    }
}

/// The error for a user who does not exist.
pub fn no_such_person() -> Error {
    Error::not_found("There is no such person.").at("user")
}
