//! What the system says about this process: its memory and its open files, as of now.

use std::fs;

/// This process, as the system sees it; nothing for what it does not tell.
pub struct Process {
    /// Memory that is resident, in bytes.
    pub resident_bytes: Option<u64>,
    /// Files that are open, sockets among them.
    pub open_files: Option<u64>,
    /// How many can be open.
    pub open_files_max: Option<u64>,
}

impl Process {
    /// Asks the system. May block for milliseconds where many files are open.
    pub fn read() -> Process {
        Process {
            resident_bytes: resident_bytes(),
            open_files: open_files(),
            open_files_max: open_files_max(),
        }
    }
}

/// Linux tells it in KiB (proc_pid_status(5)).
fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib << 10)
}

/// A folder with an entry for each, where the system has one.
#[cfg(unix)]
fn open_files() -> Option<u64> {
    let folder = if cfg!(target_os = "linux") {
        "/proc/self/fd"
    } else {
        "/dev/fd"
    };
    // Linux tells their number as the size of the folder (since 6.2).
    if let Ok(about) = fs::metadata(folder)
        && cfg!(target_os = "linux")
        && about.len() > 0
    {
        return Some(about.len());
    }
    // One of them reads the folder.
    let entries = fs::read_dir(folder).ok()?.count() as u64;
    Some(entries.saturating_sub(1))
}

#[cfg(not(unix))]
fn open_files() -> Option<u64> {
    None
}

#[cfg(unix)]
fn open_files_max() -> Option<u64> {
    rlimit::getrlimit(rlimit::Resource::NOFILE).ok().map(|(soft, _)| soft)
}

#[cfg(not(unix))]
fn open_files_max() -> Option<u64> {
    None
}
