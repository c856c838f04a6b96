//! The lazy part of the page loads at the first input, or when one of its features is used.

use crate::chat::{IN_A_WHILE, SOON, holds, join, offline, online, press, sees, send};
use crate::driver::{ARROW_UP, Browser, ENTER, ESCAPE, Outcome};
use crate::world::{Expected, World};
use serde_json::json;

const CONTROL: &str = "\u{E009}";
/// Whether the lazy script and its styles were requested.
const HAS_COME: &str = "['/js/lazy.js', '/css/dialog.css', '/css/lazy.css'].filter((end) =>
    performance.getEntriesByType('resource').some(({name, responseEnd}) => name.endsWith(end) && responseEnd > 0)).length === 2";
const WAS_ASKED_FOR: &str = "performance.getEntriesByType('resource').some(({name}) => name.endsWith('/js/lazy.js'))";
const SETTINGS: &str = "document.querySelector('dialog.set')?.open === true";
const REFUSAL: &str = "document.querySelector('.toast[data-bad]')?.textContent ?? ''";
const NO_ANSWER: &str = "Chapp did not answer. Check that it is still running, then try again.";

/// Types like an input method that sends no key events.
fn dictate(browser: &Browser, words: &str) -> Outcome {
    let insert = "document.querySelector('#composer').focus();
        document.execCommand('insertText', false, arguments[0]);";
    browser.script(insert, json!([words])).map(drop)
}

fn is_refused(browser: &Browser, words: &str) -> Outcome {
    browser.until(&format!("({REFUSAL}).startsWith({})", json!(words)), SOON)
}

pub fn it_comes_at_the_first_sign_of_somebody_and_then_needs_no_network(world: &World) -> Outcome {
    world.expect(&[Expected::NoAnswer]);
    world.each(|browser| join(browser, &world.site))?;
    // Incoming messages do not count as input.
    let dan = world.site.sign_up("Dan")?;
    world.site.post_all(&dan, ["good morning".to_owned()].into_iter())?;
    world.each(|browser| {
        sees(browser, "good morning")?;
        holds(browser, &format!("!{WAS_ASKED_FOR}"))?;
        browser.chord(&[ESCAPE])?;
        browser.until(HAS_COME, SOON)?;
        browser.until("document.querySelector('#composer[aria-autocomplete]') !== null", SOON)
    })?;
    world.site.proxy.cut();
    world.each(|browser| {
        offline(browser, SOON)?;
        press(browser, "[data-ref=settings]")?;
        holds(browser, SETTINGS)?;
        holds(
            browser,
            "getComputedStyle(document.querySelector('dialog.set')).display === 'flex'",
        )
    })?;
    world.site.proxy.restore();
    world.each(|browser| online(browser, IN_A_WHILE))
}

pub fn each_thing_opens_at_its_first_use(world: &World) -> Outcome {
    world.each(|browser| join(browser, &world.site))?;
    world.each(|browser| {
        let words = format!("first, {:?}", browser.engine);
        send(browser, &words)?;
        sees(browser, &words)?;
        let anew = || {
            browser.reload()?;
            online(browser, SOON)?;
            sees(browser, &words)?;
            holds(browser, &format!("!{WAS_ASKED_FOR}"))
        };
        for (button, opened) in [
            ("[data-ref=settings]", SETTINGS),
            ("[data-ref=brand]", "document.activeElement.matches('.menu__it')"),
            (
                "[data-ref=jump]",
                "document.activeElement.matches('dialog.switcher input')",
            ),
            ("[data-ref=members]", "document.querySelector('#pane .who')"),
            ("[data-ref=pins]", "document.activeElement.matches('#pane h2')"),
            ("[data-ref=find]", "document.activeElement.matches('#pane input')"),
            ("[data-ref=options]", "document.activeElement.matches('.menu__it')"),
            ("#composer ~ [aria-label=Emoji]", "document.querySelector('.emo__grid')"),
            (".msg__who", "document.querySelector('dialog[open] .pcard__h')"),
        ] {
            anew()?;
            press(browser, button)?;
            let seen = browser.until(&format!("Boolean({opened})"), SOON);
            seen.map_err(|error| format!("{button}: {error}"))?;
        }
        anew()?;
        browser.chord(&[CONTROL, "k"])?;
        browser.until("document.activeElement.matches('dialog.switcher input')", SOON)?;
        anew()?;
        browser.write_into("#composer", "@")?;
        browser.until("document.querySelector('.sugg:not([hidden]) .pick')", SOON)?;
        browser.chord(&["\u{E003}"])?;
        anew()?;
        browser.script("document.querySelector('#composer').focus()", json!([]))?;
        browser.chord(&[ARROW_UP])?;
        browser.until("document.activeElement.matches('.edit textarea')", SOON)?;
        anew()?;
        browser.script(
            "[...document.querySelectorAll('article.msg')].at(-1).focus()",
            json!([]),
        )?;
        browser.chord(&[ENTER])?;
        // A menu, or a sheet where nothing hovers.
        browser.until("document.querySelector('.menu__it') !== null", SOON)
    })
}

pub fn what_does_not_come_is_said_and_comes_when_there_is_a_way(world: &World) -> Outcome {
    world.expect(&[Expected::NoAnswer]);
    world.each(|browser| join(browser, &world.site))?;
    world.site.proxy.cut();
    world.each(|browser| {
        offline(browser, SOON)?;
        press(browser, "[data-ref=settings]")?;
        is_refused(browser, NO_ANSWER)?;
        holds(browser, "document.querySelector('dialog[open]') === null")
    })?;
    world.site.proxy.restore();
    world.each(|browser| {
        online(browser, IN_A_WHILE)?;
        // No second click is needed.
        browser.until(HAS_COME, SOON)?;
        holds(browser, "document.querySelector('dialog[open]') === null")?;
        press(browser, "[data-ref=settings]")?;
        browser.until(SETTINGS, SOON)
    })
}

pub fn a_page_of_an_older_version_makes_way_for_a_newer_one(world: &World) -> Outcome {
    world.expect(&[Expected::NoAnswer, Expected::Status(404)]);
    world.each_apart(|browser, site| {
        join(browser, site)?;
        dictate(browser, "half a thought")?;
        browser.script("window.isOld = true", json!([]))?;
        site.proxy.outdate(1);
        press(browser, "[data-ref=settings]")?;
        // The requested dialog opens on the new page, and the draft is there.
        browser.until(&format!("!window.isOld && {SETTINGS}"), SOON)?;
        browser.until("document.querySelector('#composer').value === 'half a thought'", SOON)?;
        browser.chord(&[ESCAPE])?;
        browser.until("!document.querySelector('dialog[open]')", SOON)?;
        browser.reload()?;
        online(browser, SOON)?;
        holds(browser, "document.querySelector('dialog[open]') === null")
    })
}

pub fn a_page_that_does_not_get_newer_says_so(world: &World) -> Outcome {
    world.expect(&[Expected::NoAnswer, Expected::Status(404)]);
    world.each_apart(|browser, site| {
        join(browser, site)?;
        site.proxy.outdate(usize::MAX);
        press(browser, "[data-ref=settings]")?;
        is_refused(browser, "Chapp is another version by now.")?;
        holds(browser, "document.querySelector('dialog[open]') === null")?;
        site.proxy.outdate(0);
        press(browser, "[data-ref=settings]")?;
        browser.until(SETTINGS, SOON)
    })
}
