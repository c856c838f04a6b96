//! `chapp check` and `chapp backup` of a read-only file: somebody else's, or on a read-only mount.

use super::*;
use crate::harness::exe::executable;
use crate::harness::people;
use crate::harness::socket::Socket;
use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::process::Command;

const NOBODY: u32 = 65_534;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A user without write access to root's files. If the tests do not run as root, it is the current user.
struct Nobody {
    home: Home,
    chapp: PathBuf,
    is_root: bool,
}

impl Nobody {
    /// In a home with the data file of a server that was killed, so that not everything is in its pages. Nobody may
    /// write to either.
    fn new() -> Nobody {
        let home = Home::new();
        let mut exe = home.serve(&[]);
        let ada = people::sign_up(exe.address, "Ada");
        Socket::open(exe.address, &ada).say("one", "the last words");
        exe.kill();
        let nobody = Nobody {
            is_root: fs::metadata(home.path()).unwrap().uid() == 0,
            chapp: home.path().join("chapp"),
            home,
        };
        // The build folder may not be readable for this user.
        fs::copy(executable(), &nobody.chapp).unwrap();
        set_mode(&nobody.home.data(), 0o444);
        set_mode(nobody.home.path(), 0o555);
        nobody
    }

    /// A folder that they may write to.
    fn own_folder(&self) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        if self.is_root {
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        folder
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command_of(&self.chapp, arguments);
        command.env("CHAPP_DATA", self.home.data());
        if self.is_root {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    /// The names in the folder, hidden ones included, and the bytes of the data file.
    fn everything(&self) -> (Vec<String>, Vec<u8>) {
        let files = fs::read_dir(self.home.path()).unwrap();
        let mut names: Vec<String> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        (names, fs::read(self.home.data()).unwrap())
    }
}

impl Drop for Nobody {
    fn drop(&mut self) {
        // Or it could not be removed.
        set_mode(self.home.path(), 0o755);
    }
}

#[test]
fn a_file_that_one_may_only_read_is_checked_and_backed_up_and_nothing_is_written_beside_it() {
    let nobody = Nobody::new();
    let before = nobody.everything();
    let ended = run(nobody.command(&["check"]));
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(
        ended.stdout.contains("is sound: 1 messages") && ended.stdout.contains("all pages"),
        "{}",
        ended.stdout
    );
    let folder = nobody.own_folder();
    let copy = folder.path().join("copy.redb");
    let ended = run(nobody.command(&["backup", copy.to_str().unwrap()]));
    assert!(ended.status.success(), "{}", ended.stderr);
    assert_eq!(is_sound(&copy), 1);
    assert_eq!(fs::metadata(&copy).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(names(folder.path()), ["copy.redb"]);
    assert!(nobody.everything() == before, "something was written");
}

#[test]
fn what_cannot_be_done_with_a_file_that_one_may_only_read_is_said_with_the_next_step() {
    let nobody = Nobody::new();
    let before = nobody.everything();
    let beside = nobody.home.path().join("copy.redb");
    for (arguments, words) in [
        (&["backup", "-"][..], "Name a file instead"),
        (&["backup", beside.to_str().unwrap()], "copy.redb could not be written"),
        (&["compact"], "cannot be written to"),
    ] {
        let ended = run(nobody.command(arguments));
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {}", ended.stdout);
        assert!(ended.stderr.contains(words), "{arguments:?}: {}", ended.stderr);
    }
    assert!(nobody.everything() == before, "something was written");
}

#[test]
fn a_file_that_one_may_not_even_read_is_said_to_be_so() {
    let nobody = Nobody::new();
    set_mode(&nobody.home.data(), if nobody.is_root { 0o400 } else { 0o000 });
    let folder = nobody.own_folder();
    let copy = folder.path().join("copy.redb");
    for (arguments, code) in [(&["check"][..], 2), (&["backup", copy.to_str().unwrap()], 1)] {
        let ended = run(nobody.command(arguments));
        assert_eq!(ended.status.code(), Some(code), "{}", ended.stdout);
        assert!(ended.stderr.contains("cannot be read by this user"), "{}", ended.stderr);
    }
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn a_file_on_a_disk_that_is_mounted_to_be_read_only_is_checked_and_backed_up() {
    let home = Home::new();
    let path = with_messages(&home, 40);
    let script = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && shift && exec \"$@\"";
    let mounted = |program: &str, arguments: &[&str]| {
        let mut command = home.command_of(
            Path::new("unshare"),
            &["--mount", "--map-root-user", "sh", "-c", script, "sh"],
        );
        command.arg(home.path()).arg(program).args(arguments);
        command.env("CHAPP_DATA", &path);
        run(command)
    };
    if !mounted("true", &[]).status.success() {
        // A container may not mount; the previous test covers the same code.
        eprintln!("nothing can be mounted here");
        return;
    }
    let chapp = executable();
    let chapp = chapp.to_str().unwrap();
    let ended = mounted(chapp, &["check"]);
    assert!(
        ended.stdout.contains("is sound: 40 messages"),
        "{}{}",
        ended.stdout,
        ended.stderr
    );
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.redb");
    let ended = mounted(chapp, &["backup", copy.to_str().unwrap()]);
    assert!(ended.status.success(), "{}", ended.stderr);
    assert_eq!(is_sound(&copy), 40);
    let ended = mounted(chapp, &["backup", "-"]);
    assert!(ended.stderr.contains("Name a file instead"), "{}", ended.stderr);
}

#[test]
fn a_backup_is_for_nobody_else_whatever_the_umask_and_whatever_it_replaces() {
    let home = Home::new();
    let path = with_messages(&home, 40);
    let copy = home.path().join("copy.redb");
    for _ in 0..2 {
        let mut command = home.command_of(Path::new("sh"), &["-c", "umask 000 && exec \"$@\"", "sh"]);
        command.arg(executable()).args(["backup", "copy.redb", "--force"]);
        command.env("CHAPP_DATA", &path);
        let ended = run(command);
        assert!(ended.status.success(), "{}", ended.stderr);
        assert_eq!(fs::metadata(&copy).unwrap().mode() & 0o7777, 0o600);
        set_mode(&copy, 0o666);
    }
}
