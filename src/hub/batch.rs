//! The events of one commit as the bytes that each reader gets.
//!
//! Almost everybody gets the same bytes: one shared buffer. Somebody who wrote one of the messages
//! sees its `client_id`: such a reader gets slices of the shared buffer with their own frames between
//! them, so nothing is encoded or copied per socket. Read marks are for one person's other connections.

use crate::model::{ConnectionId, Event, SessionId, UserId};
use crate::wire;
use bytes::{Bytes, BytesMut};
use std::collections::HashMap;
use std::ops::Range;

/// A frame that replaces a range of the shared buffer for one reader.
struct Private {
    user: UserId,
    range: Range<usize>,
    frame: Bytes,
}

/// How far somebody has read, for their other connections.
pub(super) struct Read {
    /// The connection that said so.
    pub by: Option<ConnectionId>,
    pub frame: Bytes,
}

/// Encoded events.
pub(super) struct Batch {
    shared: Vec<Bytes>,
    private: HashMap<UserId, Vec<Bytes>>,
    reads: HashMap<UserId, Vec<Read>>,
    /// Sessions that have ended in this batch.
    pub closed_sessions: Vec<SessionId>,
}

impl Batch {
    pub fn encode(events: &[Event]) -> Batch {
        let mut shared = BytesMut::new();
        let mut private = Vec::new();
        let mut reads: HashMap<UserId, Vec<Read>> = HashMap::new();
        let mut closed_sessions = Vec::new();
        for event in events {
            let start = shared.len();
            match event {
                Event::Posted(posted) => {
                    shared.extend_from_slice(&wire::message(posted));
                    private.push(Private {
                        user: posted.message.author,
                        range: start..shared.len(),
                        frame: posted.frame_for_author(),
                    });
                }
                Event::SignedUp(user) => shared.extend_from_slice(&wire::person(user)),
                Event::Presence { user, state } => {
                    shared.extend_from_slice(&wire::person(user));
                    shared.extend_from_slice(&wire::presence(user.id, *state));
                }
                Event::Typing { user, room } => {
                    shared.extend_from_slice(&wire::typing(*room, *user));
                    // Nobody needs to hear of their own typing.
                    private.push(Private {
                        user: *user,
                        range: start..shared.len(),
                        frame: Bytes::new(),
                    });
                }
                Event::Read { user, room, seq, by } => reads.entry(*user).or_default().push(Read {
                    by: *by,
                    frame: wire::read(*room, *seq),
                }),
                Event::SessionClosed { id } => closed_sessions.push(*id),
                Event::PostedBefore { .. }
                | Event::SessionOpened { .. }
                | Event::SessionSeen
                | Event::SessionsDropped { .. } => {}
            }
        }
        let shared = shared.freeze();
        Batch {
            private: slices(&shared, private),
            shared: if shared.is_empty() { Vec::new() } else { vec![shared] },
            reads,
            closed_sessions,
        }
    }

    /// How far this reader has read, elsewhere.
    pub fn reads_of(&self, user: UserId) -> impl Iterator<Item = &Read> {
        self.reads.get(&user).into_iter().flatten()
    }

    /// What this reader gets, in order.
    pub fn for_user(&self, user: UserId) -> &[Bytes] {
        match self.private.is_empty() {
            true => &self.shared,
            false => self.private.get(&user).unwrap_or(&self.shared),
        }
    }
}

/// Cuts the shared buffer around each reader's own frames.
fn slices(shared: &Bytes, private: Vec<Private>) -> HashMap<UserId, Vec<Bytes>> {
    let mut ends: HashMap<UserId, (usize, Vec<Bytes>)> = HashMap::new();
    for own in private {
        let (end, slices) = ends.entry(own.user).or_default();
        slices.extend([shared.slice(*end..own.range.start), own.frame]);
        *end = own.range.end;
    }
    ends.into_iter()
        .map(|(user, (end, mut slices))| {
            slices.push(shared.slice(end..));
            slices.retain(|slice| !slice.is_empty());
            (user, slices)
        })
        .collect()
}
