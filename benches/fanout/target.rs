//! The frames to and from each server: WebSocket frames (RFC 6455 §5.2), and Chapp's protocol above them
//! (src/wire/PROTOCOL.md).

use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// The default number of people that the connections belong to; each posts on their first connection.
pub const PEOPLE: usize = 4;
/// Characters of a message.
const BODY_CHARS: usize = 80;

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Limit,
    Chapp,
    /// Bun with SQLite (`bun.js`).
    Bun,
}

pub struct Target {
    pub kind: Kind,
    pub address: SocketAddr,
    /// The number of people; connection `n` belongs to person `n % people`.
    pub people: usize,
    cookies: Vec<String>,
}

/// A frame from the server, as far as the measurement needs it.
pub enum Received {
    Ready,
    /// The `number`-th message, and its seq if the server sends one.
    Message {
        number: usize,
        seq: Option<u64>,
    },
    Posted {
        number: usize,
    },
    Refused(String),
    Other,
}

impl Target {
    /// Creates the accounts, or logs in to existing ones.
    pub fn prepare(kind: Kind, address: SocketAddr, people: usize) -> Result<Target, String> {
        let mut cookies = Vec::new();
        for person in 0..people {
            if kind == Kind::Chapp {
                cookies.push(sign_up(address, person)?);
            }
        }
        Ok(Target {
            kind,
            address,
            people,
            cookies,
        })
    }

    pub fn handshake(&self, connection: usize) -> String {
        let cookie = match self.cookies.get(connection % self.people) {
            Some(cookie) => format!("Cookie: {cookie}\r\n"),
            None => String::new(),
        };
        let address = self.address;
        format!(
            "GET /ws HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\n{cookie}Upgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
    }

    /// The `number`-th message, as a client frame.
    pub fn post(&self, run: u64, number: usize) -> Vec<u8> {
        let mut body = format!("~{number}~ ");
        body.extend(
            "what one says to the others "
                .chars()
                .cycle()
                .take(BODY_CHARS - body.len()),
        );
        let text = match self.kind {
            Kind::Limit | Kind::Bun => body,
            Kind::Chapp => {
                json!({"type": "post", "room": 1, "client_id": format!("{run}-{number}"), "body": body}).to_string()
            }
        };
        client_frame(text.as_bytes())
    }

    /// `typing`, as a client frame.
    pub fn typing(&self) -> Vec<u8> {
        client_frame(json!({"type": "typing", "room": 1}).to_string().as_bytes())
    }

    /// `read`, as a client frame.
    pub fn read(&self, seq: u64) -> Vec<u8> {
        client_frame(json!({"type": "read", "room": 1, "seq": seq}).to_string().as_bytes())
    }

    pub fn parse(&self, payload: &[u8]) -> Received {
        if self.kind != Kind::Chapp {
            return match marked(payload) {
                Some(number) => Received::Message { number, seq: None },
                None => Received::Other,
            };
        }
        let text = std::str::from_utf8(payload).unwrap_or_default();
        // Almost all frames are messages. Parsing them as JSON would cost more than everything else here.
        match text {
            _ if text.starts_with(r#"{"type":"message""#) => match (marked(payload), number_after(text, r#""seq":"#)) {
                (Some(number), Some(seq)) => Received::Message { number, seq: Some(seq) },
                _ => Received::Other,
            },
            _ if text.starts_with(r#"{"type":"posted""#) => {
                let value: Value = serde_json::from_str(text).unwrap_or_default();
                let id = value["client_id"].as_str().and_then(|id| id.split_once('-'));
                match id.and_then(|(_, number)| number.parse().ok()) {
                    Some(number) => Received::Posted { number },
                    None => Received::Refused(text.to_owned()),
                }
            }
            _ if text.starts_with(r#"{"type":"ready""#) => Received::Ready,
            _ if text.starts_with(r#"{"type":"error""#) => Received::Refused(text.to_owned()),
            _ => Received::Other,
        }
    }
}

/// Signs a person up or logs them in, and returns their cookie.
fn sign_up(address: SocketAddr, person: usize) -> Result<String, String> {
    let body = json!({"name": format!("bench {person}"), "password": "a long enough password"}).to_string();
    let mut last = String::new();
    for path in ["/api/signup", "/api/login"] {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(address).map_err(|error| error.to_string())?;
        stream
            .write_all(request.as_bytes())
            .map_err(|error| error.to_string())?;
        last.clear();
        stream.read_to_string(&mut last).map_err(|error| error.to_string())?;
        let cookie = last.lines().find_map(|line| line.strip_prefix("set-cookie: "));
        if let Some(cookie) = cookie.and_then(|cookie| cookie.split(';').next()) {
            return Ok(cookie.to_owned());
        }
    }
    Err(format!("nobody could sign up: {last}"))
}

/// The number between two tildes.
fn marked(payload: &[u8]) -> Option<usize> {
    let start = payload.iter().position(|byte| *byte == b'~')? + 1;
    let digits = payload[start..].iter().take_while(|byte| byte.is_ascii_digit());
    let (mut number, mut any) = (0, false);
    for digit in digits {
        (number, any) = (number * 10 + usize::from(digit - b'0'), true);
    }
    any.then_some(number)
}

fn number_after(text: &str, key: &str) -> Option<u64> {
    let rest = &text[text.find(key)? + key.len()..];
    rest[..rest.find(|c: char| !c.is_ascii_digit())?].parse().ok()
}

pub fn handshake_end(bytes: &[u8]) -> Option<usize> {
    Some(bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4)
}

/// The lengths of a frame's head and payload in bytes, and its mask.
pub fn frame_head(bytes: &[u8]) -> Option<(usize, usize, [u8; 4])> {
    let second = *bytes.get(1)?;
    let (mut head, length) = match second & 0x7F {
        126 => (4, u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?) as usize),
        127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize),
        length => (2, length as usize),
    };
    let mut mask = [0; 4];
    if second & 0x80 != 0 {
        mask = bytes.get(head..head + 4)?.try_into().ok()?;
        head += 4;
    }
    Some((head, length, mask))
}

/// The head of a text frame from a server.
pub fn server_head(length: usize) -> Vec<u8> {
    match length {
        0..126 => vec![0x81, length as u8],
        126..65_536 => [&[0x81, 126][..], &(length as u16).to_be_bytes()].concat(),
        _ => [&[0x81, 127][..], &(length as u64).to_be_bytes()].concat(),
    }
}

/// A text frame from a client. The mask is 0, which is valid and leaves the payload as it is.
fn client_frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = server_head(payload.len());
    frame[1] |= 0x80;
    frame.extend([0; 4]);
    frame.extend_from_slice(payload);
    frame
}
