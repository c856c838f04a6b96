//! What the process says: a few lines on standard output, the log on standard error, and nothing that waits for
//! whoever reads them.

use super::lines::Lines;
use crate::limits::LOG_FLUSH_TIMEOUT;
use std::io::{self, IsTerminal};
use std::panic;
use std::time::Instant;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Both of them. Clones share them.
#[derive(Clone)]
pub(super) struct Output {
    output: Lines,
    errors: Lines,
}

impl Output {
    pub fn start() -> io::Result<Output> {
        Ok(Output {
            output: Lines::start("output", io::stdout())?,
            errors: Lines::start("log", io::stderr())?,
        })
    }

    /// Writes the log to standard error, panics included.
    ///
    /// # Errors
    /// A sentence for the terminal, about a filter that is none.
    pub fn log(&self, filter: &str) -> Result<(), String> {
        let filter: Targets = filter
            .parse()
            .map_err(|error| format!("--log {filter} is no filter: {error}. Try info, or chapp=debug."))?;
        let errors = self.errors.clone();
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(move || errors.clone())
            .with_ansi(io::stderr().is_terminal());
        tracing_subscriber::registry().with(lines).with(filter).init();
        // The hook that Rust comes with writes to standard error itself, and waits for its reader.
        panic::set_hook(Box::new(|panic| {
            let payload = panic.payload();
            let text = payload.downcast_ref::<&str>().copied();
            let text = text.or(payload.downcast_ref::<String>().map(String::as_str));
            let thread = std::thread::current();
            tracing::error!(
                thread = thread.name().unwrap_or_default(),
                at = %panic.location().map(ToString::to_string).unwrap_or_default(),
                text = text.unwrap_or_default(),
                "panic"
            );
        }));
        Ok(())
    }

    /// A line on standard output.
    pub fn say(&self, line: &str) {
        self.output.push(format!("{line}\n").as_bytes());
    }

    /// A line on standard error, whatever is logged.
    pub fn error(&self, line: &str) {
        self.errors.push(format!("{line}\n").as_bytes());
    }

    /// Waits for the readers of both, but not for long.
    pub fn flush(&self) {
        let until = Instant::now() + LOG_FLUSH_TIMEOUT;
        self.output.flush(until);
        self.errors.flush(until);
    }
}
