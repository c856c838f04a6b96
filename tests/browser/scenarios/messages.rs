//! Actions on messages, and the rendering of their text.

use crate::chat::{SOON, holds, join, press, sees, send};
use crate::driver::{Browser, ENTER, Outcome};
use crate::world::World;
use serde_json::json;

/// The message with this text.
fn article(text: &str) -> String {
    format!(
        "[...document.querySelectorAll('article.msg[data-id]')].find((message) =>
            message.querySelector('[data-ref=text]').textContent.includes({}))",
        json!(text)
    )
}

/// Focuses the message with this text.
fn focus(browser: &Browser, text: &str) -> Outcome {
    sees_part(browser, text)?;
    browser.script(&format!("({}).focus()", article(text)), json!([]))?;
    browser.until(&format!("document.activeElement === {}", article(text)), SOON)
}

fn sees_part(browser: &Browser, text: &str) -> Outcome {
    browser.until(&article(text), SOON)
}

/// Chooses from the menu that Enter opens on a message, or from the sheet on a touch screen.
fn choose(browser: &Browser, text: &str, item: &str) -> Outcome {
    focus(browser, text)?;
    browser.chord(&[ENTER])?;
    let found = format!(
        "[...document.querySelectorAll('.menu__it')].find((item) => item.textContent.startsWith({}))",
        json!(item)
    );
    browser.until(&found, SOON)?;
    browser.script(&format!("({found}).click()"), json!([])).map(drop)
}

pub fn reactions_are_counted_once_for_each_person(world: &World) -> Outcome {
    world.each(|browser| join(browser, &world.site))?;
    send(&world.browsers[0], "shall we?")?;
    world.each(|browser| {
        focus(browser, "shall we?")?;
        browser.type_text("+")?;
        browser.until("document.querySelector('dialog.emo')?.open", SOON)?;
        browser.type_text("tada")?;
        browser.until(
            "document.querySelector('.emo__grid button')?.textContent === '🎉'",
            SOON,
        )?;
        browser.chord(&[ENTER])
    })?;
    let count = |browser: &Browser, number: u32, pressed: bool| {
        browser.until(
            &format!(
                "document.querySelector('.react[data-emoji=\"🎉\"]')?.textContent.endsWith('{number}') &&
                 document.querySelector('.react[data-emoji=\"🎉\"]').ariaPressed === '{pressed}'"
            ),
            SOON,
        )
    };
    world.each(|browser| count(browser, 3, true))?;
    press(&world.browsers[1], ".react[data-emoji=\"🎉\"]")?;
    count(&world.browsers[1], 2, false)?;
    count(&world.browsers[2], 2, true)?;
    world.browsers[2].reload()?;
    count(&world.browsers[2], 2, true)
}

pub fn an_edit_is_marked_and_a_deletion_can_be_undone(world: &World) -> Outcome {
    world.each(|browser| join(browser, &world.site))?;
    let [ada, bo, cleo] = world.browsers else {
        return Err("three browsers".into());
    };
    send(ada, "the frist draft")?;
    sees(bo, "the frist draft")?;
    // Arrow up in an empty box edits the last own message.
    ada.click("#composer")?;
    ada.chord(&["\u{e013}"])?;
    ada.until("document.activeElement.matches('.edit textarea')", SOON)?;
    ada.clear(".edit textarea")?;
    ada.write_into(".edit textarea", "the **first** draft")?;
    ada.chord(&[ENTER])?;
    for browser in world.browsers {
        sees_part(browser, "the first draft")?;
        browser.until(
            &format!(
                "({}).querySelector('.msg__ed') && ({}).querySelector('strong')",
                article("first"),
                article("first")
            ),
            SOON,
        )?;
    }
    choose(ada, "the first draft", "Delete")?;
    for browser in world.browsers {
        browser.until("document.querySelector('article[data-deleted]')", SOON)?;
        holds(
            browser,
            "!document.querySelector('#messages').textContent.includes('draft')",
        )?;
    }
    holds(
        cleo,
        "document.querySelector('.msg__gone').textContent.includes('Ada deleted a message')",
    )?;
    press(ada, ".msg__gone .lk")?;
    world.each(|browser| sees_part(browser, "the first draft"))
}

pub fn a_reply_leads_to_what_it_answers(world: &World) -> Outcome {
    world.each(|browser| join(browser, &world.site))?;
    let [ada, bo, cleo] = world.browsers else {
        return Err("three browsers".into());
    };
    send(ada, "which colour?")?;
    focus(bo, "which colour?")?;
    bo.type_text("r")?;
    bo.until(
        "document.activeElement.id === 'composer' && !document.querySelector('.comp__re').hidden",
        SOON,
    )?;
    send(bo, "petrol")?;
    bo.until("document.querySelector('.comp__re').hidden", SOON)?;
    sees(cleo, "petrol")?;
    cleo.until(
        "document.querySelector('.quote')?.textContent.includes('which colour?')",
        SOON,
    )?;
    press(cleo, ".quote")?;
    cleo.until(
        &format!("document.activeElement === {}", article("which colour?")),
        SOON,
    )?;
    // Its original changes, and so does the quote.
    choose(ada, "which colour?", "Delete")?;
    cleo.until("document.querySelector('.quote').textContent.includes('deleted')", SOON)
}

pub fn markdown_becomes_elements_and_nothing_else(world: &World) -> Outcome {
    world.each(|browser| join(browser, &world.site))?;
    let text = "**bold** _it_ ~~gone~~ `x < y` :tada: https://example.org/a?b=1 @Ada\n\n\
        > said\n\n1. one\n2. two\n\n```rust\nfn main() {}\n```\n\n\
        [click](javascript:alert(1)) <img src=x onerror=alert(1)> \u{202e}txt";
    let paste = "const box = document.querySelector('#composer'); box.focus();
        document.execCommand('insertText', false, arguments[0]);";
    world.browsers[1].script(paste, json!([text]))?;
    press(&world.browsers[1], ".send")?;
    world.each(|browser| {
        sees_part(browser, "said")?;
        let parts = "['strong', 'em', 's', 'p code', 'blockquote', 'ol li:nth-child(2)', '.codeb pre', 'a[href=\"https://example.org/a?b=1\"]', 'button.at']
            .filter((part) => !document.querySelector(`#messages [data-ref=text] ${part}`)).join()";
        browser.until(&format!("({parts}) === ''"), SOON).map_err(|error| format!("{error}: missing {:?}", browser.value_of(parts)))?;
        holds(browser, "!document.querySelector('#messages [data-ref=text] img') && !document.querySelector('#messages a[href^=javascript]')")?;
        holds(browser, "document.querySelector('#messages').textContent.includes('<img src=x onerror=alert(1)>')")?;
        holds(browser, "!document.querySelector('#messages').textContent.includes('\\u202e')")
    })?;
    // The mentioned person sees it highlighted.
    holds(
        &world.browsers[0],
        "document.querySelector('article[data-mention] .at--me') !== null",
    )?;
    holds(
        &world.browsers[2],
        "document.querySelector('article[data-mention]') === null",
    )
}

pub fn names_rooms_and_emoji_are_completed(world: &World) -> Outcome {
    world.each(|browser| join(browser, &world.site))?;
    let bo = &world.browsers[1];
    bo.click("#composer")?;
    for (typed, wanted) in [("@ad", "@Ada "), ("#lob", "#Lobby "), (":tada", "🎉 ")] {
        bo.type_text(typed)?;
        bo.until(
            "document.querySelector('.sugg:not([hidden]) [aria-selected=true]')",
            SOON,
        )?;
        bo.chord(&[ENTER])?;
        bo.until(
            &format!("document.querySelector('#composer').value.endsWith({})", json!(wanted)),
            SOON,
        )?;
    }
    bo.chord(&[ENTER])?;
    world.each(|browser| sees_part(browser, "@Ada #Lobby 🎉"))?;
    holds(
        &world.browsers[0],
        "document.querySelector('article[data-mention]') !== null",
    )
}

pub fn pins_and_saved_messages_have_their_lists(world: &World) -> Outcome {
    world.each(|browser| join(browser, &world.site))?;
    let [ada, bo, _] = world.browsers else {
        return Err("three browsers".into());
    };
    send(ada, "keep this")?;
    choose(bo, "keep this", "Pin to room")?;
    world.each(|browser| {
        browser.until("document.querySelector('article[data-pinned]')", SOON)?;
        press(browser, "[data-ref=pins]")?;
        browser.until(
            "document.querySelector('.pane .hit')?.textContent.includes('keep this')",
            SOON,
        )?;
        press(browser, ".pane__h button")?;
        browser.until("document.querySelector('.pane').hidden", SOON)
    })?;
    choose(ada, "keep this", "Save for later")?;
    ada.until("document.querySelector('article[data-saved]')", SOON)?;
    press(ada, "[data-ref=brand]")?;
    let item = "[...document.querySelectorAll('.menu__it')].find((item) => item.textContent.startsWith('Saved'))";
    ada.script(&format!("({item}).click()"), json!([]))?;
    ada.until(
        "document.querySelector('.pane .hit')?.textContent.includes('keep this')",
        SOON,
    )?;
    holds(bo, "document.querySelector('article[data-saved]') === null")
}

pub fn actions_without_network_happen_once_it_is_back(world: &World) -> Outcome {
    world.expect(&[crate::world::Expected::NoAnswer]);
    world.each(|browser| join(browser, &world.site))?;
    send(&world.browsers[0], "through a tunnel")?;
    world.each(|browser| sees(browser, "through a tunnel"))?;
    world.site.proxy.cut();
    world.each(|browser| {
        crate::chat::offline(browser, SOON)?;
        focus(browser, "through a tunnel")?;
        // The last browser may already show it as pinned.
        browser.type_text("p")
    })?;
    // The author sees the change at once, the others later.
    world.browsers[0].until("document.querySelector('article[data-pinned]')", SOON)?;
    world.site.proxy.restore();
    world.each(|browser| {
        crate::chat::online(browser, crate::chat::IN_A_WHILE)?;
        browser.until("document.querySelector('article[data-pinned]')", SOON)
    })
}
