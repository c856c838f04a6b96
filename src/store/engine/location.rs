//! Identifies a data file and its machine: a copied or restored file has another fingerprint than the `home` that is
//! recorded in it.

use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self};
use std::path::Path;

/// Identifies this file on this machine. The device number is left out: it depends on the order in which disks are
/// found.
pub fn location_fingerprint(path: &Path) -> io::Result<[u8; 32]> {
    #[cfg(unix)]
    let file = std::os::unix::fs::MetadataExt::ino(&fs::metadata(path)?);
    #[cfg(not(unix))]
    let file = file_id::get_file_id(path)?;
    Ok(digest(&format!("{file:?}")))
}

/// The fingerprint as files of formats 1 to 4 record it.
pub fn location_fingerprint_until_4(path: &Path) -> io::Result<[u8; 32]> {
    Ok(digest(&format!("{:?}", file_id::get_file_id(path)?)))
}

fn digest(file: &str) -> [u8; 32] {
    let machine = fs::read("/etc/machine-id").unwrap_or_default();
    Sha256::new().chain_update(file).chain_update(machine).finalize().into()
}
