//! How far people have read. Where many look on, each of them says so after every message, and the others are told. So
//! marks wait for a second and are committed together, of each person in each room only the last; and a mark without
//! an answer is acknowledged to nobody, so a crash may lose it. An orderly stop does not.

use super::{Chat, Part, accounts::unexpected};
use crate::error::{Error, Kind, Result};
use crate::limits::{READ_MARKS_TIMEOUT, READ_MARKS_WAITING_MAX};
use crate::model::{Change, ConnectionId, Event, Place, ReadMark, RoomId, Seq, UserId, Viewer};
use crate::store::{Pending, Store};
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

/// Marks that are not written yet.
pub(super) struct ReadMarks {
    store: Store,
    waiting: Mutex<HashMap<(UserId, RoomId), WaitingMark>>,
    arrived: Notify,
    /// Held while they go to the writer: what comes after them must not overtake them.
    submitting: tokio::sync::Mutex<()>,
    /// Held until they are written.
    writing: tokio::sync::Mutex<()>,
}

struct WaitingMark {
    seq: Seq,
    by: ConnectionId,
    callers: Vec<oneshot::Sender<Result<ReadMark>>>,
}

/// A mark that is with the writer.
struct SubmittedMark {
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
            // Who went away does not need the answer.
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

    fn add(&self, user: UserId, room: RoomId, seq: Seq, by: ConnectionId) -> oneshot::Receiver<Result<ReadMark>> {
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

    fn is_full_for(&self, user: UserId, room: RoomId) -> bool {
        let waiting = self.waiting();
        waiting.len() >= READ_MARKS_WAITING_MAX && !waiting.contains_key(&(user, room))
    }

    /// Whether a mark of this person may be unwritten.
    fn may_have_some_of(&self, user: UserId) -> bool {
        self.waiting().keys().any(|(whose, _)| *whose == user) || self.writing.try_lock().is_err()
    }

    async fn submit(&self) -> Vec<SubmittedMark> {
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

    async fn write(self: Arc<ReadMarks>) {
        let _turn = self.writing.lock().await;
        answer_all(self.submit().await).await;
    }
}

impl Chat {
    /// The viewer has read a room up to `seq`, and said so over the connection `by`. The inner future is ready once it
    /// is durable, together with others within [`READ_MARKS_EVERY`](crate::limits::READ_MARKS_EVERY).
    ///
    /// # Errors
    /// `not_found`, or `invalid` past the room's head; `storage_full` or `unavailable` from the inner future.
    pub async fn mark_read(
        &self,
        viewer: &Viewer,
        by: ConnectionId,
        room: RoomId,
        seq: Seq,
    ) -> Result<impl Future<Output = Result<ReadMark>> + use<>> {
        let user = viewer.user.id;
        self.store.may_mark_read(user, room, seq).await?;
        if self.read_marks.is_full_for(user, room) {
            self.write_read_marks().await;
        }
        let answer = self.read_marks.add(user, room, seq, by);
        Ok(async move {
            let ended = || Err(Error::new(Kind::Unavailable, "The server is stopping. Try again soon."));
            answer.await.unwrap_or_else(|_| ended())
        })
    }

    /// To the viewer, a room is unread from this message on; the connection `by` said so. Like
    /// [`Chat::post`], the inner future is ready once it is durable.
    ///
    /// # Errors
    /// `not_found`, or `invalid` for what is too far back.
    pub async fn mark_unread(
        &self,
        viewer: &Viewer,
        by: ConnectionId,
        place: Place,
    ) -> Result<impl Future<Output = Result<ReadMark>> + use<>> {
        self.count_act(viewer)?;
        let (user, by) = (viewer.user.id, Some(by));
        // What they had read before they said this must not undo it.
        let submitted = self.read_marks.submit().await;
        let pending = self.store.submit(Change::MarkUnread { user, place, by }).await;
        tokio::spawn(answer_all(submitted));
        let pending = pending?;
        Ok(async move { marked(pending.await?) })
    }

    /// Writes the marks that come, for as long as the server runs: the first one at once, what comes within
    /// `every` after it together.
    pub async fn keep_read_marks(&self, every: Duration) {
        loop {
            self.read_marks.arrived.notified().await;
            self.fault_points.reach(Part::ReadMarks);
            self.write_read_marks().await;
            tokio::time::sleep(every).await;
        }
    }

    /// Writes all marks that wait.
    pub async fn write_read_marks(&self) {
        // In a task of its own: whoever waits for it may be ended, and the marks must not be lost with them.
        let _ = tokio::spawn(self.read_marks.clone().write()).await;
    }

    /// Writes the marks that wait if one is of this person, so that they see it in their rooms. Where the disk takes
    /// long they see their rooms without.
    pub async fn write_read_marks_of(&self, user: UserId) {
        if self.read_marks.may_have_some_of(user) {
            let _ = timeout(READ_MARKS_TIMEOUT, self.write_read_marks()).await;
        }
    }
}

async fn answer_all(marks: Vec<SubmittedMark>) {
    for mark in marks {
        mark.answer().await;
    }
}

fn marked(event: Event) -> Result<ReadMark> {
    match event {
        Event::Read { mark, .. } => Ok(mark),
        other => Err(unexpected(&other)),
    }
}
