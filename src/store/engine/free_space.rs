//! How much disk space must stay free: a little for messages, much more for files.

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

    /// Whether free space is above the reserve.
    pub fn has_room(&self) -> bool {
        free_bytes(&self.path) >= self.messages_min
    }

    /// Whether there is enough free space that uploads cannot crowd out messages.
    pub fn has_room_for_uploads(&self) -> bool {
        free_bytes(&self.path) >= self.uploads_floor()
    }

    fn uploads_floor(&self) -> u64 {
        let all = fs4::total_space(folder(&self.path)).unwrap_or(0);
        self.uploads_min.max(all / 100 * self.uploads_percent)
    }
}

/// The free bytes on the disk of `path`. If they are unknown, the maximum: the commit itself will show whether there is
/// enough.
pub fn free_bytes(path: &Path) -> u64 {
    fs4::available_space(folder(path)).unwrap_or(u64::MAX)
}
