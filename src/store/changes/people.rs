//! What users change about themselves: profile, picture, settings, blocked users.

use super::outcome::Outcome;
use crate::clock::Time;
use crate::error::{Error, Kind};
use crate::limits::BLOCKED_MAX;
use crate::model::{Event, Picture, ProfilePatch, Settings, SettingsPatch, UserId};
use crate::store::queries;
use crate::store::queries::access::{active_user, existing_user};
use crate::store::rows::codec::{PictureRow, ProfileRow, SettingsRow};
use crate::store::rows::schema::{PEOPLE, Tables};
use crate::store::rows::table::{get, put};
use crate::store::store_error::StoreError;

/// Counts a change to a visible profile, so that a client that was asleep can tell that it missed one.
pub fn changed(tables: &mut Tables<'_>, id: u32) -> Result<Event, StoreError> {
    let next = queries::people::version(tables)? + 1;
    put(tables.meta.write()?, PEOPLE, &next)?;
    Ok(Event::PersonChanged(queries::people::user(tables, id)?))
}

pub fn edit_profile(tables: &mut Tables<'_>, who: UserId, patch: &ProfilePatch) -> Result<Outcome, StoreError> {
    let id = active_user(tables, who)?;
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
    changed(tables, id).map(Outcome::broadcast)
}

pub fn set_picture(tables: &mut Tables<'_>, who: UserId, picture: Option<&Picture>) -> Result<Outcome, StoreError> {
    let id = active_user(tables, who)?;
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
    changed(tables, id).map(Outcome::broadcast)
}

pub fn edit_settings(tables: &mut Tables<'_>, who: UserId, patch: &SettingsPatch) -> Result<Outcome, StoreError> {
    let id = active_user(tables, who)?;
    let now = queries::people::settings(tables, id)?;
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
    let mut events = vec![answer.clone()];
    if settings.share_read != now.share_read {
        events.extend(queries::read_state::seen_events(tables, id)?);
    }
    Ok(Outcome::broadcast_many(answer, events))
}

pub fn set_last_seen(tables: &mut Tables<'_>, who: UserId, at: Time) -> Result<Outcome, StoreError> {
    // This also works for an account that was deactivated a moment ago.
    let id = existing_user(tables, who)?;
    put(tables.last_seen.write()?, id, &at.0)?;
    Ok(Outcome::reply(Event::LastSeen))
}

pub fn block(tables: &mut Tables<'_>, who: UserId, whom: UserId, on: bool) -> Result<Outcome, StoreError> {
    let (id, other) = (active_user(tables, who)?, existing_user(tables, whom)?);
    if id == other {
        return Err(Error::invalid("user", "Nobody can block themselves.").into());
    }
    let before = queries::people::blocked(tables, who)?;
    if before.contains(&whom) == on {
        let (user, others) = (who, before);
        return Ok(Outcome::noop(Event::Blocked { user, others }));
    }
    if on && before.len() >= BLOCKED_MAX {
        let title = format!("You have blocked {BLOCKED_MAX} people. Nobody can block more.");
        return Err(Error::new(Kind::Conflict, title).into());
    }
    let before = queries::read_state::read_marks(tables, id)?;
    match on {
        true => put(tables.blocks.write()?, (id, other), &())?,
        false => drop(tables.blocks.write()?.remove((id, other))?),
    }
    let others = queries::people::blocked(tables, who)?;
    let answer = Event::Blocked { user: who, others };
    let mut events = vec![answer.clone()];
    // Mentions by a blocked user do not count, so the counts may have changed.
    for (mark, was) in queries::read_state::read_marks(tables, id)?.into_iter().zip(before) {
        if mark != was {
            events.push(Event::Read { mark, by: None });
        }
    }
    Ok(Outcome::broadcast_many(answer, events))
}
