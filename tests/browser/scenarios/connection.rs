//! The server stops, the network fails, a disk is full: nothing is lost, nothing comes twice.

use super::access::{axe_source, no_barriers};
use crate::chat::{
    IN_A_WHILE, SOON, equal, holds, join, offline, online, open, person, press, sees, sees_in_state, sees_within, send,
    send_refused, shows_exactly,
};
use crate::driver::{Browser, Outcome};
use crate::world::{Expected, World};
use serde_json::json;
use std::time::Duration;

pub fn everybody_comes_back_after_a_restart(world: &World) -> Outcome {
    world.expect(&[Expected::NoAnswer]);
    world.each(|browser| join(browser, &world.site))?;
    say_and_hear(world, "before")?;
    world.site.restart()?;
    world.each(came_back_by_itself)?;
    say_and_hear(world, "after")?;
    nothing_is_missing(world, &["before", "after"])
}

pub fn everybody_comes_back_after_a_kill(world: &World) -> Outcome {
    world.expect(&[Expected::NoAnswer]);
    world.each(|browser| join(browser, &world.site))?;
    say_and_hear(world, "before")?;
    world.site.kill()?;
    world.each(|browser| {
        offline(browser, SOON)?;
        send(browser, &format!("meanwhile, {}", person(browser)))
    })?;
    world.site.start_again()?;
    world.each(came_back_by_itself)?;
    say_and_hear(world, "after")?;
    nothing_is_missing(world, &["before", "meanwhile", "after"])
}

/// Waits until the page is online again without a reload and without logging in.
fn came_back_by_itself(browser: &Browser) -> Outcome {
    online(browser, IN_A_WHILE)?;
    holds(browser, "location.pathname === '/'")?;
    holds(browser, "document.querySelector('.banner').checkVisibility() === false")
}

fn say_and_hear(world: &World, word: &str) -> Outcome {
    world.each(|browser| send(browser, &format!("{word}, {}", person(browser))))?;
    world.each(|browser| {
        world
            .browsers
            .iter()
            .try_for_each(|other| sees_within(browser, &format!("{word}, {}", person(other)), IN_A_WHILE))
    })
}

/// Each message once in every browser, in the same order, also after a reload.
fn nothing_is_missing(world: &World, words: &[&str]) -> Outcome {
    let count = words.len() * world.browsers.len();
    let all_posted = format!(
        "document.querySelectorAll('article.msg[data-id]').length === {count} &&
         document.querySelectorAll('article.msg').length === {count}"
    );
    world.each(|browser| browser.until(&all_posted, SOON))?;
    let shown = crate::chat::texts(&world.browsers[0])?;
    for word in words {
        for browser in world.browsers {
            let text = format!("{word}, {}", person(browser));
            equal(&text, shown.iter().filter(|other| **other == text).count(), 1)?;
        }
    }
    world.each(|browser| {
        shows_exactly(browser, &shown, SOON)?;
        browser.reload()?;
        shows_exactly(browser, &shown, SOON)
    })
}

pub fn messages_written_without_network_go_out_once_and_in_order(world: &World) -> Outcome {
    world.expect(&[Expected::NoAnswer]);
    world.each(|browser| join(browser, &world.site))?;
    world.site.proxy.cut();
    let own = |browser: &Browser| -> Vec<String> {
        (1..=4)
            .map(|number| format!("{} waits, {number}", person(browser)))
            .collect()
    };
    world.each(|browser| {
        offline(browser, SOON)?;
        browser.until("document.querySelector('.banner').checkVisibility()", SOON)?;
        own(browser).iter().try_for_each(|text| send(browser, text))?;
        own(browser)
            .iter()
            .try_for_each(|text| sees_in_state(browser, text, "queued", SOON))
    })?;
    world.site.proxy.restore();
    world.each(|browser| {
        online(browser, IN_A_WHILE)?;
        browser.until("!document.querySelector('.banner').checkVisibility()", SOON)?;
        browser.until(
            &format!("document.querySelectorAll('article.msg[data-id]').length === {}", 3 * 4),
            SOON,
        )
    })?;
    let shown = crate::chat::texts(&world.browsers[0])?;
    world.each(|browser| {
        let mine = own(browser);
        let of_mine: Vec<String> = shown.iter().filter(|text| mine.contains(text)).cloned().collect();
        equal("the order", of_mine, mine)?;
        shows_exactly(browser, &shown, SOON)?;
        browser.reload()?;
        shows_exactly(browser, &shown, SOON)
    })
}

pub fn a_link_that_went_dead_silently_is_noticed(world: &World) -> Outcome {
    world.expect(&[Expected::NoAnswer]);
    // A client may wait for some time before it doubts a silent link, but not for ever.
    let noticed_within = Duration::from_secs(60);
    world.each(|browser| join(browser, &world.site))?;
    world.site.proxy.strand();
    let text = |browser: &Browser| format!("into the void, {}", person(browser));
    world.each(|browser| send(browser, &text(browser)))?;
    world.each(|browser| {
        world
            .browsers
            .iter()
            .try_for_each(|other| sees_within(browser, &text(other), noticed_within))
    })?;
    let shown = crate::chat::texts(&world.browsers[0])?;
    equal("the number of messages", shown.len(), 3)?;
    world.each(|browser| {
        online(browser, SOON)?;
        shows_exactly(browser, &shown, SOON)
    })
}

pub fn unsent_messages_survive_a_reload(world: &World) -> Outcome {
    world.expect(&[Expected::NoAnswer]);
    world.each(|browser| join(browser, &world.site))?;
    world.site.proxy.cut();
    let own = |browser: &Browser| [1, 2].map(|number| format!("{} wrote this offline, {number}", person(browser)));
    world.each(|browser| {
        offline(browser, SOON)?;
        own(browser).iter().try_for_each(|text| send(browser, text))?;
        own(browser)
            .iter()
            .try_for_each(|text| sees_in_state(browser, text, "queued", SOON))?;
        // Without a network the page does not load; some engines report that as an error.
        let _ = browser.reload();
        Ok(())
    })?;
    world.site.proxy.restore();
    world.each(|browser| {
        open(browser, &world.site)?;
        own(browser).iter().try_for_each(|text| sees(browser, text))
    })?;
    world.each(|browser| {
        let six = "document.querySelectorAll('article.msg[data-id]').length === 6";
        browser.until(six, SOON)?;
        browser.reload()?;
        browser.until(six, SOON)?;
        holds(browser, "document.querySelectorAll('article.msg').length === 6")
    })
}

pub fn a_lost_answer_makes_no_second_message(world: &World) -> Outcome {
    world.expect(&[Expected::NoAnswer]);
    let witness = world.site.sign_up("Witness")?;
    world.each(|browser| join(browser, &world.site))?;
    world.site.proxy.lose_answers();
    let text = |browser: &Browser| format!("said once, {}", person(browser));
    world.each(|browser| {
        send(browser, &text(browser))?;
        // The server has the message, but the sender does not know it.
        world.site.wait_for_message(&witness, &text(browser))?;
        holds(
            browser,
            "document.querySelectorAll('article.msg[data-id]').length === 0",
        )?;
        browser.reload()?;
        sees(browser, &text(browser))
    })?;
    world.each(|browser| {
        browser.until("document.querySelectorAll('article.msg[data-id]').length === 3", SOON)?;
        holds(browser, "document.querySelectorAll('article.msg').length === 3")
    })
}

pub fn a_refused_message_says_why_and_can_be_deleted(world: &World) -> Outcome {
    world.each(|browser| {
        join(browser, &world.site)?;
        send_refused(browser)?;
        let words = browser.rendered_text("article.msg[data-state=failed]")?;
        if !words
            .to_lowercase()
            .contains("not sent: a message cannot hold control characters")
        {
            return Err(format!("it does not say why it failed: {words:?}"));
        }
        press(browser, "article.msg[data-state=failed] [data-ref=retry]")?;
        sees_in_state(browser, "a bell\u{7} rings", "failed", SOON)?;
        // It fails for good, and does not block later messages.
        send(browser, &format!("after it, {}", person(browser)))?;
        sees(browser, &format!("after it, {}", person(browser)))?;
        browser.click("article.msg[data-state=failed] [data-ref=discard]")?;
        browser.until(
            "document.querySelectorAll('article.msg[data-state]').length === 0",
            SOON,
        )?;
        browser.reload()?;
        sees(browser, &format!("after it, {}", person(browser)))?;
        holds(
            browser,
            "document.querySelectorAll('article.msg[data-state]').length === 0",
        )
    })
}

pub fn a_full_disk_is_said_and_try_again_sends(world: &World) -> Outcome {
    world.each(|browser| join(browser, &world.site))?;
    world.site.fill_disk()?;
    let text = |browser: &Browser| format!("kept until there is room, {}", person(browser));
    world.each(|browser| {
        send(browser, &text(browser))?;
        sees_in_state(browser, &text(browser), "failed", IN_A_WHILE)?;
        holds(
            browser,
            "document.querySelector('article.msg[data-state=failed] [data-ref=retry]') !== null",
        )
    })?;
    world.site.free_disk()?;
    world.each(|browser| {
        // The page also retries by itself, so the button may be gone before the click.
        let click = "document.querySelector('article.msg[data-state=failed] [data-ref=retry]')?.click()";
        browser.script(click, json!([]))?;
        sees_within(browser, &text(browser), IN_A_WHILE)
    })?;
    world.each(|browser| {
        browser.until("document.querySelectorAll('article.msg[data-id]').length === 3", SOON)?;
        holds(browser, "document.querySelectorAll('article.msg').length === 3")
    })
}

pub fn everybody_is_told_that_nothing_is_saved_and_whoever_can_help_what_to_do(world: &World) -> Outcome {
    let axe = axe_source()?;
    // The first account owns the server. Here it is none of the browsers, ...
    world.site.sign_up("Zoë")?;
    world.each(|browser| join(browser, &world.site))?;
    world.each(|browser| holds(browser, &format!("!({TROUBLE_SHOWS})")))?;
    world.site.take_file_away()?;
    let text = |browser: &Browser| format!("kept until the file is back, {}", person(browser));
    world.each(|browser| {
        browser.until(TROUBLE_SHOWS, SOON)?;
        let words = browser.rendered_text(TROUBLE)?;
        if !words.contains("cannot save messages") || !words.contains("messages wait here") || words.contains("chapp") {
            return Err(format!("a member is told {words:?}"));
        }
        no_barriers(browser, &axe, "nothing is saved")?;
        send(browser, &text(browser))?;
        browser.until("document.querySelector('article.msg[data-state]') !== null", SOON)
    })?;
    world.site.put_file_back()?;
    world.each(|browser| {
        browser.until(&format!("!({TROUBLE_SHOWS})"), SOON)?;
        sees(browser, &text(browser))
    })?;
    // ... and here it is everybody.
    world.each_apart(|browser, site| {
        join(browser, site)?;
        site.take_file_away()?;
        browser.until(TROUBLE_SHOWS, SOON)?;
        let words = browser.rendered_text(TROUBLE)?;
        if !words.contains("removed or renamed") || !words.contains("chapp backup") {
            return Err(format!("the owner is told {words:?}"));
        }
        no_barriers(browser, &axe, "nothing is saved, and what to do")?;
        // Also on the admin page, and for people who connect meanwhile.
        browser.go_to(&format!("{}/server", site.origin))?;
        browser.until(
            "document.querySelector('#server [role=status] .banner')?.checkVisibility() === true",
            SOON,
        )?;
        no_barriers(browser, &axe, "the page of a server in trouble")?;
        site.put_file_back()?;
        browser.until(
            "document.querySelector('#server [role=status] .banner').checkVisibility() === false",
            SOON,
        )
    })
}

const TROUBLE: &str = "[data-ref=trouble] .banner";
const TROUBLE_SHOWS: &str = "document.querySelector('[data-ref=trouble] .banner')?.checkVisibility() === true";
