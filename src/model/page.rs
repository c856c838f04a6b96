//! Pieces of a room's history: a page for somebody who reads, a catch-up for somebody who was away.

use super::{Listing, MemberRole, Message, RoomId, Seq, User};
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::limits::{PAGE_MESSAGES, PAGE_MESSAGES_MAX};

/// Where a page lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The newest messages.
    Latest,
    /// The nearest messages with a smaller id.
    Before(Seq),
    /// The nearest messages with a larger id.
    After(Seq),
    /// This message with what stands before and after it.
    Around(Seq),
}

/// How many messages a page holds at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize(usize);

impl PageSize {
    /// Accepts 1 to [`PAGE_MESSAGES_MAX`].
    ///
    /// # Errors
    /// `invalid` with the field `limit`.
    pub fn parse(limit: u64) -> Result<PageSize> {
        match usize::try_from(limit) {
            Ok(limit @ 1..=PAGE_MESSAGES_MAX) => Ok(PageSize(limit)),
            _ => Err(Error::invalid(
                "limit",
                format!("A page has 1 to {PAGE_MESSAGES_MAX} messages."),
            )),
        }
    }

    /// The number.
    pub fn get(self) -> usize {
        self.0
    }
}

impl Default for PageSize {
    fn default() -> PageSize {
        PageSize(PAGE_MESSAGES)
    }
}

/// A page of a room's messages, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The messages.
    pub messages: Vec<Message>,
    /// The messages that these answer and that are not among them; by id.
    pub quoted: Vec<Message>,
    /// Who wrote them and who is named in notices, each once.
    pub people: Vec<User>,
    /// The room's last seq when this was read.
    pub head: Seq,
    /// Whether there are older messages.
    pub more_before: bool,
    /// Whether there are newer messages.
    pub more_after: bool,
}

/// A page of the pinned messages of a room, newest pin first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinsPage {
    /// The messages.
    pub messages: Vec<Message>,
    /// Who wrote and pinned them, each once.
    pub people: Vec<User>,
    /// Where the next page begins, if there is one.
    pub next: Option<u64>,
}

/// A page of the public rooms, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomsPage {
    /// The rooms.
    pub rooms: Vec<Listing>,
    /// After which room the next page begins, if there is one.
    pub next: Option<RoomId>,
}

/// A page of the people in a room, newest account first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MembersPage {
    /// Who, and what they are in the room.
    pub members: Vec<(User, MemberRole)>,
    /// Whether there are more.
    pub more: bool,
}

/// A page of all people, newest account first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeoplePage {
    /// The people on this page.
    pub people: Vec<User>,
    /// Whether there are more.
    pub more: bool,
}

/// A message that somebody keeps for later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedMessage {
    /// Where it stands.
    pub room: RoomId,
    /// The message in its present state.
    pub message: Message,
    /// Since when it is kept.
    pub saved_at: Time,
}

/// A page of what somebody keeps for later, latest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedPage {
    /// The messages.
    pub saved: Vec<SavedMessage>,
    /// Who wrote them, each once.
    pub people: Vec<User>,
    /// Where the next page begins, if there is one.
    pub next: Option<u64>,
}

/// What changed in a room after some seq.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Catchup {
    /// Each message that changed, once, in its present state, in the order of its last change.
    Changed {
        /// The seq of the last change of each message, and the message.
        messages: Vec<(Seq, Message)>,
        /// All up to here is in `messages`; below the head where there is more to ask for.
        through: Seq,
    },
    /// Too much changed, or the asker knows a later seq than there is: read the history again.
    Reset {
        /// The room's last seq.
        head: Seq,
    },
}
