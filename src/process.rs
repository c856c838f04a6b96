//! The process around the server: its output, its signals, and its end.

mod ending;
mod lines;
mod output;
mod signals;

use crate::clock::Clock;
use crate::config::Config;
use crate::instance;
use crate::server::{Server, StartError};
use crate::store::{OpenError, Options};
use ending::Ending;
use output::Output;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

/// Serves until it is told to stop, or until a part of the server fails. Succeeds after an orderly stop: accepted
/// work is committed and answered, and the data file is closed.
pub fn serve(config: &Config, options: Options, clock: Clock) -> ExitCode {
    let output = match Output::start() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("{}", StartError::System(error));
            return ExitCode::FAILURE;
        }
    };
    let served = output.log(&config.log).and_then(|()| {
        let run = AssertUnwindSafe(|| run(config, options, clock, &output));
        catch_unwind(run).unwrap_or_else(|_| Err("Chapp ended because of a fault of its own.".to_owned()))
    });
    if let Err(sentence) = &served {
        output.error(sentence);
    }
    output.flush();
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn run(config: &Config, options: Options, clock: Clock, output: &Output) -> Result<(), String> {
    let system = |error| StartError::System(error).to_string();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(system)?;
    let served = runtime.block_on(async {
        signals::survive_file_size_limit().map_err(system)?;
        let server = match Server::open(config, options, clock) {
            Ok(server) => server,
            Err(StartError::Data(error @ OpenError::AlreadyOpen { .. })) => {
                return already_running(config, &error, output);
            }
            Err(error) => return Err(error.to_string()),
        };
        // Installed before the announcement says how to stop the server.
        let ending = Ending::new(output.clone());
        let stop = signals::listen(ending.clone()).map_err(system)?;
        let url = server.url();
        // Written before the announcement, so that a second start finds the address.
        let _note = instance::Note::write(&config.data, &url);
        output.say(&announcement(&url, &server.addresses(), server.trouble(), config));
        open_browser(config, &url);
        let stopping = server.serve(stop).await;
        ending.begin();
        stopping.finish().await.map_err(|failure| failure.to_string())
    });
    // Blocking tasks that are still running have nothing to lose.
    runtime.shutdown_background();
    served
}

/// The one line printed at the start.
fn announcement(url: &str, addresses: &[String], trouble: Option<&str>, config: &Config) -> String {
    let data = config.data.display();
    let others = match addresses.first() {
        Some(address) if !url.ends_with(address) => format!(", for others on the network at http://{address}"),
        _ => String::new(),
    };
    let trouble = trouble.map(|sentence| format!(" ATTENTION: {sentence}"));
    format!(
        "Chapp is at {url}{others} (data file {data}). Ctrl-C stops it.{}",
        trouble.unwrap_or_default()
    )
}

fn already_running(config: &Config, error: &OpenError, output: &Output) -> Result<(), String> {
    let Some(url) = instance::url_of(&config.data) else {
        return Err(error.to_string());
    };
    output.say(&format!(
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
