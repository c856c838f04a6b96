//! The pages with the keyboard alone and with assistive technology.

use crate::chat::{
    SOON, equal, fill_in, join, log_out, offline, online, person, press, sees, sees_in_state, send, send_refused,
};
use crate::driver::{ARROW_DOWN, ARROW_UP, Browser, END, ENTER, ESCAPE, HOME, Outcome, SHIFT, TAB};
use crate::site::PASSWORD;
use crate::world::{DESKTOP, Expected, PHONE, World};
use serde_json::json;
use std::path::Path;

pub fn everything_works_from_the_keyboard(world: &World) -> Outcome {
    world.each_apart(|browser, site| {
        site.sign_up("Zoë")?;
        browser.go_to(&format!("{}/signup", site.origin))?;
        tab_to(browser, "[name=name]")?;
        browser.type_text(person(browser))?;
        tab_to(browser, "[name=password]")?;
        browser.type_text(PASSWORD)?;
        browser.chord(&[ENTER])?;
        online(browser, SOON)?;
        for number in 1..=3 {
            tab_to(browser, "#composer")?;
            browser.type_text(&format!("{} by keys, {number}", person(browser)))?;
            browser.chord(&[ENTER])?;
            sees(browser, &format!("{} by keys, {number}", person(browser)))?;
        }
        move_through_messages(browser)?;
        tab_to(browser, "[data-ref=brand]")?;
        browser.chord(&[ENTER])?;
        browser.until("document.activeElement.closest('[role=menu]')", SOON)?;
        browser.chord(&[END])?;
        browser.chord(&[ENTER])?;
        browser.until(
            "location.pathname === '/login' && document.readyState === 'complete'",
            SOON,
        )?;
        tab_to(browser, "[name=name]")?;
        browser.type_text(person(browser))?;
        tab_to(browser, "[name=password]")?;
        browser.type_text(PASSWORD)?;
        browser.chord(&[ENTER])?;
        online(browser, SOON)
    })
}

/// The list is one stop for Tab; the arrows move inside it.
fn move_through_messages(browser: &Browser) -> Outcome {
    tab_to(browser, "article.msg")?;
    browser.until(
        "document.querySelectorAll('#messages article.msg[tabindex=\"0\"]').length === 1",
        SOON,
    )?;
    let place = "[...document.querySelectorAll('article.msg')].indexOf(document.activeElement)";
    let last = "document.querySelectorAll('article.msg').length - 1";
    let moves = [
        (END, last.to_owned()),
        (ARROW_UP, format!("{last} - 1")),
        (ARROW_UP, format!("{last} - 2")),
        (ARROW_DOWN, format!("{last} - 1")),
        (HOME, "0".to_owned()),
    ];
    for (key, wanted) in moves {
        browser.chord(&[key])?;
        browser.until(&format!("{place} === {wanted}"), SOON)?;
        browser.until("document.activeElement.matches(':focus-visible')", SOON)?;
    }
    browser.chord(&[ESCAPE])
}

/// Presses Tab, or Shift and Tab if the element is further up, until it has the focus. The focus must stay in the page:
/// a headless window does not get it back properly.
pub(super) fn tab_to(browser: &Browser, selector: &str) -> Outcome {
    const STOPS_MAX: usize = 40;
    let way = format!(
        "(() => {{
            const focused = document.activeElement;
            if (focused?.matches('{selector}')) return 'there';
            const wanted = [...document.querySelectorAll('{selector}')].find((each) => each.tabIndex >= 0);
            const position = wanted ? focused.compareDocumentPosition(wanted) : 0;
            return position & Node.DOCUMENT_POSITION_PRECEDING ? 'back' : 'on';
        }})()"
    );
    for _ in 0..STOPS_MAX {
        match browser.text_of(&way)?.as_str() {
            "there" => return Ok(()),
            "back" => browser.chord(&[SHIFT, TAB])?,
            _ => browser.chord(&[TAB])?,
        }
    }
    Err(format!("Tab does not reach {selector}"))
}

pub fn the_sign_in_pages_have_no_barriers(world: &World) -> Outcome {
    world.expect(&[Expected::Status(401), Expected::Status(409)]);
    let axe = axe_source()?;
    world.each_apart(|browser, site| {
        let page = |path: &str| browser.go_to(&format!("{}{path}", site.origin));
        browser.go_to(&site.origin)?;
        no_barriers(browser, &axe, "welcome")?;
        site.sign_up("Zoë")?;
        page("/login")?;
        no_barriers(browser, &axe, "log-in")?;
        fill_in(browser, "Zoë", "not the password")?;
        browser.until("!document.querySelector('[role=alert]').hidden", SOON)?;
        no_barriers(browser, &axe, "log-in refused")?;
        page("/signup")?;
        browser.write_into("[name=password]", PASSWORD)?;
        no_barriers(browser, &axe, "sign-up")?;
        fill_in(browser, "Zoë", PASSWORD)?;
        browser.until("!document.querySelector('[role=alert]').hidden", SOON)?;
        no_barriers(browser, &axe, "name taken")
    })
}

pub fn the_conversation_has_no_barriers(world: &World) -> Outcome {
    world.expect(&[Expected::NoAnswer]);
    let axe = axe_source()?;
    world.each(|browser| {
        join(browser, &world.site)?;
        no_barriers(browser, &axe, "empty room")
    })?;
    let author = world.site.sign_up("Author")?;
    world.each(|browser| browser.go_to("about:blank"))?;
    let texts = (1..=60).map(|number| format!("line {number}, http://example.org/{number}"));
    world.site.post_all(&author, texts)?;
    world.each(|browser| {
        browser.go_to(&world.site.origin)?;
        browser.until("document.querySelector('.newline')", SOON)?;
        no_barriers(browser, &axe, "new messages")?;
        browser.set_viewport(PHONE.0, PHONE.1)?;
        press(browser, "[data-ref=back]")?;
        no_barriers_at(browser, &axe, "list on a phone", &[PHONE])?;
        press(browser, "[data-ref=rooms] a")?;
        browser.set_viewport(DESKTOP.0, DESKTOP.1)?;
        send(browser, "seen")?;
        sees(browser, "seen")?;
        send_refused(browser)?;
        no_barriers(browser, &axe, "a message that was refused")?;
        press(browser, "article.msg[data-state=failed] [data-ref=discard]")
    })?;
    world.site.proxy.cut();
    world.each(|browser| {
        offline(browser, SOON)?;
        send(browser, "waiting")?;
        sees_in_state(browser, "waiting", "queued", SOON)?;
        no_barriers(browser, &axe, "without network")?;
        // Leaving with unsent messages asks once.
        log_out(browser)?;
        browser.until("document.querySelector('dialog#leave').open", SOON)?;
        no_barriers(browser, &axe, "leaving with messages unsent")?;
        browser.chord(&[ESCAPE])?;
        browser.until("!document.querySelector('dialog#leave').open", SOON)
    })?;
    world.site.proxy.restore();
    Ok(())
}

pub fn rooms_dialogs_and_menus_have_no_barriers(world: &World) -> Outcome {
    let axe = axe_source()?;
    let author = world.site.sign_up("Author")?;
    let text = "**bold** `code` > said\n\n> quote\n\n```rust\nfn main() {}\n```\n\n1. one\n2. two";
    world
        .site
        .post_all(&author, [text.to_owned(), "another line".to_owned()].into_iter())?;
    world.each(|browser| {
        join(browser, &world.site)?;
        let own = format!("by {}", person(browser));
        send(browser, &own)?;
        sees(browser, &own)?;
        // The others send theirs meanwhile, and only one's own can be edited.
        let number = format!(
            "Number([...document.querySelectorAll('article[data-id]')]
                .find((article) => article.querySelector('[data-ref=text]')?.innerText.trim() === '{own}').dataset.id)"
        );
        let id = browser.value_of(&number)?;
        let last = format!("article[data-id=\"{id}\"]");
        let focus = format!("document.querySelector('{last}').focus()");
        browser.script(&focus, json!([]))?;
        let states: [(&str, &str, &str); 12] = [
            ("settings", "[data-ref=own]", "dialog.set"),
            ("browsing rooms", "#h-rooms + button", "dialog[open] .list li"),
            ("a new direct message", "[data-ref=compose]", "dialog[open] .list li"),
            ("the switcher", "[data-ref=jump]", "dialog.switcher .pick"),
            ("a profile", "[data-ref=here] button", "dialog[open] .pcard__h"),
            ("the menu", "[data-ref=brand]", ".menu"),
            ("the options of a room", "[data-ref=options]", ".menu"),
            ("the members", "[data-ref=members]", ".pane .who"),
            ("the pins", "[data-ref=pins]", ".pane .blank"),
            (
                "the emoji",
                ".comp button[aria-label=Emoji]",
                "dialog.emo .emo__grid button",
            ),
            ("answering", "", ".comp__re:not([hidden])"),
            ("editing", "", ".edit textarea"),
        ];
        for (state, button, shown) in states {
            match (state, button) {
                ("answering", _) => {
                    browser.script(&focus, json!([]))?;
                    browser.type_text("r")?;
                }
                ("editing", _) => {
                    browser.script(&focus, json!([]))?;
                    browser.type_text("e")?;
                }
                (_, button) => press(browser, button)?,
            }
            browser.until(&format!("document.querySelector('{shown}')"), SOON)?;
            no_barriers(browser, &axe, state)?;
            let close = "document.querySelectorAll('dialog[open]').forEach((dialog) => dialog.close());
                document.querySelectorAll('.menu:not(.sugg), dialog.emo').forEach((menu) => menu.remove());
                if (!document.querySelector('.pane').hidden) document.querySelector('.pane__h button').click();";
            browser.script(close, json!([]))?;
        }
        Ok(())
    })
}

/// The accessibility checker of Deque, which the project's checkers install.
pub fn axe_source() -> Outcome<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/checkers/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&file)
        .map_err(|error| format!("{}: {error}; `npm ci` in tests/checkers brings it", file.display()))
}

/// On a desktop and on a phone, in the light and in the dark.
pub fn no_barriers(browser: &Browser, axe: &str, state: &str) -> Outcome {
    no_barriers_at(browser, axe, state, &[DESKTOP, PHONE])?;
    browser.set_viewport(DESKTOP.0, DESKTOP.1)?;
    // The page gets the resize event with the next frame; it would close a menu that is opened earlier.
    browser.async_script(TWO_FRAMES, &json!([])).map(drop)
}

const TWO_FRAMES: &str = "await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));";

fn no_barriers_at(browser: &Browser, axe: &str, state: &str, sizes: &[(u32, u32)]) -> Outcome {
    for (width, height) in sizes {
        browser.set_viewport(*width, *height)?;
        for dark in [false, true] {
            browser.set_media(dark, true)?;
            let found = browser.async_script(&format!("{axe}\n{RUN_AXE}"), &json!([]))?;
            equal(&format!("{state}, {width} px, dark {dark}: axe"), found, json!([]))?;
        }
    }
    browser.set_media(false, false)
}

/// Waits until the colour animations have ended.
const RUN_AXE: &str = "
    await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {})));
    const found = await axe.run(document, {resultTypes: ['violations']});
    return found.violations.map((violation) =>
        `${violation.id}: ${violation.nodes.map((node) => node.target.join(' ')).join(', ')}`);";
