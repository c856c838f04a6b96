//! Closes a connection whose request was answered before all of it had arrived (RFC 9112 §9.6).
//!
//! If it were closed at once, the kernel would reset it when more bytes arrive, and the client would lose the answer.
//! So only our side is closed, and incoming bytes are dropped until the client closes its side or a limit is reached.

use crate::limits::{BODY_BYTES_PASSED_OVER, LINGER_BYTES_MAX, LINGER_IDLE_TIMEOUT, LINGER_TIMEOUT};
use hyper::body::Body;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

/// Whether a connection must linger when it is closed. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Linger(Arc<AtomicBool>);

impl Linger {
    /// Sets whether the last request was answered before all of it had arrived.
    pub fn set(&self, on: bool) {
        self.0.store(on, Relaxed);
    }
}

/// Whether the rest of a body is so long that refusing the request closes its connection.
pub fn is_long(body: &impl Body) -> bool {
    body.size_hint()
        .upper()
        .is_none_or(|bytes| bytes > BODY_BYTES_PASSED_OVER)
}

/// A connection that lingers if it must.
pub struct Lingering<T> {
    stream: T,
    linger: Linger,
    closing: Option<Closing>,
}

/// The state after our side was closed.
struct Closing {
    bytes_left: u64,
    ends: Pin<Box<Sleep>>,
    idle: Pin<Box<Sleep>>,
}

impl<T> Lingering<T> {
    /// Wraps a connection. `linger` decides when it is closed.
    pub fn new(stream: T, linger: Linger) -> Lingering<T> {
        Lingering {
            stream,
            linger,
            closing: None,
        }
    }
}

/// Takes the socket out of hyper. Nothing was read ahead, since a client waits for the answer. Keeping hyper's empty
/// read buffer would cost 8 KiB for the life of the socket.
pub fn into_stream(upgraded: Upgraded) -> Option<TcpStream> {
    let parts = upgraded.downcast::<TokioIo<Lingering<TcpStream>>>().ok()?;
    Some(parts.io.into_inner().stream)
}

impl<T: AsyncRead + Unpin> Lingering<T> {
    /// Drops incoming bytes. Ready when the client has closed its side, or a limit is reached.
    fn poll_drop(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(closing) = &mut self.closing else {
            return Poll::Ready(());
        };
        let mut dropped = [0; 8 << 10];
        while closing.bytes_left > 0 {
            let mut buffer = ReadBuf::new(&mut dropped);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    closing.bytes_left = closing.bytes_left.saturating_sub(buffer.filled().len() as u64);
                    closing.idle.as_mut().reset(Instant::now() + LINGER_IDLE_TIMEOUT);
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => {
                    let is_over =
                        closing.ends.as_mut().poll(cx).is_ready() || closing.idle.as_mut().poll(cx).is_ready();
                    return if is_over { Poll::Ready(()) } else { Poll::Pending };
                }
            }
        }
        Poll::Ready(())
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Lingering<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.closing.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            if !self.linger.0.load(Relaxed) {
                return Poll::Ready(Ok(()));
            }
            self.closing = Some(Closing {
                bytes_left: LINGER_BYTES_MAX,
                ends: Box::pin(sleep_until(Instant::now() + LINGER_TIMEOUT)),
                idle: Box::pin(sleep(LINGER_IDLE_TIMEOUT)),
            });
        }
        self.poll_drop(cx).map(Ok)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
