//! The real executable under load from several people, ended by SIGKILL at random moments.
//!
//! `CHAPP_TEST_SEED` replays a run (except for scheduling), `CHAPP_TEST_ROUNDS` sets its length, `CHAPP_EXE` names the
//! executable.

use crate::harness::Rng;
use crate::harness::exe::Home;
use crate::harness::people::{Person, history, sign_up};
use crate::harness::socket::Socket;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

const ROUNDS: u64 = 20;
/// Posts of one person in flight.
const WINDOW: usize = 8;
/// People who post; the last of them never resends anything.
const PEOPLE: [&str; 4] = ["Ada", "Ben", "Carol", "Dan"];

fn number_of(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// A person who posts, and what they know of their posts.
struct Poster {
    person: Person,
    resends: bool,
    sent: u64,
    /// In the order of their first sending.
    unanswered: Vec<String>,
    answered: BTreeMap<String, u64>,
    /// What must not happen and did: a seq out of order, or an error.
    trouble: Option<String>,
}

impl Poster {
    fn frame(client_id: &str) -> String {
        json!({"type": "post", "room": 1, "client_id": client_id, "body": format!("body of {client_id}")}).to_string()
    }

    /// Posts until the server is gone; if `more` is false, until every resent post is answered.
    fn run(&mut self, address: SocketAddr, more: bool, busy: &mpsc::Sender<()>) {
        let Ok(mut socket) = Socket::try_connect(address, &self.person) else {
            return;
        };
        let mut in_flight = BTreeSet::new();
        if self.resends {
            for client_id in &self.unanswered {
                if socket.try_send_text(&Poster::frame(client_id)).is_err() {
                    return;
                }
                in_flight.insert(client_id.clone());
            }
        }
        let mut last_seq = None;
        loop {
            while more && in_flight.len() < WINDOW {
                let client_id = format!("{}-{}", self.person.name, self.sent);
                self.sent += 1;
                // From here on the post may be stored.
                self.unanswered.push(client_id.clone());
                in_flight.insert(client_id.clone());
                if socket.try_send_text(&Poster::frame(&client_id)).is_err() {
                    return;
                }
            }
            if !more && in_flight.is_empty() {
                return;
            }
            let Ok(Message::Text(text)) = socket.read() else {
                return;
            };
            let frame: Value = serde_json::from_str(&text).unwrap();
            match frame["type"].as_str().unwrap() {
                "ready" => last_seq = frame["rooms"][0]["head"].as_u64(),
                "posted" => {
                    let client_id = frame["client_id"].as_str().unwrap().to_owned();
                    self.unanswered.retain(|known| *known != client_id);
                    in_flight.remove(&client_id);
                    self.answered.insert(client_id, frame["seq"].as_u64().unwrap());
                    let _ = busy.send(());
                }
                "message" => {
                    let seq = frame["seq"].as_u64().unwrap();
                    match last_seq {
                        Some(last) if seq == last + 1 => last_seq = Some(seq),
                        Some(last) if seq <= last => {}
                        last => self.trouble = Some(format!("{seq} came after {last:?}")),
                    }
                }
                "error" => self.trouble = Some(text.to_string()),
                _ => {}
            }
        }
    }
}

/// Compares the server's messages with what everybody knows.
fn check(messages: &[Value], posters: &[Poster]) {
    let seqs = messages.iter().map(|message| message["id"].as_u64().unwrap());
    assert!(
        seqs.eq(1..=messages.len() as u64),
        "a seq is missing, or is there twice"
    );
    let mut found: HashMap<&str, u64> = HashMap::new();
    for message in messages {
        let body = message["body"].as_str().unwrap();
        let client_id = body.strip_prefix("body of ").unwrap();
        let twice = found.insert(client_id, message["id"].as_u64().unwrap());
        assert!(twice.is_none(), "{client_id} is there twice");
        let author = posters
            .iter()
            .find(|poster| message["author"] == poster.person.id)
            .unwrap();
        assert!(
            client_id.starts_with(&author.person.name),
            "{client_id} under another name"
        );
    }
    for poster in posters {
        assert_eq!(poster.trouble, None, "{}", poster.person.name);
        for (client_id, seq) in &poster.answered {
            assert_eq!(found.get(client_id.as_str()), Some(seq), "{client_id} was answered");
        }
        // A person who never resends keeps the order of first sending, even across gaps.
        if !poster.resends {
            let own = messages.iter().filter(|message| message["author"] == poster.person.id);
            let numbers: Vec<u64> = own
                .map(|message| {
                    message["body"]
                        .as_str()
                        .unwrap()
                        .rsplit('-')
                        .next()
                        .unwrap()
                        .parse()
                        .unwrap()
                })
                .collect();
            assert!(numbers.is_sorted(), "{}'s posts changed places", poster.person.name);
        }
    }
}

#[test]
fn a_kill_at_any_moment_loses_nothing_and_doubles_nothing() {
    let seed = number_of("CHAPP_TEST_SEED").unwrap_or_else(|| chapp::clock::Clock::System.now().0);
    let rounds = number_of("CHAPP_TEST_ROUNDS").unwrap_or(ROUNDS);
    println!("CHAPP_TEST_SEED={seed} CHAPP_TEST_ROUNDS={rounds}");
    let mut rng = Rng::new(seed);
    let home = Home::new();
    let first = home.serve(&["--rate-limits", "off"]);
    let mut posters = PEOPLE.map(|name| Poster {
        person: sign_up(first.address, name),
        resends: name != PEOPLE[PEOPLE.len() - 1],
        sent: 0,
        unanswered: Vec::new(),
        answered: BTreeMap::new(),
        trouble: None,
    });
    drop(first);
    let mut cut_off = 0;
    for round in 0..rounds {
        let mut exe = home.serve(&["--rate-limits", "off"]);
        let address = exe.address;
        check(&history(address, &posters[0].person), &posters);
        let moment = Duration::from_micros(rng.below(200_000));
        let (busy, is_busy) = mpsc::channel();
        thread::scope(|scope| {
            for poster in &mut posters {
                let busy = busy.clone();
                scope.spawn(move || poster.run(address, true, &busy));
            }
            drop(busy);
            // Wait for a first answer, then kill at a random moment.
            let _ = is_busy.recv_timeout(crate::harness::PATIENCE);
            thread::sleep(moment);
            exe.kill();
        });
        cut_off += posters.iter().map(|poster| poster.unanswered.len()).sum::<usize>();
        println!("round {round}: killed {moment:?} into it");
    }

    let exe = home.serve(&["--rate-limits", "off"]);
    check(&history(exe.address, &posters[0].person), &posters);
    let (busy, _is_busy) = mpsc::channel();
    for poster in posters.iter_mut().filter(|poster| poster.resends) {
        poster.run(exe.address, false, &busy);
        assert!(poster.unanswered.is_empty());
        assert_eq!(poster.answered.len() as u64, poster.sent);
    }
    let messages = history(exe.address, &posters[0].person);
    check(&messages, &posters);
    for poster in &posters {
        let own = messages
            .iter()
            .filter(|message| message["author"] == poster.person.id)
            .count() as u64;
        match poster.resends {
            true => assert_eq!(own, poster.sent, "each exactly once"),
            false => assert!((poster.answered.len() as u64..=poster.sent).contains(&own)),
        }
    }
    println!("{} messages, {cut_off} posts cut off", messages.len());
    assert!(cut_off > 0, "no kill came at a moment that mattered");
}
