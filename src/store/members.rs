//! Who is in a room: coming, going, being brought and sent away, and looking after it.

use super::apply::Done;
use super::rows::codec::{MemberRow, RoomRow, UserRoomRow, unseal};
use super::rows::schema::{FIRST_ROOM, Source, Tables};
use super::rows::table::{get_known, put};
use super::standing::{self, known, other, standing};
use super::store_error::StoreError;
use super::{log, marks, people, rooms};
use crate::clock::Time;
use crate::error::{Error, Kind};
use crate::limits::{BROUGHT_BY_ONE_MAX, DIRECTS_PER_PERSON_MAX, PEOPLE_SCAN_MAX, ROOMS_PER_PERSON_MAX};
use crate::model::{Event, MemberRole, MembersPage, Notice, PageSize, RoomId, RoomKind, UserId, rules};
use redb::ReadableTable;

pub(super) fn insert(
    tables: &mut Tables<'_>,
    room: u32,
    user: u32,
    is_owner: bool,
    order: u32,
) -> Result<(), StoreError> {
    put(tables.members.write()?, (room, user), &MemberRow { is_owner, order })?;
    put(tables.user_rooms.write()?, (user, room), &UserRoomRow::default())
}

/// Notes that somebody was put into a room by somebody else.
pub(super) fn bring(tables: &mut Tables<'_>, room: u32, user: u32, by: u32) -> Result<(), StoreError> {
    match user == by {
        true => Ok(()),
        false => put(tables.brought.write()?, (user, room), &by),
    }
}

/// Refuses whoever is in as many rooms of a kind as one can be, and whom `by` has put into as many as one
/// person can: nobody can fill the places of somebody else.
pub(super) fn has_place(source: &impl Source, user: u32, by: u32, kind: RoomKind) -> Result<(), StoreError> {
    let full = |title: String| Err(Error::new(Kind::Conflict, title).into());
    let name = || people::user(source, user).map(|user| user.profile.display_name);
    let rooms = marks::rooms_of(source, user)?;
    let is_direct = kind == RoomKind::Direct;
    let max = if is_direct {
        DIRECTS_PER_PERSON_MAX
    } else {
        ROOMS_PER_PERSON_MAX
    };
    // Only where there are as many of any kind are those of this kind counted.
    if rooms.len() >= max {
        let mut same = 0;
        for room in rooms {
            let row: RoomRow = get_known(source.rooms()?, room, "a room")?;
            same += usize::from((row.kind() == RoomKind::Direct) == is_direct);
        }
        if same >= max {
            let what = if is_direct { "direct messages" } else { "rooms" };
            return full(format!(
                "{} is in {max} {what}. Nobody can be in more.",
                name()?.as_str()
            ));
        }
    }
    if user == by {
        return Ok(());
    }
    let mut brought = 0;
    for row in source.brought()?.range((user, 0)..=(user, u32::MAX))? {
        brought += usize::from(unseal::<u32>(row?.1.value())? == by);
    }
    match brought < BROUGHT_BY_ONE_MAX {
        true => Ok(()),
        false => full(format!(
            "You have brought {} into {BROUGHT_BY_ONE_MAX} rooms. Somebody else can bring them into more.",
            name()?.as_str()
        )),
    }
}

/// Everybody in a room, by id; for rooms of a bounded size.
pub(super) fn all(source: &impl Source, room: u32) -> Result<Vec<u32>, StoreError> {
    if room == FIRST_ROOM {
        let users = source.users()?.iter()?;
        return users.map(|row| Ok(row?.0.value())).collect();
    }
    let rows = source.members()?.range((room, 0)..=(room, u32::MAX))?;
    rows.map(|row| Ok(row?.0.value().1)).collect()
}

/// Somebody comes by themselves, or is brought.
pub(super) fn add(
    tables: &mut Tables<'_>,
    by: UserId,
    room: RoomId,
    user: UserId,
    at: Time,
) -> Result<Done, StoreError> {
    let who = known(tables, by)?;
    let standing = standing(tables, room, who)?;
    match by == user {
        true => rules::may_join(standing.as_ref())?,
        false => rules::may_invite(standing.as_ref())?,
    }
    let (comes, id) = (other(tables, user)?, room.0 as u32);
    if standing::role(tables, id, comes)?.is_some() {
        let view = rooms::view(tables, comes, id)?;
        return Ok(Done::nothing(Event::InAlready { view }));
    }
    if who != comes {
        people::refuse_blocked(tables, who, comes)?;
    }
    has_place(
        tables,
        comes,
        who,
        standing.map_or(RoomKind::Public, |standing| standing.kind),
    )?;

    let is_empty = rooms::member_count(tables, id)? == 0;
    let order = next_order(tables, id)?;
    insert(tables, id, comes, is_empty, order)?;
    bring(tables, id, comes, who)?;
    let notice = match by == user {
        true => Notice::Joined,
        false => Notice::Added(user),
    };
    let mut told = vec![
        log::notice(tables, id, who, &notice, at)?,
        rooms::count_members(tables, id, 1)?,
    ];
    marks::enter(tables, comes, id)?;
    // Last, so that they hear what comes after this.
    let entered = rooms::entered(tables, comes, id)?;
    told.push(entered.clone());
    Ok(Done::tells(entered, told))
}

fn next_order(tables: &Tables<'_>, room: u32) -> Result<u32, StoreError> {
    let mut last = 0;
    for row in tables.members.read()?.range((room, 0)..=(room, u32::MAX))? {
        last = last.max(unseal::<MemberRow>(row?.1.value())?.order);
    }
    Ok(last.saturating_add(1))
}

/// Somebody goes, or is sent away.
pub(super) fn remove(
    tables: &mut Tables<'_>,
    by: UserId,
    room: RoomId,
    user: UserId,
    at: Time,
) -> Result<Done, StoreError> {
    let who = known(tables, by)?;
    let standing = standing(tables, room, who)?;
    let id = room.0 as u32;
    let (goes, role) = match by == user {
        true => {
            rules::may_leave(standing.as_ref())?;
            (who, standing.and_then(|standing| standing.member))
        }
        false => {
            rules::may_read(standing.as_ref())?;
            let goes = other(tables, user)?;
            let role = standing::role(tables, id, goes)?;
            rules::may_remove(standing.as_ref(), role.unwrap_or(MemberRole::Member))?;
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
    let mut told = vec![log::notice(tables, id, who, &notice, at)?];
    tables.members.write()?.remove((id, goes))?;
    forget(tables, goes, id)?;
    told.push(rooms::count_members(tables, id, -1)?);
    let gone = Event::Gone { user, room };
    told.push(gone.clone());
    if role == MemberRole::Owner
        && let Some(next) = rooms::longest_there(tables, id)?
    {
        told.extend(make_owner(tables, id, who, next, at)?);
    }
    Ok(Done::tells(gone, told))
}

/// What somebody leaves behind in a room are their messages.
fn forget(tables: &mut Tables<'_>, user: u32, room: u32) -> Result<(), StoreError> {
    tables.user_rooms.write()?.remove((user, room))?;
    tables.brought.write()?.remove((user, room))?;
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

/// A member becomes the owner, and the others are no longer; or an owner becomes a member.
pub(super) fn hand_over(
    tables: &mut Tables<'_>,
    by: UserId,
    room: RoomId,
    user: UserId,
    role: MemberRole,
    at: Time,
) -> Result<Done, StoreError> {
    let who = known(tables, by)?;
    rules::may_hand_over(standing(tables, room, who)?.as_ref())?;
    let (to, id) = (other(tables, user)?, room.0 as u32);
    let Some(now) = standing::role(tables, id, to)? else {
        return Err(Error::not_found("They are not in this room.").at("user").into());
    };
    let answer = role_changed(id, to, role);
    if now == role {
        return Ok(Done::nothing(answer));
    }
    if role == MemberRole::Member {
        let title = "A room needs an owner. Make somebody else its owner instead.";
        return Err(Error::new(Kind::Conflict, title).into());
    }

    let mut told = Vec::new();
    for other in owners(tables, id)? {
        set_role(tables, id, other, MemberRole::Member)?;
        told.push(role_changed(id, other, MemberRole::Member));
    }
    told.extend(make_owner(tables, id, who, to, at)?);
    Ok(Done::tells(answer, told))
}

fn owners(tables: &Tables<'_>, room: u32) -> Result<Vec<u32>, StoreError> {
    let mut owners = Vec::new();
    for row in tables.members.read()?.range((room, 0)..=(room, u32::MAX))? {
        let (key, row) = row?;
        if unseal::<MemberRow>(row.value())?.is_owner {
            owners.push(key.value().1);
        }
    }
    Ok(owners)
}

/// A page of the people in a room.
pub(super) fn page(
    source: &impl Source,
    viewer: UserId,
    room: RoomId,
    query: &str,
    before: Option<UserId>,
    size: PageSize,
) -> Result<MembersPage, StoreError> {
    let (_, id) = standing::inside(source, viewer, room)?;
    if id == FIRST_ROOM {
        let page = people::page(source, query, before, size)?;
        return Ok(MembersPage {
            members: page.people.into_iter().map(|user| (user, MemberRole::Member)).collect(),
            more: page.more,
        });
    }
    let end = people::end(before);
    let mut members = Vec::new();
    let rows = source.members()?.range((id, 0)..(id, end))?.rev();
    for (looked_at, row) in rows.enumerate() {
        if members.len() == size.get() || looked_at == PEOPLE_SCAN_MAX {
            return Ok(MembersPage { members, more: true });
        }
        let (key, row) = row?;
        let user = people::user(source, key.value().1)?;
        if people::matches(&user, query) {
            members.push((user, unseal::<MemberRow>(row.value())?.role()));
        }
    }
    Ok(MembersPage { members, more: false })
}
