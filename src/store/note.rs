//! What we remember about a data file outside of it: the number of its last commit.
//!
//! A backup that is copied over the file keeps the file's identity and, done at once, hardly its age;
//! but it ends at an earlier commit than the one we remember. Without a folder for notes, or without
//! a note, that goes unnoticed, and nothing else does.

use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// Where the note about one data file is.
pub(super) struct Note(Option<PathBuf>);

impl Note {
    pub fn about(data: &Path, folder: Option<&Path>) -> Note {
        let path = || {
            let data = data.canonicalize().ok()?;
            let digest = Sha256::digest(data.as_os_str().as_encoded_bytes());
            let name: String = digest[..8].iter().map(|b| format!("{b:02x}")).collect();
            Some(folder?.join(format!("commits-{name}")))
        };
        Note(path())
    }

    /// Whether a file whose last commit is the `count`-th is not the one that we left.
    pub fn contradicts(&self, count: u64) -> bool {
        let text = self.0.as_ref().and_then(|path| fs::read_to_string(path).ok());
        let Some((state, number)) = text.as_deref().and_then(|text| text.trim().split_once(' ')) else {
            return false;
        };
        match (state, number.parse::<u64>()) {
            ("closed-at", Ok(last)) => count != last,
            // It went on from there, and nobody wrote down how far.
            ("opened-at", Ok(first)) => count < first,
            _ => false,
        }
    }

    pub fn opened_at(&self, count: u64) {
        self.write(&format!("opened-at {count}"));
    }

    pub fn closed_at(&self, count: u64) {
        self.write(&format!("closed-at {count}"));
    }

    fn write(&self, text: &str) {
        if let Some(path) = &self.0 {
            // Nothing depends on it.
            let _ = path.parent().map(fs::create_dir_all);
            let _ = fs::write(path, text);
        }
    }
}
