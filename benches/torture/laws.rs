//! After the storm: what the server holds, against what everybody sent, was answered and saw.

use crate::client::Client;
use crate::ledger::{Law, Ledger, Post};
use crate::picture::number;
use crate::storm::SETTLE_MAX;
use serde_json::Value;
use std::collections::HashMap;
use std::net::SocketAddr;
use tokio::time::Instant;

/// Everybody comes back over the proxy and learns the rest; then all of it is compared with what a fresh
/// client reads from the server itself.
pub async fn check(clients: Vec<Client>, server: SocketAddr) -> Result<(), String> {
    // Once until nobody has anything left to send, and once more to hear what the others sent.
    let clients = settle(settle(clients).await?).await?;
    for client in &clients {
        let mut fresh = client.fresh(server);
        fresh.settle(SETTLE_MAX).await?;
        alike(client, &fresh);
        own_posts(client, &fresh);
    }
    for client in &clients {
        client.ask_all_again(server, Instant::now() + SETTLE_MAX).await?;
    }
    // Asking again posted nothing.
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
                client.ledger().check(Law::Alike, false, || error);
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
    let (held, told) = (client.picture.told(), fresh.picture.told());
    let rooms = told.as_object().into_iter().flatten();
    for (room, told) in rooms {
        let held = &held[room];
        client
            .ledger()
            .check(Law::Alike, held == told, || difference(&client.name, room, held, told));
    }
    let (held, told) = (client.picture.rooms.len(), fresh.picture.rooms.len());
    client.ledger().check(Law::Alike, held == told, || {
        format!("{} knows {held} rooms of {told}", client.name)
    });
}

/// Where two pictures of a room differ first.
fn difference(name: &str, room: &str, held: &Value, told: &Value) -> String {
    if held["facts"] != told["facts"] {
        return format!("{name}, room {room}: {} instead of {}", held["facts"], told["facts"]);
    }
    let list = |picture: &Value| picture["messages"].as_array().cloned().unwrap_or_default();
    let (held, told) = (list(held), list(told));
    let lengths = format!("{} messages instead of {}", held.len(), told.len());
    let first = held.iter().zip(&told).find(|(held, told)| held != told);
    let first = first.map_or(lengths, |(held, told)| format!("{held} instead of {told}"));
    format!("{name}, room {room}: {first}")
}

/// Whatever somebody posted, as they read it themselves: others are not told a client_id.
fn own_posts(author: &Client, fresh: &Client) {
    let mut ledger = author.ledger();
    let mut found: HashMap<&str, Vec<(u64, u64)>> = HashMap::new();
    for (room, picture) in &fresh.picture.rooms {
        for message in picture.messages.values() {
            if let Some(client_id) = message["client_id"].as_str() {
                found
                    .entry(client_id)
                    .or_default()
                    .push((*room, number(&message["id"])));
            }
        }
    }
    for (client_id, places) in &found {
        let is_known = ledger.posts.contains_key(*client_id);
        ledger.check(Law::Once, places.len() == 1 && is_known, || {
            format!("{client_id} is at {places:?}")
        });
    }
    let mut mine: Vec<(String, Post)> = ledger
        .posts
        .iter()
        .map(|(id, post)| (id.clone(), post.clone()))
        .collect();
    mine.retain(|(_, post)| post.writer == author.number);
    mine.sort_by_key(|(_, post)| (post.room, post.number));
    for (client_id, post) in &mine {
        if let Some(place) = post.answer {
            let message = fresh
                .picture
                .rooms
                .get(&place.0)
                .and_then(|room| room.messages.get(&place.1));
            is_stored(&mut ledger, client_id, post, message);
        }
    }
    let stand = |post: &Post| post.answer.filter(|_| !post.refused);
    let standing: Vec<_> = mine
        .iter()
        .filter_map(|(id, post)| stand(post).map(|place| (id, place)))
        .collect();
    for two in standing.windows(2).filter(|two| two[0].1.0 == two[1].1.0) {
        ledger.check(Law::Senders, two[0].1.1 < two[1].1.1, || {
            format!("{} stands behind {}", two[0].0, two[1].0)
        });
    }
}

fn is_stored(ledger: &mut Ledger, client_id: &str, post: &Post, message: Option<&Value>) {
    let place = post.answer;
    let Some(message) = message.filter(|message| message["client_id"] == client_id) else {
        return ledger.check(Law::Stored, false, || format!("{client_id} is not at {place:?}"));
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
    ledger.check(Law::Stored, holds, || {
        format!("{client_id}: {post:?}, and there is {message}")
    });
}
