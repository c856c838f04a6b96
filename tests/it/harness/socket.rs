//! A blocking WebSocket client that can also send invalid frames.

use super::PATIENCE;
use super::people::Person;
use serde_json::{Value, json};
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;
use tokio_tungstenite::tungstenite::client::{IntoClientRequest, client};
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket};

pub struct Socket {
    inner: WebSocket<TcpStream>,
    /// The first frame.
    pub ready: Value,
}

impl Socket {
    /// Connects and waits for `ready`.
    pub fn open(address: SocketAddr, person: &Person) -> Socket {
        let mut socket = Socket::connect(address, person);
        socket.ready = socket.next();
        assert_eq!(socket.ready["type"], "ready", "the first frame");
        socket
    }

    /// Connects, and reads nothing.
    pub fn connect(address: SocketAddr, person: &Person) -> Socket {
        Socket::try_connect(address, person).expect("a handshake")
    }

    pub fn try_connect(address: SocketAddr, person: &Person) -> Result<Socket, String> {
        let stream = TcpStream::connect(address).map_err(|error| error.to_string())?;
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let host = format!("chapp.localhost:{}", address.port());
        let mut request = format!("ws://{host}/ws").into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("origin", format!("http://{host}").parse().unwrap());
        headers.insert("cookie", person.cookie.parse().unwrap());
        let (inner, _) = client(request, stream).map_err(|error| error.to_string())?;
        let ready = Value::Null;
        Ok(Socket { inner, ready })
    }

    pub fn send(&mut self, frame: &Value) {
        self.send_text(&frame.to_string());
    }

    pub fn send_text(&mut self, text: &str) {
        self.try_send_text(text).unwrap();
    }

    /// Sends to a server that may be gone.
    #[allow(clippy::result_large_err)]
    pub fn try_send_text(&mut self, text: &str) -> Result<(), Error> {
        self.inner.send(Message::text(text))
    }

    /// Sends raw bytes. The server may have closed its end already.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        let _ = self.try_send_bytes(bytes);
    }

    /// The same, for a server that may be gone.
    pub fn try_send_bytes(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.inner.get_mut().write_all(bytes)
    }

    /// Sends one frame of this first byte, masked as a client must (RFC 6455 §5.3).
    pub fn send_frame(&mut self, first_byte: u8, payload: &[u8]) {
        self.send_bytes(&frame(first_byte, payload));
    }

    pub fn post(&mut self, client_id: &str, body: &str) {
        self.send(&json!({"type": "post", "room": 1, "client_id": client_id, "body": body}));
    }

    /// Posts, and waits until it is durable. Returns its seq.
    pub fn say(&mut self, client_id: &str, body: &str) -> u64 {
        self.post(client_id, body);
        let posted = self.expect("posted");
        assert_eq!(posted["client_id"], client_id);
        posted["seq"].as_u64().unwrap()
    }

    /// The next frame of any kind.
    #[allow(clippy::result_large_err)]
    pub fn read(&mut self) -> Result<Message, Error> {
        self.inner.read()
    }

    /// The next text frame.
    #[track_caller]
    pub fn next(&mut self) -> Value {
        let began = Instant::now();
        loop {
            match self.inner.read() {
                Ok(Message::Text(text)) => return serde_json::from_str(&text).unwrap(),
                Ok(Message::Close(close)) => panic!("closed with {close:?}"),
                // Pings never end.
                Ok(_) => assert!(began.elapsed() < PATIENCE, "no frame but pings"),
                Err(error) => panic!("no frame: {error}"),
            }
        }
    }

    /// All frames up to and with the first that `is_last`.
    #[track_caller]
    pub fn until(&mut self, is_last: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            frames.push(self.next());
            if is_last(&frames[frames.len() - 1]) {
                return frames;
            }
        }
    }

    /// The next frame of this type; what comes before it is dropped.
    #[track_caller]
    pub fn expect(&mut self, kind: &str) -> Value {
        self.until(|frame| frame["type"] == kind).pop().unwrap()
    }

    /// The next message with this body.
    #[track_caller]
    pub fn expect_message(&mut self, body: &str) -> Value {
        self.until(|frame| frame["message"]["body"] == body).pop().unwrap()
    }

    /// The frames up to the pong for a ping sent now: everything caused by what was sent so far.
    #[track_caller]
    pub fn until_pong(&mut self) -> Vec<Value> {
        self.send(&json!({"type": "ping", "ref": "until_pong"}));
        let mut frames = self.until(|frame| frame["type"] == "pong" && frame["ref"] == "until_pong");
        frames.pop();
        frames
    }

    /// The frames up to and with the last of the first ones of these types.
    #[track_caller]
    pub fn until_each(&mut self, kinds: &[&str]) -> Vec<Value> {
        let mut frames: Vec<Value> = Vec::new();
        while !kinds
            .iter()
            .all(|kind| frames.iter().any(|frame| frame["type"] == *kind))
        {
            frames.push(self.next());
        }
        frames
    }

    /// Reads to the end, and returns the close code.
    #[track_caller]
    pub fn close_code(&mut self) -> u16 {
        self.close_code_after().0
    }

    /// The close code, and the text frames before it.
    #[track_caller]
    pub fn close_code_after(&mut self) -> (u16, Vec<Value>) {
        let mut frames = Vec::new();
        loop {
            match self.inner.read() {
                Ok(Message::Close(Some(close))) => {
                    // Flushes the close frame that answers it.
                    let _ = self.inner.flush();
                    return (close.code.into(), frames);
                }
                Ok(Message::Text(text)) => frames.push(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(None)) => panic!("closed without a code"),
                Ok(_) => {}
                Err(error) => panic!("no close frame: {error}"),
            }
        }
    }

    /// The raw connection. Buffered bytes are lost.
    pub fn into_stream(self) -> TcpStream {
        self.inner.into_inner()
    }

    /// Closes the socket and waits for the server's close.
    pub fn leave(mut self) {
        let _ = self.inner.close(None);
        while self.inner.read().is_ok() {}
    }
}

/// One masked frame (RFC 6455 §5.2).
pub fn frame(first_byte: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first_byte];
    match payload.len() {
        length @ 0..126 => bytes.push(0x80 | length as u8),
        length @ 126..65_536 => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    bytes.extend_from_slice(&mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// The frames of this type.
pub fn of_type<'a>(frames: &'a [Value], kind: &str) -> Vec<&'a Value> {
    frames.iter().filter(|frame| frame["type"] == kind).collect()
}
