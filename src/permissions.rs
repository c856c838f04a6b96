//! Who else on this computer may read or write what Chapp keeps. A data file holds all messages, and a user who may
//! write to its folder can put another one in its place.
//!
//! Only for Unix: on Windows a file is as private as the folder that it is in, and those of a user are.

use std::io;
use std::path::Path;

/// Makes a folder, and those above it, for this user alone (XDG Base Directory Specification).
///
/// # Errors
/// When the system says no.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    let mut how = std::fs::DirBuilder::new();
    how.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut how, 0o700);
    how.create(path)
}

/// Closes a data file, and the copies of it that Chapp made beside it, to everybody else, and warns where its folder is
/// open to others. Does not fail: somebody else may have set it up so, and it can be read in the log.
///
/// Must be called once the file is known to be a data file: one that was named by a slip stays as it is.
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

    /// Reading, writing and running, for the group and for everybody else.
    const OTHERS: u32 = 0o077;
    /// Writing, likewise.
    const OTHERS_WRITE: u32 = 0o022;
    const PRIVATE: u32 = 0o600;

    /// What Chapp calls what it makes beside a data file: drafts, and the file as an older version left it.
    const COPIES: [&str; 2] = [".new-", ".format-"];

    pub fn close_to_others(data: &Path) {
        // What is behind a link is the file, and its folder is the one that counts.
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

    /// The mode that it had, where it was open to others; else why it still is, and what to do.
    fn try_close(path: &Path) -> Result<Option<u32>, String> {
        // Not through a link, which in a folder of others could lead anywhere; and not waiting for a pipe.
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
        // Some disks take permissions and forget them.
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
