//! What does it cost to bring one message to one connection, how late is it, and how near is that to what the
//! kernel alone costs? `cargo bench --bench fanout -- [OPTIONS]`
//!
//! Each round measures the limit first, a server that keeps nothing and does one `write` of one shared buffer a
//! socket (`limit.rs`), then the real executable, which commits each message before it says anything. Only the
//! ratios within a round compare: on a machine that others use, or of which this program takes a core itself,
//! microseconds do not. Every delivery is checked: lost, doubled, out of order, with a hole in the seqs.
//!
//! `CHAPP_EXE` names another executable than the one that cargo has just built. Linux only: it reads /proc.

mod arrival;
mod browsers;
#[path = "../goals.rs"]
mod goals;
mod limit;
mod members;
mod plan;
mod process;
mod report;
mod target;

use clap::Parser;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "fanout", about = "Measures Chapp against the least that a server can do")]
struct Arguments {
    /// Which measurements; all of them unless named
    #[arg(long, value_enum)]
    only: Vec<plan::What>,
    /// How often each pair is measured; the medians count
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// Measured seconds, after one that is not; more at a rate so slow that there are fewer than 60 messages
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// The same as `--only browsers`
    #[arg(long)]
    like_browsers: bool,
    /// Is the limit server on this port
    #[arg(long, hide = true)]
    limit: Option<u16>,
    /// What cargo says
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.limit {
        Some(port) => limit::serve(port).map_err(|error| error.to_string()),
        None => {
            let browsers = arguments.like_browsers.then_some(plan::What::Browsers);
            let only: Vec<_> = arguments.only.into_iter().chain(browsers).collect();
            plan::run(&only, arguments.rounds, arguments.seconds)
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fanout: {error}");
            ExitCode::FAILURE
        }
    }
}
