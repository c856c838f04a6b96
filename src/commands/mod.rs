//! The commands `chapp backup`, `check`, `compact`, `reset` and `owner`. They use the local socket if Chapp runs, and
//! otherwise the data file itself. Each ends with one sentence and an exit code.

mod backup;
mod data_file;
mod file;
mod outcome;
mod people;

use crate::config::Command;
use crate::limits::{COMMAND_STOP_TIMEOUT, CONTROL_PROGRESS_EVERY};
use crate::store::Progress;
use outcome::Outcome;
use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::time::{interval, timeout};

/// Runs a command until it ends, or until the future from `stop` completes. `stop` is called on the runtime.
pub fn run<S: Future<Output = ()>>(command: Command, stop: impl FnOnce() -> io::Result<S>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = runtime.and_then(|runtime| {
        let outcome = runtime.block_on(async { Ok(until_stopped(command, stop()?).await) });
        // Blocking tasks that are still stuck have nothing to clean up.
        runtime.shutdown_background();
        outcome
    });
    let outcome = outcome.unwrap_or_else(Outcome::failed);
    if !outcome.said.is_empty() {
        // Standard output may be closed.
        let _ = writeln!(io::stdout(), "{}", outcome.said);
    }
    if !outcome.trouble.is_empty() {
        eprintln!("{}", outcome.trouble);
    }
    ExitCode::from(outcome.code)
}

async fn until_stopped(command: Command, stop: impl Future<Output = ()>) -> Outcome {
    let progress = Arc::new(Progress::default());
    let work = tokio::task::spawn_blocking({
        let progress = progress.clone();
        move || execute(command, &progress)
    });
    let (mut work, mut stop) = (std::pin::pin!(work), std::pin::pin!(stop));
    let mut meter = Meter::default();
    let mut ticks = interval(CONTROL_PROGRESS_EVERY);
    let ended = loop {
        tokio::select! {
            ended = &mut work => break Some(ended),
            () = &mut stop => break None,
            _ = ticks.tick() => meter.show(progress.rows()),
        }
    };
    meter.clear();
    match ended {
        Some(ended) => ended.unwrap_or_else(Outcome::failed),
        None => {
            progress.stop();
            // The command removes its partial output.
            let _ = timeout(COMMAND_STOP_TIMEOUT, work).await;
            Outcome::stopped()
        }
    }
}

fn execute(command: Command, progress: &Progress) -> Outcome {
    match command {
        Command::Backup { to, data, overwrite } => match to {
            Some(to) => backup::to_file(&data, &to, overwrite, progress),
            None => backup::to_output(&data, progress),
        },
        Command::Check { file } => file::check(&file, progress),
        Command::Compact { file } => file::compact(&file, progress),
        Command::Reset { name, data } => people::reset(&data, &name),
        Command::Owner { name, data } => people::owner(&data, &name),
    }
}

/// Shows the progress on a terminal.
#[derive(Default)]
struct Meter {
    shown: bool,
}

impl Meter {
    fn show(&mut self, rows: u64) {
        if rows > 0 && io::stderr().is_terminal() {
            eprint!("\r{rows} rows");
            self.shown = true;
        }
    }

    fn clear(&mut self) {
        if self.shown {
            // Erases to the end of the line (ECMA-48 §8.3.41).
            eprint!("\r\x1b[K");
            self.shown = false;
        }
    }
}
