//! Roots of redb that stay whole for somebody who copies the file while it is in use.
//!
//! A copier reads the first page, and with it one durable root, and then takes its time over all other pages. So no page
//! of that root may be used again for a while after the next root is on the disk. To redb, each retained root is an open
//! reader. The exact rules were found with simulated copies by the thousand, and each breaks some if it is left out:
//!
//! - the reader is opened before the durable commit that makes the root, and the first one before the commit of opening;
//! - a root is superseded when the next *retained* one is on the disk; roots that come closer than
//!   [`ROOT_EVERY`] need none of their own, since an older reader covers their pages;
//! - every durable commit uses quick repair, or redb's own bookkeeping pages follow other rules.

use super::options::Retention;
use crate::limits::{RETAINED_BYTES_MAX, RETAINED_WHILE_OPEN_MAX, ROOT_EVERY};
use crate::store::store_error::StoreError;
use redb::ReadTransaction;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The roots of one opening of a file.
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
    /// When the next retained root was on the disk, and how many bytes had been written to pages by then.
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

    /// Counts anew who else has the file open: we have just opened it again ourselves.
    pub fn watch_again(&self, path: &Path) {
        self.lock().elsewhere = OpenElsewhere::watch(path);
    }

    /// A reader to keep for the durable commit that comes now, if it needs one.
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

    /// That commit is on the disk, and `pages_bytes` have been written to pages until now.
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

    /// Lets go of what nobody can be copying any more.
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

    /// Lets go of all but the present root: the disk needs the space.
    pub fn release_superseded(&self) {
        self.lock().roots.retain(|root| root.superseded.is_none());
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.lock().roots.len()
    }

    /// Lets go of all of them.
    pub fn clear(&self) {
        self.lock().roots.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Roots> {
        self.roots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether another process has the file open, where the system tells (inotify(7)).
#[cfg(target_os = "linux")]
struct OpenElsewhere {
    events: Option<std::os::fd::OwnedFd>,
    /// How often it was opened and not closed since we watch. Our own handles were open before.
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
