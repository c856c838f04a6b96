//! Users as rows.

use crate::clock::Time;
use crate::model::{
    Color, DisplayName, Name, PasswordHash, Profile, QuietHours, Role, Session, SessionId, Settings, Status, User,
    UserId,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub struct UserRow {
    pub name: String,
    role: RoleRow,
    created_at: u64,
    pub password: String,
}

#[derive(Serialize, Deserialize)]
enum RoleRow {
    Owner,
    Member,
    Admin,
}

impl RoleRow {
    fn new(role: Role) -> RoleRow {
        match role {
            Role::Owner => RoleRow::Owner,
            Role::Admin => RoleRow::Admin,
            Role::Member => RoleRow::Member,
        }
    }
}

impl UserRow {
    pub fn new(user: &User, password: &PasswordHash) -> UserRow {
        UserRow {
            name: user.name.as_str().to_owned(),
            role: RoleRow::new(user.role),
            created_at: user.created_at.0,
            password: password.0.clone(),
        }
    }

    pub fn role(&self) -> Role {
        match self.role {
            RoleRow::Owner => Role::Owner,
            RoleRow::Admin => Role::Admin,
            RoleRow::Member => Role::Member,
        }
    }

    pub fn set_role(&mut self, role: Role) {
        self.role = RoleRow::new(role);
    }
}

/// The profile of a user. Missing if the user has set nothing.
#[derive(Default, Serialize, Deserialize)]
pub struct ProfileRow {
    pub display_name: Option<String>,
    pub status: String,
    pub color: Option<u8>,
    pub avatar: Option<String>,
}

/// Builds a user from the rows about them.
pub fn user(id: u32, row: UserRow, profile: Option<ProfileRow>, last_seen: Option<u64>, deactivated: bool) -> User {
    let id = UserId(id.into());
    let profile = profile.unwrap_or_default();
    let color = profile.color.and_then(|color| Color::parse(color.into()).ok());
    User {
        id,
        role: row.role(),
        created_at: Time(row.created_at),
        profile: Profile {
            display_name: DisplayName::stored(profile.display_name.unwrap_or_else(|| row.name.clone())),
            status: Status::stored(profile.status),
            color: color.unwrap_or_else(|| Color::of(id)),
            avatar: profile.avatar,
        },
        name: Name::stored(row.name),
        last_seen: last_seen.map(Time),
        deactivated,
    }
}

#[derive(Serialize, Deserialize)]
pub struct PictureRow {
    pub version: String,
    pub jpeg: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
pub struct SettingsRow {
    share_read: bool,
    quiet_hours: Option<(u16, u16)>,
    quiet_until: u64,
    sound: bool,
    announce: bool,
    single_keys: bool,
}

impl SettingsRow {
    pub fn new(settings: &Settings) -> SettingsRow {
        SettingsRow {
            share_read: settings.share_read,
            quiet_hours: settings.quiet_hours.map(|hours| (hours.from(), hours.to())),
            quiet_until: settings.quiet_until.0,
            sound: settings.sound,
            announce: settings.announce,
            single_keys: settings.single_keys,
        }
    }

    pub fn settings(self) -> Settings {
        let hours = self.quiet_hours;
        Settings {
            share_read: self.share_read,
            quiet_hours: hours.and_then(|(from, to)| QuietHours::parse(from.into(), to.into()).ok()),
            quiet_until: Time(self.quiet_until),
            sound: self.sound,
            announce: self.announce,
            single_keys: self.single_keys,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub struct SessionRow {
    pub user: u32,
    pub device: String,
    pub address: String,
    pub created_at: u64,
    pub seen_at: u64,
}

impl SessionRow {
    pub fn session(self, id: SessionId) -> Session {
        Session {
            id,
            user: UserId(self.user.into()),
            device: self.device,
            address: self.address,
            created_at: Time(self.created_at),
            seen_at: Time(self.seen_at),
        }
    }
}
