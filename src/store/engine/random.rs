//! Random bytes.

use super::record::{SALT_BYTES, Salt};
use std::io;

/// A salt for a newly opened journal.
pub fn new_salt() -> io::Result<Salt> {
    random::<SALT_BYTES>()
}

pub fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}
