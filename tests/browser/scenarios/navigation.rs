//! Finding people, rooms and messages, and going back.

use crate::chat::{SOON, equal, holds, join, online, open, person, press, sees, send};
use crate::driver::{Browser, END, ENTER, ESCAPE, Outcome, TAB};
use crate::scenarios::rooms::{ask, enter, make_room};
use crate::world::{PHONE, World};
use serde_json::{Value, json};

const CONTROL: &str = "\u{e009}";
const F6: &str = "\u{e036}";

pub fn people_and_rooms_that_are_not_loaded_are_found(world: &World) -> Outcome {
    world.each(|browser| join(browser, &world.site))?;
    // After the pages, and without ever coming online: no page knows of them.
    world.site.sign_up("Kwame")?;
    let [ada, bo, cleo] = world.browsers else {
        return Err("three browsers".into());
    };
    let room = make_room(ada, "public", "workbench", &[])?;
    world.each(|browser| {
        browser.click("#composer")?;
        browser.type_text("@kwa")?;
        browser.until(
            "document.querySelector('.sugg:not([hidden]) [aria-selected=true]')?.textContent.includes('Kwame')",
            SOON,
        )?;
        browser.chord(&[ENTER])?;
        browser.until("document.querySelector('#composer').value === '@Kwame '", SOON)?;
        browser.clear("#composer")?;
        browser.chord(&[CONTROL, "k"])?;
        browser.until("document.activeElement.matches('.switcher input')", SOON)?;
        browser.type_text("kwame")?;
        let found = "document.querySelector('.switcher .pick[aria-selected=true]')?.textContent.includes('Kwame')";
        browser.until(found, SOON)?;
        browser.chord(&[ESCAPE])?;
        browser.until("!document.querySelector('dialog[open]')", SOON)
    })?;
    for browser in [bo, cleo] {
        browser.click("#composer")?;
        browser.type_text("#workb")?;
        let offered = "document.querySelector('.sugg:not([hidden]) [role=option]')?.textContent";
        browser.until(&format!("{offered}?.includes('workbench')"), SOON)?;
        holds(browser, &format!("{offered}.includes('Join')"))?;
        browser.chord(&[ENTER])?;
        browser.until("document.querySelector('#composer').value === '#workbench '", SOON)?;
        browser.clear("#composer")?;
        browser.chord(&[CONTROL, "k"])?;
        browser.until("document.activeElement.matches('.switcher input')", SOON)?;
        browser.type_text("workb")?;
        browser.until(
            "document.querySelector('.switcher .pick[aria-selected=true]')?.textContent.includes('Join')",
            SOON,
        )?;
        browser.chord(&[ENTER])?;
        join_in(browser, "workbench")?;
        browser.until(&format!("location.pathname === '/rooms/{room}'"), SOON)?;
    }
    Ok(())
}

/// Joins a public room from a dialog.
fn join_in(browser: &Browser, name: &str) -> Outcome {
    browser.until(
        &format!("document.querySelector('dialog.meet[open] h2')?.textContent === '#{name}'"),
        SOON,
    )?;
    press(browser, "dialog.meet .btn--main")?;
    browser.until("!document.querySelector('dialog[open]')", SOON)
}

pub fn a_link_to_a_room_leads_in_or_says_why_not(world: &World) -> Outcome {
    world.each(|browser| join(browser, &world.site))?;
    let [ada, bo, cleo] = world.browsers else {
        return Err("three browsers".into());
    };
    let room = make_room(ada, "public", "workbench", &[])?;
    let hidden = make_room(ada, "private", "plans", &[])?;
    enter(ada, room)?;
    send(ada, "the long clamps are back")?;
    sees(ada, "the long clamps are back")?;
    let id = ada.value_of("document.querySelector('article[data-id]').dataset.id")?;
    let id = id.as_str().unwrap_or_default().to_owned();
    // From a message, in the page.
    enter(ada, 1)?;
    send(ada, &format!("see {}/rooms/{room}/{id}", world.site.origin))?;
    let link = format!("#messages a[href$=\"/rooms/{room}/{id}\"]");
    bo.until(&format!("document.querySelector('{link}')"), SOON)?;
    press(bo, &link)?;
    // And by its address.
    cleo.go_to(&format!("{}/rooms/{room}/{id}", world.site.origin))?;
    for browser in [bo, cleo] {
        join_in(browser, "workbench")?;
        let there = format!("document.activeElement.matches('article[data-id=\"{id}\"]')");
        browser.until(&there, SOON)?;
        equal(
            "the address",
            browser.value_of("location.pathname")?,
            json!(format!("/rooms/{room}/{id}")),
        )?;
    }
    // A forbidden room and a missing room look the same.
    for nowhere in [hidden, 4000] {
        cleo.go_to(&format!("{}/rooms/{nowhere}", world.site.origin))?;
        online(cleo, SOON)?;
        cleo.until(
            "document.querySelector('dialog[open] p')?.textContent.includes('private, or it is not there')",
            SOON,
        )?;
        holds(cleo, "!document.querySelector('.toast')")?;
        holds(
            cleo,
            "!document.querySelector('dialog[open]').textContent.includes('Join')",
        )?;
    }
    Ok(())
}

pub fn the_emoji_meant_comes_first_and_the_picker_keeps_the_focus(world: &World) -> Outcome {
    world.each(|browser| {
        join(browser, &world.site)?;
        for (typed, wanted) in [(":heart", "❤️"), (":fire", "🔥"), (":thumb", "👍"), (":thanks", "🙏")] {
            browser.click("#composer")?;
            browser.type_text(typed)?;
            browser.until(
                "document.querySelector('.sugg:not([hidden]) [aria-selected=true]')",
                SOON,
            )?;
            browser.until(
                &format!("document.querySelector('.sugg [aria-selected=true]').textContent.startsWith('{wanted}')"),
                SOON,
            )?;
            browser.chord(&[ENTER])?;
            browser.until(
                &format!("document.querySelector('#composer').value === '{wanted} '"),
                SOON,
            )?;
            browser.clear("#composer")?;
        }
        press(browser, ".comp button[aria-label=Emoji]")?;
        browser.until("document.activeElement.matches('.emo input')", SOON)?;
        holds(
            browser,
            "document.querySelectorAll('.emo [role=grid] > [role=row] > [role=gridcell]').length > 8",
        )?;
        for _ in 0..8 {
            browser.chord(&[TAB])?;
            holds(browser, "document.activeElement.closest('.emo') !== null")?;
        }
        // Wherever the focus is, Esc closes the picker and nothing else.
        browser.script("document.activeElement.blur()", json!([]))?;
        browser.chord(&[ESCAPE])?;
        browser.until("!document.querySelector('.emo')", SOON)
    })
}

/// The first visible message and its position.
const PLACE: &str = "(() => {
    const log = document.querySelector('#messages');
    const edge = log.getBoundingClientRect().top;
    const row = [...log.querySelectorAll('article[data-id]')].find((each) => each.getBoundingClientRect().bottom > edge);
    return [Number(row.dataset.id), Math.round(row.getBoundingClientRect().top - edge)];
})()";

pub fn a_room_is_found_again_where_it_was_left(world: &World) -> Outcome {
    let author = world.site.sign_up("Author")?;
    let tall = |number: usize| format!("message {number}{}", "\nand another line".repeat(number % 4));
    world.site.post_all(&author, (1..=120).map(tall))?;
    world.each(|browser| join(browser, &world.site))?;
    let room = make_room(&world.browsers[0], "private", "plans", &["Bo", "Cleo"])?;
    world.each(|browser| {
        sees(browser, &tall(120))?;
        let up = "const log = document.querySelector('#messages');
            log.scrollTop = log.scrollHeight - 3 * log.clientHeight;
            log.dispatchEvent(new Event('scroll'));";
        browser.script(up, json!([]))?;
        browser.until("!document.querySelector('#latest').hidden", SOON)?;
        // The older messages have loaded.
        browser.until(
            "document.querySelector('[data-edge=before] p')?.textContent !== 'Loading earlier messages'",
            SOON,
        )?;
        let left = browser.value_of(PLACE)?;
        enter(browser, room)?;
        enter(browser, 1)?;
        let again = format!("JSON.stringify({PLACE}) === JSON.stringify({left})");
        browser
            .until(&again, SOON)
            .map_err(|_| format!("left at {left}, found at {:?}", browser.value_of(PLACE)))
    })
}

pub fn the_key_for_the_end_goes_to_the_latest_message(world: &World) -> Outcome {
    let author = world.site.sign_up("Author")?;
    world
        .site
        .post_all(&author, (1..=260).map(|number| format!("message {number}")))?;
    world.each(|browser| {
        join(browser, &world.site)?;
        browser.go_to(&format!("{}/rooms/1/20", world.site.origin))?;
        browser.until("document.activeElement.matches('article[data-id=\"20\"]')", SOON)?;
        browser.chord(&[END])?;
        browser.until(
            "document.activeElement.matches('article[data-id]') &&
             document.activeElement.querySelector('[data-ref=text]').textContent.trim() === 'message 260'",
            SOON,
        )?;
        browser.until("document.querySelector('#latest').hidden", SOON)
    })
}

pub fn back_on_a_phone_closes_what_lies_on_top(world: &World) -> Outcome {
    world.each(|browser| {
        browser.set_viewport(PHONE.0, PHONE.1)?;
        join(browser, &world.site)?;
        let back = || browser.script("history.back()", json!([])).map(drop);
        let composer = "document.querySelector('#composer').checkVisibility()";
        press(browser, "[data-ref=members]")?;
        browser.until("document.querySelector('.pane .who')?.checkVisibility()", SOON)?;
        back()?;
        browser.until("document.querySelector('.pane').hidden", SOON)?;
        browser.until(composer, SOON)?;
        // Closing it by its button leaves no history entry.
        press(browser, "[data-ref=members]")?;
        browser.until("history.state.top !== undefined", SOON)?;
        press(browser, ".pane__h button")?;
        browser.until(
            "history.state.top === undefined && document.querySelector('.pane').hidden",
            SOON,
        )?;
        press(browser, "[data-ref=back]")?;
        browser.until("document.body.dataset.screen === 'list'", SOON)?;
        press(browser, "[data-ref=own]")?;
        browser.until("document.querySelector('dialog.set').open", SOON)?;
        back()?;
        browser.until("!document.querySelector('dialog[open]')", SOON)?;
        holds(browser, "document.body.dataset.screen === 'list'")?;
        // Back asks before it discards unsaved text.
        press(browser, "[data-ref=brand]")?;
        press(browser, ".menu .menu__it")?;
        browser.write_into("#f-room input", "half a thought")?;
        back()?;
        browser.until("document.querySelector('dialog[open] .dlg__ask')", SOON)?;
        back()?;
        browser.until("!document.querySelector('dialog[open]')", SOON)?;
        // From a dialog to a room: Back leads to the list again, not to the dialog.
        press(browser, "[data-ref=jump]")?;
        browser.until("document.activeElement.matches('.switcher input')", SOON)?;
        browser.type_text("lobby")?;
        browser.chord(&[ENTER])?;
        browser.until(composer, SOON)?;
        back()?;
        browser.until("document.body.dataset.screen === 'list'", SOON)?;
        holds(browser, "!document.querySelector('dialog[open]')")
    })
}

pub fn the_keys_reach_every_part_and_single_keys_can_be_off(world: &World) -> Outcome {
    world.each(|browser| {
        join(browser, &world.site)?;
        let text = format!("by {}", person(browser));
        send(browser, &text)?;
        sees(browser, &text)?;
        press(browser, "[data-ref=members]")?;
        browser.until("document.querySelector('.pane .who')", SOON)?;
        browser.click("#composer")?;
        for part in [".pane", ".side", ".bar", ".log", ".foot"] {
            browser.chord(&[F6])?;
            browser.until(&format!("document.activeElement.closest('{part}')"), SOON)?;
        }
        press(browser, ".pane__h button")?;
        browser.until("document.querySelector('.pane').hidden", SOON)?;
        let last = "[...document.querySelectorAll('article.msg[data-id]')].at(-1).focus()";
        browser.script(last, json!([]))?;
        browser.type_text("?")?;
        browser.until("document.querySelector('dialog[open] .keys')", SOON)?;
        browser.chord(&[ESCAPE])?;
        browser.until("!document.querySelector('dialog[open]')", SOON)?;
        ask(browser, "PUT", "/api/me/settings", &json!({"single_keys": false}))?;
        open(browser, &world.site)?;
        sees(browser, &text)?;
        browser.script(last, json!([]))?;
        // The next key shows that this one was handled.
        browser.type_text("?")?;
        browser.chord(&[F6])?;
        browser.until("document.activeElement.closest('.foot')", SOON)?;
        holds(browser, "!document.querySelector('dialog[open]')")
    })
}

pub fn what_the_mouse_finds_is_there_for_others_too(world: &World) -> Outcome {
    world.each(|browser| {
        join(browser, &world.site)?;
        let text = format!("by {}", person(browser));
        send(browser, &text)?;
        sees(browser, &text)?;
        let own = format!(
            "[...document.querySelectorAll('article.msg[data-id]')].find((each) =>
                each.querySelector('[data-ref=text]').textContent.trim() === {})",
            json!(text)
        );
        // The list of actions, for a screen reader that reads through the page; there once the message is.
        let actions = format!(
            "document.querySelector('.menu__it') !== null || ({own}).querySelector('[data-ref=actions]').click()"
        );
        browser.until(&actions, SOON)?;
        browser.chord(&[ESCAPE])?;
        browser.until("!document.querySelector('.menu__it')", SOON)?;
        // More than one letter goes to the entry that begins so.
        press(browser, "[data-ref=brand]")?;
        browser.until("document.activeElement.matches('.menu__it')", SOON)?;
        browser.type_text("se")?;
        browser.until("document.activeElement.textContent === 'Settings'", SOON)?;
        browser.chord(&[ESCAPE])?;
        // Who wrote it, by their name.
        browser.script(&format!("({own}).querySelector('.msg__who').click()"), json!([]))?;
        browser.until("document.querySelector('dialog[open] .pcard__h')", SOON)?;
        browser.chord(&[ESCAPE])?;
        browser.until("!document.querySelector('dialog[open]')", SOON)?;
        if browser.value_of("matchMedia('(hover: hover)').matches")? != Value::Bool(true) {
            return Ok(());
        }
        // A tip goes away by Esc, which then means nothing else.
        press(browser, "[data-ref=members]")?;
        browser.until("!document.querySelector('.pane').hidden", SOON)?;
        browser.click("#composer")?;
        browser.chord(&[TAB])?;
        let tip = "getComputedStyle(document.activeElement, '::after').visibility";
        browser.until(
            &format!("document.activeElement.dataset.tip && {tip} === 'visible'"),
            SOON,
        )?;
        browser.chord(&[ESCAPE])?;
        browser.until(&format!("{tip} === 'hidden'"), SOON)?;
        holds(browser, "!document.querySelector('.pane').hidden")?;
        browser.chord(&[ESCAPE])?;
        browser.until("document.querySelector('.pane').hidden", SOON)
    })
}
