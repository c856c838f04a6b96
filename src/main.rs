//! The executable: parses its arguments and runs the task.

use chapp::clock::Clock;
use chapp::config::Task;
use chapp::store::Options;
use chapp::{commands, instance, process};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    match Task::from_process() {
        Ok(Task::Where(data)) => {
            // Standard output may be closed.
            let _ = writeln!(std::io::stdout(), "{}", data.display());
            ExitCode::SUCCESS
        }
        Ok(Task::Serve(mut config)) => {
            config.control_folders = instance::control_folders(&config.data);
            process::serve(&config, Options::default(), Clock::System)
        }
        Ok(Task::Run(command)) => commands::run(command, stop_signal),
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

/// Starts listening. The future completes on Ctrl-C, or on SIGTERM.
///
/// # Errors
/// When the system refuses the signal handlers.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Starts listening. The future completes on Ctrl-C.
///
/// # Errors
/// When the system refuses the signal handlers.
#[cfg(windows)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move { drop(interrupt.recv().await) })
}
