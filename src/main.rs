//! The executable: reads its arguments and does what they say.

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

/// Listens from now on, and is ready once Ctrl-C, or SIGTERM where there is one, has come to a command.
///
/// # Errors
/// When the system gives no signals.
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

/// Listens from now on, and is ready once Ctrl-C has come to a command.
///
/// # Errors
/// When the system gives no signals.
#[cfg(windows)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move { drop(interrupt.recv().await) })
}
