//! Rows that protect an account: password hashes, and the links that set a new password.

use crate::model::PasswordHash;
use crate::store::rows::codec::{ResetRow, UserRow, unseal};
use crate::store::rows::schema::Tables;
use crate::store::rows::table::{get_known, put};
use crate::store::store_error::StoreError;
use redb::ReadableTable;

pub fn write_hash(tables: &mut Tables<'_>, id: u32, hash: &PasswordHash) -> Result<(), StoreError> {
    let mut row: UserRow = get_known(tables.users.read()?, id, "an account")?;
    row.password = hash.0.clone();
    put(tables.users.write()?, id, &row)
}

/// Removes the reset links that `over` selects. Each account has at most one link, so there are few.
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
