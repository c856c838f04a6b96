//! A soak test: three browsers and a few hundred scripted clients act at random for two minutes while the server is
//! killed and restarted. Afterwards, each client's copy of every room must equal that of a fresh client, and every
//! acknowledged post must be stored once.
//!
//! `CHAPP_SOAK_SEED` repeats the random actions; `CHAPP_SOAK_SECONDS` and `CHAPP_SOAK_CLIENTS` set the length and size.

mod api;
mod client;
mod pages;
mod replica;
mod rng;

use crate::driver::Outcome;
use crate::site::Site;
use crate::world::{Expected, World};
use client::Client;
use futures_util::stream::{self, StreamExt};
use rng::Rng;
use serde_json::Value;
use std::collections::HashMap;
use std::thread;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

const SECONDS: u64 = 120;
const CLIENTS: u64 = 200;
/// How long the server runs between two kills, and how long it is down.
const LIFE: Duration = Duration::from_secs(17);
const AWAY: Duration = Duration::from_millis(700);
const SETTLE_LIMIT: Duration = Duration::from_secs(60);
/// Passwords that wait to be hashed; the server sheds more.
const AT_ONCE: usize = 8;

fn number_of(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

pub fn every_picture_equals_a_fresh_one_after_two_minutes_of_everything(world: &World) -> Outcome {
    world.expect(&[Expected::NoAnswer, Expected::Status(404)]);
    let seed = number_of("CHAPP_SOAK_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    let lasts = Duration::from_secs(number_of("CHAPP_SOAK_SECONDS").unwrap_or(SECONDS));
    let (site, browsers) = (&world.site, world.browsers);
    world.each(|browser| crate::chat::join(browser, site))?;
    let outcome = thread::scope(|scope| {
        let (pages_live, pages_are_still) = oneshot::channel();
        let crowd = scope.spawn(move || crowd(site, seed, lasts, pages_are_still));
        let pages: Vec<_> = browsers
            .iter()
            .zip(1..)
            .map(|(browser, number)| scope.spawn(move || pages::run(browser, site, Rng::new(seed ^ number), lasts)))
            .collect();
        kill_now_and_then(site, lasts)?;
        let pages: Outcome<Vec<()>> = pages
            .into_iter()
            .map(|page| page.join().expect("a browser's life has panicked"))
            .collect();
        drop(pages_live);
        crowd.join().expect("the crowd has panicked").and(pages.map(drop))
    });
    let outcome = outcome.and_then(|()| world.each(|browser| pages::look_again(browser, site)));
    outcome.map_err(|error| format!("CHAPP_SOAK_SEED={seed}: {error}"))
}

fn kill_now_and_then(site: &Site, lasts: Duration) -> Outcome {
    let end = std::time::Instant::now() + lasts;
    while std::time::Instant::now() + LIFE < end {
        thread::sleep(LIFE);
        site.kill()?;
        thread::sleep(AWAY);
        site.start_again()?;
    }
    Ok(())
}

/// The scripted clients, on one thread.
fn crowd(site: &Site, seed: u64, lasts: Duration, pages_are_still: oneshot::Receiver<()>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let end = Instant::now() + lasts;
        let count = number_of("CHAPP_SOAK_CLIENTS").unwrap_or(CLIENTS);
        let lives = (0..count).map(|number| async move {
            let seed = seed.wrapping_mul(1_000_003) ^ number;
            let mut client = sign_up(site, format!("client {number}"), seed, end).await?;
            client.run(end).await;
            Ok(client)
        });
        let clients: Vec<Outcome<Client>> = futures_util::future::join_all(lives).await;
        let mut clients: Vec<Client> = clients.into_iter().collect::<Outcome<_>>()?;
        // A client that still acts would change what others have settled on.
        let _ = pages_are_still.await;
        // The first round resends unanswered posts; the second receives them everywhere.
        for _ in 0..2 {
            let settling = clients.iter_mut().map(|client| client.settle(SETTLE_LIMIT));
            futures_util::future::join_all(settling)
                .await
                .into_iter()
                .collect::<Outcome<Vec<()>>>()?;
        }
        let compared = stream::iter(&clients).map(compare).buffer_unordered(AT_ONCE);
        let compared: Vec<Outcome> = compared.collect().await;
        compared.into_iter().collect()
    })
}

/// Retries while the server is down or busy hashing passwords.
async fn sign_up(site: &Site, name: String, seed: u64, end: Instant) -> Outcome<Client> {
    let mut last = String::new();
    while Instant::now() < end {
        match Client::sign_up(site.server(), name.clone(), seed).await {
            Ok(client) => return Ok(client),
            Err(error) => last = error,
        }
        tokio::time::sleep(Duration::from_millis(50 + seed % 200)).await;
    }
    Err(last)
}

/// Compares a client's replica with a fresh one of the same person.
async fn compare(client: &Client) -> Outcome {
    if let Some(complaint) = client.replica.complaints.first() {
        return Err(format!("{}: {complaint}", client.name));
    }
    let mut fresh = client.fresh().await?;
    fresh.settle(SETTLE_LIMIT).await?;
    let (held, seen) = (client.replica.to_json(), fresh.replica.to_json());
    if held != seen {
        return Err(format!("{}: {}", client.name, difference("", &held, &seen)));
    }
    if let Some(wrong) = fresh.replica.wrong_last() {
        return Err(format!("{}: {wrong}", client.name));
    }
    let rooms = fresh.replica.rooms.into_iter();
    let histories = rooms.map(|(id, room)| (id, room.messages.into_values().collect()));
    once(client, &histories.collect())
}

/// Checks that every answered post has the seq of its answer, and that no post is stored twice.
fn once(client: &Client, histories: &HashMap<u64, Vec<Value>>) -> Outcome {
    let own = histories.iter().flat_map(|(room, messages)| {
        messages
            .iter()
            .filter_map(move |message| Some((message["client_id"].as_str()?, *room, replica::number(&message["id"]))))
    });
    let mut found: HashMap<&str, (u64, u64)> = HashMap::new();
    for (client_id, room, id) in own.filter(|(client_id, ..)| client_id.starts_with(&format!("{}-", client.name))) {
        if let Some(before) = found.insert(client_id, (room, id))
            && before != (room, id)
        {
            return Err(format!("{client_id} stands at {before:?} and at {:?}", (room, id)));
        }
    }
    for (client_id, position) in &client.answered {
        let in_room = client.replica.rooms.contains_key(&position.0);
        if in_room && found.get(client_id.as_str()) != Some(position) {
            let seen = found.get(client_id.as_str());
            let there = histories
                .get(&position.0)
                .and_then(|all| all.iter().find(|m| replica::number(&m["id"]) == position.1));
            return Err(format!(
                "{client_id} was answered with {position:?} and stands at {seen:?}; there stands {there:?}"
            ));
        }
    }
    Ok(())
}

/// The path of the first difference between two values.
fn difference(path: &str, held: &Value, seen: &Value) -> String {
    match (held, seen) {
        (Value::Object(a), Value::Object(b)) => {
            let mut names: Vec<&String> = a.keys().chain(b.keys()).collect();
            names.sort();
            let differs = names.into_iter().find(|name| a.get(*name) != b.get(*name));
            let name = differs.map_or("", String::as_str);
            difference(&format!("{path}/{name}"), &held[name], &seen[name])
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let at = a.iter().zip(b).position(|(a, b)| a != b).unwrap_or(0);
            difference(&format!("{path}/{at}"), &a[at], &b[at])
        }
        _ => format!("at {path} it holds {held:.300}, and somebody fresh sees {seen:.300}"),
    }
}
