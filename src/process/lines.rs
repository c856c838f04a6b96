//! Lines for standard output and standard error, each written by a thread of its own: a pipe that nobody reads blocks
//! only that thread. Lines beyond the buffer are dropped and counted, and the count is reported once somebody reads
//! again.
//!
//! tracing-appender does not fit: its queue is bounded in lines and not in bytes, it does not report dropped lines,
//! and at a stop with a full queue it writes to standard output, which may be the same pipe.

use crate::limits::LOG_WAITING_BYTES_MAX;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

/// The queue to one of the two streams. Clones share it.
#[derive(Clone)]
pub(super) struct Lines(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// Number of lines that did not fit.
    dropped: u64,
    is_writing: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_next(&self, out: &mut impl Write) {
        let is_idle = |state: &mut State| state.waiting.is_empty() && state.dropped == 0;
        let mut state = self
            .changed
            .wait_while(self.state(), is_idle)
            .unwrap_or_else(PoisonError::into_inner);
        let (text, dropped) = (std::mem::take(&mut state.waiting), std::mem::take(&mut state.dropped));
        state.is_writing = true;
        drop(state);
        // If the stream is closed, nobody can be told.
        let _ = out.write_all(&text);
        if dropped > 0 {
            let _ = writeln!(
                out,
                "{dropped} lines are missing here, since nobody read the ones before."
            );
        }
        let _ = out.flush();
        self.state().is_writing = false;
        self.changed.notify_all();
    }
}

impl Lines {
    /// Starts the thread, which writes to `out` until the process ends.
    pub fn start(name: &str, mut out: impl Write + Send + 'static) -> io::Result<Lines> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let lines = Lines(shared.clone());
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            loop {
                shared.write_next(&mut out);
            }
        })?;
        Ok(lines)
    }

    /// Adds a line, including its line end.
    pub fn push(&self, line: &[u8]) {
        let mut state = self.0.state();
        if state.waiting.len() + line.len() > LOG_WAITING_BYTES_MAX {
            state.dropped += 1;
        } else {
            state.waiting.extend_from_slice(line);
        }
        drop(state);
        self.0.changed.notify_all();
    }

    /// Waits until everything is written, at most until this instant.
    pub fn flush(&self, until: Instant) {
        let timeout = until.saturating_duration_since(Instant::now());
        let is_busy = |state: &mut State| !state.waiting.is_empty() || state.dropped > 0 || state.is_writing;
        let _ = self.0.changed.wait_timeout_while(self.0.state(), timeout, is_busy);
    }
}

/// Takes one whole line at a time, which is how tracing writes.
impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
