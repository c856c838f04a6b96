//! Files: receiving uploads, and serving files to people who can see a message that shows them.
//!
//! A file is never entirely in memory: its bytes go to the store chunk by chunk. The one exception is a picture while
//! its preview is made, one picture at a time.

use super::preview;
use super::state::Chat;
use super::unexpected::unexpected;
use super::uploads::UploadTicket;
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::limits::{FILE_BYTES_MAX, FILE_CHUNK_BYTES, UPLOAD_KEPT_MS};
use crate::model::{
    Attachment, Change, Event, FileChange, FileEvent, FileId, FileName, FileUsage, NewFile, PeoplePage, UserId, Viewer,
    file_too_large, rules,
};
use crate::store::Store;
use bytes::{Bytes, BytesMut};

/// An upload in progress. It is cancelled if it is dropped before its end.
pub struct Upload {
    store: Store,
    id: FileId,
    name: FileName,
    owner: UserId,
    at: Time,
    /// Bytes stored so far.
    kept: u64,
    pending: BytesMut,
    /// The first bytes, which determine the media type.
    head: Bytes,
    is_done: bool,
    /// The space taken before this upload, by the sender's files and by all files.
    usage: FileUsage,
    ticket: UploadTicket,
}

impl Upload {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// `too_large`, `storage_full`, `unavailable`. The last one comes with a time to wait if the upload is too slow
    /// or has to make room for somebody.
    pub async fn take(&mut self, bytes: Bytes) -> Result<()> {
        self.ticket.arrived(bytes.len())?;
        let size = self.kept + (self.pending.len() + bytes.len()) as u64;
        if size > FILE_BYTES_MAX {
            return Err(file_too_large());
        }
        self.usage.may_add(size)?;
        self.pending.extend_from_slice(&bytes);
        while self.pending.len() >= FILE_CHUNK_BYTES {
            let chunk = self.pending.split_to(FILE_CHUNK_BYTES).freeze();
            self.keep(chunk).await?;
        }
        Ok(())
    }

    /// Whether the upload may continue although no bytes have arrived for a moment.
    ///
    /// # Errors
    /// `unavailable` with a time to wait, as for [`Upload::take`].
    pub fn wait(&self) -> Result<()> {
        self.ticket.arrived(0)
    }

    async fn keep(&mut self, bytes: Bytes) -> Result<()> {
        if self.kept == 0 {
            self.head = bytes.clone();
        }
        let index = self.kept / FILE_CHUNK_BYTES as u64;
        self.kept += bytes.len() as u64;
        let change = FileChange::Keep {
            id: self.id,
            index: u32::try_from(index).map_err(Error::internal)?,
            bytes,
            at: self.at,
        };
        self.ticket
            .exclude_from_rate(self.store.commit(Change::File(change)))
            .await
            .map(drop)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if self.is_done || self.kept == 0 {
            return;
        }
        let (store, id, at) = (self.store.clone(), self.id, self.at);
        // Without a runtime the server has stopped, and the next start cancels the upload.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _ = store.commit(Change::File(FileChange::GiveUp { id, at })).await;
            });
        }
    }
}

impl Chat {
    /// Begins an upload once it is its turn. `size` is `None` if the client did not send it.
    ///
    /// # Errors
    /// `too_many_requests`, `too_large`, `invalid` for an empty file, `storage_full` if it does not fit into the
    /// viewer's share, `unavailable` if its turn does not come in time.
    pub async fn begin_upload(&self, viewer: &Viewer, name: &str, size: Option<u64>) -> Result<Upload> {
        let at = self.throttle_action(viewer)?;
        match size {
            Some(0) => return Err(empty()),
            Some(size) if size > FILE_BYTES_MAX => return Err(file_too_large()),
            _ => {}
        }
        let usage = self.store.file_usage(viewer.user.id).await?;
        usage.may_add(size.unwrap_or(0))?;
        let ticket = self.uploads.take(viewer.user.id).await?;
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(Error::internal)?;
        Ok(Upload {
            store: self.store.clone(),
            id: FileId(id),
            name: FileName::clean(name),
            owner: viewer.user.id,
            at,
            kept: 0,
            pending: BytesMut::new(),
            head: Bytes::new(),
            is_done: false,
            usage,
            ticket,
        })
    }

    /// Completes an upload after its last byte.
    ///
    /// # Errors
    /// `invalid` for an empty file, `storage_full`, `unavailable`.
    pub async fn finish_upload(&self, mut upload: Upload) -> Result<Attachment> {
        let rest = upload.pending.split().freeze();
        if !rest.is_empty() {
            upload.keep(rest).await?;
        }
        if upload.kept == 0 {
            return Err(empty());
        }
        upload.ticket.finish();
        let sniffed = preview::look(&upload.head);
        let preview = self.preview_of(&upload, &sniffed).await;
        let change = FileChange::Add(NewFile {
            file: Attachment {
                id: upload.id,
                name: upload.name.clone(),
                media_type: sniffed.media_type.to_owned(),
                size: upload.kept,
                pixels: sniffed.pixels,
                has_preview: preview.is_some(),
            },
            preview,
            owner: upload.owner,
            at: upload.at,
        });
        match self.store.commit(Change::File(change)).await? {
            Event::File(FileEvent::Added(file)) => {
                upload.is_done = true;
                Ok(file)
            }
            other => Err(unexpected(&other)),
        }
    }

    /// A smaller version of an uploaded picture, if one is worth making. A failure costs only the preview.
    async fn preview_of(&self, upload: &Upload, sniffed: &preview::Sniffed) -> Option<(String, Bytes)> {
        if !preview::is_worth(sniffed, upload.kept) {
            return None;
        }
        // One at a time: each may take some 200 MB while it is decoded.
        let _permit = self.pictures.acquire().await.ok()?;
        let (store, id, size) = (upload.store.clone(), upload.id, upload.kept);
        let making = tokio::task::spawn_blocking(move || preview::make(&store.whole_file(id, size).ok()?));
        making.await.ok().flatten()
    }

    /// A file that the viewer may see.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn file(&self, viewer: &Viewer, id: FileId) -> Result<Attachment> {
        self.store.file(viewer.user.id, id).await
    }

    /// The preview of a file that the viewer may see: its media type and bytes.
    ///
    /// # Errors
    /// `not_found`, also if the file has no preview.
    pub async fn preview(&self, viewer: &Viewer, id: FileId) -> Result<(String, Bytes)> {
        self.store.preview(viewer.user.id, id).await
    }

    /// The `index`-th `FILE_CHUNK_BYTES` of a file that [`Chat::file`] has returned.
    ///
    /// # Errors
    /// `not_found` if the file has been erased in the meantime.
    pub async fn chunk(&self, id: FileId, index: u32) -> Result<Bytes> {
        let _permit = self.file_reads.acquire().await.map_err(Error::internal)?;
        let store = self.store.clone();
        let reading = tokio::task::spawn_blocking(move || store.chunk(id, index));
        reading.await.map_err(Error::internal)?
    }

    /// The bytes taken by each of these people's files, without people who have none. `None` if a member asks.
    ///
    /// # Errors
    /// When the data file cannot be read.
    pub async fn file_usage_of_each(&self, viewer: &Viewer, page: &PeoplePage) -> Result<Option<Vec<(UserId, u64)>>> {
        if rules::may_see_server(self.role(viewer).await?).is_err() {
            return Ok(None);
        }
        let users: Vec<UserId> = page.people.iter().map(|user| user.id).collect();
        self.store.file_usage_of_each(&users).await.map(Some)
    }

    /// Adds up the file sizes of an older data file for each sender.
    pub async fn count_files(&self) {
        while matches!(self.store.has_uncounted_files().await, Ok(true)) {
            if let Err(error) = self.store.commit(Change::File(FileChange::Count)).await {
                return error.log();
            }
        }
    }

    /// Erases files that no message shows any more, and uploads that were never posted.
    pub async fn erase_files(&self) {
        if !self.clock_watch.is_settled(&self.clock) {
            return;
        }
        let before = Time(self.clock.now().0.saturating_sub(UPLOAD_KEPT_MS));
        while matches!(self.store.has_unattached(before).await, Ok(true)) {
            match self.store.commit(Change::File(FileChange::Erase { before })).await {
                Ok(Event::File(FileEvent::Erased { count: 1.. })) => {}
                Ok(_) => return,
                Err(error) => return error.log(),
            }
        }
    }
}

fn empty() -> Error {
    Error::invalid("file", "That file is empty.")
}
