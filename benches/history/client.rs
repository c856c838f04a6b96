//! A blocking client: HTTP on one connection, and a WebSocket.

use serde_json::Value;
use std::fmt::Display;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use tokio_tungstenite::tungstenite::client::{IntoClientRequest, client};
use tokio_tungstenite::tungstenite::{Message, WebSocket};

/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

fn connect(server: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(server)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// One connection that sends requests one after the other.
pub struct Http {
    stream: BufReader<TcpStream>,
    head: String,
}

impl Http {
    pub fn open(server: SocketAddr, cookie: &str) -> Result<Http, String> {
        let head = format!("Host: {}\r\nCookie: {cookie}\r\n\r\n", host(server));
        let stream = BufReader::new(connect(server).map_err(error_text)?);
        Ok(Http { stream, head })
    }

    /// Returns the body; any status but 200 is an error.
    pub fn get(&mut self, path: &str) -> Result<Vec<u8>, String> {
        let request = format!("GET {path} HTTP/1.1\r\n{}", self.head);
        self.stream
            .get_mut()
            .write_all(request.as_bytes())
            .map_err(error_text)?;
        let (mut status, mut length) = (String::new(), 0);
        self.stream.read_line(&mut status).map_err(error_text)?;
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).map_err(error_text)?;
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse().map_err(error_text)?;
                }
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).map_err(error_text)?;
        match status.contains(" 200 ") {
            true => Ok(body),
            false => Err(format!("GET {path}: {status}{}", String::from_utf8_lossy(&body))),
        }
    }
}

/// A connection after the handshake and before `ready`.
pub struct Socket(WebSocket<TcpStream>);

impl Socket {
    pub fn open(server: SocketAddr, cookie: &str) -> Result<Socket, String> {
        let host = host(server);
        let mut request = format!("ws://{host}/ws").into_client_request().map_err(error_text)?;
        let headers = request.headers_mut();
        headers.insert("origin", format!("http://{host}").parse().map_err(error_text)?);
        headers.insert("cookie", cookie.parse().map_err(error_text)?);
        let (socket, _) = client(request, connect(server).map_err(error_text)?).map_err(error_text)?;
        Ok(Socket(socket))
    }

    pub fn send(&mut self, frame: &Value) -> Result<(), String> {
        self.0.send(Message::text(frame.to_string())).map_err(error_text)
    }

    /// The next text frame.
    pub fn read(&mut self) -> Result<String, String> {
        loop {
            match self.0.read().map_err(error_text)? {
                Message::Text(text) => return Ok(text.as_str().to_owned()),
                Message::Close(close) => return Err(format!("closed: {close:?}")),
                _ => {}
            }
        }
    }

    /// Returns the next frame of this type and drops the frames before it.
    pub fn expect(&mut self, kind: &str) -> Result<String, String> {
        let begins = format!("{{\"type\":\"{kind}\"");
        loop {
            let text = self.read()?;
            if text.starts_with(&begins) {
                return Ok(text);
            }
            if text.starts_with("{\"type\":\"error\"") {
                return Err(text);
            }
        }
    }
}

fn host(server: SocketAddr) -> String {
    format!("chapp.localhost:{}", server.port())
}

pub fn error_text(error: impl Display) -> String {
    error.to_string()
}
