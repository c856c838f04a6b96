//! Keeps other users of this computer from Chapp's files. A data file holds all messages, and a user who may write to
//! its folder can replace it.
//!
//! Only for Unix: on Windows a file inherits the permissions of its folder, and a user's own folders are private.

use std::io;
use std::path::Path;

/// Creates a folder and its parents for this user alone (XDG Base Directory Specification).
///
/// # Errors
/// When the system refuses.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    let mut how = std::fs::DirBuilder::new();
    how.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut how, 0o700);
    how.create(path)
}

/// Removes the permissions of others on a data file and on the copies that Chapp made beside it, and warns if its
/// folder is open to others. It never fails, since somebody else may have set it up that way. Problems are logged.
///
/// Call it only when the file is known to be a data file: another file that was named by mistake must not change.
pub fn close_to_others(data: &Path) {
    #[cfg(unix)]
    unix::close_to_others(data);
    #[cfg(not(unix))]
    let _ = data;
}

#[cfg(unix)]
mod unix {
    use rustix::fs::{Mode, OFlags, open};
    use rustix::process::geteuid;
    use std::fs::{self, File, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::path::Path;

    /// Read, write and execute for the group and all others.
    const OTHERS: u32 = 0o077;
    /// Write for the group and all others.
    const OTHERS_WRITE: u32 = 0o022;
    const PRIVATE: u32 = 0o600;

    /// Name parts of the files that Chapp creates beside a data file: drafts, and the file in an older format.
    const COPIES: [&str; 2] = [".new-", ".format-"];

    pub fn close_to_others(data: &Path) {
        // Follows a link, since the permissions of the real file and its folder count.
        let Ok(data) = data.canonicalize() else { return };
        close(&data);
        let (Some(folder), Some(name)) = (data.parent(), data.file_name()) else {
            return;
        };
        let name = name.to_string_lossy();
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let beside = entry.file_name();
            let rest = beside.to_string_lossy();
            let rest = rest.strip_prefix(&*name).unwrap_or_default();
            if COPIES.iter().any(|copy| rest.starts_with(copy)) {
                close(&entry.path());
            }
        }
        warn_of_folder(folder);
    }

    fn close(path: &Path) {
        match try_close(path) {
            Ok(None) => {}
            Ok(Some(mode)) => {
                tracing::warn!("{path:?} could be read or written by others (mode {mode:o}). Its mode is 600 now.");
            }
            Err(why) => tracing::warn!("{path:?} can be read or written by others. {why}"),
        }
    }

    /// The previous mode if the file was open to others. The error says why it still is, and what to do.
    fn try_close(path: &Path) -> Result<Option<u32>, String> {
        // Follows no link, which in a folder of others could lead anywhere, and does not wait for a pipe.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(file) = open(path, flags, Mode::empty()).map(File::from) else {
            return Ok(None);
        };
        let Ok(about) = file.metadata() else { return Ok(None) };
        if !about.is_file() || about.mode() & OTHERS == 0 {
            return Ok(None);
        }
        if about.uid() != geteuid().as_raw() {
            return Err(format!(
                "It belongs to another user, who should run: chmod 600 {path:?}"
            ));
        }
        let closed = file.set_permissions(Permissions::from_mode(PRIVATE));
        closed.map_err(|error| format!("Its mode could not be changed ({error})."))?;
        // Some file systems accept permissions and ignore them.
        match file.metadata().is_ok_and(|about| about.mode() & OTHERS == 0) {
            true => Ok(Some(about.mode() & 0o7777)),
            false => Err("Its disk keeps no permissions. Put the data file on another one.".to_owned()),
        }
    }

    fn warn_of_folder(folder: &Path) {
        let Ok(about) = fs::metadata(folder) else { return };
        if about.mode() & OTHERS_WRITE != 0 {
            let mode = about.mode() & 0o7777;
            tracing::warn!(
                "Others may write to {folder:?}, the folder of the data file (mode {mode:o}), and so put another file \
                 in its place. Run: chmod go-w {folder:?}"
            );
        }
    }
}
