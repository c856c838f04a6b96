//! The size of the page and the time until the composer is usable, with an empty browser cache.
//!
//! `cargo bench --bench page` runs the real executable and headless Chromium, prints a table and asserts nothing.
//! The bytes are those sent to the browser: heads, bodies and socket frames. They leave out the lazy part, which
//! loads at the first input. The time runs from the navigation to the first frame in which the messages are shown,
//! the socket is open and the composer takes text.

#[allow(dead_code)]
#[path = "../tests/browser/chat.rs"]
mod chat;
#[allow(dead_code, unused_imports)]
#[path = "../tests/browser/driver/mod.rs"]
mod driver;
#[allow(dead_code)]
#[path = "../tests/browser/site.rs"]
mod site;

use chat::SOON;
use driver::{Browser, Engine, Outcome};
use serde_json::{Value, json};
use site::Site;
use std::process::ExitCode;

const RUNS: usize = 9;
/// Enough to fill the first page of a room.
const MESSAGES: usize = 60;

/// Checks before each frame, and stores the time of the first frame in which the page is usable.
const WATCH: &str = "const look = () => {
    const there = document.body?.dataset.connection === 'online'
        && document.querySelector('#messages article') && !document.querySelector('#composer').disabled;
    if (there) window.usableAt = performance.now();
    else requestAnimationFrame(look);
};
requestAnimationFrame(look);";

/// The requests so far: `[[KIND, BYTES]…]`, with the page itself.
const ASKED: &str = "(() => {
    const kind = (name) => name.endsWith('.js') ? 'script' : name.endsWith('.css') ? 'style sheet'
        : name.includes('/api/') ? 'answers of the API' : 'other files';
    const [page] = performance.getEntriesByType('navigation');
    return [['page', page.encodedBodySize],
        ...performance.getEntriesByType('resource').map((one) => [kind(one.name), one.encodedBodySize])];
})()";

struct Run {
    bytes: u64,
    usable_ms: f64,
    asked: Vec<(String, u64)>,
}

fn main() -> ExitCode {
    match measure() {
        Ok(runs) => {
            report(&runs);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Outcome<Vec<Run>> {
    let site = Site::start()?;
    let browser = Browser::start(Engine::Chromium)?;
    browser.set_viewport(1280, 900)?;
    chat::join(&browser, &site)?;
    let bo = site.sign_up("Bo")?;
    let texts =
        (0..MESSAGES).map(|number| format!("Message {number}, as long as people write: see you at noon by the mill."));
    site.post_all(&bo, texts)?;
    devtools(
        &browser,
        "Page.addScriptToEvaluateOnNewDocument",
        json!({"source": WATCH}),
    )?;
    // The first run warms up the browser. The cache is cleared before every run.
    let runs: Outcome<Vec<Run>> = (0..=RUNS).map(|_| run(&browser, &site)).collect();
    Ok(runs?.into_iter().skip(1).collect())
}

fn run(browser: &Browser, site: &Site) -> Outcome<Run> {
    browser.go_to("about:blank")?;
    devtools(browser, "Network.clearBrowserCache", json!({}))?;
    let before = site.proxy.delivered();
    browser.go_to(&format!("{}/", site.origin))?;
    browser.until("window.usableAt > 0", SOON)?;
    let bytes = site.proxy.delivered() - before;
    let usable_ms = browser.value_of("window.usableAt")?.as_f64().unwrap_or_default();
    let asked = browser.value_of(ASKED)?;
    let pair = |one: &Value| {
        (
            one[0].as_str().unwrap_or_default().to_owned(),
            one[1].as_u64().unwrap_or_default(),
        )
    };
    let asked = asked.as_array().into_iter().flatten().map(pair).collect();
    Ok(Run {
        bytes,
        usable_ms,
        asked,
    })
}

fn devtools(browser: &Browser, command: &str, parameters: Value) -> Outcome {
    let body = json!({"cmd": command, "params": parameters});
    browser.post("/goog/cdp/execute", body).map(drop)
}

fn report(runs: &[Run]) {
    let kib = |bytes: u64| bytes as f64 / 1024.0;
    let mut times: Vec<f64> = runs.iter().map(|run| run.usable_ms).collect();
    times.sort_by(f64::total_cmp);
    let mut by_size: Vec<&Run> = runs.iter().collect();
    by_size.sort_by_key(|run| run.bytes);
    let median = by_size[by_size.len() / 2];
    let (middle, slowest) = (times[times.len() / 2], times[times.len() - 1]);
    println!(
        "{:<46} {middle:>8.0} ms   (slowest of {}: {slowest:.0})",
        "until somebody can write",
        times.len()
    );
    println!(
        "{:<46} {:>8.1} KiB",
        "to the browser until then, all in all",
        kib(median.bytes)
    );
    println!("{:<46} {:>8}", "requests, without the socket", median.asked.len());
    let mut rest = median.bytes;
    for kind in ["page", "style sheet", "script", "other files", "answers of the API"] {
        let sizes = median
            .asked
            .iter()
            .filter(|(known, _)| known == kind)
            .map(|(_, size)| size);
        let (count, sum) = (sizes.clone().count(), sizes.sum::<u64>());
        println!("  {:<44} {:>8.1} KiB", format!("{kind} ({count})"), kib(sum));
        rest = rest.saturating_sub(sum);
    }
    println!(
        "  {:<44} {:>8.1} KiB",
        "heads of answers, frames of the socket",
        kib(rest)
    );
}
