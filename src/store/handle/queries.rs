//! Every query: each is answered from one snapshot, and so is whether the viewer may know.

use super::store::Store;
use crate::clock::Time;
use crate::error::Result;
use crate::model::{
    Account, Anchor, Attachment, Catchup, Code, CodeDigest, FileId, FileUsage, MembersPage, MessageRef, Name, Nightly,
    Page, PageSize, PeoplePage, PinsPage, RoomId, RoomView, RoomsPage, SavedPage, SearchPage, SearchQuery, Seq,
    ServerCounts, ServerInfo, Session, SessionId, Settings, User, UserId,
};
use crate::store::queries::access::active_user;
use crate::store::queries::messages::may_post;
use crate::store::queries::{
    accounts, attachments, deleted, history, log, members, people, pins, read_state, rooms, saved, search, server,
    sessions, usage,
};
use bytes::Bytes;
use std::collections::HashMap;

impl Store {
    /// Whether anybody has signed up yet.
    ///
    /// # Errors
    /// This and every other query: `unavailable` or `internal` where the file cannot be read. Those
    /// with a viewer and a room: `not_found` where the viewer is not in it.
    pub async fn has_accounts(&self) -> Result<bool> {
        self.query(|file| people::any(file)).await
    }

    /// What is kept about the server.
    pub async fn server(&self) -> Result<ServerInfo> {
        self.query(|file| server::info(file)).await
    }

    /// What there is on the server.
    pub async fn counts(&self) -> Result<ServerCounts> {
        self.query(|file| server::counts(file)).await
    }

    /// What is known of the nightly backups, and since when there is something to back up.
    pub async fn nightly(&self) -> Result<(Nightly, Time)> {
        self.query(|file| server::nightly(file)).await
    }

    /// Whether somebody may make an account who shows this; `forbidden` with a sentence where not.
    pub async fn may_sign_up(&self, shown: Option<&Code>, now: Time) -> Result<()> {
        self.query(|file| server::may_sign_up(file, shown, now)).await
    }

    /// Whose password a link sets; `not_found` where it is over.
    pub async fn reset(&self, code: &CodeDigest, now: Time) -> Result<User> {
        self.query(|file| server::reset_user(file, code, now)).await
    }

    /// The account with this name, in any spelling of it.
    pub async fn account(&self, name: &Name) -> Result<Option<Account>> {
        self.query(|file| accounts::by_name(file, name)).await
    }

    /// Somebody's account.
    pub async fn account_of(&self, user: UserId) -> Result<Option<Account>> {
        self.query(|file| accounts::by_id(file, user)).await
    }

    /// A session and whose it is, live or not.
    pub async fn session(&self, id: SessionId) -> Result<Option<(Session, User)>> {
        self.query(|file| sessions::by_id(file, id)).await
    }

    /// Where somebody is logged in, the session used last first.
    pub async fn sessions_of(&self, user: UserId) -> Result<Vec<Session>> {
        self.query(|file| sessions::of(file, user)).await
    }

    /// The person with this id, or `None`.
    pub async fn user(&self, id: UserId) -> Result<Option<User>> {
        self.query(|file| people::by_id(file, id)).await
    }

    /// Those of these people who have an account; at most `PEOPLE_MAX` of them.
    pub async fn people_of(&self, ids: &[UserId]) -> Result<Vec<User>> {
        self.query(|file| people::of_ids(file, ids)).await
    }

    /// A page of all people. `query` is a [`search_key`](crate::model::search_key); empty for all.
    pub async fn people(&self, query: &str, before: Option<UserId>, size: PageSize) -> Result<PeoplePage> {
        if query.is_empty() {
            return self.query(|file| people::page(file, query, before, size)).await;
        }
        let query = query.to_owned();
        let search = self.query_offloaded(move |file| people::page(file, &query, before, size));
        search.await
    }

    /// The people of these names, given and found by their keys.
    pub async fn people_named(&self, names: &[String]) -> Result<HashMap<String, UserId>> {
        self.query(|file| people::named(file, names)).await
    }

    /// How often anybody has changed what they show of themselves.
    pub async fn people_version(&self) -> Result<u64> {
        self.query(|file| people::version(file)).await
    }

    /// Everybody in somebody's direct rooms.
    pub async fn direct_people(&self, user: UserId) -> Result<Vec<User>> {
        self.query(|file| members::direct_people(file, user)).await
    }

    /// Somebody's picture, as a JPEG, where this is its version.
    pub async fn picture(&self, user: UserId, version: &str) -> Result<Option<Bytes>> {
        self.query(|file| people::picture(file, user, version)).await
    }

    /// What somebody has chosen.
    pub async fn settings(&self, user: UserId) -> Result<Settings> {
        self.query(|file| people::settings_of(file, user)).await
    }

    /// Whom somebody has blocked.
    pub async fn blocked(&self, user: UserId) -> Result<Vec<UserId>> {
        self.query(|file| people::blocked(file, user)).await
    }

    /// The rooms that somebody is in, as they see them.
    pub async fn rooms(&self, user: UserId) -> Result<Vec<RoomView>> {
        self.query(|file| rooms::views(file, user)).await
    }

    /// A room as the viewer sees it.
    pub async fn room(&self, viewer: UserId, room: RoomId) -> Result<RoomView> {
        self.query(|file| rooms::view_for(file, viewer, room)).await
    }

    /// The rooms that somebody is in, but for the one that everybody is in.
    pub async fn room_ids(&self, user: UserId) -> Result<Vec<RoomId>> {
        self.query(|file| rooms::ids(file, user)).await
    }

    /// Whether somebody may say something in a room; `forbidden` where they may not.
    pub async fn may_post(&self, user: UserId, room: RoomId) -> Result<()> {
        self.query(|file| may_post(file, active_user(file, user)?, room).map(drop))
            .await
    }

    /// Whether somebody may say that they have read a room up to `seq`; `not_found` or `invalid` where they may not.
    pub async fn may_mark_read(&self, user: UserId, room: RoomId, seq: Seq) -> Result<()> {
        self.query(|file| read_state::may_mark_read(file, user, room, seq).map(drop))
            .await
    }

    /// A page of the public rooms, by name: at most `count` after that of `after`, whose names or topics
    /// hold `query`, a [`search_key`](crate::model::search_key).
    pub async fn browse(&self, viewer: UserId, query: &str, after: Option<RoomId>, count: usize) -> Result<RoomsPage> {
        let query = query.to_owned();
        let search = self.query_offloaded(move |file| rooms::browse(file, viewer, &query, after, count));
        search.await
    }

    /// The rooms that these names mean to the viewer, given and found by their keys.
    pub async fn rooms_named(&self, viewer: UserId, names: &[String]) -> Result<HashMap<String, RoomId>> {
        self.query(|file| rooms::named(file, viewer, names)).await
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
        if query.is_empty() {
            return self
                .query(|file| members::page(file, viewer, room, query, before, size))
                .await;
        }
        let query = query.to_owned();
        let search = self.query_offloaded(move |file| members::page(file, viewer, room, &query, before, size));
        search.await
    }

    /// A page of a room's messages.
    pub async fn history(&self, viewer: UserId, room: RoomId, anchor: Anchor, size: PageSize) -> Result<Page> {
        self.query(|file| history::history(file, viewer, room, anchor, size))
            .await
    }

    /// What changed in a room after `since`, in pieces of a bounded size.
    pub async fn catchup(&self, viewer: UserId, room: RoomId, since: Seq) -> Result<Catchup> {
        self.query(|file| history::catchup(file, viewer, room, since)).await
    }

    /// A page of the pinned messages of a room, newest pin first, below `before`.
    pub async fn pins(&self, viewer: UserId, room: RoomId, before: Option<u64>) -> Result<PinsPage> {
        self.query(|file| pins::page(file, viewer, room, before)).await
    }

    /// How far the others in a room have read, who let it be seen.
    pub async fn seen(&self, viewer: UserId, room: RoomId) -> Result<Vec<(UserId, Seq)>> {
        self.query(|file| read_state::seen(file, viewer, room)).await
    }

    /// A page of what somebody keeps for later, latest first, below `before`.
    pub async fn saved(&self, viewer: UserId, before: Option<u64>, size: PageSize) -> Result<SavedPage> {
        self.query(|file| saved::page(file, viewer, before, size)).await
    }

    /// Which messages somebody keeps for later; at most `SAVED_MAX`.
    pub async fn saved_places(&self, viewer: UserId) -> Result<Vec<MessageRef>> {
        self.query(|file| saved::places(file, viewer)).await
    }

    /// What somebody finds, newest first: in the rooms that they are in now. Blocks, for milliseconds.
    pub fn search(&self, viewer: UserId, query: &SearchQuery) -> Result<SearchPage> {
        self.read(|file| search::search(file, viewer, query))
    }

    /// A file that a message in a room of the viewer's shows, or that they sent and have not posted yet.
    ///
    /// # Errors
    /// `not_found` for any other.
    pub async fn file(&self, viewer: UserId, id: FileId) -> Result<Attachment> {
        self.query(|file| attachments::one(file, viewer, id)).await
    }

    /// A smaller picture of such a file: what its bytes are, and the bytes.
    ///
    /// # Errors
    /// `not_found`, also where there is none.
    pub async fn preview(&self, viewer: UserId, id: FileId) -> Result<(String, Bytes)> {
        self.query(|file| attachments::preview(file, viewer, id)).await
    }

    /// The `index`-th `FILE_CHUNK_BYTES` of a file, without asking who the viewer is. Blocks.
    ///
    /// # Errors
    /// `not_found` where it has been erased.
    pub fn chunk(&self, id: FileId, index: u32) -> Result<Bytes> {
        self.read(|file| attachments::chunk(file, id, index))
    }

    /// All `size` bytes of a file, without asking who the viewer is. Blocks.
    ///
    /// # Errors
    /// `not_found` where they have been erased.
    pub fn whole_file(&self, id: FileId, size: u64) -> Result<Vec<u8>> {
        self.read(|file| attachments::whole(file, id, size))
    }

    /// What somebody's files take, and what all take.
    pub async fn file_usage(&self, user: UserId) -> Result<FileUsage> {
        self.query(|file| usage::of(file, user)).await
    }

    /// The bytes of the files of each of these people who have any.
    pub async fn file_usage_of_each(&self, users: &[UserId]) -> Result<Vec<(UserId, u64)>> {
        self.query(|file| usage::of_each(file, users)).await
    }

    /// Whether there are files of an older data file that are not counted for those who sent them.
    pub async fn has_uncounted_files(&self) -> Result<bool> {
        self.query(|file| usage::has_uncounted(file)).await
    }

    /// When the newest message, or line between messages, was written, by the clock of then.
    pub async fn newest(&self) -> Result<Option<Time>> {
        self.query(|file| log::newest(file)).await
    }

    /// Whether there are files to erase that came before then.
    pub async fn has_unattached(&self, before: Time) -> Result<bool> {
        self.query(|file| attachments::has_due(file, before)).await
    }

    /// Whether there are messages that were deleted before then and still have their text.
    pub async fn has_deleted(&self, before: Time) -> Result<bool> {
        self.query(|file| deleted::has_due(file, before)).await
    }
}
