//! Who is logged in where.

use super::accounts;
use super::codec::{self, SessionRow, UserRow};
use super::fault::Fault;
use super::tables::{SESSIONS, Tables, USERS, get, get_known, put};
use super::writer::Done;
use crate::clock::Time;
use crate::error::Error;
use crate::limits::SESSIONS_DROPPED_MAX;
use crate::model::{Event, NewSession, PasswordHash, Session, SessionId, User, UserId};
use redb::{ReadTransaction, ReadableTable};

pub(super) fn open(
    tables: &mut Tables<'_>,
    user: UserId,
    session: &NewSession,
    rehashed: Option<&PasswordHash>,
    at: Time,
) -> Result<Done, Fault> {
    let id = accounts::known(tables, user)?;
    if let Some(hash) = rehashed {
        let mut row: UserRow = get_known(&tables.users, id, "an account")?;
        row.password = hash.0.clone();
        put(&mut tables.users, id, &row)?;
    }
    insert(tables, id, session, at)?;
    Ok(Done::Answered(Event::SessionOpened { user }))
}

pub(super) fn insert(tables: &mut Tables<'_>, user: u32, session: &NewSession, at: Time) -> Result<(), Fault> {
    let row = SessionRow {
        user,
        device: session.device.clone(),
        address: session.address.clone(),
        created_at: at.0,
        seen_at: at.0,
    };
    put(&mut tables.sessions, session.id.0, &row)
}

/// A session that was closed meanwhile stays closed.
pub(super) fn touch(tables: &mut Tables<'_>, id: SessionId, address: &str, at: Time) -> Result<Done, Fault> {
    let row: Option<SessionRow> = get(&tables.sessions, id.0)?;
    let mut row = row.ok_or_else(Error::unauthenticated)?;
    row.seen_at = row.seen_at.max(at.0);
    row.address = address.to_owned();
    put(&mut tables.sessions, id.0, &row)?;
    Ok(Done::Answered(Event::SessionSeen))
}

pub(super) fn close(tables: &mut Tables<'_>, id: SessionId) -> Result<Done, Fault> {
    let event = Event::SessionClosed { id };
    match tables.sessions.remove(id.0)? {
        Some(_) => Ok(Done::Told(event)),
        None => Ok(Done::Nothing(event)),
    }
}

/// Forgets expired sessions, a bounded number at a time.
pub(super) fn drop_expired(tables: &mut Tables<'_>, at: Time) -> Result<Done, Fault> {
    let mut expired = Vec::new();
    for session in tables.sessions.iter()? {
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
        tables.sessions.remove(id.0)?;
    }
    let event = Event::SessionsDropped { count: expired.len() };
    Ok(match expired.is_empty() {
        true => Done::Nothing(event),
        false => Done::Answered(event),
    })
}

pub(super) fn by_id(txn: &ReadTransaction, id: SessionId) -> Result<Option<(Session, User)>, Fault> {
    let Some(row) = get::<_, SessionRow>(&txn.open_table(SESSIONS)?, id.0)? else {
        return Ok(None);
    };
    let user = accounts::user(&txn.open_table(USERS)?, row.user)?;
    Ok(Some((row.session(id), user)))
}
