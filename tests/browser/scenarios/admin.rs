//! The admin page: inviting people, roles, lost passwords, backups.

use super::access::{axe_source, no_barriers};
use super::accounts::{alert_says, arrives};
use super::rooms::{ask, user_id};
use crate::chat::{SOON, equal, fill_in, holds, join, log_out, online, person, press, sees, send};
use crate::driver::{Browser, ESCAPE, Outcome};
use crate::site::{PASSWORD, Site};
use crate::world::{Expected, World};
use serde_json::{Value, json};
use std::time::Instant;

const NETWORK: &str = "millrace.example";

/// Chooses an item of the menu that is open, by how it begins.
fn choose(browser: &Browser, words: &str) -> Outcome {
    let item = format!(
        "[...document.querySelectorAll('.menu__it')].find((item) => item.textContent.startsWith({}))",
        json!(words)
    );
    browser.until(&item, SOON)?;
    browser.script(&format!("({item}).click()"), json!([])).map(drop)
}

fn open_page(browser: &Browser) -> Outcome {
    press(browser, "[data-ref=brand]")?;
    choose(browser, "People and server")?;
    browser.until("document.querySelector('#server .people tbody tr')", SOON)?;
    holds(browser, "location.pathname === '/server'")
}

fn options_of(browser: &Browser, name: &str) -> Outcome {
    let button = format!("#server [aria-label='Options for {name}']");
    browser.until(&format!("document.querySelector({})", json!(button)), SOON)?;
    press(browser, &button)
}

fn confirm(browser: &Browser) -> Outcome {
    let button = "document.querySelector('dialog[open] .dlg__f .btn:last-child')";
    browser.until(button, SOON)?;
    browser.script(&format!("{button}.click()"), json!([])).map(drop)
}

/// Decodes the QR code on the screen, and retries until it succeeds.
fn scanned(browser: &Browser) -> Outcome<String> {
    let begun = Instant::now();
    loop {
        match scan(browser) {
            // The code may not be painted yet.
            Err(_) if begun.elapsed() < SOON => {}
            read => return read,
        }
    }
}

fn scan(browser: &Browser) -> Outcome<String> {
    let picture = browser.screenshot()?;
    let picture = image::load_from_memory(&picture)
        .map_err(|error| error.to_string())?
        .to_luma8();
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let shade = |x: usize, y: usize| picture.get_pixel(x as u32, y as u32).0[0];
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, shade);
    match &picture.detect_grids()[..] {
        [code] => code.decode().map(|(_, text)| text).map_err(|error| error.to_string()),
        codes => Err(format!("{} codes on the screen", codes.len())),
    }
}

pub fn the_first_minute_shows_a_code_that_leads_in(world: &World) -> Outcome {
    world.each(|browser| {
        let site = world.site_on_a_network(NETWORK)?;
        join(browser, &site)?;
        browser.until("document.querySelector('.first .qr')", SOON)?;
        for dark in [false, true] {
            browser.set_media(dark, true)?;
            let link = scanned(browser)?;
            let (address, code) = link.split_once("/join#").ok_or(format!("{link} is no invite link"))?;
            holds(
                browser,
                &format!(
                    "document.querySelector('.first .addr').textContent === '{}'",
                    &address["http://".len()..]
                ),
            )?;
            if !address.starts_with(&format!("http://{NETWORK}:")) || code.len() != 19 {
                return Err(link);
            }
        }
        browser.set_media(false, false)?;
        press(browser, ".first [data-ref=who]")?;
        browser.until("document.querySelector('#server .qr')", SOON)?;
        holds(
            browser,
            "document.querySelector('#server [name^=door]:checked').value === 'anyone'",
        )?;
        browser.go_to("about:blank")
    })?;
    // A server that only this computer reaches says so instead of showing a code.
    world.each_apart(|browser, site| {
        join(browser, site)?;
        browser.until("!document.querySelector('.blank [data-ref=more]').hidden", SOON)?;
        holds(
            browser,
            "document.querySelector('.blank [data-ref=flag]').textContent.startsWith('--listen 0.0.0.0:')",
        )?;
        holds(browser, "document.querySelector('.first .qr') === null")
    })
}

pub fn whoever_has_the_link_comes_in_and_nobody_else(world: &World) -> Outcome {
    world.expect(&[Expected::Status(403)]);
    let [ada, others @ ..] = world.browsers else {
        return Err("three browsers".into());
    };
    let site = &world.site;
    join(ada, site)?;
    open_page(ada)?;
    press(ada, "#server [name^=door][value=invite]")?;
    ada.until(
        "document.querySelector('#server .invite .hint').textContent.includes('It works until')",
        SOON,
    )?;
    let link = ada.value_of("document.querySelector('#server .copy input').value")?;
    let link = link.as_str().unwrap_or_default().to_owned();
    let by_link = |browser: &Browser| -> Outcome {
        browser.go_to(&format!("{}/signup", site.origin))?;
        browser.until(
            "document.querySelector('.card .note').textContent.includes('need an invite link')",
            SOON,
        )?;
        holds(browser, "document.querySelector('form').hidden")?;
        let wrong = ask(
            browser,
            "POST",
            "/api/signup",
            &json!({"name": "Eve", "password": PASSWORD}),
        );
        if wrong.is_ok() {
            return Err("somebody came in without a link".to_owned());
        }
        browser.go_to(&link)?;
        // The code leaves the address, and outlives a reload.
        for _ in 0..2 {
            let taken = "document.querySelector('[name=invite]').value.length === 19 && location.hash === ''";
            browser.until(taken, SOON)?;
            holds(browser, "document.querySelector('[data-ref=code]').hidden")?;
            browser.reload()?;
        }
        fill_in(browser, person(browser), PASSWORD)?;
        online(browser, SOON)
    };
    others.iter().try_for_each(by_link)?;
    // The page shows new people without a reload.
    ada.until(
        "document.querySelectorAll('#server .people tbody tr').length === 3",
        SOON * 2,
    )?;
    press(ada, "#server [name^=door][value=nobody]")?;
    ada.until("document.querySelector('#server .copy').hidden", SOON)?;
    let late = ask(others.first().ok_or("others")?, "GET", "/api/server", &Value::Null);
    match late {
        Err(error) if error.contains("403") => Ok(()),
        other => Err(format!("a member saw {other:?}")),
    }
}

pub fn the_owner_decides_who_is_what_and_who_is_out(world: &World) -> Outcome {
    world.expect(&[Expected::Status(401), Expected::NoAnswer]);
    let [ada, bo, cleo] = world.browsers else {
        return Err("three browsers".into());
    };
    join(ada, &world.site)?;
    join(bo, &world.site)?;
    join(cleo, &world.site)?;
    send(cleo, "I was here")?;
    sees(bo, "I was here")?;
    open_page(ada)?;
    // Another name, at once and everywhere.
    press(ada, "#server .inline .btn")?;
    ada.until("document.querySelector('dialog[open] input')", SOON)?;
    ada.clear("dialog[open] input")?;
    ada.write_into("dialog[open] input", "Mill & race")?;
    confirm(ada)?;
    for browser in [ada, bo, cleo] {
        browser.until(
            "document.querySelector('.wordmark').textContent === 'Mill & race'",
            SOON,
        )?;
        browser.until("document.title.endsWith(' · Mill & race')", SOON)?;
    }
    // Bo becomes an admin, and gets the page.
    press(bo, "[data-ref=brand]")?;
    bo.until("document.querySelector('.menu__it')", SOON)?;
    holds(
        bo,
        "![...document.querySelectorAll('.menu__it')].some((item) => item.textContent.startsWith('People and server'))",
    )?;
    bo.chord(&[ESCAPE])?;
    let role = "const choice = document.querySelector('#server select[aria-label=\"Role of Bo\"]');
        choice.value = 'admin';
        choice.dispatchEvent(new Event('change'));";
    ada.until(
        "document.querySelector('#server select[aria-label=\"Role of Bo\"]')",
        SOON,
    )?;
    ada.script(role, json!([]))?;
    bo.until("document.querySelector('.toasts')", SOON)?;
    let is_admin = "(await (await fetch('/api/me')).json()).user.role === 'admin'";
    let is_admin = format!(
        "for (let i = 0; i < 200; i += 1) {{ if ({is_admin}) return true; await new Promise((done) => setTimeout(done, 50)); }} return false;"
    );
    equal("Bo is an admin", bo.async_script(&is_admin, &json!([]))?, json!(true))?;
    open_page(bo)?;
    holds(bo, "document.querySelector('#server select') === null")?;
    // Cleo is deactivated while she is connected.
    options_of(bo, "Cleo")?;
    choose(bo, "Deactivate")?;
    confirm(bo)?;
    arrives(cleo, "/login")?;
    fill_in(cleo, "Cleo", PASSWORD)?;
    alert_says(cleo, "That name and password do not match.")?;
    for browser in [ada, bo] {
        browser.until(
            "[...document.querySelectorAll('#server .people tr')].some((row) => row.textContent.includes('Cleo') && row.textContent.includes('Deactivated'))",
            SOON,
        )?;
    }
    bo.chord(&[ESCAPE])?;
    bo.until("document.querySelector('#server').hidden", SOON)?;
    sees(bo, "I was here")?;
    holds(bo, "location.pathname === '/rooms/1'")?;
    // And reactivated.
    options_of(ada, "Cleo")?;
    choose(ada, "Let in again")?;
    ada.until(
        "document.querySelector('.toast')?.textContent.includes('Cleo can come in again')",
        SOON,
    )?;
    fill_in(cleo, "Cleo", PASSWORD)?;
    online(cleo, SOON)?;
    // A former admin loses the page.
    open_page(bo)?;
    let bo_id = user_id(ada, "Bo")?;
    ask(
        ada,
        "PATCH",
        &format!("/api/people/{bo_id}"),
        &json!({"role": "member"}),
    )?;
    bo.until("document.querySelector('#server').hidden", SOON)
}

pub fn a_lost_password_is_set_anew_by_a_link(world: &World) -> Outcome {
    // An expired link.
    world.expect(&[Expected::Status(404)]);
    world.each_apart(|browser, site| {
        join(browser, site)?;
        site.sign_up("Dan")?;
        open_page(browser)?;
        options_of(browser, "Dan")?;
        choose(browser, "Make a link")?;
        browser.until("document.querySelector('dialog[open] .copy input')", SOON)?;
        let link = browser.value_of("document.querySelector('dialog[open] .copy input').value")?;
        browser.go_to(link.as_str().unwrap_or_default())?;
        browser.until("document.querySelector('.card__lead bdi').textContent === 'Dan'", SOON)?;
        holds(browser, "location.pathname + location.hash === '/reset'")?;
        browser.write_into("[name=password]", "a heron on the weir")?;
        browser.click("button[type=submit]")?;
        online(browser, SOON)?;
        browser.until("document.querySelector('[data-ref=me]').textContent === 'Dan'", SOON)?;
        browser.go_to(link.as_str().unwrap_or_default())?;
        browser.until(
            "document.querySelector('.card .note').textContent.includes('does not work any more')",
            SOON,
        )?;
        holds(browser, "document.querySelector('form').hidden")
    })
}

pub fn the_owner_takes_a_backup_from_the_page(world: &World) -> Outcome {
    // The page's status of a download that it started.
    world.expect(&[Expected::NoAnswer]);
    world.each_apart(|browser, site| {
        join(browser, site)?;
        send(browser, "worth keeping")?;
        sees(browser, "worth keeping")?;
        open_page(browser)?;
        holds(
            browser,
            "document.querySelector('#server .big').textContent === 'No backup yet'",
        )?;
        let button = "[...document.querySelectorAll('#server .btn')].find((one) => one.textContent === 'Back up now')";
        browser.script(&format!("({button}).click()"), json!([]))?;
        browser.until(
            "document.querySelector('#server .big').textContent.startsWith('Today, ')",
            SOON,
        )?;
        browser.until(
            "document.querySelector('#server .ok').textContent === 'Up to date'",
            SOON,
        )
    })
}

pub fn the_servers_page_has_no_barriers(world: &World) -> Outcome {
    let axe = axe_source()?;
    world.each(|browser| {
        let site: Site = world.site_on_a_network(NETWORK)?;
        join(browser, &site)?;
        browser.until("document.querySelector('.first .qr')", SOON)?;
        no_barriers(browser, &axe, "the first minute")?;
        press(browser, "[data-ref=brand]")?;
        choose(browser, "Invite people")?;
        browser.until("document.querySelector('dialog[open] .qr')", SOON)?;
        no_barriers(browser, &axe, "inviting")?;
        browser.chord(&[ESCAPE])?;
        for name in ["Bo", "Dan", "Eve"] {
            if name != person(browser) {
                site.sign_up(name)?;
            }
        }
        let dan = user_id(browser, "Dan")?;
        ask(
            browser,
            "PATCH",
            &format!("/api/people/{dan}"),
            &json!({"deactivated": true}),
        )?;
        ask(browser, "PATCH", "/api/server", &json!({"door": "invite"}))?;
        open_page(browser)?;
        browser.until("document.querySelector('#server .qr')", SOON)?;
        no_barriers(browser, &axe, "the page")?;
        options_of(browser, "Eve")?;
        no_barriers(browser, &axe, "the options of somebody")?;
        // Another size of the window closes a menu.
        options_of(browser, "Eve")?;
        choose(browser, "Make a link")?;
        browser.until("document.querySelector('dialog[open] .copy input')", SOON)?;
        no_barriers(browser, &axe, "a link for a new password")?;
        let reset = browser.value_of("document.querySelector('dialog[open] .copy input').value")?;
        let reset = reset
            .as_str()
            .unwrap_or_default()
            .rsplit('#')
            .next()
            .unwrap_or_default()
            .to_owned();
        browser.chord(&[ESCAPE])?;
        press(browser, "#server .inline .btn")?;
        browser.until("document.querySelector('dialog[open] input')", SOON)?;
        no_barriers(browser, &axe, "renaming")?;
        browser.chord(&[ESCAPE])?;
        // The page clicks, since the driver repeats an aborted script on the next page.
        log_out(browser)?;
        browser.until("location.pathname === '/login'", SOON)?;
        for page in [
            "/signup".to_owned(),
            "/join".to_owned(),
            "/reset".to_owned(),
            format!("/reset/{reset}"),
            "/reset/over".to_owned(),
        ] {
            browser.go_to(&format!("{}{page}", site.origin))?;
            no_barriers(browser, &axe, &page)?;
        }
        browser.go_to("about:blank")
    })
}
