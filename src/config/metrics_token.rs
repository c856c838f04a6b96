//! The token with which a scraper reads the metrics from anywhere: read from a file at the start, kept as a digest.

use crate::limits::{METRICS_TOKEN_CHARS_MAX, METRICS_TOKEN_CHARS_MIN};
use ctutils::CtEq;
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// The token, as its SHA-256.
#[derive(Clone, PartialEq, Eq)]
pub struct MetricsToken([u8; 32]);

impl fmt::Debug for MetricsToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetricsToken")
    }
}

impl MetricsToken {
    /// Reads it from a file that holds nothing else.
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

    /// Whether this is it. Takes as long where it is not.
    pub fn is(&self, shown: &str) -> bool {
        self.0.ct_eq(&digest(shown)).to_bool()
    }
}

/// What is in a file, and whether others can get at it. What is longer than a token may be is cut.
fn contents(path: &Path) -> io::Result<(String, bool)> {
    // A pipe that nobody writes to would be waited for when it is opened.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let file = File::open(path)?;
    let is_open = others_can_use(&file)?;
    let mut text = String::new();
    // White space around it, and one byte by which it is seen to be too long.
    file.take(2 * METRICS_TOKEN_CHARS_MAX as u64)
        .read_to_string(&mut text)?;
    Ok((text, is_open))
}

/// Whether all others can read or write it, or its group write it. A group that may read it is how a service gets it.
#[cfg(unix)]
fn others_can_use(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o026 != 0)
}

/// Elsewhere nobody can tell by a few bits.
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
