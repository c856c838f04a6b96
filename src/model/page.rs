//! Parts of a room's history: a page for a reader, a catch-up for a client that was away.

use super::{Listing, MemberRole, Message, RoomId, Seq, User};
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::limits::{PAGE_MESSAGES, PAGE_MESSAGES_MAX};

/// The position of a page in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The newest messages.
    Latest,
    /// The nearest messages with a smaller id.
    Before(Seq),
    /// The nearest messages with a larger id.
    After(Seq),
    /// This message, with the messages before and after it.
    Around(Seq),
}

/// The maximum number of messages on a page.
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
    /// The messages that `messages` reply to and that are not among them, by id.
    pub quoted: Vec<Message>,
    /// The authors, and the users named in notices, each once.
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
    /// The pinned messages.
    pub messages: Vec<Message>,
    /// The authors and the users who pinned the messages, each once.
    pub people: Vec<User>,
    /// Where the next page begins. `None` on the last page.
    pub next: Option<u64>,
}

/// A page of the public rooms, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomsPage {
    /// The rooms.
    pub rooms: Vec<Listing>,
    /// The room after which the next page begins. `None` on the last page.
    pub next: Option<RoomId>,
}

/// A page of the members of a room, newest account first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MembersPage {
    /// The members, with their roles in the room.
    pub members: Vec<(User, MemberRole)>,
    /// Whether there are more.
    pub more: bool,
}

/// A page of all users, newest account first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeoplePage {
    /// The users on this page.
    pub people: Vec<User>,
    /// Whether there are more.
    pub more: bool,
}

/// A message that a user has saved for later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedMessage {
    /// The room of the message.
    pub room: RoomId,
    /// The message in its current state.
    pub message: Message,
    /// When it was saved.
    pub saved_at: Time,
}

/// A page of a user's saved messages, last saved first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedPage {
    /// The messages.
    pub saved: Vec<SavedMessage>,
    /// The authors, each once.
    pub people: Vec<User>,
    /// Where the next page begins. `None` on the last page.
    pub next: Option<u64>,
}

/// The changes in a room after some seq.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Catchup {
    /// Each changed message once, in its current state, in the order of its last change.
    Changed {
        /// The seq of the last change of each message, and the message.
        messages: Vec<(Seq, Message)>,
        /// `messages` has all changes up to this seq. Below the room's head if there is more to request.
        through: Seq,
    },
    /// Too much has changed, or the client's seq is beyond the head: the client must load the history again.
    Reset {
        /// The room's last seq.
        head: Seq,
    },
}
