//! The token that lets a scraper read the metrics from anywhere. It is read from a file at the start and kept as a
//! digest.

use crate::limits::{METRICS_TOKEN_CHARS_MAX, METRICS_TOKEN_CHARS_MIN};
use ctutils::CtEq;
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// The SHA-256 of the token.
#[derive(Clone, PartialEq, Eq)]
pub struct MetricsToken([u8; 32]);

impl fmt::Debug for MetricsToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetricsToken")
    }
}

impl MetricsToken {
    /// Reads the token from a file that contains nothing else.
    ///
    /// # Errors
    /// A sentence for the terminal.
    pub fn read(path: &Path) -> Result<MetricsToken, String> {
        let file = path.display();
        let (text, is_open) = contents(path).map_err(|error| {
            format!(
                "The token for the metrics cannot be read from {file} ({error}). Name a file that Chapp can read: \
                 chapp --metrics-token-file FILE"
            )
        })?;
        if is_open {
            return Err(format!(
                "Others on this computer can read or change the token for the metrics in {file}. Keep it to Chapp: \
                 chmod 600 {file}"
            ));
        }
        let token = text.trim();
        if token.is_empty() {
            return Err(format!(
                "There is no token for the metrics in {file}. Write one into it."
            ));
        }
        let is_long_enough = (METRICS_TOKEN_CHARS_MIN..=METRICS_TOKEN_CHARS_MAX).contains(&token.len());
        match is_long_enough && token.bytes().all(may_be_in_a_token) {
            true => Ok(MetricsToken(digest(token))),
            false => Err(format!(
                "The token for the metrics in {file} cannot be one. It has {METRICS_TOKEN_CHARS_MIN} to \
                 {METRICS_TOKEN_CHARS_MAX} letters, digits and -._~+/= without spaces."
            )),
        }
    }

    /// Whether `shown` is the token, in constant time.
    pub fn is(&self, shown: &str) -> bool {
        self.0.ct_eq(&digest(shown)).to_bool()
    }
}

/// The contents of a file, and whether others can access it. A text longer than any token is cut off.
fn contents(path: &Path) -> io::Result<(String, bool)> {
    // Opening a pipe would wait until somebody writes to it.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let file = File::open(path)?;
    let is_open = others_can_use(&file)?;
    let mut text = String::new();
    // Room for white space around the token, and for a byte that shows it is too long.
    file.take(2 * METRICS_TOKEN_CHARS_MAX as u64)
        .read_to_string(&mut text)?;
    Ok((text, is_open))
}

/// Whether others can read or write the file, or its group can write it. A service may get it through its group's
/// read permission.
#[cfg(unix)]
fn others_can_use(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o026 != 0)
}

/// Other systems do not express this in mode bits.
#[cfg(not(unix))]
fn others_can_use(_: &File) -> io::Result<bool> {
    Ok(false)
}

/// RFC 6750 §2.1, `b64token`.
fn may_be_in_a_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte)
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
