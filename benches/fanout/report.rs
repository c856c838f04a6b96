//! The tables. The results are medians of ratios, since each round is compared with its own limit.

use crate::members::Results;
use std::time::Duration;

pub struct Row {
    pub cpu_us: f64,
    pub per_second: f64,
    pub results: Results,
}

/// The quantile in milliseconds, or 0 without times; `part` is 0 to 1.
fn at(part: f64, times: &[u32]) -> f64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    let index = ((times.len() as f64 * part).ceil() as usize).saturating_sub(1);
    times.get(index).map_or(0.0, |time| f64::from(*time) / 1_000.0)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The median over the rounds of a quantile of the delays.
fn delay<'a>(part: f64, rows: impl Iterator<Item = &'a Row>) -> f64 {
    median(rows.map(|row| at(part, &row.results.delays)))
}

/// The median ratio of CPU a delivery, second ÷ first of each pair.
pub fn cpu_ratio(pairs: &[(Row, Row)]) -> f64 {
    median(pairs.iter().map(|(first, second)| second.cpu_us / first.cpu_us))
}

/// The median ratio of deliveries a second, second ÷ first of each pair.
pub fn rate_ratio(pairs: &[(Row, Row)]) -> f64 {
    median(pairs.iter().map(|(first, second)| second.per_second / first.per_second))
}

fn faults(pairs: &[(Row, Row)]) -> u64 {
    pairs.iter().map(|(_, chapp)| chapp.results.faults()).sum()
}

pub fn steady_head() {
    println!(
        "At a steady rate: CPU of the server for one delivery, and from a post to its delivery at a socket\n\n\
         | members | messages/s | limit, CPU µs | Chapp, CPU µs | × limit | limit, p50 / p99 ms | Chapp, p50 / p99 ms | × limit, p99 | answer, p50 / p99 ms | lost, doubled, disordered, gaps |\n\
         |---|---|---|---|---|---|---|---|---|---|"
    );
}

pub fn steady(members: usize, rate: f64, pairs: &[(Row, Row)]) -> u64 {
    let both = |part: f64| {
        let limit = delay(part, pairs.iter().map(|(limit, _)| limit));
        let chapp = delay(part, pairs.iter().map(|(_, chapp)| chapp));
        (limit, chapp)
    };
    let ((limit_50, chapp_50), (limit_99, chapp_99)) = (both(0.5), both(0.99));
    let late = pairs
        .iter()
        .map(|(limit, chapp)| at(0.99, &chapp.results.delays) / at(0.99, &limit.results.delays));
    // Over all rounds, since one round has too few answers for a p99.
    let answers: Vec<u32> = pairs
        .iter()
        .flat_map(|(_, chapp)| &chapp.results.answers)
        .copied()
        .collect();
    let answer = |part| at(part, &answers);
    println!(
        "| {members} | {rate:.0} | {:.2} | {:.2} | **{:.2}** | {limit_50:.2} / {limit_99:.2} | {chapp_50:.2} / {chapp_99:.2} | {:.2} | {:.2} / {:.2} | {} |",
        median(pairs.iter().map(|(limit, _)| limit.cpu_us)),
        median(pairs.iter().map(|(_, chapp)| chapp.cpu_us)),
        cpu_ratio(pairs),
        median(late),
        answer(0.5),
        answer(0.99),
        faults(pairs),
    );
    faults(pairs)
}

pub fn bun_head() {
    println!(
        "\nBeside Bun with SQLite: CPU of the server for one delivery\n\n\
         | members | messages/s | Bun, CPU µs | Chapp, CPU µs | × Bun | Bun, p50 / p99 ms | Chapp, p50 / p99 ms | lost, doubled, disordered, gaps |\n\
         |---|---|---|---|---|---|---|---|"
    );
}

pub fn bun(members: usize, rate: f64, pairs: &[(Row, Row)]) -> u64 {
    let bun = |part| delay(part, pairs.iter().map(|(bun, _)| bun));
    let chapp = |part| delay(part, pairs.iter().map(|(_, chapp)| chapp));
    println!(
        "| {members} | {rate:.0} | {:.2} | {:.2} | **{:.2}** | {:.2} / {:.2} | {:.2} / {:.2} | {} |",
        median(pairs.iter().map(|(bun, _)| bun.cpu_us)),
        median(pairs.iter().map(|(_, chapp)| chapp.cpu_us)),
        cpu_ratio(pairs),
        bun(0.5),
        bun(0.99),
        chapp(0.5),
        chapp(0.99),
        faults(pairs),
    );
    faults(pairs)
}

pub fn browsers_head() {
    println!(
        "With what browsers send: CPU of the server for one delivery of a message\n\n\
         | members | messages/s | without typing and read marks, CPU µs | with them, CPU µs | with ÷ without | p50 / p99 ms | lost, doubled, disordered, gaps |\n\
         |---|---|---|---|---|---|---|"
    );
}

pub fn browsers(members: usize, rate: f64, pairs: &[(Row, Row)]) -> u64 {
    println!(
        "| {members} | {rate:.0} | {:.2} | {:.2} | **{:.2}** | {:.2} / {:.2} | {} |",
        median(pairs.iter().map(|(without, _)| without.cpu_us)),
        median(pairs.iter().map(|(_, with)| with.cpu_us)),
        cpu_ratio(pairs),
        delay(0.5, pairs.iter().map(|(_, with)| with)),
        delay(0.99, pairs.iter().map(|(_, with)| with)),
        faults(pairs),
    );
    faults(pairs)
}

pub fn closed_head(window: usize) {
    println!(
        "\nAs fast as it goes, {window} messages under way\n\n\
         | members | limit, deliveries/s | Chapp, deliveries/s | × limit | limit, CPU µs | Chapp, CPU µs | lost, doubled, disordered, gaps |\n\
         |---|---|---|---|---|---|---|"
    );
}

pub fn closed(members: usize, pairs: &[(Row, Row)]) -> u64 {
    println!(
        "| {members} | {:.0} | {:.0} | **{:.2}** | {:.2} | {:.2} | {} |",
        median(pairs.iter().map(|(limit, _)| limit.per_second)),
        median(pairs.iter().map(|(_, chapp)| chapp.per_second)),
        rate_ratio(pairs),
        median(pairs.iter().map(|(limit, _)| limit.cpu_us)),
        median(pairs.iter().map(|(_, chapp)| chapp.cpu_us)),
        faults(pairs),
    );
    faults(pairs)
}

/// Each pair is KiB a connection and KiB without connections.
pub fn idle(members: usize, limit: (f64, f64), chapp: (f64, f64)) {
    println!(
        "\n{members} connections that only listen: {:.2} KiB each (limit {:.2}), on top of {:.1} MiB (limit {:.1})",
        chapp.0,
        limit.0,
        chapp.1 / 1_024.0,
        limit.1 / 1_024.0,
    );
}

pub fn burst(members: usize, limit: &Results, chapp: &Results) -> u64 {
    println!(
        "\nOne message to {members} connections that only listened: the last one has it after {:.0} ms (limit {:.0}); \
         lost, doubled, disordered, gaps: {}",
        at(1.0, &chapp.everyone),
        at(1.0, &limit.everyone),
        chapp.faults(),
    );
    chapp.faults()
}

pub fn reconnect_storm(members: usize, took: Duration, quiet: &Results, talked: &[Results]) -> u64 {
    let delays: Vec<u32> = talked.iter().flat_map(|found| &found.delays).copied().collect();
    let faults = talked.iter().chain([quiet]).map(Results::faults).sum();
    println!(
        "\n{members} connections come back after a kill: all are in after {:.2} s. Others who talk meanwhile are heard \
         after {:.1} / {:.1} ms (p50 / p99), before that {:.1} / {:.1}; lost, doubled, disordered, gaps: {faults}",
        took.as_secs_f64(),
        at(0.5, &delays),
        at(0.99, &delays),
        at(0.5, &quiet.delays),
        at(0.99, &quiet.delays),
    );
    faults
}
