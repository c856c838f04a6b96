//! Drafts: files that are written beside the file they replace, under a name of their own, and renamed once they are
//! complete. Not `tempfile`: a draft's name says which file it belongs to, and its lock says that it is in use, so the
//! next start can remove what a kill left behind.

use super::random::random;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Removes the drafts of the file at `path` that a kill left behind. A draft whose lock another process holds is in use
/// and stays.
pub fn sweep(path: &Path) {
    let prefix = draft_prefix(path);
    for entry in fs::read_dir(folder(path)).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // Leave other files with such a name alone: they are not ours. Opening a pipe would block until it has a
        // writer.
        let is_draft = name.starts_with(&prefix) && is_draft_name(&name);
        let is_file = || fs::symlink_metadata(entry.path()).is_ok_and(|about| about.is_file());
        let abandoned = || File::open(entry.path()).is_ok_and(|draft| draft.try_lock().is_ok());
        if is_draft && is_file() && abandoned() {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Syncs the folder of a file, which makes new names durable.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder(path))?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// The folder of a file.
pub fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The path of a new draft beside a data file.
pub fn draft_path(path: &Path) -> io::Result<PathBuf> {
    let number = u64::from_le_bytes(random()?);
    Ok(path.with_file_name(format!("{}{number:016x}", draft_prefix(path))))
}

/// Whether this is the name of a draft, for any file.
pub fn is_draft_name(name: &str) -> bool {
    let number = name.rsplit_once(".new-").map(|(_, number)| number);
    let is_digit = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    number.is_some_and(|number| number.len() == 16 && number.bytes().all(is_digit))
}

fn draft_prefix(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!("{name}.new-")
}
