//! How a command ended: its exit code, and what it prints.

/// The exit code that shells expect after Ctrl-C: 128 plus the number of the signal.
const STOPPED: u8 = 130;

/// How a command ended.
pub(super) struct Outcome {
    pub code: u8,
    /// The text for standard output.
    pub said: String,
    /// The text for standard error.
    pub trouble: String,
}

impl Outcome {
    pub fn done(said: impl Into<String>) -> Outcome {
        Outcome {
            code: 0,
            said: said.into(),
            trouble: String::new(),
        }
    }

    pub fn failed(why: impl ToString) -> Outcome {
        Outcome {
            code: 1,
            said: String::new(),
            trouble: why.to_string(),
        }
    }

    pub fn stopped() -> Outcome {
        Outcome {
            code: STOPPED,
            ..Outcome::failed("Stopped. Nothing was changed.")
        }
    }
}
