//! Does a long history make anything slower? `cargo bench --bench history -- [OPTIONS]`
//!
//! Fills one data file through the store, and at 5 thousand messages, 50 thousand, … starts the real
//! executable on it and measures over real connections: start, first frame, pages, catching up, searching and
//! posting. Prints one table with the ratio to the smallest file. Nothing is asserted.
//!
//! `CHAPP_EXE` names the executable to measure; the default is the one that cargo has just built.

mod client;
#[path = "../disk.rs"]
mod disk;
#[path = "../goals.rs"]
mod goals;
mod measure;
mod must_hold;
mod report;
mod seed;
#[allow(dead_code)]
#[path = "../torture/server.rs"]
mod server;
mod words;

use chapp::model::UserId;
use clap::Parser;
use client::error_text;
use measure::{Probe, ProbeUsers};
use report::Row;
use seed::Plan;
use server::Server;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use words::Words;

/// The factor between one size and the next.
const STEP: u64 = 10;
/// Measuring adds about 25,000 messages, which must stay below the next size.
const SMALLEST: u64 = 5_000;
const SEED: u64 = 1;

#[derive(Parser)]
#[command(name = "history", about = "Shows what a long history costs")]
struct Arguments {
    /// Messages in the smallest file
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(SMALLEST..=50_000_000))]
    from: u64,
    /// Messages in the largest file
    #[arg(long, default_value_t = 500_000, value_parser = clap::value_parser!(u64).range(SMALLEST..=50_000_000))]
    to: u64,
    /// Folder of the file while it is measured; it should be on a real disk
    #[arg(long, default_value = env!("CARGO_TARGET_TMPDIR"))]
    dir: PathBuf,
    /// Folder that keeps the filled files for the next run
    #[arg(long)]
    kept: Option<PathBuf>,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(sizes) => {
            report::print(&sizes);
            must_hold::goals(&sizes).print();
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<Vec<(u64, Vec<Row>)>, String> {
    let folder = tempfile::tempdir_in(&arguments.dir).map_err(error_text)?;
    let exe = std::env::var_os("CHAPP_EXE").map(PathBuf::from);
    let exe = exe.unwrap_or_else(|| env!("CARGO_BIN_EXE_chapp").into());
    let plan = Plan {
        people: 1_000,
        rooms: 999,
        members: 20,
    };
    let users = ProbeUsers {
        one_room: UserId(plan.people + 1),
        hundred_rooms: UserId(plan.people + 2),
        all_rooms: UserId(plan.people + 3),
    };
    let (mut sizes, mut here) = (Vec::new(), folder.path().join("new"));
    fs::create_dir_all(here.join("data")).map_err(error_text)?;
    let mut size = arguments.from;
    while size <= arguments.to {
        // Each size gets a fresh home, so that no run file of the previous size is there.
        let home = folder.path().join(size.to_string());
        fs::create_dir(&home).map_err(error_text)?;
        fs::rename(here.join("data"), home.join("data")).map_err(error_text)?;
        let data = home.join("data").join("chapp.redb");
        // A different seed, so that new posts do not repeat client_ids of a kept file.
        let mut words = Words::new(SEED + size);
        let kept = arguments.kept.as_ref().map(|kept| kept.join(format!("{size}.redb")));
        let taken = kept.as_ref().filter(|kept| kept.exists());
        if let Some(kept) = taken {
            fs::copy(kept, &data).map_err(error_text)?;
        }
        let begun = Instant::now();
        let (file_id, held, posts) = seed::with_store(&data, async |store| {
            let held = store.counts().await?.messages;
            if held == 0 {
                seed::create_rooms(store, plan).await?;
                seed::add_person(store, users.one_room, 0).await?;
                seed::add_person(store, users.hundred_rooms, 99).await?;
                seed::add_person(store, users.all_rooms, plan.rooms).await?;
            }
            seed::post_messages(store, plan, &mut words, size.saturating_sub(held)).await?;
            Ok((store.file_id().to_owned(), held, store.counts().await?.messages))
        })?;
        let took = begun.elapsed().as_secs_f64();
        eprintln!("{size} messages are there after {took:.1} s");
        if let Some(kept) = kept.filter(|kept| !kept.exists()) {
            fs::copy(&data, kept).map_err(error_text)?;
        }
        let mut rows = vec![Row::bytes(
            "on the disk, a message",
            disk::bytes(&data).map_err(error_text)? as f64 / posts as f64,
        )];
        // A kept file was not filled in this run.
        if arguments.kept.is_none() {
            rows.push(Row::rate("filled in large batches", (posts - held) as f64 / took));
        }
        let mut server = Server::new(exe.clone(), &home, 0);
        let mut probe = Probe {
            server: &mut server,
            file_id: &file_id,
            users: &users,
            plan,
            words: &mut words,
            rows: Vec::new(),
        };
        probe.run()?;
        rows.append(&mut probe.rows);
        report::print_progress(&rows);
        sizes.push((size, rows));
        here = home;
        size *= STEP;
    }
    Ok(sizes)
}
