//! Posting and reading between browsers.

use crate::chat::{SOON, equal, holds, join, open, person, sees, send, shows_exactly, texts};
use crate::driver::{Browser, ENTER, Engine, Outcome, SHIFT};
use crate::world::World;
use serde_json::json;

pub fn every_script_and_emoji_arrives_as_written(world: &World) -> Outcome {
    world.each(|browser| join(browser, &world.site))?;
    let texts = [
        "grüße, Ελλάδα, Ёж 日本語 한국어",
        "שלום עולם مرحبا",
        "🎉👩‍👩‍👧🇪🇺 e\u{301}\u{327}",
    ];
    for (browser, text) in world.browsers.iter().zip(texts) {
        send(browser, text)?;
        world.each(|other| sees(other, text))?;
    }
    Ok(())
}

pub fn html_is_text(world: &World) -> Outcome {
    let written = [
        "<img src=x onerror=alert(1)>",
        "<b>bold</b> &amp; <script>document.title = 'owned'</script>",
        "[a](javascript:alert(1)) javascript:alert(2)",
    ];
    world.each(|browser| join(browser, &world.site))?;
    for (browser, text) in world.browsers.iter().zip(written) {
        send(browser, text)?;
    }
    world.each(|browser| {
        written.iter().try_for_each(|text| sees(browser, text))?;
        holds(
            browser,
            "document.querySelectorAll('#messages :is(img, b, script)').length === 0",
        )?;
        holds(
            browser,
            "document.querySelectorAll('a[href^=\"javascript\" i]').length === 0",
        )?;
        holds(browser, "document.title !== 'owned'")
    })
}

pub fn shift_enter_makes_a_line(world: &World) -> Outcome {
    world.each(|browser| {
        join(browser, &world.site)?;
        browser.click("#composer")?;
        browser.type_text("one")?;
        browser.chord(&[SHIFT, ENTER])?;
        browser.type_text("two")?;
        equal(
            "the box",
            browser.value_of("document.querySelector('#composer').value")?,
            json!("one\ntwo"),
        )?;
        browser.chord(&[ENTER])?;
        browser.until("document.querySelector('#composer').value === ''", SOON)
    })?;
    world.each(|browser| {
        let lines = "[...document.querySelectorAll('article.msg[data-id] [data-ref=text]')]
            .filter((text) => text.innerText.trim() === 'one\\ntwo').length === 3";
        browser.until(lines, SOON)
    })
}

pub fn the_button_sends_and_an_empty_box_does_not(world: &World) -> Outcome {
    world.each(|browser| {
        join(browser, &world.site)?;
        browser.until("document.querySelector('.send').ariaDisabled === 'true'", SOON)?;
        browser.click("#composer")?;
        browser.chord(&[ENTER])?;
        browser.type_text("   ")?;
        browser.chord(&[ENTER])?;
        browser.click(".send")?;
        browser.clear("#composer")?;
        browser.click("#composer")?;
        browser.type_text(&format!("by the button, {}", person(browser)))?;
        browser.until("document.querySelector('.send').ariaDisabled !== 'true'", SOON)?;
        browser.click(".send")
    })?;
    world.each(|browser| {
        ["Ada", "Bo", "Cleo"]
            .iter()
            .try_for_each(|name| sees(browser, &format!("by the button, {name}")))?;
        equal("the number of messages", texts(browser)?.len(), 3)
    })
}

pub fn too_long_a_message_is_neither_sent_nor_lost(world: &World) -> Outcome {
    world.each_apart(|browser, site| {
        join(browser, site)?;
        // Characters as people count them: each of these is two units of UTF-16.
        write_at_once(browser, &"🎉".repeat(CHARS_MAX + 1))?;
        let note = "document.querySelector('[data-ref=note]').textContent.startsWith('1 character too many')";
        browser.until(note, SOON)?;
        holds(browser, "document.querySelector('#composer').ariaInvalid === 'true'")?;
        browser.type_into("#composer", ENTER)?;
        browser.click(".send")?;
        holds(browser, "document.querySelectorAll('article.msg').length === 0")?;
        write_at_once(browser, &"🎉".repeat(CHARS_MAX))?;
        browser.until("document.querySelector('.send').ariaDisabled !== 'true'", SOON)?;
        browser.click(".send")?;
        sees(browser, &"🎉".repeat(CHARS_MAX))
    })
}

/// Characters in a message, at most.
const CHARS_MAX: usize = 8_000;

/// Replaces the text, as pasting does.
fn write_at_once(browser: &Browser, text: &str) -> Outcome {
    let write = "const box = document.querySelector('#composer');
        box.focus();
        box.value = arguments[0];
        box.dispatchEvent(new InputEvent('input', {bubbles: true}));";
    browser.script(write, json!([text])).map(drop)
}

pub fn everybody_sees_the_same_order(world: &World) -> Outcome {
    const EACH: usize = 8;
    world.each(|browser| join(browser, &world.site))?;
    world.each(|browser| (1..=EACH).try_for_each(|number| send(browser, &format!("{} {number}", person(browser)))))?;
    let all_posted = format!(
        "document.querySelectorAll('article.msg[data-id]').length === {}",
        3 * EACH
    );
    world.each(|browser| browser.until(&all_posted, SOON))?;
    let order = texts(&world.browsers[0])?;
    world.each(|browser| {
        equal("the order", texts(browser)?, order.clone())?;
        // And each person's messages are in the order of writing.
        for name in ["Ada", "Bo", "Cleo"] {
            let own: Vec<&String> = order.iter().filter(|text| text.starts_with(name)).collect();
            let wanted: Vec<String> = (1..=EACH).map(|number| format!("{name} {number}")).collect();
            equal("one person's order", own, wanted.iter().collect())?;
        }
        Ok(())
    })
}

pub fn two_tabs_of_one_person_agree(world: &World) -> Outcome {
    world.each(|browser| join(browser, &world.site))?;
    let ada = world.browser(Engine::Chromium);
    let first = ada.current_tab()?;
    let second = ada.open_tab()?;
    open(ada, &world.site)?;
    send(ada, "from the second tab")?;
    ada.switch_to(&first)?;
    sees(ada, "from the second tab")?;
    send(ada, "from the first tab")?;
    ada.switch_to(&second)?;
    let both = ["from the second tab".to_owned(), "from the first tab".to_owned()];
    shows_exactly(ada, &both, SOON)?;
    // One person twice is one person here.
    equal(
        "who is here",
        here(world.browser(Engine::Firefox))?,
        ["Ada", "Bo", "Cleo"].map(str::to_owned).to_vec(),
    )?;
    unread_is_the_same(world, ada, &first, &second)
}

/// What one tab has read counts as read in the other.
fn unread_is_the_same(world: &World, ada: &Browser, first: &str, second: &str) -> Outcome {
    for tab in [first, second] {
        ada.switch_to(tab)?;
        look_away(ada)?;
    }
    let bo = world.browser(Engine::Firefox);
    send(bo, "one")?;
    send(bo, "two")?;
    for tab in [first, second] {
        ada.switch_to(tab)?;
        ada.until("document.title.startsWith('(2) ')", SOON)?;
    }
    ada.switch_to(first)?;
    look_back(ada)?;
    // They look for as long as it takes: Cleo has read it, and now so has Ada.
    bo.until(
        "document.querySelector('#messages').innerText.includes('Seen by 2')",
        SOON,
    )?;
    for tab in [first, second] {
        ada.switch_to(tab)?;
        ada.until("!document.title.startsWith('(')", SOON)?;
    }
    Ok(())
}

/// A headless tab always has the focus and is visible, so this overrides both.
pub fn look_away(browser: &Browser) -> Outcome {
    let away = "Document.prototype.hasFocus = () => false;
        Object.defineProperty(document, 'visibilityState', {configurable: true, get: () => 'hidden'});
        Object.defineProperty(document, 'hidden', {configurable: true, get: () => true});
        document.dispatchEvent(new Event('visibilitychange'));
        window.dispatchEvent(new Event('blur'));";
    browser.script(away, json!([])).map(drop)
}

pub fn look_back(browser: &Browser) -> Outcome {
    let back = "Document.prototype.hasFocus = () => true;
        delete document.visibilityState;
        delete document.hidden;
        document.dispatchEvent(new Event('visibilitychange'));
        window.dispatchEvent(new Event('focus'));";
    browser.script(back, json!([])).map(drop)
}

pub fn who_types_is_told_until_they_send(world: &World) -> Outcome {
    world.each(|browser| join(browser, &world.site))?;
    for typist in world.browsers {
        typist.click("#composer")?;
        typist.type_text("a thought")?;
        let line = format!("{} is typing", person(typist));
        let others = || world.browsers.iter().filter(|other| other.engine != typist.engine);
        for other in others() {
            typing_line_is(other, &line)?;
        }
        typing_line_is(typist, "")?;
        typist.type_into("#composer", ENTER)?;
        for other in others() {
            sees(other, "a thought")?;
            typing_line_is(other, "")?;
        }
    }
    Ok(())
}

fn typing_line_is(browser: &Browser, words: &str) -> Outcome {
    let line = format!("document.querySelector('[data-ref=typing]').textContent.trim() === '{words}'");
    browser.until(&line, SOON)
}

pub fn who_is_here_grows_and_shrinks(world: &World) -> Outcome {
    let [ada, bo, cleo] = world.browsers else {
        return Err("three browsers".into());
    };
    let here_is = |browser: &Browser, names: &[&str]| {
        let same = format!("JSON.stringify({HERE}) === JSON.stringify({})", json!(names));
        browser
            .until(&same, SOON)
            .map_err(|error| format!("{error}; here: {:?}", here(browser)))
    };
    join(ada, &world.site)?;
    here_is(ada, &["Ada"])?;
    join(bo, &world.site)?;
    here_is(ada, &["Ada", "Bo"])?;
    join(cleo, &world.site)?;
    for browser in [ada, bo, cleo] {
        here_is(browser, &["Ada", "Bo", "Cleo"])?;
    }
    bo.go_to("about:blank")?;
    here_is(ada, &["Ada", "Cleo"])?;
    here_is(cleo, &["Ada", "Cleo"])?;
    open(bo, &world.site)?;
    here_is(ada, &["Ada", "Bo", "Cleo"])
}

const HERE: &str = "[...document.querySelectorAll('[data-ref=here] li [data-ref=name]')]
    .map((name) => name.textContent.trim()).sort()";

fn here(browser: &Browser) -> Outcome<Vec<String>> {
    let names = browser.value_of(HERE)?;
    let names = names.as_array().into_iter().flatten().filter_map(|name| name.as_str());
    Ok(names.map(str::to_owned).collect())
}

pub fn a_draft_survives_a_reload(world: &World) -> Outcome {
    world.each(|browser| {
        join(browser, &world.site)?;
        let draft = format!("not yet 🎉 {}", person(browser));
        browser.write_into("#composer", &draft)?;
        browser.reload()?;
        let same = format!("document.querySelector('#composer').value === {}", json!(draft));
        browser.until(&same, SOON)?;
        browser.type_into("#composer", ENTER)?;
        sees(browser, &draft)?;
        // Once sent, it is no longer a draft.
        browser.reload()?;
        sees(browser, &draft)?;
        holds(browser, "document.querySelector('#composer').value === ''")
    })
}
