//! Ends the process in time, whatever hangs.

use super::output::Output;
use crate::limits::STOP_WITHIN;
use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

/// The exit code after an unclean stop. Acknowledged changes are in the data file, as after a power cut, and the next
/// start recovers them.
const NOT_IN_ORDER: i32 = 1;

/// Makes sure that the process ends. Clones share it.
#[derive(Clone)]
pub(super) struct Ending {
    output: Output,
    has_begun: Arc<AtomicBool>,
}

impl Ending {
    pub fn new(output: Output) -> Ending {
        Ending {
            output,
            has_begun: Arc::default(),
        }
    }

    /// Starts the countdown of [`STOP_WITHIN`], on a thread that waits for nothing else.
    pub fn begin(&self) {
        if self.has_begun.swap(true, Relaxed) {
            return;
        }
        let ending = self.clone();
        let counting = thread::Builder::new().name("ending".to_owned()).spawn(move || {
            thread::sleep(STOP_WITHIN);
            ending.at_once(
                "Chapp did not stop in time: something that it waits for hangs, such as the disk. What was shown as \
                 sent is in the data file.",
            );
        });
        if let Err(error) = counting {
            tracing::warn!(%error, "the stop has no time limit");
        }
    }

    /// Ends the process immediately.
    pub fn at_once(&self, why: &str) -> ! {
        self.output.error(why);
        self.output.flush();
        exit(NOT_IN_ORDER)
    }
}
