//! The executable: reads its arguments and does what they say.

use chapp::clock::Clock;
use chapp::config::Task;
use chapp::store::Options;
use chapp::{instance, process};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    match Task::from_process() {
        Ok(Task::Where(data)) => {
            // Standard output may be closed.
            let _ = writeln!(std::io::stdout(), "{}", data.display());
            ExitCode::SUCCESS
        }
        Ok(Task::Serve(config)) => {
            let options = Options {
                notes: instance::notes(),
                ..Options::default()
            };
            process::serve(&config, options, Clock::System)
        }
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}
