//! People and what proves that it is them.

use super::codec::{UserRow, key};
use super::fault::Fault;
use super::tables::{NAMES, Row, Tables, USERS, get, get_known, put};
use super::writer::Done;
use super::{rooms, sessions};
use crate::error::{Error, Kind};
use crate::model::{Account, Event, LOBBY, Name, NewAccount, Role, User, UserId};
use redb::{ReadTransaction, ReadableTable, ReadableTableMetadata};

pub(super) fn sign_up(tables: &mut Tables<'_>, new: &NewAccount) -> Result<Done, Fault> {
    if tables.names.get(new.name.key())?.is_some() {
        return Err(Error::new(Kind::NameTaken, "That name is taken.").at("name").into());
    }
    let last = tables.users.last()?.map_or(0, |(id, _)| id.value());
    let id = last + 1;
    let user = User {
        id: UserId(id.into()),
        name: new.name.clone(),
        role: if last == 0 { Role::Owner } else { Role::Member },
        created_at: new.at,
    };
    put(&mut tables.users, id, &UserRow::new(&user, &new.password))?;
    put(&mut tables.names, new.name.key(), &id)?;
    sessions::insert(tables, id, &new.session, new.at)?;
    rooms::enter(tables, id, LOBBY)?;
    Ok(Done::Told(Event::SignedUp(user)))
}

/// The number of somebody who has an account.
pub(super) fn known(tables: &Tables<'_>, user: UserId) -> Result<u32, Fault> {
    let id = key(user.0).ok_or_else(Error::unauthenticated)?;
    match tables.users.get(id)? {
        Some(_) => Ok(id),
        None => Err(Error::unauthenticated().into()),
    }
}

pub(super) fn any(txn: &ReadTransaction) -> Result<bool, Fault> {
    Ok(!txn.open_table(USERS)?.is_empty()?)
}

pub(super) fn by_name(txn: &ReadTransaction, name: &Name) -> Result<Option<Account>, Fault> {
    let Some(id) = get::<_, u32>(&txn.open_table(NAMES)?, name.key())? else {
        return Ok(None);
    };
    let row: UserRow = get_known(&txn.open_table(USERS)?, id, "the account of a name")?;
    Ok(Some(row.account(id)))
}

pub(super) fn by_id(txn: &ReadTransaction, user: UserId) -> Result<Option<User>, Fault> {
    let Some(id) = key(user.0) else { return Ok(None) };
    let row: Option<UserRow> = get(&txn.open_table(USERS)?, id)?;
    Ok(row.map(|row| row.account(id).user))
}

/// Somebody whom another row names.
pub(super) fn user(users: &impl ReadableTable<u32, Row>, id: u32) -> Result<User, Fault> {
    Ok(get_known::<_, UserRow>(users, id, "an author")?.account(id).user)
}
