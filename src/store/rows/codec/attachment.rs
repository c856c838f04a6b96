//! Attachments as rows.

use crate::model::{Attachment, FileId, FileName};
use serde::{Deserialize, Serialize};

/// A file as a message shows it.
#[derive(Clone, Serialize, Deserialize)]
pub struct AttachmentRow {
    pub id: [u8; 16],
    name: String,
    media_type: String,
    pub size: u64,
    pixels: Option<(u32, u32)>,
    has_preview: bool,
}

impl AttachmentRow {
    pub fn new(file: &Attachment) -> AttachmentRow {
        AttachmentRow {
            id: file.id.0,
            name: file.name.as_str().to_owned(),
            media_type: file.media_type.clone(),
            size: file.size,
            pixels: file.pixels,
            has_preview: file.has_preview,
        }
    }

    pub fn attachment(self) -> Attachment {
        Attachment {
            id: FileId(self.id),
            name: FileName::stored(self.name),
            media_type: self.media_type,
            size: self.size,
            pixels: self.pixels,
            has_preview: self.has_preview,
        }
    }
}

/// A smaller version of an image file.
#[derive(Serialize, Deserialize)]
pub struct PreviewRow {
    pub media_type: String,
    pub bytes: Vec<u8>,
}

/// A file that has been uploaded completely.
#[derive(Serialize, Deserialize)]
pub struct FileRow {
    pub file: AttachmentRow,
    pub owner: u32,
    /// The time in the file's row in `unattached`. `None` if a message shows the file.
    pub unattached: Option<u64>,
}
