//! The server itself and what its owner and admins do: its name, its door, roles, accounts shut and
//! opened, passwords set anew.

use super::apply::Done;
use super::rows::codec::{BackupRow, BarredRow, InviteRow, ResetRow, ServerRow, UserRow, key, unseal};
use super::rows::schema::{BACKUP, CARD, INVITE, Source, Tables};
use super::rows::table::{get, get_known, put};
use super::standing::{is_barred, known, other};
use super::store_error::StoreError;
use super::{accounts, people, sessions, usage};
use crate::clock::Time;
use crate::error::{Error, Kind};
use crate::limits::RESET_MS;
use crate::model::rules::{self, Whom};
use crate::model::{
    Code, CodeDigest, Door, Event, PasswordReset, Role, ServerCard, ServerCounts, ServerDeed, User, UserId,
    link_is_live,
};
use redb::{ReadableTable, ReadableTableMetadata};

pub fn card(source: &impl Source) -> Result<ServerCard, StoreError> {
    let row: ServerRow = get(source.server()?, CARD)?.unwrap_or_default();
    Ok(ServerCard {
        name: row.name(),
        door: row.door(),
        invite: get::<_, InviteRow>(source.server()?, INVITE)?.map(InviteRow::invite),
        backup: get::<_, BackupRow>(source.server()?, BACKUP)?.map(BackupRow::backup),
    })
}

pub fn counts(source: &impl Source) -> Result<ServerCounts, StoreError> {
    Ok(ServerCounts {
        people: source.users()?.len()?,
        deactivated: source.barred()?.len()?,
        // One for each post that was ever made.
        messages: source.client_ids()?.len()?,
        file_bytes: usage::all(source)?,
    })
}

/// Whether somebody may make an account who shows this. The first one needs nothing.
pub fn may_sign_up(source: &impl Source, shown: Option<&Code>, now: Time) -> Result<(), StoreError> {
    let card = card(source)?;
    if card.door == Door::Anyone || !people::any(source)? {
        return Ok(());
    }
    let refuse = |title| -> Result<(), StoreError> { Err(Error::new(Kind::Forbidden, title).at("invite").into()) };
    match (card.door, shown, card.invite) {
        (Door::Nobody, ..) => refuse("Nobody can sign up here for now. Ask the owner of this server."),
        (_, None, _) => refuse("You need an invite link to join. Ask somebody who is here for it."),
        (_, Some(code), Some(invite)) if invite.admits(code, now) => Ok(()),
        _ => refuse("This invite link does not work any more. Ask for a new one."),
    }
}

/// Whose password this link sets, where it still does.
pub fn reset(source: &impl Source, code: &CodeDigest, now: Time) -> Result<User, StoreError> {
    let row: Option<ResetRow> = get(source.resets()?, code.0)?;
    match row {
        Some(row) if link_is_live(Time(row.ends_at), RESET_MS, now) && !is_barred(source, row.user)? => {
            people::user(source, row.user)
        }
        _ => Err(link_is_over().into()),
    }
}

fn link_is_over() -> Error {
    Error::new(
        Kind::NotFound,
        "This link does not work any more. Ask the owner or an admin for a new one.",
    )
}

pub fn act(tables: &mut Tables<'_>, by: UserId, deed: &ServerDeed, at: Time) -> Result<Done, StoreError> {
    let who = known(tables, by)?;
    let role = get_known::<_, UserRow>(tables.users.read()?, who, "an account")?.role();
    match deed {
        ServerDeed::Rename(name) => {
            rules::may_rename_server(role)?;
            change_card(tables, |row| row.set_name(name))
        }
        ServerDeed::SetDoor { door, spare } => {
            rules::may_open_door(role)?;
            let invite = card(tables)?.invite;
            if *door == Door::Invited && !invite.is_some_and(|invite| invite.is_live(at)) {
                put(tables.server.write()?, INVITE, &InviteRow::new(spare))?;
            }
            change_card(tables, |row| row.set_door(*door))
        }
        ServerDeed::Invite(invite) => {
            rules::may_open_door(role)?;
            put(tables.server.write()?, INVITE, &InviteRow::new(invite))?;
            Ok(Done::answered(Event::InviteChanged(invite.clone())))
        }
        ServerDeed::EndInvite(ends_at) => {
            rules::may_open_door(role)?;
            let none = || Error::not_found("There is no invite link. Make one first.");
            let mut row: InviteRow = get(tables.server.read()?, INVITE)?.ok_or_else(none)?;
            row.ends_at = ends_at.0;
            put(tables.server.write()?, INVITE, &row)?;
            Ok(Done::answered(Event::InviteChanged(row.invite())))
        }
        ServerDeed::SetRole(user, new) => set_role(tables, (who, role), *user, *new),
        ServerDeed::SetActive(user, on) => set_active(tables, (who, role), *user, *on, at),
        ServerDeed::OfferReset { user, code, ends_at } => {
            let (id, whom) = whom(tables, who, *user)?;
            rules::may_offer_reset(role, whom)?;
            refuse_barred(tables, id)?;
            forget_resets(tables, |row| {
                row.user == id || !link_is_live(Time(row.ends_at), RESET_MS, at)
            })?;
            let ends_at = ends_at.0;
            put(tables.resets.write()?, code.0, &ResetRow { user: id, ends_at })?;
            Ok(Done::answered(Event::Noted))
        }
        ServerDeed::BackedUp(backup) => {
            rules::may_back_up(role)?;
            let (at, bytes) = (backup.at.0, backup.bytes);
            put(tables.server.write()?, BACKUP, &BackupRow { at, bytes })?;
            Ok(Done::answered(Event::Noted))
        }
    }
}

fn change_card(tables: &mut Tables<'_>, change: impl FnOnce(&mut ServerRow)) -> Result<Done, StoreError> {
    let mut row: ServerRow = get(tables.server.read()?, CARD)?.unwrap_or_default();
    change(&mut row);
    put(tables.server.write()?, CARD, &row)?;
    Ok(Done::told(Event::ServerChanged(card(tables)?)))
}

/// Somebody by their number, as the rules want to know them.
fn whom(source: &impl Source, who: u32, user: UserId) -> Result<(u32, Whom), StoreError> {
    let id = key(user.0).ok_or_else(rules::no_such_person)?;
    if id == who {
        return Ok((id, Whom::Self_));
    }
    other(source, user)?;
    let row: UserRow = get_known(source.users()?, id, "an account")?;
    Ok((id, Whom::Other(row.role())))
}

pub fn refuse_barred(source: &impl Source, id: u32) -> Result<(), StoreError> {
    match is_barred(source, id)? {
        true => Err(Error::new(Kind::Conflict, "That account is deactivated. Let it in again first.").into()),
        false => Ok(()),
    }
}

pub fn write_role(tables: &mut Tables<'_>, id: u32, role: Role) -> Result<Event, StoreError> {
    let mut row: UserRow = get_known(tables.users.read()?, id, "an account")?;
    row.set_role(role);
    put(tables.users.write()?, id, &row)?;
    people::changed(tables, id)
}

/// Whoever makes another one the owner becomes an admin: there is one owner at any time.
fn set_role(tables: &mut Tables<'_>, (who, role): (u32, Role), user: UserId, new: Role) -> Result<Done, StoreError> {
    let (id, whom) = whom(tables, who, user)?;
    rules::may_set_role(role, whom)?;
    if new != Role::Member {
        refuse_barred(tables, id)?;
    }
    // Who may set the password of a member may not set that of an admin or of the owner.
    forget_resets(tables, |row| row.user == id)?;
    let mut told = vec![write_role(tables, id, new)?];
    if new == Role::Owner {
        told.push(write_role(tables, who, Role::Admin)?);
    }
    Ok(Done::tells(told[0].clone(), told))
}

fn set_active(
    tables: &mut Tables<'_>,
    (who, role): (u32, Role),
    user: UserId,
    on: bool,
    at: Time,
) -> Result<Done, StoreError> {
    let (id, whom) = whom(tables, who, user)?;
    rules::may_deactivate(role, whom)?;
    if on != is_barred(tables, id)? {
        return Ok(Done::nothing(Event::PersonChanged(people::user(tables, id)?)));
    }
    if on {
        tables.barred.write()?.remove(id)?;
        return people::changed(tables, id).map(Done::told);
    }
    put(tables.barred.write()?, id, &BarredRow { at: at.0, by: who })?;
    forget_resets(tables, |row| row.user == id)?;
    let ids = sessions::remove_all(tables, id)?;
    let person = people::changed(tables, id)?;
    Ok(Done::tells(person.clone(), vec![person, Event::SessionsClosed { ids }]))
}

/// There is at most one link for each account, so they are few.
pub fn forget_resets(tables: &mut Tables<'_>, over: impl Fn(&ResetRow) -> bool) -> Result<(), StoreError> {
    let mut gone = Vec::new();
    for reset in tables.resets.read()?.iter()? {
        let (code, row) = reset?;
        if over(&unseal(row.value())?) {
            gone.push(code.value());
        }
    }
    for code in gone {
        tables.resets.write()?.remove(code)?;
    }
    Ok(())
}

pub fn reset_password(tables: &mut Tables<'_>, new: &PasswordReset) -> Result<Done, StoreError> {
    let user = reset(tables, &new.code, new.at)?;
    let id = known(tables, user.id)?;
    accounts::write_hash(tables, id, &new.password)?;
    forget_resets(tables, |row| row.user == id)?;
    let ids = sessions::remove_all(tables, id)?;
    sessions::insert(tables, id, &new.session, new.at)?;
    Ok(Done::tells(Event::SignedIn(user), vec![Event::SessionsClosed { ids }]))
}
