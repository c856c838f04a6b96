//! Actions on the server's own machine: by a command of its user, or by the server itself.

use super::{Backup, CodeDigest, Nightly, UserId};
use crate::clock::Time;

/// An action that needs no role: anyone who can write to the data file can do all of this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostAct {
    /// Makes a link that sets a new password once. Answered by `Event::Done`.
    OfferReset {
        /// The user whose password it sets. May be the owner.
        user: UserId,
        /// The digest of the code in the link.
        code: CodeDigest,
        /// When the link expires.
        ends_at: Time,
        /// The server's time at which the change was made.
        at: Time,
    },
    /// Makes a user the owner of the server in place of the current owner. Answered by `Event::PersonChanged`.
    HandOver(UserId),
    /// Records a backup taken by a command. Answered by `Event::Done`.
    BackedUp(Backup),
    /// Records the state of the nightly backups. Answered by `Event::Done`.
    NightlyTried(Nightly),
}
