//! Measures the hot paths one by one: `cargo bench --bench hot`; `-- --quick` takes less than a minute.
//!
//! The store is on the real disk of the target folder, and each commit waits for its fsync.

#[allow(dead_code)]
#[path = "history/seed.rs"]
mod seed;
#[allow(dead_code)]
#[path = "history/words.rs"]
mod words;

use chapp::chat::markup::{self, Names};
use chapp::clock::{Clock, Time};
use chapp::hub::Hub;
use chapp::limits::BODY_CHARS_MAX;
use chapp::model::{
    Anchor, Body, Change, ClientId, Event, FormattedText, LOBBY, NewMessage, NewPost, PageSize, Posted, SearchQuery,
    SearchTerms, Seq, UserId,
};
use chapp::store::{Options, Store};
use chapp::wire;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use seed::Plan;
use std::hint::black_box;
use tokio::runtime::Runtime;
use words::{Words, word};

const SEED: u64 = 1;
/// Messages in the store.
const MESSAGES: u64 = 100_000;
const PLAN: Plan = Plan {
    people: 100,
    rooms: 100,
    members: 20,
};
const TYPICAL: &str = "Lunch at **twelve**? The menu is at https://example.com/menu, and `soup` is back :tada:";

/// A message of the maximum length that uses every kind of markup.
fn longest() -> String {
    let piece = "- *one* **two** `three` ~~four~~ [five](https://example.com/five) @six #seven :eight:\n";
    piece.chars().cycle().take(BODY_CHARS_MAX - 1).collect()
}

fn formatted(text: &str) -> FormattedText {
    markup::parse(Body::parse(text).expect("a text"), &Names::default())
}

fn post(client_id: &str, text: &str) -> Change {
    Change::Post(NewPost {
        author: UserId(1),
        room: LOBBY,
        client_id: ClientId::parse(client_id).expect("a name"),
        message: NewMessage::Text {
            text: FormattedText::plain(Body::parse(text).expect("a text")),
            reply_to: None,
            files: Vec::new(),
        },
        here: Vec::new(),
        at: Clock::System.now(),
    })
}

fn posted(text: FormattedText) -> Posted {
    let message = chapp::model::Message {
        id: Seq(1_000),
        author: UserId(1),
        sent_at: Time(1_700_000_000_000),
        body: text.body,
        content: text.content,
        client_id: Some(ClientId::parse("1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed").expect("a name")),
        edited_at: None,
        deleted_by: None,
        reply_to: None,
        files: Vec::new(),
        reactions: Vec::new(),
        pinned: None,
        forwarded: None,
        mentions: text.mentions,
        notice: None,
    };
    Posted {
        room: LOBBY,
        seq: message.id,
        message,
    }
}

fn without_disk(criterion: &mut Criterion) {
    let frame = format!(
        r#"{{"type":"post","ref":"7","room":1,"client_id":"1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed","body":{:?}}}"#,
        TYPICAL
    );
    criterion.bench_function("wire: decode a post", |bencher| {
        bencher.iter(|| wire::decode(black_box(&frame)).is_ok());
    });
    let event = posted(formatted(TYPICAL));
    criterion.bench_function("wire: encode a message for a room", |bencher| {
        bencher.iter(|| wire::message(black_box(&event)));
    });
    let (hub, events) = (
        Hub::new(Default::default(), false, Default::default()),
        vec![Event::Posted(event)],
    );
    criterion.bench_function("hub: prepare one message for delivery", |bencher| {
        bencher.iter(|| hub.deliver(black_box(events.clone())));
    });
    for (name, text) in [("typical", TYPICAL.to_owned()), ("8,000 characters", longest())] {
        let body = Body::parse(&text).expect("a text");
        criterion.bench_function(&format!("markup: read a {name} message"), |bencher| {
            let again = || body.clone();
            bencher.iter_batched(
                again,
                |body| markup::parse(body, &Names::default()),
                BatchSize::SmallInput,
            );
        });
    }
}

fn commits(criterion: &mut Criterion, runtime: &Runtime, store: &Store, words: &mut Words) {
    for count in [1, 64] {
        criterion.bench_function(&format!("store: a commit of {count}, with fsync"), |bencher| {
            let changes = || {
                let changes = (0..count).map(|_| post(&words.uuid(), TYPICAL));
                changes.collect::<Vec<_>>()
            };
            let commit = |changes: Vec<Change>| {
                runtime.block_on(async {
                    let mut pending = Vec::with_capacity(changes.len());
                    for change in changes {
                        pending.push(store.submit(change).await.expect("a store that is open"));
                    }
                    for pending in pending {
                        pending.await.expect("a commit");
                    }
                });
            };
            bencher.iter_batched(changes, commit, BatchSize::PerIteration);
        });
    }
}

fn queries(criterion: &mut Criterion, runtime: &Runtime, store: &Store) {
    let size = PageSize::default();
    let mut page = |name: &str, anchor| {
        criterion.bench_function(name, |bencher| {
            let page = || runtime.block_on(store.history(UserId(1), LOBBY, anchor, size));
            bencher.iter(|| page().expect("a page"));
        });
    };
    page("store: the newest page of 50", Anchor::Latest);
    page("store: a page of 50 in the middle", Anchor::Around(Seq(MESSAGES / 5)));
    let room = runtime.block_on(store.room(UserId(1), LOBBY)).expect("the Lobby");
    criterion.bench_function("store: a catch-up over 500 messages", |bencher| {
        let since = Seq(room.head.0 - 500);
        bencher.iter(|| runtime.block_on(store.catchup(UserId(1), LOBBY, since)).expect("it"));
    });
    for (name, text) in [("a common word", word(20)), ("a rare word", word(15_000))] {
        let query = SearchQuery {
            sought: SearchTerms::parse(&text).expect("a word"),
            ..SearchQuery::default()
        };
        criterion.bench_function(&format!("store: search for {name}"), |bencher| {
            bencher.iter(|| store.search(UserId(1), &query).expect("hits"));
        });
    }
}

fn on_disk(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let data = folder.path().join("chapp.redb");
    let mut words = Words::new(SEED);
    let filled = seed::with_store(&data, async |store| {
        seed::create_rooms(store, PLAN).await?;
        seed::post_messages(store, PLAN, &mut words, MESSAGES).await
    });
    filled.expect("a full store");
    let (store, mut feed) = Store::open(&data, Options::default()).expect("a store");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let listener = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        runtime.block_on(async { while feed.next().await.is_some() {} });
    });
    queries(criterion, &runtime, &store);
    commits(criterion, &runtime, &store, &mut words);
    runtime.block_on(store.close());
    let _ = listener.join();
}

criterion_group!(hot, without_disk, on_disk);
criterion_main!(hot);
