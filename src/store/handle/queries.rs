//! All queries. One snapshot answers each query and decides whether the viewer may see the answer.

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
    /// Whether any account exists.
    ///
    /// # Errors
    /// This and every other query: `unavailable` or `internal` if the file cannot be read. Queries with a viewer and a
    /// room: `not_found` if the viewer is not in it.
    pub async fn has_accounts(&self) -> Result<bool> {
        self.query(|file| people::any(file)).await
    }

    /// The server's name, sign-up policy, invite link and last backup.
    pub async fn server(&self) -> Result<ServerInfo> {
        self.query(|file| server::info(file)).await
    }

    /// The number of accounts, messages and bytes of files.
    pub async fn counts(&self) -> Result<ServerCounts> {
        self.query(|file| server::counts(file)).await
    }

    /// The state of the nightly backups, and the time since when there has been something to back up.
    pub async fn nightly(&self) -> Result<(Nightly, Time)> {
        self.query(|file| server::nightly(file)).await
    }

    /// Checks that a person with this invite code may sign up; `forbidden` with a sentence if not.
    pub async fn may_sign_up(&self, shown: Option<&Code>, now: Time) -> Result<()> {
        self.query(|file| server::may_sign_up(file, shown, now)).await
    }

    /// The user whose password a link sets; `not_found` if the link has expired.
    pub async fn reset(&self, code: &CodeDigest, now: Time) -> Result<User> {
        self.query(|file| server::reset_user(file, code, now)).await
    }

    /// The account with this name, in any spelling of the name.
    pub async fn account(&self, name: &Name) -> Result<Option<Account>> {
        self.query(|file| accounts::by_name(file, name)).await
    }

    /// The account of a user.
    pub async fn account_of(&self, user: UserId) -> Result<Option<Account>> {
        self.query(|file| accounts::by_id(file, user)).await
    }

    /// A session and its user, whether or not the session is still live.
    pub async fn session(&self, id: SessionId) -> Result<Option<(Session, User)>> {
        self.query(|file| sessions::by_id(file, id)).await
    }

    /// A user's sessions, most recently used first.
    pub async fn sessions_of(&self, user: UserId) -> Result<Vec<Session>> {
        self.query(|file| sessions::of(file, user)).await
    }

    /// The user with this id. `None` if there is no such user.
    pub async fn user(&self, id: UserId) -> Result<Option<User>> {
        self.query(|file| people::by_id(file, id)).await
    }

    /// The users with these ids that have an account; at most `PEOPLE_MAX`.
    pub async fn people_of(&self, ids: &[UserId]) -> Result<Vec<User>> {
        self.query(|file| people::of_ids(file, ids)).await
    }

    /// A page of all users. `query` is a [`search_key`](crate::model::search_key); empty for all.
    pub async fn people(&self, query: &str, before: Option<UserId>, size: PageSize) -> Result<PeoplePage> {
        if query.is_empty() {
            return self.query(|file| people::page(file, query, before, size)).await;
        }
        let query = query.to_owned();
        let search = self.query_offloaded(move |file| people::page(file, &query, before, size));
        search.await
    }

    /// The users with these names, given and returned by name key.
    pub async fn people_named(&self, names: &[String]) -> Result<HashMap<String, UserId>> {
        self.query(|file| people::named(file, names)).await
    }

    /// How often any user has changed their visible profile.
    pub async fn people_version(&self) -> Result<u64> {
        self.query(|file| people::version(file)).await
    }

    /// All members of the user's direct rooms.
    pub async fn direct_people(&self, user: UserId) -> Result<Vec<User>> {
        self.query(|file| members::direct_people(file, user)).await
    }

    /// A user's picture as a JPEG. `None` if it has a different version.
    pub async fn picture(&self, user: UserId, version: &str) -> Result<Option<Bytes>> {
        self.query(|file| people::picture(file, user, version)).await
    }

    /// A user's settings.
    pub async fn settings(&self, user: UserId) -> Result<Settings> {
        self.query(|file| people::settings_of(file, user)).await
    }

    /// The users that a user has blocked.
    pub async fn blocked(&self, user: UserId) -> Result<Vec<UserId>> {
        self.query(|file| people::blocked(file, user)).await
    }

    /// The rooms that a user is in, as the user sees them.
    pub async fn rooms(&self, user: UserId) -> Result<Vec<RoomView>> {
        self.query(|file| rooms::views(file, user)).await
    }

    /// A room as the viewer sees it.
    pub async fn room(&self, viewer: UserId, room: RoomId) -> Result<RoomView> {
        self.query(|file| rooms::view_for(file, viewer, room)).await
    }

    /// The rooms that a user is in, without the Lobby.
    pub async fn room_ids(&self, user: UserId) -> Result<Vec<RoomId>> {
        self.query(|file| rooms::ids(file, user)).await
    }

    /// Checks that a user may post in a room; `forbidden` if not.
    pub async fn may_post(&self, user: UserId, room: RoomId) -> Result<()> {
        self.query(|file| may_post(file, active_user(file, user)?, room).map(drop))
            .await
    }

    /// Checks that a user can have read a room up to `seq`; `not_found` or `invalid` if not.
    pub async fn may_mark_read(&self, user: UserId, room: RoomId, seq: Seq) -> Result<()> {
        self.query(|file| read_state::may_mark_read(file, user, room, seq).map(drop))
            .await
    }

    /// A page of the public rooms, by name: at most `count` after the room `after`, whose name or topic contains
    /// `query`, a [`search_key`](crate::model::search_key).
    pub async fn browse(&self, viewer: UserId, query: &str, after: Option<RoomId>, count: usize) -> Result<RoomsPage> {
        let query = query.to_owned();
        let search = self.query_offloaded(move |file| rooms::browse(file, viewer, &query, after, count));
        search.await
    }

    /// The rooms with these names that the viewer can see, given and returned by name key.
    pub async fn rooms_named(&self, viewer: UserId, names: &[String]) -> Result<HashMap<String, RoomId>> {
        self.query(|file| rooms::named(file, viewer, names)).await
    }

    /// A page of the members of a room.
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

    /// The changes in a room after `since`, in parts of a bounded size.
    pub async fn catchup(&self, viewer: UserId, room: RoomId, since: Seq) -> Result<Catchup> {
        self.query(|file| history::catchup(file, viewer, room, since)).await
    }

    /// A page of the pinned messages of a room, newest pin first, below `before`.
    pub async fn pins(&self, viewer: UserId, room: RoomId, before: Option<u64>) -> Result<PinsPage> {
        self.query(|file| pins::page(file, viewer, room, before)).await
    }

    /// How far the other members of a room have read, for those who share it.
    pub async fn seen(&self, viewer: UserId, room: RoomId) -> Result<Vec<(UserId, Seq)>> {
        self.query(|file| read_state::seen(file, viewer, room)).await
    }

    /// A page of the viewer's saved messages, last saved first, below `before`.
    pub async fn saved(&self, viewer: UserId, before: Option<u64>, size: PageSize) -> Result<SavedPage> {
        self.query(|file| saved::page(file, viewer, before, size)).await
    }

    /// References to the viewer's saved messages; at most `SAVED_MAX`.
    pub async fn saved_places(&self, viewer: UserId) -> Result<Vec<MessageRef>> {
        self.query(|file| saved::places(file, viewer)).await
    }

    /// A page of search hits, newest first, from the rooms that the viewer is in now. Blocks for milliseconds.
    pub fn search(&self, viewer: UserId, query: &SearchQuery) -> Result<SearchPage> {
        self.read(|file| search::search(file, viewer, query))
    }

    /// A file that a message in one of the viewer's rooms shows, or that the viewer uploaded and has not posted yet.
    ///
    /// # Errors
    /// `not_found` for any other file.
    pub async fn file(&self, viewer: UserId, id: FileId) -> Result<Attachment> {
        self.query(|file| attachments::one(file, viewer, id)).await
    }

    /// The preview image of such a file: its media type and its bytes.
    ///
    /// # Errors
    /// `not_found`, also if the file has no preview.
    pub async fn preview(&self, viewer: UserId, id: FileId) -> Result<(String, Bytes)> {
        self.query(|file| attachments::preview(file, viewer, id)).await
    }

    /// The `index`-th chunk of `FILE_CHUNK_BYTES` of a file, without a check of the viewer. Blocks.
    ///
    /// # Errors
    /// `not_found` if the file has been erased.
    pub fn chunk(&self, id: FileId, index: u32) -> Result<Bytes> {
        self.read(|file| attachments::chunk(file, id, index))
    }

    /// All `size` bytes of a file, without a check of the viewer. Blocks.
    ///
    /// # Errors
    /// `not_found` if the file has been erased.
    pub fn whole_file(&self, id: FileId, size: u64) -> Result<Vec<u8>> {
        self.read(|file| attachments::whole(file, id, size))
    }

    /// The bytes of a user's files, and of all files.
    pub async fn file_usage(&self, user: UserId) -> Result<FileUsage> {
        self.query(|file| usage::of(file, user)).await
    }

    /// The bytes of each user's files, without users who have none.
    pub async fn file_usage_of_each(&self, users: &[UserId]) -> Result<Vec<(UserId, u64)>> {
        self.query(|file| usage::of_each(file, users)).await
    }

    /// Whether an older data file has files that are not counted for their users yet.
    pub async fn has_uncounted_files(&self) -> Result<bool> {
        self.query(|file| usage::has_uncounted(file)).await
    }

    /// When the newest message or notice was written, by the clock at that time.
    pub async fn newest(&self) -> Result<Option<Time>> {
        self.query(|file| log::newest(file)).await
    }

    /// Whether there are files to erase that arrived before `before`.
    pub async fn has_unattached(&self, before: Time) -> Result<bool> {
        self.query(|file| attachments::has_due(file, before)).await
    }

    /// Whether there are messages that were deleted before `before` and still have their text.
    pub async fn has_deleted(&self, before: Time) -> Result<bool> {
        self.query(|file| deleted::has_due(file, before)).await
    }
}
