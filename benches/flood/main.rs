//! Does one client that floods slow the others down? `cargo bench --bench flood -- [OPTIONS]`
//!
//! The real executable with its limits on; a hundred people in a room, of whom a few write now and then.
//! Their messages are timed from the post to each of the others, in turns: a quiet phase, then the same
//! with one flooder of a kind. The flooder is a process of its own, of low priority, so that what it takes
//! of this computer is not counted as the server's fault. One table; nothing is asserted.
//!
//! `CHAPP_EXE` names another executable than the one that cargo has just built.

#[allow(dead_code)]
#[path = "../../tests/browser/soak/api.rs"]
mod api;
mod flooder;
#[allow(dead_code)]
#[path = "../torture/link.rs"]
mod link;
mod members;
#[allow(dead_code)]
#[path = "../torture/server.rs"]
mod server;

use clap::Parser;
use flooder::Kind;
use members::Members;
use serde_json::{Value, json};
use server::Server;
use std::net::SocketAddr;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

const PASSWORD: &str = "rain on the mill wheel";
/// What there is to read before anybody floods.
const HISTORY: usize = 2_000;
const WARM_UP: Duration = Duration::from_secs(2);
/// Between two phases, so that neither pays for the other.
const REST: Duration = Duration::from_millis(500);

#[derive(Parser)]
#[command(
    name = "flood",
    about = "Times the messages of a hundred people while another one floods"
)]
struct Arguments {
    /// How long each phase lasts, in milliseconds
    #[arg(long, default_value_t = 2_500, value_parser = clap::value_parser!(u64).range(100..=60_000))]
    phase_ms: u64,
    /// Who is in the room
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(2..=1_000))]
    members: u16,
    /// Who of them writes, four times a second
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=50))]
    writers: u16,
    /// This kind only
    #[arg(long)]
    kind: Option<Kind>,
    /// Be the flooder
    #[arg(long, hide = true, requires_all = ["server", "cookie", "kind"])]
    flooder: bool,
    #[arg(long, hide = true)]
    server: Option<SocketAddr>,
    #[arg(long, hide = true)]
    cookie: Option<String>,
    /// What cargo says
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = runtime.map_err(link::words).and_then(|runtime| {
        runtime.block_on(async {
            match (arguments.flooder, arguments.kind, arguments.server, &arguments.cookie) {
                (true, Some(kind), Some(server), Some(cookie)) => {
                    flooder::flood(kind, server, cookie).await;
                    Ok(())
                }
                _ => compare(&arguments).await,
            }
        })
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn enter(server: SocketAddr, name: &str) -> Result<String, String> {
    let body = json!({"name": name, "password": PASSWORD});
    let answer = api::ask(server, "POST", "/api/signup", None, &body).await?;
    answer.cookie.ok_or_else(|| format!("{name}: {}", answer.status))
}

async fn compare(arguments: &Arguments) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(link::words)?;
    std::fs::create_dir(folder.path().join("data")).map_err(link::words)?;
    let told = std::env::var_os("CHAPP_EXE").map(Into::into);
    let exe = told.unwrap_or_else(|| env!("CARGO_BIN_EXE_chapp").into());
    let mut server = Server::new(exe, folder.path(), 1);
    let address = server.start()?;
    let mut cookies = Vec::new();
    for number in 0..arguments.members {
        cookies.push(enter(address, &format!("member {number}")).await?);
    }
    let flooder = enter(address, "flooder").await?;
    for number in 0..HISTORY {
        let body = format!("the history has many words, this is number {number}");
        let post = json!({"client_id": format!("h{number}"), "body": body});
        api::ask(address, "POST", "/api/rooms/1/messages", Some(&cookies[0]), &post).await?;
    }
    // Everybody came from this computer, at once: from now on with the limits that people have.
    server.terminate()?;
    server.rate_limits = "on";
    let address = server.start()?;
    let members = Members::connect(address, &cookies).await?;
    let writers = usize::from(arguments.writers);
    members.time(writers, WARM_UP).await?;

    println!(
        "{:<34} {:>9} {:>9} {:>9} {:>9} {:>7} {:>7}",
        "post to delivery, ms", "p50 quiet", "flooded", "p99 quiet", "flooded", "p50 x", "p99 x"
    );
    let phase = Duration::from_millis(arguments.phase_ms);
    for kind in Kind::ALL
        .into_iter()
        .filter(|kind| arguments.kind.is_none_or(|only| only == *kind))
    {
        let quiet = members.time(writers, phase).await?;
        let mut child = start(kind, address, &flooder)?;
        tokio::time::sleep(REST).await;
        let flooded = members.time(writers, phase).await;
        let _ = child.kill();
        let _ = child.wait();
        tokio::time::sleep(REST).await;
        let flooded = flooded?;
        let ratio = |a: f64, b: f64| a / b.max(0.001);
        println!(
            "{:<34} {:>9.2} {:>9.2} {:>9.2} {:>9.2} {:>7.2} {:>7.2}",
            kind.words(),
            quiet.p50,
            flooded.p50,
            quiet.p99,
            flooded.p99,
            ratio(flooded.p50, quiet.p50),
            ratio(flooded.p99, quiet.p99)
        );
    }
    Ok(())
}

/// This program again, as the flooder; it yields to everybody else on this computer.
fn start(kind: Kind, server: SocketAddr, cookie: &str) -> Result<Child, String> {
    let own = std::env::current_exe().map_err(link::words)?;
    let name = clap::ValueEnum::to_possible_value(&kind).ok_or("no such kind")?;
    Command::new("nice")
        .args(["-n", "15"])
        .arg(own)
        .args(["--flooder", "--kind", name.get_name(), "--server", &server.to_string()])
        .args(["--cookie", cookie])
        .stdin(Stdio::null())
        .spawn()
        .map_err(link::words)
}

/// A frame as text.
fn text(frame: &Value) -> String {
    frame.to_string()
}
