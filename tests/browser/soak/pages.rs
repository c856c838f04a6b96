//! The actions of the three browsers, and the comparison of their pages with fresh ones.

use super::rng::Rng;
use crate::chat::{IN_A_WHILE, SOON, open, person};
use crate::driver::{Browser, ENTER, Outcome};
use crate::site::Site;
use serde_json::{Value, json};
use std::thread;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(900);
/// The number of last messages of each room that are compared.
const COMPARED: usize = 25;

/// Posts, reacts and switches rooms for this time, and stays until everything is sent.
pub fn run(browser: &Browser, _site: &Site, mut rng: Rng, lasts: Duration) -> Outcome {
    let end = Instant::now() + lasts;
    let mut number = 0;
    while Instant::now() < end {
        number += 1;
        match rng.below(4) {
            0 => browser.script(WALK, json!([rng.below(1_000)])).map(drop)?,
            1 => browser.script(REACT, json!([rng.below(1_000)])).map(drop)?,
            _ => write(browser, &format!("{} writes {number}", person(browser)))?,
        }
        thread::sleep(PAUSE);
    }
    has_sent_all(browser)
}

fn has_sent_all(browser: &Browser) -> Outcome {
    let quiet = "document.body.dataset.connection === 'online' &&
        !document.querySelector('article.msg:not([data-id])')";
    browser.until(quiet, IN_A_WHILE)
}

/// Opens another room of the list.
const WALK: &str = "const rooms = [...document.querySelectorAll('.side a.row')];
    rooms[arguments[0] % rooms.length]?.click();";

/// Toggles the first reaction of a message.
const REACT: &str = "const reactions = [...document.querySelectorAll('#messages .react[aria-pressed]')];
    reactions[arguments[0] % reactions.length]?.click();";

/// Posts a message if the room accepts messages.
fn write(browser: &Browser, text: &str) -> Outcome {
    let can = "const box = document.querySelector('#composer'); return Boolean(box && box.offsetParent);";
    if browser.script(can, json!([]))? != Value::Bool(true) {
        return Ok(());
    }
    browser.write_into("#composer", text)?;
    browser.type_into("#composer", ENTER)
}

/// Compares each room as the page shows it with the same page after a reload.
pub fn look_again(browser: &Browser, site: &Site) -> Outcome {
    has_sent_all(browser)?;
    let held = all_rooms(browser)?;
    open(browser, site)?;
    let fresh = all_rooms(browser)?;
    for (held, fresh) in held.iter().zip(&fresh) {
        if held != fresh {
            return Err(format!("the page shows {held}\n      and a fresh one {fresh}"));
        }
    }
    match held.len() == fresh.len() {
        true => Ok(()),
        false => Err(format!("{} rooms, and {} afresh", held.len(), fresh.len())),
    }
}

fn all_rooms(browser: &Browser) -> Outcome<Vec<Value>> {
    let links = "[...document.querySelectorAll('.side a.row')].map((row) => row.getAttribute('href')).sort()";
    let links = browser.value_of(links)?;
    let mut rooms = Vec::new();
    for link in links.as_array().into_iter().flatten() {
        let go = "document.querySelector(`.side a.row[href=\"${arguments[0]}\"]`).click();";
        browser.script(go, json!([link]))?;
        let there = format!(
            "document.querySelector('.side a.row[aria-current=page]')?.getAttribute('href') === {link} &&
             document.querySelector('#messages article.msg, #messages .blank, #messages .start') &&
             !document.querySelector('#messages .blank > p[role=status], #messages[aria-busy=true]')"
        );
        browser.until(&there, SOON)?;
        press_latest(browser)?;
        rooms.push(json!({"room": link, "shows": browser.value_of(&shown())?}));
    }
    Ok(rooms)
}

/// Goes to the end of the room if it opened elsewhere.
fn press_latest(browser: &Browser) -> Outcome {
    let latest = "const pill = document.querySelector('#latest'); if (!pill.hidden) pill.click();";
    browser.script(latest, json!([]))?;
    browser.until("document.querySelector('#latest').hidden", SOON)
}

fn shown() -> String {
    format!(
        "[...document.querySelectorAll('#messages article.msg')].slice(-{COMPARED}).map((message) => [
            message.dataset.id,
            message.querySelector('[data-ref=text]')?.textContent.trim(),
            [...message.querySelectorAll('.react[aria-pressed]')].map((one) => one.textContent.trim() + one.ariaPressed),
        ])"
    )
}
