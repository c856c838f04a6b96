//! Long conversations: scrolling back, and returning to a position.

use crate::chat::{SOON, equal, holds, join, open, person, press, sees, send};
use crate::driver::{Browser, Engine, Outcome};
use crate::world::World;
use serde_json::{Value, json};

/// Enough for several pages of history on every screen.
const MANY: usize = 300;

pub fn older_messages_load_without_moving_what_is_read(world: &World) -> Outcome {
    let author = world.site.sign_up("Author")?;
    // Of different heights, so that a mistake in arithmetic shows.
    let text = |number: usize| format!("message {number}{}", "\nand another line".repeat(number % 4));
    world.site.post_all(&author, (1..=MANY).map(text))?;
    world.each(|browser| {
        join(browser, &world.site)?;
        sees(browser, &text(MANY))?;
        let mut oldest = oldest_shown(browser)?;
        if oldest == 1 {
            return Err(format!("all {MANY} messages were loaded at once"));
        }
        // The page knows that the reader has left the end.
        scroll_up(browser)?;
        browser.until("!document.querySelector('#latest').hidden", SOON)?;
        // In wheel-sized steps, alternating with jumps to the start, where the page has to load.
        for step in [240, 1_000_000].into_iter().cycle() {
            if oldest == 1 {
                break;
            }
            let moved = browser.async_script(SCROLL_UP_AND_MEASURE, &json!([step]))?;
            let pixels = moved["pixels"].as_f64().unwrap_or(f64::INFINITY);
            if pixels.abs() >= 2.0 {
                return Err(format!("in steps of {step} px, what was read moved: {moved}"));
            }
            let reached = oldest_shown(browser)?;
            if reached >= oldest {
                return Err(format!("nothing older than message {oldest} was loaded: {moved}"));
            }
            oldest = reached;
        }
        equal("holes in the history", browser.value_of(HOLES)?, json!(0))
    })
}

/// Scrolls towards the start until older messages have been put in front. Says how far the page moved
/// a message in the middle of the screen meanwhile: what it moves by our own scrolling is over before
/// we look, and what remains is measured in every frame, since a jump that is taken back in the next
/// one is a jump too.
const SCROLL_UP_AND_MEASURE: &str = "
    const [step] = given;
    const log = document.querySelector('#messages');
    const messages = () => [...log.querySelectorAll('article.msg[data-id]')];
    const oldest = () => Number(messages()[0].dataset.id);
    const first = oldest();
    const began = performance.now();
    let worst = 0;
    while (oldest() === first && performance.now() - began < 10000) {
        const middle = log.getBoundingClientRect().top + log.clientHeight / 2;
        if (log.scrollTop > 0) {
            log.scrollTop = Math.max(0, log.scrollTop - step);
            log.dispatchEvent(new Event('scroll'));
        }
        const read = messages().find((message) => message.getBoundingClientRect().bottom > middle);
        const before = read.getBoundingClientRect().top;
        await new Promise(requestAnimationFrame);
        const moved = read.getBoundingClientRect().top - before;
        if (Math.abs(moved) > Math.abs(worst)) worst = moved;
    }
    return {pixels: worst, first, now: oldest(), top: log.scrollTop};";

/// Ids count every message here, since nothing else takes a number once the author is alone.
const HOLES: &str = "[...document.querySelectorAll('article.msg[data-id]')]
    .filter((message, index, all) => index > 0 &&
        Number(message.dataset.id) <= Number(all[index - 1].dataset.id)).length";

/// The number in the text of the first message that is shown.
fn oldest_shown(browser: &Browser) -> Outcome<usize> {
    let number = "Number(document.querySelector('article.msg[data-id] [data-ref=text]')
        .textContent.match(/message (\\d+)/)[1])";
    match browser.value_of(number)? {
        Value::Number(number) => Ok(number.as_u64().unwrap_or_default() as usize),
        other => Err(format!("no message is shown: {other}")),
    }
}

pub fn what_came_meanwhile_stands_under_a_line(world: &World) -> Outcome {
    let author = world.site.sign_up("Author")?;
    world.each(|browser| {
        join(browser, &world.site)?;
        holds(browser, "document.querySelector('.newline') === null")?;
        browser.go_to("about:blank")
    })?;
    world
        .site
        .post_all(&author, (1..=60).map(|number| format!("while you were away, {number}")))?;
    world.each(|browser| {
        open(browser, &world.site)?;
        browser.until("document.querySelector('.newline')", SOON)?;
        let next = "[...document.querySelectorAll('.newline, article.msg [data-ref=text]')]
            .map((each) => each.textContent.trim())";
        let lines = browser.value_of(next)?;
        let lines: Vec<&str> = lines
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let line = lines.iter().position(|text| *text == "New messages");
        let under = line.and_then(|line| lines.get(line + 1)).copied();
        equal(
            "the first message under the line",
            under,
            Some("while you were away, 1"),
        )?;
        // The conversation opens at that message, not at its end.
        in_view(browser, ".newline", true)?;
        browser.until("!document.querySelector('#latest').hidden", SOON)
    })
}

/// Tall enough that one page of history fills several screens.
fn tall(number: usize) -> String {
    format!("message {number}{}", "\nand another line".repeat(4))
}

pub fn the_latest_is_one_click_away(world: &World) -> Outcome {
    let author = world.site.sign_up("Author")?;
    world.site.post_all(&author, (1..=120).map(tall))?;
    world.each(|browser| {
        join(browser, &world.site)?;
        sees(browser, &tall(120))?;
        browser.until("document.querySelector('#latest').hidden", SOON)?;
        scroll_up(browser)?;
        browser.until("!document.querySelector('#latest').hidden", SOON)
    })?;
    let ada = world.browser(Engine::Chromium);
    // New messages do not move a reader who is further up.
    let positions: Vec<Value> = world.browsers.iter().map(position).collect::<Outcome<_>>()?;
    world.site.post_all(&author, ["news".to_owned()].into_iter())?;
    for (browser, before) in world.browsers.iter().zip(positions) {
        browser.until("document.querySelector('#latest').textContent.includes('1 new')", SOON)?;
        equal("the reader's place", position(browser)?, before)?;
    }
    world.each(|browser| {
        browser.click("#latest")?;
        in_view(browser, "article.msg", false)?;
        sees(browser, "news")?;
        browser.until("document.querySelector('#latest').hidden", SOON)?;
        at_end(browser, "after the button")
    })?;
    // A reader at the end stays there, and so does the author.
    send(ada, "and more")?;
    world.each(|browser| {
        sees(browser, "and more")?;
        at_end(browser, "after a message for those at the end")?;
        scroll_up(browser)?;
        browser.until("!document.querySelector('#latest').hidden", SOON)
    })?;
    send(ada, "mine")?;
    sees(ada, "mine")?;
    at_end(ada, "after writing")?;
    press(world.browser(Engine::Firefox), "#latest")?;
    at_end(world.browser(Engine::Firefox), "after the button")
}

/// A finger or a wheel goes on for a while: what the page hears of it right after the button, or right
/// after a message was sent, is older than that.
pub fn scrolling_that_ends_late_does_not_undo_the_jump_to_the_latest(world: &World) -> Outcome {
    let author = world.site.sign_up("Author")?;
    world.site.post_all(&author, (1..=50).map(tall))?;
    world.each(|browser| {
        join(browser, &world.site)?;
        sees(browser, &tall(50))?;
        for act in ["document.querySelector('#latest')", "document.querySelector('.send')"] {
            browser.write_into("#composer", &format!("from below, {}", person(browser)))?;
            scroll_up(browser)?;
            browser.until("!document.querySelector('#latest').hidden", SOON)?;
            let late = "document.querySelector('#messages').dispatchEvent(new Event('scroll'))";
            browser.script(&format!("{act}.click(); {late};"), json!([]))?;
            at_end(browser, &format!("after {act}"))?;
            browser.clear("#composer")?;
        }
        Ok(())
    })
}

/// A page hears of a reader's scrolling before it can do anything else, and of a script's only in the
/// next frame: so here it is told.
fn scroll_up(browser: &Browser) -> Outcome {
    let up = "const log = document.querySelector('#messages');
        log.scrollTop = log.scrollHeight - log.clientHeight * 3;
        log.dispatchEvent(new Event('scroll'));";
    browser.script(up, json!([])).map(drop)
}

fn position(browser: &Browser) -> Outcome<Value> {
    let read = "(() => {
        const log = document.querySelector('#messages').getBoundingClientRect();
        const read = [...document.querySelectorAll('article.msg')]
            .find((message) => message.getBoundingClientRect().top > log.top + 100);
        return [read.dataset.id, Math.round(read.getBoundingClientRect().top)];
    })()";
    browser.value_of(read)
}

fn at_end(browser: &Browser, when: &str) -> Outcome {
    let below = "(() => {
        const log = document.querySelector('#messages');
        return log.scrollHeight - log.clientHeight - log.scrollTop;
    })()";
    browser
        .until(&format!("{below} < 3"), SOON)
        .map_err(|_| format!("{when}, {:?} px lie below the window", browser.value_of(below)))
}

/// Whether an element is in the part of the list that can be seen.
fn in_view(browser: &Browser, selector: &str, first: bool) -> Outcome {
    let pick = if first { "at(0)" } else { "at(-1)" };
    let seen = format!(
        "(() => {{
            const log = document.querySelector('#messages').getBoundingClientRect();
            const place = [...document.querySelectorAll('{selector}')].{pick}.getBoundingClientRect();
            return place.top >= log.top && place.bottom <= log.bottom;
        }})()"
    );
    browser.until(&seen, SOON)
}
