//! The parts of the server that run by themselves, and where a test makes one of them panic.

use crate::model::UserId;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Something that runs for as long as the server does, or for as long as a socket does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Takes connections.
    Accept,
    /// Writes what happens to everybody's sockets.
    FanOut,
    /// Writes the data file.
    Writer,
    /// Ends sessions and silent sockets.
    Sweep,
    /// Tells who comes and goes.
    Presence,
    /// Tells who types and how far people have read.
    Signals,
    /// Writes how far people have read.
    ReadMarks,
    /// Erases what was deleted.
    Erase,
    /// Answers the commands of this computer.
    Commands,
    /// Makes the nightly backups.
    Nightly,
    /// Tells people whether what they write is saved.
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
            Part::Signals => "telling who types",
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

/// What a test does where a part begins some work: it may panic.
pub type PartFault = dyn Fn(Part) + Send + Sync;

/// Where tests break parts of the server. Clones share it.
#[derive(Clone, Default)]
pub struct FaultPoints(Arc<OnceLock<Arc<PartFault>>>);

impl FaultPoints {
    /// From now on, for good.
    pub fn set(&self, injector: Arc<PartFault>) {
        let _ = self.0.set(injector);
    }

    /// This part begins some work.
    pub fn reach(&self, part: Part) {
        if let Some(inject) = self.0.get() {
            inject(part);
        }
    }
}
