//! Checks the laws after the run: compares the server's state with what every client sent, received and saw.

use crate::chaos::SETTLE_MAX;
use crate::client::Client;
use crate::record::{Law, Post, Record};
use crate::replica::number;
use serde_json::Value;
use std::collections::HashMap;
use std::net::SocketAddr;
use tokio::time::Instant;

/// Every client reconnects through the proxy and catches up; then its state is compared with that of a fresh
/// client that reads from the server directly.
pub async fn check(clients: Vec<Client>, server: SocketAddr) -> Result<(), String> {
    // The first round empties every outbox; the second receives what the others sent in the first.
    let clients = settle(settle(clients).await?).await?;
    for client in &clients {
        let mut fresh = client.fresh(server);
        fresh.settle(SETTLE_MAX).await?;
        alike(client, &fresh);
        own_posts(client, &fresh);
    }
    for client in &clients {
        client.resend_all(server, Instant::now() + SETTLE_MAX).await?;
    }
    // Resending must not have posted anything.
    for client in &clients {
        let mut fresh = client.fresh(server);
        fresh.settle(SETTLE_MAX).await?;
        alike(client, &fresh);
    }
    Ok(())
}

async fn settle(clients: Vec<Client>) -> Result<Vec<Client>, String> {
    let mut settling = Vec::new();
    for mut client in clients {
        settling.push(tokio::spawn(async move {
            if let Err(error) = client.settle(SETTLE_MAX).await {
                client.record().check(Law::Alike, false, || error);
            }
            client
        }));
    }
    let mut settled = Vec::new();
    for client in settling {
        settled.push(client.await.map_err(|error| error.to_string())?);
    }
    Ok(settled)
}

fn alike(client: &Client, fresh: &Client) {
    let (held, expected) = (client.replica.to_json(), fresh.replica.to_json());
    let rooms = expected.as_object().into_iter().flatten();
    for (room, expected) in rooms {
        let held = &held[room];
        client.record().check(Law::Alike, held == expected, || {
            difference(&client.name, room, held, expected)
        });
    }
    let (held, expected) = (client.replica.rooms.len(), fresh.replica.rooms.len());
    client.record().check(Law::Alike, held == expected, || {
        format!("{} knows {held} rooms of {expected}", client.name)
    });
}

/// The first difference between two replicas of a room.
fn difference(name: &str, room: &str, held: &Value, expected: &Value) -> String {
    if held["facts"] != expected["facts"] {
        return format!(
            "{name}, room {room}: {} instead of {}",
            held["facts"], expected["facts"]
        );
    }
    let list = |replica: &Value| replica["messages"].as_array().cloned().unwrap_or_default();
    let (held, expected) = (list(held), list(expected));
    let lengths = format!("{} messages instead of {}", held.len(), expected.len());
    let first = held.iter().zip(&expected).find(|(held, expected)| held != expected);
    let first = first.map_or(lengths, |(held, expected)| format!("{held} instead of {expected}"));
    format!("{name}, room {room}: {first}")
}

/// Checks an author's posts as the author reads them: only the author sees a `client_id`.
fn own_posts(author: &Client, fresh: &Client) {
    let mut record = author.record();
    let mut found: HashMap<&str, Vec<(u64, u64)>> = HashMap::new();
    for (room, replica) in &fresh.replica.rooms {
        for message in replica.messages.values() {
            if let Some(client_id) = message["client_id"].as_str() {
                found
                    .entry(client_id)
                    .or_default()
                    .push((*room, number(&message["id"])));
            }
        }
    }
    for (client_id, positions) in &found {
        let is_known = record.posts.contains_key(*client_id);
        record.check(Law::Once, positions.len() == 1 && is_known, || {
            format!("{client_id} is at {positions:?}")
        });
    }
    let mut mine: Vec<(String, Post)> = record
        .posts
        .iter()
        .map(|(id, post)| (id.clone(), post.clone()))
        .collect();
    mine.retain(|(_, post)| post.writer == author.number);
    mine.sort_by_key(|(_, post)| (post.room, post.number));
    for (client_id, post) in &mine {
        if let Some(position) = post.answer {
            let message = fresh
                .replica
                .rooms
                .get(&position.0)
                .and_then(|room| room.messages.get(&position.1));
            is_stored(&mut record, client_id, post, message);
        }
    }
    let standing_at = |post: &Post| post.answer.filter(|_| !post.refused);
    let standing: Vec<_> = mine
        .iter()
        .filter_map(|(id, post)| standing_at(post).map(|position| (id, position)))
        .collect();
    for two in standing.windows(2).filter(|two| two[0].1.0 == two[1].1.0) {
        record.check(Law::Senders, two[0].1.1 < two[1].1.1, || {
            format!("{} stands behind {}", two[0].0, two[1].0)
        });
    }
}

fn is_stored(record: &mut Record, client_id: &str, post: &Post, message: Option<&Value>) {
    let position = post.answer;
    let Some(message) = message.filter(|message| message["client_id"] == client_id) else {
        return record.check(Law::Stored, false, || format!("{client_id} is not at {position:?}"));
    };
    let is_deleted = message["deleted"] == true;
    let body = message["body"].as_str().unwrap_or_default();
    let mut words = body.split(' ');
    let is_own = words.next() == Some(client_id);
    let edit: u64 = match words.next() {
        Some("edit") => words.next().and_then(|number| number.parse().ok()).unwrap_or_default(),
        _ => 0,
    };
    let holds = match is_deleted {
        true => body.is_empty(),
        false => is_own && !post.deleted && (post.edits.1..=post.edits.0).contains(&edit),
    };
    record.check(Law::Stored, holds, || {
        format!("{client_id}: {post:?}, and there is {message}")
    });
}
