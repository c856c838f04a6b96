//! Nightly backups, with a clock that skips days: they are made, checked and thinned out, and failures are reported.

use crate::harness::PATIENCE;
use crate::harness::metrics::Metrics as Scraped;
use crate::harness::people::Person;
use crate::harness::server::{ClockControl, Setup, Site};
use chapp::chat::BackupPlan;
use chapp::clock::Time;
use chapp::metrics::Metrics;
use chapp::model::{LocalMinute, is_nightly_due, superseded};
use chapp::store::{Options, Progress, check_file};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

const HOUR: u64 = 60 * 60 * 1000;
const DAY: u64 = 24 * HOUR;
/// 2026-11-30, a Monday, at midnight UTC.
const MONDAY: u64 = 20_787 * DAY;

fn hours(count: u64) -> Duration {
    Duration::from_millis(count * HOUR)
}

/// A server that backs up into a folder of the test and checks the time often.
struct Night {
    site: Site,
    clock_control: ClockControl,
    owner: Person,
    folder: PathBuf,
    metrics: Arc<Metrics>,
    _folder: tempfile::TempDir,
}

impl Night {
    fn new(options: Options) -> Night {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("backups");
        let (clock_control, clock) = ClockControl::new();
        let metrics = options.metrics.clone();
        let plan = BackupPlan {
            look_every: Duration::from_millis(5),
            ..BackupPlan::new(Path::new("chapp.redb"), Some(folder.clone()), 0)
        };
        let site = Site::with(Setup {
            clock,
            options,
            backups: Some(plan),
            ..Setup::default()
        });
        let owner = site.sign_up("Ada");
        Night {
            site,
            clock_control,
            owner,
            folder,
            metrics,
            _folder: temp,
        }
    }

    fn facts(&self) -> Value {
        self.site.facts(&self.owner)["backup"]["nightly"].clone()
    }

    /// The backup state that the page gets, once it satisfies a condition.
    #[track_caller]
    fn until(&self, is_so: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let facts = self.facts();
            if is_so(&facts) {
                return facts;
            }
            assert!(began.elapsed() < PATIENCE, "{facts}");
            std::thread::yield_now();
        }
    }

    fn names(&self) -> Vec<String> {
        let files = fs::read_dir(&self.folder).into_iter().flatten();
        let mut names: Vec<String> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Lets a day pass, and waits for its backup.
    fn a_day_later(&self) -> Value {
        let before = self.facts()["at"].clone();
        self.clock_control.advance(hours(24));
        self.until(|facts| facts["at"] != before)
    }
}

#[test]
fn a_backup_is_due_once_for_each_night_and_not_by_the_length_of_time_alone() {
    let at = |day: u64, hour: u64| Time(MONDAY + day * DAY + hour * HOUR);
    let is_due = |last, now| is_nightly_due(last, now, 0);
    assert!(is_due(at(0, 4), at(1, 3)), "the next night");
    assert!(!is_due(at(0, 4), at(1, 2)), "not before it begins");
    assert!(!is_due(at(1, 3), at(1, 23)) && !is_due(at(1, 3), at(2, 2)));
    assert!(
        is_due(at(1, 2), at(1, 3)),
        "what was made before the night is not of it"
    );
    assert!(
        is_due(at(0, 4), at(9, 12)),
        "soon after a start where Chapp was not running"
    );
    assert!(
        is_due(at(4_000, 0), at(1, 12)),
        "a clock that was wrong once does not put it off for years"
    );
    // Three in the morning in the local time of this computer.
    assert!(is_nightly_due(at(0, 12), at(0, 21), 6 * 3_600));
    assert!(!is_nightly_due(at(0, 12), at(0, 20), 6 * 3_600));
    assert!(is_nightly_due(at(0, 4), at(0, 10), -7 * 3_600));
}

#[test]
fn seven_days_and_four_weeks_are_kept_however_long_it_goes_on() {
    let mut kept: Vec<LocalMinute> = Vec::new();
    for day in 0..400 {
        let now = LocalMinute::of(Time(MONDAY + day * DAY + 3 * HOUR), 0);
        kept.push(now);
        let gone: BTreeSet<LocalMinute> = superseded(&kept).into_iter().collect();
        assert!(gone.len() <= 2, "a day that falls behind, and a week");
        kept.retain(|backup| !gone.contains(backup));
        let ages: Vec<u64> = kept
            .iter()
            .rev()
            .map(|backup| {
                (0..=day).find(|age| LocalMinute::of(Time(MONDAY + (day - age) * DAY + 3 * HOUR), 0) == *backup)
            })
            .map(Option::unwrap)
            .collect();
        let week_day = day % 7;
        let mut expected: BTreeSet<u64> = (0..7).collect();
        // The Sundays of the three weeks before this one.
        expected.extend((0..3).map(|week| week_day + 1 + 7 * week));
        expected.retain(|age| *age <= day);
        assert_eq!(ages, expected.into_iter().collect::<Vec<_>>(), "on day {day}");
    }
    // Several of one day, and gaps of weeks: the last of each counts.
    let some = [0, 1, 2, 30, 31].map(|day| LocalMinute::of(Time(MONDAY + day * DAY), 0));
    assert_eq!(superseded(&some), []);
    let of_a_day: Vec<LocalMinute> = (0..4)
        .map(|hour| LocalMinute::of(Time(MONDAY + hour * HOUR), 0))
        .collect();
    let mut gone = superseded(&of_a_day);
    gone.sort();
    assert_eq!(gone, of_a_day[..3]);
}

#[test]
fn names_tell_the_minute_and_other_names_are_nobodys_backup() {
    let minute = LocalMinute::of(Time(MONDAY + 3 * HOUR + 7 * 60_000), 0);
    assert_eq!(minute.file_name("chapp"), "chapp-2026-11-30-0307.redb");
    assert_eq!(
        LocalMinute::in_file_name("chapp-2026-11-30-0307.redb", "chapp"),
        Some(minute)
    );
    for name in [
        "chapp.redb",
        "chapp-2026-11-30.redb",
        "chapp-2026-11-30-0307.redb.new-0123456789abcdef",
        "chapp-2026-11-31-0307.redb",
        "chapp-2026-11-30-2460.redb",
        "chapp-2026-11-30-307.redb",
        "chapp-+2026-11-30-0307.redb",
        "chapp-2026-11-30-0307-1.redb",
        "other-2026-11-30-0307.redb",
    ] {
        assert_eq!(LocalMinute::in_file_name(name, "chapp"), None, "{name}");
    }
}

#[test]
fn each_night_brings_a_backup_that_opens_and_the_old_ones_go() {
    let night = Night::new(Options::default());
    let facts = night.facts();
    assert_eq!(
        (&facts["stale"], &facts["at"]),
        (&json!(false), &Value::Null),
        "{facts}"
    );
    assert_eq!(facts["folder"], night.folder.display().to_string());
    assert_eq!(night.names(), [""; 0], "none before the first night");
    for day in 1..=16 {
        night.site.say(&night.owner, &day.to_string(), &format!("of day {day}"));
        let facts = night.a_day_later();
        assert_eq!(
            (&facts["stale"], &facts["findings"]),
            (&json!(false), &json!(0)),
            "{facts}"
        );
        let names = night.names();
        let last = night.folder.join(names.last().unwrap());
        assert_eq!(facts["bytes"], fs::metadata(&last).unwrap().len());
        let at = facts["at"].as_u64().unwrap() / 1000;
        assert_eq!(night.metrics.last_backup.get(), at);
        let shown = Scraped::read(night.site.address).get("chapp_last_backup_timestamp_seconds");
        assert_eq!(shown, at as f64);
        let report = check_file(&last, &Options::default(), &Progress::default()).unwrap();
        assert_eq!((report.count, report.messages), (0, day));
    }
    let names = night.names();
    assert!(
        (8..=9).contains(&names.len()),
        "seven days, and one or two Sundays before them: {names:?}"
    );
    assert!(
        names
            .iter()
            .all(|name| LocalMinute::in_file_name(name, "chapp").is_some()),
        "{names:?}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        assert_eq!(fs::metadata(&night.folder).unwrap().mode() & 0o777, 0o700);
        assert_eq!(
            fs::metadata(night.folder.join(&names[0])).unwrap().mode() & 0o777,
            0o600
        );
    }
}

#[test]
fn a_server_that_was_off_at_night_backs_up_soon_after_its_start() {
    let mut night = Night::new(Options::default());
    night.a_day_later();
    night.site.stop();
    night.clock_control.advance(hours(24 * 5));
    night.site.start();
    let before = night.names();
    night.until(|facts| facts["stale"] == false);
    assert_eq!((before.len(), night.names().len()), (1, 2));
    // The result of the night before survives a restart.
    night.site.restart();
    assert_eq!(night.facts()["findings"], 0);
    assert_eq!(night.names().len(), 2, "no second one for the same night");
}

#[test]
fn a_night_that_fails_is_said_and_tried_again_after_an_hour() {
    let night = Night::new(Options::default());
    let good = night.a_day_later();
    // A file is in the place of the folder.
    let aside = night.folder.with_file_name("aside");
    fs::rename(&night.folder, &aside).unwrap();
    fs::write(&night.folder, "in the way").unwrap();
    night.clock_control.advance(hours(24));
    let failed = night.until(|facts| facts["failure"].is_string());
    assert!(
        failed["failure"].as_str().unwrap().contains("cannot be created"),
        "{failed}"
    );
    assert_eq!(
        (&failed["at"], &failed["stale"]),
        (&good["at"], &json!(false)),
        "the last good one is still told"
    );
    // It is retried after an hour, not at every check.
    let tried_at = failed["failed_at"].as_u64().unwrap();
    night.clock_control.advance(Duration::from_millis(HOUR));
    night.until(|facts| facts["failed_at"].as_u64().unwrap() > tried_at);
    night.clock_control.advance(hours(48));
    night.until(|facts| facts["stale"] == true);
    fs::remove_file(&night.folder).unwrap();
    fs::rename(&aside, &night.folder).unwrap();
    night.clock_control.advance(hours(1));
    let facts = night.until(|facts| facts["stale"] == false);
    assert_eq!(facts["failure"], Value::Null, "{facts}");
}

#[test]
fn a_night_on_a_disk_without_room_leaves_nothing_and_says_so() {
    let night = Night::new(Options {
        backup_free_bytes_min: u64::MAX / 2,
        ..Options::default()
    });
    night.clock_control.advance(hours(24));
    let failed = night.until(|facts| facts["failure"].is_string());
    assert!(
        failed["failure"]
            .as_str()
            .unwrap()
            .contains("There is not enough space"),
        "{failed}"
    );
    assert_eq!(night.names(), [""; 0]);
    assert_eq!(night.metrics.last_backup.get(), 0);
}

#[test]
fn what_is_not_ours_is_left_alone_and_what_a_kill_left_goes() {
    let night = Night::new(Options::default());
    night.a_day_later();
    let ours = night.folder.join(&night.names()[0]);
    // Backups of another server, with names like ours.
    let other = Site::new();
    let ada = other.sign_up("Ada");
    let theirs = other.get_as(&ada, "/api/backup").body;
    for day in 1..=20 {
        let name = LocalMinute::of(Time(MONDAY - day * 40 * DAY), 0).file_name("chapp");
        fs::write(night.folder.join(name), &theirs).unwrap();
    }
    let notes = night.folder.join("notes.txt");
    fs::write(&notes, "mine").unwrap();
    let old = night.folder.join("chapp-2026-11-30-0300.redb.new-0123456789abcdef");
    let young = night.folder.join("chapp-2026-11-30-0300.redb.new-fedcba9876543210");
    for part in [&old, &young] {
        fs::write(part, "part of a backup").unwrap();
    }
    let file = fs::File::options().write(true).open(&old).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(2 * 60 * 60))
        .unwrap();
    drop(file);
    night.a_day_later();
    assert!(ours.exists() && notes.exists());
    assert!(!old.exists() && young.exists(), "somebody may still write to that one");
    assert_eq!(night.names().len(), 2 + 20 + 2, "{:?}", night.names());
}

#[test]
fn where_backups_are_off_there_are_none_and_the_page_says_nothing_of_them() {
    let (clock_control, clock) = ClockControl::new();
    let site = Site::with(Setup {
        clock,
        ..Setup::default()
    });
    let ada = site.sign_up("Ada");
    clock_control.advance(hours(24 * 5));
    assert_eq!(site.facts(&ada)["backup"], json!({"running": false}));
}

#[test]
fn only_the_owner_and_admins_are_told_of_backups_and_as_soon_as_they_come_where_one_failed() {
    let night = Night::new(Options {
        backup_free_bytes_min: u64::MAX / 2,
        ..Options::default()
    });
    let (ben, cleo) = (night.site.sign_up("Ben"), night.site.sign_up("Cleo"));
    night.site.set_role(&night.owner, &cleo, "admin");
    night.site.get_as(&ben, "/api/server").refused(403, "forbidden");
    let trouble = |person| night.site.socket(person).ready["server"]["backup_trouble"].clone();
    assert_eq!(trouble(&night.owner), Value::Null);
    night.clock_control.advance(hours(24));
    night.until(|facts| facts["failure"].is_string());
    assert_eq!((trouble(&night.owner), trouble(&cleo)), (json!(true), json!(true)));
    assert_eq!(trouble(&ben), Value::Null);
}

#[test]
fn the_folder_is_beside_the_data_file_unless_another_is_named() {
    let plan = BackupPlan::new(Path::new("/srv/mine.redb"), None, 0);
    assert_eq!(
        (plan.folder.as_path(), plan.stem.as_str()),
        (Path::new("/srv/mine.redb.backups"), "mine")
    );
    let plan = BackupPlan::new(Path::new("/srv/mine.redb"), Some("/other".into()), 0);
    assert_eq!(plan.folder, Path::new("/other"));
}
