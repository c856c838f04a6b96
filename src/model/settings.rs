//! A user's own settings, shared by all of their devices.

use crate::clock::Time;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

const DAY_MINUTES: u64 = 24 * 60;

/// Daily hours without notifications, in the user's local time. May span midnight.
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

    /// The minute of the day at which the hours begin.
    pub fn from(self) -> u16 {
        self.from
    }

    /// The minute of the day at which the hours end.
    pub fn to(self) -> u16 {
        self.to
    }
}

/// All settings of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Whether others see how far the user has read.
    pub share_read: bool,
    /// Daily hours without notifications. `None` if there are none.
    pub quiet_hours: Option<QuietHours>,
    /// No notifications until this time.
    pub quiet_until: Time,
    /// Whether notifications play a sound.
    pub sound: bool,
    /// Whether screen readers announce new messages.
    pub announce: bool,
    /// Whether single-key shortcuts work outside of text fields.
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

/// A change of settings. `None` leaves a setting as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SettingsPatch {
    /// See [`Settings`].
    pub share_read: Option<bool>,
    /// See [`Settings`]; `Some(None)` removes the hours.
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
