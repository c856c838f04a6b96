//! Members of rooms, and the limits on how many rooms a user may be in.

use super::access::{active_user, require_member, room_meta};
use super::people;
use crate::error::{Error, Kind};
use crate::limits::{ADDED_BY_ONE_MAX, DIRECTS_PER_PERSON_MAX, PEOPLE_MAX, PEOPLE_SCAN_MAX, ROOMS_PER_PERSON_MAX};
use crate::model::{MemberRole, MembersPage, PageSize, RoomId, RoomKind, User, UserId};
use crate::store::rows::codec::{MemberRow, RoomRow, unseal};
use crate::store::rows::schema::{FIRST_ROOM, Source};
use crate::store::rows::table::get_known;
use crate::store::store_error::StoreError;
use redb::{ReadableTable, ReadableTableMetadata};
use std::collections::BTreeSet;

/// The rooms that a user is in, starting with the first room.
pub fn rooms_of(source: &impl Source, user: u32) -> Result<Vec<u32>, StoreError> {
    let mut rooms = vec![FIRST_ROOM];
    for row in source.user_rooms()?.range((user, FIRST_ROOM + 1)..=(user, u32::MAX))? {
        rooms.push(row?.0.value().1);
    }
    Ok(rooms)
}

/// All members of the viewer's direct rooms.
pub fn direct_people(source: &impl Source, viewer: UserId) -> Result<Vec<User>, StoreError> {
    let who = active_user(source, viewer)?;
    let mut ids = BTreeSet::new();
    for room in rooms_of(source, who)? {
        let row: RoomRow = get_known(source.rooms()?, room, "a room")?;
        if row.kind() == RoomKind::Direct {
            ids.extend(all(source, room)?);
        }
        if ids.len() >= PEOPLE_MAX {
            break;
        }
    }
    people::users(source, ids.into_iter().take(PEOPLE_MAX))
}

/// Refuses to add a user who is already in the maximum number of rooms of this kind, or whom `by` has already added to
/// the maximum number of rooms. So no user can use up another user's room limit.
pub fn check_room_limits(source: &impl Source, user: u32, by: u32, kind: RoomKind) -> Result<(), StoreError> {
    let full = |title: String| Err(Error::new(Kind::Conflict, title).into());
    let name = || people::user(source, user).map(|user| user.profile.display_name);
    let rooms = rooms_of(source, user)?;
    let is_direct = kind == RoomKind::Direct;
    let max = if is_direct {
        DIRECTS_PER_PERSON_MAX
    } else {
        ROOMS_PER_PERSON_MAX
    };
    // The rooms of this kind are only counted if the user has at least that many rooms of any kind.
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
    let mut added = 0;
    for row in source.added_by()?.range((user, 0)..=(user, u32::MAX))? {
        added += usize::from(unseal::<u32>(row?.1.value())? == by);
    }
    match added < ADDED_BY_ONE_MAX {
        true => Ok(()),
        false => full(format!(
            "You have brought {} into {ADDED_BY_ONE_MAX} rooms. Somebody else can bring them into more.",
            name()?.as_str()
        )),
    }
}

/// All members of a room, by id. Only for rooms of bounded size.
pub fn all(source: &impl Source, room: u32) -> Result<Vec<u32>, StoreError> {
    if room == FIRST_ROOM {
        let users = source.users()?.iter()?;
        return users.map(|row| Ok(row?.0.value())).collect();
    }
    let rows = source.members()?.range((room, 0)..=(room, u32::MAX))?;
    rows.map(|row| Ok(row?.0.value().1)).collect()
}

/// The order number of the next user who joins.
pub fn next_order(source: &impl Source, room: u32) -> Result<u32, StoreError> {
    let mut last = 0;
    for row in source.members()?.range((room, 0)..=(room, u32::MAX))? {
        last = last.max(unseal::<MemberRow>(row?.1.value())?.order);
    }
    Ok(last.saturating_add(1))
}

pub fn owners(source: &impl Source, room: u32) -> Result<Vec<u32>, StoreError> {
    let mut owners = Vec::new();
    for row in source.members()?.range((room, 0)..=(room, u32::MAX))? {
        let (key, row) = row?;
        if unseal::<MemberRow>(row.value())?.is_owner {
            owners.push(key.value().1);
        }
    }
    Ok(owners)
}

/// A page of the members of a room.
pub fn page(
    source: &impl Source,
    viewer: UserId,
    room: RoomId,
    query: &str,
    before: Option<UserId>,
    size: PageSize,
) -> Result<MembersPage, StoreError> {
    let (_, id) = require_member(source, viewer, room)?;
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

/// The number of members of a room.
pub fn member_count(source: &impl Source, room: u32) -> Result<u64, StoreError> {
    match room == FIRST_ROOM {
        true => Ok(source.users()?.len()?),
        false => Ok(room_meta(source, room)?.members.into()),
    }
}

/// The user who has been in a room longest. `None` if the room is empty.
pub fn longest_member(source: &impl Source, room: u32) -> Result<Option<u32>, StoreError> {
    let mut first: Option<(u32, u32)> = None;
    for row in source.members()?.range((room, 0)..=(room, u32::MAX))? {
        let (key, row) = row?;
        let order = unseal::<MemberRow>(row.value())?.order;
        if first.is_none_or(|(lowest, _)| order < lowest) {
            first = Some((order, key.value().1));
        }
    }
    Ok(first.map(|(_, user)| user))
}
