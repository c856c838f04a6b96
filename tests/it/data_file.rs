//! Mishaps with data files: another file in its place, copies, truncated files, a full disk. Each gets one clear
//! sentence, and a refused file keeps every byte.

mod damage;
mod health;
#[cfg(unix)]
mod last_commit;
mod stale_copy;
mod touched;

use crate::harness::pages::{JOURNAL, open_pages};
use crate::store_laws::world::*;
use chapp::clock::Time;
use chapp::error::Kind;
use chapp::model::*;
use chapp::store::{DiskOp, FaultInjector, OpenError, Options, Store};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime};
use std::{fs, io, thread};
use tempfile::TempDir;

fn open(path: &Path) -> Result<Store, OpenError> {
    let (store, feed) = Store::open(path, Options::default())?;
    drop(feed);
    Ok(store)
}

fn close(store: Store) {
    wait(store.close());
}

/// A data file with 300 messages in it, closed.
fn data_file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.redb");
    let store = open(&path).unwrap();
    wait(async {
        store.commit(sign_up("person 1", 1)).await.unwrap();
        let mut pending = Vec::new();
        for n in 0..300 {
            pending.push(store.submit(post(1, &n.to_string())).await.unwrap());
        }
        for answer in pending {
            answer.await.unwrap();
        }
        store.close().await;
    });
    (folder, path)
}

/// The error for a file that must be refused and must stay unchanged.
fn refusal(path: &Path) -> OpenError {
    let before = fs::read(path).unwrap();
    let Err(error) = open(path) else {
        panic!("{} was opened", path.display());
    };
    assert_eq!(fs::read(path).unwrap(), before, "a refused file was written to");
    let sentence = error.to_string();
    assert!(
        sentence.contains(path.to_str().unwrap()) && sentence.ends_with('.'),
        "{sentence}"
    );
    error
}

/// As `cp` does: the same file, other bytes.
fn write_over(path: &Path, bytes: &[u8]) {
    let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
    io::Write::write_all(&mut file, bytes).unwrap();
    file.set_len(bytes.len() as u64).unwrap();
}

#[test]
fn a_file_of_another_kind_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.redb");
    let jpeg = [&b"\xFF\xD8\xFF\xE0\0\x10JFIF\0"[..], &[0x5A; 5_000]].concat();
    for bytes in [&jpeg[..], b"", b"redb", b"redb\x1A\x0A\xA9\x0D", b"# Notes\n"] {
        fs::write(&path, bytes).unwrap();
        assert!(matches!(refusal(&path), OpenError::NotOurs { .. }));
    }
    assert!(
        matches!(open(folder.path()), Err(OpenError::NotOurs { .. })),
        "a folder"
    );
}

#[test]
fn another_programs_redb_file_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.redb");
    let theirs = redb::Database::create(&path).unwrap();
    let txn = theirs.begin_write().unwrap();
    txn.open_table(redb::TableDefinition::<u64, u64>::new("chapp"))
        .unwrap()
        .insert(1, 1)
        .unwrap();
    txn.commit().unwrap();
    fs::copy(&path, folder.path().join("killed.redb")).unwrap();
    drop(theirs);
    assert!(matches!(refusal(&path), OpenError::NotOurs { .. }));
    assert!(matches!(
        refusal(&folder.path().join("killed.redb")),
        OpenError::NotOurs { .. }
    ));
}

#[test]
fn a_file_from_the_future_is_left_alone_even_after_a_kill() {
    let (folder, path) = data_file();
    let killed = folder.path().join("killed.redb");
    {
        let future = open_pages(&path);
        let mut txn = future.begin_write().unwrap();
        txn.set_quick_repair(true);
        let meta = redb::TableDefinition::<&str, &[u8]>::new("chapp");
        let mut row = vec![6];
        row.extend(crc32c::crc32c(&row).to_le_bytes());
        txn.open_table(meta).unwrap().insert("format", &row[..]).unwrap();
        txn.commit().unwrap();
        fs::copy(&path, &killed).unwrap();
    }
    for path in [path, killed] {
        assert!(matches!(refusal(&path), OpenError::Newer { found: 6, known: 5, .. }));
    }
}

#[test]
fn a_file_in_use_is_not_opened_twice() {
    let (_folder, path) = data_file();
    let store = open(&path).unwrap();
    assert!(matches!(open(&path), Err(OpenError::AlreadyOpen { .. })));
    assert_eq!(wait(read_forward(&store)).unwrap().len(), 300);
    close(store);
    close(open(&path).unwrap());
}

#[test]
fn of_many_first_starts_at_once_one_gets_the_file() {
    for _ in 0..10 {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let starts: Vec<_> = (0..4)
            .map(|_| {
                let folder = folder.clone();
                thread::spawn(move || open(&folder.path().join("data.redb")))
            })
            .collect();
        let stores: Vec<_> = starts
            .into_iter()
            .filter_map(|start| start.join().unwrap().ok())
            .collect();
        assert_eq!(stores.len(), 1);
        wait(stores[0].commit(sign_up("Ada", 1))).unwrap();
        stores.into_iter().for_each(close);
        let store = open(&folder.path().join("data.redb")).unwrap();
        assert!(wait(store.has_accounts()).unwrap());
    }
}

#[test]
fn a_copy_is_another_history_and_the_same_file_is_not() {
    let (folder, path) = data_file();
    let name = |path: &Path| {
        let store = open(path).unwrap();
        let name = (store.file_id().to_owned(), store.epoch().to_owned());
        assert_eq!(wait(read_forward(&store)).unwrap().len(), 300);
        close(store);
        name
    };
    let (id, epoch) = name(&path);
    assert_eq!(name(&path), (id.clone(), epoch.clone()), "a restart changes nothing");
    let moved = folder.path().join("moved.redb");
    fs::rename(&path, &moved).unwrap();
    assert_eq!(name(&moved), (id.clone(), epoch.clone()), "nor does another name");

    let backup = folder.path().join("backup.redb");
    fs::copy(&moved, &backup).unwrap();
    let (restored_id, restored_epoch) = name(&backup);
    assert_eq!(restored_id, id);
    assert_ne!(restored_epoch, epoch);
    assert_eq!(name(&backup).1, restored_epoch, "it is at home now");

    // A backup written over the file, which keeps its inode.
    write_over(&moved, &fs::read(&moved).unwrap());
    let later = SystemTime::now() + Duration::from_secs(120);
    fs::File::options()
        .write(true)
        .open(&moved)
        .unwrap()
        .set_modified(later)
        .unwrap();
    assert_ne!(name(&moved).1, epoch);
}

#[test]
fn a_backup_that_is_put_back_at_once_is_another_history() {
    let (folder, path) = data_file();
    let open = || {
        let (store, _feed) = Store::open(&path, Options::default()).unwrap();
        let epoch = store.epoch().to_owned();
        (store, epoch)
    };
    let (store, epoch) = open();
    close(store);
    let backup = fs::read(&path).unwrap();
    let (store, same) = open();
    assert_eq!(same, epoch, "a restart changes nothing");
    wait(store.commit(post(1, "after the backup"))).unwrap();
    close(store);
    write_over(&path, &backup);
    let (store, restored) = open();
    assert_ne!(restored, epoch);
    assert_eq!(wait(read_forward(&store)).unwrap().len(), 300);

    // Also after a kill, when only the state at the start is known.
    close(store);
    let (store, again) = open();
    assert_eq!(again, restored);
    let note = folder.path().join(".data.redb.last-commit");
    let began = fs::read_to_string(&note).unwrap();
    assert!(began.starts_with("open "), "{began}");
    close(store);
    write_over(&path, &backup);
    fs::write(&note, began).unwrap();
    assert_ne!(open().1, restored);
}

#[test]
fn without_a_folder_there_is_no_data_file() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let Err(error) = open(&missing.join("data.redb")) else {
        panic!()
    };
    assert!(matches!(&error, OpenError::NoFolder { path } if *path == missing));
    assert!(error.to_string().contains(missing.to_str().unwrap()));
}

#[test]
fn under_the_floor_of_free_space_nothing_is_made_and_what_there_is_can_be_read() {
    let full = || Options {
        disk_free_bytes_min: u64::MAX,
        ..Options::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.redb");
    assert!(matches!(Store::open(&path, full()), Err(OpenError::Full { .. })));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

    let (_folder, path) = data_file();
    let (store, _feed) = Store::open(&path, full()).unwrap();
    assert_eq!(wait(read_forward(&store)).unwrap().len(), 300);
    for _ in 0..3 {
        let error = wait(store.commit(post(1, "one more"))).unwrap_err();
        assert_eq!(error.kind, Kind::StorageFull);
        assert!(error.title.starts_with("The disk of the server is full."));
    }
    close(store);
    let store = open(&path).unwrap();
    assert_eq!(seq(&wait(store.commit(post(1, "one more"))).unwrap()), Seq(301));
}

/// Fails at one operation while the file is created, as a kill would.
#[derive(Debug)]
struct DiesAfter(AtomicU64);

impl FaultInjector for DiesAfter {
    fn before(&self, _: DiskOp<'_>) -> io::Result<()> {
        match self.0.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)) {
            Ok(_) => Ok(()),
            Err(_) => Err(io::Error::from_raw_os_error(5)),
        }
    }
}

#[test]
fn a_start_that_dies_half_way_leaves_nothing_in_the_way_of_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.redb");
    let mut ops = 0;
    loop {
        let faults: Option<Arc<dyn FaultInjector>> = Some(Arc::new(DiesAfter(AtomicU64::new(ops))));
        let opened = Store::open(
            &path,
            Options {
                faults,
                ..Options::default()
            },
        );
        // A kill leaves a draft; an error cleans up.
        if let Ok((store, _)) = opened {
            close(store);
            break;
        }
        assert!(ops < 1_000);
        if path.exists() {
            close(open(&path).unwrap());
            fs::remove_file(&path).unwrap();
        }
        ops += 1;
    }
    assert!(ops > 20, "only {ops} ops make a file");

    // A draft of a killed process, one of a running process, and a file that only looks like a draft.
    fs::remove_file(&path).unwrap();
    let draft = |name: &str| folder.path().join(name);
    fs::write(draft("data.redb.new-0123456789abcdef"), b"redb").unwrap();
    fs::write(draft("data.redb.new-fedcba9876543210"), b"").unwrap();
    fs::write(draft("data.redb.newer"), b"").unwrap();
    let busy = fs::File::open(draft("data.redb.new-fedcba9876543210")).unwrap();
    busy.lock().unwrap();
    close(open(&path).unwrap());
    let left: HashSet<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    let expected = [
        ".data.redb.last-commit",
        "data.redb",
        "data.redb.new-fedcba9876543210",
        "data.redb.newer",
    ];
    assert_eq!(left, expected.map(Into::into).into());
}

#[cfg(unix)]
mod permissions {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    const AS_NOBODY: &str = "CHAPP_TEST_READ_ONLY";

    fn allow(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn nobody_else_can_read_a_data_file() {
        let (_folder, path) = data_file();
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_or_a_folder_that_may_not_be_written_is_refused() {
        if let Some(path) = std::env::var_os(AS_NOBODY) {
            return check(Path::new(&path));
        }
        let (folder, path) = data_file();
        allow(&path, 0o444);
        allow(folder.path(), 0o555);
        if fs::File::options().write(true).open(&path).is_err() {
            check(&path);
        } else {
            // Root may write everywhere, so the test runs as another user.
            let this = "data_file::permissions::a_file_or_a_folder_that_may_not_be_written_is_refused";
            let mut nobody = Command::new(std::env::current_exe().unwrap());
            nobody
                .args(["--exact", this])
                .env(AS_NOBODY, &path)
                .uid(65_534)
                .current_dir("/");
            match nobody.output() {
                Ok(output) => {
                    let said = String::from_utf8_lossy(&output.stdout).into_owned();
                    assert!(output.status.success() && said.contains("1 passed"), "{said}");
                }
                Err(error) => eprintln!("SKIPPED: as root nothing is read-only, and nobody else can run this: {error}"),
            }
        }
        allow(folder.path(), 0o755);
    }

    fn check(path: &Path) {
        assert!(matches!(refusal(path), OpenError::ReadOnly { .. }));
        assert!(matches!(
            open(&path.with_file_name("new.redb")),
            Err(OpenError::ReadOnly { .. })
        ));
    }
}
