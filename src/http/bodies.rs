//! The JSON bodies of requests, and their conversion to model types.

use crate::chat::RoomPlan;
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::limits::FIRST_MEMBERS_MAX;
use crate::model::{
    ClientId, Color, DisplayName, MemberRole, Notify, PostContent, ProfilePatch, QuietHours, RoomKind, RoomName,
    RoomPatch, RoomPrefs, SettingsPatch, Status, Topic, UserId,
};
use crate::wire::{Forward, Object, PostFields, Word};
use serde::{Deserialize, Deserializer};

/// A message that a client posts.
#[derive(Deserialize)]
pub struct NewMessage {
    client_id: String,
    body: Option<String>,
    reply_to: Option<u64>,
    #[serde(default)]
    files: Vec<String>,
    forward: Option<Object<Forward>>,
}

impl NewMessage {
    /// Converts the body to a post.
    pub fn parse(self) -> Result<(ClientId, PostContent)> {
        let fields = PostFields {
            body: self.body,
            reply_to: self.reply_to,
            files: self.files,
            forward: self.forward,
        };
        let content = fields.parse()?;
        Ok((ClientId::parse(&self.client_id)?, content))
    }
}

/// A change to the viewer's profile.
#[derive(Deserialize)]
pub struct Profile {
    display_name: Option<String>,
    status: Option<String>,
    color: Option<u64>,
}

impl Profile {
    /// Converts the body to a patch.
    pub fn parse(self) -> Result<ProfilePatch> {
        Ok(ProfilePatch {
            display_name: self.display_name.as_deref().map(DisplayName::parse).transpose()?,
            status: self.status.as_deref().map(Status::parse).transpose()?,
            color: self.color.map(Color::parse).transpose()?,
        })
    }
}

/// A change to the viewer's settings.
#[derive(Deserialize)]
pub struct Settings {
    share_read: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    dnd: Option<Option<Object<Hours>>>,
    dnd_until: Option<u64>,
    sound: Option<bool>,
    announce: Option<bool>,
    single_keys: Option<bool>,
}

#[derive(Deserialize)]
struct Hours {
    from: u64,
    to: u64,
}

/// Tells `null` from an absent field.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> std::result::Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl Settings {
    /// Converts the body to a patch.
    pub fn parse(self) -> Result<SettingsPatch> {
        let hours = |hours: Option<Object<Hours>>| {
            let hours = hours.map(|Object(hours)| QuietHours::parse(hours.from, hours.to));
            hours.transpose()
        };
        Ok(SettingsPatch {
            share_read: self.share_read,
            quiet_hours: self.dnd.map(hours).transpose()?,
            quiet_until: self.dnd_until.map(Time),
            sound: self.sound,
            announce: self.announce,
            single_keys: self.single_keys,
        })
    }
}

/// A new password, and the current one.
#[derive(Deserialize)]
pub struct Passwords {
    /// The current password, as typed.
    pub password: String,
    /// The new password, as typed.
    pub new_password: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Public,
    Private,
    Direct,
}

/// A room to be created.
#[derive(Deserialize)]
pub struct NewRoom {
    kind: Word<Kind>,
    name: Option<String>,
    #[serde(default)]
    topic: String,
    #[serde(default)]
    members: Vec<u64>,
}

impl NewRoom {
    /// Converts the body to a plan.
    pub fn parse(self) -> Result<RoomPlan> {
        if self.members.len() > FIRST_MEMBERS_MAX {
            let title = format!("A room begins with at most {FIRST_MEMBERS_MAX} people. Add the others later.");
            return Err(Error::invalid("members", title));
        }
        let members = self.members.into_iter().map(UserId::parse).collect::<Result<_>>();
        let kind = match self.kind.0 {
            Kind::Public => RoomKind::Public,
            Kind::Private => RoomKind::Private,
            Kind::Direct => RoomKind::Direct,
        };
        let is_named = kind != RoomKind::Direct;
        Ok(RoomPlan {
            kind,
            name: self
                .name
                .filter(|_| is_named)
                .as_deref()
                .map(RoomName::parse)
                .transpose()?,
            topic: if is_named {
                Topic::parse(&self.topic)?
            } else {
                Topic::default()
            },
            members: members.map_err(|error| error.at("members"))?,
        })
    }
}

/// A change of a room.
#[derive(Deserialize)]
pub struct RoomChange {
    name: Option<String>,
    topic: Option<String>,
    archived: Option<bool>,
}

impl RoomChange {
    /// Converts the body to a patch.
    pub fn parse(self) -> Result<RoomPatch> {
        Ok(RoomPatch {
            name: self.name.as_deref().map(RoomName::parse).transpose()?,
            topic: self.topic.as_deref().map(Topic::parse).transpose()?,
            archived: self.archived,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    All,
    Mentions,
    None,
}

/// The viewer's own preferences for a room.
#[derive(Deserialize)]
pub struct Arrangement {
    notify: Option<Word<Level>>,
    favourite: Option<bool>,
    hidden: Option<bool>,
}

impl Arrangement {
    /// Converts the body to preferences.
    pub fn parse(self) -> RoomPrefs {
        RoomPrefs {
            notify: self.notify.map(|Word(level)| match level {
                Level::All => Notify::All,
                Level::Mentions => Notify::Mentions,
                Level::None => Notify::Nothing,
            }),
            favourite: self.favourite,
            hidden: self.hidden,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RoleName {
    Owner,
    Member,
}

/// The role that a member should get.
#[derive(Default, Deserialize)]
pub struct Membership {
    role: Option<Word<RoleName>>,
}

impl Membership {
    /// The role. `None` if somebody is only to be added.
    pub fn parse(self) -> Option<MemberRole> {
        self.role.map(|Word(role)| match role {
            RoleName::Owner => MemberRole::Owner,
            RoleName::Member => MemberRole::Member,
        })
    }
}
