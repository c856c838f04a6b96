//! The number of the last commit of a data file, in a small file beside it (`store/FORMAT.md`), so that a backup which
//! is put in the file's place at once, with its name and hardly its age, is recognized.

use super::draft::{draft_path, sweep};
use super::record::Salt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// The last word about a data file that has shown itself to be damaged.
const DAMAGED: &str = "damaged";

/// The first word about a data file that is being opened.
const OPENING: &str = "opening";

/// How the name of the note ends.
const SUFFIX: &str = ".last-commit";

/// More than any note has.
const NOTE_BYTES_MAX: u64 = 4 << 10;

/// The file about one data file: `STATE SALT NUMBER`, where it is being opened the salt before, and `damaged` where
/// somebody has met a row that is not what was written. Such a file is checked when it is opened again: a restart must
/// not make it look sound.
pub struct LastCommitFile {
    path: Option<PathBuf>,
    is_damaged: AtomicBool,
    /// Whether it was said that it cannot be written.
    has_warned: AtomicBool,
}

impl LastCommitFile {
    pub fn of(data: &Path) -> LastCommitFile {
        let path = || {
            let data = data.canonicalize().ok()?;
            let name = data.file_name()?.to_string_lossy().into_owned();
            Some(data.with_file_name(format!(".{name}{SUFFIX}")))
        };
        LastCommitFile {
            path: path(),
            is_damaged: AtomicBool::new(false),
            has_warned: AtomicBool::new(false),
        }
    }

    fn text(&self) -> String {
        let text = self.path.as_ref().and_then(|path| read(path).ok());
        text.unwrap_or_default()
    }

    /// Removes what a kill left behind. Only the process that has the data file open may do so.
    pub fn sweep(&self) {
        if let Some(path) = &self.path {
            sweep(path);
        }
    }

    /// Whether the data file has shown itself to be damaged when it was open before.
    pub fn says_damaged(&self) -> bool {
        self.text().split_whitespace().last() == Some(DAMAGED)
    }

    /// Whether the data file was being opened when the process ended: it may be damaged in a way over which redb ends
    /// the process, and not only panics.
    pub fn says_opening(&self) -> bool {
        self.text().starts_with(OPENING)
    }

    /// From now on it says whether the data file is damaged with whatever else it says.
    pub fn set_damaged(&self, is_damaged: bool) {
        self.is_damaged.store(is_damaged, Relaxed);
    }

    /// The data file has been checked, and is not damaged.
    pub fn sound(&self) {
        self.set_damaged(false);
        if let Some(text) = self.text().strip_suffix(DAMAGED) {
            self.write(text.trim_end(), Sync::No);
        }
    }

    /// The data file is damaged: says so at once, if it does not yet.
    pub fn damaged(&self) {
        if self.is_damaged.swap(true, Relaxed) {
            return;
        }
        let text = self.text();
        if !text.is_empty() {
            self.write(&text, Sync::No);
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
            OPENING if before == Some(&&*salt) => count + 1 != number,
            OPENING => *known != salt || count < number,
            "foreign" => true,
            _ => false,
        }
    }

    /// It is about to get another salt with commit `count`; on the disk when this returns, or a loss of power could
    /// make us take the file for another one.
    pub fn opening(&self, before: &[u8], salt: &Salt, count: u64) {
        let text = format!("{OPENING} {} {count} {}", hex(salt), hex(before));
        if !self.write(&text, Sync::Yes)
            && let Some(path) = &self.path
        {
            // What it says is not true any more, and none does no harm.
            let _ = fs::remove_file(path);
        }
    }

    /// It is open, and has at least so many commits.
    pub fn open_at(&self, salt: &Salt, count: u64) {
        self.write(&format!("open {} {count}", hex(salt)), Sync::No);
    }

    /// It was closed after so many commits.
    pub fn closed_at(&self, salt: &Salt, count: u64) {
        self.write(&format!("closed {} {count}", hex(salt)), Sync::No);
    }

    /// Somebody else has written to it, or has put another file in its place.
    pub fn foreign(&self) {
        self.write("foreign - 0", Sync::No);
    }

    /// Whether it says so now. Nothing acknowledged depends on it.
    fn write(&self, text: &str, sync: Sync) -> bool {
        let Some(path) = &self.path else { return false };
        let written = match self.is_damaged.load(Relaxed) {
            true => replace(path, &format!("{text} {DAMAGED}"), sync),
            false => replace(path, text, sync),
        };
        if let Err(error) = &written
            && !self.has_warned.swap(true, Relaxed)
        {
            tracing::warn!(%error, "{path:?} cannot be written, so a backup put in the place of the data file may not be recognized");
        }
        written.is_ok()
    }
}

/// Whether a note must be on the disk before anything else is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sync {
    Yes,
    No,
}

/// Reads a note. Whatever else has its name, a link or a pipe that somebody put there, is none.
fn read(path: &Path) -> io::Result<String> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits().cast_signed());
    }
    #[cfg(not(unix))]
    if fs::symlink_metadata(path)?.is_symlink() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut text = String::new();
    file.take(NOTE_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

/// Puts another note in the place of whatever is there, and writes through nothing that is.
fn replace(path: &Path, text: &str, sync: Sync) -> io::Result<()> {
    let draft = draft_path(path)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    let replaced = own_like(path, &file)
        .and_then(|()| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&draft, path));
    if replaced.is_err() {
        drop(file);
        let _ = fs::remove_file(&draft);
        return replaced;
    }
    match sync {
        // After it has its name, so that one sync brings both to the disk.
        Sync::Yes => file.sync_all(),
        Sync::No => Ok(()),
    }
}

/// Root, who runs a command on the file of a server, leaves a note that the server can read.
#[cfg(unix)]
fn own_like(note: &Path, file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let name = note.file_name().unwrap_or_default().to_string_lossy();
    let data = name.strip_prefix('.').and_then(|name| name.strip_suffix(SUFFIX));
    let Some(Ok(data)) = data.map(|data| fs::metadata(note.with_file_name(data))) else {
        return Ok(());
    };
    if rustix::process::geteuid().is_root() && data.uid() != file.metadata()?.uid() {
        fchown(file, Some(data.uid()), Some(data.gid()))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn own_like(_: &Path, _: &File) -> io::Result<()> {
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
