//! The first frame of a socket, with everything that a client needs for its first screen.

use super::frame::frame;
use super::nouns::{self, RoomJson, SettingsJson, UserJson, door, encode, state};
use crate::limits::{
    BODY_CHARS_MAX, CLIENT_ID_CHARS_MAX, DISPLAY_NAME_CHARS_MAX, FILE_BYTES_MAX, FILES_MAX, FRAME_BYTES_MAX,
    NAME_CHARS_MAX, PAGE_MESSAGES_MAX, PEOPLE_MAX, PICTURE_BYTES_MAX, PRESENCE_MAX, ROOM_NAME_CHARS_MAX,
    SEEN_MEMBERS_MAX, STATUS_CHARS_MAX, TOPIC_CHARS_MAX, UNDO_MS,
};
use crate::model::{MessageRef, Presence, RoomView, ServerInfo, Settings, Trouble, User, UserId};
use bytes::Bytes;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The contents of the first frame.
pub struct Ready<'a> {
    /// The epoch, which names the history of this data file.
    pub epoch: &'a str,
    /// The viewer.
    pub viewer: &'a User,
    /// The viewer's rooms.
    pub rooms: &'a [RoomView],
    /// The people who are online or away.
    pub online: &'a [(Arc<User>, Presence)],
    /// The people in a direct room with the viewer, sorted by id.
    pub direct: &'a [User],
    /// A number that grows with each change of anybody's profile.
    pub people_version: u64,
    /// The viewer's settings.
    pub settings: &'a Settings,
    /// The people whom the viewer has blocked.
    pub blocked: &'a [UserId],
    /// The messages that the viewer has saved.
    pub saved: &'a [MessageRef],
    /// The server's name and sign-up policy.
    pub server: &'a ServerInfo,
    /// The id of the data file.
    pub server_id: &'a str,
    /// The addresses by which others on the network reach the server, as `HOST:PORT`. Empty if it listens on this
    /// computer only.
    pub addresses: &'a [String],
    /// Whether the nightly backups fail. Always false for members.
    pub backup_trouble: bool,
    /// Why messages cannot be saved. `None` if they can.
    pub trouble: Option<Trouble>,
}

/// Encodes the first frame.
pub fn ready(ready: &Ready) -> Bytes {
    #[derive(Serialize)]
    struct ServerJson<'a> {
        name: &'a str,
        version: &'static str,
        id: &'a str,
        addresses: &'a [String],
        door: &'static str,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        backup_trouble: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        trouble: Option<&'static str>,
    }
    #[derive(Serialize)]
    struct LimitsJson {
        body_chars_max: usize,
        client_id_chars_max: usize,
        frame_bytes_max: usize,
        name_chars_max: usize,
        page_max: usize,
        people_max: usize,
        display_name_chars_max: usize,
        status_chars_max: usize,
        room_name_chars_max: usize,
        topic_chars_max: usize,
        undo_ms: u64,
        seen_members_max: u64,
        picture_bytes_max: usize,
        file_bytes_max: u64,
        files_max: usize,
    }
    #[derive(Serialize)]
    struct Here {
        user: u64,
        state: &'static str,
    }
    #[derive(Serialize)]
    struct Shape<'a> {
        #[serde(rename = "type")]
        kind: &'static str,
        protocol: u32,
        epoch: &'a str,
        user: UserJson<'a>,
        rooms: Vec<RoomJson<'a>>,
        people: Vec<UserJson<'a>>,
        people_version: u64,
        presence: Vec<Here>,
        settings: SettingsJson,
        blocked: Vec<u64>,
        saved: Vec<(u64, u64)>,
        server: ServerJson<'a>,
        limits: LimitsJson,
    }
    // The viewer's own contacts come first, so that a crowd does not hide them.
    let is_direct = |user: &User| ready.direct.binary_search_by_key(&user.id, |direct| direct.id).is_ok();
    let (direct, others): (Vec<_>, Vec<_>) = ready.online.iter().partition(|(user, _)| is_direct(user));
    let online = direct.into_iter().chain(others).take(PRESENCE_MAX);
    let named = online.clone().take(PEOPLE_MAX);
    let mut people: BTreeMap<UserId, &User> = named.map(|(user, _)| (user.id, &**user)).collect();
    people.extend(ready.direct.iter().map(|user| (user.id, user)));
    // The profiles as read from the file. The hub's copies may lag.
    people.insert(ready.viewer.id, ready.viewer);
    frame(&encode(&Shape {
        kind: "ready",
        protocol: 1,
        epoch: ready.epoch,
        user: ready.viewer.into(),
        rooms: ready.rooms.iter().map(RoomJson::from).collect(),
        presence: online
            .map(|(user, presence)| Here {
                user: user.id.0,
                state: state(*presence),
            })
            .collect(),
        people: people.into_values().map(UserJson::from).collect(),
        people_version: ready.people_version,
        settings: ready.settings.into(),
        blocked: ready.blocked.iter().map(|user| user.0).collect(),
        saved: ready.saved.iter().map(|place| (place.room.0, place.id.0)).collect(),
        server: ServerJson {
            name: ready.server.name.as_str(),
            version: env!("CARGO_PKG_VERSION"),
            id: ready.server_id,
            addresses: ready.addresses,
            door: door(ready.server.door),
            backup_trouble: ready.backup_trouble,
            trouble: ready.trouble.map(nouns::trouble),
        },
        limits: LimitsJson {
            body_chars_max: BODY_CHARS_MAX,
            client_id_chars_max: CLIENT_ID_CHARS_MAX,
            frame_bytes_max: FRAME_BYTES_MAX,
            name_chars_max: NAME_CHARS_MAX,
            page_max: PAGE_MESSAGES_MAX,
            people_max: PEOPLE_MAX,
            display_name_chars_max: DISPLAY_NAME_CHARS_MAX,
            status_chars_max: STATUS_CHARS_MAX,
            room_name_chars_max: ROOM_NAME_CHARS_MAX,
            topic_chars_max: TOPIC_CHARS_MAX,
            undo_ms: UNDO_MS,
            seen_members_max: SEEN_MEMBERS_MAX,
            picture_bytes_max: PICTURE_BYTES_MAX,
            file_bytes_max: FILE_BYTES_MAX,
            files_max: FILES_MAX,
        },
    }))
}
