//! The commands of W3C WebDriver (<https://www.w3.org/TR/webdriver2/>), over HTTP or Marionette.

use super::marionette::Marionette;
use super::{Outcome, POLL, http};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

pub const TAB: &str = "\u{E004}";
pub const ENTER: &str = "\u{E007}";
pub const SHIFT: &str = "\u{E008}";
pub const ESCAPE: &str = "\u{E00C}";
pub const END: &str = "\u{E010}";
pub const HOME: &str = "\u{E011}";
pub const ARROW_UP: &str = "\u{E013}";
pub const ARROW_DOWN: &str = "\u{E015}";

/// The key of an element reference in WebDriver.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
const COMMAND_LIMIT: Duration = Duration::from_secs(40);
const START_LIMIT: Duration = Duration::from_secs(60);

pub struct Session {
    road: Transport,
    pub capabilities: Value,
}

enum Transport {
    Http { port: u16, session: String },
    Marionette(Mutex<Marionette>),
}

impl Session {
    /// A new session of the driver that listens on `port`.
    pub fn over_http(port: u16, capabilities: &Value) -> Outcome<Session> {
        let body = json!({"capabilities": {"alwaysMatch": capabilities}});
        let answer = driver_request(port, "POST", "/session", Some(&body), START_LIMIT)?;
        let session = answer["sessionId"]
            .as_str()
            .ok_or("the driver gave no session")?
            .to_owned();
        let road = Transport::Http { port, session };
        Session {
            road,
            capabilities: answer["capabilities"].clone(),
        }
        .with_timeouts()
    }

    /// A new session of a Firefox whose Marionette listens on `port`.
    pub fn over_marionette(port: u16, capabilities: &Value) -> Outcome<Session> {
        let mut marionette = Marionette::connect(port)?;
        let answer = marionette.command("WebDriver:NewSession", capabilities)?;
        let road = Transport::Marionette(Mutex::new(marionette));
        Session {
            road,
            capabilities: answer["capabilities"].clone(),
        }
        .with_timeouts()
    }

    fn with_timeouts(self) -> Outcome<Session> {
        self.post(
            "/timeouts",
            json!({"script": 15_000, "pageLoad": 20_000, "implicit": 0}),
        )?;
        Ok(self)
    }

    pub fn post(&self, path: &str, body: Value) -> Outcome<Value> {
        self.call("POST", path, &body)
    }

    pub fn get(&self, path: &str) -> Outcome<Value> {
        self.call("GET", path, &json!({}))
    }

    pub fn delete(&self, path: &str) -> Outcome<Value> {
        self.call("DELETE", path, &json!({}))
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Outcome<Value> {
        match &self.road {
            Transport::Marionette(marionette) => marionette.lock().expect("no command panics").call(method, path, body),
            Transport::Http { port, session } => {
                let path = format!("/session/{session}{path}");
                let body = (method == "POST").then_some(body);
                driver_request(*port, method, &path, body, COMMAND_LIMIT)
            }
        }
    }

    /// A command that only Marionette has.
    pub fn marionette(&self, name: &str, parameters: &Value) -> Outcome<Value> {
        match &self.road {
            Transport::Marionette(marionette) => {
                marionette.lock().expect("no command panics").command(name, parameters)
            }
            Transport::Http { .. } => Err(format!("{name} is for Firefox only")),
        }
    }

    pub fn go_to(&self, url: &str) -> Outcome {
        self.post("/url", json!({"url": url})).map(drop)
    }

    pub fn reload(&self) -> Outcome {
        self.post("/refresh", json!({})).map(drop)
    }

    /// Runs the body of a function and returns its result.
    pub fn script(&self, body: &str, arguments: Value) -> Outcome<Value> {
        self.post("/execute/sync", json!({"script": body, "args": arguments}))
    }

    /// The value of an expression.
    pub fn value_of(&self, expression: &str) -> Outcome<Value> {
        self.script(&format!("return ({expression});"), json!([]))
    }

    pub fn text_of(&self, expression: &str) -> Outcome<String> {
        Ok(self.value_of(expression)?.as_str().unwrap_or_default().to_owned())
    }

    /// Runs the body of an async function and returns its result.
    pub fn async_script(&self, body: &str, arguments: &Value) -> Outcome<Value> {
        let script = format!(
            "const done = arguments[arguments.length - 1], given = arguments;
             (async () => {{ {body} }})().then(
                 (value) => done({{ value: value ?? null }}),
                 (error) => done({{ error: String(error) }}));"
        );
        let answer = self.post("/execute/async", json!({"script": script, "args": arguments}))?;
        match answer["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer["value"].clone()),
        }
    }

    /// Waits until a JavaScript expression is true. Errors of the expression count as "not yet":
    /// between two pages there is no page.
    pub fn until(&self, expression: &str, limit: Duration) -> Outcome {
        let started = Instant::now();
        loop {
            let seen = self.value_of(&format!("!!({expression})"));
            if seen == Ok(Value::Bool(true)) {
                return Ok(());
            }
            if started.elapsed() > limit {
                return Err(format!("not within {limit:?}: {expression} ({seen:?})"));
            }
            thread::sleep(POLL);
        }
    }

    pub fn click(&self, selector: &str) -> Outcome {
        self.element_act(selector, "click", json!({})).map(drop)
    }

    pub fn clear(&self, selector: &str) -> Outcome {
        self.element_act(selector, "clear", json!({})).map(drop)
    }

    /// Puts the focus on an element and types into it.
    pub fn type_into(&self, selector: &str, text: &str) -> Outcome {
        self.element_act(selector, "value", json!({"text": text})).map(drop)
    }

    /// The text of an element as it is rendered; needs no script in the page.
    pub fn rendered_text(&self, selector: &str) -> Outcome<String> {
        let text = self.get(&format!("/element/{}/text", self.element(selector)?))?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// The role and the name of an element as assistive technology gets them.
    pub fn role_and_name(&self, selector: &str) -> Outcome<(String, String)> {
        let id = self.element(selector)?;
        let role = self.get(&format!("/element/{id}/computedrole"))?;
        let name = self.get(&format!("/element/{id}/computedlabel"))?;
        let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
        Ok((text(role), text(name)))
    }

    fn element(&self, selector: &str) -> Outcome<String> {
        let found = self.post("/element", json!({"using": "css selector", "value": selector}));
        let found = found.map_err(|error| format!("{selector}: {error}"))?;
        found[ELEMENT]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| format!("no {selector}"))
    }

    fn element_act(&self, selector: &str, act: &str, body: Value) -> Outcome<Value> {
        let id = self.element(selector)?;
        self.post(&format!("/element/{id}/{act}"), body)
            .map_err(|error| format!("{act} {selector}: {error}"))
    }

    /// Presses keys together, wherever the focus is: `chord(&[SHIFT, TAB])`.
    pub fn chord(&self, keys: &[&str]) -> Outcome {
        let down = keys.iter().map(|key| json!({"type": "keyDown", "value": key}));
        let up = keys.iter().rev().map(|key| json!({"type": "keyUp", "value": key}));
        self.perform_keys(down.chain(up).collect())
    }

    /// Types text key by key, wherever the focus is.
    pub fn type_text(&self, text: &str) -> Outcome {
        let strokes = text.chars().flat_map(|key| {
            [
                json!({"type": "keyDown", "value": key}),
                json!({"type": "keyUp", "value": key}),
            ]
        });
        self.perform_keys(strokes.collect())
    }

    fn perform_keys(&self, actions: Vec<Value>) -> Outcome {
        let keyboard = json!({"type": "key", "id": "keyboard", "actions": actions});
        self.post("/actions", json!({"actions": [keyboard]})).map(drop)
    }

    /// A PNG of the viewport.
    pub fn screenshot(&self) -> Outcome<Vec<u8>> {
        let encoded = self.get("/screenshot")?;
        Ok(decode_base64(encoded.as_str().unwrap_or_default()))
    }

    pub fn current_tab(&self) -> Outcome<String> {
        Ok(self.get("/window")?.as_str().unwrap_or_default().to_owned())
    }

    pub fn tabs(&self) -> Outcome<Vec<String>> {
        let tabs = self.get("/window/handles")?;
        let names = tabs.as_array().into_iter().flatten().filter_map(Value::as_str);
        Ok(names.map(str::to_owned).collect())
    }

    /// Opens a tab and switches to it.
    pub fn open_tab(&self) -> Outcome<String> {
        let tab = self.post("/window/new", json!({"type": "tab"}))?;
        let tab = tab["handle"].as_str().ok_or("the driver gave no tab")?.to_owned();
        self.switch_to(&tab)?;
        Ok(tab)
    }

    pub fn switch_to(&self, tab: &str) -> Outcome {
        self.post("/window", json!({"handle": tab})).map(drop)
    }

    pub fn close_tab(&self) -> Outcome {
        self.delete("/window").map(drop)
    }

    pub fn delete_cookies(&self) -> Outcome {
        self.delete("/cookie").map(drop)
    }
}

fn driver_request(port: u16, method: &str, path: &str, body: Option<&Value>, limit: Duration) -> Outcome<Value> {
    let host = format!("127.0.0.1:{port}");
    let headers = [
        ("Host", host.as_str()),
        ("Content-Type", "application/json; charset=utf-8"),
    ];
    let body = body.map(Value::to_string).unwrap_or_default();
    let answer = http::request(port, method, path, &headers, body.as_bytes(), limit)?;
    let answer: Value = serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
    let value = &answer["value"];
    match value["error"].as_str() {
        Some(error) => {
            let message = value["message"].as_str().unwrap_or_default();
            Err(format!("{error}: {message}"))
        }
        None => Ok(value.clone()),
    }
}

fn decode_base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut gathered, mut bits) = (0_u32, 0);
    for character in text.bytes() {
        let six = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        gathered = gathered << 6 | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((gathered >> bits & 0xFF) as u8);
        }
    }
    bytes
}
