//! Users as others see them, and their own settings.

use super::access::{active_user, is_deactivated};
use crate::error::{Error, Kind};
use crate::limits::{PEOPLE_MAX, PEOPLE_SCAN_MAX};
use crate::model::{PageSize, PeoplePage, Settings, User, UserId, search_key};
use crate::store::rows::codec::{PictureRow, SettingsRow, UserRow, key, user as user_of};
use crate::store::rows::schema::{PEOPLE, Source};
use crate::store::rows::table::{get, get_known, has};
use crate::store::store_error::StoreError;
use bytes::Bytes;
use redb::{ReadableTable, ReadableTableMetadata};
use std::collections::{BTreeSet, HashMap};

/// A user that another row names.
pub fn user(source: &impl Source, id: u32) -> Result<User, StoreError> {
    let row: UserRow = get_known(source.users()?, id, "somebody's account")?;
    Ok(user_of(
        id,
        row,
        get(source.profiles()?, id)?,
        get(source.last_seen()?, id)?,
        is_deactivated(source, id)?,
    ))
}

/// These users, each once, by id.
pub fn users(source: &impl Source, ids: impl IntoIterator<Item = u32>) -> Result<Vec<User>, StoreError> {
    let ids: BTreeSet<u32> = ids.into_iter().collect();
    ids.into_iter().map(|id| user(source, id)).collect()
}

pub fn by_id(source: &impl Source, id: UserId) -> Result<Option<User>, StoreError> {
    match key(id.0) {
        Some(id) if has(source.users()?, id)? => user(source, id).map(Some),
        _ => Ok(None),
    }
}

/// The users with these names, by name key.
pub fn named(source: &impl Source, names: &[String]) -> Result<HashMap<String, UserId>, StoreError> {
    let mut found = HashMap::new();
    for name in names {
        if let Some(id) = get::<_, u32>(source.names()?, name.as_str())? {
            found.insert(name.clone(), UserId(id.into()));
        }
    }
    Ok(found)
}

/// The end of a page of users that goes down from `before`.
pub fn end(before: Option<UserId>) -> u32 {
    before.and_then(|before| key(before.0)).unwrap_or(u32::MAX)
}

pub fn matches(user: &User, query: &str) -> bool {
    query.is_empty()
        || search_key(user.name.as_str()).contains(query)
        || search_key(user.profile.display_name.as_str()).contains(query)
}

/// The users with these ids that have an account.
pub fn of_ids(source: &impl Source, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
    let mut found = Vec::new();
    for id in ids.iter().take(PEOPLE_MAX) {
        found.extend(by_id(source, *id)?);
    }
    Ok(found)
}

/// Whether any account exists.
pub fn any(source: &impl Source) -> Result<bool, StoreError> {
    Ok(!source.users()?.is_empty()?)
}

/// A page of all users, newest account first.
pub fn page(
    source: &impl Source,
    query: &str,
    before: Option<UserId>,
    size: PageSize,
) -> Result<PeoplePage, StoreError> {
    let mut people = Vec::new();
    for (looked_at, row) in source.users()?.range(0..end(before))?.rev().enumerate() {
        if people.len() == size.get() || looked_at == PEOPLE_SCAN_MAX {
            return Ok(PeoplePage { people, more: true });
        }
        let user = user(source, row?.0.value())?;
        if matches(&user, query) {
            people.push(user);
        }
    }
    Ok(PeoplePage { people, more: false })
}

/// How often any user has changed their visible profile.
pub fn version(source: &impl Source) -> Result<u64, StoreError> {
    Ok(get(source.meta()?, PEOPLE)?.unwrap_or(0))
}

pub fn picture(source: &impl Source, who: UserId, version: &str) -> Result<Option<Bytes>, StoreError> {
    let Some(id) = key(who.0) else { return Ok(None) };
    let row: Option<PictureRow> = get(source.pictures()?, id)?;
    Ok(row.filter(|row| row.version == version).map(|row| row.jpeg.into()))
}

pub fn settings(source: &impl Source, id: u32) -> Result<Settings, StoreError> {
    let row: Option<SettingsRow> = get(source.settings()?, id)?;
    Ok(row.map(SettingsRow::settings).unwrap_or_default())
}

pub fn settings_of(source: &impl Source, who: UserId) -> Result<Settings, StoreError> {
    settings(source, active_user(source, who)?)
}

/// The users that `who` has blocked.
pub fn blocked(source: &impl Source, who: UserId) -> Result<Vec<UserId>, StoreError> {
    let others = blocked_by(source, active_user(source, who)?)?;
    Ok(others.into_iter().map(|other| UserId(other.into())).collect())
}

/// The users that `who` has blocked, in order.
pub fn blocked_by(source: &impl Source, who: u32) -> Result<Vec<u32>, StoreError> {
    let blocks = source.blocks()?;
    if blocks.is_empty()? {
        return Ok(Vec::new());
    }
    let rows = blocks.range((who, 0)..=(who, u32::MAX))?;
    rows.map(|row| Ok(row?.0.value().1)).collect()
}

/// Refuses if one of two users has blocked the other: then neither may write to the other alone or add the other to a
/// room.
pub fn refuse_blocked(source: &impl Source, from: u32, to: u32) -> Result<(), StoreError> {
    let name = |id| -> Result<String, StoreError> { Ok(user(source, id)?.profile.display_name.as_str().to_owned()) };
    if has(source.blocks()?, (from, to))? {
        let title = format!("You have blocked {}.", name(to)?);
        return Err(Error::new(Kind::Forbidden, title).into());
    }
    if has(source.blocks()?, (to, from))? {
        let title = format!("{} does not take messages from you.", name(to)?);
        return Err(Error::new(Kind::Forbidden, title).into());
    }
    Ok(())
}
