//! The steps of scenarios: what a person does and sees on Chapp's pages.

use crate::driver::{Browser, ENTER, Engine, Outcome};
use crate::site::{PASSWORD, Site};
use serde_json::{Value, json};
use std::time::Duration;

/// The longest wait on a busy machine for something that happens at once.
pub const SOON: Duration = Duration::from_secs(15);

/// The longest wait for a reconnect after the network is back.
pub const IN_A_WHILE: Duration = Duration::from_secs(60);

/// The name of the person at a browser.
pub fn person(browser: &Browser) -> &'static str {
    match browser.engine {
        Engine::Chromium => "Ada",
        Engine::Firefox => "Bo",
        Engine::WebKit => "Cleo",
    }
}

/// Makes the person's account and opens the conversation, without the form.
pub fn join(browser: &Browser, site: &Site) -> Outcome {
    browser.go_to(&format!("{}/login", site.origin))?;
    let sign_up = "const answer = await fetch('/api/signup', {
            method: 'POST',
            headers: {'Content-Type': 'application/json'},
            body: JSON.stringify({name: given[0], password: given[1]}),
        });
        return answer.status;";
    let status = browser.async_script(sign_up, &json!([person(browser), PASSWORD]))?;
    if status != 201 {
        return Err(format!("sign-up was answered with {status}"));
    }
    open(browser, site)
}

/// Opens the conversation of somebody who is logged in.
pub fn open(browser: &Browser, site: &Site) -> Outcome {
    browser.go_to(&format!("{}/", site.origin))?;
    online(browser, SOON)
}

/// Fills in the form of the page and sends it.
pub fn fill_in(browser: &Browser, name: &str, password: &str) -> Outcome {
    for (selector, text) in [("[name=name]", name), ("[name=password]", password)] {
        browser.clear(selector)?;
        browser.write_into(selector, text)?;
    }
    browser.click("button[type=submit]")
}

pub fn online(browser: &Browser, limit: Duration) -> Outcome {
    browser.until("document.body.dataset.connection === 'online'", limit)
}

pub fn offline(browser: &Browser, limit: Duration) -> Outcome {
    browser.until("document.body.dataset.connection === 'offline'", limit)
}

pub fn send(browser: &Browser, text: &str) -> Outcome {
    browser.write_into("#composer", text)?;
    browser.type_into("#composer", ENTER)
}

/// Sends a control character, as pasted from a terminal, which the server refuses.
pub fn send_refused(browser: &Browser) -> Outcome {
    let paste = "document.querySelector('#composer').focus();
        document.execCommand('insertText', false, 'a bell\\u0007 rings');";
    browser.script(paste, json!([]))?;
    browser.chord(&[ENTER])?;
    let failed = "document.querySelectorAll('article.msg[data-state=failed]').length === 1";
    browser.until(failed, SOON)
}

/// Waits until the conversation shows a message that the server has.
pub fn sees(browser: &Browser, text: &str) -> Outcome {
    sees_within(browser, text, SOON)
}

pub fn sees_within(browser: &Browser, text: &str, limit: Duration) -> Outcome {
    let posted = format!(
        "[...document.querySelectorAll('article.msg[data-id]')].some((message) =>
            message.querySelector('[data-ref=text]').textContent.trim() === {})",
        json!(text)
    );
    browser.until(&posted, limit)
}

/// Waits until the conversation shows a message in one of the states before it is posted.
pub fn sees_in_state(browser: &Browser, text: &str, state: &str, limit: Duration) -> Outcome {
    let waiting = format!(
        "[...document.querySelectorAll('article.msg[data-state={state}]')].some((message) =>
            message.querySelector('[data-ref=text]').textContent.trim() === {})",
        json!(text)
    );
    browser.until(&waiting, limit)
}

/// The texts of all messages that are shown, from top to bottom, posted or not.
pub fn texts(browser: &Browser) -> Outcome<Vec<String>> {
    let texts = "[...document.querySelectorAll('article.msg [data-ref=text]')]
        .map((text) => text.textContent.trim())";
    let texts = browser.value_of(texts)?;
    let texts = texts.as_array().into_iter().flatten().filter_map(Value::as_str);
    Ok(texts.map(str::to_owned).collect())
}

/// Waits until exactly these messages are shown, in this order, all of them posted.
pub fn shows_exactly(browser: &Browser, wanted: &[String], limit: Duration) -> Outcome {
    let same = format!(
        "JSON.stringify([...document.querySelectorAll('article.msg')].map((message) => message.dataset.id
            ? message.querySelector('[data-ref=text]').textContent.trim() : 'not posted')) ===
         JSON.stringify({})",
        json!(wanted)
    );
    browser
        .until(&same, limit)
        .map_err(|_| format!("not within {limit:?}: {wanted:?}\n      but {:?}", texts(browser)))
}

/// Logs out by the last item of the menu under the server's name.
pub fn log_out(browser: &Browser) -> Outcome {
    press(browser, "[data-ref=brand]")?;
    press(browser, ".menu .menu__it:last-of-type")
}

/// Presses a button that may stand in a menu or be covered, as assistive technology would, once it is there.
pub fn press(browser: &Browser, selector: &str) -> Outcome {
    browser.until(&format!("document.querySelector({}) !== null", json!(selector)), SOON)?;
    browser
        .script("document.querySelector(arguments[0]).click();", json!([selector]))
        .map(drop)
}

pub fn equal<T: PartialEq + std::fmt::Debug>(what: &str, seen: T, wanted: T) -> Outcome {
    if seen == wanted {
        Ok(())
    } else {
        Err(format!("{what} is {seen:?}, not {wanted:?}"))
    }
}

/// The page renders its state with the next frame, or after 100 ms if no frames are drawn.
const DRAWN: &str = "const frame = () => new Promise((done) => {
        requestAnimationFrame(done);
        setTimeout(done, 110);
    });
    await frame();
    await frame();";

/// Checks without waiting for more than the next rendering. Needs scripts.
pub fn holds(browser: &Browser, expression: &str) -> Outcome {
    browser.async_script(DRAWN, &json!([]))?;
    match browser.value_of(expression)? {
        Value::Bool(true) => Ok(()),
        other => Err(format!("{expression} is {other}")),
    }
}
