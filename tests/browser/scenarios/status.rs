//! Status on the page: presence, last messages, settings, refusals.

use crate::chat::{SOON, equal, holds, join, online, open, press, sees, send};
use crate::driver::{Browser, ESCAPE, Outcome, TAB};
use crate::scenarios::rooms::{ask, enter, make_room, user_id};
use crate::world::World;
use serde_json::{Value, json};

/// The text of an element.
fn says(browser: &Browser, selector: &str, words: &str) -> Outcome {
    let said = format!(
        "document.querySelector('{selector}')?.textContent.trim() === {}",
        json!(words)
    );
    browser.until(&said, SOON)
}

/// Opens the menu under the server's name, and chooses the item that begins with these words.
fn choose(browser: &Browser, words: &str) -> Outcome {
    press(browser, "[data-ref=brand]")?;
    let item = format!(
        "[...document.querySelectorAll('.menu .menu__it')].find((item) => item.textContent.startsWith({}))",
        json!(words)
    );
    browser.until(&item, SOON)?;
    browser.script(&format!("({item}).click()"), json!([])).map(drop)
}

fn open_settings(browser: &Browser) -> Outcome {
    press(browser, "[data-ref=settings]")?;
    browser.until("document.querySelector('dialog.set')?.open", SOON)
}

fn close_dialogs(browser: &Browser) -> Outcome {
    let close = "document.querySelectorAll('dialog[open]').forEach((dialog) => dialog.close())";
    browser.script(close, json!([])).map(drop)
}

pub fn members_are_here_or_not_and_follow_who_comes_and_goes(world: &World) -> Outcome {
    let [ada, bo, _] = world.browsers else {
        return Err("three browsers".into());
    };
    world.each(|browser| join(browser, &world.site))?;
    press(ada, "[data-ref=members]")?;
    says(ada, "#pane-t", "Members 3")?;
    says(ada, ".pane h3", "Here now, 3")?;
    holds(ada, "document.querySelector('.pane h3 ~ h3').hidden")?;
    bo.go_to("about:blank")?;
    says(ada, ".pane h3", "Here now, 2")?;
    says(ada, ".pane h3 ~ h3", "Not here, 1")?;
    holds(
        ada,
        "document.querySelector('.pane .who[data-off] small').textContent.startsWith('Last seen ')",
    )?;
    open(bo, &world.site)?;
    says(ada, ".pane h3", "Here now, 3")
}

pub fn who_has_reacted_is_told_to_keys_as_to_the_pointer(world: &World) -> Outcome {
    let [ada, bo, cleo] = world.browsers else {
        return Err("three browsers".into());
    };
    world.each(|browser| join(browser, &world.site))?;
    send(ada, "shall we?")?;
    for browser in [bo, cleo] {
        sees(browser, "shall we?")?;
        browser.script("document.querySelector('article.msg').focus()", json!([]))?;
        browser.type_text("+")?;
        browser.until("document.querySelector('dialog.emo')?.open", SOON)?;
        press(browser, ".emo__grid button")?;
    }
    let tip = "document.querySelector('.tip:not([hidden])')";
    ada.until("document.querySelector('.react')?.textContent.endsWith('2')", SOON)?;
    ada.script("document.querySelector('article.msg').focus()", json!([]))?;
    ada.chord(&[TAB])?;
    ada.until("document.activeElement.matches('.react')", SOON)?;
    ada.until(&format!("{tip}?.textContent === 'Bo, Cleo'"), SOON)?;
    ada.chord(&[ESCAPE])?;
    ada.until(&format!("!{tip}"), SOON)?;
    holds(ada, "document.activeElement.matches('.react')")?;
    let over = "document.querySelector('.react').dispatchEvent(new PointerEvent('pointerover', {bubbles: true, pointerType: 'mouse'}))";
    bo.script(over, json!([]))?;
    bo.until(&format!("{tip}?.textContent === 'You, Cleo'"), SOON)
}

pub fn a_pause_is_seen_and_is_ended_where_it_is_seen(world: &World) -> Outcome {
    world.each_apart(|browser, site| {
        join(browser, site)?;
        let state = "document.querySelector('.me [data-ref=state]')";
        says(browser, ".me [data-ref=state]", "Online")?;
        choose(browser, "Pause notifications")?;
        browser.until(
            &format!("{state}.textContent.startsWith('Paused until ') && {state}.querySelector('use')"),
            SOON,
        )?;
        open_settings(browser)?;
        says(browser, "#set-notify .btn", "Resume notifications")?;
        press(browser, "#set-notify .btn")?;
        says(browser, "#set-notify .btn", "Pause for an hour")?;
        says(browser, ".me [data-ref=state]", "Online")
    })
}

pub fn who_is_blocked_is_listed_and_let_in_again(world: &World) -> Outcome {
    let [ada, ..] = world.browsers else {
        return Err("three browsers".into());
    };
    world.each(|browser| join(browser, &world.site))?;
    let bo = user_id(ada, "Bo")?;
    let block = |on: bool| {
        let method = if on { "PUT" } else { "DELETE" };
        ask(ada, method, &format!("/api/me/blocks/{bo}"), &Value::Null).map(drop)
    };
    let room = make_room(ada, "direct", "", &["Bo"])?;
    enter(ada, room)?;
    block(true)?;
    ada.until(
        "document.querySelector('.closed')?.textContent.startsWith('You have blocked Bo.')",
        SOON,
    )?;
    press(ada, ".closed button")?;
    ada.until(
        "!document.querySelector('.closed') && document.querySelector('#composer').checkVisibility()",
        SOON,
    )?;
    block(true)?;
    open_settings(ada)?;
    ada.until(
        "document.querySelector('#set-blocked .list li')?.textContent.startsWith('BBo')",
        SOON,
    )?;
    press(ada, "#set-blocked button[aria-label='Unblock Bo']")?;
    ada.until("document.querySelector('#set-blocked .list').hidden", SOON)
}

pub fn a_refusal_stays_until_it_is_put_away(world: &World) -> Outcome {
    world.each_apart(|browser, site| {
        join(browser, site)?;
        send(browser, "hello")?;
        sees(browser, "hello")?;
        browser.go_to(&format!("{}/rooms/1/99", site.origin))?;
        online(browser, SOON)?;
        let refusal = "document.querySelector('.toast[data-bad]')";
        browser.until(&format!("{refusal}?.querySelector('use[href=\"#i-alert\"]')"), SOON)?;
        // The notice of a success disappears; that of a refusal stays.
        choose(browser, "Pause notifications")?;
        let done = "document.querySelector('.toast:not([data-bad])')";
        browser.until(done, SOON)?;
        browser.until(&format!("!{done}"), SOON)?;
        holds(browser, &format!("{refusal} !== null"))?;
        press(browser, ".toast[data-bad] button")?;
        holds(browser, &format!("{refusal} === null"))
    })
}

pub fn settings_stand_in_line_and_their_list_follows_the_reader(world: &World) -> Outcome {
    world.each(|browser| {
        join(browser, &world.site)?;
        open_settings(browser)?;
        for pair in ["#set-profile", "#set-password"] {
            // In half pixels from the first one, since its own position is a sum of fractions.
            let boxes = "[...document.querySelectorAll(arguments[0] + ' .two .inp')].map((box, place, all) => {
                const {top, height} = box.getBoundingClientRect();
                const first = all[0].getBoundingClientRect();
                return [top - first.top, height - first.height].map((pixels) => Math.round(pixels * 2) / 2);
            })";
            let seen = browser.script(&format!("return {boxes}"), json!([pair]))?;
            equal(&format!("the second field of {pair}"), seen[1].clone(), seen[0].clone())?;
        }
        let marked = "document.querySelector('.set__nav [aria-current]').textContent";
        equal("at first", browser.text_of(marked)?, "Profile".to_owned())?;
        browser.script("document.querySelector('.set__b').scrollTop = 1e6", json!([]))?;
        browser.until(&format!("{marked} === 'Devices'"), SOON)?;
        // The theme also applies to the browser's own controls; overscroll does not move the page.
        let bar = "document.querySelector('meta[name=theme-color]').content";
        let light = browser.text_of(bar)?;
        press(browser, "#set-appearance input[value=dark]")?;
        if browser.text_of(bar)? == light {
            return Err("the browser's bar is light over a dark page".into());
        }
        press(browser, "#set-appearance input[name=theme][value='']")?;
        close_dialogs(browser)?;
        let room = "document.scrollingElement.scrollHeight - document.scrollingElement.clientHeight";
        equal("what the page can be scrolled", browser.value_of(room)?, json!(0))
    })
}

pub fn the_page_runs_from_right_to_left_where_that_is_wanted(world: &World) -> Outcome {
    world.each_apart(|browser, site| {
        join(browser, site)?;
        let long = make_room(browser, "public", &"long-name-".repeat(4), &[])?;
        open_settings(browser)?;
        press(browser, "#set-appearance input[value=rtl]")?;
        browser.reload()?;
        online(browser, SOON)?;
        holds(browser, "document.documentElement.dir === 'rtl'")?;
        // Names are right-aligned now, and a long one is cut at its end.
        let ends = format!(
            "[1, {long}].map((room) => {{
                const name = document.querySelector(`.side a.row[href='/rooms/${{room}}'] .row__n`);
                const [own, line] = [name.querySelector('bdi'), name].map((el) => el.getBoundingClientRect());
                return Math.abs(own.right - line.right) < 1 && own.left >= line.left - 1;
            }}).every(Boolean)"
        );
        browser.until(
            &format!("document.querySelector('.side a.row[href=\"/rooms/{long}\"]') && {ends}"),
            SOON,
        )?;
        let wide = "[document.documentElement, ...document.querySelectorAll('#messages, .side__scroll')]
            .every((box) => box.scrollWidth <= box.clientWidth)";
        holds(browser, wide)?;
        open_settings(browser)?;
        press(browser, "#set-appearance input[name=direction][value='']")?;
        holds(browser, "document.documentElement.dir === 'ltr'")
    })
}

pub fn direct_messages_stand_by_what_was_said_last_and_wait_for_the_pointer(world: &World) -> Outcome {
    let [ada, bo, cleo] = world.browsers else {
        return Err("three browsers".into());
    };
    world.each(|browser| join(browser, &world.site))?;
    let with_bo = make_room(ada, "direct", "", &["Bo"])?;
    let with_cleo = make_room(ada, "direct", "", &["Cleo"])?;
    enter(bo, with_bo)?;
    enter(cleo, with_cleo)?;
    let order = |first: u64, second: u64| {
        let rows = "[...document.querySelectorAll('section[aria-labelledby=h-direct] a')].map((row) => row.pathname)";
        let wanted = json!([format!("/rooms/{first}"), format!("/rooms/{second}")]);
        format!("JSON.stringify({rows}) === JSON.stringify({wanted})")
    };
    let row = |room: u64, part: &str| {
        format!("document.querySelector('.side a.row[href=\"/rooms/{room}\"] [data-ref={part}]')?.textContent")
    };
    send(bo, "first")?;
    ada.until(&format!("{} === 'first'", row(with_bo, "sub")), SOON)?;
    ada.until(&order(with_bo, with_cleo), SOON)?;
    let point = |kind: &str| {
        let event = format!("new PointerEvent('{kind}', {{pointerType: 'mouse'}})");
        ada.script(
            &format!("document.querySelector('[data-ref=rooms]').dispatchEvent({event})"),
            json!([]),
        )
    };
    point("pointerenter")?;
    send(cleo, "second")?;
    ada.until(&format!("{} === 'second'", row(with_cleo, "sub")), SOON)?;
    holds(ada, &order(with_bo, with_cleo))?;
    point("pointerleave")?;
    ada.until(&order(with_cleo, with_bo), SOON)
}

pub fn after_a_closed_room_the_next_one_is_written_in_at_once(world: &World) -> Outcome {
    world.each_apart(|browser, site| {
        join(browser, site)?;
        let room = make_room(browser, "public", "old-things", &[])?;
        ask(
            browser,
            "PATCH",
            &format!("/api/rooms/{room}"),
            &json!({"archived": true}),
        )?;
        enter(browser, room)?;
        browser.until(
            "document.querySelector('.closed') && document.querySelector('[data-ref=keys]').hidden",
            SOON,
        )?;
        enter(browser, 1)?;
        browser.until("document.activeElement.id === 'composer'", SOON)?;
        browser.type_text("p")?;
        holds(browser, "document.querySelector('#composer').value === 'p'")?;
        browser.until("document.title.startsWith('#Lobby · ')", SOON)
    })
}
