//! Phones, wide screens, dark rooms.

use crate::chat::{SOON, equal, holds, join, open, person, sees, send};
use crate::driver::{Browser, Outcome};
use crate::world::{DESKTOP, PHONE, World};
use serde_json::json;

pub fn a_phone_shows_one_screen_at_a_time(world: &World) -> Outcome {
    world.each(|browser| {
        browser.set_viewport(PHONE.0, PHONE.1)?;
        join(browser, &world.site)?;
        shows(browser, "chat")?;
        browser.click("[data-ref=back]")?;
        shows(browser, "list")?;
        holds(browser, "document.querySelectorAll('[data-ref=here] li').length > 0")?;
        browser.click("[data-ref=rooms] a")?;
        shows(browser, "chat")?;
        let text = format!("from a phone, {}", person(browser));
        browser.write_into("#composer", &text)?;
        browser.click(".send")?;
        sees(browser, &text)?;
        whole_in_view(browser, "#composer")?;
        whole_in_view(browser, ".send")?;
        // On a desktop, both are visible.
        browser.set_viewport(DESKTOP.0, DESKTOP.1)?;
        browser.until(
            &format!("{} && {}", is_shown("#composer"), is_shown("[data-ref=rooms]")),
            SOON,
        )
    })
}

fn shows(browser: &Browser, screen: &str) -> Outcome {
    let (chat, list) = (is_shown("#composer"), is_shown("[data-ref=rooms]"));
    let wanted = if screen == "chat" {
        format!("{chat} && !{list}")
    } else {
        format!("{list} && !{chat}")
    };
    browser.until(&wanted, SOON)
}

fn is_shown(selector: &str) -> String {
    format!("document.querySelector('{selector}').checkVisibility()")
}

fn whole_in_view(browser: &Browser, selector: &str) -> Outcome {
    let inside = format!(
        "(() => {{
            const place = document.querySelector('{selector}').getBoundingClientRect();
            return place.left >= 0 && place.right <= innerWidth && place.top >= 0 && place.bottom <= innerHeight;
        }})()"
    );
    holds(browser, &inside)
}

pub fn nothing_scrolls_sideways(world: &World) -> Outcome {
    world.site.sign_up("Zoë")?;
    world.each(|browser| {
        for width in [320, PHONE.0, 768, DESKTOP.0, 1920] {
            // The WebKit window stands on a screen of 1600 pixels.
            let width = width.min(1600);
            browser.set_viewport(width, PHONE.1)?;
            for page in ["/login", "/signup"] {
                browser.go_to(&format!("{}{page}", world.site.origin))?;
                no_sideways_scroll(browser)?;
            }
        }
        join(browser, &world.site)?;
        send(browser, &"wide".repeat(100))?;
        send(browser, &format!("http://example.org/{}", "path/".repeat(60)))?;
        sees(browser, &"wide".repeat(100))?;
        for width in [320, PHONE.0, 768, DESKTOP.0, 1600] {
            browser.set_viewport(width, PHONE.1)?;
            no_sideways_scroll(browser)?;
        }
        Ok(())
    })
}

/// Checks that neither the page nor the list can scroll sideways.
fn no_sideways_scroll(browser: &Browser) -> Outcome {
    let wide = "(() => {
        const boxes = [document.documentElement, document.body, ...document.querySelectorAll('#messages, .side__scroll')];
        const wide = boxes.filter((box) => box.clientWidth > 0 && box.scrollWidth > box.clientWidth);
        return [innerWidth, wide.map((box) => `${box.id || box.className || box.tagName} ${box.scrollWidth} > ${box.clientWidth}`)];
    })()";
    let seen = browser.value_of(wide)?;
    equal(&format!("too wide at {}", seen[0]), seen[1].clone(), json!([]))
}

pub fn dark_is_dark_and_light_is_light(world: &World) -> Outcome {
    world.each(|browser| {
        join(browser, &world.site)?;
        let shown = ["body", ".main", "#composer"];
        for dark in [true, false] {
            browser.set_media(dark, false)?;
            open(browser, &world.site)?;
            for selector in shown {
                let back = luminance(browser, selector, "backgroundColor")?;
                let ink = luminance(browser, selector, "color")?;
                if (back < ink) != dark {
                    return Err(format!("{selector} with dark {dark}: {back} under {ink}"));
                }
            }
        }
        Ok(())
    })
}

/// Of a colour as it is drawn, from 0 to 255; what is transparent shows what is behind it.
fn luminance(browser: &Browser, selector: &str, property: &str) -> Outcome<f64> {
    let drawn = "let element = document.querySelector(arguments[0]);
        const context = document.createElement('canvas').getContext('2d');
        for (; element; element = element.parentElement) {
            context.clearRect(0, 0, 1, 1);
            context.fillStyle = getComputedStyle(element)[arguments[1]];
            context.fillRect(0, 0, 1, 1);
            const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
            if (alpha === 255) return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        }
        return -1;";
    let luminance = browser.script(drawn, json!([selector, property]))?;
    luminance
        .as_f64()
        .filter(|luminance| *luminance >= 0.0)
        .ok_or(format!("{selector} has no colour"))
}
