//! Files: chosen, pasted and dropped; seen by others, opened, saved and deleted.

use super::access::{axe_source, no_barriers};
use crate::chat::{SOON, equal, holds, join, offline, online, person, press, sees, send};
use crate::driver::{Browser, ENTER, ESCAPE, Outcome};
use crate::world::{Expected, World};
use serde_json::json;

const ARROW_LEFT: &str = "\u{E012}";
const ARROW_RIGHT: &str = "\u{E014}";

/// Puts files into the composer: `given[0]` is the way, `given[1]` the name, `given[2]` the kind.
const BRING: &str = "
    const [road, name, kind] = given;
    const picture = async () => {
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [640, 400];
        const pen = canvas.getContext('2d');
        pen.fillStyle = '#0a6c74';
        pen.fillRect(0, 0, 640, 400);
        pen.fillStyle = '#e4673d';
        pen.fillRect(200, 120, 240, 160);
        return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
    };
    const bytes = kind === 'picture' ? await picture() : new Blob(kind === 'empty' ? [] : ['the words in ' + name]);
    const files = new DataTransfer();
    files.items.add(new File([bytes], name, {type: kind === 'picture' ? 'image/png' : 'text/plain'}));
    const tell = (target, type, field) => {
        const event = new Event(type, {bubbles: true, cancelable: true});
        Object.defineProperty(event, field, {value: files});
        target.dispatchEvent(event);
    };
    const box = document.querySelector('#composer');
    if (road === 'choose') {
        const input = document.querySelector('[data-files]');
        input.files = files.files;
        input.dispatchEvent(new Event('change', {bubbles: true}));
    } else if (road === 'paste') {
        tell(box, 'paste', 'clipboardData');
    } else {
        tell(document.querySelector('#messages'), 'dragover', 'dataTransfer');
        if (road === 'drag') return;
        tell(document.querySelector('#messages'), 'drop', 'dataTransfer');
    }";

fn bring(browser: &Browser, road: &str, name: &str, kind: &str) -> Outcome {
    browser.async_script(BRING, &json!([road, name, kind])).map(drop)
}

fn chips(browser: &Browser, count: usize, state: &str) -> Outcome {
    let chips = format!("document.querySelectorAll('.chip[data-state={state}]').length === {count}");
    browser.until(&chips, SOON)
}

/// Waits until a posted message shows a picture of this name whose pixels are there.
fn sees_picture(browser: &Browser, name: &str) -> Outcome {
    let there = format!(
        "[...document.querySelectorAll('article.msg[data-id] figure.pic')].some((figure) => {{
            const image = figure.querySelector('img');
            image?.scrollIntoView();
            return figure.textContent.includes({}) && image?.complete && image.naturalWidth > 0;
        }})",
        json!(name)
    );
    browser.until(&there, SOON)
}

fn sees_card(browser: &Browser, name: &str) -> Outcome {
    let there = format!(
        "[...document.querySelectorAll('article.msg[data-id] .file')].some((card) =>
            card.querySelector('b').textContent === {} && card.querySelector('a[download]'))",
        json!(name)
    );
    browser.until(&there, SOON)
}

pub fn a_picture_and_a_file_arrive_by_every_road(world: &World) -> Outcome {
    world.each(|browser| {
        join(browser, &world.site)?;
        for road in ["choose", "paste", "drop"] {
            let who = person(browser);
            bring(browser, road, &format!("{who} {road}.png"), "picture")?;
            bring(browser, road, &format!("{who} {road}.txt"), "text")?;
            chips(browser, 2, "done")?;
            if road == "paste" {
                browser.write_into("#composer", &format!("{who} says"))?;
            }
            browser.type_into("#composer", ENTER)?;
            browser.until("document.querySelectorAll('.chip').length === 0", SOON)?;
        }
        Ok(())
    })?;
    world.each(|browser| {
        for who in ["Ada", "Bo", "Cleo"] {
            for road in ["choose", "paste", "drop"] {
                sees_picture(browser, &format!("{who} {road}.png"))?;
                sees_card(browser, &format!("{who} {road}.txt"))?;
            }
            sees(browser, &format!("{who} says"))?;
        }
        // Its space was reserved in the right aspect ratio before it loaded.
        let shaped = "[...document.querySelectorAll('figure.pic img')].every((image) =>
            image.width === 384 && image.height === 240 && image.getAttribute('height') === '240')";
        holds(browser, shaped)?;
        // The saved file equals the sent one.
        let saved = "const link = [...document.querySelectorAll('.file a[download]')].find((link) => link.download === given[0]);
            const answer = await fetch(link.href);
            return [answer.headers.get('content-disposition').split(';')[0], await answer.text()];";
        let saved = browser.async_script(saved, &json!(["Bo drop.txt"]))?;
        equal("what is saved", saved, json!(["inline", "the words in Bo drop.txt"]))
    })
}

pub fn pictures_are_looked_at_one_after_the_other(world: &World) -> Outcome {
    world.each_apart(|browser, site| {
        join(browser, site)?;
        for number in 1..=3 {
            bring(browser, "drop", &format!("{number}.png"), "picture")?;
            chips(browser, 1, "done")?;
            browser.type_into("#composer", ENTER)?;
            sees_picture(browser, &format!("{number}.png"))?;
        }
        let shows = |name: &str| {
            let shown = format!(
                "document.querySelector('dialog.pics[open] .pics__h b')?.textContent === '{name}' &&
                 document.querySelector('dialog.pics img').naturalWidth === 640"
            );
            browser.until(&shown, SOON)
        };
        let open = "const button = document.querySelectorAll('figure.pic button')[1]; button.focus(); button.click();";
        browser.script(open, json!([]))?;
        shows("2.png")?;
        browser.chord(&[ARROW_RIGHT])?;
        shows("3.png")?;
        // There are no others.
        browser.chord(&[ARROW_RIGHT])?;
        shows("3.png")?;
        browser.chord(&[ARROW_LEFT])?;
        browser.chord(&[ARROW_LEFT])?;
        shows("1.png")?;
        press(browser, "dialog.pics button[aria-label='Full size']")?;
        holds(
            browser,
            "document.querySelector('.pics__stage img').getBoundingClientRect().width === 640",
        )?;
        press(browser, "dialog.pics button[aria-label='Full size']")?;
        press(browser, "dialog.pics button[aria-label='Next picture']")?;
        shows("2.png")?;
        browser.chord(&[ESCAPE])?;
        browser.until("!document.querySelector('dialog.pics')", SOON)?;
        browser.until("document.activeElement.ariaLabel === 'Open picture: 2.png'", SOON)
    })
}

pub fn a_deleted_message_takes_its_files_with_it(world: &World) -> Outcome {
    world.expect(&[Expected::Status(404)]);
    world.each(|browser| {
        join(browser, &world.site)?;
        bring(browser, "paste", &format!("{}.png", person(browser)), "picture")?;
        chips(browser, 1, "done")?;
        browser.type_into("#composer", ENTER)
    })?;
    world.each(|browser| {
        ["Ada", "Bo", "Cleo"]
            .iter()
            .try_for_each(|who| sees_picture(browser, &format!("{who}.png")))?;
        let remember = "window.addresses = [...document.querySelectorAll('figure.pic img')].map((image) => image.src);";
        browser.script(remember, json!([])).map(drop)
    })?;
    world.each(|browser| {
        let focus = format!(
            "[...document.querySelectorAll('article.msg')].find((article) => article.textContent.includes('{}.png')).focus();",
            person(browser)
        );
        browser.script(&focus, json!([]))?;
        browser.chord(&[ENTER])?;
        let delete = "[...document.querySelectorAll('.menu__it')].find((item) => item.textContent.startsWith('Delete'))";
        browser.until(delete, SOON)?;
        browser.script(&format!("({delete}).click();"), json!([])).map(drop)
    })?;
    world.each(|browser| {
        browser.until("document.querySelectorAll('article[data-deleted]').length === 3", SOON)?;
        browser.until("document.querySelectorAll('figure.pic').length === 0", SOON)
    })?;
    // One's own shows at once, what others see is deleted on the server.
    world.each(|browser| {
        let gone = "const answers = await Promise.all(window.addresses.map((address) => fetch(address)));
            return answers.map((answer) => answer.status);";
        equal(
            "the addresses",
            browser.async_script(gone, &json!([]))?,
            json!([404, 404, 404]),
        )?;
        Ok(())
    })?;
    // After undo they are back.
    world.each(|browser| press(browser, "article[data-deleted] .lk"))?;
    world.each(|browser| {
        ["Ada", "Bo", "Cleo"]
            .iter()
            .try_for_each(|who| sees_picture(browser, &format!("{who}.png")))
    })
}

pub fn a_message_waits_for_its_files_over_a_lost_connection(world: &World) -> Outcome {
    world.expect(&[Expected::NoAnswer]);
    world.each(|browser| join(browser, &world.site))?;
    world.site.proxy.cut();
    world.each(|browser| {
        offline(browser, SOON)?;
        bring(browser, "drop", &format!("{}.txt", person(browser)), "text")?;
        chips(browser, 1, "waiting")?;
        browser.until(
            "document.querySelector('.chip').textContent.includes('Waiting for the connection')",
            SOON,
        )?;
        browser.write_into("#composer", &format!("with a file, {}", person(browser)))?;
        browser.type_into("#composer", ENTER)?;
        send(browser, &format!("without one, {}", person(browser)))?;
        let waiting = "document.querySelectorAll('article.msg[data-state=queued]').length === 2 &&
            document.querySelector('article.msg[data-state=queued] progress')";
        browser.until(waiting, SOON)
    })?;
    world.site.proxy.restore();
    world.each(|browser| {
        online(browser, crate::chat::IN_A_WHILE)?;
        for who in ["Ada", "Bo", "Cleo"] {
            sees_card(browser, &format!("{who}.txt"))?;
            sees(browser, &format!("without one, {who}"))?;
        }
        // In the order in which they were written.
        let order = "(() => {
            const texts = [...document.querySelectorAll('article.msg [data-ref=text]')].map((text) => text.textContent.trim());
            return ['Ada', 'Bo', 'Cleo'].every((who) => texts.indexOf('with a file, ' + who) < texts.indexOf('without one, ' + who));
        })()";
        holds(browser, order)?;
        holds(browser, "!document.querySelector('#messages progress')")
    })
}

pub fn what_has_arrived_survives_a_reload(world: &World) -> Outcome {
    world.each(|browser| {
        join(browser, &world.site)?;
        let name = format!("{}.txt", person(browser));
        bring(browser, "paste", &name, "text")?;
        chips(browser, 1, "done")?;
        browser.reload()?;
        online(browser, SOON)?;
        chips(browser, 1, "done")?;
        browser.type_into("#composer", ENTER)?;
        sees_card(browser, &name)?;
        browser.until("document.querySelectorAll('.chip').length === 0", SOON)
    })
}

pub fn a_file_that_cannot_be_sent_says_why(world: &World) -> Outcome {
    world.each(|browser| {
        join(browser, &world.site)?;
        bring(browser, "choose", "nothing.txt", "empty")?;
        chips(browser, 1, "failed")?;
        browser.until(
            "document.querySelector('.chip').textContent.includes('Not uploaded: it is empty.')",
            SOON,
        )?;
        holds(browser, "document.querySelector('.chip__again').hidden")?;
        browser.until("document.querySelector('.send').ariaDisabled === 'true'", SOON)?;
        press(browser, ".chip button[aria-label='Remove nothing.txt']")?;
        browser.until("!document.querySelector('.chip')", SOON)?;
        // Ten are enough for one message.
        for number in 1..=11 {
            bring(browser, "choose", &format!("{number}.txt"), "text")?;
        }
        chips(browser, 10, "done")?;
        chips(browser, 1, "failed")
    })
}

pub fn files_have_no_barriers(world: &World) -> Outcome {
    let axe = axe_source()?;
    world.each(|browser| {
        join(browser, &world.site)?;
        bring(browser, "choose", "a poster with rather a long name.png", "picture")?;
        bring(browser, "choose", "the plan.txt", "text")?;
        chips(browser, 2, "done")?;
        bring(browser, "choose", "nothing.txt", "empty")?;
        chips(browser, 1, "failed")?;
        no_barriers(browser, &axe, "files in the composer")?;
        bring(browser, "drag", "more.txt", "text")?;
        browser.until("!document.querySelector('.drop').hidden", SOON)?;
        no_barriers(browser, &axe, "files over the conversation")?;
        browser.script("dispatchEvent(new Event('dragend'));", json!([]))?;
        press(browser, ".chip button[aria-label='Remove nothing.txt']")?;
        browser.type_into("#composer", ENTER)?;
        sees_picture(browser, "a poster with rather a long name.png")?;
        no_barriers(browser, &axe, "files in a message")?;
        press(browser, "figure.pic button")?;
        browser.until("document.querySelector('dialog.pics img')?.naturalWidth === 640", SOON)?;
        no_barriers(browser, &axe, "a picture on the whole screen")?;
        press(browser, "dialog.pics button[aria-label='Full size']")?;
        no_barriers(browser, &axe, "a picture in full size")?;
        browser.chord(&[ESCAPE])?;
        browser.until("!document.querySelector('dialog.pics')", SOON)
    })
}
