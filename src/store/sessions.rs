//! Who is logged in where.

use super::apply::Done;
use super::codec::{self, SessionRow, UserRow};
use super::fault::Fault;
use super::people;
use super::standing::known;
use super::tables::{Source, Tables, get, get_known, put};
use crate::clock::Time;
use crate::error::Error;
use crate::limits::{CLOCK_AHEAD_MAX_MS, SESSIONS_DROPPED_MAX};
use crate::model::{Event, NewSession, PasswordHash, Session, SessionId, User, UserId};
use redb::ReadableTable;

pub(super) fn open(
    tables: &mut Tables<'_>,
    user: UserId,
    session: &NewSession,
    rehashed: Option<&PasswordHash>,
    at: Time,
) -> Result<Done, Fault> {
    let id = known(tables, user)?;
    if let Some(hash) = rehashed {
        let mut row: UserRow = get_known(tables.users.read()?, id, "an account")?;
        row.password = hash.0.clone();
        put(tables.users.write()?, id, &row)?;
    }
    insert(tables, id, session, at)?;
    Ok(Done::answered(Event::SessionOpened { user }))
}

pub(super) fn insert(tables: &mut Tables<'_>, user: u32, session: &NewSession, at: Time) -> Result<(), Fault> {
    let row = SessionRow {
        user,
        device: session.device.clone(),
        address: session.address.clone(),
        created_at: at.0,
        seen_at: at.0,
    };
    put(tables.sessions.write()?, session.id.0, &row)
}

/// A session that was closed meanwhile stays closed.
pub(super) fn touch(tables: &mut Tables<'_>, id: SessionId, address: &str, at: Time) -> Result<Done, Fault> {
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

pub(super) fn close(tables: &mut Tables<'_>, id: SessionId) -> Result<Done, Fault> {
    let event = Event::SessionsClosed { ids: vec![id] };
    match tables.sessions.write()?.remove(id.0)? {
        Some(_) => Ok(Done::told(event)),
        None => Ok(Done::nothing(event)),
    }
}

pub(super) fn close_others(tables: &mut Tables<'_>, user: UserId, keep: SessionId) -> Result<Done, Fault> {
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
pub(super) fn remove_others(tables: &mut Tables<'_>, user: u32, keep: SessionId) -> Result<Vec<SessionId>, Fault> {
    let others = all_of(tables, user)?.into_iter().map(|session| session.id);
    let others: Vec<SessionId> = others.filter(|id| *id != keep).collect();
    for id in &others {
        tables.sessions.write()?.remove(id.0)?;
    }
    Ok(others)
}

/// Removes all sessions of somebody.
pub(super) fn remove_all(tables: &mut Tables<'_>, user: u32) -> Result<Vec<SessionId>, Fault> {
    let ids: Vec<SessionId> = all_of(tables, user)?.into_iter().map(|session| session.id).collect();
    for id in &ids {
        tables.sessions.write()?.remove(id.0)?;
    }
    Ok(ids)
}

/// Where somebody is logged in. Walks over all sessions: it is asked for by hand, and seldom.
fn all_of(source: &impl Source, user: u32) -> Result<Vec<Session>, Fault> {
    let mut found = Vec::new();
    for session in source.sessions()?.iter()? {
        let (id, row) = session?;
        let row: SessionRow = codec::unseal(row.value())?;
        if row.user == user {
            found.push(row.session(SessionId(id.value())));
        }
    }
    Ok(found)
}

/// The devices of somebody, the one used last first.
pub(super) fn of(source: &impl Source, user: UserId) -> Result<Vec<Session>, Fault> {
    let mut found = all_of(source, known(source, user)?)?;
    found.sort_by_key(|session| std::cmp::Reverse(session.seen_at));
    Ok(found)
}

/// Forgets expired sessions, a bounded number at a time.
pub(super) fn drop_expired(tables: &mut Tables<'_>, at: Time) -> Result<Done, Fault> {
    let mut expired = Vec::new();
    for session in tables.sessions.read()?.iter()? {
        let (id, row) = session?;
        let id = SessionId(id.value());
        if !codec::unseal::<SessionRow>(row.value())?.session(id).is_live(at) {
            expired.push(id);
        }
        if expired.len() == SESSIONS_DROPPED_MAX {
            break;
        }
    }
    for id in &expired {
        tables.sessions.write()?.remove(id.0)?;
    }
    let event = Event::SessionsDropped { count: expired.len() };
    Ok(match expired.is_empty() {
        true => Done::nothing(event),
        false => Done::answered(event),
    })
}

pub(super) fn by_id(source: &impl Source, id: SessionId) -> Result<Option<(Session, User)>, Fault> {
    let Some(row) = get::<_, SessionRow>(source.sessions()?, id.0)? else {
        return Ok(None);
    };
    let user = people::user(source, row.user)?;
    Ok(Some((row.session(id), user)))
}
