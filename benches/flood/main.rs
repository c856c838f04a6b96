//! Does one client that floods slow the others down? `cargo bench --bench flood -- [OPTIONS]`
//!
//! Runs the real executable with its limits on and a hundred people in one room, of whom a few write.
//! Each message is timed from its post to each delivery, in three alternating phases: quiet, control and
//! flooded. The control is the same flood against a second server process with a copy of the data file and as
//! many people: it shows what the flood costs this computer rather than the shared server. The flooder is a
//! process of low priority, with a new person and a new address in each round, so that each round gets the
//! first burst that the limits allow. Prints one table of medians and asserts nothing.
//!
//! `CHAPP_EXE` names the executable to measure; the default is the one that cargo has just built.

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
use flooder::{Flood, Kind};
use members::{Members, Times};
use serde_json::{Value, json};
use server::Server;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const PASSWORD: &str = "rain on the mill wheel";
/// Messages in the room before the flood.
const HISTORY: usize = 2_000;
const WARM_UP: Duration = Duration::from_secs(2);
/// Pause between two phases, so that neither affects the next.
const REST: Duration = Duration::from_millis(500);

#[derive(Parser)]
#[command(
    name = "flood",
    about = "Times the messages of a hundred people while another one floods"
)]
struct Arguments {
    /// Length of each phase, in milliseconds
    #[arg(long, default_value_t = 2_500, value_parser = clap::value_parser!(u64).range(100..=60_000))]
    phase_ms: u64,
    /// Members of the room
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(2..=1_000))]
    members: u16,
    /// Members who write, four times a second
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=50))]
    writers: u16,
    /// This kind only
    #[arg(long)]
    kind: Option<Kind>,
    /// Rounds for each kind
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=99))]
    rounds: u8,
    /// Run as the flooder
    #[arg(long, hide = true, requires_all = ["server", "cookie", "kind"])]
    flooder: bool,
    #[arg(long, hide = true)]
    server: Option<SocketAddr>,
    #[arg(long, hide = true)]
    cookie: Option<String>,
    #[arg(long, hide = true, default_value_t = 1)]
    from: u8,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = runtime.map_err(link::error_text).and_then(|runtime| {
        runtime.block_on(async {
            match (arguments.flooder, arguments.kind, arguments.server, &arguments.cookie) {
                (true, Some(kind), Some(server), Some(cookie)) => {
                    let (cookie, from) = (cookie.clone(), arguments.from);
                    let flood = Flood {
                        kind,
                        server,
                        cookie,
                        from,
                    };
                    flood.run().await;
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

async fn sign_up(server: SocketAddr, name: &str) -> Result<String, String> {
    let body = json!({"name": name, "password": PASSWORD});
    let answer = api::ask(server, "POST", "/api/signup", None, &body).await?;
    answer.cookie.ok_or_else(|| format!("{name}: {}", answer.status))
}

/// A server with all members connected.
struct Target {
    server: Server,
    address: SocketAddr,
    members: Members,
}

impl Target {
    async fn open(mut server: Server, cookies: &[String]) -> Result<Target, String> {
        server.rate_limits = "on";
        let address = server.start()?;
        let members = Members::connect(address, cookies).await?;
        Ok(Target {
            server,
            address,
            members,
        })
    }
}

/// The measurements of one phase, one per round.
#[derive(Default)]
struct Samples {
    p50: Vec<f64>,
    p99: Vec<f64>,
    cpu: Vec<f64>,
}

impl Samples {
    fn add(&mut self, times: &Times, cpu: f64) {
        self.p50.push(times.p50);
        self.p99.push(times.p99);
        self.cpu.push(cpu);
    }
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn compare(arguments: &Arguments) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(link::error_text)?;
    let named = std::env::var_os("CHAPP_EXE").map(Into::into);
    let exe: PathBuf = named.unwrap_or_else(|| env!("CARGO_BIN_EXE_chapp").into());
    let folders = ["shared", "other"].map(|name| folder.path().join(name));
    for folder in &folders {
        std::fs::create_dir_all(folder.join("data")).map_err(link::error_text)?;
    }
    let kinds: Vec<Kind> = Kind::ALL
        .into_iter()
        .filter(|kind| arguments.kind.is_none_or(|only| only == *kind))
        .collect();
    let mut server = Server::new(exe.clone(), &folders[0], 1);
    let (members, flooders) = prepare(&mut server, arguments, kinds.len()).await?;
    // The sign-ups needed the limits off; from here on they are on.
    server.terminate()?;
    let [file, copy] = [&folders[0], &folders[1]].map(|folder| folder.join("data").join("chapp.redb"));
    std::fs::copy(file, copy).map_err(link::error_text)?;
    let shared = Target::open(server, &members).await?;
    let other = Target::open(Server::new(exe, &folders[1], 1), &members).await?;
    let writers = usize::from(arguments.writers);
    for target in [&shared, &other] {
        target.members.time(writers, WARM_UP).await?;
    }

    println!(
        "post to delivery, ms: medians of {} rounds of {} ms; core: what the shared server takes of one",
        arguments.rounds, arguments.phase_ms
    );
    println!(
        "{:<34} {:>7} {:>7} {:>7} {:>8} {:>7} {:>7} {:>8} {:>8} {:>6} {:>6}",
        "", "p50", "control", "flooded", "p99", "control", "flooded", "/ quiet", "/control", "core", "flood"
    );
    for (kind, flooders) in kinds.iter().zip(flooders.chunks(arguments.rounds.into())) {
        let [mut quiet, mut control, mut flooded] = [Samples::default(), Samples::default(), Samples::default()];
        for (round, flooder) in flooders.iter().enumerate() {
            let flood = |target: &Target| Flood {
                kind: *kind,
                server: target.address,
                cookie: flooder.clone(),
                from: 2 + round as u8,
            };
            phase(&shared, arguments, None, &mut quiet).await?;
            phase(&shared, arguments, Some(flood(&other)), &mut control).await?;
            phase(&shared, arguments, Some(flood(&shared)), &mut flooded).await?;
        }
        let [q, c, f] = [&quiet, &control, &flooded].map(|samples| median(&samples.p99));
        println!(
            "{:<34} {:>7.2} {:>7.2} {:>7.2} {:>8.2} {:>7.2} {:>7.2} {:>8.2} {:>8.2} {:>6.2} {:>6.2}",
            kind.label(),
            median(&quiet.p50),
            median(&control.p50),
            median(&flooded.p50),
            q,
            c,
            f,
            f / q.max(0.001),
            f / c.max(0.001),
            median(&quiet.cpu),
            median(&flooded.cpu),
        );
    }
    Ok(())
}

/// Signs everybody up and posts the history. Returns the cookies of the members and those of the flooders.
async fn prepare(
    server: &mut Server,
    arguments: &Arguments,
    kinds: usize,
) -> Result<(Vec<String>, Vec<String>), String> {
    let address = server.start()?;
    let (mut members, mut flooders) = (Vec::new(), Vec::new());
    for number in 0..arguments.members {
        members.push(sign_up(address, &format!("member {number}")).await?);
    }
    for number in 0..kinds * usize::from(arguments.rounds) {
        flooders.push(sign_up(address, &format!("flooder {number}")).await?);
    }
    for number in 0..HISTORY {
        let body = format!("the history has many words, this is number {number}");
        let post = json!({"client_id": format!("h{number}"), "body": body});
        api::ask(address, "POST", "/api/rooms/1/messages", Some(&members[0]), &post).await?;
    }
    Ok((members, flooders))
}

/// Measures one phase on a target, during a flood if there is one.
async fn phase(
    target: &Target,
    arguments: &Arguments,
    flood: Option<Flood>,
    samples: &mut Samples,
) -> Result<(), String> {
    let time = Duration::from_millis(arguments.phase_ms);
    let cpu = || target.server.cpu_seconds().unwrap_or(f64::NAN);
    let child = flood.as_ref().map(start).transpose()?;
    let (began, before) = (Instant::now(), cpu());
    let times = target.members.time(arguments.writers.into(), time).await;
    let core = (cpu() - before) / began.elapsed().as_secs_f64();
    if let Some(mut child) = child {
        let _ = child.kill();
        let _ = child.wait();
    }
    tokio::time::sleep(REST).await;
    samples.add(&times?, core);
    Ok(())
}

/// Starts this program as the flooder, at low priority.
fn start(flood: &Flood) -> Result<Child, String> {
    let own = std::env::current_exe().map_err(link::error_text)?;
    let name = clap::ValueEnum::to_possible_value(&flood.kind).ok_or("no such kind")?;
    Command::new("nice")
        .args(["-n", "15"])
        .arg(own)
        .args(["--flooder", "--kind", name.get_name()])
        .args(["--server", &flood.server.to_string(), "--cookie", &flood.cookie])
        .args(["--from", &flood.from.to_string()])
        .stdin(Stdio::null())
        .spawn()
        .map_err(link::error_text)
}

/// A frame as text.
fn text(frame: &Value) -> String {
    frame.to_string()
}
