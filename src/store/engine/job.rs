//! The writer's jobs.

use crate::error::Result;
use crate::model::{Change, Event};
use std::time::Instant;
use tokio::sync::oneshot;

// Almost every job is a change, so boxing it would cost an allocation for nothing.
#[allow(clippy::large_enum_variant)]
pub enum Job {
    /// A change to commit.
    Change(QueuedChange),
    /// A reader hit an error in this generation of the file.
    Reopen { generation: u64 },
    /// Take no new work, and finish the work in the queue.
    Close(oneshot::Sender<()>),
}

/// A change that is waiting for its commit.
pub struct QueuedChange {
    pub change: Change,
    pub reply: Reply,
    pub queued_at: Instant,
}

pub type Reply = oneshot::Sender<Result<Event>>;
