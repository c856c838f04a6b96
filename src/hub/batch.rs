//! The events of one commit as the bytes that each reader gets.
//!
//! A batch is cut into runs where somebody comes into a room or goes: within a run everybody's rooms
//! stay the same. A run is a list of pieces, each for everybody, for a room, or for one person. Almost
//! everybody gets the same bytes: readers who are in the same of the run's rooms share one buffer, and so do
//! all connections of somebody who wrote one of the messages and has their own frame of it. Nothing is
//! encoded twice, and each socket takes one write.

use super::rooms::{MembershipChange, Rooms, is_everybodys};
use crate::model::{ConnectionId, Event, RoomId, SessionId, User, UserId};
use crate::wire::{self, CloseCode};
use bytes::{Bytes, BytesMut};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Rooms of one run that readers are told apart by; beyond, each reader's bytes are put together anew.
const ROOMS_APART: usize = 64;

enum Audience {
    Everyone,
    Room(RoomId),
    /// All connections of one person but the one that said it.
    User(UserId, Option<ConnectionId>),
}

struct Piece {
    audience: Audience,
    range: Range<usize>,
    /// What this person gets instead.
    instead: Option<(UserId, Bytes)>,
}

/// Events between two changes of who is where.
pub(super) struct Run {
    shared: Bytes,
    pieces: Vec<Piece>,
    /// The rooms of its pieces.
    rooms: Vec<RoomId>,
    /// Who gets something that nobody else gets.
    apart: HashSet<UserId>,
    /// Who gets on one connection what they do not get on another.
    split: HashSet<UserId>,
    /// What the readers get who are in the same of its rooms, by a bit for each room.
    common: Vec<(u64, Share)>,
    /// The same for those who get something that nobody else gets.
    own: HashMap<(UserId, u64), Share>,
    /// What changes after it.
    pub then: Option<MembershipChange>,
    /// Sessions that end after it, and how their sockets close: what comes later is not for them.
    pub closed_sessions: Option<(Vec<SessionId>, CloseCode)>,
}

/// What one reader gets of a run.
#[derive(Clone)]
pub(super) struct Share {
    /// Its frames, in order; empty where there is nothing.
    pub bytes: Bytes,
    /// How many frames these are.
    pub frames: u64,
}

/// Encoded events.
pub(super) struct Batch {
    pub runs: Vec<Run>,
    /// People who show something else of themselves.
    pub people: Vec<User>,
}

#[derive(Default)]
struct Making {
    shared: BytesMut,
    pieces: Vec<Piece>,
}

impl Making {
    fn piece(&mut self, audience: Audience, frame: &[u8], instead: Option<(UserId, Bytes)>) {
        let start = self.shared.len();
        self.shared.extend_from_slice(frame);
        self.pieces.push(Piece {
            audience,
            range: start..self.shared.len(),
            instead,
        });
    }

    fn run(&mut self, then: Option<MembershipChange>) -> Run {
        let made = std::mem::take(self);
        let mut rooms: Vec<RoomId> = made.pieces.iter().filter_map(Piece::room).collect();
        rooms.sort_unstable();
        rooms.dedup();
        let apart = made
            .pieces
            .iter()
            .filter_map(|piece| match (&piece.audience, &piece.instead) {
                (Audience::User(user, _), _) => Some(*user),
                (_, Some((user, _))) => Some(*user),
                _ => None,
            });
        let split = made.pieces.iter().filter_map(|piece| match piece.audience {
            Audience::User(user, Some(_)) => Some(user),
            _ => None,
        });
        Run {
            apart: apart.collect(),
            split: split.collect(),
            shared: made.shared.freeze(),
            pieces: made.pieces,
            rooms,
            common: Vec::new(),
            own: HashMap::new(),
            then,
            closed_sessions: None,
        }
    }

    /// Adds what this event says; tells what changes after it.
    fn add(&mut self, event: &Event) -> Option<MembershipChange> {
        let own = |user: &UserId| Audience::User(*user, None);
        match event {
            Event::Posted(posted) | Event::Changed(posted) => {
                let author = posted.message.author;
                let instead = posted
                    .message
                    .client_id
                    .is_some()
                    .then(|| (author, posted.frame_for_author()));
                self.piece(Audience::Room(posted.room), &wire::message(posted), instead);
            }
            Event::SignedUp(user) | Event::PersonChanged(user) => {
                self.piece(Audience::Everyone, &wire::person(user), None);
            }
            Event::Presence { user, state, at } => {
                self.piece(Audience::Everyone, &wire::person(user), None);
                self.piece(Audience::Everyone, &wire::presence(user.id, *state, *at), None);
            }
            Event::Typing { user, room } => {
                // Nobody needs to hear of their own typing.
                let nothing = Some((*user, Bytes::new()));
                self.piece(Audience::Room(*room), &wire::typing(*room, *user), nothing);
            }
            Event::SeenBy { user, room, seq } => {
                let nothing = Some((*user, Bytes::new()));
                self.piece(Audience::Room(*room), &wire::seen(*room, *user, *seq), nothing);
            }
            Event::Read { mark, by } => {
                self.piece(Audience::User(mark.user, *by), &wire::read(None, mark), None);
            }
            Event::Saved { user, place, on, by } => {
                self.piece(Audience::User(*user, *by), &wire::saved(None, *place, *on), None);
            }
            Event::Settings { user, settings } => self.piece(own(user), &wire::settings(settings), None),
            Event::Blocked { user, others } => self.piece(own(user), &wire::blocked(others), None),
            Event::RoomChanged(room) => self.piece(Audience::Room(room.id), &wire::room_facts(room), None),
            Event::RoleChanged { user, room, role } => self.piece(own(user), &wire::room_role(*room, *role), None),
            Event::Trouble(trouble) => self.piece(Audience::Everyone, &wire::trouble(*trouble), None),
            Event::ServerChanged(card) => self.piece(Audience::Everyone, &wire::server(card), None),
            Event::RoomArranged { user, view } => self.piece(own(user), &wire::room(view), None),
            Event::Entered { user, view, people } => {
                for person in people {
                    self.piece(own(user), &wire::person(person), None);
                }
                self.piece(own(user), &wire::room(view), None);
                return Some(step(*user, view.room.id, true));
            }
            Event::Gone { user, room } => {
                self.piece(own(user), &wire::gone(*room), None);
                return Some(step(*user, *room, false));
            }
            Event::PostedBefore { .. }
            | Event::Unchanged { .. }
            | Event::InAlready { .. }
            | Event::InviteChanged(_)
            | Event::Noted
            | Event::SignedIn(_)
            | Event::SessionOpened { .. }
            | Event::SessionsClosed { .. }
            | Event::PasswordSet { .. }
            | Event::PasswordStale
            | Event::SessionSeen
            | Event::SessionsDropped { .. }
            | Event::LastSeen
            | Event::Erased { .. }
            | Event::File(_) => {}
        }
        None
    }
}

fn step(user: UserId, room: RoomId, is_in: bool) -> MembershipChange {
    MembershipChange { user, room, is_in }
}

impl Piece {
    fn room(&self) -> Option<RoomId> {
        match self.audience {
            Audience::Room(room) => Some(room),
            _ => None,
        }
    }
}

impl Batch {
    pub fn encode(events: &[Event]) -> Batch {
        let (mut runs, mut making) = (Vec::new(), Making::default());
        let mut people = Vec::new();
        for event in events {
            let mut close = |sessions: &[SessionId], code| {
                let mut run = making.run(None);
                run.closed_sessions = Some((sessions.to_vec(), code));
                runs.push(run);
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
            if let Some(step) = making.add(event) {
                runs.push(making.run(Some(step)));
            }
        }
        if !making.pieces.is_empty() {
            runs.push(making.run(None));
        }
        Batch { runs, people }
    }
}

impl Run {
    /// The rooms that it is for, and the people who get something of their own; `None` where it is for everybody.
    pub fn reaches(&self) -> Option<(&[RoomId], &HashSet<UserId>)> {
        let is_for_all = |piece: &Piece| match piece.audience {
            Audience::Everyone => true,
            Audience::Room(room) => is_everybodys(room),
            Audience::User(..) => false,
        };
        (!self.pieces.iter().any(is_for_all)).then_some((&self.rooms, &self.apart))
    }

    /// What this reader gets, in order.
    pub fn share_of(&mut self, user: UserId, connection: ConnectionId, rooms: &Rooms) -> Share {
        if self.rooms.len() > ROOMS_APART {
            return self.collect(user, connection, rooms);
        }
        let bits = self.rooms.iter().enumerate();
        let key = bits.fold(0, |key, (bit, room)| key | u64::from(rooms.has(*room)) << bit);
        if self.apart.is_empty() || !self.apart.contains(&user) {
            if let Some((_, share)) = self.common.iter().find(|(known, _)| *known == key) {
                return share.clone();
            }
            let share = self.collect(user, connection, rooms);
            self.common.push((key, share.clone()));
            return share;
        }
        if self.split.contains(&user) {
            return self.collect(user, connection, rooms);
        }
        if let Some(share) = self.own.get(&(user, key)) {
            return share.clone();
        }
        let share = self.collect(user, connection, rooms);
        self.own.insert((user, key), share.clone());
        share
    }

    /// The reader's parts of the shared buffer, and their own frames between them.
    fn collect(&self, user: UserId, connection: ConnectionId, rooms: &Rooms) -> Share {
        let (mut parts, mut frames) = (Vec::new(), 0);
        let mut open: Option<Range<usize>> = None;
        let close = |open: &mut Option<Range<usize>>, parts: &mut Vec<Bytes>| {
            parts.extend(open.take().map(|range| self.shared.slice(range)));
        };
        for piece in &self.pieces {
            let is_for = match piece.audience {
                Audience::Everyone => true,
                Audience::Room(room) => rooms.has(room),
                Audience::User(whom, not) => whom == user && not != Some(connection),
            };
            if !is_for {
                continue;
            }
            frames += 1;
            match (&piece.instead, &mut open) {
                (Some((whom, own)), _) if *whom == user => {
                    close(&mut open, &mut parts);
                    parts.push(own.clone());
                    frames -= u64::from(own.is_empty());
                }
                (_, Some(range)) if range.end == piece.range.start => range.end = piece.range.end,
                _ => {
                    close(&mut open, &mut parts);
                    open = Some(piece.range.clone());
                }
            }
        }
        close(&mut open, &mut parts);
        let bytes = match <[Bytes; 1]>::try_from(parts) {
            Ok([all]) => all,
            Err(parts) => parts.concat().into(),
        };
        Share { bytes, frames }
    }
}
