//! Accounts: signing up, and changing the password.

use super::outcome::Outcome;
use super::{passwords, read_state, sessions};
use crate::error::{Error, Kind};
use crate::model::{
    Color, DisplayName, Event, NewAccount, PasswordChange, PasswordReset, Profile, Role, Status, User, UserId,
};
use crate::store::queries;
use crate::store::queries::access::active_user;
use crate::store::rows::codec::UserRow;
use crate::store::rows::schema::{FIRST_ROOM, Tables};
use crate::store::rows::table::put;
use crate::store::store_error::StoreError;
use redb::ReadableTable;

pub fn sign_up(tables: &mut Tables<'_>, new: &NewAccount) -> Result<Outcome, StoreError> {
    if tables.names.read()?.get(new.name.key())?.is_some() {
        return Err(Error::new(Kind::NameTaken, "That name is taken.").at("name").into());
    }
    queries::server::may_sign_up(tables, new.invite.as_ref(), new.at)?;
    let last = tables.users.read()?.last()?.map_or(0, |(id, _)| id.value());
    let id = last + 1;
    let user = User {
        id: UserId(id.into()),
        role: if last == 0 { Role::Owner } else { Role::Member },
        created_at: new.at,
        profile: Profile {
            display_name: DisplayName::stored(new.name.as_str().to_owned()),
            status: Status::default(),
            color: Color::of(UserId(id.into())),
            avatar: None,
        },
        name: new.name.clone(),
        last_seen: None,
        deactivated: false,
    };
    put(tables.users.write()?, id, &UserRow::new(&user, &new.password))?;
    put(tables.names.write()?, new.name.key(), &id)?;
    sessions::insert(tables, id, &new.session, new.at)?;
    read_state::enter(tables, id, FIRST_ROOM)?;
    let events = vec![
        Event::SignedUp(user.clone()),
        Event::RoomChanged(queries::rooms::existing_room(tables, FIRST_ROOM)?),
    ];
    Ok(Outcome::broadcast_many(Event::SignedUp(user), events))
}

/// Sets a new password and closes every other session of the account. The current session gets a new token, so a
/// stolen token stops working as well.
pub fn set_password(tables: &mut Tables<'_>, new: &PasswordChange) -> Result<Outcome, StoreError> {
    let id = active_user(tables, new.user)?;
    if !queries::accounts::is_password(tables, id, &new.verified)? {
        return Ok(Outcome::noop(Event::PasswordStale));
    }
    // A session that was closed in the meantime gets no new token.
    if !queries::sessions::is_of(tables, new.present, id)? {
        return Err(Error::unauthenticated().into());
    }
    passwords::write_hash(tables, id, &new.password)?;
    passwords::forget_resets(tables, |row| row.user == id)?;
    let mut ended = sessions::remove_all(tables, id)?;
    ended.retain(|session| *session != new.present);
    sessions::insert(tables, id, &new.session, new.at)?;
    let renewed = new.present;
    Ok(Outcome::broadcast(Event::PasswordSet { renewed, ended }))
}

pub fn reset_password(tables: &mut Tables<'_>, new: &PasswordReset) -> Result<Outcome, StoreError> {
    let user = queries::server::reset_user(tables, &new.code, new.at)?;
    let id = active_user(tables, user.id)?;
    passwords::write_hash(tables, id, &new.password)?;
    passwords::forget_resets(tables, |row| row.user == id)?;
    let ids = sessions::remove_all(tables, id)?;
    sessions::insert(tables, id, &new.session, new.at)?;
    Ok(Outcome::broadcast_many(
        Event::SignedIn(user),
        vec![Event::SessionsClosed { ids }],
    ))
}
