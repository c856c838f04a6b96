//! Drafts: files that are written under a name of their own beside the file whose name they take once they are whole.

use super::random::random;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Removes the drafts that a kill left behind. Only the process that has the data file open may
/// do so, since others work on drafts.
pub fn sweep(path: &Path) {
    let prefix = draft_prefix(path);
    for entry in fs::read_dir(folder(path)).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // Other files of a name like that are somebody's own, and a pipe would wait for whoever writes to it.
        let is_draft = name.starts_with(&prefix) && is_draft_name(&name);
        let is_file = || fs::symlink_metadata(entry.path()).is_ok_and(|about| about.is_file());
        let abandoned = || File::open(entry.path()).is_ok_and(|draft| draft.try_lock().is_ok());
        if is_draft && is_file() && abandoned() {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Brings the names in the folder of a file to the disk.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder(path))?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Where a file lies.
pub fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The name of a new draft beside a data file.
pub fn draft_path(path: &Path) -> io::Result<PathBuf> {
    let number = u64::from_le_bytes(random()?);
    Ok(path.with_file_name(format!("{}{number:016x}", draft_prefix(path))))
}

/// Whether a file of this name is a draft of some file.
pub fn is_draft_name(name: &str) -> bool {
    let number = name.rsplit_once(".new-").map(|(_, number)| number);
    let is_digit = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    number.is_some_and(|number| number.len() == 16 && number.bytes().all(is_digit))
}

fn draft_prefix(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!("{name}.new-")
}
