//! Files that people put into messages.

use super::UserId;
use super::visible::visible_line;
use crate::clock::Time;
use crate::error::{Error, Kind, Result};
use crate::limits::{FILE_BYTES_MAX, FILE_NAME_CHARS_MAX, FILE_SHARE_BYTES_MIN, FILES_BYTES_MAX, FILES_MAX};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Names a file; 128 random bits, which nobody guesses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileId(pub [u8; 16]);

impl FileId {
    /// Accepts 32 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// `not_found` with the field `files`: what names no file.
    pub fn parse(text: &str) -> Result<FileId> {
        let no_such = || Error::not_found("There is no such file.").at("files");
        let is_hex = |b: &u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        let text = text.as_bytes();
        if text.len() != 32 || !text.iter().all(is_hex) {
            return Err(no_such());
        }
        let mut id = [0; 16];
        for (byte, digits) in id.iter_mut().zip(text.chunks_exact(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| no_such())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| no_such())?;
        }
        Ok(FileId(id))
    }

    /// The files of one message.
    ///
    /// # Errors
    /// `invalid` for more than [`FILES_MAX`] or one twice, `not_found` for what names no file.
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
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for FileId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FileId({self})")
    }
}

/// Characters at the end of a long name that stay: what kind of file it is.
const FILE_NAME_END_CHARS: usize = 20;

/// What a file is called, without a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileName(String);

impl FileName {
    /// The last part of a path, without characters that cannot be seen, shortened in its middle to
    /// [`FILE_NAME_CHARS_MAX`] characters. A name comes from somebody's disk and is not theirs to mend, so
    /// nothing is refused; what has no name left is called `file`.
    pub fn clean(text: &str) -> FileName {
        // In this form first: it may hold further slashes and dots.
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

    /// A name that the store has kept; it was cleaned when it came in.
    pub(crate) fn stored(text: String) -> FileName {
        FileName(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// More bytes than a file may have.
pub fn file_too_large() -> Error {
    let title = format!("A file has at most {} MiB.", FILE_BYTES_MAX >> 20);
    Error::new(Kind::TooLarge, title)
}

/// How much of the space for files is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileUsage {
    /// Bytes of one person's files.
    pub own: u64,
    /// Bytes of everybody's.
    pub all: u64,
}

impl FileUsage {
    /// Whether one more file of so many bytes is within its owner's share of the space. Their files may take as much as
    /// is still free for everybody, and [`FILE_SHARE_BYTES_MIN`] in any case. So the share of each grows and shrinks
    /// with what others leave: one person alone can have half of the space, two a third each, and there is always some
    /// left for a newcomer.
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
    /// Names it.
    pub id: FileId,
    /// What it is called.
    pub name: FileName,
    /// What its bytes are (RFC 6838), by looking at them.
    pub media_type: String,
    /// The size in bytes.
    pub size: u64,
    /// Pixels, of a picture whose size is known: width, height.
    pub pixels: Option<(u32, u32)>,
    /// Whether there is a smaller picture of it.
    pub has_preview: bool,
}

/// What browsers may show in place: what holds no program, whatever a browser takes it for.
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
    /// Whether a browser may show it in place; it can only be kept otherwise.
    pub fn is_shown_inline(&self) -> bool {
        SHOWN_INLINE.contains(&self.media_type.as_str())
    }
}

/// A file whose bytes have all come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// How messages will show it.
    pub file: Attachment,
    /// A smaller picture of it: what its bytes are, and the bytes.
    pub preview: Option<(String, Bytes)>,
    /// Who sent it.
    pub owner: UserId,
    /// When it began to come.
    pub at: Time,
}

/// What we will do to files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileChange {
    /// The next bytes of a file that is coming. Answered by [`FileEvent::Kept`].
    Keep {
        /// Which file.
        id: FileId,
        /// The how manieth, from 0.
        index: u32,
        /// At most `FILE_CHUNK_BYTES`.
        bytes: Bytes,
        /// When the file began to come.
        at: Time,
    },
    /// All bytes of a file have come. Answered by [`FileEvent::Added`].
    Add(NewFile),
    /// A file will not come any more. Answered by [`FileEvent::GivenUp`].
    GiveUp {
        /// The file that is given up.
        id: FileId,
        /// When it began to come.
        at: Time,
    },
    /// Files that no message shows, and that came before then, are gone for good, some of their bytes at a
    /// time. Answered by [`FileEvent::Erased`].
    Erase {
        /// Came before.
        before: Time,
    },
    /// Some more files of an older data file are counted for those who sent them. Answered by [`FileEvent::Counted`].
    Count,
}

/// What happened to files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileEvent {
    /// Some bytes are kept.
    Kept,
    /// A file has come.
    Added(Attachment),
    /// A file will not come.
    GivenUp,
    /// So many rows are gone.
    Erased {
        /// How many; where it is none, there is nothing left to erase.
        count: usize,
    },
    /// Some more files are counted, or all are.
    Counted,
}
