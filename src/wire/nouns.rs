//! The JSON shapes of people, rooms, files and settings.

use crate::model::{
    Attachment, LastPost, Listing, MemberRole, Notify, Presence, QuietHours, Role, Room, RoomKind, RoomView, Settings,
    SignUpPolicy, Trouble, User,
};
use serde::Serialize;

/// Encodes one of our own shapes. It cannot fail, since they have text keys and finite numbers only.
pub(super) fn encode(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

#[derive(Serialize)]
pub(super) struct UserJson<'a> {
    id: u64,
    name: &'a str,
    display_name: &'a str,
    role: &'static str,
    created_at: u64,
    color: u8,
    #[serde(skip_serializing_if = "str::is_empty")]
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deactivated: bool,
}

impl<'a> From<&'a User> for UserJson<'a> {
    fn from(user: &'a User) -> UserJson<'a> {
        UserJson {
            id: user.id.0,
            name: user.name.as_str(),
            display_name: user.profile.display_name.as_str(),
            role: match user.role {
                Role::Owner => "owner",
                Role::Admin => "admin",
                Role::Member => "member",
            },
            created_at: user.created_at.0,
            color: user.profile.color.get(),
            status: user.profile.status.as_str(),
            avatar: user.profile.avatar.as_deref(),
            last_seen: user.last_seen.map(|at| at.0),
            deactivated: user.deactivated,
        }
    }
}

#[derive(Serialize)]
pub(super) struct FileJson<'a> {
    id: String,
    name: &'a str,
    #[serde(rename = "type")]
    media_type: &'a str,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    preview: bool,
}

impl<'a> From<&'a Attachment> for FileJson<'a> {
    fn from(file: &'a Attachment) -> FileJson<'a> {
        FileJson {
            id: file.id.to_string(),
            name: file.name.as_str(),
            media_type: &file.media_type,
            size: file.size,
            width: file.pixels.map(|(width, _)| width),
            height: file.pixels.map(|(_, height)| height),
            preview: file.has_preview,
        }
    }
}

/// The fields of a room that are the same for all members.
#[derive(Serialize)]
pub(super) struct RoomFacts<'a> {
    id: u64,
    kind: &'static str,
    name: &'a str,
    topic: &'a str,
    archived: bool,
    created_at: u64,
    member_count: u64,
}

impl<'a> From<&'a Room> for RoomFacts<'a> {
    fn from(room: &'a Room) -> RoomFacts<'a> {
        RoomFacts {
            id: room.id.0,
            kind: match room.kind {
                RoomKind::Public => "public",
                RoomKind::Private => "private",
                RoomKind::Direct => "direct",
            },
            name: room.name.as_str(),
            topic: room.topic.as_str(),
            archived: room.archived,
            created_at: room.created_at.0,
            member_count: room.member_count,
        }
    }
}

/// A room as one member sees it.
#[derive(Serialize)]
pub(super) struct RoomJson<'a> {
    #[serde(flatten)]
    facts: RoomFacts<'a>,
    role: &'static str,
    head: u64,
    read: u64,
    unread: u64,
    mentions: u64,
    notify: &'static str,
    favourite: bool,
    hidden: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    members: Vec<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<LastJson<'a>>,
}

#[derive(Serialize)]
struct LastJson<'a> {
    id: u64,
    author: u64,
    sent_at: u64,
    text: &'a str,
    #[serde(skip_serializing_if = "is_none")]
    files: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde asks
fn is_none(count: &usize) -> bool {
    *count == 0
}

impl<'a> From<&'a LastPost> for LastJson<'a> {
    fn from(last: &'a LastPost) -> LastJson<'a> {
        LastJson {
            id: last.id.0,
            author: last.author.0,
            sent_at: last.sent_at.0,
            text: &last.text,
            files: last.files,
        }
    }
}

impl<'a> From<&'a RoomView> for RoomJson<'a> {
    fn from(view: &'a RoomView) -> RoomJson<'a> {
        RoomJson {
            facts: (&view.room).into(),
            role: role(view.role),
            head: view.head.0,
            read: view.read.0,
            unread: view.unread,
            mentions: view.mentions,
            notify: match view.notify {
                Notify::All => "all",
                Notify::Mentions => "mentions",
                Notify::Nothing => "none",
            },
            favourite: view.favourite,
            hidden: view.hidden,
            members: view.members.iter().map(|user| user.0).collect(),
            last: view.last.as_ref().map(LastJson::from),
        }
    }
}

/// A public room in a list to browse.
#[derive(Serialize)]
pub(super) struct ListingJson<'a> {
    #[serde(flatten)]
    facts: RoomFacts<'a>,
    joined: bool,
}

impl<'a> From<&'a Listing> for ListingJson<'a> {
    fn from(listing: &'a Listing) -> ListingJson<'a> {
        ListingJson {
            facts: (&listing.room).into(),
            joined: listing.joined,
        }
    }
}

pub(super) fn role(role: MemberRole) -> &'static str {
    match role {
        MemberRole::Owner => "owner",
        MemberRole::Member => "member",
    }
}

pub(super) fn door(door: SignUpPolicy) -> &'static str {
    match door {
        SignUpPolicy::Anyone => "anyone",
        SignUpPolicy::Invited => "invite",
        SignUpPolicy::Nobody => "nobody",
    }
}

pub(super) fn trouble(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::FileRemoved => "file_removed",
        Trouble::FileReplaced => "file_replaced",
        Trouble::FileOverwritten => "file_overwritten",
        Trouble::FileDamaged => "file_damaged",
        Trouble::NotWritable => "not_writable",
        Trouble::DiskFull => "disk_full",
    }
}

pub(super) fn state(presence: Presence) -> &'static str {
    match presence {
        Presence::Online => "online",
        Presence::Away => "away",
        Presence::Offline => "offline",
    }
}

#[derive(Serialize)]
struct HoursJson {
    from: u16,
    to: u16,
}

impl From<QuietHours> for HoursJson {
    fn from(hours: QuietHours) -> HoursJson {
        HoursJson {
            from: hours.from(),
            to: hours.to(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct SettingsJson {
    share_read: bool,
    dnd: Option<HoursJson>,
    dnd_until: u64,
    sound: bool,
    announce: bool,
    single_keys: bool,
}

impl From<&Settings> for SettingsJson {
    fn from(settings: &Settings) -> SettingsJson {
        SettingsJson {
            share_read: settings.share_read,
            dnd: settings.quiet_hours.map(HoursJson::from),
            dnd_until: settings.quiet_until.0,
            sound: settings.sound,
            announce: settings.announce,
            single_keys: settings.single_keys,
        }
    }
}
