//! What does one delivery of a message cost, how late is it, and how close is that to the cost of the kernel
//! alone? `cargo bench --bench fanout -- [OPTIONS]`
//!
//! Each round first measures the limit, a server that stores nothing and writes one shared buffer once to each
//! socket (`limit.rs`), then the real executable, which commits each message before it delivers it. Only ratios
//! within a round are comparable; microseconds are not, since this program takes a core of the same machine.
//! Every delivery is checked for loss, duplication, order and holes in the seqs.
//!
//! `CHAPP_EXE` names the executable to measure; the default is the one that cargo has just built. Linux only: it
//! reads /proc.

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
    /// The measurements to run; all by default
    #[arg(long, value_enum)]
    only: Vec<plan::What>,
    /// Rounds of each pair; the result is their median
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// Seconds of each measurement, after one second of warm-up; longer if the rate gives fewer than 60 messages
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// The same as `--only browsers`
    #[arg(long)]
    like_browsers: bool,
    /// Run as the limit server on this port
    #[arg(long, hide = true)]
    limit: Option<u16>,
    /// Passed by cargo
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
