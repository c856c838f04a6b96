//! Hand-written HTTP/1.1 over a plain connection, so that any header can be wrong, repeated or missing.

use super::PATIENCE;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};

/// One request on its own connection.
#[derive(Clone)]
pub struct Request {
    address: SocketAddr,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    from: Option<IpAddr>,
}

impl Request {
    /// A request as the server's page makes it: with its `Host`, and with its `Origin` if it changes something.
    pub fn new(address: SocketAddr, method: &str, path: &str) -> Request {
        let host = format!("chapp.localhost:{}", address.port());
        let request = Request {
            address,
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            from: None,
        };
        let request = request.header("Host", &host).header("Connection", "close");
        match method {
            "GET" | "HEAD" => request,
            _ => request.header("Origin", &format!("http://{host}")),
        }
    }

    /// A WebSocket handshake as the server's page makes it.
    pub fn upgrade(address: SocketAddr) -> Request {
        Request::new(address, "GET", "/ws")
            .with("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("Origin", &format!("http://chapp.localhost:{}", address.port()))
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Request {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// Replaces a header.
    pub fn with(self, name: &str, value: &str) -> Request {
        self.without(name).header(name, value)
    }

    pub fn cookie(self, cookie: &str) -> Request {
        self.header("Cookie", cookie)
    }

    /// Sets the body without changing `Content-Type`.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Request {
        self.body = body.into();
        self
    }

    pub fn json(self, body: &Value) -> Request {
        self.header("Content-Type", "application/json").body(body.to_string())
    }

    pub fn form(self, fields: &[(&str, &str)]) -> Request {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.header("Content-Type", "application/x-www-form-urlencoded")
            .body(body)
    }

    /// Sends from another loopback address.
    pub fn from(mut self, address: IpAddr) -> Request {
        self.from = Some(address);
        self
    }

    fn connect(&self) -> TcpStream {
        let Some(from) = self.from else {
            return TcpStream::connect(self.address).unwrap();
        };
        let domain = socket2::Domain::for_address(self.address);
        let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::new(from, 0).into()).unwrap();
        socket.connect(&self.address.into()).unwrap();
        socket.into()
    }

    pub fn send(self) -> Response {
        let mut stream = self.connect();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.path).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        if !self.body.is_empty() || self.method == "POST" {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n", self.body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        // The server may refuse a request before it has read all of it.
        let _ = stream.write_all(&bytes);
        Response::read(stream, &self.method)
    }
}

pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// The answer to a request of this method.
    pub fn read(stream: TcpStream, method: &str) -> Response {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status: u16 = status.unwrap_or_else(|| panic!("not an answer: {line:?}"));
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut response = Response {
            status,
            headers,
            body: Vec::new(),
        };
        if status != 101 && method != "HEAD" {
            let length = response.get("content-length").and_then(|length| length.parse().ok());
            response.body.resize(length.unwrap_or(0), 0);
            reader.read_exact(&mut response.body).unwrap();
        }
        response
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        let known = self.headers.iter().find(|(known, _)| known == name);
        known.map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {:?}", self.text()))
    }

    /// The `NAME=TOKEN` that a browser would send back.
    pub fn new_cookie(&self) -> String {
        let cookie = self.get("set-cookie").expect("a new cookie");
        cookie.split(';').next().unwrap().to_owned()
    }

    /// Checks that this is a refusal (RFC 9457) with this status and code, a readable text and no session cookie.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.get("content-type"), Some("application/problem+json"));
        assert_eq!(self.get("set-cookie"), None);
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["code"], code);
        assert_is_a_sentence(problem["title"].as_str().unwrap());
        problem
    }
}

/// Checks that a text for people is a sentence without program internals.
#[track_caller]
pub fn assert_is_a_sentence(text: &str) {
    assert!(text.contains(' ') && text.ends_with('.'), "{text:?}");
    let words = ["Err(", "panicked", "redb", "serde", "hyper", "expected", "at line"];
    assert!(!words.iter().any(|word| text.contains(word)), "{text:?}");
}
