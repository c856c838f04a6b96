//! The measurements and their order.

use crate::goals::Goals;
use crate::members::{Members, Results};
use crate::process::Server;
use crate::report::{self, Row};
use crate::target::{Kind, PEOPLE, Target};
use clap::ValueEnum;
use std::time::{Duration, Instant};

const WARM_UP: Duration = Duration::from_secs(1);
/// Time for the server to release what connecting has allocated.
const IDLE_AFTER: Duration = Duration::from_secs(2);
/// The fewest messages of a round at a steady rate; with fewer, the p99 would be a single message.
const POSTS_MIN: f64 = 60.0;
/// Messages in flight in a closed loop.
const WINDOW: usize = 8;
/// The limit of open files for this program.
const FILES_WANTED: u64 = 65_536;
/// Connections that post while all others reconnect.
const TALKERS: usize = 20;
const TALK_PER_SECOND: f64 = 10.0;

#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum What {
    /// CPU and delay of a delivery at a steady rate: 10 to 5,000 members
    Steady,
    /// The cost of what browsers send besides posts: with and without it, 30 and 100 members
    Browsers,
    /// Deliveries a second with 8 messages in flight
    Closed,
    /// Memory of a connection that only listens
    Idle,
    /// One message to 10,000 idle connections, or as many as the limit of open files allows
    Burst,
    /// 5,000 connections reconnect after a kill while others post
    Storm,
    /// CPU of a delivery compared with Bun and SQLite; only if named. BUN is the `bun` to run
    Bun,
}

/// Members, messages a second, and the goal for Chapp's CPU a delivery ÷ the limit's.
const STEADY: [(usize, f64, f64); 5] = [
    (10, 100.0, 10.0),
    (100, 20.0, 2.6),
    (1_000, 5.0, 1.1),
    (1_000, 20.0, 1.1),
    (5_000, 3.0, 0.9),
];
const BESIDE_BUN: [(usize, f64); 3] = [(10, 100.0), (100, 20.0), (1_000, 20.0)];
/// Members and messages a second; every member is a different person.
const LIKE_BROWSERS: [(usize, f64); 2] = [(100, 5.0), (30, 2.0)];
/// The goal for the ratio with ÷ without these frames.
const LIKE_BROWSERS_MAX: f64 = 1.5;
/// Members, and the goal for Chapp's deliveries a second ÷ the limit's.
const CLOSED: [(usize, f64); 2] = [(100, 0.6), (1_000, 1.1)];
const IDLE: usize = 5_000;
const BURST: usize = 10_000;
const RECONNECTING: usize = 5_000;
/// Open files of a server besides its connections, each of which takes two.
const FILES_SPARE: u64 = 100;

pub fn run(only: &[What], rounds: u32, seconds: u64) -> Result<(), String> {
    let _ = rlimit::increase_nofile_limit(FILES_WANTED);
    let wanted = |what| only.is_empty() || only.contains(&what);
    let time = Duration::from_secs(seconds);
    let (mut faults, mut goals) = (0, Goals::default());
    if wanted(What::Steady) {
        report::steady_head();
        for (members, rate, goal) in STEADY {
            let pairs = pairs(rounds, Kind::Limit, |kind| steady(kind, members, rate, time))?;
            faults += report::steady(members, rate, &pairs);
            let what = format!("CPU × limit, {members} members, {rate} messages a second");
            goals.at_most(what, goal, report::cpu_ratio(&pairs));
        }
    }
    if wanted(What::Closed) {
        report::closed_head(WINDOW);
        for (members, goal) in CLOSED {
            let pairs = pairs(rounds, Kind::Limit, |kind| closed(kind, members, time))?;
            faults += report::closed(members, &pairs);
            let what = format!("deliveries a second × limit, {members} members, as fast as it goes");
            goals.at_least(what, goal, report::rate_ratio(&pairs));
        }
    }
    if wanted(What::Idle) {
        let (limit, chapp) = (idle(Kind::Limit)?, idle(Kind::Chapp)?);
        report::idle(IDLE, limit, chapp);
    }
    if wanted(What::Burst) {
        let files = rlimit::Resource::NOFILE.get_hard().map_err(|error| error.to_string())?;
        let count = BURST.min(files.saturating_sub(FILES_SPARE) as usize / 2);
        let (limit, chapp) = (burst(Kind::Limit, count)?, burst(Kind::Chapp, count)?);
        faults += report::burst(count, &limit, &chapp);
    }
    if wanted(What::Storm) {
        faults += reconnect_storm()?;
    }
    if only.contains(&What::Bun) {
        report::bun_head();
        for (members, rate) in BESIDE_BUN {
            let pairs = pairs(rounds, Kind::Bun, |kind| steady(kind, members, rate, time))?;
            faults += report::bun(members, rate, &pairs);
        }
    }
    if wanted(What::Browsers) {
        faults += like_browsers(rounds, time, &mut goals)?;
    }
    goals.print();
    match faults {
        0 => Ok(()),
        faults => Err(format!(
            "{faults} deliveries were lost, doubled, out of order, or had a hole before them"
        )),
    }
}

/// Measures the cost of `typing` and read marks: the same load with and without them.
fn like_browsers(rounds: u32, time: Duration, goals: &mut Goals) -> Result<u64, String> {
    report::browsers_head();
    let mut faults = 0;
    for (members, rate) in LIKE_BROWSERS {
        let time = time.max(Duration::from_secs_f64(POSTS_MIN / rate));
        let one = |is_like_browsers| {
            fresh(Kind::Chapp, members, |server, target| {
                let mut members = Members::open(target, 1, members)?;
                if is_like_browsers {
                    members.send_browser_frames();
                }
                row(
                    server,
                    &mut members,
                    |members, time| members.post_at_rate(rate, time),
                    time,
                )
            })
        };
        let pairs: Result<Vec<_>, String> = (0..rounds).map(|_| Ok((one(false)?, one(true)?))).collect();
        let pairs = pairs?;
        faults += report::browsers(members, rate, &pairs);
        let what = format!("with what browsers send ÷ without, {members} members, {rate} messages a second");
        goals.at_most(what, LIKE_BROWSERS_MAX, report::cpu_ratio(&pairs));
    }
    Ok(faults)
}

/// Measures another server and Chapp in turn.
fn pairs(
    rounds: u32,
    other: Kind,
    mut one: impl FnMut(Kind) -> Result<Row, String>,
) -> Result<Vec<(Row, Row)>, String> {
    (0..rounds).map(|_| Ok((one(other)?, one(Kind::Chapp)?))).collect()
}

/// Starts a server on a new data file and runs `work`.
fn fresh<T>(kind: Kind, people: usize, work: impl FnOnce(&Server, &Target) -> Result<T, String>) -> Result<T, String> {
    let folder = folder()?;
    let server = Server::start(kind, folder.path())?;
    let target = Target::prepare(kind, server.address, people)?;
    work(&server, &target)
}

/// On the disk of the build, since a sync of a file in memory costs nothing.
fn folder() -> Result<tempfile::TempDir, String> {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).map_err(|error| format!("no folder: {error}"))
}

fn row(
    server: &Server,
    members: &mut Members,
    load: impl Fn(&mut Members, Duration) -> Result<(), String>,
    time: Duration,
) -> Result<Row, String> {
    load(members, WARM_UP)?;
    members.measure();
    let (start, cpu) = (Instant::now(), server.cpu_us());
    load(members, time)?;
    let (cpu, seconds, deliveries) = (
        server.cpu_us() - cpu,
        start.elapsed().as_secs_f64(),
        members.deliveries(),
    );
    Ok(Row {
        cpu_us: cpu / deliveries.max(1) as f64,
        per_second: deliveries as f64 / seconds,
        results: members.settle()?,
    })
}

fn steady(kind: Kind, count: usize, rate: f64, time: Duration) -> Result<Row, String> {
    fresh(kind, PEOPLE, |server, target| {
        let mut members = Members::open(target, 1, count)?;
        let time = time.max(Duration::from_secs_f64(POSTS_MIN / rate));
        row(
            server,
            &mut members,
            |members, time| members.post_at_rate(rate, time),
            time,
        )
    })
}

fn closed(kind: Kind, count: usize, time: Duration) -> Result<Row, String> {
    fresh(kind, PEOPLE, |server, target| {
        let mut members = Members::open(target, 1, count)?;
        row(
            server,
            &mut members,
            |members, time| members.saturate(WINDOW, time),
            time,
        )
    })
}

/// Returns KiB a connection, and KiB without connections.
fn idle(kind: Kind) -> Result<(f64, f64), String> {
    fresh(kind, PEOPLE, |server, target| {
        std::thread::sleep(IDLE_AFTER);
        let without = server.memory_kib();
        let mut members = Members::open(target, 1, IDLE)?;
        members.rest(IDLE_AFTER)?;
        Ok(((server.memory_kib() - without) / IDLE as f64, without))
    })
}

fn burst(kind: Kind, count: usize) -> Result<Results, String> {
    fresh(kind, PEOPLE, |_, target| {
        let mut members = Members::open(target, 1, count)?;
        members.rest(IDLE_AFTER)?;
        members.measure();
        members.post()?;
        members.settle()
    })
}

/// Reports how long the reconnect took, and the delay of the others' messages meanwhile.
fn reconnect_storm() -> Result<u64, String> {
    let folder = folder()?;
    let server = Server::start(Kind::Chapp, folder.path())?;
    let target = Target::prepare(Kind::Chapp, server.address, PEOPLE)?;
    drop(Members::open(&target, 1, RECONNECTING)?);
    let server = server.kill_and_restart()?;
    let mut talkers = Members::open(&target, 2, TALKERS)?;
    let mut talk = |time: Duration| -> Result<Results, String> {
        talkers.measure();
        talkers.post_at_rate(TALK_PER_SECOND, time)?;
        talkers.settle()
    };
    let quiet = talk(Duration::from_secs(5))?;
    let (talked, took) = std::thread::scope(|scope| {
        let crowd = scope.spawn(|| {
            let start = Instant::now();
            let members = Members::open(&target, 3, RECONNECTING);
            members.map(|members| (members, start.elapsed()))
        });
        // Until the crowd is in: only the messages during the reconnect count.
        let mut talked = Vec::new();
        while !crowd.is_finished() {
            talked.push(talk(Duration::from_millis(500))?);
        }
        let (_members, took) = crowd.join().map_err(|_| "the crowd broke off".to_owned())??;
        Ok::<_, String>((talked, took))
    })?;
    drop(server);
    Ok(report::reconnect_storm(RECONNECTING, took, &quiet, &talked))
}
