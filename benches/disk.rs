//! The disk space of files.

use std::path::Path;
use std::{fs, io};

/// Allocated bytes of a file. A sparse file takes less than its length.
pub fn bytes(file: &Path) -> io::Result<u64> {
    let about = fs::metadata(file)?;
    #[cfg(unix)]
    return Ok(std::os::unix::fs::MetadataExt::blocks(&about) * 512);
    #[cfg(not(unix))]
    Ok(about.len())
}
