//! How much room the disk must have left: a little for messages, much more for files.

use super::draft::folder;
use super::options::Options;
use std::path::{Path, PathBuf};

pub struct FreeSpace {
    path: PathBuf,
    messages_min: u64,
    uploads_min: u64,
    uploads_percent: u64,
}

impl FreeSpace {
    pub fn of(path: &Path, options: &Options) -> FreeSpace {
        FreeSpace {
            path: path.to_owned(),
            messages_min: options.disk_free_bytes_min,
            uploads_min: options.upload_free_bytes_min,
            uploads_percent: options.upload_free_percent,
        }
    }

    /// Whether there is room for more than the last bytes of the disk.
    pub fn has_room(&self) -> bool {
        free_bytes(&self.path) >= self.messages_min
    }

    /// Whether there is so much room that files cannot take it from messages.
    pub fn has_room_for_uploads(&self) -> bool {
        free_bytes(&self.path) >= self.uploads_floor()
    }

    fn uploads_floor(&self) -> u64 {
        let all = fs4::total_space(folder(&self.path)).unwrap_or(0);
        self.uploads_min.max(all / 100 * self.uploads_percent)
    }
}

/// Whether the disk of `path` has room for more than its last bytes.
pub fn has_room(path: &Path, options: &Options) -> bool {
    free_bytes(path) >= options.disk_free_bytes_min
}

/// Where nobody can tell, the commit will.
pub fn free_bytes(path: &Path) -> u64 {
    fs4::available_space(folder(path)).unwrap_or(u64::MAX)
}
