//! The number of the last commit of a data file, in a small file beside it (`store/FORMAT.md`), so that a backup which
//! is put in the file's place at once, with its name and hardly its age, is recognized.

use super::record::Salt;
use std::fs;
use std::path::{Path, PathBuf};

/// The file about one data file: `STATE SALT NUMBER`, and where it is being opened the salt before.
pub struct LastCommitFile(Option<PathBuf>);

impl LastCommitFile {
    pub fn of(data: &Path) -> LastCommitFile {
        let path = || {
            let data = data.canonicalize().ok()?;
            let name = data.file_name()?.to_string_lossy().into_owned();
            Some(data.with_file_name(format!(".{name}.last-commit")))
        };
        LastCommitFile(path())
    }

    /// Whether a data file with this salt, whose last commit is the `count`-th, is not the one that we left.
    pub fn contradicts(&self, salt: &[u8], count: u64) -> bool {
        let text = self.0.as_ref().and_then(|path| fs::read_to_string(path).ok());
        let text = text.unwrap_or_default();
        let words: Vec<&str> = text.split_whitespace().collect();
        let (Some([state, known, number]), before) = (words.first_chunk::<3>(), words.get(3)) else {
            return false;
        };
        let Ok(number) = number.parse::<u64>() else {
            return false;
        };
        let salt = hex(salt);
        match *state {
            "closed" => *known != salt || count != number,
            // It went on from there, and nobody has written down how far.
            "open" => *known != salt || count < number,
            "opening" if before == Some(&&*salt) => count + 1 != number,
            "opening" => *known != salt || count < number,
            "foreign" => true,
            _ => false,
        }
    }

    /// It is about to get another salt with commit `count`; on the disk when this returns, or a loss of power could
    /// make us take the file for another one.
    pub fn opening(&self, before: &[u8], salt: &Salt, count: u64) {
        let text = format!("opening {} {count} {}", hex(salt), hex(before));
        if let Some(path) = &self.0 {
            // Nothing acknowledged depends on it.
            let _ = fs::write(path, text).and_then(|()| fs::File::open(path)?.sync_all());
        }
    }

    /// It is open, and has at least so many commits.
    pub fn open_at(&self, salt: &Salt, count: u64) {
        self.write(&format!("open {} {count}", hex(salt)));
    }

    /// It was closed after so many commits.
    pub fn closed_at(&self, salt: &Salt, count: u64) {
        self.write(&format!("closed {} {count}", hex(salt)));
    }

    /// Somebody else has written to it, or has put another file in its place.
    pub fn foreign(&self) {
        self.write("foreign - 0");
    }

    fn write(&self, text: &str) {
        if let Some(path) = &self.0 {
            // Nothing acknowledged depends on it.
            let _ = fs::write(path, text);
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
