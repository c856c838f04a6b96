//! One WebSocket of a client. Every wait has a deadline.

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use std::fmt::Display;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// The longest wait for a handshake, a write or an HTTP answer before a client tries again.
pub const ANSWER_MAX: Duration = Duration::from_secs(4);
/// A client pings after this silence, and gives up on the link after `SILENCE_MAX`.
const PING_AFTER: Duration = Duration::from_millis(700);
const SILENCE_MAX: Duration = Duration::from_millis(2_800);

pub struct Link {
    socket: WebSocketStream<TcpStream>,
    last_received: Instant,
    ping_sent: bool,
}

impl Link {
    /// Connects and completes the handshake; `ready` is the next frame.
    pub async fn open(server: SocketAddr, cookie: &str) -> Result<Link, String> {
        let opening = async {
            let stream = TcpStream::connect(server).await.map_err(error_text)?;
            stream.set_nodelay(true).map_err(error_text)?;
            Link::handshake(stream, server, cookie).await
        };
        timeout(ANSWER_MAX, opening).await.map_err(error_text)?
    }

    /// Completes the handshake on an open connection.
    pub async fn handshake(stream: TcpStream, server: SocketAddr, cookie: &str) -> Result<Link, String> {
        let host = format!("chapp.localhost:{}", server.port());
        let mut request = format!("ws://{host}/ws").into_client_request().map_err(error_text)?;
        let headers = request.headers_mut();
        headers.insert("origin", format!("http://{host}").parse().map_err(error_text)?);
        headers.insert("cookie", cookie.parse().map_err(error_text)?);
        let (socket, _) = tokio_tungstenite::client_async(request, stream)
            .await
            .map_err(error_text)?;
        Ok(Link {
            socket,
            last_received: Instant::now(),
            ping_sent: false,
        })
    }

    pub async fn send(&mut self, frame: &Value) -> Result<(), String> {
        let sending = self.socket.send(Message::text(frame.to_string()));
        timeout(ANSWER_MAX, sending)
            .await
            .map_err(error_text)?
            .map_err(error_text)
    }

    /// The next frame, or `None` if none arrives before `end`. A link that stays silent for too long is an error.
    pub async fn next(&mut self, end: Instant) -> Result<Option<Value>, String> {
        loop {
            let quiet = if self.ping_sent { SILENCE_MAX } else { PING_AFTER };
            let wake = end.min(self.last_received + quiet);
            match timeout_at(wake, self.read()).await {
                Ok(frame) => {
                    (self.last_received, self.ping_sent) = (Instant::now(), false);
                    return frame.map(Some);
                }
                Err(_) if self.last_received + quiet > Instant::now() => return Ok(None),
                Err(_) if self.ping_sent => return Err("quiet".to_owned()),
                Err(_) => {
                    self.ping_sent = true;
                    self.send(&serde_json::json!({"type": "ping"})).await?;
                }
            }
        }
    }

    /// The next text frame. If the server closed, the error is the close code.
    pub async fn read(&mut self) -> Result<Value, String> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).map_err(error_text),
                Some(Ok(Message::Close(close))) => {
                    return Err(close.map_or("closed".to_owned(), |close| u16::from(close.code).to_string()));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error_text(error)),
                None => return Err("ended".to_owned()),
            }
        }
    }
}

pub fn error_text(error: impl Display) -> String {
    error.to_string()
}
