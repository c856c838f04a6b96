//! The number of the last commit of a data file, in a small file beside it (`store/FORMAT.md`), so that a backup which
//! is put in the file's place at once, with its name and hardly its age, is recognized.

use super::record::Salt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// The last word about a data file that has shown itself to be damaged.
const DAMAGED: &str = "damaged";

/// The file about one data file: `STATE SALT NUMBER`, where it is being opened the salt before, and `damaged` where
/// somebody has met a row that is not what was written. Such a file is checked when it is opened again: a restart must
/// not make it look sound.
pub struct LastCommitFile {
    path: Option<PathBuf>,
    is_damaged: AtomicBool,
}

impl LastCommitFile {
    pub fn of(data: &Path) -> LastCommitFile {
        let path = || {
            let data = data.canonicalize().ok()?;
            let name = data.file_name()?.to_string_lossy().into_owned();
            Some(data.with_file_name(format!(".{name}.last-commit")))
        };
        LastCommitFile {
            path: path(),
            is_damaged: AtomicBool::new(false),
        }
    }

    fn text(&self) -> String {
        let text = self.path.as_ref().and_then(|path| fs::read_to_string(path).ok());
        text.unwrap_or_default()
    }

    /// Whether the data file has shown itself to be damaged when it was open before.
    pub fn says_damaged(&self) -> bool {
        self.text().split_whitespace().last() == Some(DAMAGED)
    }

    /// From now on it says whether the data file is damaged with whatever else it says.
    pub fn set_damaged(&self, is_damaged: bool) {
        self.is_damaged.store(is_damaged, Relaxed);
    }

    /// The data file has been checked, and is not damaged.
    pub fn sound(&self) {
        self.set_damaged(false);
        if let Some(text) = self.text().strip_suffix(DAMAGED) {
            self.write(text.trim_end());
        }
    }

    /// The data file is damaged: says so at once, if it does not yet.
    pub fn damaged(&self) {
        let text = self.text();
        if !self.is_damaged.swap(true, Relaxed) && !text.is_empty() {
            self.write(&text);
        }
    }

    /// Whether a data file with this salt, whose last commit is the `count`-th, is not the one that we left.
    pub fn contradicts(&self, salt: &[u8], count: u64) -> bool {
        let text = self.text();
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
        self.write(&text);
        if let Some(path) = &self.path {
            // Nothing acknowledged depends on it.
            let _ = fs::File::open(path).and_then(|file| file.sync_all());
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
        let Some(path) = &self.path else { return };
        // Nothing acknowledged depends on it.
        let _ = match self.is_damaged.load(Relaxed) {
            true => fs::write(path, format!("{text} {DAMAGED}")),
            false => fs::write(path, text),
        };
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
