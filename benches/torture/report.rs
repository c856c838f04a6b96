//! The table that a run prints.

use crate::chaos::{Outcome, SERVER_BYTES_MAX, Settings};
use crate::record::Law;
use crate::slow::{SLOW_BYTES_MAX, SLOW_READERS};

/// The number of breaches printed in full.
const BREACHES_SHOWN: usize = 12;

/// Prints the table, and returns whether every law held.
pub fn print(settings: &Settings, outcome: &Outcome) -> bool {
    let (record, faults) = (&outcome.record, &outcome.faults);
    let of = |what: &str| faults.get(what).copied().unwrap_or_default();
    let row = |name: &str, text: String| println!("{name:<10} {text}");
    row(
        "run",
        format!(
            "--seed {} --seconds {} --writers {} --readers {} ({} of them came in the middle)",
            settings.seed,
            settings.length.as_secs(),
            settings.writers,
            settings.readers,
            outcome.late_readers
        ),
    );
    row(
        "server",
        format!(
            "killed {}, stopped and started {}, frozen {}, disk filled {}, killed on the full disk {}",
            of("killed"),
            of("restarted"),
            of("frozen"),
            of("disk filled"),
            of("killed on a full disk")
        ),
    );
    if let Some(why) = &outcome.no_disk {
        row(
            "",
            format!("the disk was not filled, since a small one could not be mounted: {why}"),
        );
    }
    row(
        "links",
        format!(
            "cut {}, stalled {}, delayed {}, half open {}",
            of("links cut"),
            of("stalled"),
            of("delayed"),
            of("half open")
        ),
    );
    let counted = |what| record.counted(what);
    row(
        "clients",
        format!(
            "lost their link {}, left {}, died {} ({} with their outbox), were too slow {}",
            counted("losses"),
            counted("left"),
            counted("died"),
            counted("forgot"),
            counted("too slow")
        ),
    );
    row(
        "sent",
        format!(
            "{} posts, {} edits, {} deletions, {} reactions, {} asked again; {} refused by the full disk",
            counted("posts"),
            counted("edits"),
            counted("deletions"),
            counted("reactions"),
            counted("asked again"),
            counted("refused: disk full")
        ),
    );
    row(
        "received",
        format!(
            "{} answers, {} messages, {} syncs, {} resets, {} histories",
            counted("answers"),
            counted("deliveries"),
            counted("syncs"),
            counted("resets"),
            counted("histories")
        ),
    );
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let each = outcome.slow_bytes.map_or("not measured".to_owned(), |bytes| {
        format!("{:.2} MiB each (bound {:.0})", mib(bytes), mib(SLOW_BYTES_MAX))
    });
    row(
        "memory",
        format!(
            "server at most {:.1} MiB (bound {:.0}); {SLOW_READERS} who never read: {each}, {} closed with 4408",
            mib(outcome.resident_bytes_max),
            mib(SERVER_BYTES_MAX),
            counted("closed with 4408")
        ),
    );
    println!("\n{:<10} {:>9} {:>7}", "law", "looked at", "broken");
    for law in Law::ALL {
        let (name, says) = law.label();
        let looked = record.checked.get(&law).copied().unwrap_or_default();
        match record.broken.get(&law) {
            Some(broken) => println!("{name:<10} {looked:>9} {broken:>7}   BROKEN: {says}"),
            None => println!("{name:<10} {looked:>9} {:>7}   {says}", 0),
        }
    }
    for (law, breach) in record.breaches.iter().take(BREACHES_SHOWN) {
        println!("  {}: {}", law.label().0, breach.chars().take(400).collect::<String>());
    }
    if let Some(plant) = settings.plant {
        println!("planted: {plant:?}, {} times", outcome.planted);
    }
    record.broken.is_empty()
}
