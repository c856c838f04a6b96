//! Access: the account behind a user id, and its relation to a room.

use crate::error::{Error, Kind};
use crate::model::rules::{self, Access};
use crate::model::{MemberRole, RoomId, UserId};
use crate::store::rows::codec::{MemberRow, RoomMetaRow, RoomRow, UserRow, key};
use crate::store::rows::schema::{FIRST_ROOM, Source};
use crate::store::rows::table::{get, get_known, has};
use crate::store::store_error::StoreError;
use redb::ReadableTable;

/// The number of an account that exists and is not deactivated.
pub fn active_user(source: &impl Source, user: UserId) -> Result<u32, StoreError> {
    let id = key(user.0).ok_or_else(Error::unauthenticated)?;
    match source.users()?.get(id)? {
        Some(_) if !is_deactivated(source, id)? => Ok(id),
        _ => Err(Error::unauthenticated().into()),
    }
}

/// Whether an account is deactivated.
pub fn is_deactivated(source: &impl Source, id: u32) -> Result<bool, StoreError> {
    has(source.deactivated()?, id)
}

/// The number of an account that exists, deactivated or not.
pub fn existing_user(source: &impl Source, user: UserId) -> Result<u32, StoreError> {
    let nobody = || Error::not_found("There is no such person.").at("user");
    let id = key(user.0).ok_or_else(nobody)?;
    match source.users()?.get(id)? {
        Some(_) => Ok(id),
        None => Err(nobody().into()),
    }
}

/// The room's data apart from its name. The first room of an old file has no such row.
pub fn room_meta(source: &impl Source, room: u32) -> Result<RoomMetaRow, StoreError> {
    Ok(get(source.room_meta()?, room)?.unwrap_or_default())
}

/// A member's role in a room. `None` for non-members. Every account is a member of the first room.
pub fn member_role(source: &impl Source, room: u32, user: u32) -> Result<Option<MemberRole>, StoreError> {
    if room == FIRST_ROOM {
        return Ok(Some(MemberRole::Member));
    }
    let row: Option<MemberRow> = get(source.members()?, (room, user))?;
    Ok(row.map(|row| row.role()))
}

/// What an account may see and do in a room, as the rules need it. `None` if there is no such room.
pub fn access(source: &impl Source, room: RoomId, user: u32) -> Result<Option<Access>, StoreError> {
    let Some(id) = key(room.0) else { return Ok(None) };
    let Some(row) = get::<_, RoomRow>(source.rooms()?, id)? else {
        return Ok(None);
    };
    let account: UserRow = get_known(source.users()?, user, "somebody's account")?;
    Ok(Some(Access {
        room,
        kind: row.kind(),
        archived: room_meta(source, id)?.archived,
        server: account.role(),
        member: member_role(source, id, user)?,
    }))
}

/// The numbers of the viewer and of the room, if the viewer is a member.
pub fn require_member(source: &impl Source, viewer: UserId, room: RoomId) -> Result<(u32, u32), StoreError> {
    let user = active_user(source, viewer)?;
    rules::may_read(access(source, room, user)?.as_ref())?;
    Ok((user, room.0 as u32))
}

/// Refuses a deactivated account.
pub fn require_active(source: &impl Source, id: u32) -> Result<(), StoreError> {
    match is_deactivated(source, id)? {
        true => Err(Error::new(Kind::Conflict, "That account is deactivated. Let it in again first.").into()),
        false => Ok(()),
    }
}
