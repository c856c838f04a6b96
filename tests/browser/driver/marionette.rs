//! Firefox without geckodriver. Marionette is the same set of commands as WebDriver, framed as
//! `LENGTH:[0,ID,NAME,PARAMETERS]` over TCP
//! (<https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html>).

use super::Outcome;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const ANSWER_LIMIT: Duration = Duration::from_secs(40);

pub struct Marionette {
    stream: TcpStream,
    last_id: u64,
}

impl Marionette {
    pub fn connect(port: u16) -> Outcome<Marionette> {
        let what = |error: std::io::Error| format!("marionette: {error}");
        let stream = TcpStream::connect(("127.0.0.1", port)).map_err(what)?;
        stream.set_nodelay(true).map_err(what)?;
        stream.set_read_timeout(Some(ANSWER_LIMIT)).map_err(what)?;
        let mut marionette = Marionette { stream, last_id: 0 };
        let hello = marionette.read_frame()?;
        if hello["marionetteProtocol"] != 3 {
            return Err(format!("another marionette than we know: {hello}"));
        }
        Ok(marionette)
    }

    /// A command by its own name.
    pub fn command(&mut self, name: &str, parameters: &Value) -> Outcome<Value> {
        self.last_id += 1;
        let message = json!([0, self.last_id, name, parameters]).to_string();
        self.stream
            .write_all(format!("{}:{message}", message.len()).as_bytes())
            .map_err(|error| format!("{name}: {error}"))?;
        loop {
            let answer = self.read_frame().map_err(|error| format!("{name}: {error}"))?;
            if answer[0] != 1 || answer[1] != json!(self.last_id) {
                continue;
            }
            let error = &answer[2];
            if !error.is_null() {
                return Err(format!("{}: {}", error["error"], error["message"]));
            }
            // A single value comes wrapped, an object does not.
            return Ok(match answer[3].as_object() {
                Some(object) if object.len() == 1 && object.contains_key("value") => object["value"].clone(),
                _ => answer[3].clone(),
            });
        }
    }

    /// A command by the method and path that WebDriver gives it over HTTP.
    pub fn call(&mut self, method: &str, path: &str, body: &Value) -> Outcome<Value> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let mut parameters = body.clone();
        let name = match (method, parts.as_slice()) {
            ("POST", ["url"]) => "Navigate",
            ("POST", ["refresh"]) => "Refresh",
            ("POST", ["execute", "sync"]) => "ExecuteScript",
            ("POST", ["execute", "async"]) => "ExecuteAsyncScript",
            ("POST", ["element"]) => "FindElement",
            ("POST", ["actions"]) => "PerformActions",
            ("DELETE", ["cookie"]) => "DeleteAllCookies",
            ("POST", ["window", "new"]) => "NewWindow",
            ("POST", ["window"]) => "SwitchToWindow",
            ("GET", ["window"]) => "GetWindowHandle",
            ("GET", ["window", "handles"]) => "GetWindowHandles",
            ("DELETE", ["window"]) => "CloseWindow",
            ("POST", ["window", "rect"]) => "SetWindowRect",
            ("POST", ["timeouts"]) => "SetTimeouts",
            ("GET", ["screenshot"]) => {
                parameters = json!({"id": null, "full": false, "hash": false});
                "TakeScreenshot"
            }
            ("DELETE", []) => {
                return self.command("Marionette:Quit", &json!({"flags": ["eForceQuit"]}));
            }
            (_, ["element", id, act]) => {
                parameters["id"] = json!(id);
                match *act {
                    "value" => "ElementSendKeys",
                    "clear" => "ElementClear",
                    "click" => "ElementClick",
                    "text" => "GetElementText",
                    "computedrole" => "GetComputedRole",
                    "computedlabel" => "GetComputedLabel",
                    _ => return Err(format!("no marionette command for {method} {path}")),
                }
            }
            _ => return Err(format!("no marionette command for {method} {path}")),
        };
        self.command(&format!("WebDriver:{name}"), &parameters)
    }

    fn read_frame(&mut self) -> Outcome<Value> {
        let mut length = 0;
        let mut byte = [0];
        loop {
            self.stream.read_exact(&mut byte).map_err(|error| error.to_string())?;
            match byte[0] {
                b':' => break,
                digit @ b'0'..=b'9' => length = length * 10 + usize::from(digit - b'0'),
                other => return Err(format!("not a length: byte {other}")),
            }
        }
        let mut frame = vec![0; length];
        self.stream.read_exact(&mut frame).map_err(|error| error.to_string())?;
        serde_json::from_slice(&frame).map_err(|error| error.to_string())
    }
}
