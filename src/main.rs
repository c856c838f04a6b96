//! The executable: reads its arguments, says where it is, and serves until it is told to stop.

use chapp::clock::Clock;
use chapp::commands;
use chapp::config::{Config, Task};
use chapp::instance;
use chapp::server::{Server, StartError};
use chapp::store::{OpenError, Options};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

fn main() -> ExitCode {
    let done = match Task::from_process() {
        Ok(Task::Where(data)) => {
            say(&data.display().to_string());
            Ok(())
        }
        Ok(Task::Serve(mut config)) => {
            config.control_folders = instance::control_folders(&config.data);
            serve(&config)
        }
        Ok(Task::Run(command)) => return commands::run(command, stop_signal),
        Err(sentence) => Err(sentence),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

fn serve(config: &Config) -> Result<(), String> {
    let filter: Targets = config
        .log
        .parse()
        .map_err(|error| format!("--log {} is no filter: {error}. Try info, or chapp=debug.", config.log))?;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    tracing_subscriber::registry().with(lines).with(filter).init();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| StartError::System(error).to_string())?;
    let options = Options::default();
    let served = runtime.block_on(async {
        let server = match Server::open(config, options, Clock::System) {
            Ok(server) => server,
            Err(StartError::Data(error @ OpenError::AlreadyOpen { .. })) => return already_running(config, &error),
            Err(error) => return Err(error.to_string()),
        };
        // Before anybody is told how to stop it.
        let stop = stop_signal().map_err(|error| StartError::System(error).to_string())?;
        let url = server.url();
        // Before anybody is told, so that a second start finds what the first one said.
        let _note = instance::Note::write(&config.data, &url);
        say(&announcement(&url, &server.addresses(), config));
        open_browser(config, &url);
        server.run(stop).await;
        Ok(())
    });
    // A blocking task that is not done by now has nothing to lose.
    runtime.shutdown_background();
    served
}

/// The one line of a start.
fn announcement(url: &str, addresses: &[String], config: &Config) -> String {
    let data = config.data.display();
    match addresses.first() {
        Some(address) if !url.ends_with(address) => {
            format!(
                "Chapp is at {url}, for others on the network at http://{address} (data file {data}). Ctrl-C stops it."
            )
        }
        _ => format!("Chapp is at {url} (data file {data}). Ctrl-C stops it."),
    }
}

fn already_running(config: &Config, error: &OpenError) -> Result<(), String> {
    let Some(url) = instance::url_of(&config.data) else {
        return Err(error.to_string());
    };
    say(&format!(
        "Chapp is already running at {url} (data file {}).",
        config.data.display()
    ));
    open_browser(config, &url);
    Ok(())
}

fn open_browser(config: &Config, url: &str) {
    if config.open
        && let Err(error) = open::that_detached(url)
    {
        tracing::info!(%error, "no browser could be opened");
    }
}

/// A line on standard output, which may be closed.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Listens from now on, and is ready once Ctrl-C, or SIGTERM where there is one, has come.
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

/// Listens from now on, and is ready once Ctrl-C has come.
///
/// # Errors
/// When the system gives no signals.
#[cfg(windows)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move { drop(interrupt.recv().await) })
}
