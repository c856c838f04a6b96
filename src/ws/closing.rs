//! Which close code answers what a client sends (RFC 6455 §7.4).

use crate::wire::CloseCode;
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding;

/// The answer to a close frame. tungstenite puts 1002 in the place of a code that no endpoint may send; one that the
/// client sent itself is echoed (RFC 6455 §5.5.1), which is the same.
pub(super) fn answer(close: Option<&CloseFrame>) -> CloseCode {
    match close.map(|close| close.code) {
        Some(coding::CloseCode::Protocol) => CloseCode::ProtocolError,
        _ => CloseCode::Normal,
    }
}

/// Why a socket ends whose next frame cannot be read.
pub(super) fn of_error(error: &SocketError) -> CloseCode {
    match error {
        SocketError::Utf8(_) => CloseCode::NotUtf8,
        SocketError::Capacity(_) => CloseCode::TooLarge,
        // The connection is gone; nobody has broken the framing.
        SocketError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => CloseCode::Normal,
        SocketError::Protocol(_) => CloseCode::ProtocolError,
        _ => CloseCode::Normal,
    }
}
