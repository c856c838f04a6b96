//! The output of the process: a few lines on standard output and the log on standard error. No caller ever waits for
//! the reader of either.

use super::lines::Lines;
use crate::limits::LOG_FLUSH_TIMEOUT;
use std::io::{self, IsTerminal};
use std::panic;
use std::time::Instant;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Both streams. Clones share them.
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
    /// A sentence for the terminal about an invalid filter.
    pub fn log(&self, filter: &str) -> Result<(), String> {
        let filter: Targets = filter
            .parse()
            .map_err(|error| format!("--log {filter} is no filter: {error}. Try info, or chapp=debug."))?;
        let errors = self.errors.clone();
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(move || errors.clone())
            .with_ansi(io::stderr().is_terminal());
        tracing_subscriber::registry().with(lines).with(filter).init();
        // Rust's default hook writes to standard error itself, and waits for its reader.
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

    /// Writes a line to standard output.
    pub fn say(&self, line: &str) {
        self.output.push(format!("{line}\n").as_bytes());
    }

    /// Writes a line to standard error, whatever the log filter.
    pub fn error(&self, line: &str) {
        self.errors.push(format!("{line}\n").as_bytes());
    }

    /// Waits briefly for the readers of both.
    pub fn flush(&self) {
        let until = Instant::now() + LOG_FLUSH_TIMEOUT;
        self.output.flush(until);
        self.errors.flush(until);
    }
}
