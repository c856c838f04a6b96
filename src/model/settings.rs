//! What somebody has chosen for themselves, on all of their devices.

use crate::clock::Time;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

const DAY_MINUTES: u64 = 24 * 60;

/// Hours of each day, local to the reader, in which nothing disturbs them. May go over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    from: u16,
    to: u16,
}

impl QuietHours {
    /// Accepts two different minutes of the day, 0 to 1439.
    ///
    /// # Errors
    /// `invalid` with the field `dnd`.
    pub fn parse(from: u64, to: u64) -> Result<QuietHours> {
        if from >= DAY_MINUTES || to >= DAY_MINUTES || from == to {
            return Err(Error::invalid(
                "dnd",
                "Quiet hours go from one minute of the day to another.",
            ));
        }
        Ok(QuietHours {
            from: from as u16,
            to: to as u16,
        })
    }

    /// The minute of the day at which they begin.
    pub fn from(self) -> u16 {
        self.from
    }

    /// The minute of the day at which they end.
    pub fn to(self) -> u16 {
        self.to
    }
}

/// All that somebody has chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Others see how far they have read.
    pub share_read: bool,
    /// Hours without notifications.
    pub quiet_hours: Option<QuietHours>,
    /// No notifications until then.
    pub quiet_until: Time,
    /// Notifications may be heard.
    pub sound: bool,
    /// Screen readers are told of new messages.
    pub announce: bool,
    /// Single keys act outside of text fields.
    pub single_keys: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            share_read: true,
            quiet_hours: None,
            quiet_until: Time(0),
            sound: true,
            announce: true,
            single_keys: true,
        }
    }
}

/// A change of settings: what is `None` stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SettingsPatch {
    /// See [`Settings`].
    pub share_read: Option<bool>,
    /// See [`Settings`]; `Some(None)` ends them.
    pub quiet_hours: Option<Option<QuietHours>>,
    /// See [`Settings`].
    pub quiet_until: Option<Time>,
    /// See [`Settings`].
    pub sound: Option<bool>,
    /// See [`Settings`].
    pub announce: Option<bool>,
    /// See [`Settings`].
    pub single_keys: Option<bool>,
}
