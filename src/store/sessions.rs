//! Who is logged in where.

use super::apply::Done;
use super::rows::codec::{self, SessionRow, key};
use super::rows::schema::{SESSIONS_COUNTED, Source, Tables};
use super::rows::table::{get, has, put};
use super::standing::known;
use super::store_error::StoreError;
use super::{accounts, people};
use crate::clock::Time;
use crate::error::Error;
use crate::limits::{CLOCK_AHEAD_MAX_MS, SESSIONS_DROPPED_MAX, SESSIONS_PER_PERSON_MAX};
use crate::model::{Event, LogIn, NewSession, Session, SessionId, User, UserId};
use redb::ReadableTable;

pub(super) fn open(tables: &mut Tables<'_>, new: &LogIn) -> Result<Done, StoreError> {
    let id = known(tables, new.user)?;
    if !accounts::is_password(tables, id, &new.verified)? {
        return Ok(Done::nothing(Event::PasswordStale));
    }
    if let Some(hash) = &new.rehashed {
        accounts::write_hash(tables, id, hash)?;
    }
    let opened = Event::SessionOpened { user: new.user };
    let ids = insert(tables, id, &new.session, new.at)?;
    Ok(match ids.is_empty() {
        true => Done::answered(opened),
        false => Done::tells(opened, vec![Event::SessionsClosed { ids }]),
    })
}

/// Whether this is a session of somebody.
pub(super) fn is_of(source: &impl Source, id: SessionId, user: u32) -> Result<bool, StoreError> {
    let row: Option<SessionRow> = get(source.sessions()?, id.0)?;
    Ok(row.is_some_and(|row| row.user == user))
}

/// A new session. Where somebody has too many then, those end that were used longest ago: the ones that it returns.
pub(super) fn insert(
    tables: &mut Tables<'_>,
    user: u32,
    session: &NewSession,
    at: Time,
) -> Result<Vec<SessionId>, StoreError> {
    count(tables)?;
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
    let ids = counted(tables, user)?;
    let too_many = ids.len().saturating_sub(SESSIONS_PER_PERSON_MAX);
    let mut by_age = Vec::new();
    for id in ids.into_iter().filter(|id| too_many > 0 && *id != but) {
        // A Chapp that does not know `sessions_of` may have ended one meanwhile: those go first.
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

fn counted(source: &impl Source, user: u32) -> Result<Vec<SessionId>, StoreError> {
    let rows = source.sessions_of()?.range((user, [0; 32])..=(user, [u8::MAX; 32]))?;
    rows.map(|row| Ok(SessionId(row?.0.value().1))).collect()
}

/// Brings the sessions of a file that is older than `sessions_of` into it, once.
fn count(tables: &mut Tables<'_>) -> Result<(), StoreError> {
    if has(tables.meta.read()?, SESSIONS_COUNTED)? {
        return Ok(());
    }
    let known: Vec<Session> = all(tables)?.collect::<Result<_, _>>()?;
    for session in known {
        let user = key(session.user.0).ok_or_else(|| StoreError::Damaged("a session is nobody's".to_owned()))?;
        put(tables.sessions_of.write()?, (user, session.id.0), &())?;
    }
    put(tables.meta.write()?, SESSIONS_COUNTED, &())
}

/// Whether there was such a session.
fn remove(tables: &mut Tables<'_>, id: SessionId) -> Result<bool, StoreError> {
    let Some(row) = get::<_, SessionRow>(tables.sessions.read()?, id.0)? else {
        return Ok(false);
    };
    tables.sessions.write()?.remove(id.0)?;
    tables.sessions_of.write()?.remove((row.user, id.0))?;
    Ok(true)
}

/// A session that was closed meanwhile stays closed.
pub(super) fn touch(tables: &mut Tables<'_>, id: SessionId, address: &str, at: Time) -> Result<Done, StoreError> {
    let row: Option<SessionRow> = get(tables.sessions.read()?, id.0)?;
    let mut row = row.ok_or_else(Error::unauthenticated)?;
    row.seen_at = match Time(row.seen_at).since(at) > CLOCK_AHEAD_MAX_MS {
        // By a wrong clock.
        true => at.0,
        false => row.seen_at.max(at.0),
    };
    row.address = address.to_owned();
    put(tables.sessions.write()?, id.0, &row)?;
    // Whoever is there for hours was seen, also where nobody will be left to say so.
    put(tables.last_seen.write()?, row.user, &at.0)?;
    Ok(Done::answered(Event::SessionSeen))
}

pub(super) fn close(tables: &mut Tables<'_>, id: SessionId) -> Result<Done, StoreError> {
    let event = Event::SessionsClosed { ids: vec![id] };
    match remove(tables, id)? {
        true => Ok(Done::told(event)),
        false => Ok(Done::nothing(event)),
    }
}

pub(super) fn close_others(tables: &mut Tables<'_>, user: UserId, keep: SessionId) -> Result<Done, StoreError> {
    let id = known(tables, user)?;
    let ids = remove_others(tables, id, keep)?;
    let is_empty = ids.is_empty();
    let event = Event::SessionsClosed { ids };
    Ok(match is_empty {
        true => Done::nothing(event),
        false => Done::told(event),
    })
}

/// Removes all sessions of somebody but one.
pub(super) fn remove_others(tables: &mut Tables<'_>, user: u32, keep: SessionId) -> Result<Vec<SessionId>, StoreError> {
    let others = all_of(tables, user)?.into_iter().map(|session| session.id);
    let others: Vec<SessionId> = others.filter(|id| *id != keep).collect();
    for id in &others {
        remove(tables, *id)?;
    }
    Ok(others)
}

/// Removes all sessions of somebody.
pub(super) fn remove_all(tables: &mut Tables<'_>, user: u32) -> Result<Vec<SessionId>, StoreError> {
    let ids: Vec<SessionId> = all_of(tables, user)?.into_iter().map(|session| session.id).collect();
    for id in &ids {
        remove(tables, *id)?;
    }
    Ok(ids)
}

/// Where somebody is logged in. Walks over all sessions: it is asked for by hand, and seldom.
fn all_of(source: &impl Source, user: u32) -> Result<Vec<Session>, StoreError> {
    let is_theirs = |session: &Session| session.user.0 == u64::from(user);
    let theirs = all(source)?.filter(|session| session.as_ref().is_ok_and(is_theirs) || session.is_err());
    theirs.collect()
}

fn all(source: &impl Source) -> Result<impl Iterator<Item = Result<Session, StoreError>>, StoreError> {
    let rows = source.sessions()?.iter()?;
    Ok(rows.map(|session| {
        let (id, row) = session?;
        Ok(codec::unseal::<SessionRow>(row.value())?.session(SessionId(id.value())))
    }))
}

/// The devices of somebody, the one used last first.
pub(super) fn of(source: &impl Source, user: UserId) -> Result<Vec<Session>, StoreError> {
    let mut found = all_of(source, known(source, user)?)?;
    found.sort_by_key(|session| std::cmp::Reverse(session.seen_at));
    Ok(found)
}

/// Forgets expired sessions, a bounded number at a time.
pub(super) fn drop_expired(tables: &mut Tables<'_>, at: Time) -> Result<Done, StoreError> {
    let mut expired = Vec::new();
    for session in all(tables)? {
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
        true => Done::nothing(event),
        false => Done::answered(event),
    })
}

pub(super) fn by_id(source: &impl Source, id: SessionId) -> Result<Option<(Session, User)>, StoreError> {
    let Some(row) = get::<_, SessionRow>(source.sessions()?, id.0)? else {
        return Ok(None);
    };
    let user = people::user(source, row.user)?;
    Ok(Some((row.session(id), user)))
}
