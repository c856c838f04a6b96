//! Copies whose beginning is much older than the rest: they hold everything acknowledged before they began, or the
//! server and the commands refuse them.

use super::*;
use chapp::store::{Progress, check_file};

const PAGE_BYTES: usize = 4096;

fn long_post(number: usize, body_chars: usize) -> Change {
    let Change::Post(new) = post(1, &format!("later {number}")) else {
        unreachable!()
    };
    Change::Post(NewPost {
        message: written(&"x".repeat(body_chars)),
        ..new
    })
}

/// A copy of the initial length: the first page is read, then nothing until `posts` have been made.
fn stale_copy(folder: &Path, posts: usize, body_chars: usize) -> (PathBuf, u64) {
    let path = folder.join("data.redb");
    let store = open(&path).unwrap();
    wait(async {
        store.commit(sign_up("person 1", 1)).await.unwrap();
        for n in 0..110 {
            store.commit(post(1, &n.to_string())).await.unwrap();
        }
    });
    let length = fs::metadata(&path).unwrap().len() as usize;
    let first_page = fs::read(&path).unwrap()[..PAGE_BYTES].to_vec();
    wait(async {
        for n in 0..posts {
            store.commit(long_post(n, body_chars)).await.unwrap();
        }
    });
    let mut bytes = fs::read(&path).unwrap();
    bytes.truncate(length);
    bytes[..PAGE_BYTES].copy_from_slice(&first_page);
    close(store);
    let copy = folder.join("copy.redb");
    fs::write(&copy, bytes).unwrap();
    (copy, 110)
}

fn holds_or_is_refused(posts: usize, body_chars: usize) {
    let folder = tempfile::tempdir().unwrap();
    let (copy, acknowledged) = stale_copy(folder.path(), posts, body_chars);
    let report = check_file(&copy, &Options::default(), &Progress::default());
    let seen = report.map(|report| (report.count, report.messages));
    match open(&copy) {
        Ok(store) => {
            let head = wait(store.history(UserId(1), LOBBY, Anchor::Latest, PageSize::default()))
                .unwrap()
                .head;
            assert!(head.0 >= acknowledged, "{} of {acknowledged}", head.0);
            let seen = seen.unwrap();
            assert_eq!(seen.0, 0);
            assert!(seen.1 >= acknowledged, "{seen:?}");
            close(store);
        }
        Err(_) => assert!(
            seen.is_err() || seen.is_ok_and(|(findings, _)| findings > 0),
            "a check that says it is sound"
        ),
    }
}

#[test]
fn a_copy_with_an_old_first_page_never_opens_without_what_was_acknowledged() {
    for (posts, body_chars) in [
        (1, 4_000),
        (40, 4_000),
        (300, 4_000),
        (900, 4_000),
        (900, 300),
        (3_000, 20),
    ] {
        holds_or_is_refused(posts, body_chars);
    }
}

#[test]
fn a_start_removes_its_own_drafts_and_no_file_of_anybody_else() {
    let (folder, path) = data_file();
    let mine = [
        "data.redb.new-office",
        "data.redb.new-plans.txt",
        "data.redb.new-0123456789ABCDEF",
    ];
    for name in mine {
        fs::write(folder.path().join(name), b"mine").unwrap();
    }
    #[cfg(unix)]
    {
        let pipe = folder.path().join("data.redb.new-0123456789abcdef");
        crate::harness::make_pipe(&pipe);
    }
    close(open(&path).unwrap());
    for name in mine {
        assert_eq!(fs::read(folder.path().join(name)).unwrap(), b"mine", "{name}");
    }
}
