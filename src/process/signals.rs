//! The signals that stop the server, heard on a thread of their own: they must be heard also while the thread that
//! serves hangs, in a disk for instance.

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

/// What somebody who stops the server has sent.
#[derive(PartialEq, Eq)]
enum Signal {
    /// Ctrl-C, SIGTERM.
    Stop,
    /// The terminal is gone. Comes twice at times, and right behind a SIGTERM, without anybody being impatient.
    Hangup,
}

/// Listens from now on, and is ready once the server should stop. A second signal ends the process at once.
///
/// # Errors
/// When the system gives no thread or no signals.
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
            // Our parent process may pass on a signal that we have received ourselves.
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

/// From now on, a file that may grow no further (setrlimit(2), RLIMIT_FSIZE) is a full disk, and no longer the end
/// of the process. Needs a tokio runtime.
///
/// # Errors
/// When the system gives no signals.
#[cfg(unix)]
pub(super) fn survive_file_size_limit() -> io::Result<()> {
    // A handler stays for good, also where nobody listens to it: then the write fails with EFBIG.
    signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())).map(drop)
}

/// There is no such signal.
#[cfg(windows)]
pub(super) fn survive_file_size_limit() -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
struct Signals {
    stop: [unix::Signal; 2],
    /// `None` where it is ignored.
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

/// Whether somebody has this signal ignored, as nohup(1) does: they want us to stay.
#[cfg(target_os = "linux")]
fn is_ignored(signal: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal.as_raw_value() - 1) & 1 == 1)
}

/// Elsewhere nobody can ask without unsafe code.
#[cfg(all(unix, not(target_os = "linux")))]
fn is_ignored(_: SignalKind) -> bool {
    false
}

#[cfg(windows)]
struct Signals {
    stop: (CtrlC, CtrlBreak),
    /// The window of the console is closed, or the computer shuts down.
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
