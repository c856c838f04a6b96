//! Keeps roots of redb intact for processes that copy the file while it is in use.
//!
//! A copier reads the first page, which names one durable root, and then takes its time with all other pages. So the
//! pages of that root must not be reused for a while after the next root is on the disk. To redb, each retained root
//! is an open reader. The exact rules come from thousands of simulated copies, and leaving out any one of them breaks
//! some copies:
//!
//! - the reader is opened before the durable commit that makes the root, and the first reader before the opening
//!   commit;
//! - a root is superseded when the next *retained* root is on the disk; roots less than [`ROOT_EVERY`] apart need no
//!   reader of their own, because an older reader covers their pages;
//! - every durable commit uses quick repair, or redb's own bookkeeping pages follow other rules.

use super::options::Retention;
use crate::limits::{RETAINED_BYTES_MAX, RETAINED_WHILE_OPEN_MAX, ROOT_EVERY};
use crate::store::store_error::StoreError;
use redb::ReadTransaction;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The retained roots since the file was opened.
pub struct Retained {
    retention: Retention,
    roots: Mutex<Roots>,
}

struct Roots {
    /// Oldest first.
    roots: Vec<Root>,
    elsewhere: OpenElsewhere,
}

struct Root {
    _reader: ReadTransaction,
    retained: Instant,
    /// When the next retained root reached the disk, and the number of bytes written to pages by then.
    superseded: Option<(Instant, u64)>,
}

impl Retained {
    pub fn new(path: &Path, retention: Retention) -> Retained {
        let roots = Roots {
            roots: Vec::new(),
            elsewhere: OpenElsewhere::watch(path),
        };
        Retained {
            retention,
            roots: Mutex::new(roots),
        }
    }

    /// Restarts the count of other processes that have the file open, because we have just reopened it ourselves.
    pub fn watch_again(&self, path: &Path) {
        self.lock().elsewhere = OpenElsewhere::watch(path);
    }

    /// A reader to keep for the next durable commit. `None` if that commit needs none.
    pub fn before_commit(
        &self,
        begin_read: impl FnOnce() -> Result<ReadTransaction, StoreError>,
    ) -> Result<Option<ReadTransaction>, StoreError> {
        let roots = self.lock();
        let is_due = roots
            .roots
            .last()
            .is_none_or(|last| last.retained.elapsed() >= ROOT_EVERY);
        match is_due && self.retention != Retention::Off {
            true => begin_read().map(Some),
            false => Ok(None),
        }
    }

    /// The commit after `before_commit` is on the disk, and `pages_bytes` bytes have been written to pages so far.
    pub fn committed(&self, reader: Option<ReadTransaction>, pages_bytes: u64) {
        let Some(reader) = reader else { return };
        let now = Instant::now();
        let mut roots = self.lock();
        for root in &mut roots.roots {
            root.superseded.get_or_insert((now, pages_bytes));
        }
        roots.roots.push(Root {
            _reader: reader,
            retained: now,
            superseded: None,
        });
    }

    /// Releases the roots that no process can be copying any more.
    pub fn sweep(&self, file_bytes: u64, pages_bytes: u64) {
        let Retention::For {
            at_least,
            copy_bytes_per_second,
        } = self.retention
        else {
            return;
        };
        let hold = at_least.max(Duration::from_secs(file_bytes / copy_bytes_per_second.max(1)));
        let held_bytes_max = RETAINED_BYTES_MAX.max(file_bytes);
        let mut roots = self.lock();
        let hold = match roots.elsewhere.is_open() {
            true => hold.max(RETAINED_WHILE_OPEN_MAX),
            false => hold,
        };
        roots.roots.retain(|root| {
            root.superseded
                .is_none_or(|(at, bytes)| at.elapsed() < hold && pages_bytes.saturating_sub(bytes) <= held_bytes_max)
        });
    }

    /// Releases all roots except the current one, because the disk needs the space.
    pub fn release_superseded(&self) {
        self.lock().roots.retain(|root| root.superseded.is_none());
    }

    /// The number of retained roots.
    pub fn count(&self) -> usize {
        self.lock().roots.len()
    }

    /// Releases all roots.
    pub fn clear(&self) {
        self.lock().roots.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Roots> {
        self.roots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether another process has the file open, on systems that report it (inotify(7)).
#[cfg(target_os = "linux")]
struct OpenElsewhere {
    events: Option<std::os::fd::OwnedFd>,
    /// Opens minus closes since the watch began. Our own handles were open before that.
    count: usize,
}

#[cfg(target_os = "linux")]
impl OpenElsewhere {
    fn watch(path: &Path) -> OpenElsewhere {
        use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
        let watch = || {
            let events = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
            add_watch(&events, path, WatchFlags::OPEN | WatchFlags::CLOSE)?;
            Ok::<_, rustix::io::Errno>(events)
        };
        OpenElsewhere {
            events: watch().ok(),
            count: 0,
        }
    }

    fn is_open(&mut self) -> bool {
        use rustix::fs::inotify::{ReadFlags, Reader};
        let Some(events) = &self.events else { return false };
        let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(events, &mut buffer);
        while let Ok(event) = reader.next() {
            if event.events().contains(ReadFlags::QUEUE_OVERFLOW) {
                self.count = 0;
            } else if event.events().contains(ReadFlags::OPEN) {
                self.count += 1;
            } else {
                self.count = self.count.saturating_sub(1);
            }
        }
        self.count > 0
    }
}

#[cfg(not(target_os = "linux"))]
struct OpenElsewhere;

#[cfg(not(target_os = "linux"))]
impl OpenElsewhere {
    fn watch(_: &Path) -> OpenElsewhere {
        OpenElsewhere
    }

    fn is_open(&mut self) -> bool {
        false
    }
}
