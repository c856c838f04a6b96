//! The tasks of the server that run by themselves, and the points where a test makes one panic.

use crate::model::UserId;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// A task that runs as long as the server does, or as long as a socket does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackgroundTask {
    /// Accepts connections.
    Accept,
    /// Delivers events to all sockets.
    FanOut,
    /// Writes the data file.
    Writer,
    /// Ends expired sessions and silent sockets.
    Sweep,
    /// Announces changes of presence.
    Presence,
    /// Delivers typing and read marks.
    Coalesced,
    /// Commits read marks.
    ReadMarks,
    /// Erases deleted messages and unused files.
    Erase,
    /// Answers commands on this computer.
    Commands,
    /// Takes the nightly backups.
    Nightly,
    /// Announces whether messages are saved.
    Trouble,
    /// Hashes passwords.
    Passwords,
    /// One socket of this person.
    Socket(UserId),
}

impl fmt::Display for BackgroundTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BackgroundTask::Accept => "accepting connections",
            BackgroundTask::FanOut => "fan-out",
            BackgroundTask::Writer => "the writer of the data file",
            BackgroundTask::Sweep => "the sweep of sessions",
            BackgroundTask::Presence => "presence",
            BackgroundTask::Coalesced => "delivering typing and read marks",
            BackgroundTask::ReadMarks => "writing how far people have read",
            BackgroundTask::Erase => "erasing",
            BackgroundTask::Commands => "answering commands",
            BackgroundTask::Nightly => "nightly backups",
            BackgroundTask::Trouble => "telling whether messages are saved",
            BackgroundTask::Passwords => "hashing passwords",
            BackgroundTask::Socket(_) => "a socket",
        })
    }
}

/// A test's hook, called when a task begins some work. It may panic.
pub type TaskFault = dyn Fn(BackgroundTask) + Send + Sync;

/// The points where tests break tasks of the server. Clones share them.
#[derive(Clone, Default)]
pub struct FaultPoints(Arc<OnceLock<Arc<TaskFault>>>);

impl FaultPoints {
    /// Installs the hook, for good.
    pub fn set(&self, injector: Arc<TaskFault>) {
        let _ = self.0.set(injector);
    }

    /// Calls the hook when this task begins some work.
    pub fn reach(&self, task: BackgroundTask) {
        if let Some(inject) = self.0.get() {
            inject(task);
        }
    }
}
