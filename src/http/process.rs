//! The current memory and open files of this process, as reported by the system.

use std::fs;

/// The figures of this process. `None` where the system does not report one.
pub struct Process {
    /// Resident memory in bytes.
    pub resident_bytes: Option<u64>,
    /// Number of open files, including sockets.
    pub open_files: Option<u64>,
    /// Maximum number of open files.
    pub open_files_max: Option<u64>,
}

impl Process {
    /// Reads the figures. May block for milliseconds if many files are open.
    pub fn read() -> Process {
        Process {
            resident_bytes: resident_bytes(),
            open_files: open_files(),
            open_files_max: open_files_max(),
        }
    }
}

/// Linux reports it in KiB (proc_pid_status(5)).
fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib << 10)
}

/// The folder with an entry for each open file, if the system has one.
#[cfg(unix)]
fn open_files() -> Option<u64> {
    let folder = if cfg!(target_os = "linux") {
        "/proc/self/fd"
    } else {
        "/dev/fd"
    };
    // Since 6.2, Linux reports their number as the size of the folder.
    if let Ok(about) = fs::metadata(folder)
        && cfg!(target_os = "linux")
        && about.len() > 0
    {
        return Some(about.len());
    }
    // One of the entries is for reading the folder itself.
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
