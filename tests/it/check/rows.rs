//! Damaged, missing and inconsistent rows: each is planted alone and must be reported with its table.

use super::*;
use redb::{ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};

type Row = &'static [u8];
type FileKey = [u8; 16];

/// A row with its checksum.
fn sealed(row: &[u8]) -> Vec<u8> {
    let mut row = row.to_vec();
    row.extend(crc32c::crc32c(&row).to_le_bytes());
    row
}

pub fn put_meta(path: &Path, key: &str, row: &[u8]) {
    plant::<&str>(path, "chapp", key, row);
}

/// An operation on the rows of any table.
trait Each {
    fn table<K: redb::Key + 'static>(&mut self, name: &'static str, table: TableDefinition<'static, K, Row>);
}

macro_rules! tables {
    ($($key:ty = $($name:literal)+;)+) => {
        /// Every table, as the schema has them.
        fn each_table(each: &mut impl Each) {
            $($(each.table($name, TableDefinition::<$key, Row>::new($name));)+)+
        }
    };
}

tables! {
    &'static str = "chapp" "names" "room_names" "server";
    u32 = "users" "profiles" "pictures" "settings" "last_seen" "rooms" "room_facts" "barred" "usage";
    (u32, u32) = "blocks" "members" "user_rooms" "brought" "read_marks" "entered" "seqs";
    [u8; 32] = "sessions" "resets";
    Row = "directs";
    (u32, u32, u32) = "own_posts" "mentioned" "saved_places";
    u64 = "log" "segments";
    (u32, &'static str) = "client_ids";
    (u32, u64, u32) = "pins";
    (u32, u64) = "saved";
    (u64, u32, u32) = "deleted";
    (u64, &'static str) = "tokens";
    FileKey = "files" "previews";
    (FileKey, u32) = "chunks";
    (FileKey, u32, u32) = "shown";
    (u64, FileKey) = "unshown";
    (u32, [u8; 32]) = "sessions_of";
}

/// Rows whose absence no other row reveals.
const OPTIONAL: [&str; 13] = [
    "server",
    "settings",
    "last_seen",
    "barred",
    "blocks",
    "brought",
    "read_marks",
    "entered",
    "sessions",
    "resets",
    "own_posts",
    "chapp",
    "unshown",
];

struct Planted<'a> {
    whole: &'a Path,
    copy: &'a Path,
    tables: Vec<&'static str>,
}

impl Planted<'_> {
    /// Checks a copy in which the table has these rows.
    fn after<K: redb::Key + 'static>(
        &self,
        table: TableDefinition<'static, K, Row>,
        plant: impl FnOnce(&mut redb::Table<K, Row>, &[u8], Vec<u8>),
    ) -> Report {
        fs::copy(self.whole, self.copy).unwrap();
        edit(self.copy, |txn| {
            let mut table = txn.open_table(table).unwrap();
            let (key, row) = {
                let mut rows = table.iter().unwrap();
                // Without their first rows the file does not open, or counts as an older format.
                let is_late = matches!(redb::TableHandle::name(&table), "chapp" | "room_facts");
                let row = if is_late { rows.next_back() } else { rows.next() };
                let (key, row) = row.unwrap().unwrap();
                (K::as_bytes(&key.value()).as_ref().to_vec(), row.value().to_vec())
            };
            plant(&mut table, &key, row);
        });
        check(self.copy).unwrap()
    }
}

impl Each for Planted<'_> {
    fn table<K: redb::Key + 'static>(&mut self, name: &'static str, table: TableDefinition<'static, K, Row>) {
        self.tables.push(name);
        let called = if name == "chapp" { "meta" } else { name };
        let damaged = self.after(table, |table, key, mut row| {
            row[0] ^= 1;
            table.insert(K::from_bytes(key), &row[..]).unwrap();
        });
        let said = words(&damaged);
        assert!(
            damaged.damaged > 0 && said.contains(&format!("{called} ")),
            "damage in {name}: {said}"
        );

        let missing = self.after(table, |table, key, _| drop(table.remove(K::from_bytes(key)).unwrap()));
        if OPTIONAL.contains(&name) {
            return;
        }
        assert!(missing.count > 0, "a row of {name} is missing, and nobody misses it");
    }
}

#[test]
fn in_every_table_a_damaged_row_is_found_and_a_missing_one_is_missed() {
    let (folder, whole) = full_file();
    let copy = folder.path().join("copy.redb");
    let mut planted = Planted {
        whole: &whole,
        copy: &copy,
        tables: Vec::new(),
    };
    each_table(&mut planted);
    let database = open_pages(&whole);
    let mut expected: Vec<String> = database
        .begin_read()
        .unwrap()
        .list_tables()
        .unwrap()
        .map(|table| redb::TableHandle::name(&table).to_owned())
        .collect();
    let mut seen = planted.tables;
    expected.sort();
    seen.sort();
    assert_eq!(seen, expected, "this test knows every table");
}

/// Sets one row.
pub fn plant<K: redb::Key + 'static>(path: &Path, name: &'static str, key: K::SelfType<'_>, row: &[u8]) {
    let row = sealed(row);
    edit(path, |txn| {
        let table = TableDefinition::<K, Row>::new(name);
        txn.open_table(table).unwrap().insert(key, &row[..]).unwrap();
    });
}

/// Sets one row, and returns the findings of the check.
fn with<K: redb::Key + 'static>(name: &'static str, key: K::SelfType<'_>, row: &[u8]) -> String {
    let (_folder, path) = full_file();
    plant::<K>(&path, name, key, row);
    let report = check(&path).unwrap();
    words(&report)
}

#[track_caller]
fn says(said: &str, expected: &str) {
    assert!(said.contains(expected), "{expected:?} in:\n{said}");
}

#[test]
fn what_one_table_says_of_another_is_told_with_the_key_and_what_is_expected() {
    says(
        &with::<&str>("names", "nobody", &[2]),
        "names \"nobody\": it leads to an account of another name",
    );
    says(&with::<&str>("chapp", "files", &[9]), "bytes, and 9 are counted");
    says(
        &with::<u32>("room_facts", 3, &[0, 1, 9]),
        "room_facts 3: 9 members are counted, and 3 are there",
    );
    says(
        &with::<u32>("last_seen", 77, &[1]),
        "last_seen 77: nobody has this account",
    );
    says(
        &with::<(u32, u32)>("read_marks", (1, 3), &[100]),
        "read_marks (1, 3): 100 lies behind the end",
    );
    says(
        &with::<(u32, u32)>("members", (1, 1), &[0, 1]),
        "members (1, 1): there is no room",
    );
    says(
        &with::<(u32, u32)>("members", (2, 88), &[0, 1]),
        "members (2, 88): nobody has this account",
    );
    says(
        &with::<(u32, u32)>("user_rooms", (3, 2), &[0, 0, 0]),
        "user_rooms (3, 2): this account is not in",
    );
    says(
        &with::<(u32, u32)>("blocks", (1, 1), &[]),
        "blocks (1, 1): these are not two accounts",
    );
    // Entry, message, and the number of seqs up to there that are not posts.
    says(
        &with::<(u32, u32)>("seqs", (1, 9), &[11, 8]),
        "seqs (1, 9): it leads to entry 11 and message 8",
    );
    says(
        &with::<(u32, u32)>("seqs", (1, 9), &[11, 9, 5]),
        "seqs (1, 9): it counts 5 that are no posts",
    );
    says(
        &with::<(u32, u32)>("seqs", (4, 9), &[11, 9]),
        "seqs (4, 9): entry 11 of the log is not its own",
    );
    says(
        &with::<(u32, &str)>("client_ids", (1, "more"), &[1, 9]),
        "client_ids (1, \"more\"): message 9 of room 1",
    );
    says(
        &with::<(u32, &str)>("client_ids", (1, "plain 5"), &[1, 9]),
        "the id that it was posted with is missing",
    );
    says(
        &with::<(u32, u32, u32)>("mentioned", (3, 3, 2), &[1]),
        "mentioned (3, 3, 2): the message does not",
    );
    says(
        &with::<(u32, u32, u32)>("own_posts", (3, 3, 2), &[]),
        "own_posts (3, 3, 2): this is not a post of",
    );
    says(
        &with::<(u32, u64, u32)>("pins", (3, 1, 2), &[]),
        "pins (3, 1, 2): the message is not pinned",
    );
    says(
        &with::<(u64, u32, u32)>("deleted", (7, 3, 2), &[]),
        "deleted (7, 3, 2): the message is not deleted",
    );
    says(
        &with::<(FileKey, u32)>("chunks", ([1; 16], 0), b"x"),
        "chunks (0101010101010101…, 0): there is no such",
    );
    says(
        &with::<(FileKey, u32)>("chunks", ([7; 16], 1), b"x"),
        "it has 1 bytes where",
    );
    says(
        &with::<(FileKey, u32, u32)>("shown", ([7; 16], 3, 2), &[1]),
        "the message does not show it so",
    );
    says(
        &with::<(u64, FileKey)>("unshown", (5, [7; 16]), &[]),
        "the file is shown, or waits since another time",
    );
    says(
        &with::<(u64, &str)>("tokens", (1, "plain"), &[1, 1]),
        "tokens 1: 1 words lead to other messages",
    );
    says(
        &with::<(u64, &str)>("tokens", (5, "plain"), &[1, 1]),
        "words are indexed",
    );
    says(
        &with::<u32>("later", 1, &[1]),
        "later: this version of Chapp knows no such table",
    );
}

#[test]
fn what_is_wrong_is_told_up_to_a_number_and_counted_beyond_it() {
    let (_folder, path) = full_file();
    edit(&path, |txn| {
        let mut table = txn
            .open_table(TableDefinition::<(u32, &str), Row>::new("client_ids"))
            .unwrap();
        let before = table.len().unwrap();
        table.retain(|_, _| false).unwrap();
        assert!(before > 600);
    });
    let report = check(&path).unwrap();
    assert_eq!(
        (report.findings.len(), report.count),
        (chapp::limits::FINDINGS_MAX, world::MESSAGES)
    );
}
