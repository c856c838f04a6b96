//! Actions of the owner and the admins: the server's name, sign-ups, roles, deactivated accounts.

use super::outcome::Outcome;
use super::{passwords, people, sessions};
use crate::clock::Time;
use crate::error::Error;
use crate::limits::RESET_MS;
use crate::model::rules::{self, Whom};
use crate::model::{AdminAction, Event, Role, SignUpPolicy, UserId, link_is_live};
use crate::store::queries;
use crate::store::queries::access::{active_user, existing_user, is_deactivated, require_active};
use crate::store::rows::codec::{BackupRow, DeactivatedRow, InviteRow, ResetRow, ServerRow, UserRow, key};
use crate::store::rows::schema::{BACKUP, INVITE, SERVER_INFO, Source, Tables};
use crate::store::rows::table::{get, get_known, put};
use crate::store::store_error::StoreError;

pub fn act(tables: &mut Tables<'_>, by: UserId, action: &AdminAction, at: Time) -> Result<Outcome, StoreError> {
    let who = active_user(tables, by)?;
    let role = get_known::<_, UserRow>(tables.users.read()?, who, "an account")?.role();
    match action {
        AdminAction::Rename(name) => {
            rules::may_rename_server(role)?;
            change_info(tables, |row| row.set_name(name))
        }
        AdminAction::SetSignUpPolicy {
            policy,
            fallback_invite,
        } => {
            rules::may_set_sign_up_policy(role)?;
            let invite = queries::server::info(tables)?.invite;
            if *policy == SignUpPolicy::Invited && !invite.is_some_and(|invite| invite.is_live(at)) {
                put(tables.server.write()?, INVITE, &InviteRow::new(fallback_invite))?;
            }
            change_info(tables, |row| row.set_door(*policy))
        }
        AdminAction::Invite(invite) => {
            rules::may_set_sign_up_policy(role)?;
            put(tables.server.write()?, INVITE, &InviteRow::new(invite))?;
            Ok(Outcome::reply(Event::InviteChanged(invite.clone())))
        }
        AdminAction::EndInvite(ends_at) => {
            rules::may_set_sign_up_policy(role)?;
            let none = || Error::not_found("There is no invite link. Make one first.");
            let mut row: InviteRow = get(tables.server.read()?, INVITE)?.ok_or_else(none)?;
            row.ends_at = ends_at.0;
            put(tables.server.write()?, INVITE, &row)?;
            Ok(Outcome::reply(Event::InviteChanged(row.invite())))
        }
        AdminAction::SetRole(user, new) => set_role(tables, (who, role), *user, *new),
        AdminAction::SetActive(user, on) => set_active(tables, (who, role), *user, *on, at),
        AdminAction::OfferReset { user, code, ends_at } => {
            let (id, whom) = target(tables, who, *user)?;
            rules::may_offer_reset(role, whom)?;
            require_active(tables, id)?;
            passwords::forget_resets(tables, |row| {
                row.user == id || !link_is_live(Time(row.ends_at), RESET_MS, at)
            })?;
            let ends_at = ends_at.0;
            put(tables.resets.write()?, code.0, &ResetRow { user: id, ends_at })?;
            Ok(Outcome::reply(Event::Done))
        }
        AdminAction::BackedUp(backup) => {
            rules::may_back_up(role)?;
            let (at, bytes) = (backup.at.0, backup.bytes);
            put(tables.server.write()?, BACKUP, &BackupRow { at, bytes })?;
            Ok(Outcome::reply(Event::Done))
        }
    }
}

fn change_info(tables: &mut Tables<'_>, change: impl FnOnce(&mut ServerRow)) -> Result<Outcome, StoreError> {
    let mut row: ServerRow = get(tables.server.read()?, SERVER_INFO)?.unwrap_or_default();
    change(&mut row);
    put(tables.server.write()?, SERVER_INFO, &row)?;
    Ok(Outcome::broadcast(Event::ServerChanged(queries::server::info(tables)?)))
}

/// The number and the role of the account that an action is about, as the rules need them.
fn target(source: &impl Source, who: u32, user: UserId) -> Result<(u32, Whom), StoreError> {
    let id = key(user.0).ok_or_else(rules::no_such_person)?;
    if id == who {
        return Ok((id, Whom::Self_));
    }
    existing_user(source, user)?;
    let row: UserRow = get_known(source.users()?, id, "an account")?;
    Ok((id, Whom::Other(row.role())))
}

pub fn write_role(tables: &mut Tables<'_>, id: u32, role: Role) -> Result<Event, StoreError> {
    let mut row: UserRow = get_known(tables.users.read()?, id, "an account")?;
    row.set_role(role);
    put(tables.users.write()?, id, &row)?;
    people::changed(tables, id)
}

/// Changes a role. There is always exactly one owner: an owner who hands over the server becomes an admin.
fn set_role(tables: &mut Tables<'_>, (who, role): (u32, Role), user: UserId, new: Role) -> Result<Outcome, StoreError> {
    let (id, whom) = target(tables, who, user)?;
    rules::may_set_role(role, whom)?;
    if new != Role::Member {
        require_active(tables, id)?;
    }
    // An admin may set a member's password, but not that of an admin or the owner, so open reset links are void.
    passwords::forget_resets(tables, |row| row.user == id)?;
    let mut events = vec![write_role(tables, id, new)?];
    if new == Role::Owner {
        events.push(write_role(tables, who, Role::Admin)?);
    }
    Ok(Outcome::broadcast_many(events[0].clone(), events))
}

fn set_active(
    tables: &mut Tables<'_>,
    (who, role): (u32, Role),
    user: UserId,
    on: bool,
    at: Time,
) -> Result<Outcome, StoreError> {
    let (id, whom) = target(tables, who, user)?;
    rules::may_deactivate(role, whom)?;
    if on != is_deactivated(tables, id)? {
        return Ok(Outcome::noop(Event::PersonChanged(queries::people::user(tables, id)?)));
    }
    if on {
        tables.deactivated.write()?.remove(id)?;
        return people::changed(tables, id).map(Outcome::broadcast);
    }
    put(tables.deactivated.write()?, id, &DeactivatedRow { at: at.0, by: who })?;
    passwords::forget_resets(tables, |row| row.user == id)?;
    let ids = sessions::remove_all(tables, id)?;
    let person = people::changed(tables, id)?;
    Ok(Outcome::broadcast_many(
        person.clone(),
        vec![person, Event::SessionsClosed { ids }],
    ))
}
