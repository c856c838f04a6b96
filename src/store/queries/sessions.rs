//! A user's sessions.

use super::access::active_user;
use super::people;
use crate::model::{Session, SessionId, User, UserId};
use crate::store::rows::codec::{self, SessionRow};
use crate::store::rows::schema::Source;
use crate::store::rows::table::get;
use crate::store::store_error::StoreError;
use redb::ReadableTable;

/// Whether this is a session of this user.
pub fn is_of(source: &impl Source, id: SessionId, user: u32) -> Result<bool, StoreError> {
    let row: Option<SessionRow> = get(source.sessions()?, id.0)?;
    Ok(row.is_some_and(|row| row.user == user))
}

pub fn ids_of(source: &impl Source, user: u32) -> Result<Vec<SessionId>, StoreError> {
    let rows = source.sessions_of()?.range((user, [0; 32])..=(user, [u8::MAX; 32]))?;
    rows.map(|row| Ok(SessionId(row?.0.value().1))).collect()
}

/// A user's sessions. Scans all sessions: only called by hand, and rarely.
pub fn all_of(source: &impl Source, user: u32) -> Result<Vec<Session>, StoreError> {
    let is_theirs = |session: &Session| session.user.0 == u64::from(user);
    let theirs = all(source)?.filter(|session| session.as_ref().is_ok_and(is_theirs) || session.is_err());
    theirs.collect()
}

pub fn all(source: &impl Source) -> Result<impl Iterator<Item = Result<Session, StoreError>>, StoreError> {
    let rows = source.sessions()?.iter()?;
    Ok(rows.map(|session| {
        let (id, row) = session?;
        Ok(codec::unseal::<SessionRow>(row.value())?.session(SessionId(id.value())))
    }))
}

/// A user's sessions, most recently used first.
pub fn of(source: &impl Source, user: UserId) -> Result<Vec<Session>, StoreError> {
    let mut found = all_of(source, active_user(source, user)?)?;
    found.sort_by_key(|session| std::cmp::Reverse(session.seen_at));
    Ok(found)
}

pub fn by_id(source: &impl Source, id: SessionId) -> Result<Option<(Session, User)>, StoreError> {
    let Some(row) = get::<_, SessionRow>(source.sessions()?, id.0)? else {
        return Ok(None);
    };
    let user = people::user(source, row.user)?;
    Ok(Some((row.session(id), user)))
}
