//! Read marks that wait to be committed together, only the latest of each person in each room.

use super::unexpected::unexpected;
use crate::error::Result;
use crate::limits::READ_MARKS_WAITING_MAX;
use crate::model::{Change, ConnectionId, Event, ReadMark, RoomId, Seq, UserId};
use crate::store::{Pending, Store};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};

/// Marks that are not committed yet.
pub(super) struct ReadMarks {
    store: Store,
    waiting: Mutex<HashMap<(UserId, RoomId), WaitingMark>>,
    pub arrived: Notify,
    /// Held while the marks are handed to the writer, so that later changes do not overtake them.
    submitting: tokio::sync::Mutex<()>,
    /// Held until the marks are committed.
    writing: tokio::sync::Mutex<()>,
}

struct WaitingMark {
    seq: Seq,
    by: ConnectionId,
    callers: Vec<oneshot::Sender<Result<ReadMark>>>,
}

/// A mark that the writer has.
pub(super) struct SubmittedMark {
    pending: Result<Pending>,
    callers: Vec<oneshot::Sender<Result<ReadMark>>>,
}

impl SubmittedMark {
    async fn answer(self) {
        let marked = match self.pending {
            Ok(pending) => pending.await.and_then(marked),
            Err(error) => Err(error),
        };
        if let Err(error) = &marked
            && self.callers.iter().all(oneshot::Sender::is_closed)
        {
            error.log();
        }
        for caller in self.callers {
            // A caller that was dropped does not need the answer.
            let _ = caller.send(marked.clone());
        }
    }
}

impl ReadMarks {
    pub fn new(store: Store) -> Arc<ReadMarks> {
        Arc::new(ReadMarks {
            store,
            waiting: Mutex::default(),
            arrived: Notify::new(),
            submitting: tokio::sync::Mutex::default(),
            writing: tokio::sync::Mutex::default(),
        })
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<(UserId, RoomId), WaitingMark>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn add(&self, user: UserId, room: RoomId, seq: Seq, by: ConnectionId) -> oneshot::Receiver<Result<ReadMark>> {
        let (caller, answer) = oneshot::channel();
        let mut waiting = self.waiting();
        let mark = waiting.entry((user, room)).or_insert_with(|| WaitingMark {
            seq,
            by,
            callers: Vec::new(),
        });
        if seq >= mark.seq {
            (mark.seq, mark.by) = (seq, by);
        }
        mark.callers.retain(|caller| !caller.is_closed());
        mark.callers.push(caller);
        drop(waiting);
        self.arrived.notify_one();
        answer
    }

    pub fn is_full_for(&self, user: UserId, room: RoomId) -> bool {
        let waiting = self.waiting();
        waiting.len() >= READ_MARKS_WAITING_MAX && !waiting.contains_key(&(user, room))
    }

    /// Whether some marks of this person may not be committed yet.
    pub fn may_have_some_of(&self, user: UserId) -> bool {
        self.waiting().keys().any(|(whose, _)| *whose == user) || self.writing.try_lock().is_err()
    }

    pub async fn submit(&self) -> Vec<SubmittedMark> {
        let _turn = self.submitting.lock().await;
        let waiting = std::mem::take(&mut *self.waiting());
        if waiting.is_empty() {
            return Vec::new();
        }
        let (mut changes, mut callers) = (Vec::with_capacity(waiting.len()), Vec::with_capacity(waiting.len()));
        for ((user, room), mark) in waiting {
            let (seq, by) = (mark.seq, Some(mark.by));
            changes.push(Change::MarkRead { user, room, seq, by });
            callers.push(mark.callers);
        }
        let pending = self.store.submit_all(changes).await.into_iter();
        let marks = pending.zip(callers);
        marks
            .map(|(pending, callers)| SubmittedMark { pending, callers })
            .collect()
    }

    pub async fn write(self: Arc<ReadMarks>) {
        let _turn = self.writing.lock().await;
        answer_all(self.submit().await).await;
    }
}

pub(super) async fn answer_all(marks: Vec<SubmittedMark>) {
    for mark in marks {
        mark.answer().await;
    }
}

pub(super) fn marked(event: Event) -> Result<ReadMark> {
    match event {
        Event::Read { mark, .. } => Ok(mark),
        other => Err(unexpected(&other)),
    }
}
