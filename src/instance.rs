//! Records the page of a running Chapp for each data file, so that a second start can open it.
//!
//! The note is in the user's cache folder, named after the path of the data file. It counts only if another process
//! has the data file open, so a note left by a crash does no harm.

use crate::permissions;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// The folder for these notes. It may be deleted at any time.
pub fn notes() -> Option<PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "Chapp")?;
    Some(dirs.cache_dir().to_owned())
}

/// The note for one data file. Removed when dropped.
pub struct Note(PathBuf);

impl Note {
    /// Records that `data` is served at `url`. Nothing depends on it, so a failed write is ignored.
    pub fn write(data: &Path, url: &str) -> Option<Note> {
        let path = path(data)?;
        permissions::create_private_folder(path.parent()?).ok()?;
        fs::write(&path, url).ok()?;
        Some(Note(path))
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The address at which another process serves its open data file.
pub fn url_of(data: &Path) -> Option<String> {
    let url = fs::read_to_string(path(data)?).ok()?;
    url.starts_with("http://").then_some(url)
}

fn path(data: &Path) -> Option<PathBuf> {
    Some(notes()?.join(format!("running-{}", name(data)?)))
}

/// The name of a data file in the names of sockets and notes. `None` if its folder does not exist. A file that was
/// removed under a running Chapp keeps its name, so that its contents can still be saved.
pub fn name(data: &Path) -> Option<String> {
    let removed = || {
        let folder = data.parent().filter(|folder| *folder != Path::new(""));
        let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
        Some(folder.join(data.file_name()?))
    };
    let data = data.canonicalize().ok().or_else(removed)?;
    let digest = Sha256::digest(data.as_os_str().as_encoded_bytes());
    Some(digest[..8].iter().map(|b| format!("{b:02x}")).collect())
}

/// The folders where the socket for commands may be, the preferred one first.
pub fn control_folders(data: &Path) -> Vec<PathBuf> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtime = runtime.filter(|folder| folder.is_absolute());
    let beside = data.file_name().map(|name| {
        let mut name = name.to_owned();
        name.push(".control");
        data.with_file_name(name)
    });
    let runtime = runtime.map(|folder| folder.join("chapp"));
    let cache = notes().map(|folder| folder.join("run"));
    [runtime, cache, beside].into_iter().flatten().collect()
}

/// The same for a command, whose environment may differ from the server's, under cron for instance.
pub fn control_folders_to_search(data: &Path) -> Vec<PathBuf> {
    let mut folders = control_folders(data);
    #[cfg(target_os = "linux")]
    if let Ok(about) = fs::metadata(data) {
        let user = std::os::unix::fs::MetadataExt::uid(&about);
        folders.push(PathBuf::from(format!("/run/user/{user}/chapp")));
    }
    folders
}
