//! Changes made on the server's own machine: lost passwords, a lost owner, and the results of backups.

use super::outcome::Outcome;
use super::{admin, passwords};
use crate::clock::Time;
use crate::model::{Event, HostAct, Role, UserId};
use crate::store::queries;
use crate::store::queries::access::{existing_user, require_active};
use crate::store::rows::codec::{BackupRow, NightlyRow, ResetRow, UserRow, unseal};
use crate::store::rows::schema::{BACKUP, NIGHTLY, Tables};
use crate::store::rows::table::{get_known, put};
use crate::store::store_error::StoreError;
use redb::ReadableTable;

pub fn apply(tables: &mut Tables<'_>, act: &HostAct) -> std::result::Result<Outcome, StoreError> {
    match act {
        HostAct::OfferReset {
            user,
            code,
            ends_at,
            at,
        } => {
            let id = existing_user(tables, *user)?;
            require_active(tables, id)?;
            passwords::forget_resets(tables, |row| row.user == id || Time(row.ends_at) <= *at)?;
            let ends_at = ends_at.0;
            put(tables.resets.write()?, code.0, &ResetRow { user: id, ends_at })?;
        }
        HostAct::HandOver(user) => return hand_over(tables, *user),
        HostAct::BackedUp(backup) => {
            let (at, bytes) = (backup.at.0, backup.bytes);
            put(tables.server.write()?, BACKUP, &BackupRow { at, bytes })?;
        }
        HostAct::NightlyTried(nightly) => put(tables.server.write()?, NIGHTLY, &NightlyRow::new(nightly))?,
    }
    Ok(Outcome::reply(Event::Done))
}

/// There is always exactly one owner: the previous owner becomes an admin.
fn hand_over(tables: &mut Tables<'_>, user: UserId) -> std::result::Result<Outcome, StoreError> {
    let id = existing_user(tables, user)?;
    require_active(tables, id)?;
    let role = |id| get_known::<_, UserRow>(tables.users.read()?, id, "an account").map(|row| row.role());
    if role(id)? == Role::Owner {
        return Ok(Outcome::noop(Event::PersonChanged(queries::people::user(tables, id)?)));
    }
    let mut owners = Vec::new();
    for row in tables.users.read()?.iter()? {
        let (id, row) = row?;
        if unseal::<UserRow>(row.value())?.role() == Role::Owner {
            owners.push(id.value());
        }
    }
    let mut events = vec![admin::write_role(tables, id, Role::Owner)?];
    for owner in owners {
        events.push(admin::write_role(tables, owner, Role::Admin)?);
    }
    Ok(Outcome::broadcast_many(events[0].clone(), events))
}
