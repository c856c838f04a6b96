//! Chapp in three real browsers at once: Chromium, Firefox and WebKit.
//!
//! `cargo test --test browser [-- FILTER]` runs the scenarios whose names contain FILTER. One browser
//! of each engine serves them all; each has a server and an address of its own, so that none sees
//! what another has left behind. After each one its console, requests and policy reports are judged.
//!
//! `CHAPP_EXE` names the executable under test; the default is the one that cargo has just built.
//! Pictures of failures go to `browser-failures/` in the target folder.

mod chat;
mod driver;
mod scenarios;
mod site;
mod soak;
mod world;

use driver::{Browser, Outcome};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use world::World;

fn main() -> ExitCode {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let filter = filter.unwrap_or_default();
    let started = Instant::now();
    let browsers = match Browser::start_all() {
        Ok(browsers) => browsers,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let (mut passed, mut failed, mut left_out) = (0, Vec::new(), 0);
    for (name, scenario) in scenarios::ALL {
        if !name.contains(&filter) {
            left_out += 1;
            continue;
        }
        let begun = Instant::now();
        let outcome = run(name, *scenario, &browsers);
        let word = if outcome.is_ok() { "ok" } else { "FAILED" };
        println!("test {name} ... {word} ({:.1} s)", begun.elapsed().as_secs_f32());
        match outcome {
            Ok(()) => passed += 1,
            Err(error) => {
                println!("{error}\n");
                failed.push(name);
            }
        }
    }
    drop(browsers);
    for name in &failed {
        println!("failed: {name}");
    }
    println!(
        "\ntest result: {}. {passed} passed; {} failed; 0 ignored; 0 measured; {left_out} filtered out; finished in {:.2}s",
        if failed.is_empty() { "ok" } else { "FAILED" },
        failed.len(),
        started.elapsed().as_secs_f32()
    );
    if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Runs one scenario in a world of its own, and takes pictures when it fails.
fn run(name: &str, scenario: scenarios::Scenario, browsers: &[Browser]) -> Outcome {
    let world = World::new(browsers)?;
    let played = catch_unwind(AssertUnwindSafe(|| scenario(&world))).unwrap_or_else(|_| Err("it panicked".to_owned()));
    if played.is_err() {
        photograph(name, browsers);
    }
    let ended = world.end();
    let server_log = || world.site.log().join("\n    | ");
    played
        .and(ended)
        .map_err(|error| format!("    {error}\n    | {}", server_log()))
}

fn photograph(name: &str, browsers: &[Browser]) {
    let folder = failures_folder();
    let _ = std::fs::create_dir_all(&folder);
    for browser in browsers {
        if let Ok(picture) = browser.screenshot() {
            let file = format!("{}-{:?}.png", name.replace("::", "-"), browser.engine);
            let _ = std::fs::write(folder.join(file), picture);
        }
    }
}

fn failures_folder() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    target.unwrap_or(Path::new(".")).join("browser-failures")
}
