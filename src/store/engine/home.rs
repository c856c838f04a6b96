//! Which file on which machine a data file is: a copy or a restored backup has another home than the one that is written in it.

use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self};
use std::path::Path;

/// Which file on which machine this is. Not on which device: its number changes with the order in which disks are found.
pub fn home(path: &Path) -> io::Result<[u8; 32]> {
    #[cfg(unix)]
    let file = std::os::unix::fs::MetadataExt::ino(&fs::metadata(path)?);
    #[cfg(not(unix))]
    let file = file_id::get_file_id(path)?;
    Ok(digest(&format!("{file:?}")))
}

/// The same as files of formats 1 to 4 have it.
pub fn home_until_4(path: &Path) -> io::Result<[u8; 32]> {
    Ok(digest(&format!("{:?}", file_id::get_file_id(path)?)))
}

fn digest(file: &str) -> [u8; 32] {
    let machine = fs::read("/etc/machine-id").unwrap_or_default();
    Sha256::new().chain_update(file).chain_update(machine).finalize().into()
}
