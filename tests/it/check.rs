//! The check of a data file: it finds damage, says where, and finds nothing in a sound file.

mod rows;
mod world;

use crate::harness::pages::{JOURNAL, open_pages};
use crate::store_laws::world::Rng;
use chapp::store::{OpenError, Options, Progress, Report, check_file};
use redb::WriteTransaction;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;

fn check(path: &Path) -> Result<Report, OpenError> {
    check_file(path, &Options::default(), &Progress::default())
}

fn words(report: &Report) -> String {
    report.findings.iter().map(|finding| format!("{finding}\n")).collect()
}

/// A closed file with rows in every table.
fn full_file() -> (TempDir, PathBuf) {
    static MADE: OnceLock<Vec<u8>> = OnceLock::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.redb");
    let bytes = MADE.get_or_init(|| {
        world::fill(&path);
        fs::read(&path).unwrap()
    });
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// Changes a closed data file without the store.
fn edit(path: &Path, work: impl FnOnce(&WriteTransaction)) {
    let database = open_pages(path);
    let txn = database.begin_write().unwrap();
    work(&txn);
    txn.commit().unwrap();
}

/// Sets the read mark of person 1 beyond the head of the first room.
pub fn plant_a_wrong_read_mark(path: &Path) {
    rows::plant::<(u32, u32)>(path, "read_marks", (1, 1), &[99]);
}

/// A table that this version does not know.
pub fn plant_an_unknown_table(path: &Path) {
    rows::plant::<u32>(path, "later", 1, &[1]);
}

#[test]
fn a_file_with_something_of_everything_is_sound_and_keeps_every_byte() {
    let (_folder, path) = full_file();
    let before = fs::read(&path).unwrap();
    let report = check(&path).unwrap();
    assert_eq!(words(&report), "");
    assert_eq!((report.count, report.damaged, report.note.as_deref()), (0, 0, None));
    assert!(report.has_pages && report.rows > 1_500, "{report:?}");
    assert_eq!(report.messages, world::MESSAGES);
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn what_a_kill_left_in_the_journal_is_checked_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.redb");
    let killed = world::fill_and_kill(&path);
    let copy = folder.path().join("killed.redb");
    fs::write(&copy, &killed).unwrap();
    let report = check(&copy).unwrap();
    assert_eq!((words(&report).as_str(), report.messages), ("", world::MESSAGES));
    assert_eq!(fs::read(&copy).unwrap(), killed);
}

#[test]
fn a_flipped_bit_in_any_page_is_found_and_the_file_keeps_every_byte() {
    let (folder, path) = full_file();
    let whole = fs::read(&path).unwrap();
    let copy = folder.path().join("copy.redb");
    let mut rng = Rng(8);
    let (mut found, mut harmless) = (0, 0);
    for _ in 0..60 {
        let mut bytes = whole.clone();
        let mut at = rng.below(bytes.len() as u64 - (JOURNAL.end - JOURNAL.start));
        if at >= JOURNAL.start {
            at += JOURNAL.end - JOURNAL.start;
        }
        bytes[at as usize] ^= 1 << rng.below(8);
        fs::write(&copy, &bytes).unwrap();
        match check(&copy) {
            Ok(report) if report.count == 0 => harmless += 1,
            Ok(report) => {
                assert!(
                    report.damaged > 0 && words(&report).starts_with("pages: "),
                    "{report:?}"
                );
                found += 1;
            }
            Err(OpenError::Damaged { .. } | OpenError::NotOurs { .. }) => found += 1,
            Err(error) => panic!("at {at}: {error}"),
        }
        assert_eq!(fs::read(&copy).unwrap(), bytes, "at {at}");
    }
    // The others lie in free pages and behind the ends of rows.
    assert!(found > 20 && harmless > 0, "{found} found, {harmless} not");
}

#[test]
fn a_damaged_page_is_told_with_the_rows_that_it_cost() {
    let (_folder, path) = full_file();
    let mut bytes = fs::read(&path).unwrap();
    let text = world::a_text(100);
    // Some of them are in pages that are free now.
    let places = bytes.windows(text.len()).enumerate();
    let places: Vec<usize> = places
        .filter(|(_, window)| *window == text.as_bytes())
        .map(|(at, _)| at)
        .collect();
    for at in places {
        bytes[at] ^= 1;
    }
    fs::write(&path, &bytes).unwrap();
    let report = check(&path).unwrap();
    let words = words(&report);
    assert!(words.contains("pages: they do not match their checksums"), "{words}");
    let entry = world::entry_of(100);
    assert!(
        words.contains(&format!("log {entry}: a row with a wrong checksum")),
        "{words}"
    );
}

#[test]
fn what_is_no_data_file_of_this_version_is_told_and_not_checked() {
    let (folder, path) = full_file();
    let other = folder.path().join("other.redb");
    for bytes in [&b""[..], b"# Notes\n", b"redb\x1A\x0A\xA9\x0D"] {
        fs::write(&other, bytes).unwrap();
        assert!(matches!(check(&other), Err(OpenError::NotOurs { .. })));
    }
    assert!(matches!(check(folder.path()), Err(OpenError::NotOurs { .. })));
    assert!(matches!(check(&folder.path().join("none")), Err(OpenError::Io { .. })));
    rows::put_meta(&path, "format", &[9]);
    assert!(matches!(check(&path), Err(OpenError::Newer { found: 9, .. })));
    rows::put_meta(&path, "format", &[1]);
    let report = check(&path).unwrap();
    assert!(report.note.unwrap().contains("format 1") && report.count == 0);
}
