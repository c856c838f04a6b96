//! Members of a room: joining, leaving, adding, removing, and handing over the room.

use super::outcome::Outcome;
use super::{log, read_state};
use crate::clock::Time;
use crate::error::{Error, Kind};
use crate::model::{Event, LOBBY, MemberRole, Notice, RoomId, RoomKind, UserId, rules};
use crate::store::queries;
use crate::store::queries::access::{access, active_user, existing_user, member_role, room_meta};
use crate::store::rows::codec::{MemberRow, UserRoomRow};
use crate::store::rows::schema::Tables;
use crate::store::rows::table::{get_known, put};
use crate::store::store_error::StoreError;

pub fn insert(tables: &mut Tables<'_>, room: u32, user: u32, is_owner: bool, order: u32) -> Result<(), StoreError> {
    put(tables.members.write()?, (room, user), &MemberRow { is_owner, order })?;
    put(tables.user_rooms.write()?, (user, room), &UserRoomRow::default())
}

/// Records who added a user to a room, unless the user joined on their own.
pub fn set_added_by(tables: &mut Tables<'_>, room: u32, user: u32, by: u32) -> Result<(), StoreError> {
    match user == by {
        true => Ok(()),
        false => put(tables.added_by.write()?, (user, room), &by),
    }
}

/// A user joins, or another member adds them.
pub fn add(tables: &mut Tables<'_>, by: UserId, room: RoomId, user: UserId, at: Time) -> Result<Outcome, StoreError> {
    let who = active_user(tables, by)?;
    let access = access(tables, room, who)?;
    match by == user {
        true => rules::may_join(access.as_ref())?,
        false => rules::may_invite(access.as_ref())?,
    }
    let (comes, id) = (existing_user(tables, user)?, room.0 as u32);
    if member_role(tables, id, comes)?.is_some() {
        let view = queries::rooms::view(tables, comes, id)?;
        return Ok(Outcome::noop(Event::AlreadyMember { view }));
    }
    if who != comes {
        queries::people::refuse_blocked(tables, who, comes)?;
    }
    queries::members::check_room_limits(
        tables,
        comes,
        who,
        access.map_or(RoomKind::Public, |access| access.kind),
    )?;

    let is_empty = queries::members::member_count(tables, id)? == 0;
    let order = queries::members::next_order(tables, id)?;
    insert(tables, id, comes, is_empty, order)?;
    set_added_by(tables, id, comes, who)?;
    let notice = match by == user {
        true => Notice::Joined,
        false => Notice::Added(user),
    };
    let mut events = vec![
        log::notice(tables, id, who, &notice, at)?,
        count_members(tables, id, 1)?,
    ];
    read_state::enter(tables, comes, id)?;
    // Last, so that the new member receives the events after this one.
    let entered = queries::rooms::entered(tables, comes, id)?;
    events.push(entered.clone());
    Ok(Outcome::broadcast_many(entered, events))
}

/// A user leaves, or another member removes them.
pub fn remove(
    tables: &mut Tables<'_>,
    by: UserId,
    room: RoomId,
    user: UserId,
    at: Time,
) -> Result<Outcome, StoreError> {
    let who = active_user(tables, by)?;
    let access = access(tables, room, who)?;
    let id = room.0 as u32;
    let (goes, role) = match by == user {
        true => {
            rules::may_leave(access.as_ref())?;
            (who, access.and_then(|access| access.member))
        }
        false => {
            rules::may_read(access.as_ref())?;
            let goes = existing_user(tables, user)?;
            let role = member_role(tables, id, goes)?;
            rules::may_remove(access.as_ref(), role.unwrap_or(MemberRole::Member))?;
            (goes, role)
        }
    };
    let Some(role) = role else {
        return Err(Error::not_found("They are not in this room.").at("user").into());
    };

    let notice = match by == user {
        true => Notice::Left,
        false => Notice::Removed(user),
    };
    let mut events = vec![log::notice(tables, id, who, &notice, at)?];
    tables.members.write()?.remove((id, goes))?;
    forget(tables, goes, id)?;
    events.push(count_members(tables, id, -1)?);
    let gone = Event::LeftRoom { user, room };
    events.push(gone.clone());
    if role == MemberRole::Owner
        && let Some(next) = queries::members::longest_member(tables, id)?
    {
        events.extend(make_owner(tables, id, who, next, at)?);
    }
    Ok(Outcome::broadcast_many(gone, events))
}

/// Removes a former member's data about a room. Their messages stay.
fn forget(tables: &mut Tables<'_>, user: u32, room: u32) -> Result<(), StoreError> {
    tables.user_rooms.write()?.remove((user, room))?;
    tables.added_by.write()?.remove((user, room))?;
    tables.read_marks.write()?.remove((user, room))?;
    tables.entered.write()?.remove((user, room))?;
    let all = (user, room, 0)..=(user, room, u32::MAX);
    tables.own_posts.write()?.remove_all(all.clone())?;
    tables.mentioned.write()?.remove_all(all)?;
    Ok(())
}

fn make_owner(tables: &mut Tables<'_>, room: u32, by: u32, user: u32, at: Time) -> Result<Vec<Event>, StoreError> {
    let id = UserId(user.into());
    set_role(tables, room, user, MemberRole::Owner)?;
    Ok(vec![
        log::notice(tables, room, by, &Notice::Owner(id), at)?,
        role_changed(room, user, MemberRole::Owner),
    ])
}

fn set_role(tables: &mut Tables<'_>, room: u32, user: u32, role: MemberRole) -> Result<(), StoreError> {
    let mut row: MemberRow = get_known(tables.members.read()?, (room, user), "a member")?;
    row.is_owner = role == MemberRole::Owner;
    put(tables.members.write()?, (room, user), &row)
}

fn role_changed(room: u32, user: u32, role: MemberRole) -> Event {
    Event::RoleChanged {
        user: UserId(user.into()),
        room: RoomId(room.into()),
        role,
    }
}

/// Makes a member the owner. Previous owners become members.
pub fn hand_over(
    tables: &mut Tables<'_>,
    by: UserId,
    room: RoomId,
    user: UserId,
    role: MemberRole,
    at: Time,
) -> Result<Outcome, StoreError> {
    let who = active_user(tables, by)?;
    rules::may_hand_over(access(tables, room, who)?.as_ref())?;
    let (to, id) = (existing_user(tables, user)?, room.0 as u32);
    let Some(now) = member_role(tables, id, to)? else {
        return Err(Error::not_found("They are not in this room.").at("user").into());
    };
    let answer = role_changed(id, to, role);
    if now == role {
        return Ok(Outcome::noop(answer));
    }
    if role == MemberRole::Member {
        let title = "A room needs an owner. Make somebody else its owner instead.";
        return Err(Error::new(Kind::Conflict, title).into());
    }

    let mut events = Vec::new();
    for other in queries::members::owners(tables, id)? {
        set_role(tables, id, other, MemberRole::Member)?;
        events.push(role_changed(id, other, MemberRole::Member));
    }
    events.extend(make_owner(tables, id, who, to, at)?);
    Ok(Outcome::broadcast_many(answer, events))
}

/// Changes the member count of a room. Not for the first room, whose members are all accounts.
pub fn count_members(tables: &mut Tables<'_>, room: u32, change: i64) -> Result<Event, StoreError> {
    debug_assert_ne!(u64::from(room), LOBBY.0);
    let mut meta = room_meta(tables, room)?;
    meta.members = u32::try_from(i64::from(meta.members) + change).unwrap_or(0);
    put(tables.room_meta.write()?, room, &meta)?;
    Ok(Event::RoomChanged(queries::rooms::existing_room(tables, room)?))
}
