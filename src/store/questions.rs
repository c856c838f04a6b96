//! What can be asked: each question is answered from one snapshot, who may know included.

use super::{Store, accounts, acts, files, marks, members, messages, people, rooms, saved, sessions};
use crate::clock::Time;
use crate::error::Result;
use crate::model::{
    Account, Anchor, Attachment, Catchup, FileId, Listing, MembersPage, Name, Page, PageSize, PeoplePage, Place,
    RoomId, RoomView, SavedPage, Seq, Session, SessionId, Settings, User, UserId, rules,
};
use bytes::Bytes;
use std::collections::HashMap;

impl Store {
    /// Whether anybody has signed up yet.
    ///
    /// # Errors
    /// This and every other question: `unavailable` or `internal` where the file cannot be read. Those
    /// with a viewer and a room: `not_found` where the viewer is not in it.
    pub async fn has_accounts(&self) -> Result<bool> {
        self.ask(|file| people::any(file))
    }

    /// The account of that name, in any spelling that is the same name.
    pub async fn account(&self, name: &Name) -> Result<Option<Account>> {
        self.ask(|file| accounts::by_name(file, name))
    }

    /// Somebody's account.
    pub async fn account_of(&self, user: UserId) -> Result<Option<Account>> {
        self.ask(|file| accounts::by_id(file, user))
    }

    /// A session and whose it is, live or not.
    pub async fn session(&self, id: SessionId) -> Result<Option<(Session, User)>> {
        self.ask(|file| sessions::by_id(file, id))
    }

    /// Where somebody is logged in, the session used last first.
    pub async fn sessions_of(&self, user: UserId) -> Result<Vec<Session>> {
        self.ask(|file| sessions::of(file, user))
    }

    /// Somebody.
    pub async fn user(&self, id: UserId) -> Result<Option<User>> {
        self.ask(|file| people::by_id(file, id))
    }

    /// Those of these people who have an account; at most `PEOPLE_MAX` of them.
    pub async fn people_of(&self, ids: &[UserId]) -> Result<Vec<User>> {
        self.ask(|file| people::of_ids(file, ids))
    }

    /// A page of all people. `query` is a [`search_key`](crate::model::search_key); empty for all.
    pub async fn people(&self, query: &str, before: Option<UserId>, size: PageSize) -> Result<PeoplePage> {
        self.ask(|file| people::page(file, query, before, size))
    }

    /// The people of these names, given and found by their keys.
    pub async fn people_named(&self, names: &[String]) -> Result<HashMap<String, UserId>> {
        self.ask(|file| people::named(file, names))
    }

    /// Everybody in somebody's direct rooms.
    pub async fn direct_people(&self, user: UserId) -> Result<Vec<User>> {
        self.ask(|file| people::of_directs(file, user))
    }

    /// Somebody's picture, as a JPEG, where this is its version.
    pub async fn picture(&self, user: UserId, version: &str) -> Result<Option<Bytes>> {
        self.ask(|file| people::picture(file, user, version))
    }

    /// What somebody has chosen.
    pub async fn settings(&self, user: UserId) -> Result<Settings> {
        self.ask(|file| people::settings_of(file, user))
    }

    /// Whom somebody has blocked.
    pub async fn blocked(&self, user: UserId) -> Result<Vec<UserId>> {
        self.ask(|file| people::blocked(file, user))
    }

    /// The rooms that somebody is in, as they see them.
    pub async fn rooms(&self, user: UserId) -> Result<Vec<RoomView>> {
        self.ask(|file| rooms::of(file, user))
    }

    /// A room as the viewer sees it.
    pub async fn room(&self, viewer: UserId, room: RoomId) -> Result<RoomView> {
        self.ask(|file| rooms::one(file, viewer, room))
    }

    /// The rooms that somebody is in, but for the one that everybody is in.
    pub async fn room_ids(&self, user: UserId) -> Result<Vec<RoomId>> {
        self.ask(|file| rooms::ids(file, user))
    }

    /// What somebody is to a room, if there is one.
    pub async fn standing(&self, user: UserId, room: RoomId) -> Result<Option<rules::Standing>> {
        self.ask(|file| rooms::standing_of(file, user, room))
    }

    /// The public rooms there are, by name.
    pub async fn browse(&self, viewer: UserId) -> Result<Vec<Listing>> {
        self.ask(|file| rooms::browse(file, viewer))
    }

    /// The rooms that these names mean to the viewer, given and found by their keys.
    pub async fn rooms_named(&self, viewer: UserId, names: &[String]) -> Result<HashMap<String, RoomId>> {
        self.ask(|file| rooms::named(file, viewer, names))
    }

    /// A page of the people in a room.
    pub async fn members(
        &self,
        viewer: UserId,
        room: RoomId,
        query: &str,
        before: Option<UserId>,
        size: PageSize,
    ) -> Result<MembersPage> {
        self.ask(|file| members::page(file, viewer, room, query, before, size))
    }

    /// A page of a room's messages.
    pub async fn history(&self, viewer: UserId, room: RoomId, anchor: Anchor, size: PageSize) -> Result<Page> {
        self.ask(|file| messages::history(file, viewer, room, anchor, size))
    }

    /// What changed in a room after `since`, in pieces of a bounded size.
    pub async fn catchup(&self, viewer: UserId, room: RoomId, since: Seq) -> Result<Catchup> {
        self.ask(|file| messages::catchup(file, viewer, room, since))
    }

    /// The pinned messages of a room, newest pin first.
    pub async fn pins(&self, viewer: UserId, room: RoomId) -> Result<Page> {
        self.ask(|file| acts::pins(file, viewer, room))
    }

    /// How far the others in a room have read, who let it be seen.
    pub async fn seen(&self, viewer: UserId, room: RoomId) -> Result<Vec<(UserId, Seq)>> {
        self.ask(|file| marks::seen(file, viewer, room))
    }

    /// A page of what somebody keeps for later, latest first, below `before`.
    pub async fn saved(&self, viewer: UserId, before: Option<u64>, size: PageSize) -> Result<SavedPage> {
        self.ask(|file| saved::page(file, viewer, before, size))
    }

    /// Which messages somebody keeps for later; at most `SAVED_MAX`.
    pub async fn saved_places(&self, viewer: UserId) -> Result<Vec<Place>> {
        self.ask(|file| saved::places(file, viewer))
    }

    /// A file that a message in a room of the viewer's shows, or that they sent and have not posted yet.
    ///
    /// # Errors
    /// `not_found` for any other.
    pub async fn file(&self, viewer: UserId, id: FileId) -> Result<Attachment> {
        self.ask(|file| files::one(file, viewer, id))
    }

    /// A smaller picture of such a file: what its bytes are, and the bytes.
    ///
    /// # Errors
    /// `not_found`, also where there is none.
    pub async fn preview(&self, viewer: UserId, id: FileId) -> Result<(String, Bytes)> {
        self.ask(|file| files::preview(file, viewer, id))
    }

    /// The `index`-th `FILE_CHUNK_BYTES` of a file, whoever asks. Blocks.
    ///
    /// # Errors
    /// `not_found` where it has been erased.
    pub fn chunk(&self, id: FileId, index: u32) -> Result<Bytes> {
        self.ask(|file| files::chunk(file, id, index))
    }

    /// All bytes of a file, whoever asks; `size` of them. Blocks.
    ///
    /// # Errors
    /// `not_found` where they have been erased.
    pub fn whole_file(&self, id: FileId, size: u64) -> Result<Vec<u8>> {
        self.ask(|file| files::whole(file, id, size))
    }

    /// Whether there are files to erase that came before then.
    pub async fn has_unshown(&self, before: Time) -> Result<bool> {
        self.ask(|file| files::has_unshown(file, before))
    }

    /// Whether there are messages that were deleted before then and still have their text.
    pub async fn has_deleted(&self, before: Time) -> Result<bool> {
        self.ask(|file| acts::has_deleted(file, before))
    }
}
