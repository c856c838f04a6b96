//! Accounts and what proves whose they are.

use super::apply::Done;
use super::rows::codec::{UserRow, key};
use super::rows::schema::{FIRST_ROOM, Source, Tables};
use super::rows::table::{get, get_known, put};
use super::standing::known;
use super::store_error::StoreError;
use super::{admin, marks, people, rooms, sessions};
use crate::error::{Error, Kind};
use crate::model::{
    Account, Color, DisplayName, Event, Name, NewAccount, PasswordChange, PasswordHash, Profile, Role, Status, User,
    UserId,
};
use redb::ReadableTable;

pub(super) fn sign_up(tables: &mut Tables<'_>, new: &NewAccount) -> Result<Done, StoreError> {
    if tables.names.read()?.get(new.name.key())?.is_some() {
        return Err(Error::new(Kind::NameTaken, "That name is taken.").at("name").into());
    }
    admin::may_sign_up(tables, new.invite.as_ref(), new.at)?;
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
    marks::enter(tables, id, FIRST_ROOM)?;
    let told = vec![
        Event::SignedUp(user.clone()),
        Event::RoomChanged(rooms::found(tables, FIRST_ROOM)?),
    ];
    Ok(Done::tells(Event::SignedUp(user), told))
}

/// Another password: whoever else is logged in by the old one is no longer, and whoever has the present token, neither.
pub(super) fn set_password(tables: &mut Tables<'_>, new: &PasswordChange) -> Result<Done, StoreError> {
    let id = known(tables, new.user)?;
    if !is_password(tables, id, &new.verified)? {
        return Ok(Done::nothing(Event::PasswordStale));
    }
    // Whoever was logged out meanwhile gets no new session out of it.
    if !sessions::is_of(tables, new.present, id)? {
        return Err(Error::unauthenticated().into());
    }
    write_hash(tables, id, &new.password)?;
    admin::forget_resets(tables, |row| row.user == id)?;
    let mut ended = sessions::remove_all(tables, id)?;
    ended.retain(|session| *session != new.present);
    sessions::insert(tables, id, &new.session, new.at)?;
    let renewed = new.present;
    Ok(Done::told(Event::PasswordSet { renewed, ended }))
}

/// Whether somebody's password still is the one that was compared: that takes its time, and meanwhile it may have been
/// changed.
pub(super) fn is_password(source: &impl Source, id: u32, verified: &PasswordHash) -> Result<bool, StoreError> {
    let row: UserRow = get_known(source.users()?, id, "an account")?;
    Ok(row.password == verified.0)
}

pub(super) fn write_hash(tables: &mut Tables<'_>, id: u32, hash: &PasswordHash) -> Result<(), StoreError> {
    let mut row: UserRow = get_known(tables.users.read()?, id, "an account")?;
    row.password = hash.0.clone();
    put(tables.users.write()?, id, &row)
}

pub(super) fn by_name(source: &impl Source, name: &Name) -> Result<Option<Account>, StoreError> {
    match get::<_, u32>(source.names()?, name.key())? {
        Some(id) => account(source, id).map(Some),
        None => Ok(None),
    }
}

pub(super) fn by_id(source: &impl Source, id: UserId) -> Result<Option<Account>, StoreError> {
    match key(id.0) {
        Some(id) if source.users()?.get(id)?.is_some() => account(source, id).map(Some),
        _ => Ok(None),
    }
}

fn account(source: &impl Source, id: u32) -> Result<Account, StoreError> {
    let row: UserRow = get_known(source.users()?, id, "the account of a name")?;
    Ok(Account {
        user: people::user(source, id)?,
        password: PasswordHash(row.password),
    })
}
