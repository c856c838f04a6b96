//! Is anything lost, doubled or reordered, whatever breaks? `cargo bench --bench torture -- [OPTIONS]`
//!
//! Writers and readers over real sockets, through a proxy that cuts, stalls, delays and half-opens their
//! links; the real executable, which is killed, frozen and restarted on a disk that fills up; clients
//! that die and come back with their outbox. Everything sent, acknowledged and seen is held against the
//! laws (`record.rs`), and one table says what was found. Exit code 1: a law was broken.
//!
//! `CHAPP_EXE` names another executable than the one that cargo has just built.

// What a client holds by the protocol is the same here as in the soak of the browsers.
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

/// Set in the process that has a mount namespace of its own.
const NAMESPACE: &str = "TORTURE_NAMESPACE";
/// How long each planted fault has to show.
const PLANT_SECONDS: u64 = 3;

#[derive(Parser)]
#[command(name = "torture", about = "Tries to make Chapp lose, double or reorder something")]
struct Arguments {
    /// Plays the plan of an earlier run again
    #[arg(long)]
    seed: Option<u64>,
    /// How long things break
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// Clients that post, edit, delete and react
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    writers: u16,
    /// Clients that read, and now and then react
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=256))]
    readers: u16,
    /// Behaves like a server that breaks a law; the run must fail
    #[arg(long)]
    plant: Option<Plant>,
    /// Plants each of them once, and succeeds only where each is found out
    #[arg(long)]
    plants: bool,
    /// What cargo says
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

/// Goes on in a mount namespace of its own, where the system allows one, so that a small disk can be
/// mounted without anybody else seeing it, and is gone with this process.
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
            // Comes back only where it fails, and then things go on without.
            let _ = unshare()
                .arg(&own)
                .args(std::env::args_os().skip(1))
                .env(NAMESPACE, "1")
                .exec();
        }
    }
}

/// Each planted fault in a run of its own, all at once: the run must fail, and name the law.
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
