//! People as others see them, and what they have chosen for themselves.

use super::apply::Done;
use super::rows::codec::{PictureRow, ProfileRow, SettingsRow, UserRow, key, user as user_of};
use super::rows::schema::{PEOPLE, Source, Tables};
use super::rows::table::{get, get_known, has, put};
use super::standing::{is_barred, known, other};
use super::store_error::StoreError;
use super::{marks, members};
use crate::clock::Time;
use crate::error::{Error, Kind};
use crate::limits::{BLOCKED_MAX, PEOPLE_MAX, PEOPLE_SCAN_MAX};
use crate::model::{
    Event, PageSize, PeoplePage, Picture, ProfilePatch, RoomKind, Settings, SettingsPatch, User, UserId, search_key,
};
use bytes::Bytes;
use redb::{ReadableTable, ReadableTableMetadata};
use std::collections::{BTreeSet, HashMap};

/// Somebody whom another row names.
pub(super) fn user(source: &impl Source, id: u32) -> Result<User, StoreError> {
    let row: UserRow = get_known(source.users()?, id, "somebody's account")?;
    Ok(user_of(
        id,
        row,
        get(source.profiles()?, id)?,
        get(source.last_seen()?, id)?,
        is_barred(source, id)?,
    ))
}

/// Each of these once, by id.
pub(super) fn users(source: &impl Source, ids: impl IntoIterator<Item = u32>) -> Result<Vec<User>, StoreError> {
    let ids: BTreeSet<u32> = ids.into_iter().collect();
    ids.into_iter().map(|id| user(source, id)).collect()
}

pub(super) fn by_id(source: &impl Source, id: UserId) -> Result<Option<User>, StoreError> {
    match key(id.0) {
        Some(id) if has(source.users()?, id)? => user(source, id).map(Some),
        _ => Ok(None),
    }
}

/// The people of these names, by their keys.
pub(super) fn named(source: &impl Source, names: &[String]) -> Result<HashMap<String, UserId>, StoreError> {
    let mut found = HashMap::new();
    for name in names {
        if let Some(id) = get::<_, u32>(source.names()?, name.as_str())? {
            found.insert(name.clone(), UserId(id.into()));
        }
    }
    Ok(found)
}

/// Where a page of people ends that goes down from `before`.
pub(super) fn end(before: Option<UserId>) -> u32 {
    before.and_then(|before| key(before.0)).unwrap_or(u32::MAX)
}

pub(super) fn matches(user: &User, query: &str) -> bool {
    query.is_empty()
        || search_key(user.name.as_str()).contains(query)
        || search_key(user.profile.display_name.as_str()).contains(query)
}

/// Those of these people who have an account.
pub(super) fn of_ids(source: &impl Source, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
    let mut found = Vec::new();
    for id in ids.iter().take(PEOPLE_MAX) {
        found.extend(by_id(source, *id)?);
    }
    Ok(found)
}

/// Whether anybody has an account.
pub(super) fn any(source: &impl Source) -> Result<bool, StoreError> {
    Ok(!source.users()?.is_empty()?)
}

/// A page of all people, newest account first.
pub(super) fn page(
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

/// Everybody in somebody's direct rooms.
pub(super) fn of_directs(source: &impl Source, viewer: UserId) -> Result<Vec<User>, StoreError> {
    let who = known(source, viewer)?;
    let mut ids = BTreeSet::new();
    for room in marks::rooms_of(source, who)? {
        let row: super::rows::codec::RoomRow = get_known(source.rooms()?, room, "a room")?;
        if row.kind() == RoomKind::Direct {
            ids.extend(members::all(source, room)?);
        }
        if ids.len() >= PEOPLE_MAX {
            break;
        }
    }
    users(source, ids.into_iter().take(PEOPLE_MAX))
}

/// How often anybody has changed what they show of themselves.
pub(super) fn version(source: &impl Source) -> Result<u64, StoreError> {
    Ok(get(source.meta()?, PEOPLE)?.unwrap_or(0))
}

/// Somebody shows something else of themselves: whoever hears it late, because they slept, can see that there was
/// something to hear.
pub(super) fn changed(tables: &mut Tables<'_>, id: u32) -> Result<Event, StoreError> {
    let next = version(tables)? + 1;
    put(tables.meta.write()?, PEOPLE, &next)?;
    Ok(Event::PersonChanged(user(tables, id)?))
}

pub(super) fn edit(tables: &mut Tables<'_>, who: UserId, patch: &ProfilePatch) -> Result<Done, StoreError> {
    let id = known(tables, who)?;
    let mut row: ProfileRow = get(tables.profiles.read()?, id)?.unwrap_or_default();
    if let Some(name) = &patch.display_name {
        row.display_name = Some(name.as_str().to_owned());
    }
    if let Some(status) = &patch.status {
        row.status = status.as_str().to_owned();
    }
    if let Some(color) = patch.color {
        row.color = Some(color.get());
    }
    put(tables.profiles.write()?, id, &row)?;
    changed(tables, id).map(Done::told)
}

pub(super) fn set_picture(tables: &mut Tables<'_>, who: UserId, picture: Option<&Picture>) -> Result<Done, StoreError> {
    let id = known(tables, who)?;
    let mut row: ProfileRow = get(tables.profiles.read()?, id)?.unwrap_or_default();
    row.avatar = picture.map(|picture| picture.version.clone());
    match picture {
        None => drop(tables.pictures.write()?.remove(id)?),
        Some(picture) => {
            let picture = PictureRow {
                version: picture.version.clone(),
                jpeg: picture.jpeg.to_vec(),
            };
            put(tables.pictures.write()?, id, &picture)?;
        }
    }
    put(tables.profiles.write()?, id, &row)?;
    changed(tables, id).map(Done::told)
}

pub(super) fn picture(source: &impl Source, who: UserId, version: &str) -> Result<Option<Bytes>, StoreError> {
    let Some(id) = key(who.0) else { return Ok(None) };
    let row: Option<PictureRow> = get(source.pictures()?, id)?;
    Ok(row.filter(|row| row.version == version).map(|row| row.jpeg.into()))
}

pub(super) fn settings(source: &impl Source, id: u32) -> Result<Settings, StoreError> {
    let row: Option<SettingsRow> = get(source.settings()?, id)?;
    Ok(row.map(SettingsRow::settings).unwrap_or_default())
}

pub(super) fn settings_of(source: &impl Source, who: UserId) -> Result<Settings, StoreError> {
    settings(source, known(source, who)?)
}

pub(super) fn edit_settings(tables: &mut Tables<'_>, who: UserId, patch: &SettingsPatch) -> Result<Done, StoreError> {
    let id = known(tables, who)?;
    let now = settings(tables, id)?;
    let settings = Settings {
        share_read: patch.share_read.unwrap_or(now.share_read),
        quiet_hours: patch.quiet_hours.unwrap_or(now.quiet_hours),
        quiet_until: patch.quiet_until.unwrap_or(now.quiet_until),
        sound: patch.sound.unwrap_or(now.sound),
        announce: patch.announce.unwrap_or(now.announce),
        single_keys: patch.single_keys.unwrap_or(now.single_keys),
    };
    put(tables.settings.write()?, id, &SettingsRow::new(&settings))?;
    let answer = Event::Settings { user: who, settings };
    let mut told = vec![answer.clone()];
    if settings.share_read != now.share_read {
        told.extend(marks::shows(tables, id)?);
    }
    Ok(Done::tells(answer, told))
}

pub(super) fn seen(tables: &mut Tables<'_>, who: UserId, at: Time) -> Result<Done, StoreError> {
    // Also of somebody who was shut out just then.
    let id = other(tables, who)?;
    put(tables.last_seen.write()?, id, &at.0)?;
    Ok(Done::answered(Event::LastSeen))
}

/// Whom somebody has blocked.
pub(super) fn blocked(source: &impl Source, who: UserId) -> Result<Vec<UserId>, StoreError> {
    let others = blocked_by(source, known(source, who)?)?;
    Ok(others.into_iter().map(|other| UserId(other.into())).collect())
}

/// The same, in order.
pub(super) fn blocked_by(source: &impl Source, who: u32) -> Result<Vec<u32>, StoreError> {
    let blocks = source.blocks()?;
    if blocks.is_empty()? {
        return Ok(Vec::new());
    }
    let rows = blocks.range((who, 0)..=(who, u32::MAX))?;
    rows.map(|row| Ok(row?.0.value().1)).collect()
}

pub(super) fn block(tables: &mut Tables<'_>, who: UserId, whom: UserId, on: bool) -> Result<Done, StoreError> {
    let (id, other) = (known(tables, who)?, other(tables, whom)?);
    if id == other {
        return Err(Error::invalid("user", "Nobody can block themselves.").into());
    }
    let before = blocked(tables, who)?;
    if before.contains(&whom) == on {
        let (user, others) = (who, before);
        return Ok(Done::nothing(Event::Blocked { user, others }));
    }
    if on && before.len() >= BLOCKED_MAX {
        let title = format!("You have blocked {BLOCKED_MAX} people. Nobody can block more.");
        return Err(Error::new(Kind::Conflict, title).into());
    }
    let before = marks::of_rooms(tables, id)?;
    match on {
        true => put(tables.blocks.write()?, (id, other), &())?,
        false => drop(tables.blocks.write()?.remove((id, other))?),
    }
    let others = blocked(tables, who)?;
    let answer = Event::Blocked { user: who, others };
    let mut told = vec![answer.clone()];
    // Whom one does not want to hear does not call one either: the counts may be others now.
    for (mark, was) in marks::of_rooms(tables, id)?.into_iter().zip(before) {
        if mark != was {
            told.push(Event::Read { mark, by: None });
        }
    }
    Ok(Done::tells(answer, told))
}

/// Of two people of whom one has blocked the other, neither writes to the other alone or brings them into a room.
pub(super) fn refuse_blocked(source: &impl Source, from: u32, to: u32) -> Result<(), StoreError> {
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
