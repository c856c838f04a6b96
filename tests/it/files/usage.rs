//! The space that each person's files take, who sees it, and the limit on each person's share; also in a data file from
//! before usage was counted.

use super::uploads::PartialUpload;
use super::*;
use crate::harness::pages::open_pages;
use crate::store_laws::world::{World, pipeline, wait};
use chapp::clock::Time;
use chapp::error::Kind;
use chapp::limits::{FILE_SHARE_BYTES_MIN, FILES_BYTES_MAX, FILES_COUNTED_AT_ONCE};
use chapp::model::*;
use chapp::store::{Options, Store};
use redb::TableDefinition;
use std::path::Path;

const META: TableDefinition<&str, &[u8]> = TableDefinition::new("chapp");
const USAGE: TableDefinition<u32, &[u8]> = TableDefinition::new("usage");

/// The changes that upload a small file, in order.
fn upload_changes(owner: u64, number: u64, size: usize) -> Vec<Change> {
    let mut id = [0; 16];
    // Unordered, as real ids are.
    id[..8].copy_from_slice(&number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    id[8..].copy_from_slice(&number.to_be_bytes());
    let (id, at) = (FileId(id), Time(1_000 + number));
    let keep = FileChange::Keep {
        id,
        index: 0,
        bytes: vec![7; size].into(),
        at,
    };
    let add = FileChange::Add(NewFile {
        file: Attachment {
            id,
            name: FileName::clean("a.bin"),
            media_type: "application/octet-stream".to_owned(),
            size: size as u64,
            pixels: None,
            has_preview: false,
        },
        preview: None,
        owner: UserId(owner),
        at,
    });
    vec![Change::File(keep), Change::File(add)]
}

fn all(store: &Store, changes: Vec<Change>) {
    for answer in wait(pipeline(store, changes)) {
        answer.unwrap();
    }
}

fn own(store: &Store, person: u64) -> u64 {
    wait(store.file_usage(UserId(person))).unwrap().own
}

/// A stored row: postcard, then a checksum.
fn sealed(number: u64) -> Vec<u8> {
    let mut row = postcard::to_stdvec(&number).unwrap();
    row.extend(crc32c::crc32c(&row).to_le_bytes());
    row
}

#[test]
fn the_files_of_an_older_data_file_are_counted_little_by_little_while_others_come_and_go() {
    let world = World::of_people(2);
    let few = 20;
    let many = FILES_COUNTED_AT_ONCE as u64 + few;
    all(
        &world.store,
        (0..many).flat_map(|number| upload_changes(1, number, 3)).collect(),
    );
    let (folder, path) = (world.keep_folder(), world.path.clone());
    world.close();
    let pages = open_pages(&path);
    let txn = pages.begin_write().unwrap();
    assert!(txn.delete_table(USAGE).unwrap());
    assert!(txn.open_table(META).unwrap().remove("files_counted").unwrap().is_some());
    txn.commit().unwrap();
    drop(pages);

    // A read-only file has no usage, and everything else works.
    let full = Options {
        disk_free_bytes_min: u64::MAX,
        ..Options::default()
    };
    let world = World::open(folder.clone(), full).unwrap();
    assert_eq!(own(&world.store, 1), 0);
    assert!(wait(world.store.has_uncounted_files()).unwrap());
    world.close();

    let world = World::open(folder, Options::default()).unwrap();
    let store = &world.store;
    assert!(
        wait(store.has_uncounted_files()).unwrap(),
        "a start does not take for ever"
    );
    assert_eq!(own(store, 1), 3 * FILES_COUNTED_AT_ONCE as u64);
    // Erase and add files on both sides of the counting position.
    let erase = Change::File(FileChange::Erase { before: Time(1_500) });
    while wait(store.has_unattached(Time(1_500))).unwrap() {
        all(store, vec![erase.clone()]);
    }
    all(
        store,
        (many..many + 50)
            .flat_map(|number| upload_changes(2, number, 5))
            .collect(),
    );
    while wait(store.has_uncounted_files()).unwrap() {
        all(store, vec![Change::File(FileChange::Count)]);
    }
    assert_eq!((own(store, 1), own(store, 2)), (3 * (many - 500), 5 * 50));
    let world = world.reopen();
    assert!(!wait(world.store.has_uncounted_files()).unwrap());
    assert_eq!(own(&world.store, 1), 3 * (many - 500));
}

/// Limits the usage of a person, and of all people together.
fn set_usage(path: &Path, own: u64, all: u64) {
    let pages = open_pages(path);
    let txn = pages.begin_write().unwrap();
    txn.open_table(USAGE).unwrap().insert(1, &sealed(own)[..]).unwrap();
    txn.open_table(META).unwrap().insert("files", &sealed(all)[..]).unwrap();
    txn.commit().unwrap();
}

#[test]
fn one_persons_files_do_not_take_the_space_of_everybody_elses() {
    let world = World::of_people(2);
    let (folder, path) = (world.keep_folder(), world.path.clone());
    world.close();
    set_usage(&path, FILE_SHARE_BYTES_MIN - 10, FILES_BYTES_MAX - 1_000);
    let world = World::open(folder, Default::default()).unwrap();
    let store = &world.store;
    let refused = wait(pipeline(store, upload_changes(1, 1, 11)))
        .pop()
        .unwrap()
        .unwrap_err();
    assert_eq!((refused.kind, refused.field), (Kind::StorageFull, Some("file")));
    all(store, upload_changes(1, 2, 10));
    assert_eq!(own(store, 1), FILE_SHARE_BYTES_MIN);
    all(store, upload_changes(2, 3, 900));
    let refused = wait(pipeline(store, upload_changes(2, 4, 900))).remove(0).unwrap_err();
    assert_eq!(
        (refused.kind, refused.field),
        (Kind::StorageFull, None),
        "all of it is taken"
    );
    // Erasing frees the share.
    all(store, vec![Change::File(FileChange::Erase { before: Time(1_003) })]);
    assert_eq!(own(store, 1), FILE_SHARE_BYTES_MIN - 10);
    all(store, upload_changes(1, 5, 10));
}

#[test]
fn a_share_is_as_much_as_is_still_free_and_a_little_in_any_case() {
    let may = |own: u64, all: u64, more: u64| FileUsage { own, all }.may_add(more).is_ok();
    const GIB: u64 = 1 << 30;
    assert!(may(0, 0, GIB) && may(2 * GIB - 1, 2 * GIB - 1, 1) && !may(2 * GIB, 2 * GIB, 1));
    assert!(may(GIB, 3 * GIB - 1, 1) && !may(GIB, 3 * GIB, 1), "others leave less");
    assert!(may(0, 3 * GIB, GIB), "a newcomer has all that is left");
    let least = FILE_SHARE_BYTES_MIN;
    assert!(may(least - 1, FILES_BYTES_MAX, 1) && !may(least, FILES_BYTES_MAX, 1));
    assert!(!may(u64::MAX, 0, 1) && !may(0, 0, u64::MAX));
    let refused = FileUsage {
        own: 3 << 20,
        all: 4 * GIB - (64 << 20),
    }
    .may_add(FILES_BYTES_MAX);
    let title = refused.unwrap_err().title;
    assert!(title.contains("you use 3 of 64 MiB"), "{title}");
}

#[test]
fn a_file_beyond_ones_share_is_refused_in_words_and_others_go_on() {
    let (mut site, ada, ben, _) = three();
    let file = upload(&site, &ada, "one.txt", BYTES);
    let id = show(&mut site.socket(&ada), 1, "a1", &[&file]);
    site.stop();
    let taken = FILE_SHARE_BYTES_MIN - 10;
    set_usage(&site.data(), taken, FILES_BYTES_MAX - (1 << 20));
    site.start();
    let refused = try_upload(&site, &ada, "two.txt", BYTES).refused(507, "storage_full");
    assert_eq!(refused["field"], "file");
    assert!(
        refused["title"].as_str().unwrap().contains("you use 63 of 64 MiB"),
        "{refused}"
    );
    // Of unknown length: refused as soon as it is over the limit.
    let mut endless = PartialUpload::begin(site.address, &ada, "Transfer-Encoding: chunked");
    endless.send(b"b\r\nhello world\r\n");
    let (status, text) = endless.answer();
    assert_eq!(status, 507, "{text}");
    upload(&site, &ada, "tiny.txt", b"0123456789");
    upload(&site, &ben, "his.txt", BYTES);
    // Ada frees space herself.
    act(&mut site.socket(&ada), "delete", 1, id);
    eventually("her share is hers again", || {
        try_upload(&site, &ada, "two.txt", BYTES).status == 201
    });
}

#[test]
fn who_looks_after_the_server_sees_how_much_each_persons_files_take_and_nobody_else_does() {
    let (site, ada, ben, cleo) = three();
    upload(&site, &ben, "one.txt", &[b'x'; 100]);
    upload(&site, &ben, "two.txt", &[b'x'; 23]);
    upload(&site, &ada, "three.txt", b"x");
    let files = |person: &Person, path: &str| site.get_as(person, path).json().get("files").cloned();
    let of = |person: &Person, bytes: u64| json!({"user": person.id, "bytes": bytes});
    assert_eq!(files(&ada, "/api/people"), Some(json!([of(&ben, 123), of(&ada, 1)])));
    let only = format!("/api/people?ids={},{}", cleo.id, ben.id);
    assert_eq!(files(&ada, &only), Some(json!([of(&ben, 123)])));
    assert_eq!(files(&ben, "/api/people"), None);
    site.set_role(&ada, &ben, "admin");
    assert_eq!(files(&ben, &only), Some(json!([of(&ben, 123)])));
    let facts = site.facts(&ada);
    assert_eq!(facts["files"], json!({"bytes": 124, "bytes_max": FILES_BYTES_MAX}));
}
