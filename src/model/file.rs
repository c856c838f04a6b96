//! Files that users attach to messages.

use super::UserId;
use super::visible::visible_line;
use crate::clock::Time;
use crate::error::{Error, Kind, Result};
use crate::limits::{FILE_BYTES_MAX, FILE_NAME_CHARS_MAX, FILE_SHARE_BYTES_MIN, FILES_BYTES_MAX, FILES_MAX};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

/// The id of a file: 128 random bits, which nobody can guess.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileId(pub [u8; 16]);

impl FileId {
    /// Accepts 32 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// `not_found` with the field `files` for any other text.
    pub fn parse(text: &str) -> Result<FileId> {
        let no_such = || Error::not_found("There is no such file.").at("files");
        let id = HEXLOWER.decode(text.as_bytes()).map_err(|_| no_such())?;
        let id = id.try_into().map_err(|_| no_such())?;
        Ok(FileId(id))
    }

    /// Parses the file ids of one message.
    ///
    /// # Errors
    /// `invalid` for more than [`FILES_MAX`] ids or a duplicate, `not_found` for a text that is not an id.
    pub fn parse_all(texts: &[String]) -> Result<Vec<FileId>> {
        if texts.len() > FILES_MAX {
            let title = format!("A message has at most {FILES_MAX} files.");
            return Err(Error::invalid("files", title));
        }
        let ids = texts
            .iter()
            .map(|text| FileId::parse(text))
            .collect::<Result<Vec<_>>>()?;
        match ids.iter().enumerate().any(|(at, id)| ids[..at].contains(id)) {
            true => Err(Error::invalid("files", "A message shows a file once.")),
            false => Ok(ids),
        }
    }
}

impl std::fmt::Display for FileId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl std::fmt::Debug for FileId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FileId({self})")
    }
}

/// How many characters at the end of a long name are kept: the extension shows the kind of file.
const FILE_NAME_END_CHARS: usize = 20;

/// The name of a file, without a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileName(String);

impl FileName {
    /// The last part of a path, without invisible characters, shortened in the middle to [`FILE_NAME_CHARS_MAX`]
    /// characters. Users often did not choose the name themselves, so none is refused. If nothing is left, the name is
    /// `file`.
    pub fn clean(text: &str) -> FileName {
        // Normalize first: the result may contain more slashes and dots.
        let text = visible_line(text, FILE_NAME_CHARS_MAX * 8);
        let name = text.rsplit(['/', '\\']).next().unwrap_or_default().trim();
        if name.trim_matches(['.', ' ']).is_empty() {
            return FileName("file".to_owned());
        }
        let chars: Vec<char> = name.chars().collect();
        let Some(over) = chars.len().checked_sub(FILE_NAME_CHARS_MAX) else {
            return FileName(name.to_owned());
        };
        let end = &chars[chars.len() - FILE_NAME_END_CHARS..];
        let start = &chars[..chars.len() - FILE_NAME_END_CHARS - over - 1];
        FileName(start.iter().chain(&['…']).chain(end).collect())
    }

    /// A name from the store, which was cleaned before it was stored.
    pub(crate) fn stored(text: String) -> FileName {
        FileName(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The error for a file with too many bytes.
pub fn file_too_large() -> Error {
    let title = format!("A file has at most {} MiB.", FILE_BYTES_MAX >> 20);
    Error::new(Kind::TooLarge, title)
}

/// How much of the space for files is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileUsage {
    /// Bytes of one user's files.
    pub own: u64,
    /// Bytes of all files.
    pub all: u64,
}

impl FileUsage {
    /// Checks that another file of `bytes` bytes is within its owner's share. A user's files may take as much space as
    /// is still free for everyone, and always [`FILE_SHARE_BYTES_MIN`]. So each share depends on what others use: one
    /// user alone can have half of the space, two users a third each, and some space is always left for a newcomer.
    ///
    /// # Errors
    /// `storage_full` with the field `file`.
    pub fn may_add(self, bytes: u64) -> Result<()> {
        let share = FILES_BYTES_MAX.saturating_sub(self.all).max(FILE_SHARE_BYTES_MIN);
        if self.own.saturating_add(bytes) <= share {
            return Ok(());
        }
        let title = format!(
            "This file does not fit into your share of the space: you use {} of {} MiB. Delete messages with your files \
             to make room.",
            self.own >> 20,
            share >> 20
        );
        Err(Error::new(Kind::StorageFull, title).at("file"))
    }
}

/// A file as a message shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The id of the file.
    pub id: FileId,
    /// The name of the file.
    pub name: FileName,
    /// The media type (RFC 6838), detected from the bytes.
    pub media_type: String,
    /// The size in bytes.
    pub size: u64,
    /// Width and height of an image in pixels. `None` if they are unknown.
    pub pixels: Option<(u32, u32)>,
    /// Whether the file has a preview image.
    pub has_preview: bool,
}

/// Media types that browsers may display inline: they contain no scripts, whatever type a browser guesses.
const SHOWN_INLINE: [&str; 11] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/avif",
    "video/mp4",
    "video/webm",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "text/plain",
];

impl Attachment {
    /// Whether a browser may display the file inline. Other files can only be downloaded.
    pub fn is_shown_inline(&self) -> bool {
        SHOWN_INLINE.contains(&self.media_type.as_str())
    }
}

/// A completely uploaded file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// The file as messages will show it.
    pub file: Attachment,
    /// The media type and the bytes of the preview image. `None` if there is none.
    pub preview: Option<(String, Bytes)>,
    /// The user who uploaded it.
    pub owner: UserId,
    /// When the upload began.
    pub at: Time,
}

/// A change to files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileChange {
    /// Stores the next chunk of an upload. Answered by [`FileEvent::Kept`].
    Keep {
        /// The id of the file.
        id: FileId,
        /// The index of the chunk, from 0.
        index: u32,
        /// At most `FILE_CHUNK_BYTES` bytes.
        bytes: Bytes,
        /// When the upload began.
        at: Time,
    },
    /// Completes an upload. Answered by [`FileEvent::Added`].
    Add(NewFile),
    /// Gives up an upload. Answered by [`FileEvent::GivenUp`].
    GiveUp {
        /// The id of the file.
        id: FileId,
        /// When the upload began.
        at: Time,
    },
    /// Permanently erases files that no message shows, a bounded number of rows at a time. Answered by
    /// [`FileEvent::Erased`].
    Erase {
        /// Files whose upload began before this time.
        before: Time,
    },
    /// Counts the next files of an older data file for the users who uploaded them. Answered by
    /// [`FileEvent::Counted`].
    Count,
}

/// The result of a change to files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileEvent {
    /// A chunk was stored.
    Kept,
    /// An upload was completed.
    Added(Attachment),
    /// An upload was given up.
    GivenUp,
    /// Rows were erased.
    Erased {
        /// How many. If 0, nothing is left to erase.
        count: usize,
    },
    /// More files were counted, or all are counted.
    Counted,
}
