//! Accounts and their credentials.

use super::people;
use crate::model::{Account, Name, PasswordHash, UserId};
use crate::store::rows::codec::{UserRow, key};
use crate::store::rows::schema::Source;
use crate::store::rows::table::{get, get_known};
use crate::store::store_error::StoreError;
use redb::ReadableTable;

/// Whether `verified` is still the user's password hash. Comparing a password takes time, and the password may have
/// been changed meanwhile.
pub fn is_password(source: &impl Source, id: u32, verified: &PasswordHash) -> Result<bool, StoreError> {
    let row: UserRow = get_known(source.users()?, id, "an account")?;
    Ok(row.password == verified.0)
}

pub fn by_name(source: &impl Source, name: &Name) -> Result<Option<Account>, StoreError> {
    match get::<_, u32>(source.names()?, name.key())? {
        Some(id) => account(source, id).map(Some),
        None => Ok(None),
    }
}

pub fn by_id(source: &impl Source, id: UserId) -> Result<Option<Account>, StoreError> {
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
