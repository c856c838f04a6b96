//! Records the number of the last commit of a data file in a small file beside it (`store/FORMAT.md`). If the data
//! file is replaced with a backup of the same name and almost the same age, the number reveals it.

use super::draft::{draft_path, sweep};
use super::record::Salt;
use data_encoding::HEXLOWER;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// The last word of the file, if the data file is known to be damaged.
const DAMAGED: &str = "damaged";

/// The first word of the file while the data file is being opened.
const OPENING: &str = "opening";

/// The suffix of the file's name.
const SUFFIX: &str = ".last-commit";

/// An upper bound on the length of the file.
const NOTE_BYTES_MAX: u64 = 4 << 10;

/// The file beside one data file. It contains `STATE SALT NUMBER`, then the previous salt while the data file is being
/// opened, then `damaged` if a damaged row or page has been found. A data file marked damaged is checked when it is
/// opened again: a restart must not make it look sound.
pub struct LastCommitFile {
    path: Option<PathBuf>,
    is_damaged: AtomicBool,
    /// Whether a failed write has been logged.
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

    /// Removes what a kill left behind. Only the process that has the data file open may call this: these drafts have
    /// no lock.
    pub fn sweep(&self) {
        if let Some(path) = &self.path {
            sweep(path);
        }
    }

    /// What it says now.
    pub fn note(&self) -> Note {
        Note(self.text())
    }

    /// Sets whether later writes also say that the data file is damaged.
    pub fn set_damaged(&self, is_damaged: bool) {
        self.is_damaged.store(is_damaged, Relaxed);
    }

    /// Records that the data file has been checked and is sound.
    pub fn record_sound(&self) {
        self.set_damaged(false);
        if let Some(text) = self.text().strip_suffix(DAMAGED) {
            self.write(text.trim_end(), SyncPolicy::No);
        }
    }

    /// Records at once that the data file is damaged, unless that is already recorded.
    pub fn record_damaged(&self) {
        if self.is_damaged.swap(true, Relaxed) {
            return;
        }
        let text = self.text();
        if !text.is_empty() {
            self.write(&text, SyncPolicy::No);
        }
    }

    /// Records that commit `commit_number` will change the salt. This is durable on return: otherwise, after a power
    /// loss, we could mistake the data file for a different one.
    pub fn record_opening(&self, before: &[u8], salt: &Salt, commit_number: u64) {
        let text = format!(
            "{OPENING} {} {commit_number} {}",
            HEXLOWER.encode(salt),
            HEXLOWER.encode(before)
        );
        if !self.write(&text, SyncPolicy::Yes)
            && let Some(path) = &self.path
        {
            // The old contents are no longer true. A missing file is harmless.
            let _ = fs::remove_file(path);
        }
    }

    /// Records that the data file is open and has commit `commit_number`.
    pub fn record_open(&self, salt: &Salt, commit_number: u64) {
        self.write(
            &format!("open {} {commit_number}", HEXLOWER.encode(salt)),
            SyncPolicy::No,
        );
    }

    /// Records that the data file was closed after commit `commit_number`.
    pub fn record_closed(&self, salt: &Salt, commit_number: u64) {
        self.write(
            &format!("closed {} {commit_number}", HEXLOWER.encode(salt)),
            SyncPolicy::No,
        );
    }

    /// Records that another program has written to the data file or replaced it.
    pub fn record_foreign(&self) {
        self.write("foreign - 0", SyncPolicy::No);
    }

    /// Writes the file, and returns whether that succeeded. Nothing acknowledged depends on it.
    fn write(&self, text: &str, sync: SyncPolicy) -> bool {
        let Some(path) = &self.path else { return false };
        let written = match self.is_damaged.load(Relaxed) {
            true => replace(path, &format!("{text} {DAMAGED}"), sync),
            false => replace(path, text, sync),
        };
        if let Err(error) = &written
            && !self.has_warned.swap(true, Relaxed)
        {
            tracing::warn!(%error, "{path:?} cannot be written, so a backup that replaces the data file may not be recognized");
        }
        written.is_ok()
    }
}

/// What the file said when it was read.
pub struct Note(String);

impl Note {
    /// Whether the data file was found damaged while it was last open.
    pub fn says_damaged(&self) -> bool {
        self.0.split_whitespace().last() == Some(DAMAGED)
    }

    /// Whether the process ended while it was opening the data file. The file may be damaged in a way that makes redb
    /// abort the process instead of panicking.
    pub fn says_opening(&self) -> bool {
        self.0.starts_with(OPENING)
    }

    /// Whether a data file with this salt and last commit `commit_number` is not the one that we left.
    pub fn contradicts(&self, salt: &[u8], commit_number: u64) -> bool {
        let words: Vec<&str> = self.0.split_whitespace().collect();
        let (Some([state, known, number]), before) = (words.first_chunk::<3>(), words.get(3)) else {
            return false;
        };
        let Ok(number) = number.parse::<u64>() else {
            return false;
        };
        let salt = HEXLOWER.encode(salt);
        match *state {
            "closed" => *known != salt || commit_number != number,
            // Later commits were not recorded, so only a lower number is a contradiction.
            "open" => *known != salt || commit_number < number,
            OPENING if before == Some(&&*salt) => commit_number + 1 != number,
            OPENING => *known != salt || commit_number < number,
            "foreign" => true,
            _ => false,
        }
    }
}

/// Whether the file must be durable before anything else is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SyncPolicy {
    Yes,
    No,
}

/// Reads the file. A link, a pipe or anything else with its name counts as missing.
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

/// Replaces the file, and never writes through an existing link or pipe.
fn replace(path: &Path, text: &str, sync: SyncPolicy) -> io::Result<()> {
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
        // Sync after the rename, so that one sync covers both.
        SyncPolicy::Yes => file.sync_all(),
        SyncPolicy::No => Ok(()),
    }
}

/// Gives the file the owner of the data file, so that the server can read it after root has run a command.
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
