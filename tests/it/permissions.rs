//! What others on this computer may do with a data file, its copies and its folder.

use crate::harness::exe::{Ended, Exe, Home, run};
use crate::harness::people::sign_up;
use std::fs::{self, Permissions};
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Starts a server, and stops it once it listens.
fn visit(home: &Home, arguments: &[&str]) -> Ended {
    let mut exe = home.serve(arguments);
    exe.signal("TERM");
    let ended = exe.wait();
    assert!(ended.status.success(), "{}", ended.stderr);
    ended
}

/// A home with a data file in it.
fn home_with_a_file() -> Home {
    let home = Home::new();
    assert_eq!(visit(&home, &[]).stderr, "");
    assert_eq!(mode(&home.data()), 0o600);
    home
}

#[test]
fn a_data_file_that_others_could_read_or_write_is_closed_to_them_and_it_is_said() {
    let home = home_with_a_file();
    for open in [0o666, 0o644, 0o660, 0o640, 0o604, 0o777] {
        set_mode(&home.data(), open);
        let said = visit(&home, &[]).stderr;
        assert_eq!(mode(&home.data()), 0o600, "{open:o}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(
            said.contains("chapp.redb") && said.contains(&format!("mode {open:o}")),
            "{said}"
        );
        assert_eq!(visit(&home, &[]).stderr, "", "once is enough");
    }
}

#[test]
fn a_link_to_a_data_file_closes_the_file_behind_it() {
    let home = home_with_a_file();
    let link = home.path().join("link.redb");
    symlink(home.data(), &link).unwrap();
    set_mode(&home.data(), 0o644);
    let arguments = ["--no-open", "--listen", "127.0.0.1:0", "--data", link.to_str().unwrap()];
    let mut exe = Exe::started(home.command(&arguments));
    exe.signal("TERM");
    let said = exe.wait().stderr;
    assert_eq!(mode(&home.data()), 0o600);
    assert!(said.contains("mode 644"), "{said}");
}

#[test]
fn the_copy_that_an_upgrade_keeps_is_closed_to_others_as_well() {
    let home = Home::new();
    let packed: &[u8] = include_bytes!("files/format-2.redb.gz");
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    fs::write(home.data(), bytes).unwrap();
    set_mode(&home.data(), 0o644);
    let said = visit(&home, &[]).stderr;
    let copy = home.path().join("chapp.redb.format-2");
    assert_eq!((mode(&home.data()), mode(&copy)), (0o600, 0o600), "{said}");
    assert_eq!(
        said.lines().filter(|line| line.contains("mode 644")).count(),
        2,
        "{said}"
    );
}

#[test]
fn a_link_that_is_named_like_a_copy_opens_no_way_to_another_file() {
    let home = home_with_a_file();
    let other = home.path().join("other");
    fs::write(&other, "mine").unwrap();
    set_mode(&other, 0o644);
    symlink(&other, home.path().join("chapp.redb.format-9")).unwrap();
    assert_eq!(visit(&home, &[]).stderr, "");
    assert_eq!(mode(&other), 0o644);
}

#[test]
fn a_file_that_is_no_data_file_keeps_its_mode() {
    let home = Home::new();
    fs::write(home.data(), "a letter to the editor").unwrap();
    set_mode(&home.data(), 0o644);
    let data = home.data();
    let ended = run(home.command(&["--no-open", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()]));
    assert!(!ended.status.success() && ended.stderr.contains("is not a Chapp data file"));
    assert_eq!(mode(&home.data()), 0o644);
}

#[test]
fn a_folder_that_others_may_write_to_is_warned_of_with_what_to_do() {
    let home = home_with_a_file();
    for open in [0o777, 0o775, 0o1777, 0o702] {
        set_mode(home.path(), open);
        let said = visit(&home, &[]).stderr;
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(
            said.contains(&format!("mode {open:o}")) && said.contains("chmod go-w"),
            "{said}"
        );
        assert_eq!(mode(home.path()), open, "it may be meant so");
    }
    for closed in [0o755, 0o700] {
        set_mode(home.path(), closed);
        assert_eq!(visit(&home, &[]).stderr, "", "{closed:o}");
    }
}

#[test]
fn the_folder_that_chapp_makes_for_itself_is_for_this_user_alone() {
    let home = Home::new();
    let path = run(home.command(&["where"])).stdout;
    let mut exe = Exe::started(home.command(&["--no-open", "--listen", "127.0.0.1:0"]));
    sign_up(exe.address, "Ada");
    exe.signal("TERM");
    assert_eq!(exe.wait().stderr, "");
    let data = Path::new(path.trim_end());
    assert_eq!((mode(data), mode(data.parent().unwrap())), (0o600, 0o700));
}

/// Only root can give a file away.
#[test]
fn a_file_of_somebody_else_is_left_as_it_is_and_they_are_told_what_to_do() {
    let home = home_with_a_file();
    if chown(home.data(), Some(4_280), None).is_err() {
        return;
    }
    set_mode(&home.data(), 0o644);
    let said = visit(&home, &[]).stderr;
    assert_eq!(mode(&home.data()), 0o644);
    assert!(said.contains("another user") && said.contains("chmod 600"), "{said}");
}
