//! Changes: one file per subject. Each change is checked, then written, and its outcome says who is notified.

mod accounts;
mod admin;
pub mod attachments;
mod host;
mod log;
mod members;
mod message_actions;
pub mod outcome;
mod passwords;
mod people;
mod posts;
mod read_state;
pub mod rooms;
mod saved;
mod sessions;
mod usage;

use super::rows::schema::Tables;
use super::store_error::StoreError;
use crate::model::Change;
use outcome::{Outcome, Outcomes};

/// Applies each change that is not refused. Any other error fails all of them.
pub fn apply_all(tables: &mut Tables<'_>, changes: &[Change]) -> Result<Outcomes, StoreError> {
    let mut outcomes = Vec::with_capacity(changes.len());
    for change in changes {
        outcomes.push(match apply(tables, change) {
            Err(StoreError::Refused(error)) => Err(error),
            outcome => Ok(outcome?),
        });
    }
    Ok(outcomes)
}

/// Checks a change, then writes it: a refused change has written nothing.
fn apply(tables: &mut Tables<'_>, change: &Change) -> Result<Outcome, StoreError> {
    match change {
        Change::SignUp(new) => accounts::sign_up(tables, new),
        Change::OpenSession(new) => sessions::open(tables, new),
        Change::TouchSession { id, address, at } => sessions::touch(tables, *id, address, *at),
        Change::CloseSession { id } => sessions::close(tables, *id),
        Change::CloseOtherSessions { user, keep } => sessions::close_others(tables, *user, *keep),
        Change::DropSessions { at } => sessions::drop_expired(tables, *at),
        Change::SetPassword(new) => accounts::set_password(tables, new),
        Change::EditProfile { user, patch } => people::edit_profile(tables, *user, patch),
        Change::SetPicture { user, picture } => people::set_picture(tables, *user, picture.as_ref()),
        Change::EditSettings { user, patch } => people::edit_settings(tables, *user, patch),
        Change::Seen { user, at } => people::set_last_seen(tables, *user, *at),
        Change::Block { user, other, on } => people::block(tables, *user, *other, *on),
        Change::Post(new) => posts::post(tables, new),
        Change::MessageAction { by, target, act, at } => message_actions::act(tables, *by, *target, act, *at),
        Change::Erase { before } => message_actions::erase(tables, *before),
        Change::File(change) => attachments::apply(tables, change),
        Change::Save {
            user,
            target,
            on,
            at,
            by,
        } => saved::save(tables, *user, *target, *on, *at, *by),
        Change::MarkRead { user, room, seq, by } => read_state::mark_read(tables, *user, *room, *seq, *by),
        Change::MarkUnread { user, target, by } => read_state::mark_unread(tables, *user, *target, *by),
        Change::CreateRoom(new) => rooms::create(tables, new),
        Change::EditRoom { by, room, patch, at } => rooms::edit(tables, *by, *room, patch, *at),
        Change::AddMember { by, room, user, at } => members::add(tables, *by, *room, *user, *at),
        Change::RemoveMember { by, room, user, at } => members::remove(tables, *by, *room, *user, *at),
        Change::SetMemberRole {
            by,
            room,
            user,
            role,
            at,
        } => members::hand_over(tables, *by, *room, *user, *role, *at),
        Change::ArrangeRoom { user, room, prefs } => rooms::arrange(tables, *user, *room, prefs),
        Change::Server { by, action, at } => admin::act(tables, *by, action, *at),
        Change::ResetPassword(new) => accounts::reset_password(tables, new),
        Change::Host(act) => host::apply(tables, act),
    }
}
