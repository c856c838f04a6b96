//! The nouns and the rules. No I/O, no async, no JSON, no clock.
//!
//! A value of a type in here is valid: `parse` is the only way in from outside.

mod change;
mod event;
mod id;
mod message;
mod page;
mod room;
pub mod rules;
mod session;
mod user;
mod visible;

pub use change::{Change, NewAccount, NewPost};
pub use event::{Event, Posted, Presence};
pub use id::{ConnectionId, ID_MAX, RoomId, Seq, UserId};
pub use message::{Body, ClientId, Message};
pub use page::{Anchor, Catchup, Page, PageSize};
pub use room::{LOBBY, Room, RoomKind, RoomView};
pub use session::{NewSession, Session, SessionId, Token};
pub use user::{Account, Name, Password, PasswordHash, Role, User, Viewer};
