//! What the writer is given to do.

use crate::error::Result;
use crate::model::{Change, Event};
use std::time::Instant;
use tokio::sync::oneshot;

// Almost every job is a change: a box for each would be an allocation for nothing.
#[allow(clippy::large_enum_variant)]
pub enum Job {
    /// A change to commit.
    Change(Waiting),
    /// A reader met a failed file, the `opened`-th.
    Heal { opened: u64 },
    /// Take no more work, and finish what there is.
    Close(oneshot::Sender<()>),
}

/// A change that waits for its commit.
pub struct Waiting {
    pub change: Change,
    pub reply: Reply,
    pub came: Instant,
}

pub type Reply = oneshot::Sender<Result<Event>>;
