//! Read receipts, notifications, pictures, devices.

use crate::chat::{SOON, holds, join, online, press, sees, send};
use crate::driver::{Browser, Outcome};
use crate::scenarios::conversation::{look_away, look_back};
use crate::scenarios::rooms::{ask, enter, make_room};
use crate::site::PASSWORD;
use crate::world::{Expected, World};
use serde_json::{Value, json};

fn seen_by(browser: &Browser, count: u32) -> Outcome {
    let line = format!("document.querySelector('.msg__seen')?.textContent === 'Seen by {count}'");
    browser.until(&line, SOON)
}

pub fn who_has_read_is_told_by_name_unless_they_keep_it_to_themselves(world: &World) -> Outcome {
    let [ada, bo, cleo] = world.browsers else {
        return Err("three browsers".into());
    };
    world.each(|browser| join(browser, &world.site))?;
    send(ada, "does everybody see this?")?;
    world.each(|browser| sees(browser, "does everybody see this?"))?;
    seen_by(ada, 2)?;
    holds(ada, "document.querySelector('.msg__seen').dataset.names === 'Bo, Cleo'")?;
    ask(cleo, "PUT", "/api/me/settings", &json!({"share_read": false}))?;
    send(ada, "and this?")?;
    sees(cleo, "and this?")?;
    seen_by(ada, 1)?;
    holds(ada, "document.querySelector('.msg__seen').dataset.names === 'Bo'")?;
    // In return, they do not see the others' receipts.
    sees(bo, "and this?")?;
    send(cleo, "mine")?;
    sees(bo, "mine")?;
    cleo.until("document.querySelector('.msg__seen') === null", SOON)
}

/// Replaces the desktop's notifications, which headless browsers lack.
const NOTIFICATIONS: &str = "window.shown = [];
    window.Notification = class {
        static permission = 'granted';
        constructor(title, {body}) { window.shown.push(`${title}: ${body}`); }
        close() {}
    };";

pub fn what_is_said_elsewhere_is_notified_as_each_room_wants_it(world: &World) -> Outcome {
    let [ada, bo, _] = world.browsers else {
        return Err("three browsers".into());
    };
    world.each(|browser| join(browser, &world.site))?;
    let room = make_room(ada, "private", "plans", &["Bo"])?;
    enter(ada, room)?;
    bo.script(NOTIFICATIONS, json!([]))?;
    look_away(bo)?;
    send(ada, "in a private room, everything")?;
    bo.until("window.shown.length === 1", SOON)?;
    holds(bo, "window.shown[0] === 'Ada in #plans: in a private room, everything'")?;
    enter(ada, 1)?;
    send(ada, "in an open one, not this")?;
    send(ada, "@Bo but this")?;
    bo.until("window.shown.length === 2", SOON)?;
    holds(bo, "window.shown[1] === 'Ada in #Lobby: @Bo but this'")?;
    bo.until(
        "document.querySelector('link[rel=icon]').href.includes('unread') && document.title.startsWith('(3)')",
        SOON,
    )?;
    // No notification while paused.
    ask(
        bo,
        "PUT",
        "/api/me/settings",
        &json!({"dnd_until": 9_000_000_000_000_u64}),
    )?;
    send(ada, "@Bo and not this")?;
    bo.until("document.title.startsWith('(4)')", SOON)?;
    holds(bo, "window.shown.length === 2")?;
    look_back(bo)
}

pub fn a_picture_is_cropped_here_and_shown_to_everybody(world: &World) -> Outcome {
    let [ada, bo, _] = world.browsers else {
        return Err("three browsers".into());
    };
    world.each(|browser| join(browser, &world.site))?;
    press(ada, "[data-ref=own]")?;
    ada.until("document.querySelector('dialog.set')?.open", SOON)?;
    let choose = "const canvas = Object.assign(document.createElement('canvas'), {width: 600, height: 300});
        const context = canvas.getContext('2d');
        context.fillStyle = 'rgb(200, 30, 30)';
        context.fillRect(0, 0, 600, 300);
        const blob = await new Promise((done) => canvas.toBlob(done, 'image/png'));
        const chosen = new DataTransfer();
        chosen.items.add(new File([blob], 'me.png', {type: 'image/png'}));
        const input = document.querySelector('#set-profile input[type=file]');
        input.files = chosen.files;
        input.dispatchEvent(new Event('change'));
        return true;";
    ada.async_script(choose, &json!([]))?;
    ada.until("document.querySelector('dialog[open] .crop canvas')", SOON)?;
    press(ada, "dialog[open]:has(.crop) .btn--main")?;
    let shown = "document.querySelector('[data-ref=here] img[src^=\"/avatars/\"]')";
    for browser in [ada, bo] {
        browser.until(&format!("{shown}?.complete && {shown}.naturalWidth === 256"), SOON)?;
    }
    let red = "const image = document.querySelector('[data-ref=here] img');
        const canvas = document.createElement('canvas').getContext('2d');
        canvas.drawImage(image, 0, 0, 1, 1);
        const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
        return red > 150 && green < 90 && blue < 90;";
    let is_red = bo.script(red, json!([]))?;
    if is_red != json!(true) {
        return Err("the picture is another one".to_owned());
    }
    press(ada, "#set-profile .me-edit .btn:nth-of-type(2)")?;
    bo.until(&format!("{shown} === null"), SOON)
}

pub fn another_password_logs_the_other_devices_out(world: &World) -> Outcome {
    world.expect(&[Expected::Status(401), Expected::Status(422)]);
    world.each_apart(|browser, site| {
        join(browser, site)?;
        let devices = || -> Outcome<usize> {
            let answer = ask(browser, "GET", "/api/me/sessions", &Value::Null)?;
            Ok(answer["sessions"].as_array().map_or(0, Vec::len))
        };
        // Another device of the same person, without a browser.
        site.log_in(crate::chat::person(browser))?;
        crate::chat::equal("devices", devices()?, 2)?;
        press(browser, "[data-ref=own]")?;
        browser.until("document.querySelectorAll('#set-sessions .list li').length === 2", SOON)?;
        browser.write_into("#set-password input[autocomplete=current-password]", "not the one")?;
        browser.write_into("#set-password input[autocomplete=new-password]", "a heron on the weir")?;
        press(browser, "#set-password button[type=submit]")?;
        browser.until("document.querySelector('#set-password [role=alert]:not([hidden])')?.textContent.includes('not your present password')", SOON)?;
        browser.clear("#set-password input[autocomplete=current-password]")?;
        browser.write_into("#set-password input[autocomplete=current-password]", PASSWORD)?;
        let count = "window.reconnects = 0;
            const Plain = WebSocket;
            window.WebSocket = class extends Plain {
                constructor(url) {
                    super(url);
                    window.reconnects += 1;
                }
            };";
        browser.script(count, json!([]))?;
        press(browser, "#set-password button[type=submit]")?;
        browser.until("document.querySelector('.toast')?.textContent.includes('password was changed')", SOON)?;
        crate::chat::equal("devices", devices()?, 1)?;
        // The browser's own socket reconnected with the new cookie.
        browser.until("window.reconnects > 0", SOON)?;
        online(browser, SOON)?;
        browser.reload()?;
        online(browser, SOON)
    })
}

pub fn a_message_goes_on_to_another_room(world: &World) -> Outcome {
    let [ada, bo, cleo] = world.browsers else {
        return Err("three browsers".into());
    };
    world.each(|browser| join(browser, &world.site))?;
    let room = make_room(ada, "private", "press", &["Cleo"])?;
    send(bo, "doors open at **ten**")?;
    ada.until("document.querySelector('article strong')", SOON)?;
    ada.script("document.querySelector('article:has(strong)').focus()", json!([]))?;
    ada.chord(&[crate::driver::ENTER])?;
    let item = "[...document.querySelectorAll('.menu__it')].find((item) => item.textContent.startsWith('Forward'))";
    ada.until(item, SOON)?;
    ada.script(&format!("({item}).click()"), json!([]))?;
    press(ada, "dialog[open] button[aria-label='Forward to press']")?;
    enter(cleo, room)?;
    cleo.until("document.querySelector('article strong')?.textContent === 'ten'", SOON)?;
    holds(
        cleo,
        "document.querySelector('article .msg__fwd').textContent.includes('Forwarded from Bo')",
    )
}
