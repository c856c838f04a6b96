//! Numeric ids. The store assigns them; the protocol shows them as integers.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// The largest id or seq: the largest integer that every JSON reader represents exactly (2^53 - 1, RFC 8259 §6).
pub const ID_MAX: u64 = (1 << 53) - 1;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u64);

        impl $name {
            /// Accepts 1 to [`ID_MAX`].
            pub fn parse(number: u64) -> Result<$name> {
                match number {
                    1..=ID_MAX => Ok($name(number)),
                    _ => Err(Error::invalid($field, concat!("A ", $field, " is a whole number from 1."))),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// The id of an account.
    UserId,
    "user"
);
id!(
    /// The id of a room.
    RoomId,
    "room"
);

/// The position of a change in its room: 1, 2, 3, … without gaps. 0 is before the first change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Seq(pub u64);

impl Seq {
    /// Accepts 0 to [`ID_MAX`].
    pub fn parse(number: u64) -> Result<Seq> {
        match number {
            0..=ID_MAX => Ok(Seq(number)),
            _ => Err(Error::invalid("seq", "A seq is a whole number below 2^53.")),
        }
    }

    /// The seq after this one.
    pub fn next(self) -> Seq {
        Seq(self.0 + 1)
    }
}

impl std::fmt::Display for Seq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The id of a connection, unique within the process. Never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ConnectionId(pub u64);
