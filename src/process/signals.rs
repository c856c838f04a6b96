//! The signals that stop the server, received on a thread of their own: they must work even while the serving thread
//! hangs, for instance in a disk access.

use super::ending::Ending;
use crate::limits::SECOND_SIGNAL_AFTER;
use std::future::poll_fn;
use std::io;
use std::sync::mpsc;
use std::task::Poll;
use std::thread;
use std::time::Instant;
use tokio::runtime;
#[cfg(unix)]
use tokio::signal::unix::{self, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{
    CtrlBreak, CtrlC, CtrlClose, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown,
};
use tokio::sync::oneshot;

/// A signal that stops the server.
#[derive(PartialEq, Eq)]
enum Signal {
    /// Ctrl-C or SIGTERM.
    Stop,
    /// The terminal was closed. It may come twice, or right after a SIGTERM, without anybody being impatient.
    Hangup,
}

/// Starts listening. The future completes when the server should stop. A second signal ends the process at once.
///
/// # Errors
/// When the system has no threads left, or refuses the signal handlers.
pub(super) fn listen(ending: Ending) -> io::Result<impl Future<Output = ()>> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let (say_ready, ready) = mpsc::channel();
    let (stop, stopping) = oneshot::channel();
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async {
            let mut signals = match Signals::listen() {
                Ok(signals) => signals,
                Err(error) => return drop(say_ready.send(Err(error))),
            };
            let _ = say_ready.send(Ok(()));
            signals.next().await;
            let began = Instant::now();
            ending.begin();
            let _ = stop.send(());
            // Our parent process may forward a signal that we have received ourselves.
            while signals.next().await != Signal::Stop || began.elapsed() < SECOND_SIGNAL_AFTER {}
            ending.at_once("Chapp was told to stop twice, and ended at once.");
        });
    })?;
    ready.recv().map_err(io::Error::other)??;
    Ok(async move {
        if stopping.await.is_err() {
            std::future::pending().await
        }
    })
}

/// Makes a file that may grow no further (setrlimit(2), RLIMIT_FSIZE) act like a full disk, and no longer end the
/// process. Needs a tokio runtime.
///
/// # Errors
/// When the system refuses the signal handler.
#[cfg(unix)]
pub(super) fn survive_file_size_limit() -> io::Result<()> {
    // The handler stays for good, even when nobody listens: the write then fails with EFBIG.
    signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())).map(drop)
}

/// Windows has no such signal.
#[cfg(windows)]
pub(super) fn survive_file_size_limit() -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
struct Signals {
    stop: [unix::Signal; 2],
    /// `None` if the signal is ignored.
    hangup: Option<unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Signals> {
        Ok(Signals {
            stop: [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?],
            hangup: match is_ignored(SignalKind::hangup()) {
                true => None,
                false => Some(signal(SignalKind::hangup())?),
            },
        })
    }

    async fn next(&mut self) -> Signal {
        poll_fn(|cx| {
            let mut has_come = |signal: &mut unix::Signal| signal.poll_recv(cx).is_ready();
            if self.stop.iter_mut().any(&mut has_come) {
                return Poll::Ready(Signal::Stop);
            }
            match self.hangup.as_mut().is_some_and(has_come) {
                true => Poll::Ready(Signal::Hangup),
                false => Poll::Pending,
            }
        })
        .await
    }
}

/// Whether this signal is ignored, as under nohup(1): the process should then stay.
#[cfg(target_os = "linux")]
fn is_ignored(signal: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal.as_raw_value() - 1) & 1 == 1)
}

/// Other systems offer no way to ask without unsafe code.
#[cfg(all(unix, not(target_os = "linux")))]
fn is_ignored(_: SignalKind) -> bool {
    false
}

#[cfg(windows)]
struct Signals {
    stop: (CtrlC, CtrlBreak),
    /// The console window was closed, or the computer shuts down.
    hangup: (CtrlClose, CtrlShutdown),
}

#[cfg(windows)]
impl Signals {
    fn listen() -> io::Result<Signals> {
        Ok(Signals {
            stop: (ctrl_c()?, ctrl_break()?),
            hangup: (ctrl_close()?, ctrl_shutdown()?),
        })
    }

    async fn next(&mut self) -> Signal {
        poll_fn(|cx| {
            if self.stop.0.poll_recv(cx).is_ready() || self.stop.1.poll_recv(cx).is_ready() {
                return Poll::Ready(Signal::Stop);
            }
            match self.hangup.0.poll_recv(cx).is_ready() || self.hangup.1.poll_recv(cx).is_ready() {
                true => Poll::Ready(Signal::Hangup),
                false => Poll::Pending,
            }
        })
        .await
    }
}
