//! The parts of the server that run by themselves, and the points where a test makes one panic.

use crate::model::UserId;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// A part that runs as long as the server does, or as long as a socket does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
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
    Signals,
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

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::Accept => "accepting connections",
            Part::FanOut => "fan-out",
            Part::Writer => "the writer of the data file",
            Part::Sweep => "the sweep of sessions",
            Part::Presence => "presence",
            Part::Signals => "delivering typing and read marks",
            Part::ReadMarks => "writing how far people have read",
            Part::Erase => "erasing",
            Part::Commands => "answering commands",
            Part::Nightly => "nightly backups",
            Part::Trouble => "telling whether messages are saved",
            Part::Passwords => "hashing passwords",
            Part::Socket(_) => "a socket",
        })
    }
}

/// A test's hook, called when a part begins some work. It may panic.
pub type PartFault = dyn Fn(Part) + Send + Sync;

/// The points where tests break parts of the server. Clones share them.
#[derive(Clone, Default)]
pub struct FaultPoints(Arc<OnceLock<Arc<PartFault>>>);

impl FaultPoints {
    /// Installs the hook, for good.
    pub fn set(&self, injector: Arc<PartFault>) {
        let _ = self.0.set(injector);
    }

    /// Calls the hook when this part begins some work.
    pub fn reach(&self, part: Part) {
        if let Some(inject) = self.0.get() {
            inject(part);
        }
    }
}
