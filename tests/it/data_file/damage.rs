//! Damaged files: the damage is found when the file is opened or the row is read, and is never served.

use super::*;
#[cfg(unix)]
use crate::harness::exe::{self, Home};
use redb::{ReadableTable, TableDefinition, WriteTransaction};
use std::ops::Range;

#[test]
fn a_file_that_was_cut_short_is_damaged() {
    let (folder, path) = data_file();
    let whole = fs::read(&path).unwrap();
    let copy = folder.path().join("copy.redb");
    let mut cuts = vec![
        9,
        10,
        63,
        64,
        200,
        319,
        320,
        321,
        4_095,
        4_096,
        4_097,
        whole.len() / 2,
        whole.len() - 1,
    ];
    let mut rng = Rng(3);
    cuts.extend((0..20).map(|_| 9 + rng.below(whole.len() as u64 - 9) as usize));
    for cut in cuts {
        fs::write(&copy, &whole[..cut]).unwrap();
        let error = refusal(&copy);
        assert!(matches!(error, OpenError::Damaged { .. }), "cut at {cut}: {error}");
    }
}

#[test]
fn a_flipped_bit_is_found_or_harms_nothing() {
    let (folder, path) = data_file();
    let whole = fs::read(&path).unwrap();
    let copy = folder.path().join("copy.redb");
    let mut rng = Rng(4);
    let mut found = 0;
    for _ in 0..400 {
        let mut bytes = whole.clone();
        // Half of them in the header and the first pages; none in the journal, which is empty after a clean close.
        let pages = bytes.len() as u64 - (JOURNAL.end - JOURNAL.start);
        let within = if rng.below(2) == 0 { 40_000 } else { pages };
        let mut bit = rng.below(8 * within);
        if bit / 8 >= JOURNAL.start {
            bit += 8 * (JOURNAL.end - JOURNAL.start);
        }
        bytes[bit as usize / 8] ^= 1 << (bit % 8);
        fs::write(&copy, &bytes).unwrap();
        match open(&copy) {
            Err(OpenError::Damaged { .. } | OpenError::NotOurs { .. }) => {
                found += 1;
                assert_eq!(fs::read(&copy).unwrap(), bytes, "a refused file was written to");
            }
            Err(error) => panic!("bit {bit}: {error}"),
            Ok(store) => {
                let read = wait(read_forward(&store)).unwrap();
                check_whole(&read);
                assert_eq!(read.len(), 300, "bit {bit}");
                close(store);
            }
        }
    }
    assert!(found > 15, "only {found} were found");
}

/// Offsets in a file of what looks like three consecutive page numbers, as in redb's lists of free pages.
#[cfg(unix)]
fn lists_of_pages(file: &[u8]) -> Vec<usize> {
    let is_page = |at: usize| {
        let number = file
            .get(at..at + 8)
            .map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap()));
        number.is_some_and(|number| (1..file.len() as u64 / 4_096).contains(&number))
    };
    let is_in_journal = |at: &usize| (JOURNAL.start..JOURNAL.end).contains(&(*at as u64));
    let places = (0..file.len() - 24).filter(|at| !is_in_journal(at));
    places.filter(|at| (0..3).all(|n| is_page(at + 8 * n))).collect()
}

/// redb panics twice over such a list, which ends a process.
#[cfg(unix)]
#[test]
fn a_start_that_a_damaged_list_of_free_pages_ends_is_followed_by_one_that_says_so() {
    use std::os::unix::process::ExitStatusExt;
    let home = Home::new();
    let (_folder, path) = data_file();
    let whole = fs::read(&path).unwrap();
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    let note = path.with_file_name(".data.redb.last-commit");
    let noted = fs::read(&note).unwrap();
    let data = path.to_str().unwrap();
    // It opens the file as a server does, and exits.
    let start = || exe::run(home.command(&["reset", "nobody", "--data", data]));
    for at in lists_of_pages(&whole) {
        let mut bytes = whole.clone();
        // Bit 5 of the number of its region (`PageNumber` of redb).
        bytes[at + 3] ^= 2;
        write_over(&path, &bytes);
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(modified).unwrap();
        fs::write(&note, &noted).unwrap();
        let first = start();
        if first.status.signal().is_some() {
            let second = start();
            assert_eq!(second.status.code(), Some(1), "{}", second.stderr);
            assert!(second.stderr.contains("damaged"), "{}", second.stderr);
            return;
        }
    }
    panic!("no start was ended");
}

/// The offsets of consecutive journal records.
fn records(file: &[u8]) -> Vec<Range<usize>> {
    let mut at = JOURNAL.start as usize;
    let mut records = Vec::new();
    loop {
        let length = u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        if length == 0 && at.is_multiple_of(4096) {
            return records;
        }
        if length == 0 {
            // No record crosses a block.
            at = at.next_multiple_of(4096);
            continue;
        }
        records.push(at..at + 4 + length);
        at += 4 + length;
    }
}

/// The file after a sign-up, twenty posts and a kill.
fn killed_file() -> (TempDir, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.redb");
    let store = open(&path).unwrap();
    wait(store.commit(sign_up("person 1", 1))).unwrap();
    for n in 0..20 {
        wait(store.commit(post(1, &format!("{n}")))).unwrap();
    }
    let killed = fs::read(&path).unwrap();
    close(store);
    (folder, killed)
}

#[test]
fn a_flipped_bit_of_the_journal_is_found_or_costs_what_a_loss_of_power_may() {
    let (folder, killed) = killed_file();
    let copy = folder.path().join("copy.redb");
    let records = records(&killed);
    assert_eq!(records.len(), 21);
    let (first, last) = (&records[0], &records[20]);
    let mut rng = Rng(6);
    let (mut found, mut lost) = (0, 0);
    for _ in 0..200 {
        let mut bytes = killed.clone();
        // There may be padding between the records of two blocks.
        let at = first.start + rng.below((last.end - first.start) as u64) as usize;
        if !records.iter().any(|record| record.contains(&at)) {
            continue;
        }
        bytes[at] ^= 1 << rng.below(8);
        fs::write(&copy, &bytes).unwrap();
        if at < last.start {
            assert!(matches!(refusal(&copy), OpenError::Damaged { .. }), "at {at}");
            found += 1;
            continue;
        }
        // The last one may never have been written completely.
        let store = open(&copy).unwrap();
        assert_eq!(wait(read_forward(&store)).unwrap().len(), 19, "at {at}");
        close(store);
        lost += 1;
    }
    assert!(found > 100 && lost > 0, "{found} and {lost}");
}

#[test]
fn records_that_are_missing_before_the_last_are_missed_however_many_they_are() {
    let (folder, killed) = killed_file();
    let copy = folder.path().join("copy.redb");
    let records = records(&killed);
    for last in [1, 10, 19] {
        for first in 0..=last {
            let mut bytes = killed.clone();
            bytes[records[first].start..records[last].end].fill(0);
            fs::write(&copy, &bytes).unwrap();
            assert!(matches!(refusal(&copy), OpenError::Damaged { .. }), "{first} to {last}");
        }
    }
}

#[test]
fn a_copy_that_is_damaged_where_nobody_looks_is_refused_at_once() {
    let (folder, path) = data_file();
    let copy = folder.path().join("copy.redb");
    let mut bytes = fs::read(&path).unwrap();
    // In every page that has the text: which of them is in use differs from run to run, and damage to a free page harms
    // nothing.
    let text = b"150, says 1";
    let places: Vec<_> = (JOURNAL.end as usize..bytes.len() - text.len())
        .filter(|at| bytes[*at..].starts_with(text))
        .collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at] ^= 1;
    }
    fs::write(&copy, &bytes).unwrap();
    assert!(matches!(refusal(&copy), OpenError::Damaged { .. }));
}

#[test]
fn rows_that_are_damaged_under_a_running_server_are_errors_and_not_answers() {
    let (_folder, path) = data_file();
    // As a program that writes into the file of a running server: redb's checksums are no longer checked, only ours.
    let options = Options {
        cache_bytes: 0,
        ..Options::default()
    };
    let (store, _feed) = Store::open(&path, options).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let text = b"says 1";
    let places: Vec<_> = (0..bytes.len() - text.len())
        .filter(|at| bytes[*at..].starts_with(text))
        .collect();
    assert!(places.len() >= 300);
    for at in places {
        bytes[at] = b'b';
    }
    write_over(&path, &bytes);
    let answer = wait(store.history(UserId(1), LOBBY, Anchor::Latest, PageSize::default()));
    assert_eq!(kind(answer), Kind::Internal);
    assert!(wait(store.has_accounts()).unwrap());
}

/// A data file in which the row of one person is damaged.
pub(super) fn data_file_with_a_damaged_row() -> (TempDir, PathBuf) {
    let (folder, path) = data_file();
    let store = open(&path).unwrap();
    wait(store.commit(sign_up("person 2", 2))).unwrap();
    close(store);
    edit(&path, |txn| {
        let mut users = txn.open_table(USERS).unwrap();
        let mut row = users.get(2).unwrap().unwrap().value().to_vec();
        row[3] ^= 1;
        users.insert(2, &row[..]).unwrap();
    });
    (folder, path)
}

/// The actions of that person.
pub(super) fn meets_the_damage(token: u64) -> Change {
    Change::OpenSession(LogIn {
        user: UserId(2),
        verified: password(),
        rehashed: Some(PasswordHash("$argon2id$stronger".to_owned())),
        session: session(token),
        at: Time(1),
    })
}

#[test]
fn one_damaged_row_fails_its_own_change_and_no_other() {
    let (_folder, path) = data_file_with_a_damaged_row();
    let store = open(&path).unwrap();
    let changes = (0..200).map(|n| {
        if n % 10 == 9 {
            meets_the_damage(n)
        } else {
            post(1, &format!("later {n}"))
        }
    });
    for (n, answer) in wait(pipeline(&store, changes.collect())).into_iter().enumerate() {
        match n % 10 {
            9 => assert_eq!(kind(answer), Kind::Internal),
            _ => drop(answer.unwrap()),
        }
    }
    assert_eq!(wait(read_forward(&store)).unwrap().len(), 480);
    close(store);
}

#[test]
fn a_message_has_the_same_bytes_for_ever() {
    let (_folder, path) = data_file();
    let entry = edit(&path, |txn| {
        let log = txn.open_table(LOG).unwrap();
        log.get(1).unwrap().unwrap().value().to_vec()
    });
    // Kind, room, seq, last change, author; 1000 in two groups of seven bits; client_id, body.
    let row = [&[0, 1, 1, 1, 1, 0xE8, 0x07, 1][..], b"0", &[9], b"0, says 1"].concat();
    assert_eq!(entry, sealed(row));
}

#[test]
fn a_message_that_changed_is_caught_up_with_once_in_the_place_of_its_last_change() {
    let (_folder, path) = data_file();
    // As an edit of message 2 leaves them: the seq of the change refers to the message, and the message to its last
    // change.
    edit(&path, |txn| {
        let mut log = txn.open_table(LOG).unwrap();
        let mut row = log.get(2).unwrap().unwrap().value().to_vec();
        row.truncate(row.len() - 4);
        row.splice(3..4, [0xAD, 0x02]);
        log.insert(2, &sealed(row)[..]).unwrap();
        let mut seqs = txn.open_table(SEQS).unwrap();
        seqs.insert((1, 301), &sealed(vec![0xAD, 0x02, 2])[..]).unwrap();
    });
    let store = open(&path).unwrap();
    let caught_up = |since| match wait(store.catchup(UserId(1), LOBBY, Seq(since))).unwrap() {
        Catchup::Changed { messages, through } => {
            assert_eq!(through, Seq(301));
            messages
                .into_iter()
                .map(|(seq, message)| (seq.0, message.id.0))
                .collect::<Vec<_>>()
        }
        reset => panic!("{reset:?}"),
    };
    let changed = (301, 2);
    let posts = (1..=300).filter(|id| *id != 2).map(|id| (id, id));
    assert_eq!(caught_up(0), posts.chain([changed]).collect::<Vec<_>>());
    assert_eq!(caught_up(300), [changed]);

    let size = PageSize::parse(2).unwrap();
    let page = |anchor| wait(store.history(UserId(1), LOBBY, anchor, size)).unwrap();
    let ids = |page: &Page| page.messages.iter().map(|message| message.id.0).collect::<Vec<_>>();
    let latest = page(Anchor::Latest);
    assert_eq!(
        (ids(&latest), latest.head),
        (vec![299, 300], Seq(301)),
        "a change is no message"
    );
    assert!(!latest.more_after);
    assert_eq!(
        ids(&page(Anchor::After(Seq(0)))),
        [1, 2],
        "a changed message stays in its place"
    );
}

const LOG: TableDefinition<u64, &[u8]> = TableDefinition::new("log");
const SEQS: TableDefinition<(u32, u32), &[u8]> = TableDefinition::new("seqs");
const USERS: TableDefinition<u32, &[u8]> = TableDefinition::new("users");

/// Changes a closed data file without the store.
fn edit<T>(path: &Path, work: impl FnOnce(&WriteTransaction) -> T) -> T {
    let database = open_pages(path);
    let txn = database.begin_write().unwrap();
    let done = work(&txn);
    txn.commit().unwrap();
    done
}

/// A row with its checksum.
fn sealed(mut row: Vec<u8>) -> Vec<u8> {
    row.extend(crc32c::crc32c(&row).to_le_bytes());
    row
}
