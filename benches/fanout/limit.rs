//! The least that a server can do and still deliver WebSocket frames to everybody: no accounts, no storage, no
//! JSON. The messages of one poll form one buffer, which is written once to each socket.

use crate::target::{frame_head, handshake_end};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

const LISTENER: Token = Token(usize::MAX);
const EVENTS: usize = 1_024;
const READ_BYTES: usize = 64 << 10;

struct Peer {
    stream: TcpStream,
    received: Vec<u8>,
    unsent: Vec<u8>,
    is_open: bool,
}

/// Runs until the process is killed.
pub fn serve(port: u16) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut events = Events::with_capacity(EVENTS);
    let mut peers: Vec<Option<Peer>> = Vec::new();
    let (mut batch, mut buffer) = (Vec::new(), vec![0; READ_BYTES]);
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                accept(&listener, &poll, &mut peers)?;
                continue;
            }
            let Some(slot) = peers.get_mut(event.token().0) else {
                continue;
            };
            if let Some(peer) = slot
                && !peer.handle(&mut buffer, &mut batch)
            {
                *slot = None;
            }
        }
        if !batch.is_empty() {
            for slot in &mut peers {
                if slot.as_mut().is_some_and(|peer| peer.is_open && !peer.send(&batch)) {
                    *slot = None;
                }
            }
            batch.clear();
        }
    }
}

fn accept(listener: &TcpListener, poll: &Poll, peers: &mut Vec<Option<Peer>>) -> io::Result<()> {
    while let Ok((mut stream, _)) = listener.accept() {
        let both = Interest::READABLE | Interest::WRITABLE;
        poll.registry().register(&mut stream, Token(peers.len()), both)?;
        stream.set_nodelay(true)?;
        peers.push(Some(Peer {
            stream,
            received: Vec::new(),
            unsent: Vec::new(),
            is_open: false,
        }));
    }
    Ok(())
}

impl Peer {
    /// Reads what is available and writes what is unsent. Returns false once the connection has ended.
    fn handle(&mut self, buffer: &mut [u8], batch: &mut Vec<u8>) -> bool {
        if !self.unsent.is_empty() {
            let unsent = std::mem::take(&mut self.unsent);
            if !self.send(&unsent) {
                return false;
            }
        }
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return false,
                Ok(read) => self.received.extend_from_slice(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => return false,
            }
        }
        if !self.is_open && !self.handshake() {
            return false;
        }
        while let Some((head, length, mask)) = frame_head(&self.received).filter(|_| self.is_open) {
            if self.received.len() < head + length {
                break;
            }
            let payload: Vec<u8> = self.received.drain(..head + length).skip(head).collect();
            batch.extend(crate::target::server_head(length));
            batch.extend(payload.iter().enumerate().map(|(at, byte)| byte ^ mask[at % 4]));
        }
        true
    }

    fn handshake(&mut self) -> bool {
        let Some(end) = handshake_end(&self.received) else {
            return true;
        };
        let head = String::from_utf8_lossy(&self.received[..end]).into_owned();
        let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
        let accept = derive_accept_key(key.unwrap_or_default().as_bytes());
        self.received.drain(..end);
        self.is_open = true;
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        self.send(answer.as_bytes())
    }

    fn send(&mut self, bytes: &[u8]) -> bool {
        let written = match self.unsent.is_empty() {
            true => self.stream.write(bytes),
            false => Ok(0),
        };
        match written {
            Ok(written) => self.unsent.extend_from_slice(&bytes[written..]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.unsent.extend_from_slice(bytes),
            Err(_) => return false,
        }
        true
    }
}
