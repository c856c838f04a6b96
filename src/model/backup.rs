//! Backups that are made at night: when one is due, what its file is called, and which ones are kept.

use crate::clock::Time;
use crate::limits::{BACKUP_DAYS_KEPT, BACKUP_WEEKS_KEPT, NIGHT_HOUR};
use std::collections::BTreeSet;
use time::{Date, Month, OffsetDateTime};

const MINUTE_MS: u64 = 60 * 1000;
const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;
const EXTENSION: &str = ".redb";

/// A minute of the local calendar, counted from the beginning of 1970. Backups are named after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalMinute(i64);

impl LocalMinute {
    /// The minute of `at` where clocks are ahead of UTC by so many seconds.
    pub fn of(at: Time, utc_offset_seconds: i32) -> LocalMinute {
        let minutes = i64::try_from(at.0 / MINUTE_MS).unwrap_or(i64::MAX / 2);
        LocalMinute(minutes + i64::from(utc_offset_seconds) / 60)
    }

    fn day(self) -> i64 {
        self.0.div_euclid(DAY)
    }

    /// Weeks begin on Monday (ISO 8601); 1970 began on a Thursday.
    fn week(self) -> i64 {
        (self.day() + 3).div_euclid(7)
    }

    fn night(self) -> i64 {
        (self.0 - NIGHT_HOUR * HOUR).div_euclid(DAY)
    }

    /// `STEM-2026-10-14-0300.redb`.
    pub fn file_name(self, stem: &str) -> String {
        let date = OffsetDateTime::from_unix_timestamp(self.0 * 60).map_or(Date::MIN, OffsetDateTime::date);
        let minute = self.0.rem_euclid(DAY);
        format!("{stem}-{date}-{:02}{:02}{EXTENSION}", minute / HOUR, minute % HOUR)
    }

    /// The minute in a name that [`LocalMinute::file_name`] has made of this stem.
    pub fn in_file_name(name: &str, stem: &str) -> Option<LocalMinute> {
        let text = name.strip_prefix(stem)?.strip_prefix('-')?.strip_suffix(EXTENSION)?;
        let mut numbers = text.split('-').map(|part| part.parse::<u16>().ok());
        let mut next = || numbers.next().flatten();
        let (year, month, day, time) = (next()?, next()?, next()?, next()?);
        let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
        let date = Date::from_calendar_date(year.into(), month, u8::try_from(day).ok()?).ok()?;
        let (hour, minute) = (i64::from(time / 100), i64::from(time % 100));
        let days = i64::from(date.to_julian_day() - OffsetDateTime::UNIX_EPOCH.to_julian_day());
        let found = LocalMinute(days * DAY + hour * HOUR + minute);
        // Only what we would write ourselves: no sign, no missing zero.
        (found.file_name(stem) == name).then_some(found)
    }
}

/// Whether a backup is due at `now`: there is none of this night. Nights begin at [`NIGHT_HOUR`].
pub fn is_nightly_due(last: Time, now: Time, utc_offset_seconds: i32) -> bool {
    let night = |at| LocalMinute::of(at, utc_offset_seconds).night();
    // Also where the clock has gone back over a night: a backup too many does no harm.
    night(now) != night(last)
}

/// Those of the backups that need not be kept: all but the last one of each of the latest
/// [`BACKUP_DAYS_KEPT`] days and [`BACKUP_WEEKS_KEPT`] weeks that have one.
pub fn superseded(backups: &[LocalMinute]) -> Vec<LocalMinute> {
    let sorted: BTreeSet<LocalMinute> = backups.iter().copied().collect();
    let (mut days, mut weeks) = (BTreeSet::new(), BTreeSet::new());
    let mut gone = Vec::new();
    for backup in sorted.into_iter().rev() {
        let of_day = days.len() < BACKUP_DAYS_KEPT && days.insert(backup.day());
        let of_week = weeks.len() < BACKUP_WEEKS_KEPT && weeks.insert(backup.week());
        if !of_day && !of_week {
            gone.push(backup);
        }
    }
    gone
}

/// A nightly backup that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NightlyBackup {
    /// All that was acknowledged before then is in it.
    pub at: Time,
    /// How large it is.
    pub bytes: u64,
    /// What its check found wrong that opens all the same; 0 for a sound one.
    pub findings: u64,
}

/// A nightly backup that could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NightlyFailure {
    /// When it was tried last.
    pub at: Time,
    /// A sentence for the owner and admins.
    pub why: String,
}

/// What is known of the nightly backups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nightly {
    /// The last one that was made.
    pub last: Option<NightlyBackup>,
    /// Why there is none since.
    pub failure: Option<NightlyFailure>,
}
