//! The composer: keyboard, undo, and drafts that are never lost.

use crate::chat::{SOON, equal, holds, join, person, press, sees, send};
use crate::driver::{ARROW_UP, Browser, ENTER, ESCAPE, Engine, Outcome};
use crate::scenarios::rooms::{enter, make_room};
use crate::world::World;
use serde_json::json;

const CONTROL: &str = "\u{e009}";

/// Waits until the composer holds this.
fn composer_holds(browser: &Browser, text: &str) -> Outcome {
    value_becomes(browser, "#composer", text)
}

fn value_becomes(browser: &Browser, selector: &str, text: &str) -> Outcome {
    let value = format!("document.querySelector('{selector}')?.value");
    browser
        .until(&format!("{value} === {}", json!(text)), SOON)
        .map_err(|_| format!("{selector} holds {:?}, not {text:?}", browser.value_of(&value)))
}

/// Opens the editor of the last own message from the empty composer.
fn edit_last(browser: &Browser) -> Outcome {
    browser.click("#composer")?;
    browser.chord(&[ARROW_UP])?;
    browser.until("document.activeElement.matches('.edit textarea')", SOON)
}

pub fn who_edits_by_the_arrow_goes_on_writing(world: &World) -> Outcome {
    world.each(|browser| {
        join(browser, &world.site)?;
        let name = person(browser);
        send(browser, &format!("a frist try by {name}"))?;
        sees(browser, &format!("a frist try by {name}"))?;
        for end in [ENTER, ESCAPE] {
            edit_last(browser)?;
            browser.clear(".edit textarea")?;
            browser.write_into(".edit textarea", &format!("a first try by {name}"))?;
            browser.chord(&[end])?;
            browser.until("!document.querySelector('.edit')", SOON)?;
            sees(browser, &format!("a first try by {name}(edited)").replace("(", " ("))?;
            // In these words are the keys that pin, copy a link, edit and mark unread.
            browser.type_text("please update")?;
            composer_holds(browser, "please update")?;
            browser.clear("#composer")?;
        }
        holds(browser, "!document.querySelector('article[data-pinned], .edit')")
    })
}

pub fn an_edit_waits_in_its_room_with_its_words(world: &World) -> Outcome {
    world.each(|browser| join(browser, &world.site))?;
    let room = make_room(&world.browsers[0], "private", "plans", &["Bo", "Cleo"])?;
    world.each(|browser| {
        let text = format!("said by {}", person(browser));
        send(browser, &text)?;
        sees(browser, &text)?;
        edit_last(browser)?;
        browser.type_text(" and more")?;
        enter(browser, room)?;
        browser.until("!document.querySelector('.edit')", SOON)?;
        enter(browser, 1)?;
        value_becomes(browser, ".edit textarea", &format!("{text} and more"))?;
        // Somebody who comes back may want to write something else.
        equal(
            "the focus",
            browser.value_of("document.activeElement.id")?,
            json!("composer"),
        )
    })
}

/// Undoes the last change, as the browser's keys or menu do: WebKitGTK leaves the keys to its programs.
fn undo(browser: &Browser) -> Outcome {
    match browser.engine {
        Engine::WebKit => browser.script("document.execCommand('undo')", json!([])).map(drop),
        _ => browser.chord(&[CONTROL, "z"]),
    }
}

pub fn undo_takes_back_what_keys_and_lists_put_in(world: &World) -> Outcome {
    world.each(|browser| join(browser, &world.site))?;
    world.each(|browser| {
        browser.click("#composer")?;
        browser.type_text("word")?;
        browser.chord(&[CONTROL, "a"])?;
        browser.chord(&[CONTROL, "b"])?;
        composer_holds(browser, "**word**")?;
        browser.chord(&[CONTROL, "b"])?;
        composer_holds(browser, "word")?;
        browser.chord(&[CONTROL, "b"])?;
        composer_holds(browser, "**word**")?;
        undo(browser)?;
        composer_holds(browser, "word")?;
        browser.clear("#composer")?;
        // Undo also reverts a choice from a list.
        browser.click("#composer")?;
        let other = if person(browser) == "Ada" { "Bo" } else { "Ada" };
        browser.type_text(&format!("@{other}"))?;
        browser.until("document.querySelector('.sugg:not([hidden]) [role=option]')", SOON)?;
        browser.chord(&[ENTER])?;
        composer_holds(browser, &format!("@{other} "))?;
        holds(browser, "document.querySelector('.comp ~ .sugg, .foot > .sugg').hidden")?;
        undo(browser)?;
        browser.until("!document.querySelector('#composer').value.endsWith(' ')", SOON)?;
        browser.clear("#composer")?;
        send(browser, &format!("from {}", person(browser)))?;
        sees(browser, &format!("from {}", person(browser)))?;
        // The same keys and lists where a message is edited.
        edit_last(browser)?;
        browser.type_text(" :tada")?;
        browser.until(
            "document.querySelector('.edit .sugg:not([hidden]) [role=option]')",
            SOON,
        )?;
        browser.chord(&[ENTER])?;
        value_becomes(browser, ".edit textarea", &format!("from {} 🎉 ", person(browser)))?;
        browser.chord(&[CONTROL, "a"])?;
        browser.chord(&[CONTROL, "i"])?;
        value_becomes(browser, ".edit textarea", &format!("*from {} 🎉 *", person(browser)))
    })
}

pub fn the_formatting_bar_is_there_for_who_wants_it(world: &World) -> Outcome {
    world.each(|browser| {
        join(browser, &world.site)?;
        holds(browser, "!document.querySelector('.comp__fmt').checkVisibility()")?;
        press(browser, ".comp button[aria-label=Formatting]")?;
        browser.until("document.querySelector('.comp__fmt').checkVisibility()", SOON)?;
        browser.reload()?;
        browser.until("document.querySelector('.comp__fmt')?.checkVisibility()", SOON)?;
        holds(
            browser,
            "document.querySelector('.comp button[aria-label=Formatting]').ariaPressed === 'true'",
        )?;
        crate::chat::online(browser, SOON)?;
        browser.click("#composer")?;
        browser.type_text("loud")?;
        browser.chord(&[CONTROL, "a"])?;
        press(browser, ".comp__fmt button[aria-label=Bold]")?;
        composer_holds(browser, "**loud**")?;
        press(browser, ".comp__fmt button[aria-label=Quote]")?;
        composer_holds(browser, "> **loud**")?;
        press(browser, ".comp__fmt button[aria-label=Quote]")?;
        composer_holds(browser, "**loud**")?;
        press(browser, ".comp button[aria-label=Formatting]")?;
        browser.until("!document.querySelector('.comp__fmt').checkVisibility()", SOON)
    })
}

/// Presses Esc in a dialog, which asks a question.
fn asks(browser: &Browser, when: &str) -> Outcome {
    browser.chord(&[ESCAPE])?;
    browser
        .until("document.querySelector('dialog[open] .dlg__ask')", SOON)
        .map_err(|_| format!("nothing was asked {when}"))
}

pub fn what_was_written_in_a_dialog_is_not_thrown_away_unasked(world: &World) -> Outcome {
    world.each(|browser| {
        join(browser, &world.site)?;
        let open = |browser: &Browser| {
            press(browser, "[data-ref=brand]")?;
            press(browser, ".menu .menu__it")?;
            browser.until("document.querySelector('dialog[open] #f-room')", SOON)
        };
        open(browser)?;
        // Nothing was written: nothing is asked.
        browser.chord(&[ESCAPE])?;
        browser.until("!document.querySelector('dialog[open]')", SOON)?;
        open(browser)?;
        browser.write_into("#f-room input", "half a thought")?;
        asks(browser, "the first time")?;
        browser.chord(&[ENTER])?;
        browser.until("!document.querySelector('.dlg__ask')", SOON)?;
        value_becomes(browser, "#f-room input", "half a thought")?;
        browser.until("document.activeElement.matches('#f-room input')", SOON)?;
        asks(browser, "the second time")?;
        press(browser, ".dlg__ask .btn--danger")?;
        browser.until("!document.querySelector('dialog[open]')", SOON)
    })
}
