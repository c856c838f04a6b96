//! Sessions: opened, used, and closed.

use super::outcome::Outcome;
use super::passwords;
use crate::clock::Time;
use crate::error::Error;
use crate::limits::{CLOCK_AHEAD_MAX_MS, SESSIONS_DROPPED_MAX, SESSIONS_PER_PERSON_MAX};
use crate::model::{Event, LogIn, NewSession, Session, SessionId, UserId};
use crate::store::queries;
use crate::store::queries::access::active_user;
use crate::store::rows::codec::{SessionRow, key};
use crate::store::rows::schema::{SESSIONS_COUNTED, Tables};
use crate::store::rows::table::{get, has, put};
use crate::store::store_error::StoreError;

pub fn open(tables: &mut Tables<'_>, new: &LogIn) -> Result<Outcome, StoreError> {
    let id = active_user(tables, new.user)?;
    if !queries::accounts::is_password(tables, id, &new.verified)? {
        return Ok(Outcome::noop(Event::PasswordStale));
    }
    if let Some(hash) = &new.rehashed {
        passwords::write_hash(tables, id, hash)?;
    }
    let opened = Event::SessionOpened { user: new.user };
    let ids = insert(tables, id, &new.session, new.at)?;
    Ok(match ids.is_empty() {
        true => Outcome::reply(opened),
        false => Outcome::broadcast_many(opened, vec![Event::SessionsClosed { ids }]),
    })
}

/// Adds a session. If the account then has too many, closes the least recently used ones and returns them.
pub fn insert(
    tables: &mut Tables<'_>,
    user: u32,
    session: &NewSession,
    at: Time,
) -> Result<Vec<SessionId>, StoreError> {
    count_once(tables)?;
    let row = SessionRow {
        user,
        device: session.device.clone(),
        address: session.address.clone(),
        created_at: at.0,
        seen_at: at.0,
    };
    put(tables.sessions.write()?, session.id.0, &row)?;
    put(tables.sessions_of.write()?, (user, session.id.0), &())?;
    end_oldest(tables, user, session.id)
}

fn end_oldest(tables: &mut Tables<'_>, user: u32, but: SessionId) -> Result<Vec<SessionId>, StoreError> {
    let ids = queries::sessions::ids_of(tables, user)?;
    let too_many = ids.len().saturating_sub(SESSIONS_PER_PERSON_MAX);
    let mut by_age = Vec::new();
    for id in ids.into_iter().filter(|id| too_many > 0 && *id != but) {
        // A Chapp that does not know `sessions_of` may have ended a session in the meantime. Such entries go first.
        let row: Option<SessionRow> = get(tables.sessions.read()?, id.0)?;
        by_age.push((row.map(|row| (row.seen_at, row.created_at)), id));
    }
    by_age.sort_unstable();
    let oldest: Vec<SessionId> = by_age.into_iter().take(too_many).map(|(_, id)| id).collect();
    for id in &oldest {
        remove(tables, *id)?;
        tables.sessions_of.write()?.remove((user, id.0))?;
    }
    Ok(oldest)
}

/// Fills the table `sessions_of` once, in a file that is older than this table.
fn count_once(tables: &mut Tables<'_>) -> Result<(), StoreError> {
    if has(tables.meta.read()?, SESSIONS_COUNTED)? {
        return Ok(());
    }
    let known: Vec<Session> = queries::sessions::all(tables)?.collect::<Result<_, _>>()?;
    for session in known {
        let user = key(session.user.0).ok_or_else(|| StoreError::Damaged("a session is nobody's".to_owned()))?;
        put(tables.sessions_of.write()?, (user, session.id.0), &())?;
    }
    put(tables.meta.write()?, SESSIONS_COUNTED, &())
}

/// Removes a session, and returns whether it existed.
fn remove(tables: &mut Tables<'_>, id: SessionId) -> Result<bool, StoreError> {
    let Some(row) = get::<_, SessionRow>(tables.sessions.read()?, id.0)? else {
        return Ok(false);
    };
    tables.sessions.write()?.remove(id.0)?;
    tables.sessions_of.write()?.remove((row.user, id.0))?;
    Ok(true)
}

/// Records that a session was used. A session that was closed in the meantime stays closed.
pub fn touch(tables: &mut Tables<'_>, id: SessionId, address: &str, at: Time) -> Result<Outcome, StoreError> {
    let row: Option<SessionRow> = get(tables.sessions.read()?, id.0)?;
    let mut row = row.ok_or_else(Error::unauthenticated)?;
    row.seen_at = match Time(row.seen_at).since(at) > CLOCK_AHEAD_MAX_MS {
        // The last time was written by a wrong clock.
        true => at.0,
        false => row.seen_at.max(at.0),
    };
    row.address = address.to_owned();
    put(tables.sessions.write()?, id.0, &row)?;
    // Written now so that after a crash, `last_seen` is not hours too old.
    put(tables.last_seen.write()?, row.user, &at.0)?;
    Ok(Outcome::reply(Event::SessionUsed))
}

pub fn close(tables: &mut Tables<'_>, id: SessionId) -> Result<Outcome, StoreError> {
    let event = Event::SessionsClosed { ids: vec![id] };
    match remove(tables, id)? {
        true => Ok(Outcome::broadcast(event)),
        false => Ok(Outcome::noop(event)),
    }
}

pub fn close_others(tables: &mut Tables<'_>, user: UserId, keep: SessionId) -> Result<Outcome, StoreError> {
    let id = active_user(tables, user)?;
    let ids = remove_others(tables, id, keep)?;
    let is_empty = ids.is_empty();
    let event = Event::SessionsClosed { ids };
    Ok(match is_empty {
        true => Outcome::noop(event),
        false => Outcome::broadcast(event),
    })
}

/// Removes all sessions of a user except one.
pub fn remove_others(tables: &mut Tables<'_>, user: u32, keep: SessionId) -> Result<Vec<SessionId>, StoreError> {
    let others = queries::sessions::all_of(tables, user)?
        .into_iter()
        .map(|session| session.id);
    let others: Vec<SessionId> = others.filter(|id| *id != keep).collect();
    for id in &others {
        remove(tables, *id)?;
    }
    Ok(others)
}

/// Removes all sessions of a user.
pub fn remove_all(tables: &mut Tables<'_>, user: u32) -> Result<Vec<SessionId>, StoreError> {
    let ids: Vec<SessionId> = queries::sessions::all_of(tables, user)?
        .into_iter()
        .map(|session| session.id)
        .collect();
    for id in &ids {
        remove(tables, *id)?;
    }
    Ok(ids)
}

/// Removes expired sessions, a bounded number at a time.
pub fn drop_expired(tables: &mut Tables<'_>, at: Time) -> Result<Outcome, StoreError> {
    let mut expired = Vec::new();
    for session in queries::sessions::all(tables)? {
        let session = session?;
        if !session.is_live(at) {
            expired.push(session.id);
        }
        if expired.len() == SESSIONS_DROPPED_MAX {
            break;
        }
    }
    for id in &expired {
        remove(tables, *id)?;
    }
    let event = Event::SessionsDropped { count: expired.len() };
    Ok(match expired.is_empty() {
        true => Outcome::noop(event),
        false => Outcome::reply(event),
    })
}
