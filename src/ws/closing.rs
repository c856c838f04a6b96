//! Chooses the close code for what a client sends (RFC 6455 §7.4).

use crate::wire::CloseCode;
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding;

/// The code that answers a close frame. tungstenite replaces a code that no endpoint may send by 1002. A 1002 from
/// the client itself is echoed (RFC 6455 §5.5.1), which gives the same code.
pub(super) fn answer(close: Option<&CloseFrame>) -> CloseCode {
    match close.map(|close| close.code) {
        Some(coding::CloseCode::Protocol) => CloseCode::ProtocolError,
        _ => CloseCode::Normal,
    }
}

/// The close code for a socket whose next frame cannot be read.
pub(super) fn of_error(error: &SocketError) -> CloseCode {
    match error {
        SocketError::Utf8(_) => CloseCode::NotUtf8,
        SocketError::Capacity(_) => CloseCode::TooLarge,
        // The connection is gone, but the client has not violated the protocol.
        SocketError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => CloseCode::Normal,
        SocketError::Protocol(_) => CloseCode::ProtocolError,
        _ => CloseCode::Normal,
    }
}
