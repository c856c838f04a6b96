//! Is anything lost, doubled or reordered, whatever breaks? `cargo bench --bench torture -- [OPTIONS]`
//!
//! Writers and readers use real sockets through a proxy that cuts, stalls, delays and half-opens their links.
//! The real executable is killed, frozen and restarted on a disk that fills up. Clients die and come back with
//! their outbox. Everything sent, acknowledged and seen is checked against the laws (`record.rs`), and one
//! table shows the result. Exit code 1: a law was broken.
//!
//! `CHAPP_EXE` names the executable to test; the default is the one that cargo has just built.

// The soak test of the browsers uses the same client state.
#[path = "../../tests/browser/soak/api.rs"]
mod api;
mod chaos;
mod client;
mod frames;
mod laws;
mod link;
mod listener;
mod plan;
mod plant;
mod proxy;
mod record;
#[allow(dead_code)]
#[path = "../../tests/browser/soak/replica.rs"]
mod replica;
mod report;
#[allow(dead_code)]
#[path = "../../tests/browser/soak/rng.rs"]
mod rng;
mod server;
mod slow;

use chaos::Settings;
use clap::Parser;
use plant::Plant;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Set in the process that runs in its own mount namespace.
const NAMESPACE: &str = "TORTURE_NAMESPACE";
/// Seconds of each run with a planted fault.
const PLANT_SECONDS: u64 = 3;

#[derive(Parser)]
#[command(name = "torture", about = "Tries to make Chapp lose, double or reorder something")]
struct Arguments {
    /// Replays the plan of an earlier run
    #[arg(long)]
    seed: Option<u64>,
    /// Length of the run
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// Clients that post, edit, delete and react
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    writers: u16,
    /// Clients that read and occasionally react
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=256))]
    readers: u16,
    /// Imitates a server that breaks a law; the run must fail
    #[arg(long)]
    plant: Option<Plant>,
    /// Plants each fault once, and succeeds only if each is detected
    #[arg(long)]
    plants: bool,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    #[cfg(unix)]
    own_mounts();
    let arguments = Arguments::parse();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seed = arguments.seed.unwrap_or(now.as_millis() as u64);
    if arguments.plants {
        return plants(seed);
    }
    let named = std::env::var_os("CHAPP_EXE").map(Into::into);
    let settings = Settings {
        exe: named.unwrap_or_else(|| env!("CARGO_BIN_EXE_chapp").into()),
        seed,
        length: Duration::from_secs(arguments.seconds),
        writers: arguments.writers.into(),
        readers: arguments.readers.into(),
        plant: arguments.plant,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = runtime
        .map_err(|error| error.to_string())
        .and_then(|runtime| runtime.block_on(chaos::run(&settings)));
    match outcome {
        Ok(outcome) if report::print(&settings, &outcome) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            println!("--seed {seed}: {error}");
            ExitCode::from(2)
        }
    }
}

/// Restarts this program in its own mount namespace, if the system allows one. A small disk mounted there is
/// invisible to other processes and disappears with this one.
#[cfg(unix)]
fn own_mounts() {
    use std::os::unix::process::CommandExt;
    if std::env::var_os(NAMESPACE).is_some() {
        return;
    }
    let ways: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
    let Ok(own) = std::env::current_exe() else { return };
    for way in ways {
        let unshare = || {
            let mut command = Command::new("unshare");
            command.args(way).args(["--propagation", "private"]);
            command
        };
        let tried = unshare().arg("true").stderr(Stdio::null()).status();
        if tried.is_ok_and(|status| status.success()) {
            // Returns only on failure; the run then continues without a small disk.
            let _ = unshare()
                .arg(&own)
                .args(std::env::args_os().skip(1))
                .env(NAMESPACE, "1")
                .exec();
        }
    }
}

/// Runs each planted fault in its own process, all in parallel. Each run must fail and name the law.
fn plants(seed: u64) -> ExitCode {
    let Ok(own) = std::env::current_exe() else {
        return ExitCode::from(2);
    };
    let runs = Plant::ALL.map(|plant| {
        let name = format!("{plant:?}").to_lowercase();
        let run = Command::new(&own)
            .args(["--plant", &name, "--writers", "3", "--readers", "3"])
            .args(["--seed", &seed.to_string(), "--seconds", &PLANT_SECONDS.to_string()])
            .stdout(Stdio::piped())
            .spawn();
        (plant, name, run)
    });
    let mut code = ExitCode::SUCCESS;
    println!("{:<10} {:<10} found", "planted", "breaks");
    for (plant, name, run) in runs {
        let law = plant.breaks().label().0;
        let ended = run.and_then(|run| run.wait_with_output());
        let is_found = ended.as_ref().is_ok_and(|ended| {
            let said = String::from_utf8_lossy(&ended.stdout);
            let is_named = said
                .lines()
                .any(|line| line.starts_with(law) && line.contains("BROKEN"));
            ended.status.code() == Some(1) && is_named
        });
        println!("{name:<10} {law:<10} {}", if is_found { "yes" } else { "NO" });
        if !is_found {
            if let Ok(ended) = ended {
                println!("{}", String::from_utf8_lossy(&ended.stdout));
            }
            code = ExitCode::FAILURE;
        }
    }
    code
}
