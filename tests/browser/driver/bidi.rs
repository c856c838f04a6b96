//! WebDriver BiDi (<https://www.w3.org/TR/webdriver-bidi/>): live events of the page.
//! Events are queued until a caller takes them.

use super::Outcome;
use serde_json::{Value, json};
use std::io::ErrorKind::{TimedOut, WouldBlock};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket, client};

const COMMAND_LIMIT: Duration = Duration::from_secs(20);

pub struct Bidi {
    socket: WebSocket<TcpStream>,
    last_id: u64,
    events: Vec<Value>,
}

impl Bidi {
    pub fn connect(url: &str) -> Outcome<Bidi> {
        let host = url.trim_start_matches("ws://").split('/').next().unwrap_or_default();
        let stream =
            TcpStream::connect(host.replace("localhost", "127.0.0.1")).map_err(|error| format!("{url}: {error}"))?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let (socket, _) = client(url, stream).map_err(|error| format!("{url}: {error}"))?;
        Ok(Bidi {
            socket,
            last_id: 0,
            events: Vec::new(),
        })
    }

    pub fn command(&mut self, method: &str, parameters: &Value) -> Outcome<Value> {
        self.last_id += 1;
        let command = json!({"id": self.last_id, "method": method, "params": parameters});
        self.socket
            .send(Message::text(command.to_string()))
            .map_err(|error| format!("{method}: {error}"))?;
        let started = Instant::now();
        while started.elapsed() < COMMAND_LIMIT {
            let Some(answer) = self.read(Duration::from_millis(500))? else {
                continue;
            };
            if answer["id"] != json!(self.last_id) {
                self.keep(answer);
            } else if answer["type"] == "error" {
                return Err(format!("{method}: {}: {}", answer["error"], answer["message"]));
            } else {
                return Ok(answer["result"].clone());
            }
        }
        Err(format!("{method}: no answer"))
    }

    /// The tab that was opened first.
    pub fn first_tab(&mut self) -> Outcome<Value> {
        let tree = self.command("browsingContext.getTree", &json!({"maxDepth": 0}))?;
        Ok(tree["contexts"][0]["context"].clone())
    }

    /// The events since the last call, once none has come for a moment.
    pub fn take_events(&mut self, quiet: Duration) -> Vec<Value> {
        while let Ok(Some(event)) = self.read(quiet) {
            self.keep(event);
        }
        std::mem::take(&mut self.events)
    }

    fn keep(&mut self, message: Value) {
        if message.get("method").is_some() {
            self.events.push(message);
        }
    }

    fn read(&mut self, limit: Duration) -> Outcome<Option<Value>> {
        let stream = self.socket.get_ref();
        stream
            .set_read_timeout(Some(limit))
            .map_err(|error| error.to_string())?;
        match self.socket.read() {
            Ok(Message::Text(text)) => serde_json::from_str(&text).map(Some).map_err(|error| error.to_string()),
            Ok(_) => Ok(None),
            Err(Error::Io(error)) if matches!(error.kind(), WouldBlock | TimedOut) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}
