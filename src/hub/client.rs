//! The outgoing side of a connection: a direct write that does not wait, and behind it a bounded queue.
//!
//! The fast path is a second handle on the socket in a flat list ([`Slot`]), which is written to without waking any
//! task. Only when a socket is full do the remaining bytes wait in the client's queue. One task per full socket
//! writes them, and new frames go behind them until it is done.

use super::rooms::Rooms;
use crate::limits::{CLIENT_QUEUE_BYTES_MAX, SLICES_MAX};
use crate::model::{ConnectionId, SessionId, UserId};
use crate::wire::{self, CloseCode};
use bytes::{Buf, Bytes};
use std::collections::VecDeque;
use std::io::{self, IoSlice, Write};
use std::net::Shutdown;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Notify;

/// The state that a connection's own task and the hub share.
pub struct Client {
    /// The id of this connection.
    pub id: ConnectionId,
    /// The session that opened it.
    pub session: SessionId,
    half: OwnedWriteHalf,
    queue: Mutex<Queue>,
    last_activity: AtomicU32,
    ending: Notify,
}

#[derive(Default)]
struct Queue {
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// The connection is not open yet: frames wait until the first one is written.
    not_opened: bool,
    /// A task is writing the queue.
    writing: bool,
    /// The close frame is queued or written. Nothing may follow it.
    closed: bool,
    ending: Option<CloseCode>,
}

impl Queue {
    fn push(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }

    /// Removes `written` bytes from the front.
    fn advance(&mut self, mut written: usize) {
        self.bytes -= written;
        while let Some(front) = self.frames.front_mut() {
            if written < front.len() {
                let _ = front.split_to(written);
                return;
            }
            written -= front.len();
            self.frames.pop_front();
        }
    }

    /// Whether no frame may be sent any more.
    fn rejects_frames(&self) -> bool {
        // A stop still answers accepted commands. Every other end takes effect at once.
        self.closed || self.ending.is_some_and(|code| code != CloseCode::GoingAway)
    }
}

impl Client {
    pub(super) fn new(id: ConnectionId, session: SessionId, half: OwnedWriteHalf, now: u32) -> Client {
        let queue = Queue {
            not_opened: true,
            ..Queue::default()
        };
        Client {
            id,
            session,
            half,
            queue: Mutex::new(queue),
            last_activity: AtomicU32::new(now),
            ending: Notify::new(),
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the connection's task to end it. The first reason wins.
    fn end(&self, code: CloseCode) {
        self.queue().ending.get_or_insert(code);
        self.ending.notify_one();
    }

    /// Waits until this connection should end.
    pub async fn ended(&self) -> CloseCode {
        loop {
            if let Some(code) = self.queue().ending {
                return code;
            }
            self.ending.notified().await;
        }
    }

    pub(super) fn record_activity(&self, now: u32) {
        self.last_activity.store(now, Relaxed);
    }

    pub(super) fn last_activity(&self) -> u32 {
        self.last_activity.load(Relaxed)
    }

    /// Waits until everything queued is written, or the socket has failed.
    pub async fn flushed(&self) {
        while self.queue().writing {
            if self.half.writable().await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Writes the queue as fast as the socket takes it.
    async fn write_queue(self: Arc<Client>) {
        loop {
            let writable = self.half.writable().await;
            let mut queue = self.queue();
            let written = match writable {
                Ok(()) => self.try_write(&queue.frames),
                Err(error) => Err(error),
            };
            match written {
                Ok(written) => queue.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => {
                    // The connection's task gets the same error and unregisters the client.
                    queue.closed = true;
                    queue.frames.clear();
                    queue.bytes = 0;
                }
            }
            if queue.frames.is_empty() {
                queue.writing = false;
                return;
            }
        }
    }

    fn try_write(&self, frames: &VecDeque<Bytes>) -> io::Result<usize> {
        let slices: Vec<IoSlice> = frames
            .iter()
            .take(SLICES_MAX)
            .map(|frame| IoSlice::new(frame))
            .collect();
        self.half.try_write_vectored(&slices)
    }
}

/// One entry of the hub's flat list.
pub(super) struct Slot {
    direct: std::net::TcpStream,
    /// The client's queue may hold frames: check it first.
    check_queue_first: bool,
    /// A copy of the client's id, so that a delivery does not have to follow the pointer to the client.
    pub id: ConnectionId,
    pub user: UserId,
    /// The rooms this connection is subscribed to.
    pub rooms: Rooms,
    /// Nobody is using the client at the moment.
    pub is_away: bool,
    pub client: Arc<Client>,
}

impl Slot {
    pub fn new(direct: std::net::TcpStream, user: UserId, client: Arc<Client>) -> Slot {
        Slot {
            direct,
            check_queue_first: true,
            id: client.id,
            user,
            rooms: Rooms::Unknown(Vec::new()),
            is_away: false,
            client,
        }
    }

    /// Writes whole frames now, or queues them behind waiting ones. A client whose queue is full is asked to end.
    pub fn write(&mut self, frames: Bytes) {
        if let Some(frames) = self.queue_if_needed(frames) {
            self.write_direct(frames);
        }
    }

    /// Returns the frames if nothing waits: then they may be written at once.
    pub fn queue_if_needed(&mut self, frames: Bytes) -> Option<Bytes> {
        if self.check_queue_first {
            let mut queue = self.client.queue();
            if queue.rejects_frames() {
                return None;
            }
            if queue.not_opened || queue.writing {
                queue.push(frames);
                let full = queue.bytes > CLIENT_QUEUE_BYTES_MAX;
                drop(queue);
                if full {
                    self.end_as_too_slow();
                }
                return None;
            }
            self.check_queue_first = false;
        }
        Some(frames)
    }

    pub fn write_direct(&mut self, frames: Bytes) {
        let written = (&self.direct).write(&frames);
        self.account_for(frames, written);
    }

    /// Accounts for `written` bytes of the frames and queues the rest.
    pub fn account_for(&mut self, mut frames: Bytes, written: io::Result<usize>) {
        match written {
            Ok(written) => frames.advance(written),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            // The connection's task gets the same error and unregisters the client.
            Err(_) => return self.shut_down(),
        }
        if !frames.is_empty() {
            self.queue_up(frames);
        }
    }

    #[cfg(has_io_uring)]
    pub fn socket(&self) -> &std::net::TcpStream {
        &self.direct
    }

    fn queue_up(&mut self, rest: Bytes) {
        self.check_queue_first = true;
        let mut queue = self.client.queue();
        queue.push(rest);
        if !queue.writing {
            queue.writing = true;
            tokio::spawn(self.client.clone().write_queue());
        }
    }

    /// Bytes queued for the client: it is slow, or not opened yet. `None` if there are none.
    pub fn queued_bytes(&self) -> Option<usize> {
        let bytes = if self.check_queue_first {
            self.client.queue().bytes
        } else {
            0
        };
        (bytes > 0).then_some(bytes)
    }

    /// Writes `first`, then the frames that have waited for it.
    pub fn open(&mut self, first: Bytes) {
        let waiting = {
            let mut queue = self.client.queue();
            queue.not_opened = false;
            queue.bytes = 0;
            std::mem::take(&mut queue.frames)
        };
        self.write(first);
        for frame in waiting {
            self.write(frame);
        }
    }

    /// Ends a client that is too slow. Nobody waits for it: unsent frames are dropped, and it catches up when it
    /// reconnects.
    fn end_as_too_slow(&mut self) {
        {
            let mut queue = self.client.queue();
            // The front frame may be half written, and must be completed.
            queue.frames.truncate(1);
            queue.bytes = queue.frames.front().map_or(0, Bytes::len);
        }
        self.end(CloseCode::TooSlow);
    }

    /// Asks the connection's task to end it. No frame is sent after that, except that a stop still delivers the
    /// answers to accepted commands.
    pub fn end(&mut self, code: CloseCode) {
        self.check_queue_first = true;
        self.client.end(code);
    }

    /// Sends the close frame, the last frame of a connection.
    pub fn close(&mut self, code: CloseCode) {
        let mut queue = self.client.queue();
        if queue.closed {
            return;
        }
        queue.closed = true;
        queue.ending.get_or_insert(code);
        // The connection was never opened, so its frames are for nobody.
        if std::mem::take(&mut queue.not_opened) {
            queue.frames.clear();
            queue.bytes = 0;
        }
        if queue.writing {
            queue.push(wire::close_frame(code));
            return;
        }
        drop(queue);
        // From now on, `rejects_frames` rejects all frames.
        self.check_queue_first = true;
        self.write_direct(wire::close_frame(code));
        self.check_queue_first = true;
    }

    /// Shuts down both directions at once.
    pub fn shut_down(&self) {
        let _ = self.direct.shutdown(Shutdown::Both);
    }
}
