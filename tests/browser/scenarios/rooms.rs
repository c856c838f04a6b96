//! Rooms and people: creating, finding, joining, leaving; counts, addresses, the switcher, settings.

use crate::chat::{SOON, equal, holds, join, online, person, press, sees, send};
use crate::driver::{Browser, ENTER, Outcome};
use crate::world::World;
use serde_json::{Value, json};

/// Sends a request as the person at this browser; returns the answer's body.
pub fn ask(browser: &Browser, method: &str, path: &str, body: &Value) -> Outcome<Value> {
    let script = "const [method, path, body] = given;
        const init = body === null ? {method}
            : {method, headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body)};
        const answer = await fetch(path, init);
        const text = await answer.text();
        return {status: answer.status, body: text ? JSON.parse(text) : null};";
    let answer = browser.async_script(script, &json!([method, path, body]))?;
    match answer["status"].as_u64() {
        Some(200..=299) => Ok(answer["body"].clone()),
        _ => Err(format!("{method} {path}: {answer}")),
    }
}

/// The id of the person with this name.
pub fn user_id(browser: &Browser, name: &str) -> Outcome<u64> {
    let found = ask(browser, "GET", &format!("/api/people?q={name}"), &Value::Null)?;
    found["people"][0]["id"].as_u64().ok_or_else(|| format!("no {name}"))
}

/// Creates a room with everybody in it; returns its id.
pub fn make_room(browser: &Browser, kind: &str, name: &str, others: &[&str]) -> Outcome<u64> {
    let members: Vec<u64> = others
        .iter()
        .map(|other| user_id(browser, other))
        .collect::<Outcome<_>>()?;
    let room = json!({"kind": kind, "name": name, "members": members});
    let answer = ask(browser, "POST", "/api/rooms", &room)?;
    answer["room"]["id"].as_u64().ok_or_else(|| "no room".to_owned())
}

/// Opens a room by its row in the sidebar.
pub fn enter(browser: &Browser, room: u64) -> Outcome {
    let row = format!(".side a.row[href=\"/rooms/{room}\"]");
    browser.until(&format!("document.querySelector('{row}')"), SOON)?;
    press(browser, &row)?;
    browser.until(&format!("document.querySelector('{row}').ariaCurrent === 'page'"), SOON)?;
    browser.until(
        "!document.querySelector('#messages [data-ref=again]:not([hidden])')
         && !document.querySelector('#messages .blank > p[role=status]')",
        SOON,
    )
}

/// Whether a row of the sidebar says these words about its room.
fn row_says(browser: &Browser, room: u64, words: &str) -> Outcome {
    let says = format!(
        "document.querySelector('.side a.row[href=\"/rooms/{room}\"] [data-ref=words]')?.textContent === {}",
        json!(words)
    );
    browser.until(&says, SOON)
}

pub fn a_room_is_made_found_and_joined(world: &World) -> Outcome {
    let [ada, bo, cleo] = world.browsers else {
        return Err("three browsers".into());
    };
    world.each(|browser| join(browser, &world.site))?;
    press(ada, "[data-ref=brand]")?;
    press(ada, ".menu .menu__it")?;
    ada.until("document.querySelector('dialog[open] #f-room')", SOON)?;
    ada.write_into("#f-room input", "open-day")?;
    press(ada, "dialog[open] button[form=f-room]")?;
    ada.until(
        "location.pathname.startsWith('/rooms/') && !document.querySelector('dialog[open]')",
        SOON,
    )?;
    ada.until(
        "document.querySelector('.bar [data-ref=name]').textContent === 'open-day'",
        SOON,
    )?;
    ada.until("document.querySelector('[data-notice=created]')", SOON)?;
    send(ada, "who brings the poster?")?;
    for other in [bo, cleo] {
        press(other, "#h-rooms + button")?;
        other.until("document.querySelectorAll('dialog[open] .list li').length === 2", SOON)?;
        press(other, "dialog[open] button[aria-label='Join open-day']")?;
        other.until("!document.querySelector('dialog[open]')", SOON)?;
        // Earlier messages are readable.
        sees(other, "who brings the poster?")?;
        send(other, &format!("not {}", person(other)))?;
    }
    for browser in world.browsers {
        sees(browser, "not Bo")?;
        sees(browser, "not Cleo")?;
        holds(
            browser,
            "document.querySelectorAll('[data-notice=joined]').length === 2",
        )?;
    }
    // The name is taken, and the error is at its field.
    world.expect(&[crate::world::Expected::Status(409)]);
    press(bo, "[data-ref=brand]")?;
    press(bo, ".menu .menu__it")?;
    bo.write_into("#f-room input", "Open-Day")?;
    press(bo, "dialog[open] button[form=f-room]")?;
    bo.until(
        "document.querySelector('#f-room [role=alert]:not([hidden])')?.textContent.includes('that name')",
        SOON,
    )
}

pub fn who_is_removed_hears_and_sees_nothing_more(world: &World) -> Outcome {
    let [ada, bo, cleo] = world.browsers else {
        return Err("three browsers".into());
    };
    world.each(|browser| join(browser, &world.site))?;
    let room = make_room(ada, "private", "plans", &["Bo", "Cleo"])?;
    world.each(|browser| enter(browser, room))?;
    send(ada, "between us")?;
    world.each(|browser| sees(browser, "between us"))?;
    press(ada, "[data-ref=members]")?;
    ada.until("document.querySelectorAll('.pane .who').length === 3", SOON)?;
    press(ada, ".pane button[aria-label='Options for Cleo']")?;
    press(ada, ".menu .menu__it--danger")?;
    // Removing a member asks first.
    press(ada, "dialog[open] .btn--danger")?;
    // The room disappears while it is open, with its messages.
    cleo.until("location.pathname === '/rooms/1'", SOON)?;
    cleo.until(
        &format!("!document.querySelector('.side a.row[href=\"/rooms/{room}\"]')"),
        SOON,
    )?;
    holds(
        cleo,
        "!document.querySelector('#messages').textContent.includes('between us')",
    )?;
    send(ada, "now without Cleo")?;
    sees(bo, "now without Cleo")?;
    world.expect(&[crate::world::Expected::Status(404)]);
    let refused = ask(cleo, "GET", &format!("/api/rooms/{room}/messages"), &Value::Null);
    equal("reading it", refused.is_err_and(|error| error.contains("404")), true)?;
    holds(
        cleo,
        "!document.querySelector('#messages').textContent.includes('without Cleo')",
    )?;
    // After being added again, everything is there.
    let id = user_id(ada, "Cleo")?;
    ask(ada, "PUT", &format!("/api/rooms/{room}/members/{id}"), &Value::Null)?;
    enter(cleo, room)?;
    sees(cleo, "now without Cleo")
}

pub fn direct_messages_reach_only_who_is_in_them(world: &World) -> Outcome {
    let [ada, bo, cleo] = world.browsers else {
        return Err("three browsers".into());
    };
    world.each(|browser| join(browser, &world.site))?;
    press(ada, "[data-ref=compose]")?;
    ada.until(
        "document.querySelector('dialog[open] button[aria-label=\"Add Bo\"]')",
        SOON,
    )?;
    press(ada, "dialog[open] button[aria-label=\"Add Bo\"]")?;
    press(ada, "dialog[open] .dlg__f .btn--main")?;
    ada.until(
        "document.querySelector('.bar [data-ref=name]').textContent === 'Bo'",
        SOON,
    )?;
    send(ada, "for you alone")?;
    let row = "document.querySelector('.side section[aria-labelledby=h-direct] a.row')";
    bo.until(&format!("{row}?.textContent.includes('Ada')"), SOON)?;
    bo.until(&format!("{row}.querySelector('.count').textContent === '1'"), SOON)?;
    press(bo, ".side section[aria-labelledby=h-direct] a.row")?;
    sees(bo, "for you alone")?;
    send(bo, "thank you")?;
    sees(ada, "thank you")?;
    holds(cleo, &format!("{row} === null"))?;
    // Blocked: no messages in either direction.
    let id = user_id(bo, "Ada")?;
    ask(bo, "PUT", &format!("/api/me/blocks/{id}"), &Value::Null)?;
    bo.until(
        "document.querySelector('.closed')?.textContent.includes('blocked')",
        SOON,
    )?;
    bo.until(
        "document.querySelector('.msg__gone')?.textContent.includes('blocked')",
        SOON,
    )?;
    send(ada, "are you there?")?;
    ada.until(
        "document.querySelector('article.msg[data-state=failed]')?.textContent.includes('does not take messages')",
        SOON,
    )
}

pub fn counts_agree_on_all_devices_of_one_person(world: &World) -> Outcome {
    let [ada, bo, _] = world.browsers else {
        return Err("three browsers".into());
    };
    world.each(|browser| join(browser, &world.site))?;
    let room = make_room(ada, "public", "busy", &["Bo"])?;
    let first = bo.current_tab()?;
    let second = bo.open_tab()?;
    bo.switch_to(&second)?;
    bo.go_to(&world.site.origin)?;
    online(bo, SOON)?;
    enter(ada, room)?;
    send(ada, "one")?;
    send(ada, "@Bo two")?;
    for tab in [&first, &second] {
        bo.switch_to(tab)?;
        row_says(bo, room, ", 1 mention")?;
        bo.until("document.title.startsWith('(')", SOON)?;
    }
    enter(bo, room)?;
    bo.until("document.querySelector('article[data-mention]')", SOON)?;
    for tab in [&first, &second] {
        bo.switch_to(tab)?;
        row_says(bo, room, "")?;
    }
    // Unread from here: on both again, and reading does not undo it by itself.
    bo.switch_to(&second)?;
    let from = "document.querySelector('article[data-mention]')";
    bo.script("document.querySelector('article[data-mention]').focus()", json!([]))?;
    bo.type_text("u")?;
    bo.until(
        &format!("{from}.parentElement.previousElementSibling?.matches('.newline')"),
        SOON,
    )?;
    for tab in [&first, &second] {
        bo.switch_to(tab)?;
        row_says(bo, room, ", 1 mention")?;
    }
    bo.close_tab()?;
    bo.switch_to(&first)
}

pub fn a_permalink_opens_the_room_around_its_message(world: &World) -> Outcome {
    let author = world.site.sign_up("Author")?;
    world
        .site
        .post_all(&author, (1..=300).map(|number| format!("line {number}")))?;
    world.each(|browser| {
        join(browser, &world.site)?;
        browser.go_to(&format!("{}/rooms/1/42", world.site.origin))?;
        online(browser, SOON)?;
        let there = "document.querySelector('article[data-id=\"42\"]')";
        browser.until(there, SOON)?;
        browser.until(&format!("document.activeElement === {there}"), SOON)?;
        browser.until(
            &format!(
                "(() => {{ const box = {there}.getBoundingClientRect();
                    const log = document.querySelector('#messages').getBoundingClientRect();
                    return box.top >= log.top && box.bottom <= log.bottom; }})()"
            ),
            SOON,
        )?;
        // The page does not hold the whole history.
        holds(browser, "document.querySelectorAll('article.msg').length <= 300")?;
        browser.go_to(&format!("{}/rooms/99", world.site.origin))?;
        browser.until(
            "document.querySelector('dialog[open] h2')?.textContent === 'There is nothing here for you'",
            SOON,
        )
    })
}

pub fn the_switcher_and_the_keys_go_anywhere(world: &World) -> Outcome {
    world.each_apart(|browser, site| {
        join(browser, site)?;
        let room = make_room(browser, "public", "Werkstatt Öl", &[])?;
        browser.until(
            &format!("document.querySelector('.side a.row[href=\"/rooms/{room}\"]')"),
            SOON,
        )?;
        browser.chord(&["\u{e009}", "k"])?;
        browser.until("document.querySelector('dialog.switcher')?.open", SOON)?;
        browser.type_text("ol")?;
        browser.until(
            "document.querySelector('.switcher .pick[aria-selected=true]')?.textContent.includes('Werkstatt')",
            SOON,
        )?;
        browser.chord(&[ENTER])?;
        browser.until(&format!("location.pathname === '/rooms/{room}'"), SOON)?;
        browser.until("document.activeElement.id === 'composer'", SOON)?;
        browser.chord(&["\u{e00a}", "\u{e013}"])?;
        browser.until("location.pathname === '/rooms/1'", SOON)?;
        let current = |room: u64| {
            let row = format!("document.querySelector('.side a.row[aria-current]').pathname === '/rooms/{room}'");
            browser.until(&row, SOON)
        };
        browser.script("history.back()", json!([]))?;
        current(room)?;
        // The first page had no room in its address, but Back still leads to it.
        browser.script("history.back()", json!([]))?;
        browser.until("location.pathname === '/'", SOON)?;
        current(1)
    })
}

pub fn a_profile_and_settings_are_kept_and_shown(world: &World) -> Outcome {
    let [ada, bo, _] = world.browsers else {
        return Err("three browsers".into());
    };
    world.each(|browser| join(browser, &world.site))?;
    press(ada, "[data-ref=own]")?;
    ada.until("document.querySelector('dialog.set')?.open", SOON)?;
    ada.clear("#set-profile .two input")?;
    ada.write_into("#set-profile .two input", "Ada Lovelace")?;
    press(ada, "#set-profile button[type=submit]")?;
    bo.until(
        "document.querySelector('[data-ref=here]').textContent.includes('Ada Lovelace')",
        SOON,
    )?;
    press(ada, "#set-appearance input[value=dark]")?;
    holds(ada, "document.documentElement.dataset.theme === 'dark'")?;
    press(ada, "#set-notify .switch:nth-of-type(2) input")?;
    ada.reload()?;
    online(ada, SOON)?;
    holds(ada, "document.documentElement.dataset.theme === 'dark'")?;
    press(ada, "[data-ref=own]")?;
    ada.until("document.querySelector('dialog.set')?.open", SOON)?;
    ada.until("document.querySelector('#set-sessions .list li')", SOON)?;
    equal(
        "the sound",
        ada.value_of("document.querySelector('#set-notify .switch:nth-of-type(2) input').checked")?,
        json!(false),
    )?;
    press(ada, "#set-appearance input[name=theme][value='']")
}
