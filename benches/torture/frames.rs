//! Splits a byte stream into WebSocket frames (RFC 6455 §5.2) after the head of the handshake.

/// Yields the head, then one frame at a time. A stream without a WebSocket handshake passes unchanged.
#[derive(Default)]
pub struct Frames {
    bytes: Vec<u8>,
    state: State,
}

#[derive(Default, PartialEq)]
enum State {
    #[default]
    Head,
    Frames,
    /// Not a WebSocket.
    Plain,
}

/// A head, a frame or plain bytes, forwarded as a whole.
pub struct Piece {
    pub bytes: Vec<u8>,
    /// The unmasked text of a text frame.
    pub text: Option<String>,
}

impl Frames {
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Piece> {
        self.bytes.extend_from_slice(bytes);
        let mut pieces = Vec::new();
        while let Some(piece) = self.next() {
            pieces.push(piece);
        }
        pieces
    }

    fn next(&mut self) -> Option<Piece> {
        let length = match self.state {
            State::Plain => self.bytes.len(),
            State::Head => {
                let end = self.bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
                let head = String::from_utf8_lossy(&self.bytes[..end]).to_ascii_lowercase();
                self.state = match head.contains("\r\nupgrade: websocket\r\n") {
                    true => State::Frames,
                    false => State::Plain,
                };
                end
            }
            State::Frames => {
                let (head, payload, mask) = self.sizes()?;
                let whole = head + payload;
                if self.bytes.len() < whole {
                    return None;
                }
                let text = (self.bytes[0] & 0x0F == 1).then(|| {
                    let payload = self.bytes[head..whole].iter().enumerate();
                    let clear: Vec<u8> = payload.map(|(at, byte)| byte ^ mask[at % 4]).collect();
                    String::from_utf8_lossy(&clear).into_owned()
                });
                let bytes = self.bytes.drain(..whole).collect();
                return Some(Piece { bytes, text });
            }
        };
        let bytes: Vec<u8> = self.bytes.drain(..length).collect();
        (!bytes.is_empty()).then_some(Piece { bytes, text: None })
    }

    /// The lengths of the next frame's head and payload in bytes, and its mask.
    fn sizes(&self) -> Option<(usize, usize, [u8; 4])> {
        let second = *self.bytes.get(1)?;
        let (mut head, payload) = match second & 0x7F {
            126 => (4, u64::from(u16::from_be_bytes(self.bytes.get(2..4)?.try_into().ok()?))),
            127 => (10, u64::from_be_bytes(self.bytes.get(2..10)?.try_into().ok()?)),
            length => (2, u64::from(length)),
        };
        let mut mask = [0; 4];
        if second & 0x80 != 0 {
            mask = self.bytes.get(head..head + 4)?.try_into().ok()?;
            head += 4;
        }
        Some((head, payload as usize, mask))
    }
}

/// An unmasked text frame, as a server sends it.
pub fn text(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x81];
    match text.len() {
        length @ 0..126 => bytes.push(length as u8),
        length @ 126..65_536 => {
            bytes.push(126);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            bytes.push(127);
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(text.as_bytes());
    bytes
}
