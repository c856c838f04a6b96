//! Searching: from the shortcut to the message and back, live changes, and searches without hits.

use super::access::{axe_source, no_barriers};
use super::rooms::{ask, enter, make_room};
use crate::chat::{SOON, equal, holds, join, offline, online, press, sees, send};
use crate::driver::{ARROW_DOWN, ARROW_UP, Browser, ENTER, ESCAPE, Outcome};
use crate::site::Site;
use crate::world::{Expected, PHONE, World};
use serde_json::json;

/// A long conversation that begins with these lines.
fn furnish(site: &Site, lines: &[&str]) -> Outcome {
    let author = site.sign_up("Author")?;
    let filler = (0..70).map(|number| format!("line {number} of the afternoon"));
    site.post_all(&author, lines.iter().map(|line| (*line).to_owned()).chain(filler))
}

/// Types a query into the search field.
fn look_for(browser: &Browser, text: &str) -> Outcome {
    browser.until("document.activeElement?.id === 'find'", SOON)?;
    browser.script("document.activeElement.select()", json!([]))?;
    browser.type_text(text)
}

/// Waits for these hits, with highlights in brackets.
fn finds(browser: &Browser, hits: &[&str]) -> Outcome {
    let shown = "[...document.querySelectorAll('.pane .hit__t')].map((hit) =>
        [...hit.childNodes].map((node) => node.nodeName === 'MARK' ? `[${node.textContent}]` : node.textContent).join(''))";
    let same = format!("JSON.stringify({shown}) === JSON.stringify({})", json!(hits));
    browser
        .until(&same, SOON)
        .map_err(|_| format!("not {hits:?} but {:?}", browser.value_of(shown)))
}

fn says(browser: &Browser, words: &str) -> Outcome {
    let status = "document.querySelector('.find [role=status]')?.textContent";
    browser
        .until(&format!("{status} === {}", json!(words)), SOON)
        .map_err(|_| format!("not {words:?} but {:?}", browser.value_of(status)))
}

pub fn a_search_leads_to_the_message_and_the_pane_stays(world: &World) -> Outcome {
    world.each_apart(|browser, site| {
        let old = "👍🏽 the first Pôster, 東京";
        furnish(site, &[old, "posters of last year", "no such thing"])?;
        join(browser, site)?;
        sees(browser, "line 69 of the afternoon")?;
        // In the message box the key types a letter.
        browser.type_into("#composer", "/")?;
        holds(
            browser,
            "document.querySelector('#pane').hidden && document.querySelector('#composer').value === '/'",
        )?;
        browser.script("document.querySelector('[data-ref=options]').focus()", json!([]))?;
        browser.chord(&["/"])?;
        look_for(browser, "poster")?;
        finds(browser, &["[posters] of last year", "👍🏽 the first [Pôster], 東京"])?;
        says(browser, "2 messages, newest first")?;
        equal(
            "the button",
            browser
                .text_of("document.querySelector('[data-ref=find]').ariaExpanded")?
                .as_str(),
            "true",
        )?;

        browser.chord(&[ARROW_DOWN])?;
        browser.chord(&[ARROW_DOWN])?;
        browser.chord(&[ARROW_DOWN])?;
        browser.chord(&[ARROW_UP])?;
        browser.chord(&[ARROW_DOWN])?;
        browser.chord(&[ENTER])?;
        sees(browser, old)?;
        browser.until("location.pathname === '/rooms/1/1'", SOON)?;
        browser.until("document.querySelectorAll('.pane .hit').length === 2", SOON)?;
        browser.until(
            "document.querySelector('article[data-id=\"1\"]')?.contains(document.activeElement)",
            SOON,
        )?;

        // A part of a text without spaces, and a phrase.
        browser.script("document.querySelector('[data-ref=options]').focus()", json!([]))?;
        browser.chord(&["/"])?;
        look_for(browser, "京")?;
        finds(browser, &["👍🏽 the first Pôster, 東[京]"])?;
        look_for(browser, "\"last year\"")?;
        finds(browser, &["posters of [last year]"])?;
        browser.chord(&[ESCAPE])?;
        browser.until("document.querySelector('#pane').hidden", SOON)?;
        browser.until("document.activeElement.dataset.ref === 'options'", SOON)?;
        // The search is restored.
        browser.chord(&["/"])?;
        finds(browser, &["posters of [last year]"])?;
        holds(browser, "document.querySelector('#find').value === '\"last year\"'")
    })
}

pub fn hits_are_loaded_while_one_scrolls_and_are_never_out_of_date(world: &World) -> Outcome {
    world.each_apart(|browser, site| {
        furnish(site, &[])?;
        join(browser, site)?;
        send(browser, "my own afternoon")?;
        sees(browser, "my own afternoon")?;
        press(browser, "[data-ref=find]")?;
        look_for(browser, "afternoon")?;
        says(browser, "The newest 20 messages")?;
        let scroll = "const list = document.querySelector('.pane__b'); list.scrollTop = list.scrollHeight;";
        while browser.value_of("document.querySelectorAll('.pane .hit').length < 71")? == true {
            let count = browser.value_of("document.querySelectorAll('.pane .hit').length")?;
            browser.script(scroll, json!([]))?;
            browser.until(
                &format!("document.querySelectorAll('.pane .hit').length > {count}"),
                SOON,
            )?;
        }
        says(browser, "71 messages, newest first")?;

        look_for(browser, "own after")?;
        finds(browser, &["my [own] [afternoon]"])?;
        let focus = "document.querySelector('article[data-id=\"71\"]').focus()";
        browser.script(focus, json!([]))?;
        browser.type_text("e")?;
        browser.until("document.querySelector('.edit textarea')", SOON)?;
        browser.clear(".edit textarea")?;
        browser.write_into(".edit textarea", "their evening")?;
        browser.type_into(".edit textarea", ENTER)?;
        finds(browser, &[])?;
        says(browser, "No messages")
    })
}

pub fn a_search_that_finds_nothing_says_what_to_do(world: &World) -> Outcome {
    world.each_apart(|browser, site| {
        furnish(site, &["the needle"])?;
        join(browser, site)?;
        let room = make_room(browser, "private", "hay", &[])?;
        enter(browser, room)?;
        press(browser, "[data-ref=find]")?;
        look_for(browser, "needle")?;
        finds(browser, &["the [needle]"])?;
        press(browser, ".fchip")?;
        press(browser, ".menu .menu__it:nth-of-type(2)")?;
        says(browser, "No messages")?;
        browser.until(
            "document.querySelector('.pane .blank h3')?.textContent === 'Nothing about “needle” in #hay'",
            SOON,
        )?;
        press(browser, ".pane .blank button")?;
        finds(browser, &["the [needle]"])?;
        look_for_again(browser, "?!")?;
        browser.until(
            "document.querySelector('.pane .blank p')?.textContent.includes('letter or digit')",
            SOON,
        )?;
        // On a phone the pane covers the message, so it closes.
        look_for_again(browser, "need")?;
        finds(browser, &["the [needle]"])?;
        browser.set_viewport(PHONE.0, PHONE.1)?;
        press(browser, ".pane .hit")?;
        browser.until(
            "document.querySelector('#pane').hidden && location.pathname === '/rooms/1/1'",
            SOON,
        )?;
        sees(browser, "the needle")?;
        let reads = ask(browser, "GET", "/api/search?q=needle", &json!(null))?;
        equal(
            "the hits of the server",
            reads["hits"].as_array().map(Vec::len),
            Some(1),
        )
    })?;
    world.expect(&[Expected::Status(422)]);
    Ok(())
}

fn look_for_again(browser: &Browser, text: &str) -> Outcome {
    browser.script("document.querySelector('#find').focus()", json!([]))?;
    look_for(browser, text)
}

pub fn searching_has_no_barriers(world: &World) -> Outcome {
    world.expect(&[Expected::NoAnswer]);
    let axe = axe_source()?;
    furnish(&world.site, &["the needle"])?;
    world.each(|browser| {
        join(browser, &world.site)?;
        press(browser, "[data-ref=find]")?;
        browser.until("document.querySelector('.pane .blank h3')", SOON)?;
        no_barriers(browser, &axe, "before typing")?;
        look_for_again(browser, "line")?;
        browser.until("document.querySelectorAll('.pane .hit mark').length > 19", SOON)?;
        no_barriers(browser, &axe, "hits")?;
        press(browser, ".fchip:nth-child(2)")?;
        browser.until("document.querySelector('.menu')", SOON)?;
        // Resizing the window closes the menu.
        no_barriers(browser, &axe, "choosing a person")?;
        look_for_again(browser, "nothing like this")?;
        says(browser, "No messages")?;
        no_barriers(browser, &axe, "nothing found")
    })?;
    world.site.proxy.cut();
    world.each(|browser| {
        offline(browser, SOON)?;
        look_for_again(browser, "needle")?;
        browser.until(
            "document.querySelector('.pane .blank h3')?.textContent === 'You are offline'",
            SOON,
        )?;
        no_barriers(browser, &axe, "offline")
    })?;
    world.site.proxy.restore();
    world.each(|browser| {
        online(browser, crate::chat::IN_A_WHILE)?;
        finds(browser, &["the [needle]"])
    })
}
