//! The nouns and the rules. No I/O, no async, no JSON, no clock.
//!
//! A value of a type in here is valid: `parse` is the only way in from outside.

mod backup;
mod change;
mod content;
mod emoji;
mod event;
mod file;
mod host;
mod id;
mod message;
mod page;
mod room;
pub mod rules;
mod search;
mod server;
mod session;
mod settings;
mod trouble;
mod user;
mod visible;
mod words;

pub use backup::{LocalMinute, Nightly, NightlyBackup, NightlyFailure, is_nightly_due, superseded};
pub use change::{
    Change, FormattedText, MessageAction, MessageRef, NewAccount, NewMessage, NewPost, NewRoom, Picture, PostContent,
    RequestedAction,
};
pub use content::{Block, Content, Inline};
pub use emoji::by_shortcode;
pub use event::{Event, Posted, Presence, ReadMark};
pub use file::{Attachment, FileChange, FileEvent, FileId, FileName, FileUsage, NewFile, file_too_large};
pub use host::HostAct;
pub use id::{ConnectionId, ID_MAX, RoomId, Seq, UserId};
pub use message::{Body, ClientId, Emoji, Forwarded, Mentions, Message, Notice, Pinned, Reaction, needs_text};
pub use page::{
    Anchor, Catchup, MembersPage, Page, PageSize, PeoplePage, PinsPage, RoomsPage, SavedMessage, SavedPage,
};
pub use room::{
    LOBBY, LastPost, Listing, MemberRole, Notify, Room, RoomKind, RoomName, RoomPatch, RoomPrefs, RoomView, Topic,
};
pub use search::{Hit, HitCount, Lookup, Mark, SearchPage, SearchQuery, SearchTerms, tokens};
pub use server::{
    AdminAction, Backup, Code, CodeDigest, Invite, PasswordReset, ServerCounts, ServerInfo, ServerName, SignUpPolicy,
    invite_end, link_is_live,
};
pub use session::{LogIn, NewSession, PasswordChange, Session, SessionId, Token, Viewer};
pub use settings::{QuietHours, Settings, SettingsPatch};
pub use trouble::Trouble;
pub use user::{Account, Color, DisplayName, Name, Password, PasswordHash, Profile, ProfilePatch, Role, Status, User};

/// Two names with the same key are the same name (The Unicode Standard §3.13, D146).
pub fn name_key(text: &str) -> String {
    visible::key(text)
}

/// Whether a text can be split before this character so that the [`name_key`] of the whole is the key of the first
/// part followed by the key of the second part.
pub fn begins_anew(c: char) -> bool {
    visible::begins_anew(c)
}

/// The form of a name that searches compare: like [`name_key`], but without diacritics.
pub fn search_key(text: &str) -> String {
    visible::search_key(text)
}
