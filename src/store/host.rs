//! What is done at the computer that runs the server: lost passwords, a lost owner, and what became of backups.

use super::admin::{forget_resets, refuse_barred, write_role};
use super::apply::Done;
use super::handle::store::Store;
use super::rows::codec::{BackupRow, NightlyRow, ResetRow, UserRow, unseal};
use super::rows::schema::{BACKUP, FIRST_ROOM, NIGHTLY, Source, Tables};
use super::rows::table::{get, get_known, put};
use super::standing::{facts, other};
use super::store_error::StoreError;
use crate::clock::Time;
use crate::error::Result;
use crate::model::{Event, HostAct, Nightly, Role, UserId};
use redb::ReadableTable;

impl Store {
    /// What is known of the nightly backups, and since when there is something to back up.
    ///
    /// # Errors
    /// `unavailable` or `internal` where the file cannot be read.
    pub async fn nightly(&self) -> Result<(Nightly, Time)> {
        self.ask(|file| {
            let row: Option<NightlyRow> = get(file.server()?, NIGHTLY)?;
            let created_at = facts(file, FIRST_ROOM)?.created_at;
            Ok((row.unwrap_or_default().nightly(), Time(created_at)))
        })
        .await
    }
}

pub fn apply(tables: &mut Tables<'_>, act: &HostAct) -> std::result::Result<Done, StoreError> {
    match act {
        HostAct::OfferReset {
            user,
            code,
            ends_at,
            at,
        } => {
            let id = other(tables, *user)?;
            refuse_barred(tables, id)?;
            forget_resets(tables, |row| row.user == id || Time(row.ends_at) <= *at)?;
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
    Ok(Done::answered(Event::Noted))
}

/// There is one owner at any time: whoever was it becomes an admin.
fn hand_over(tables: &mut Tables<'_>, user: UserId) -> std::result::Result<Done, StoreError> {
    let id = other(tables, user)?;
    refuse_barred(tables, id)?;
    let role = |id| get_known::<_, UserRow>(tables.users.read()?, id, "an account").map(|row| row.role());
    if role(id)? == Role::Owner {
        return Ok(Done::nothing(Event::PersonChanged(super::people::user(tables, id)?)));
    }
    let mut owners = Vec::new();
    for row in tables.users.read()?.iter()? {
        let (id, row) = row?;
        if unseal::<UserRow>(row.value())?.role() == Role::Owner {
            owners.push(id.value());
        }
    }
    let mut told = vec![write_role(tables, id, Role::Owner)?];
    for owner in owners {
        told.push(write_role(tables, owner, Role::Admin)?);
    }
    Ok(Done::tells(told[0].clone(), told))
}
