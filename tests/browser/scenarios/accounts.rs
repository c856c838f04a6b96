//! Signing up, logging in, logging out.

use crate::chat::{self, SOON, equal, fill_in, holds, join, log_out, online, open, person, sees, send};
use crate::driver::{Browser, Engine, Outcome};
use crate::site::{PASSWORD, Site};
use crate::world::{Expected, World};
use serde_json::json;

pub fn the_first_one_here_owns_the_server(world: &World) -> Outcome {
    world.each_apart(|browser, site| {
        browser.go_to(&site.origin)?;
        heading_is(browser, "You are the first one here")?;
        fill_in(browser, person(browser), PASSWORD)?;
        online(browser, SOON)?;
        holds(browser, "location.pathname === '/'")?;
        browser.until(
            &format!(
                "document.querySelector('[data-ref=me]').textContent === '{}'",
                person(browser)
            ),
            SOON,
        )?;
        let role = "return (await (await fetch('/api/me')).json()).user.role";
        equal(
            "the first one's role",
            browser.async_script(role, &json!([]))?,
            json!("owner"),
        )
    })
}

pub fn others_sign_up_and_everybody_talks(world: &World) -> Outcome {
    let first = world.browser(Engine::Chromium);
    first.go_to(&world.site.origin)?;
    fill_in(first, person(first), PASSWORD)?;
    online(first, SOON)?;
    world.each(|browser| {
        if browser.engine == Engine::Chromium {
            return Ok(());
        }
        browser.go_to(&world.site.origin)?;
        arrives(browser, "/login")?;
        browser.click("a[href='/signup']")?;
        arrives(browser, "/signup")?;
        fill_in(browser, person(browser), PASSWORD)?;
        online(browser, SOON)
    })?;
    world.each(|browser| send(browser, &format!("hello from {}", person(browser))))?;
    world.each(|browser| {
        ["Ada", "Bo", "Cleo"]
            .iter()
            .try_for_each(|name| sees(browser, &format!("hello from {name}")))
    })
}

pub fn a_taken_name_is_said_and_what_was_typed_stays(world: &World) -> Outcome {
    world.expect(&[Expected::Status(409)]);
    world.site.sign_up("Zoë")?;
    world.each(|browser| {
        browser.go_to(&format!("{}/signup", world.site.origin))?;
        // The same name in other letters: composed of two characters, and in capitals.
        fill_in(browser, "ZOE\u{308}", PASSWORD)?;
        alert_says(browser, "That name is taken.")?;
        holds(browser, "location.pathname === '/signup'")?;
        holds(browser, "document.querySelector('[name=name]').value === 'ZOE\\u0308'")?;
        holds(
            browser,
            "document.querySelector('[name=name]').getAttribute('aria-invalid') === 'true'",
        )?;
        fill_in(browser, person(browser), PASSWORD)?;
        online(browser, SOON)
    })
}

pub fn a_wrong_password_is_said_without_saying_what_was_wrong(world: &World) -> Outcome {
    world.expect(&[Expected::Status(401)]);
    world.site.sign_up("Ada")?;
    let login = format!("{}/login", world.site.origin);
    world.each(|browser| {
        let refuse = |name: &str, password: &str| {
            browser.go_to(&login)?;
            fill_in(browser, name, password)?;
            browser.until("!document.querySelector('[role=alert]').hidden", SOON)?;
            // One message for both fields, and the reader is taken to the first.
            browser.until("document.activeElement.name === 'name'", SOON)?;
            let marked = "document.querySelectorAll('input[aria-invalid=true][aria-describedby~=error]').length === 2";
            holds(browser, marked)?;
            browser.rendered_text("[role=alert]")
        };
        let wrong_password = refuse("Ada", "not the password")?;
        let nobody = refuse("Nobody", "not the password")?;
        equal("the text for an unknown name", nobody, wrong_password)?;
        fill_in(browser, "Ada", PASSWORD)?;
        online(browser, SOON)
    })
}

pub fn the_password_can_be_shown_and_hidden(world: &World) -> Outcome {
    world.site.sign_up("Ada")?;
    world.each(|browser| {
        ["/login", "/signup"].iter().try_for_each(|page| {
            browser.go_to(&format!("{}{page}", world.site.origin))?;
            browser.until("!document.querySelector('[data-ref=reveal]').hidden", SOON)?;
            browser.write_into("[name=password]", PASSWORD)?;
            for (shown, kind) in [("true", "text"), ("false", "password")] {
                browser.click("[data-ref=reveal]")?;
                browser.until(
                    &format!("document.querySelector('[name=password]').type === '{kind}'"),
                    SOON,
                )?;
                let pressed = "document.querySelector('[data-ref=reveal]').ariaPressed";
                equal("pressed", browser.text_of(pressed)?, shown.to_owned())?;
                let label = browser.role_and_name("[data-ref=reveal]")?.1;
                equal("the button's name", label, "Show password".to_owned())?;
            }
            Ok(())
        })
    })
}

pub fn the_hint_follows_the_strength_of_the_password(world: &World) -> Outcome {
    world.site.sign_up("Ada")?;
    world.each(|browser| {
        browser.go_to(&format!("{}/signup", world.site.origin))?;
        browser.until("!document.querySelector('[data-ref=meter]').hidden", SOON)?;
        let hints = [
            ("short", "1", "Too short: 3 more characters needed."),
            ("password1", "1", "Easy to guess."),
            ("benchplane", "2", "Could be stronger."),
            (PASSWORD, "4", "Very good."),
        ];
        for (password, score, words) in hints {
            browser.clear("[name=password]")?;
            browser.write_into("[name=password]", password)?;
            let told = format!(
                "document.querySelector('[data-ref=meter]').dataset.score === '{score}' &&
                 document.querySelector('#strength').textContent.startsWith('{words}')"
            );
            browser.until(&told, SOON)?;
        }
        Ok(())
    })
}

pub fn the_forms_work_without_script(world: &World) -> Outcome {
    world.expect(&[401, 409, 422].map(Expected::Status));
    // Chromium reports scripts that it must not run as unanswered requests.
    world.expect(&[Expected::NoAnswer]);
    world.site.sign_up("Zoë")?;
    world.each(|browser| {
        browser.set_scripts(false)?;
        let tried = without_script(browser, &world.site);
        browser.set_scripts(true)?;
        tried
    })
}

fn without_script(browser: &Browser, site: &Site) -> Outcome {
    let open = |path: &str| browser.go_to(&format!("{}{path}", site.origin));
    let is_refused = |path: &str, name: &str, password: &str| -> Outcome<String> {
        equal("the page", send_form(browser, name, password)?, path.to_owned())?;
        let alert = browser.rendered_text("[role=alert]")?;
        let kept = browser.text_of("document.querySelector('[name=name]').value")?;
        equal("the name that was written", kept, name.to_owned())?;
        if alert.is_empty() {
            Err("the page does not say what is wrong".into())
        } else {
            Ok(alert)
        }
    };
    open("/signup")?;
    equal(
        "the alert",
        is_refused("/signup", "zoë", PASSWORD)?,
        "That name is taken.".into(),
    )?;
    is_refused("/signup", person(browser), "short")?;
    equal(
        "the page after sign-up",
        send_form(browser, person(browser), PASSWORD)?,
        "/".into(),
    )?;
    browser.delete_cookies()?;
    open("/login")?;
    is_refused("/login", person(browser), "not the password")?;
    equal(
        "the page after log-in",
        send_form(browser, person(browser), PASSWORD)?,
        "/".into(),
    )?;
    // Nothing has run here.
    let connection = browser.text_of("document.body.dataset.connection")?;
    equal("the connection", connection, "connecting".to_owned())
}

/// Submits the form and returns the path of the next page.
fn send_form(browser: &Browser, name: &str, password: &str) -> Outcome<String> {
    browser.value_of("document.documentElement.dataset.sent = 'yes'")?;
    fill_in(browser, name, password)?;
    browser.until(
        "!document.documentElement.dataset.sent && document.readyState === 'complete'",
        SOON,
    )?;
    browser.text_of("location.pathname")
}

pub fn logging_out_ends_the_session_in_every_tab(world: &World) -> Outcome {
    world.each(|browser| join(browser, &world.site))?;
    let leaver = world.browser(Engine::Firefox);
    log_out_with_two_tabs(leaver, &world.site)?;
    // The others are not disturbed.
    for engine in [Engine::Chromium, Engine::WebKit] {
        send(world.browser(engine), &format!("{engine:?} is still here"))?;
        log_out_with_two_tabs(world.browser(engine), &world.site)?;
    }
    world.each(|browser| {
        fill_in(browser, person(browser), PASSWORD)?;
        online(browser, SOON)?;
        sees(browser, "Chromium is still here")?;
        sees(browser, "WebKit is still here")
    })
}

fn log_out_with_two_tabs(browser: &Browser, site: &Site) -> Outcome {
    let first = browser.current_tab()?;
    let second = browser.open_tab()?;
    open(browser, site)?;
    // Wait for the first requests of the page: after the log-out they would be refused.
    let answered = "['/pins', '/seen'].every((end) =>
        performance.getEntriesByType('resource').some(({name}) => new URL(name).pathname.endsWith(end)))";
    browser.until(answered, SOON)?;
    log_out(browser)?;
    for tab in [&second, &first] {
        browser.switch_to(tab)?;
        arrives(browser, "/login")?;
    }
    browser.go_to(&format!("{}/", site.origin))?;
    arrives(browser, "/login")?;
    browser.switch_to(&second)?;
    browser.close_tab()?;
    browser.switch_to(&first)
}

pub fn scripts_cannot_read_the_session(world: &World) -> Outcome {
    world.each(|browser| {
        join(browser, &world.site)?;
        holds(browser, "document.cookie === ''")?;
        let kept = "JSON.stringify([{...localStorage}, {...sessionStorage}])";
        let kept = browser.text_of(kept)?;
        if kept.contains(PASSWORD) {
            Err(format!("the password is in {kept}"))
        } else {
            Ok(())
        }
    })
}

fn heading_is(browser: &Browser, words: &str) -> Outcome {
    browser.until(
        &format!("document.querySelector('h1')?.textContent === {}", json!(words)),
        SOON,
    )
}

pub fn alert_says(browser: &Browser, words: &str) -> Outcome {
    let said = format!(
        "!document.querySelector('[role=alert]').hidden &&
         document.querySelector('[role=alert]').textContent.trim() === {}",
        json!(words)
    );
    browser.until(&said, chat::SOON)
}

pub fn arrives(browser: &Browser, path: &str) -> Outcome {
    browser.until(
        &format!("location.pathname === '{path}' && document.readyState === 'complete'"),
        SOON,
    )
}
