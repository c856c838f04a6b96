//! HTTP for a few hundred clients on one thread: one request, one connection.

use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LIMIT: Duration = Duration::from_secs(30);

pub struct Answer {
    pub status: u16,
    pub cookie: Option<String>,
    pub json: Value,
}

/// Fails only where the server cannot be reached.
pub async fn ask(
    server: SocketAddr,
    method: &str,
    path: &str,
    cookie: Option<&str>,
    body: &Value,
) -> Result<Answer, String> {
    let asking = asked(server, method, path, cookie, body);
    match tokio::time::timeout(LIMIT, asking).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer to {method} {path}")),
    }
}

async fn asked(
    server: SocketAddr,
    method: &str,
    path: &str,
    cookie: Option<&str>,
    body: &Value,
) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(server).await?;
    let host = format!("chapp.localhost:{}", server.port());
    let cookie = cookie.map_or(String::new(), |cookie| format!("Cookie: {cookie}\r\n"));
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n{cookie}Content-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let mut cookies = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    Ok(Answer {
        status: status.ok_or(std::io::ErrorKind::UnexpectedEof)?,
        cookie: cookies
            .next()
            .and_then(|(_, value)| value.split(';').next())
            .map(str::to_owned),
        json: serde_json::from_str(body).unwrap_or_default(),
    })
}
