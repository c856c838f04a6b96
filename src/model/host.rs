//! What is done at the computer that runs the server: by a command of its user, or by the server itself.

use super::{Backup, CodeDigest, Nightly, UserId};
use crate::clock::Time;

/// A change that needs no role: anybody who can write the data file can make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostAct {
    /// A link with which somebody sets another password, once. Answered by `Event::Noted`.
    OfferReset {
        /// Who; also the owner.
        user: UserId,
        /// Of what stands in the link.
        code: CodeDigest,
        /// It works until then.
        ends_at: Time,
        /// The server's time at which the change was made.
        at: Time,
    },
    /// Somebody becomes the owner of the server, in place of the present one. Answered by `Event::PersonChanged`.
    HandOver(UserId),
    /// A backup was taken by a command. Answered by `Event::Noted`.
    BackedUp(Backup),
    /// What is known of the nightly backups from now on. Answered by `Event::Noted`.
    NightlyTried(Nightly),
}
