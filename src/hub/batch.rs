//! The events of one delivery, of one commit or of several, encoded as the bytes that each reader gets.
//!
//! A batch is cut into segments wherever a person joins or leaves a room or sessions close, so that within a segment
//! everybody's rooms and connections stay the same. A segment is a list of frame parts, each for everybody, for a
//! room, or for one person. Most readers get the same bytes: readers in the same rooms of the segment share one
//! buffer. So do all connections of a message's author, who gets a frame of their own. No part is encoded twice, and
//! each socket takes one write a segment.

use super::rooms::{MembershipChange, Rooms, is_everybodys};
use crate::model::{ConnectionId, Event, RoomId, SessionId, User, UserId};
use crate::wire::{self, CloseCode};
use bytes::{Bytes, BytesMut};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Bits of a key that says which of a segment's rooms a reader is in. In a segment with more rooms, each reader's
/// bytes are collected separately.
const ROOMS_IN_KEY_MAX: usize = 64;

enum Audience {
    Everyone,
    Room(RoomId),
    /// All connections of one person, except the one that caused the event.
    User(UserId, Option<ConnectionId>),
}

struct FramePart {
    audience: Audience,
    range: Range<usize>,
    /// The bytes that this person gets instead of the part.
    replacement: Option<(UserId, Bytes)>,
}

/// Events between which no membership changes and no session closes.
pub(super) struct Segment {
    shared: Bytes,
    parts: Vec<FramePart>,
    /// The rooms that its parts are for.
    rooms: Vec<RoomId>,
    /// People who get frames that nobody else gets.
    personalised: HashSet<UserId>,
    /// People who get frames on only some of their connections.
    connection_specific: HashSet<UserId>,
    /// The shared bytes by the set of rooms that a reader is in, one bit for each room.
    common: Vec<(u64, SharedFrames)>,
    /// The same for people who also get frames of their own.
    own: HashMap<(UserId, u64), SharedFrames>,
    /// The membership change that follows it.
    pub membership_change: Option<MembershipChange>,
    /// Sessions that end after it, and the close code of their sockets, which get no later segment.
    pub closed_sessions: Option<(Vec<SessionId>, CloseCode)>,
}

/// The part of a segment that one reader gets.
#[derive(Clone)]
pub(super) struct SharedFrames {
    /// The frames in order. Empty if the reader gets none.
    pub bytes: Bytes,
    /// The number of frames in `bytes`.
    pub frames: u64,
}

/// Encoded events.
pub(super) struct Batch {
    pub segments: Vec<Segment>,
    /// People whose profile has changed.
    pub people: Vec<User>,
}

#[derive(Default)]
struct BatchBuilder {
    shared: BytesMut,
    parts: Vec<FramePart>,
}

impl BatchBuilder {
    fn part(&mut self, audience: Audience, frame: &[u8], replacement: Option<(UserId, Bytes)>) {
        let start = self.shared.len();
        self.shared.extend_from_slice(frame);
        self.parts.push(FramePart {
            audience,
            range: start..self.shared.len(),
            replacement,
        });
    }

    fn segment(&mut self, membership_change: Option<MembershipChange>) -> Segment {
        let made = std::mem::take(self);
        let mut rooms: Vec<RoomId> = made.parts.iter().filter_map(FramePart::room).collect();
        rooms.sort_unstable();
        rooms.dedup();
        let personalised = made
            .parts
            .iter()
            .filter_map(|part| match (&part.audience, &part.replacement) {
                (Audience::User(user, _), _) => Some(*user),
                (_, Some((user, _))) => Some(*user),
                _ => None,
            });
        let connection_specific = made.parts.iter().filter_map(|part| match part.audience {
            Audience::User(user, Some(_)) => Some(user),
            _ => None,
        });
        Segment {
            personalised: personalised.collect(),
            connection_specific: connection_specific.collect(),
            shared: made.shared.freeze(),
            parts: made.parts,
            rooms,
            common: Vec::new(),
            own: HashMap::new(),
            membership_change,
            closed_sessions: None,
        }
    }

    /// Adds this event. Returns the membership change that follows it.
    fn add(&mut self, event: &Event) -> Option<MembershipChange> {
        let own = |user: &UserId| Audience::User(*user, None);
        match event {
            Event::Posted(posted) | Event::Changed(posted) => {
                let author = posted.message.author;
                let replacement = posted
                    .message
                    .client_id
                    .is_some()
                    .then(|| (author, posted.frame_for_author()));
                self.part(Audience::Room(posted.room), &wire::message(posted), replacement);
            }
            Event::SignedUp(user) | Event::PersonChanged(user) => {
                self.part(Audience::Everyone, &wire::person(user), None);
            }
            Event::Presence { user, state, at } => {
                self.part(Audience::Everyone, &wire::person(user), None);
                self.part(Audience::Everyone, &wire::presence(user.id, *state, *at), None);
            }
            Event::Typing { user, room } => {
                // People need not hear of their own typing.
                let nothing = Some((*user, Bytes::new()));
                self.part(Audience::Room(*room), &wire::typing(*room, *user), nothing);
            }
            Event::SeenBy { user, room, seq } => {
                let nothing = Some((*user, Bytes::new()));
                self.part(Audience::Room(*room), &wire::seen(*room, *user, *seq), nothing);
            }
            Event::Read { mark, by } => {
                self.part(Audience::User(mark.user, *by), &wire::read(None, mark), None);
            }
            Event::Saved { user, target, on, by } => {
                self.part(Audience::User(*user, *by), &wire::saved(None, *target, *on), None);
            }
            Event::Settings { user, settings } => self.part(own(user), &wire::settings(settings), None),
            Event::Blocked { user, others } => self.part(own(user), &wire::blocked(others), None),
            Event::RoomChanged(room) => self.part(Audience::Room(room.id), &wire::room_facts(room), None),
            Event::RoleChanged { user, room, role } => self.part(own(user), &wire::room_role(*room, *role), None),
            Event::Trouble(trouble) => self.part(Audience::Everyone, &wire::trouble(*trouble), None),
            Event::ServerChanged(card) => self.part(Audience::Everyone, &wire::server(card), None),
            Event::RoomArranged { user, view } => self.part(own(user), &wire::room(view), None),
            Event::JoinedRoom { user, view, people } => {
                for person in people {
                    self.part(own(user), &wire::person(person), None);
                }
                self.part(own(user), &wire::room(view), None);
                return Some(membership(*user, view.room.id, true));
            }
            Event::LeftRoom { user, room } => {
                self.part(own(user), &wire::gone(*room), None);
                return Some(membership(*user, *room, false));
            }
            Event::PostedBefore { .. }
            | Event::Unchanged { .. }
            | Event::AlreadyMember { .. }
            | Event::InviteChanged(_)
            | Event::Done
            | Event::SignedIn(_)
            | Event::SessionOpened { .. }
            | Event::SessionsClosed { .. }
            | Event::PasswordSet { .. }
            | Event::PasswordStale
            | Event::SessionUsed
            | Event::SessionsDropped { .. }
            | Event::LastSeen
            | Event::Erased { .. }
            | Event::File(_) => {}
        }
        None
    }
}

fn membership(user: UserId, room: RoomId, is_in: bool) -> MembershipChange {
    MembershipChange { user, room, is_in }
}

impl FramePart {
    fn room(&self) -> Option<RoomId> {
        match self.audience {
            Audience::Room(room) => Some(room),
            _ => None,
        }
    }
}

impl Batch {
    pub fn encode(events: &[Event]) -> Batch {
        let (mut segments, mut builder) = (Vec::new(), BatchBuilder::default());
        let mut people = Vec::new();
        for event in events {
            let mut close = |sessions: &[SessionId], code| {
                let mut segment = builder.segment(None);
                segment.closed_sessions = Some((sessions.to_vec(), code));
                segments.push(segment);
            };
            match event {
                Event::SessionsClosed { ids } => close(ids, CloseCode::SignedOut),
                Event::PasswordSet { renewed, ended } => {
                    close(ended, CloseCode::SignedOut);
                    close(&[*renewed], CloseCode::TokenRenewed);
                }
                Event::PersonChanged(user) => people.push(user.clone()),
                _ => {}
            }
            if let Some(change) = builder.add(event) {
                segments.push(builder.segment(Some(change)));
            }
        }
        if !builder.parts.is_empty() {
            segments.push(builder.segment(None));
        }
        Batch { segments, people }
    }
}

impl Segment {
    /// The rooms it is for, and the people with frames of their own. `None` if it is for everybody.
    pub fn audience(&self) -> Option<(&[RoomId], &HashSet<UserId>)> {
        let is_for_all = |part: &FramePart| match part.audience {
            Audience::Everyone => true,
            Audience::Room(room) => is_everybodys(room),
            Audience::User(..) => false,
        };
        (!self.parts.iter().any(is_for_all)).then_some((&self.rooms, &self.personalised))
    }

    /// The frames for this reader, in order.
    pub fn frames_for(&mut self, user: UserId, connection: ConnectionId, rooms: &Rooms) -> SharedFrames {
        if self.rooms.len() > ROOMS_IN_KEY_MAX {
            return self.collect(user, connection, rooms);
        }
        let bits = self.rooms.iter().enumerate();
        let key = bits.fold(0, |key, (bit, room)| key | u64::from(rooms.has(*room)) << bit);
        if self.personalised.is_empty() || !self.personalised.contains(&user) {
            if let Some((_, frames)) = self.common.iter().find(|(known, _)| *known == key) {
                return frames.clone();
            }
            let frames = self.collect(user, connection, rooms);
            self.common.push((key, frames.clone()));
            return frames;
        }
        if self.connection_specific.contains(&user) {
            return self.collect(user, connection, rooms);
        }
        if let Some(frames) = self.own.get(&(user, key)) {
            return frames.clone();
        }
        let frames = self.collect(user, connection, rooms);
        self.own.insert((user, key), frames.clone());
        frames
    }

    /// Joins the reader's ranges of the shared buffer with the reader's own frames.
    fn collect(&self, user: UserId, connection: ConnectionId, rooms: &Rooms) -> SharedFrames {
        let (mut slices, mut frames) = (Vec::new(), 0);
        let mut open: Option<Range<usize>> = None;
        let close = |open: &mut Option<Range<usize>>, slices: &mut Vec<Bytes>| {
            slices.extend(open.take().map(|range| self.shared.slice(range)));
        };
        for part in &self.parts {
            let is_for = match part.audience {
                Audience::Everyone => true,
                Audience::Room(room) => rooms.has(room),
                Audience::User(whom, not) => whom == user && not != Some(connection),
            };
            if !is_for {
                continue;
            }
            frames += 1;
            match (&part.replacement, &mut open) {
                (Some((whom, own)), _) if *whom == user => {
                    close(&mut open, &mut slices);
                    slices.push(own.clone());
                    frames -= u64::from(own.is_empty());
                }
                (_, Some(range)) if range.end == part.range.start => range.end = part.range.end,
                _ => {
                    close(&mut open, &mut slices);
                    open = Some(part.range.clone());
                }
            }
        }
        close(&mut open, &mut slices);
        let bytes = match <[Bytes; 1]>::try_from(slices) {
            Ok([all]) => all,
            Err(slices) => slices.concat().into(),
        };
        SharedFrames { bytes, frames }
    }
}
