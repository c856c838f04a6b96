//! The server itself: its name, sign-up policy, links, and backups.

use super::access::{is_deactivated, room_meta};
use super::{people, usage};
use crate::clock::Time;
use crate::error::{Error, Kind};
use crate::limits::RESET_MS;
use crate::model::{Code, CodeDigest, Nightly, ServerCounts, ServerInfo, SignUpPolicy, User, link_is_live};
use crate::store::rows::codec::{BackupRow, InviteRow, NightlyRow, ResetRow, ServerRow};
use crate::store::rows::schema::{BACKUP, FIRST_ROOM, INVITE, NIGHTLY, SERVER_INFO, Source};
use crate::store::rows::table::get;
use crate::store::store_error::StoreError;
use redb::ReadableTableMetadata;

pub fn info(source: &impl Source) -> Result<ServerInfo, StoreError> {
    let row: ServerRow = get(source.server()?, SERVER_INFO)?.unwrap_or_default();
    Ok(ServerInfo {
        name: row.name(),
        door: row.door(),
        invite: get::<_, InviteRow>(source.server()?, INVITE)?.map(InviteRow::invite),
        backup: get::<_, BackupRow>(source.server()?, BACKUP)?.map(BackupRow::backup),
    })
}

pub fn counts(source: &impl Source) -> Result<ServerCounts, StoreError> {
    Ok(ServerCounts {
        people: source.users()?.len()?,
        deactivated: source.deactivated()?.len()?,
        // There is one row for each post ever made.
        messages: source.client_ids()?.len()?,
        file_bytes: usage::all(source)?,
    })
}

/// Checks that a person with this invite code may sign up. The first account needs none.
pub fn may_sign_up(source: &impl Source, shown: Option<&Code>, now: Time) -> Result<(), StoreError> {
    let card = info(source)?;
    if card.door == SignUpPolicy::Anyone || !people::any(source)? {
        return Ok(());
    }
    let refuse = |title| -> Result<(), StoreError> { Err(Error::new(Kind::Forbidden, title).at("invite").into()) };
    match (card.door, shown, card.invite) {
        (SignUpPolicy::Nobody, ..) => refuse("Nobody can sign up here for now. Ask the owner of this server."),
        (_, None, _) => refuse("You need an invite link to join. Ask somebody who is here for it."),
        (_, Some(code), Some(invite)) if invite.admits(code, now) => Ok(()),
        _ => refuse("This invite link does not work any more. Ask for a new one."),
    }
}

/// The account whose password a link sets. An error if the link is not valid.
pub fn reset_user(source: &impl Source, code: &CodeDigest, now: Time) -> Result<User, StoreError> {
    let row: Option<ResetRow> = get(source.resets()?, code.0)?;
    match row {
        Some(row) if link_is_live(Time(row.ends_at), RESET_MS, now) && !is_deactivated(source, row.user)? => {
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

/// The state of the nightly backups, and the time since when there has been something to back up.
pub fn nightly(source: &impl Source) -> Result<(Nightly, Time), StoreError> {
    let row: Option<NightlyRow> = get(source.server()?, NIGHTLY)?;
    let created_at = room_meta(source, FIRST_ROOM)?.created_at;
    Ok((row.unwrap_or_default().nightly(), Time(created_at)))
}
