//! The output of `chapp check`. `crate::check` tests the findings.

use super::*;

#[test]
fn a_sound_file_ends_with_0_and_keeps_every_byte() {
    let home = Home::new();
    let path = with_messages(&home, 40);
    let before = fs::read(&path).unwrap();
    let said = succeeds(&home, &["check"]);
    assert!(
        said.contains("is sound: 40 messages") && said.contains("all pages"),
        "{said}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
    succeeds(&home, &["backup", "copy.redb"]);
    assert!(succeeds(&home, &["check", "copy.redb"]).contains("copy.redb is sound: 40 messages"));
    assert_eq!(names(home.path()), ["chapp.redb", "copy.redb"]);
}

#[test]
fn a_file_in_use_is_checked_by_the_server_that_uses_it() {
    let home = Home::new();
    with_messages(&home, 40);
    let _exe = home.serve(&[]);
    let said = succeeds(&home, &["check"]);
    assert!(
        said.contains("is sound: 40 messages") && said.contains("when Chapp is not running"),
        "{said}"
    );
}

#[test]
fn what_is_wrong_is_told_line_by_line_and_ends_with_1() {
    let home = Home::new();
    let path = with_messages(&home, 40);
    crate::check::plant_a_wrong_read_mark(&path);
    for exe in [None, Some(home.serve(&[]))] {
        let ended = command(&home, &["check"]);
        assert_eq!(ended.status.code(), Some(1));
        assert_eq!(
            ended.stdout,
            "read_marks (1, 1): 99 lies behind the end of the room, 40\n"
        );
        assert!(
            ended.stderr.contains("is not sound: 1 fault found, 0 of them damage."),
            "{}",
            ended.stderr
        );
        // Such a file is backed up anyway, with a warning.
        let ended = command(&home, &["backup", "copy.redb", "--force"]);
        assert!(
            ended.status.success() && ended.stderr.contains("at odds with itself in 1 places"),
            "{}",
            ended.stderr
        );
        drop(exe);
    }
}

#[test]
fn a_file_that_cannot_be_read_at_all_ends_with_2() {
    let home = Home::new();
    let path = with_messages(&home, 40);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(fails(&home, &["check"], 2).contains("is damaged"));
    fs::write(&path, "# Notes\n").unwrap();
    assert!(fails(&home, &["check"], 2).contains("is not a Chapp data file"));
    assert!(fails(&home, &["check", home.path().to_str().unwrap()], 2).contains("is not a Chapp data file"));
}
