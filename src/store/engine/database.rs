//! redb's database in a data file: opened for use, or through an overlay that leaves the file as it is.

use super::disk::Disk;
use super::file_journal::{Gap, GapPolicy, salt_of};
use super::journal::Journal;
use super::layout::FirstPage;
use super::options::Options;
use super::overlay::OverlayDatabase;
use super::record::{Record, Salt};
use super::{old_journal, open_journal};
use crate::store::rows::codec::{CommitRow, JournalRow};
use crate::store::rows::redo::RowChange;
use crate::store::rows::schema::{COMMIT, JOURNAL, Snapshot, Source, Tables};
use crate::store::rows::table::{get, get_known};
use crate::store::store_error::{StoreError, guard};
use redb::{Builder, Database, Durability, ReadTransaction, ReadableDatabase, WriteTransaction};
use std::path::Path;
use std::sync::Mutex;

/// A data file that is open for writing.
pub struct Opened {
    pub database: Database,
    pub journal: Box<dyn Journal>,
    pub disk: Disk,
    pub salt: Salt,
    /// The number of its last commit.
    pub commit_number: u64,
    /// Whether the journal has commits that are not in redb's pages.
    pub has_unpaged_commits: bool,
}

/// Opens an existing file of the current layout and replays its journal.
pub fn open_database(path: &Path, options: &Options, gap_policy: GapPolicy) -> Result<Opened, StoreError> {
    let disk = Disk::open(path, options)?;
    let database = builder(options).create_with_backend(disk.clone())?;
    let (salt, root) = salt_and_root(&database)?;
    let journal = open_journal::open(disk.clone(), options, salt, root, gap_policy)?;
    let records = journal.since(root)?;
    replay(&database, &records)?;
    let commit_number = last_commit(&database.begin_read()?)?;
    Ok(Opened {
        journal,
        has_unpaged_commits: !records.is_empty(),
        database,
        disk,
        salt,
        commit_number,
    })
}

/// The salt of the journal, and the number of the last commit in redb's pages.
fn salt_and_root(database: &Database) -> Result<(Salt, u64), StoreError> {
    let txn = database.begin_read()?;
    let row: JournalRow = get_known(Snapshot::new(&txn).meta()?, JOURNAL, "the salt of the journal")?;
    Ok((salt_of(&row)?, last_commit(&txn)?))
}

/// How thoroughly a file is checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum CheckLevel {
    /// Only the pages that the queries read.
    Lazy,
    /// Every page against its checksum.
    Full,
}

/// A read-only view of a file, even if redb has to recover it first. All commits in the journal are visible.
pub struct View {
    pub database: OverlayDatabase,
    pub disk: Disk,
    /// The number of the last commit in redb's pages.
    pub root: u64,
    /// The gap between the consecutive records of the journal and later ones.
    pub gap: Gap,
}

pub fn open_overlay(
    path: &Path,
    options: &Options,
    check_level: CheckLevel,
    first_page: FirstPage,
) -> Result<View, StoreError> {
    overlay(Disk::open(path, options)?, options, check_level, first_page)
}

/// What the first page or its mirror leads to: just enough to choose between the two.
pub struct Candidate<S> {
    /// The number of the last commit in redb's pages.
    pub root: u64,
    /// The number of the last commit in the journal.
    pub commit_number: u64,
    pub salt: S,
    pub gap: Gap,
}

/// Opens a file that may be a copy of one in use, from its first page or from the mirror of the first page.
///
/// A copy has the first page from when copying began. By the time the journal was copied, it may have moved on too
/// far, or the server may have restarted. Then the root in the mirror is the one that fits the journal.
pub fn open_best_root<T, S: PartialEq>(
    first: &Candidate<S>,
    mirror: Option<&Candidate<S>>,
    open: impl Fn(FirstPage) -> Result<T, StoreError>,
) -> Result<(FirstPage, T), StoreError> {
    let newer = mirror.filter(|mirror| mirror.root > first.root && mirror.commit_number >= first.commit_number);
    if let Some(mirror) = newer {
        match open(FirstPage::Mirror) {
            Ok(opened) => return Ok((FirstPage::Mirror, opened)),
            Err(error) if first.gap == Gap::Missing || mirror.salt != first.salt => return Err(error),
            // The first page has a complete journal.
            Err(_) => {}
        }
    }
    match first.gap {
        Gap::Missing => Err(StoreError::Damaged("commits are missing in its journal".to_owned())),
        Gap::None | Gap::OldBlock => Ok((FirstPage::First, open(FirstPage::First)?)),
    }
}

/// Opens a file as the next start would see it. Works without write permission.
pub fn open_as_next_start(path: &Path, options: &Options, check_level: CheckLevel) -> Result<View, StoreError> {
    let open = |check_level, first_page| overlay(Disk::open_to_read(path, options)?, options, check_level, first_page);
    let look = |first_page| {
        let view = open(CheckLevel::Lazy, first_page)?;
        // Files of older formats have no mirror.
        let (salt, commit_number) = match view.disk.is_current() {
            true => (
                Some(salt_and_root(&view.database)?.0),
                last_commit(&view.database.begin_read()?)?,
            ),
            false => (None, 0),
        };
        let (root, gap) = (view.root, view.gap);
        Ok::<_, StoreError>(Candidate {
            root,
            commit_number,
            salt,
            gap,
        })
    };
    let first = look(FirstPage::First)?;
    let mirror = first.salt.and_then(|_| guard(|| look(FirstPage::Mirror)).ok());
    let open = |first_page| guard(|| open(check_level, first_page));
    Ok(open_best_root(&first, mirror.as_ref(), open)?.1)
}

fn overlay(disk: Disk, options: &Options, check_level: CheckLevel, first_page: FirstPage) -> Result<View, StoreError> {
    let disk = disk.with_first_page(first_page);
    let mut builder = builder(options);
    builder.set_check_integrity_on_open(check_level == CheckLevel::Full);
    let database = OverlayDatabase::open(&builder, disk.clone())?;
    let root = last_commit(&database.begin_read()?).unwrap_or_default();
    let mut gap = Gap::None;
    if disk.is_current() {
        let (salt, root) = salt_and_root(&database)?;
        let found = open_journal::find(&disk, options, &salt, root)?;
        gap = found.gap;
        // A process that applies these records elsewhere must also publish their events, so the events must decode.
        found.records.iter().try_for_each(|record| record.events().map(drop))?;
        replay(&database, &found.records)?;
    } else if disk.has_journal() {
        let txn = database.begin_read()?;
        let row: Option<JournalRow> = get(Snapshot::new(&txn).meta()?, JOURNAL)?;
        let records = old_journal::records(&disk.journal()?, &row.unwrap_or_default(), last_commit(&txn)?)?;
        drop(txn);
        write_in_memory(&database, |tables| {
            records.iter().try_for_each(|record| apply(tables, record.rows()))
        })?;
    }
    Ok(View {
        database,
        disk,
        root,
        gap,
    })
}

/// Replays the commits of the journal so that readers see them.
fn replay(database: &Database, records: &[Record]) -> Result<(), StoreError> {
    match records {
        [] => Ok(()),
        records => write_in_memory(database, |tables| {
            records.iter().try_for_each(|record| apply(tables, record.rows()))
        }),
    }
}

fn write_in_memory(
    database: &Database,
    work: impl FnOnce(&mut Tables<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut txn = database.begin_write()?;
    txn.set_durability(Durability::None)?;
    let redo = Mutex::default();
    let mut tables = Tables::new(&txn, &redo);
    work(&mut tables)?;
    drop(tables);
    Ok(txn.commit()?)
}

fn apply<'r>(
    tables: &mut Tables<'_>,
    rows: impl Iterator<Item = Result<RowChange<'r>, StoreError>>,
) -> Result<(), StoreError> {
    for change in rows {
        tables.replay(&change?)?;
    }
    Ok(())
}

/// Runs `work` as commit `commit_number` of a database that no other thread uses yet, durable in its pages.
pub fn write_new<T>(
    database: &Database,
    commit_number: u64,
    work: impl FnOnce(&mut Tables<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    guard(|| {
        let txn = database.begin_write()?;
        let redo = Mutex::default();
        let mut tables = Tables::new(&txn, &redo);
        let done = work(&mut tables)?;
        tables.stamp(commit_number)?;
        drop(tables);
        commit_to_pages(txn)?;
        Ok(done)
    })
}

/// Commits durably, with quick repair, so that the file opens at once after a kill.
pub fn commit_to_pages(mut txn: WriteTransaction) -> Result<(), StoreError> {
    txn.set_durability(Durability::Immediate)?;
    txn.set_quick_repair(true);
    Ok(txn.commit()?)
}

pub fn builder(options: &Options) -> Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(options.cache_bytes);
    builder
}

pub fn last_commit(txn: &ReadTransaction) -> Result<u64, StoreError> {
    let commit: CommitRow = get_known(Snapshot::new(txn).meta()?, COMMIT, "the number of the last commit")?;
    Ok(commit.number)
}
